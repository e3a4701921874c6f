"""What the log's own clock must do: go forwards, or say that it did not.

Belongs here: the verifier's rule over ``recorded_at``.  Does not belong here: campaign dates (`kansho.evidence.rules`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from kansho.evidence.events import Event
from kansho.evidence.findings import Finding


def clock_findings(events: Sequence[Event]) -> Iterator[Finding]:
    """A step back is a finding, unless the very event that steps back tells it, in seconds rounded up."""
    for before, event in pairwise(events):
        if event.recorded_at >= before.recorded_at and event.type != "clock_ran_backwards":
            continue
        place = f"event {event.sequence} {event.type}"
        try:
            step = datetime.fromisoformat(before.recorded_at) - datetime.fromisoformat(event.recorded_at)
        except ValueError:
            yield Finding("STATE-CLOCK-BACKWARDS", place, "no time of day")
            continue
        told = event.counts.get("seconds") if event.type == "clock_ran_backwards" else None
        if told is None or told != math.ceil(step.total_seconds()) or told <= 0:
            yield Finding("STATE-CLOCK-BACKWARDS", place, "recorded before the event before it, and not told so")
