"""What `make up` leaves for people: an approval of the ward, one of the contractor, and a delivery that is locked.

Belongs here: choosing them from the year's own calendar, pure.  Does not belong here: playing up to them (`up`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from kansho.campaign.calendar import Occasion, occasions
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role

#: Stages whose every occasion may ask somebody, and whom.
ASKS = {
    "mailing_production": Role.WARD_OFFICER,
    "visit_wave": Role.WARD_OFFICER,
    "call_wave": Role.CONTRACTOR_MANAGER,
    "effect_analysis": Role.CONTRACTOR_MANAGER,
}


@dataclass(frozen=True)
class Waiting:
    """Occasions whose approvals wait, in order, and the delivery whose password is not yet entered ('' for none)."""

    asked: tuple[Occasion, ...]
    locked: str


def what_waits(config: CampaignConfig) -> Waiting:
    """The two requests of different roles that follow each other soonest, and the last delivery before them.

    That delivery stays locked only where the one before it still is a fresh stop list: else nothing could be asked.  A
    year that asks one role only leaves its last request.
    """
    asking = [o for o in occasions(config) if o.stage in ASKS and not _closes(config, o)]
    pairs = [(a, b) for a, b in pairwise(asking) if ASKS[a.stage] is not ASKS[b.stage]]
    asked = min(pairs, key=lambda pair: (pair[1].on - pair[0].on, pair), default=tuple(asking[-1:]))
    before = [d for d in config.deliveries if asked and d.on <= asked[0].on]
    fresh = timedelta(days=config.stop_list.max_age_days)
    if len(before) > 1 and asked[-1].on - before[-2].on <= fresh:
        return Waiting(asked, before[-1].id)
    return Waiting(asked, "")


def _closes(config: CampaignConfig, occasion: Occasion) -> bool:
    """The last day of a call wave takes results in and asks nobody."""
    return occasion.stage == "call_wave" and any(occasion.on == wave.close_on for wave in config.waves.calls)
