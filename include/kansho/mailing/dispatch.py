"""Stage functions of mailing_dispatch: last-moment pulls and the printer's report.

A package of kind ``print_report`` holds ``report.json`` (``posted_on`` and the counts of `REPORT_COUNTS`) and three
files whose first column is ``serial``: ``withdrawn.csv`` (taken out before printing), ``pulled.csv`` (after it) and
``posted.csv``.  The printer reads the same in its 製造指示書 (`kansho.mailing.orders`).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from kansho import exchange
from kansho.campaign.config import MailingWave
from kansho.campaign.rights import Channel, Work
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.mailing.orders import REPORT_COUNTS
from kansho.mailing.printing import file_name, files_of, print_run
from kansho.mailing.production import handed_over
from kansho.mailing.waves import mailing
from kansho.standing import exclusions
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

REPORT = "print_report"
PULL_COLUMNS = ("serial", "file", "position")


def find_dispatch_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is open today: the wave to pull from, reports and returns that wait."""
    party = printer(ws)
    pull = next((w.id for w in ws.config.waves.mailings if _pull_due(ws, w)), "")
    found = {
        "pull": pull,
        "reports": exchange.waiting(ws, party, REPORT),
        "returns": exchange.waiting(ws, party, "mail_returns"),
    }
    return found if any(found.values()) else None


def list_pulls(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """引抜き: who must not be posted to any more; kind ``pull_list``, event ``pulls_listed``, also when nobody.

    The event counts the reasons (`kansho.standing.exclusions`).

    Raises:
        KanshoError: ``STOP-MISSING`` or ``STOP-STALE``: without a fresh stop list nothing may be posted.
    """
    if not work["pull"]:
        return None
    wave = mailing(ws.config, str(work["pull"]))
    ref = _pull_list(ws, wave.id)
    if ref is None or _is_stale(ws, wave.id, ref):
        cards = _cards(ws, wave.id)
        listed = ws.find("card_list", wave.id)
        reason = exclusions(ws, cards, Channel.MAIL, wave=wave.id, spacing=False, under_way=listed)
        pulled = cards[["serial", "inquiry_number"]].assign(reason=reason)[reason.ne("")]
        key = wave.id if ref is None else f"{wave.id}-{ws.today.isoformat()}"
        ref = ws.store_table("pull_list", key, pulled, parents=[listed] if listed else [])
    pulled = ws.read_table(ref)
    exchange.hand_over(
        ws,
        party=printer(ws),
        work=Work.ADDRESSING,
        package=wave.id,
        kind="pull_list",
        files={"pull_list.csv": pull_csv(_cards(ws, wave.id), wave, print_run(ws, wave.id), set(pulled["serial"]))},
        counts={"rows": len(pulled)},
        authority="contract",
        parents=[ref],
    )
    reasons = {str(code): int(n) for code, n in pulled["reason"].value_counts().sort_index().items()}
    ws.record("pulls_listed", wave.id, counts={"listed": len(pulled)}, refs={"reasons": reasons})
    return {"wave": wave.id, "counts": {"listed": len(pulled)}}


def pull_csv(cards: pd.DataFrame, wave: MailingWave, run: int, pulled: set[str]) -> bytes:
    """What the printer takes cards out by: ``serial``, the ``file`` it was printed from, its ``position`` there from 1.

    Args:
        cards: kind ``card_list``.
        wave: the mailing.
        run: number of its print run that the printer has.
        pulled: serials.
    """
    rows = [
        (serial, file_name(file, wave.id), position)
        for file, _, listed in files_of(cards, wave, run)
        for position, serial in enumerate(listed["serial"], start=1)
        if serial in pulled
    ]
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows([PULL_COLUMNS, *sorted(rows)])
    return buffer.getvalue().encode()


def take_print_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in the printer's reports: kind ``postings``, event ``print_reported``.

    Raises:
        KanshoError: ``PRINT-REPORT``, ``PRINT-COUNT``, ``PRINT-SERIAL``, ``PRINT-UNPULLED`` or ``PRINT-TWICE`` after
            the package was refused whole.
    """
    party = printer(ws)
    taken = 0
    for package in exchange.waiting(ws, party, REPORT):
        try:
            counts = _take(ws, package, exchange.take(ws, party, REPORT, package).files)
        except KanshoError as error:
            exchange.refuse(ws, party, REPORT, package, code=error.code)
            raise
        exchange.accept(ws, party, REPORT, package, counts=counts)
        taken += 1
    return {"counts": {"reports": taken}} if taken else None


def printer(ws: Workspace) -> str:
    """Id of the party that prints and posts."""
    return ws.config.party_for(Work.ADDRESSING).id


def _pull_due(ws: Workspace, wave: MailingWave) -> bool:
    due = wave.pull_on <= ws.today < wave.report_on and handed_over(ws, wave.id)
    return due and ws.ledger.find("pulls_listed", wave.id) is None


def _pull_list(ws: Workspace, wave: str) -> SnapshotRef | None:
    """The newest pull list of the wave."""
    made = [s for s in ws.snapshots("pull_list") if s.key.partition("-")[0] == wave]
    return made[-1] if made else None


def _is_stale(ws: Workspace, wave: str, ref: SnapshotRef) -> bool:
    """Made on another day and never handed over: the facts have moved on."""
    handed = ws.ledger.find("package_handed_over", f"{printer(ws)}/pull_list/{wave}")
    stored = ws.ledger.find("snapshot_stored", ref.name)
    return handed is None and stored is not None and stored.campaign_date != ws.today.isoformat()


def _reports_received(ws: Workspace) -> list[Event]:
    prefix = f"{printer(ws)}/{REPORT}/"
    return [e for e in ws.ledger.events("package_received") if e.key.startswith(prefix)]


def _cards(ws: Workspace, wave: str) -> pd.DataFrame:
    ref = ws.find("card_list", wave)
    if ref is None:
        raise KanshoError(
            "MAILING-CARDS", "はがきの一覧がありません", place=wave, remedy="通知の作成からやり直してください"
        )
    cards = ws.read_table(ref)
    return cards[cards["printable"]].reset_index(drop=True)


def _take(ws: Workspace, package: str, files: Mapping[str, bytes]) -> dict[str, int]:
    # A corrected report comes as ``<wave>-<n>``: the number of one that was refused stays used.
    wave = mailing(ws.config, package.partition("-")[0])
    if any(e.key.rpartition("/")[2].partition("-")[0] == wave.id for e in _reports_received(ws)):
        raise KanshoError(
            "PRINT-TWICE", "この回の印刷報告は受領済みです", place=wave.id, remedy="印刷会社に確認してください"
        )
    counts, posted_on = _report(files.get("report.json", b""))
    if date.fromisoformat(posted_on) > ws.today:
        raise KanshoError("PRINT-REPORT", "発送日が先の日付です", place=REPORT, remedy="再送を依頼してください")
    cards = _cards(ws, wave.id)
    posted, withdrawn, pulled = (_serials(files, name, posted_on) for name in ("posted", "withdrawn", "pulled"))
    check_report(counts, cards["serial"], posted, withdrawn, pulled)
    pulls, given = _pull_list(ws, wave.id), ws.ledger.find("pulls_listed", wave.id)
    if pulls is None or given is None or posted_on < given.campaign_date:
        raise KanshoError(
            "PRINT-UNPULLED",
            "引抜き一覧を渡す前に発送されています",
            place=wave.id,
            remedy="印刷会社に確認し、事故として報告してください",
        )
    if set(ws.read_table(pulls)["serial"]) != {*withdrawn, *pulled}:
        raise KanshoError(
            "PRINT-SERIAL", "引抜き一覧と実際の引抜きが一致しません", place=wave.id, remedy="印刷会社に確認してください"
        )
    frame = cards[cards["serial"].isin(set(posted))][["inquiry_number", "serial"]]
    frame = frame.assign(wave=wave.id, posted_on=posted_on)
    made_from = [ref for ref in (ws.find("card_list", wave.id), pulls) if ref]
    ref = ws.store_table("postings", wave.id, frame.reset_index(drop=True), parents=made_from)
    ws.record("print_reported", wave.id, counts=counts, codes={"posted_on": posted_on}, refs={"postings": ref})
    return counts


def check_report(
    counts: Mapping[str, int], serials: pd.Series, posted: list[str], withdrawn: list[str], pulled: list[str]
) -> None:
    """A report reconciles with itself and with the list of cards.  Pure.

    Args:
        counts: what the report says.
        serials: of every card that was to be printed.
        posted: serials that were posted.
        withdrawn: serials that were taken out before they were printed.
        pulled: serials that were taken out after.

    Raises:
        KanshoError: ``PRINT-COUNT`` or ``PRINT-SERIAL``.
    """
    c = counts
    balanced = (
        c["printable"] == len(serials)
        and c["printed"] == c["printable"] - c["withdrawn"] + c["reprinted"]
        and c["printed"] == c["posted"] + c["pulled"] + c["spoiled"]
        and c["posted"] == len(posted)
        and c["withdrawn"] == len(withdrawn)
        and c["pulled"] == len(pulled)
    )
    if not balanced:
        raise KanshoError(
            "PRINT-COUNT", "印刷報告の枚数が合いません", place=REPORT, remedy="印刷会社に報告の訂正を依頼してください"
        )
    everything = [*posted, *withdrawn, *pulled]
    if len(everything) != len(set(everything)) or set(everything) != set(serials):
        raise KanshoError(
            "PRINT-SERIAL",
            "印刷報告の連番が一覧と一致しません",
            place=REPORT,
            remedy="印刷会社に報告の訂正を依頼してください",
        )


def _report(data: bytes) -> tuple[dict[str, int], str]:
    try:
        said = json.loads(data)
        counts = {name: said[name] for name in REPORT_COUNTS}
        if not all(type(n) is int and n >= 0 for n in counts.values()):
            raise ValueError
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said["posted_on"]):
            raise ValueError
        return counts, date.fromisoformat(said["posted_on"]).isoformat()
    except (ValueError, KeyError, TypeError):
        raise _malformed("report.json") from None


def _serials(files: Mapping[str, bytes], name: str, posted_on: str) -> list[str]:
    """The serials of one file; a ``posted_on`` beside them must be the report's, for a mailing is posted on one day."""
    read = csv.DictReader(io.StringIO(files.get(f"{name}.csv", b"").decode("utf-8-sig", "replace")))
    rows = list(read)
    headed = (read.fieldnames or [""])[0] == "serial"
    if not headed or any(row.get("posted_on", posted_on) != posted_on for row in rows):
        raise _malformed(f"{name}.csv")
    return [row["serial"] for row in rows]


def _malformed(file: str) -> KanshoError:
    return KanshoError("PRINT-REPORT", "印刷報告の形式が正しくありません", place=file, remedy="再送を依頼してください")
