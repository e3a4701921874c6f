"""What came in over the year against what was kept, and that against what went back to 甲: nothing is lost (P11).

Belongs here: the equations of results and of the last hand-over, from counts of events alone.  Does not belong here:
the receipt (`kansho.evidence.handover_rules`).

    told: posted, returned, drawn, accepted, put aside  = rows stored    of each event, as soon as there is one
    rows stored, of each kind of results                = rows handed back
    comments left on what was to be approved            = rows handed back
    rows put aside of calls, visits and enquiries       = rows handed back aside
    refusals told by calls, visits and enquiries        = among the stops that are handed back
    notes held for a person's review, not handed on     = told as held

A hand-over is whole: the last one has everything.  What came in after it is a finding of its own (``HANDOVER-STALE``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kansho.campaign.handed_back import HAND_OVER, PUT_ASIDE, QUARANTINE, put_aside
from kansho.evidence.events import Event

#: Equation without its subject → the code of one that does not hold.
CODES: Mapping[str, str] = {
    "told = stored": "COUNT-STORED",
    "stored = handed back": "COUNT-HANDED",
    "put aside = handed back": "COUNT-ASIDE",
    "refused = handed back": "COUNT-REFUSED",
    "notes held = told": "COUNT-NOTES",
}
#: Kind of results → the count of the hand-over that has its rows.
_GIVEN: Mapping[str, str] = {
    "postings": "rows_mail_results",
    "mail_returns": "mail_returned",
    "wave_assignment": "rows_groups",
    **{kind: f"rows_{kind}" for kind in PUT_ASIDE},
}
#: What tells of results → their kind, and the counts that are its rows.
_TOLD: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "print_reported": ("postings", ("posted",)),
    "returns_recorded": ("mail_returns", ("returned",)),
    "wave_selected": ("wave_assignment", ("assigned", "held_out")),
}
_CHANNELS = {"call": "call_results", "visit": "visit_results"}

_Equation = tuple[str, int, int]


def kept(events: Sequence[Event]) -> Iterator[_Equation]:
    """What each event tells of results against the rows that were stored under its key."""
    rows = {e.key: e.counts.get("rows", 0) for e in events if e.type == "snapshot_stored"}
    for event in events:
        counts = event.counts
        if event.type in _TOLD:
            kind, names = _TOLD[event.type]
            told = sum(counts.get(name, 0) for name in names)
            yield f"told = stored [{kind}/{event.key}]", told, rows.get(f"{kind}/{event.key}", 0)
        elif event.type == "results_recorded":
            kind = _CHANNELS.get(event.codes.get("channel", ""), "")
            for name, count in ((f"{kind}/{event.key}", "accepted"), (_aside(kind, event.key), "quarantined")):
                yield f"told = stored [{name}]", counts.get(count, 0), rows.get(name, 0)
        elif event.type == "inbound_recorded":
            name = f"inbound_records/{event.key}"
            settled = rows.get(name, 0) + rows.get(_aside("inbound_records", event.key), 0)
            yield f"told = stored [{name}]", counts.get("records", 0), settled


def handed_back(events: Sequence[Event]) -> Iterator[_Equation]:
    """What was stored against the last hand-over; nothing before the first one, unless the year is certified."""
    handed = _last_handover(events)
    if handed is None and not any(e.type == "campaign_certified" for e in events):
        return
    before = [e for e in events if handed is None or e.sequence < handed.sequence]
    gone = handed.counts if handed is not None else {}
    kinds, aside = Counter[str](), Counter[str]()
    for stored in before:
        if stored.type == "snapshot_stored":
            kinds[stored.key.partition("/")[0]] += stored.counts.get("rows", 0)
            aside[put_aside(stored.key)] += stored.counts.get("rows", 0)
    for kind, name in _GIVEN.items():
        yield f"stored = handed back [{kind}]", kinds[kind], gone.get(name, 0)
    for kind in PUT_ASIDE:
        yield f"put aside = handed back [{kind}]", aside[kind], gone.get(f"rows_aside_{kind}", 0)
    said = sum(1 for e in before if e.type == "comment_left")
    yield "stored = handed back [comment]", said, gone.get("rows_comments", 0)
    refused = _sum(before, "results_recorded", "refused") + _sum(before, "inbound_recorded", "stops")
    yield "refused = handed back", refused, gone.get("stops_refused", 0)
    yield "notes held = told", _sum(before, "results_recorded", "notes_held"), gone.get("notes_held", 0)


def _aside(kind: str, key: str) -> str:
    return f"{QUARANTINE}/{kind}-{key}"


def _last_handover(events: Sequence[Event]) -> Event | None:
    """The last one before the erasure began: what is handed over after it can no longer be everything."""
    found = None
    for event in events:
        if event.type == "holding_erased":
            break
        if event.type == "package_handed_over" and event.codes.get("kind") == HAND_OVER:
            found = event
    return found


def _sum(events: Sequence[Event], type: str, name: str) -> int:
    return sum(e.counts.get(name, 0) for e in events if e.type == type)
