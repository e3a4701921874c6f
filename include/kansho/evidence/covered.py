"""Which clauses a log gives a rule something to look at: only these can pass.

Belongs here: the closed table from events to the clauses whose rules examine them and which such an event can satisfy.
Does not belong here: the rules, or which clause an event is filed under for a reader (`kansho.evidence.events`): a
missed inspection is filed under inspections, and satisfies nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from kansho.evidence.events import Event

#: Type → clauses whose rules look at it.
_LOOKED_AT: Mapping[str, tuple[str, ...]] = {
    "campaign_opened": ("C1",),
    "config_amended": ("C1",),
    "pulls_listed": ("C2",),
    "wave_selected": ("C4", "C5"),
    "print_reported": ("C6",),
    "results_recorded": ("C6",),
    "delivery_accepted": ("D1", "D3"),
    "snapshot_stored": ("D6", "P14"),
    "sheets_in": ("P3",),
    "handler_registered": ("P4",),
    "training_recorded": ("P5",),
    "briefing_recorded": ("P5",),
    "inspection_recorded": ("P6",),
    "audit_recorded": ("P6",),
    "approval_decided": ("P8",),
    "snapshot_read": ("P8",),
    "incident_closed": ("P9",),
    "checklist_recorded": ("P10",),
    "handover_receipted": ("P11",),
    "snapshot_erased": ("P11",),
    "manual_target_closed": ("P11",),
    "keys_destroyed": ("P11",),
    "residue_scanned": ("P11",),
    "certificate_received": ("P12",),
    "report_submitted": ("P13",),
    "attestation_recorded": ("P15",),
    "effect_analysed": ("E1", "E2"),
}
#: Kind of package → the same; what goes to a 丙 for a work stands on the consent to it.
_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "print_package": ("C6",),
    "call_list": ("C6",),
    "visit_halves": ("P1", "P2"),
}
_TO_OTHERS = ("C7", "P7", "P14")
#: Only these of their type are what the contract asks for.
_ONLY = {"report_submitted": "monthly/", "inspection_recorded": "ward_"}


def looked_at(events: Iterable[Event]) -> Counter[str]:
    """How many events each clause's rules had to look at."""
    return Counter(clause for event in events for clause in clauses_of(event))


def clauses_of(event: Event) -> tuple[str, ...]:
    """The clauses that this event can satisfy."""
    if event.type == "package_handed_over":
        kind = event.codes.get("kind", "")
        return _PACKAGES.get(kind, ()) + (_TO_OTHERS if event.codes.get("work") else ())
    if not event.key.startswith(_ONLY.get(event.type, "")):
        return ()
    return _LOOKED_AT.get(event.type, ())
