"""Stage functions of the print run: its jobs, each a mapped task, and its end.

Belongs here: which files a wave's cards are printed in, and laying them.  Does not belong here: what is printed
(`kansho.mailing.proofing`), the check before the package leaves (`kansho.mailing.production`).
A job is a list of files; a job that was killed and runs again keeps the files it had made.

What the gate stopped is never handed over: after it the next print run (``mailing_1-p02``) makes every file anew, from
the same list and the same approved artwork.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from kansho.campaign.config import MailingWave
from kansho.contracts.ward_font import ward_font
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.mailing.cards import cards_of
from kansho.mailing.press import FEW, Job, press
from kansho.mailing.proofing import proven_artwork
from kansho.mailing.waves import mailing
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

KIND = "print_pdf"


def plan_print_jobs(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The wave's files packed into jobs of at most ``cards_per_file`` cards: ``shards``, one entry a job.

    Raises:
        KanshoError: what `proven_artwork` refuses: nothing is printed that was not approved.
    """
    wave = mailing(ws.config, str(work["wave"]))
    cards = ws.read_table(SnapshotRef.from_json(work["list"]))
    proven_artwork(ws, wave, cards, SnapshotRef.from_json(work["proof"]))
    run = print_run(ws, wave.id)
    jobs = packed([(key, len(rows)) for key, _, rows in files_of(cards, wave, run)], wave.cards_per_file)
    kept = {"run": run, **{name: work[name] for name in ("wave", "list", "proof")}}
    return {**kept, "jobs": len(jobs), "shards": [{"job": n, "files": keys} for n, keys in enumerate(jobs, start=1)]}


def print_job(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """One job's files over the artwork of the proof: kind ``print_pdf``, created once.

    Raises:
        KanshoError: what `proven_artwork` and `press` refuse.
    """
    wave = mailing(ws.config, str(work["wave"]))
    list_ref = SnapshotRef.from_json(work["list"])
    cards = ws.read_table(list_ref)
    proven = proven_artwork(ws, wave, cards, SnapshotRef.from_json(work["proof"]))
    drawn = {design.id: data for design, data in proven}
    mine = [file for file in files_of(cards, wave, int(work["run"])) if file[0] in work["files"]]
    missing = (
        Job(key, tuple(cards_of(rows)), drawn[design]) for key, design, rows in mine if ws.find(KIND, key) is None
    )
    # Jobs run side by side as tasks; a job that is alone may use every core.
    alone = None if work["jobs"] == 1 else 1
    few = sum(len(rows) for _, _, rows in mine) <= FEW
    for job, pdf in press(missing, ward_font(ws.config.gaiji), workers=alone, here=few):
        ws.store_bytes(KIND, job.key, pdf, rows=len(job.cards), parents=[list_ref])
    return {name: work[name] for name in ("run", "wave", "list", "proof", "job")}


def finish_print_run(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The end of all jobs: event ``cards_rendered`` (C6).

    Raises:
        KanshoError: ``MAILING-RENDERED`` when a file is missing.
    """
    first = work["shards"][0]
    wave = mailing(ws.config, str(first["wave"]))
    cards = ws.read_table(SnapshotRef.from_json(first["list"]))
    run = int(first["run"])
    files = list(files_of(cards, wave, run))
    for key, _, _ in files:
        require_file(ws, key)
    total = int(cards["printable"].sum())
    counts = {"cards": total, "pages": 2 * total, "shards": len(files)}
    ws.record("cards_rendered", run_name(wave.id, run), counts=counts)
    return {"run": run, "wave": wave.id, "list": first["list"], "proof": first["proof"], "counts": counts}


def print_run(ws: Workspace, wave: str) -> int:
    """Number of the wave's print run that may still leave, or has left: one more than the gate has stopped."""
    run = 1
    while (gate := release_gate(ws, wave, run)) is not None and gate.codes["result"] != "pass":
        run += 1
    return run


def release_gate(ws: Workspace, wave: str, run: int) -> Event | None:
    """What gate ``print_release`` said of a print run."""
    return ws.ledger.find("gate_evaluated", f"print_release/{run_name(wave, run)}")


def run_name(wave: str, run: int) -> str:
    """``mailing_1`` for the first print run of a wave, ``mailing_1-p02`` for the second."""
    return wave if run == 1 else f"{wave}-p{run:02d}"


def require_file(ws: Workspace, key: str) -> SnapshotRef:
    """A file of the print run.

    Raises:
        KanshoError: ``MAILING-RENDERED`` when it was not made.
    """
    found = ws.find(KIND, key)
    if found is None:
        raise KanshoError(
            "MAILING-RENDERED", "印刷データがありません", place=key, remedy="印刷データの作成からやり直してください"
        )
    return found


def files_of(cards: pd.DataFrame, wave: MailingWave, run: int) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Every file of a wave: key, design, and its cards in order.

    Args:
        cards: kind ``card_list``.
        wave: the mailing.
        run: number of the print run.
    """
    for design in sorted(set(cards.loc[cards["printable"], "design"])):
        for number, rows in shards(cards, design, wave.cards_per_file):
            yield f"{run_name(wave.id, run)}-{design}-{number:02d}", design, rows


def file_name(key: str, wave: str) -> str:
    """What a file of `files_of` is called in the printer's package."""
    return f"cards-{key.removeprefix(wave + '-')}.pdf"


def shards(cards: pd.DataFrame, design: str, limit: int) -> list[tuple[int, pd.DataFrame]]:
    """Printable cards of a design in shards of at most ``limit``, numbered from 1, in the order of serials."""
    mine = cards[cards["printable"] & cards["design"].eq(design)].sort_values("serial")
    return [(n // limit + 1, mine.iloc[n : n + limit]) for n in range(0, len(mine), limit)]


def packed(files: Sequence[tuple[str, int]], limit: int) -> list[list[str]]:
    """Files (key, cards) in their order, together as long as they are at most ``limit`` cards."""
    jobs: list[list[str]] = []
    room = 0
    for key, size in files:
        if size > room or not jobs:
            jobs.append([])
            room = limit
        jobs[-1].append(key)
        room -= size
    return jobs
