"""Stage function of the proof, and what its approval (校了) binds.

Belongs here: the rounds of a wave's proof, the artwork each showed, the artwork that may be printed.  Does not belong
here: the booklet's pages (`kansho.mailing.proof`), the print run (`kansho.mailing.production`).

States: proof made → 校了 | sent back → what reads or looks otherwise becomes the next round's proof → …
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kansho.campaign.config import MailingWave
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.exchange.authority import authority_of, decision_on
from kansho.mailing.artwork import KIND, artwork, artwork_key, differences
from kansho.mailing.designs import Design, digest, load
from kansho.mailing.proof import Shown, proof_pdf
from kansho.mailing.waves import mailing
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


def make_proof(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The next round's proof: kinds ``artwork`` and ``proof``, events ``design_revised`` and ``proof_made`` (C6).

    ``proof_made`` holds, by design, the revision shown, the digest of the faces, the artwork, and how many passages
    changed since the round before.  A design begins with the revision that the ward approved in an earlier mailing:
    what it sent back once does not come back.

    Raises:
        KanshoError: ``DESIGN-REVISION`` when nothing was changed after a proof that was sent back.
    """
    wave = mailing(ws.config, str(work["wave"]))
    made = [s for s in ws.snapshots("proof") if s.key.startswith(f"{wave.id}-r")]
    sent_back = [s for s in made if _rejected(ws, s)]
    number = len(sent_back) + 1
    cards = ws.read_table(SnapshotRef.from_json(work["list"]))
    designs = _designs(cards, {name: said + number - 1 for name, said in _approved_before(ws, wave).items()}, number)
    key = _key(wave, number)
    faces = {d.id: digest(d, ws.config, as_of=wave.select_on) for d in designs}
    before = ws.ledger.find("proof_made", _key(wave, number - 1)) if number > 1 else None
    if before is not None and faces == before.refs["designs"]:
        raise KanshoError(
            "DESIGN-REVISION",
            "差し戻された校正から、どのデザインも変わっていません",
            place=wave.id,
            remedy="ご指摘に応じて include/designs の card.html.j2 か manifest.yaml（revisions）を直してください",
        )
    for earlier, ref in enumerate(sent_back, start=2):
        _revise(ws, wave, ref, earlier)
    drawn = {d.id: artwork(ws, d, as_of=wave.select_on) for d in designs}
    shown = [Shown(d, ws.read_bytes(drawn[d.id]), _changes(ws, before, d.id, drawn[d.id])) for d in designs]
    found = ws.find("proof", key)
    if found is None:
        pdf = proof_pdf(ws.config, wave, cards, shown, number=number, simulation=ws.is_simulation, issued_on=ws.today)
        found = ws.store_bytes("proof", key, pdf, parents=[SnapshotRef.from_json(work["list"]), *drawn.values()])
    by_design = cards[cards["printable"]]["design"].value_counts().sort_index()
    counts = {**work["counts"], **{f"design_{name}": int(n) for name, n in by_design.items()}}
    ws.record(
        "proof_made",
        key,
        counts=counts,
        refs={
            "proof": found,
            "designs": faces,
            "revisions": {d.id: d.revision for d in designs},
            "artwork": {name: ref.digest for name, ref in drawn.items()},
            "changed": {s.design.id: len(s.changes) for s in shown if before is not None},
        },
    )
    return {**work, "proof": found.to_json(), "artefact": found.to_json(), "counts": counts}


def proven_artwork(
    ws: Workspace, wave: MailingWave, cards: pd.DataFrame, proof: SnapshotRef
) -> tuple[tuple[Design, bytes], ...]:
    """The artwork that the approved proof showed, with its design: what may be printed, and nothing else.

    Raises:
        KanshoError: ``EXCHANGE-AUTHORITY`` without the proof's approval; ``DESIGN-CHANGED`` when a design no longer
            says what the proof showed; ``DESIGN-ARTWORK`` when the vault's artwork is not the one of the proof.
    """
    authority_of(ws, proof)
    made = ws.ledger.find("proof_made", proof.key)
    shown: Mapping[str, Any] = made.refs if made is not None else {}
    designs = _designs(cards, shown.get("revisions", {}), 1)
    faces = shown.get("designs", {})
    changed = [d.id for d in designs if digest(d, ws.config, as_of=wave.select_on) != faces.get(d.id)]
    if changed:
        raise KanshoError(
            "DESIGN-CHANGED",
            "校了のあとにデザインが変わっています",
            place=" ".join(changed),
            remedy="校了のときのデザインに戻してください",
        )
    refs = [(d, ws.find(KIND, artwork_key(d.id, faces[d.id]))) for d in designs]
    for design, ref in refs:
        if ref is None or ref.digest != shown["artwork"].get(design.id):
            raise KanshoError(
                "DESIGN-ARTWORK",
                "校了のときの版下がありません",
                place=design.id,
                remedy="校正からやり直してください",
            )
    return tuple((design, ws.read_bytes(ref)) for design, ref in refs if ref is not None)


def _changes(ws: Workspace, before: Event | None, design: str, now: SnapshotRef) -> tuple[tuple[str, str], ...]:
    """What reads otherwise than in the round before; the whole design when that round did not have it."""
    if before is None:
        return ()
    faces = before.refs["designs"].get(design)
    earlier = ws.find(KIND, artwork_key(design, faces)) if faces else None
    if earlier is None:
        return (("", "新しいデザイン"),)
    return differences(ws.read_bytes(earlier), ws.read_bytes(now))


def _designs(cards: pd.DataFrame, revisions: Mapping[str, int], otherwise: int) -> Sequence[Design]:
    names = sorted(set(cards.loc[cards["printable"], "design"]))
    return [load(name, revisions.get(name, otherwise)) for name in names]


def _approved_before(ws: Workspace, wave: MailingWave) -> dict[str, int]:
    """Design → its revision in the newest proof of another mailing that was approved before this one's first round."""
    found: dict[str, int] = {}
    first = ws.ledger.find("proof_made", _key(wave, 1))
    for made in ws.ledger.events("proof_made"):
        ref = SnapshotRef.from_json(made.refs["proof"])
        if ref.key.rpartition("-r")[0] == wave.id or (first is not None and made.sequence > first.sequence):
            continue
        decided = decision_on(ws, ref)
        if decided is None or (first is not None and decided.sequence > first.sequence):
            continue
        if decided.codes.get("decision") == "approve":
            found |= made.refs.get("revisions", {})
    return found


def _key(wave: MailingWave, number: int) -> str:
    return f"{wave.id}-r{number:02d}"


def _rejected(ws: Workspace, proof: SnapshotRef) -> bool:
    decided = decision_on(ws, proof)
    return decided is not None and decided.codes.get("decision") != "approve"


def _revise(ws: Workspace, wave: MailingWave, proof: SnapshotRef, revision: int) -> None:
    decided = decision_on(ws, proof)
    reason = decided.codes.get("reason", "none") if decided is not None else "none"
    codes = {"wave": wave.id, "reason": reason, "revision": str(revision)}
    ws.record("design_revised", f"{wave.id}-{revision}", codes=codes, refs={"proof": proof})
