"""What this year's plan came to, as next year's configuration takes it (``last_plan``): counts, no person.

Belongs here: reading it off the ledger.  Does not belong here: the comparison itself (`kansho.targeting.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.campaign.small_cells import suppress_parts
from kansho.evidence.events import Event

#: Counts of ``plan_made`` that are no outcome of the eligibility table.
_OTHER = frozenset({"roster", "held_out"})
_CHANNELS = {"mail": "cards", "call": "calls", "visit": "visits"}


def last_plan(events: Sequence[Event], config: CampaignConfig) -> dict[str, Any] | None:
    """Fields of `kansho.campaign.config.LastPlan`; None for a year without a selection.

    Counts below the config's ``min_cell`` are left out of the outcomes, and more where the roster would give them away.
    """
    selected = [e for e in events if e.type == "wave_selected"]
    made = {e.key: e for e in events if e.type == "plan_made"}
    plan = made.get(selected[-1].codes["plan"]) if selected else None
    if plan is None:
        return None
    reached = dict.fromkeys(_CHANNELS.values(), 0)
    for event in selected:
        reached[_CHANNELS[event.codes["channel"]]] += event.counts["assigned"]
    counted = {k: n for k, n in plan.counts.items() if k not in _OTHER}
    outcomes = {k: n for k, n in suppress_parts(counted, config.disclosure.min_cell).items() if n is not None}
    return {"fiscal_year": config.fiscal_year, "roster": plan.counts["roster"], "outcomes": outcomes, **reached}
