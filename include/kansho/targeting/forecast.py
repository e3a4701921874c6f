"""Who would get a wave's channel if it were selected today from the plan as it is: the walk of each wave.  Pure.

Belongs here: each candidate's arm and place in the walk.  Does not belong here: what is told of them (`figures` counts
them, `why` tells one), or the selection itself, which asks who may be contacted on its day (`waves`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kansho.campaign.config import CampaignConfig, Wave
from kansho.campaign.rights import Channel
from kansho.targeting.holdout import held_before
from kansho.targeting.propensity import in_walk_order
from kansho.targeting.table import current_segment, priorities

#: Arms of a forecast: reached within the capacity, met on the way and held out, left over when it is used up.
OUTREACH, HELD_OUT, LEFT = "outreach", "held_out", "left"


@dataclass(frozen=True)
class Forecast:
    """One wave over a plan.

    ``in_group`` (of the wave's groups), ``able`` (in a group and reachable by the channel) and ``before`` (an earlier
    wave of a nested design holds them out of this one too) are on the plan's index.  ``walked`` are those who are able
    and not held out before, in the order of the walk: the plan's columns, ``priority``, ``arm``, and ``place``, their
    place among those whom the wave may reach; for a held-out person that of whoever comes next.
    """

    in_group: pd.Series
    able: pd.Series
    before: pd.Series
    walked: pd.DataFrame


def ranked(plan: pd.DataFrame, config: CampaignConfig) -> pd.DataFrame:
    """A plan with each person's ``priority`` by the segment that counts today, for `forecast`."""
    return plan.assign(priority=current_segment(plan, plan["group"]).map(priorities(config)))


def forecast(plan: pd.DataFrame, phone: pd.Series, wave: Wave, config: CampaignConfig) -> Forecast:
    """The walk of one wave.

    Args:
        plan: output of `plan_table`, perhaps with bands, `ranked`.
        phone: whether each person has a telephone number, on the plan's index.
        wave: of the year.
        config: the year.
    """
    in_group = plan["group"].isin([g.value for g in wave.groups])
    able = in_group & phone if wave.channel is Channel.CALL else in_group
    # Whom an earlier wave of a nested design holds out is in neither arm of this one.
    before = held_before(plan, config, wave.id)
    walked = in_walk_order(plan[able & ~before], wave.channel)
    held = walked[f"holdout_{wave.id}"]
    place = (~held).cumsum() + held.astype(int)
    met = place.le(wave.capacity)
    arm = pd.Series(LEFT, index=walked.index).mask(met & ~held, OUTREACH).mask(met & held, HELD_OUT)
    return Forecast(in_group, able, before, walked.assign(arm=arm, place=place))
