"""Stage function of oversight: what parties tell by papers (who left, what was handed over, which copies are erased).

Belongs here: taking each in, or leaving it where it lies when it does not fit: it stays open, and oversight shows it.
Does not belong here: the rules of each (`kansho.leaving`, `kansho.exchange.custody`, `kansho.exchange.copies`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence.access_rules import ENDED
from kansho.evidence.events import Event
from kansho.evidence.registrations import id_of
from kansho.exchange.copies import open_copies, take_all_copies
from kansho.exchange.custody import cards_missing, take_hand_over
from kansho.exchange.notices import Leaving
from kansho.exchange.papers import read_paper
from kansho.exchange.refused import refusal_told
from kansho.leaving import LEAVER, end_registration, end_those_due, record_leaver_briefing
from kansho.workspace import Workspace


def take_notices(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in every paper that fits: events ``handler_registered`` (ended), ``briefing_recorded`` of a leaver,
    ``custody_moved``, ``package_erased``; of every other, ``paper_refused``.

    None when nothing is new.
    """
    erased, refused = take_all_copies(ws)
    counts = {"ended": end_those_due(ws), "told": 0, "moved": 0, "erased": erased, "refused": refused}
    for party in ws.config.parties:
        for path in _papers(ws, party.id, "leavers"):
            _count(counts, "told", refusal_told(ws, party.id, path), partial(_leaver, ws, party.id, path))
        for path in _papers(ws, party.id, "handovers"):
            _count(counts, "moved", refusal_told(ws, party.id, path), partial(_moved, ws, party.id, path))
    return {"counts": counts} if any(counts.values()) else None


def _papers(ws: Workspace, party: str, folder: str) -> list[Path]:
    return sorted((ws.layout.outgoing(party) / folder).glob("*.json"))


def _count(counts: dict[str, int], name: str, told: AbstractContextManager[None], take: Callable[[], bool]) -> None:
    """One paper: taken, known already, or refused; what is refused is tried again at the next look."""
    try:
        with told:
            counts[name] += take()
    except KanshoError:
        counts["refused"] += 1


def _moved(ws: Workspace, party: str, path: Path) -> bool:
    return take_hand_over(ws, party, path) is not None


def _leaver(ws: Workspace, party: str, path: Path) -> bool:
    paper = read_paper(path, Leaving)
    employer = {h.id: h.party for h in ws.config.handlers}
    if paper is None or paper.party != party or employer.get(paper.handler, party) != party:
        raise KanshoError("PAPER-FORM", "離任の届の記載が正しくありません", place=path.name, remedy="再提出を依頼")
    new = end_registration(ws, paper.handler, paper.left_on) is not None
    if paper.told and paper.told_on is not None:
        told = record_leaver_briefing(
            ws, paper.handler, on=paper.told_on, by=str(paper.told_by), pledge=str(paper.pledge)
        )
        new = told is not None or new
    return new


def notices_wait(ws: Workspace) -> bool:
    """Whether a paper lies there that is not taken in, or somebody's last day has passed."""
    ended = {id_of(e) for e in ws.ledger.events("handler_registered") if e.codes.get(ENDED)}
    told = {id_of(e) for e in ws.ledger.events("briefing_recorded") if e.codes.get("of") == LEAVER}
    due = {h.id for h in ws.config.handlers if h.leaves_on is not None and h.leaves_on < ws.today}
    there = {p.stem for party in ws.config.parties for p in _papers(ws, party.id, "leavers")}
    log = ws.ledger.events()
    return bool(due - ended or there - (told & ended) or cards_missing(log) or _erased_unread(ws, log))


def _erased_unread(ws: Workspace, log: list[Event]) -> bool:
    """Whether 丙 put out a paper on copies while some are open."""
    open_with = {e.codes["party"] for e in open_copies(log)}
    return any(_papers(ws, party, "copies-erased") for party in open_with)
