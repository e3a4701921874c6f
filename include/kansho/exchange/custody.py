"""授受簿 of what travels by hand and is counted in pieces: each hand-over an event, and whether they balance (D3, P11).

Belongs here: taking one hand-over in, and the balance of cards that came back.  Does not belong here: sheets of visits
(`kansho.outreach.custody`), or the book as people read it (`kansho.oversight.custody_book`).

A list of returned cards (``returns_recorded``) says how many there are; each hand-over (``custody_moved``) brings some
of them from the printer to us, until all are here; 甲 receipts them at the end (`kansho.closing.manual`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.exchange.notices import HandOver
from kansho.exchange.papers import read_paper
from kansho.workspace import Workspace


def cards_missing(events: Iterable[Event]) -> dict[str, int]:
    """List → cards of it that were not handed to us yet; only lists that lack some."""
    listed: dict[str, int] = {}
    for event in events:
        if event.type == "returns_recorded":
            listed[event.key] = listed.get(event.key, 0) + event.counts.get("returned", 0)
        elif event.type == "custody_moved":
            of = event.codes.get("list", "")
            listed[of] = listed.get(of, 0) - event.counts.get("pieces", 0)
    return {name: left for name, left in listed.items() if left}


def take_hand_over(ws: Workspace, giver: str, path: Path) -> Event | None:
    """Take one hand-over in: event ``custody_moved``; None when it is recorded already.

    Raises:
        KanshoError: ``PAPER-FORM``; ``PAPER-CUSTODY`` when people, place, day or pieces do not fit: more than the list
            has, or of a list nobody knows.
    """
    paper = read_paper(path, HandOver)
    if paper is None or ws.ledger.find("custody_moved", paper.number) is not None:
        return None
    party = {h.id: h.party for h in ws.config.handlers}
    ours = ws.config.contractor.id
    people = (paper.giver, paper.receiver) == (giver, ours)
    signed = (party.get(paper.given_by), party.get(paper.received_by)) == (giver, ours)
    there = paper.place in {p.id for p in ws.config.places if p.party in (giver, ours)}
    then = ws.config.contract.start <= paper.on <= ws.today
    left = cards_missing(ws.ledger.events()).get(paper.listed, 0)
    if not (people and signed and there and then and 0 < paper.pieces <= left):
        raise KanshoError(
            "PAPER-CUSTODY",
            "授受票の人・場所・日付・枚数が記録と合いません",
            place=paper.number,
            remedy="現物を数え、授受票の再提出を依頼してください",
        )
    said = {"from": paper.giver, "to": paper.receiver, "given_by": paper.given_by, "received_by": paper.received_by}
    return ws.record(
        "custody_moved",
        paper.number,
        counts={"pieces": paper.pieces},
        codes={**said, "kind": paper.kind, "list": paper.listed, "on": paper.on.isoformat(), "place": paper.place},
    )
