"""A caller's number looked up: who may ask about whom, how often, and the trace of it.

Belongs here: the limits of a look-up and its ledger event.  Does not belong here: the page (`app`) or what follows
from facts (`kansho.standing`).  What is read is read by the person who asks, under their name, role and purpose.
The ledger holds a keyed digest of the number, never the number: whoever suspects a misuse can ask about a person,
nobody can read off who was asked about.
"""

from __future__ import annotations

import hashlib
import hmac

from campaign_desk.access import Person
from kansho.campaign.rights import ROLE_PARTY, PartyKind, Work
from kansho.errors import KanshoError
from kansho.exchange.tables import is_inquiry_number
from kansho.standing import gather, status
from kansho.workspace import Workspace

#: Look-ups of one user on one campaign day; a call centre's operator answers some sixty calls a day.
A_DAY = 120


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
    _record(ws, person, number, known)
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


def _record(ws: Workspace, person: Person, number: str, known: bool) -> None:
    """One event for each question, also when two come at once."""
    user = str(person.handler.user)
    mine = [e for e in ws.ledger.events("number_looked_up") if e.actor["user"] == user]
    if sum(e.campaign_date == ws.today.isoformat() for e in mine) >= A_DAY:
        raise KanshoError(
            "DESK-LOOKUPS",
            "本日の照会の上限に達しました",
            place=user,
            remedy="取扱責任者に連絡してください",
        )
    mark = hmac.new(ws.keyring.get("hmac"), b"look-up\x1f" + number.encode(), hashlib.sha256).hexdigest()[:16]
    count = len(mine)
    while True:
        count += 1
        codes = {"mark": mark, "known": "yes" if known else "no"}
        key = f"{user}/{count}"
        taken = ws.ledger.find("number_looked_up", key)
        if taken is None and ws.record("number_looked_up", key, codes=codes).codes == codes:
            return
