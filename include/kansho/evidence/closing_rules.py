"""Rules about the end of a year: who attended, what was left open by hand or with a key service, what traces are left.

Belongs here: pure rules over the log, each violation with a code of its own.  Does not belong here: how one thing was
closed by hand (`kansho.evidence.hand_rules`), the order of the closing as a whole (`kansho.evidence.rules`), what is
used after its end (`kansho.evidence.custody_rules`), or what the certificate says (`kansho.evidence.certified`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kansho.evidence.access_rules import ENDED
from kansho.evidence.certified import open_manual, pending_keys
from kansho.evidence.events import Event
from kansho.evidence.facts import CONTRACTOR, WARD, ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.hand_rules import RETURNED_CARDS, VISIT_SHEETS, arrived, hand_findings, of_deed
from kansho.evidence.purges import KINDS, NO_DATABASE, attempts, left_over, seen_before
from kansho.evidence.registrations import id_of

#: In place of a witness: nobody of 甲 attended.
_NOBODY = "none"

#: The events that these rules look at.
_TOLD = frozenset(
    {
        *("medium_registered", "returns_recorded", "sheets_in", "package_handed_over", "erasure_planned"),
        *("erasure_attended", "handler_registered", "document_issued"),
        *("manual_target_closed", "keys_destroyed", "key_deletion_scheduled", "campaign_certified"),
        *("inventory_taken", "traces_found", "traces_purged"),
    }
)


def closing_findings(events: Sequence[Event], facts: ConfigFacts) -> list[Finding]:
    """What the certification claims of people, hand-made erasures and keys that the log does not show."""
    told = [e for e in events if e.type in _TOLD]
    return [*hand_findings(told, facts), *_certified(told, facts)]


def wanted_by_hand(events: Sequence[Event], facts: ConfigFacts) -> set[str]:
    """What people must have erased or returned, whatever a plan names (`kansho.closing.manual.manual_targets`)."""
    found = {f"medium/{e.key}" for e in events if e.type == "medium_registered"}
    if any(e.type == "returns_recorded" and e.counts.get("returned", 0) for e in events):
        found.add(RETURNED_CARDS)
    if any(e.type == "sheets_in" and e.counts.get("sheets", 0) for e in events):
        found.add(VISIT_SHEETS)
    return found | {f"party/{name}" for name in facts.subcontractors} | {f"hand/{name}" for name in facts.by_hand}


def arrived_last(events: Sequence[Event], target: str) -> str:
    """The last day (ISO) on which something of a target of `wanted_by_hand` came to its holder; '' where none tells."""
    return max((e.campaign_date for e in events if arrived(e) == of_deed(target)), default="")


def _certified(events: Sequence[Event], facts: ConfigFacts) -> Iterator[Finding]:
    certified = next((e for e in events if e.type == "campaign_certified"), None)
    if certified is None:
        return
    before = [e for e in events if e.sequence < certified.sequence]
    end = f"event {certified.sequence} {certified.type}"
    attended = [e for e in before if e.type == "erasure_attended"]
    if not attended:
        yield Finding("STATE-UNATTENDED", end, "certified without naming who erased, who checked and who attended")
    for event in attended[:1]:
        yield from _attended(event, facts, [e for e in before if e.sequence < event.sequence])
    for again in attended[1:]:
        place = f"event {again.sequence} {again.type}"
        yield Finding("STATE-ATTENDED", place, "who erased is said once: the certificate would name the last (P11)")
    closed = {e.key for e in before if e.type == "manual_target_closed"}
    for name in sorted({*open_manual(before), *(wanted_by_hand(before, facts) - closed)}):
        yield Finding("STATE-MANUAL-OPEN", end, f"certified while not closed by hand: {name[:120]}")
    for name in pending_keys(before):
        yield Finding("STATE-KEY-PENDING", end, f"certified while the deletion of key {name[:40]} was only scheduled")
    yield from _purged(before, end)


def _purged(before: Sequence[Event], end: str) -> Iterator[Finding]:
    """Nothing was left, and the log says where that was looked for; without any purge, `rules` says so."""
    made = attempts(before)
    for called in left_over(made):
        yield Finding("STATE-TRACES-LEFT", end, f"certified while traces were left, or not counted again: {called}")
    if made and made[-1].database not in KINDS | {NO_DATABASE}:
        yield Finding("STATE-TRACES-DATABASE", end, "certified without telling in which kind of database rows were")
    if made and made[-1].database == NO_DATABASE and seen_before(before):
        yield Finding("STATE-TRACES-DATABASE", end, "certified as without a database, although one had been seen")


def _attended(event: Event, facts: ConfigFacts, before: Sequence[Event]) -> Iterator[Finding]:
    """Two of 乙, for who erased does not check it alone; who attends is of 甲, or the certificate says nobody did."""
    place = f"event {event.sequence} {event.type}"
    called = {}
    for name, kind in (("operator", CONTRACTOR), ("verifier", CONTRACTOR), ("witness", WARD)):
        user = event.codes.get(name, "")
        if name == "witness" and user == _NOBODY:
            continue
        person = _in_office(before, user, event.campaign_date)
        if person is None or facts.parties.get(person.codes.get("party", "")) != kind:
            yield Finding("STATE-ATTENDED", place, f"the {name} was not registered then, or is of another party (P4)")
        else:
            called[name] = f"{person.names.get('name', '')}（{person.names.get('post', '')}）"
            if called[name] != event.names.get(name):
                yield Finding("STATE-ATTENDED", place, f"the {name} is named as somebody else (P4)")
    if event.codes.get("operator") == event.codes.get("verifier"):
        yield Finding("STATE-ATTENDED", place, "one person erased and checked it")
    if set(event.names) - {"operator", "verifier", "witness"} or ("witness" in event.names) != ("witness" in called):
        yield Finding("STATE-ATTENDED", place, "names somebody of whom nothing is said (P4)")


def _in_office(before: Sequence[Event], user: str, day: str) -> Event | None:
    """The newest registration of a user's handler, unless it had ended before the day."""
    mine = {id_of(e) for e in before if e.type == "handler_registered" and user and e.codes.get("user") == user}
    last = next((e for e in reversed(before) if e.type == "handler_registered" and id_of(e) in mine), None)
    if last is None or last.codes.get("user") != user or (last.codes.get(ENDED) or day) < day:
        return None
    return last
