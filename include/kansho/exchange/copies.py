"""Copies that lie with 丙: until when each may, and that it is gone (D6, P12).

Belongs here: the erase-by day of a package, and taking a party's word that its copies are erased.  Does not belong
here: the certificate at the end (`kansho.closing.certificates`), which ends what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

from kansho.campaign.rights import PartyKind
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.exchange.notices import CopiesErased, copies_path
from kansho.exchange.papers import read_paper
from kansho.exchange.refused import refusal_told
from kansho.workspace import Workspace


def erase_by(ws: Workspace, party: str, kind: str) -> date | None:
    """The day by which 丙 erases what it is given today; None for who is no 丙.

    Raises:
        KanshoError: ``FLOW-UNAPPROVED`` when the year's data flow names no such copy with this party (D6).
    """
    if ws.config.party(party).kind is not PartyKind.SUBCONTRACTOR:
        return None
    flow = ws.config.copy_flow(kind, party)
    if flow is None:
        raise KanshoError(
            "FLOW-UNAPPROVED",
            "承認された情報の流れにない引渡しです",
            place=f"{party}/{kind}",
            remedy="設定 data_flow に加え、区の承認を得てください (D6)",
        )
    last = ws.config.closing.certificates_due
    return last if flow.erase_after_days is None else min(last, ws.today + timedelta(days=flow.erase_after_days))


def open_copies(events: Iterable[Event]) -> list[Event]:
    """Packages that lie with a 丙 and of which nobody said that they are gone, in the order of the log."""
    log = list(events)
    erased = {e.key for e in log if e.type == "package_erased"}
    handed = (e for e in log if e.type == "package_handed_over" and e.codes.get("erase_by"))
    return [e for e in handed if e.key not in erased]


def take_copies(ws: Workspace, party: str, path: Path) -> int:
    """Take a party's word in: event ``package_erased`` per package; how many are new.

    Raises:
        KanshoError: ``PAPER-FORM``; ``PAPER-COPIES`` when people, place, day or package do not fit.
    """
    paper = read_paper(path, CopiesErased)
    if paper is None:
        return 0
    handed = {e.key: e for e in ws.ledger.events("package_handed_over") if e.codes.get("party") == party}
    named = [f"{party}/{package}" for package in paper.packages]
    employer = {h.id: h.party for h in ws.config.handlers}
    places = {p.id for p in ws.config.places if p.party == party}
    on = paper.on.isoformat()
    if (
        paper.party != party
        or not set(named) <= set(handed)
        or employer.get(paper.by) != party
        or paper.witness not in employer
        or paper.witness == paper.by
        or paper.place not in places
        or not max(handed[key].campaign_date for key in named) <= on <= ws.today.isoformat()
    ):
        raise KanshoError(
            "PAPER-COPIES",
            "写しの消去の届の記載が記録と合いません",
            place=path.name,
            remedy="渡した荷・人・場所・日付を確かめ、再提出を依頼してください",
        )
    said = {"method": paper.method, "on": on, "place": paper.place, "by": paper.by, "witness": paper.witness}
    return sum(record_erased(ws, party, key, said) for key in named)


def record_erased(ws: Workspace, party: str, key: str, said: Mapping[str, str]) -> bool:
    """Record once that a package's copies are gone; whether it is new.  What its day was and who missed it stays."""
    if ws.ledger.find("package_erased", key) is not None:
        return False
    ws.record("package_erased", key, codes={"party": party, **said})
    return True


def take_all_copies(ws: Workspace) -> tuple[int, int]:
    """Every such paper that 丙 have put out: how many packages are new, how many papers do not fit.

    Of one that does not, event ``paper_refused``.
    """
    new = refused = 0
    for party in ws.config.subcontractors:
        for path in sorted(copies_path(ws.layout.outgoing(party.id), "x").parent.glob("*.json")):
            try:
                with refusal_told(ws, party.id, path):
                    new += take_copies(ws, party.id, path)
            except KanshoError:
                refused += 1  # what it names stays open, and is shown
    return new, refused
