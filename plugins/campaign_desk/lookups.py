"""A caller's number looked up: who may ask about whom.

Belongs here: what a person may know.  Does not belong here: the page (`app`), the trace of the question
(`kansho.standing.questions`) or what follows from facts (`kansho.standing`).  What is read is read by the person who
asks, under their name, role and purpose.
"""

from __future__ import annotations

from campaign_desk.access import Person
from kansho.campaign.rights import ROLE_PARTY, PartyKind, Work
from kansho.exchange.tables import is_inquiry_number
from kansho.standing import gather, status
from kansho.standing.questions import record_question
from kansho.workspace import Workspace


def look_up(ws: Workspace, person: Person, number: str) -> dict[str, bool] | None:
    """Where a caller stands; None when this person may not know, or there is no such number (the same answer).

    A 丙 asks only about people it was given, or who received a card, when it answers their calls; it does not learn
    who attended.  Each question is recorded before it is answered.

    Raises:
        KanshoError: ``DESK-LOOKUPS`` when the user has asked too often today, ``READ-*`` when their registration has
            ended.
    """
    if not is_inquiry_number(number):
        return None
    outside = _is_outside(person)
    reader = ws.for_purpose("desk_lookup_calls" if outside else "desk_lookup")
    standing = status(gather(reader, outside=outside), ws.today)
    known = number in standing.index and (not outside or number in _own(reader, person))
    record_question(ws, number, known)
    if not known:
        return None
    row = standing.loc[number]
    found = {"勧奨停止": bool(row["stopped"] or row["refused"] or row["deferred"])}
    if person.may_know_attendance:
        found["受診済"] = bool(row["kenshin_attended"] or row["reported_attended"])
    return found


def _is_outside(person: Person) -> bool:
    return ROLE_PARTY[person.role] is PartyKind.SUBCONTRACTOR


def _own(ws: Workspace, person: Person) -> set[str]:
    """Numbers on lists handed to the person's party and, where it answers the calls, of everybody sent a card."""
    party = person.handler.party
    handed = {e.codes["package"] for e in ws.ledger.events("package_handed_over") if e.codes["party"] == party}
    own: set[str] = set()
    for ref in ws.snapshots("call_list"):
        if ref.key in handed:
            own |= set(ws.read_table(ref, ["inquiry_number"])["inquiry_number"])
    posted = ws.read_all("postings", ["inquiry_number"]) if Work.INBOUND in ws.config.party(party).works else None
    return own if posted is None else own | set(posted["inquiry_number"])
