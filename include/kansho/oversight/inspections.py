"""Inspections, checks, audits, and what was done about their findings, as the papers of those who made them say (P6).

Belongs here: taking each paper in once, with its digest, planned or not, however many a year has.  Does not belong
here: which are due (`kansho.oversight.deadlines`), the state of findings (`kansho.oversight.findings`).
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from kansho.campaign.rights import PartyKind
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.exchange.paper_days import require_day
from kansho.exchange.papers import Correction, Inspection, correction_path, digest_of, inspections_of, read_signed
from kansho.exchange.refused import refusal_told
from kansho.oversight.clauses import corrections_due
from kansho.workspace import Workspace

_EVENT = {"ward_inspection": "inspection_recorded", "ward_check": "inspection_recorded", "audit": "audit_recorded"}
_NAME = re.compile(r"(ward_inspection|ward_check|audit)-([a-z][a-z0-9_]{0,39})(?:-([2-9]|[1-9][0-9]))?\.json\Z")
_INSPECTED = {
    "ward_inspection": PartyKind.CONTRACTOR,
    "ward_check": PartyKind.SUBCONTRACTOR,
    "audit": PartyKind.SUBCONTRACTOR,
}


def waiting_inspections(ws: Workspace) -> list[tuple[str, Path]]:
    """(inspector's party, paper) of all that is not taken in, or lies in the place of another that was."""
    inspectors = (ws.config.ward_party.id, ws.config.contractor.id)
    return [(i, path) for i in inspectors for path in inspections_of(ws.layout.outgoing(i)) if _is_new(ws, i, path)]


def take_inspection(ws: Workspace, inspector: str, path: Path) -> bool:
    """Take a paper in: event ``inspection_recorded`` or ``audit_recorded``; False when it is refused, which is told."""
    try:
        with refusal_told(ws, inspector, path):
            _take(ws, inspector, path)
    except KanshoError:
        return False  # what it was to show stays open: the deadline finds it
    return True


def open_corrections(ws: Workspace) -> list[tuple[Event, str]]:
    """(inspection, finding) of everything that was found and not yet put right."""
    return [
        (event, code)
        for type in ("inspection_recorded", "audit_recorded")
        for event in ws.ledger.events(type)
        for code, _ in corrections_due(event)
        if ws.ledger.find("inspection_recorded", f"correction/{event.key}/{code}") is None
    ]


def replaced_corrections(ws: Workspace) -> list[tuple[Event, Path]]:
    """(correction, paper) where what lies there now is not what was taken in, and nobody was told of it yet."""
    found = []
    for event in ws.ledger.events("inspection_recorded"):
        if event.key.startswith("correction/"):
            of, _, code = event.key.removeprefix("correction/").rpartition("/")
            kind, party, number = _parts(of)
            path = correction_path(ws.layout.outgoing(party), kind, party, code, number)
            if path.is_file() and _is_untold(ws, event, path):
                found.append((event, path))
    return found


def tell_replaced(ws: Workspace) -> int:
    """Record that a correction was overwritten after it was taken in, which changes nothing of it."""
    replaced = replaced_corrections(ws)
    for event, path in replaced:
        _, party, _ = _parts(event.key.removeprefix("correction/").rpartition("/")[0])
        with suppress(KanshoError), refusal_told(ws, party, path):
            raise KanshoError(
                "PAPER-REPLACED",
                "受け入れた是正の記録と同じ指摘で、内容の違う書類があります",
                place=event.key,
                remedy="受け入れたものは変わりません。差替えの理由を提出元に確かめてください",
            )
    return len(replaced)


def take_correction(ws: Workspace, event: Event, code: str) -> int:
    """Take in what the inspected did about one finding; 0 while there is no paper, or one that does not fit."""
    kind, party, number = _parts(event.key)
    path = correction_path(ws.layout.outgoing(party), kind, party, code, number)
    handlers = {h.id for h in ws.config.handlers if h.party == party}
    if not path.is_file():
        return 0
    try:
        with refusal_told(ws, party, path):
            paper, digest = read_signed(path, Correction)
            if (
                (paper.kind, paper.party, paper.number, paper.finding) != (kind, party, number, code)
                or not {paper.reported_by, paper.done_by} <= handlers
                or not event.codes["on"] <= paper.corrected_on.isoformat() <= ws.today.isoformat()
            ):
                raise _other(
                    "PAPER-CORRECTION", "是正の記録の指摘・人・日付が、調査の記録と合いません", f"{event.key}/{code}"
                )
    except KanshoError:
        return 0  # stays open, and is shown
    said = {"on": paper.corrected_on.isoformat(), "reported_by": paper.reported_by}
    ws.record(
        "inspection_recorded",
        f"correction/{event.key}/{code}",
        codes={**said, "action": paper.action, "done_by": paper.done_by},
        refs={"evidence": paper.evidence, "sha256": digest},
    )
    return 1


def _take(ws: Workspace, inspector: str, path: Path) -> None:
    named = _named(ws, inspector, path.name)
    paper, digest = read_signed(path, Inspection)
    handlers = {h.id for h in ws.config.handlers if h.party == inspector}
    if named is None or (paper.kind, paper.party, paper.number) != named or paper.inspector not in handlers:
        place = _key(*named) if named else "inspections"
        raise _other("PAPER-INSPECTION", "調査の記録の対象・番号か調査した人が、登録と合いません", place)
    key = _key(*named)
    if ws.ledger.find(_EVENT[paper.kind], key) is not None:
        raise KanshoError(
            "PAPER-REPLACED",
            "受け入れた調査の記録と同じ番号で、内容の違う書類があります",
            place=key,
            remedy="別の調査であれば次の番号の書類として提出を依頼してください",
        )
    require_day(ws, digest, paper.on, place=key)
    ws.record(
        _EVENT[paper.kind],
        key,
        counts={"findings": len(paper.findings)},
        codes={
            "on": paper.on.isoformat(),
            "inspector": paper.inspector,
            "findings": "|".join(f"{f.code}={f.correct_by.isoformat()}" for f in paper.findings) or "none",
        },
        refs={"sha256": digest},
    )


def _is_new(ws: Workspace, inspector: str, path: Path) -> bool:
    named = _named(ws, inspector, path.name)
    known = ws.ledger.find(_EVENT[named[0]], _key(*named)) if named is not None else None
    return known is None or _is_untold(ws, known, path)


def _is_untold(ws: Workspace, known: Event, path: Path) -> bool:
    """Whether the bytes there are neither those that were taken in nor any that were refused."""
    digest = digest_of(path)
    told = (e.refs.get("sha256") for e in ws.ledger.events("paper_refused"))
    return known.refs.get("sha256") != digest and digest not in told


def _named(ws: Workspace, inspector: str, name: str) -> tuple[str, str, int] | None:
    """(kind, inspected party, number) of a file's name; None when this party inspects nobody so."""
    said = _NAME.match(name)
    if said is None:
        return None
    kind, party, number = said[1], said[2], int(said[3] or 1)
    inspects = ws.config.contractor.id if kind == "audit" else ws.config.ward_party.id
    inspected = {p.id for p in ws.config.parties if p.kind is _INSPECTED[kind]}
    return (kind, party, number) if inspector == inspects and party in inspected else None


def _key(kind: str, party: str, number: int) -> str:
    """``<kind>/<party>`` of the first, ``<kind>/<party>/n2`` of the second."""
    return f"{kind}/{party}" if number == 1 else f"{kind}/{party}/n{number}"


def _parts(key: str) -> tuple[str, str, int]:
    kind, party, *rest = key.split("/")
    return kind, party, int(rest[0][1:]) if rest else 1


def _other(code: str, message: str, place: str) -> KanshoError:
    return KanshoError(code, message, place=place, remedy="記載を確かめ、再提出を依頼してください")
