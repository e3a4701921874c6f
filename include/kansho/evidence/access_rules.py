"""Who may read what, for which purpose (P8): the closed list of purposes, and the rule over the log.

Belongs here: pure decisions from registrations in the ledger; the door (`kansho.workspace`) asks before it opens a
snapshot, the verifier asks again of every recorded reading.  Does not belong here: what a class holds
(`kansho.vault.classes`), who opened an artefact before deciding (`kansho.evidence.rules`).

    a task reads as ``system`` of a party whose responsible manager is registered, for the purpose that is its stage;
    a person reads as themselves, registered with that role, for a purpose of the desk
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.registrations import id_of
from kansho.vault.classes import class_of

#: The actor's role of a task, and the registered role that answers for what tasks read.
TASK, RESPONSIBLE = "system", "contractor_manager"
#: Code of a registration that has ended, with the day.
ENDED = "ended_on"

_FACTS = ("residents", "health", "contacts", "papers")
_STAFF = frozenset({"contractor_manager", "contractor_staff", "contractor_engineer"})
_ASKED = _STAFF | {"ward_officer", "ward_manager"}
_PLANNING = frozenset({"ward_officer", "ward_manager", "contractor_manager"})
_ANSWERS = frozenset({"contractor_manager", "contractor_staff"})


@dataclass(frozen=True)
class Purpose:
    """What something is read for: by whom (roles), and which classes of data."""

    roles: frozenset[str]
    classes: frozenset[str]


def _task(*classes: str) -> Purpose:
    return Purpose(frozenset({TASK}), frozenset(classes))


#: Every purpose there is.  The stages of the year are named as their DAGs.
PURPOSES: Mapping[str, Purpose] = {
    "campaign_opening": _task("secrets", "papers"),
    "config_amendment": _task("papers"),
    "extract_intake": _task("residents", "health", "papers", "secrets"),
    "validation": _task("residents", "health", "papers"),
    "segmentation": _task(*_FACTS, "secrets"),
    "mailing_production": _task(*_FACTS),
    "mailing_dispatch": _task(*_FACTS),
    "call_wave": _task(*_FACTS),
    "inbound_enquiries": _task(*_FACTS),
    "visit_wave": _task(*_FACTS),
    "visit_day": _task(*_FACTS),
    "attendance_refresh": _task("residents", "health"),
    "effect_analysis": _task(*_FACTS),
    "media_return_and_erasure": _task(*_FACTS, "secrets"),
    "incident": _task("papers"),
    "oversight": _task("papers"),
    "approval": _task(*_FACTS),
    # Before the data flow erases a table, what the scan will look for is read from it.
    "residue_scan": _task("needles", "residents", "health", "contacts"),
    "desk_lookup": Purpose(_ANSWERS, frozenset({"residents", "health", "contacts"})),
    "desk_lookup_calls": Purpose(frozenset({"call_staff"}), frozenset({"residents", "contacts"})),  # 受診 is of 乙 (D2)
    # Why the plan says of a person what it says: of 甲, and of who answers for the plan; never the seed.
    "plan_why": Purpose(_PLANNING, frozenset({"residents", "health", "contacts"})),
    # What people write of an incident must name nobody: it is compared with the roster, and shown to nobody.
    "incident_text": _task("residents"),
    "incident_desk": Purpose(_STAFF, frozenset({"papers"})),
    "simulated_truth": _task("contacts"),
    "desk_review": Purpose(_ASKED, frozenset(_FACTS)),
    "exception_handling": Purpose(_STAFF | {TASK}, frozenset({"residents", "health", "papers"})),
}
#: What may be read before anybody is registered: the opening makes the registrations itself.
_BEFORE_REGISTRATION = "campaign_opening"


class Registered:
    """The newest registration of every handler, as it stands after the events given so far."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._newest: dict[str, Mapping[str, str]] = {}
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """One more event; others than registrations change nothing."""
        if event.type == "handler_registered":
            self._newest[id_of(event)] = event.codes

    def refusal(self, actor: Mapping[str, str], purpose: str, kind: str) -> str | None:
        """The finding that this reading would be; None when it is lawful."""
        asked = PURPOSES.get(purpose)
        if asked is None:
            return "STATE-READ-PURPOSE"
        if actor.get("role") not in asked.roles:
            return "STATE-READ-ROLE"
        if class_of(kind) not in asked.classes:
            return "STATE-READ-CLASS"
        if not self._newest and purpose == _BEFORE_REGISTRATION:
            return None
        mine = [codes for codes in self._newest.values() if _is(actor, codes)]
        if not mine:
            return "STATE-READ-UNREGISTERED"
        return "STATE-READ-ENDED" if all(codes.get(ENDED) for codes in mine) else None


def _is(actor: Mapping[str, str], codes: Mapping[str, str]) -> bool:
    """Whether a registration is the actor's own, or of the person who answers for the actor's task."""
    if actor.get("party") != codes.get("party"):
        return False
    if actor.get("role") == TASK:
        return codes.get("role") == RESPONSIBLE and codes.get("responsible") == "yes"
    return (actor.get("user"), actor.get("role")) == (codes.get("user"), codes.get("role"))


def reading_key(name: str, actor: Mapping[str, str], purpose: str) -> str:
    """Key of the reading of a snapshot: one event for each who and purpose, however often it is read.

    A task is ``system`` here, whichever of its stage's tasks it is; the event's actor names the first that read.
    """
    who = TASK if actor.get("role") == TASK else actor.get("user", "")
    return f"{name}@{purpose}/{who}"


def access_findings(events: Sequence[Event]) -> Iterator[Finding]:
    """Nobody unregistered read, nothing was read for another purpose than its own, or after it was erased (P8)."""
    registered = Registered()
    stored: dict[str, Any] = {}
    erased: set[str] = set()
    for event in events:
        registered.take(event)
        if event.type == "snapshot_stored":
            holding = event.refs.get("holding")
            stored[event.key] = holding.get("digest") if isinstance(holding, Mapping) else None
        elif event.type == "snapshot_erased":
            erased.add(event.key)
        elif event.type == "snapshot_read":
            yield from _reading(event, registered, stored, erased)


def _reading(event: Event, registered: Registered, stored: Mapping[str, Any], erased: set[str]) -> Iterator[Finding]:
    place = f"event {event.sequence} {event.type} {event.key}"
    name, purpose = event.key.partition("@")[0], event.codes.get("purpose", "")
    if event.key != reading_key(name, event.actor, purpose):
        yield Finding("STATE-READ-KEY", place, "its key names another reader or purpose than the event")
    refused = registered.refusal(event.actor, purpose, name.partition("/")[0])
    if refused is not None:
        yield Finding(refused, place, "read by somebody who might not read it so (P8)")
    if name not in stored or stored[name] != event.refs.get("digest"):
        yield Finding("STATE-READ-UNKNOWN", place, "read what was not registered as a holding (D6)")
    if name in erased:
        yield Finding("STATE-READ-ERASED", place, "read after it was erased (P11)")
