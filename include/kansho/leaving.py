"""Handlers who leave: their registration ends at once, and they are told that secrecy and penalties go on (P5, 乙11).

Belongs here: both as ledger facts, whoever tells of them (a 丙's paper, 乙's own staff, the configuration).  Does not
belong here: which day that has to be (`kansho.oversight.clauses`), or who registers whom at the opening.
"""

from __future__ import annotations

from datetime import date

from kansho.errors import KanshoError
from kansho.evidence.access_rules import ENDED
from kansho.evidence.events import Event
from kansho.evidence.registrations import id_of, newest, next_key
from kansho.workspace import Workspace

#: Code of a briefing: of somebody who left.
LEAVER = "leaver"


def is_registered(ws: Workspace, handler: str, on: date) -> bool:
    """Whether the ledger has a handler as registered, and not as gone before a day (P4, P5)."""
    last = newest(ws.ledger.events("handler_registered"), handler)
    return last is not None and (not last.codes.get(ENDED) or on.isoformat() <= last.codes[ENDED])


def end_registration(ws: Workspace, handler: str, on: date) -> Event | None:
    """End a handler's registration; from now on they read nothing (P8).  None when it has ended already.

    Raises:
        KanshoError: ``LEAVER-UNKNOWN``, ``LEAVER-DAY``.
    """
    last = _registered(ws, handler)
    if last.codes.get(ENDED):
        return None
    _require_past(ws, handler, on)
    codes = {**last.codes, ENDED: on.isoformat()}
    key = next_key(ws.ledger.events("handler_registered"), handler, codes, dict(last.names))
    return None if key is None else ws.record("handler_registered", key, codes=codes, names=dict(last.names))


def end_those_due(ws: Workspace) -> int:
    """End the registration of everybody whose last day in the configuration has passed; how many."""
    due = [h for h in ws.config.handlers if h.leaves_on is not None and h.leaves_on < ws.today]
    known = {id_of(e) for e in ws.ledger.events("handler_registered")}
    ended = [end_registration(ws, h.id, h.leaves_on) for h in due if h.id in known and h.leaves_on is not None]
    return sum(event is not None for event in ended)


def record_leaver_briefing(ws: Workspace, handler: str, *, on: date, by: str, pledge: str) -> Event | None:
    """Record that somebody who left was told; None when that is recorded already.

    Args:
        ws: the campaign.
        handler: id of who left; their registration has ended.
        on: the day they were told.
        by: id of a registered handler, who told them: one of their own party or of 乙.
        pledge: SHA-256 (hex) of the paper they signed.

    Raises:
        KanshoError: ``LEAVER-UNKNOWN``, ``LEAVER-PRESENT``, ``LEAVER-DAY``, ``LEAVER-BY``.
    """
    last = _registered(ws, handler)
    briefings = ws.ledger.events("briefing_recorded")
    if any(id_of(e) == handler and e.codes.get("of") == LEAVER for e in briefings):
        return None
    if not last.codes.get(ENDED):
        raise _refusal("PRESENT", "まだ離任していない取扱者です", handler, "先に kansho handlers left で離任を記録")
    _require_past(ws, handler, on)
    teller = newest(ws.ledger.events("handler_registered"), by)
    parties = {last.codes.get("party"), ws.config.contractor.id}
    if teller is None or by == handler or teller.codes.get("party") not in parties:
        raise _refusal("BY", "周知した人が、その会社又は受託者の取扱者ではありません", by, "取扱者の番号を指定")
    codes = {"on": on.isoformat(), "party": last.codes.get("party", ""), "of": LEAVER, "by": by}
    key = next_key(briefings, handler, codes, {})
    return None if key is None else ws.record("briefing_recorded", key, codes=codes, refs={"pledge": pledge})


def _registered(ws: Workspace, handler: str) -> Event:
    found = newest(ws.ledger.events("handler_registered"), handler)
    if found is None:
        raise _refusal("UNKNOWN", "登録された取扱者ではありません", handler, "取扱者の番号（h01 など）を指定")
    return found


def _require_past(ws: Workspace, handler: str, on: date) -> None:
    if not ws.config.contract.start <= on <= ws.today:
        raise _refusal("DAY", "契約期間内の、今日までの日ではありません", handler, "日付を確認")


def _refusal(code: str, message: str, place: str, remedy: str) -> KanshoError:
    return KanshoError(f"LEAVER-{code}", message, place=place, remedy=f"{remedy}してください")
