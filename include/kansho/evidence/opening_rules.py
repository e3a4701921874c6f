"""What the opening and its amendments ask of the log (C1, P4).

Belongs here: pure rules over events, called by `kansho.evidence.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kansho.campaign.opened import opening_approved
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding

#: The first of these is the moment from which residents' data may be in the house, or leave it.
_WORK = frozenset({"delivery_accepted", "package_handed_over", "plan_made", "wave_selected"})


def opening_findings(events: Sequence[Event]) -> Iterator[Finding]:
    """No delivery is taken in and nothing leaves before the ward approved the opening."""
    for event in events:
        if event.type in _WORK:
            if not opening_approved(events[: event.sequence]):
                place = f"event {event.sequence} {event.type} {event.key}"
                yield Finding("STATE-UNOPENED", place, "before the ward approved the opening (C1, P4)")
            return
