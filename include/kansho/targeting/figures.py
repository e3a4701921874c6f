"""The figures of the plan document: groups, reasons, arms, cost, what an effect must be to be seen.

Belongs here: aggregates of a plan, pure, small cells suppressed.  Does not belong here: layout
(`kansho.documents`), the effect itself (analysis).
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from kansho.campaign.config import CampaignConfig, Wave
from kansho.campaign.rights import Channel
from kansho.targeting.eligibility import TABLE
from kansho.targeting.holdout import held_before
from kansho.targeting.table import KENSHIN, current_segment

#: Normal quantiles of a two-sided 5 % test with 80 % power.
_Z = 1.959964 + 0.841621
#: Attendance share assumed for the detectable effect: the most cautious one.
_BASE_SHARE = 0.5
#: Correlation of attendance inside a household that the detectable effect assumes.
HOUSEHOLD_CORRELATION = 0.3


def plan_figures(plan: pd.DataFrame, roster: pd.DataFrame, config: CampaignConfig) -> dict[str, Any]:
    """Every figure of the document as plain values.

    Returns:
        ``outcomes``, ``segments``, ``waves`` (lists of rows), ``totals`` and what they assume.  A count below the
        config's ``min_cell`` is None and stands as suppressed; wave figures are forecasts from today's groups.
    """
    cell = config.disclosure.min_cell
    counted = plan["outcome"].value_counts()
    outcomes = [
        {"code": r.code, "label": r.label, "clause": r.clause, "people": suppress(int(counted.get(r.code, 0)), cell)}
        for r in TABLE
    ]
    people = roster.set_index("inquiry_number").reindex(plan["inquiry_number"].to_numpy())
    has_phone = pd.Series(people["phone"].notna().to_numpy(), index=plan.index)
    waves = [_wave(plan, has_phone, wave, config) for wave in config.waves.all()]
    return {
        "outcomes": outcomes,
        "segments": _segments(plan, config),
        "waves": waves,
        "totals": {
            "roster": len(plan),
            "households": int(plan["household_id"].nunique()),
            "planned": int(plan["group"].notna().sum()),
            "cost_yen": sum(w["cost_yen"] for w in waves),
            "capacity": config.capacity.model_dump(),
        },
        "min_cell": cell,
        "household_correlation": HOUSEHOLD_CORRELATION,
    }


def suppress(count: int, min_cell: int) -> int | None:
    """None in place of a count from 1 to ``min_cell`` - 1."""
    return None if 0 < count < min_cell else count


def smallest_effect_pp(outreach: int, held_out: int, *, household_size: float = 1.0) -> float | None:
    """Smallest difference in percentage points that a two-sided 5 % test sees with 80 % power; None without both arms.

    Assumes an attendance share of one half, the most cautious one, and `HOUSEHOLD_CORRELATION`: households are drawn,
    not persons, so the variance grows by Kish's design effect ``1 + (household_size - 1) * correlation``.

    Args:
        household_size: people to be compared per household, weighted by person.
    """
    if not outreach or not held_out:
        return None
    deff = 1 + (household_size - 1) * HOUSEHOLD_CORRELATION
    variance = deff * _BASE_SHARE * (1 - _BASE_SHARE) * (1 / outreach + 1 / held_out)
    return round(100 * _Z * math.sqrt(variance), 1)


def unit_cost(config: CampaignConfig, channel: Channel) -> int:
    """Yen per person reached by a channel."""
    costs = config.costs
    return {
        Channel.MAIL: costs.card_print + costs.card_postage,
        Channel.CALL: costs.call,
        Channel.VISIT: costs.visit,
    }[channel]


def _segments(plan: pd.DataFrame, config: CampaignConfig) -> list[dict[str, Any]]:
    now = current_segment(plan, plan["group"])[plan["group"].notna()].value_counts()
    size = config.targeting.min_segment_size
    return [
        {
            "id": s.id,
            "name": s.name,
            "group": s.group.value,
            "intent": s.intent,
            "frame": s.frame,
            "design": s.design,
            "priority": s.priority,
            "people": suppress(int(now.get(s.id, 0)), config.disclosure.min_cell),
            "small": s.group.value == KENSHIN and int(now.get(s.id, 0)) < size,
        }
        for s in config.targeting.segments
    ]


def _wave(plan: pd.DataFrame, has_phone: pd.Series, wave: Wave, config: CampaignConfig) -> dict[str, Any]:
    able = plan["group"].isin([g.value for g in wave.groups])
    if wave.channel is Channel.CALL:
        able &= has_phone
    # Whom an earlier wave of a nested design holds out is in neither arm of this one.
    before = held_before(plan, config, wave.id)
    compared = plan.loc[able & ~before].sort_values("order")
    held = compared[f"holdout_{wave.id}"]
    outreach = int(min((~held).sum(), wave.capacity))
    control = int(held[(~held).cumsum() <= outreach].sum())
    size = compared.groupby("household_id")["household_id"].transform("size").mean() if len(compared) else 1.0
    return {
        "id": wave.id,
        "name": wave.name,
        "channel": wave.channel.value,
        "on": wave.select_on.isoformat(),
        "able": int(able.sum()),
        "capacity": wave.capacity,
        "outreach": outreach,
        "holdout_share": wave.holdout,
        "held_out": suppress(control, config.disclosure.min_cell),
        "held_out_before": suppress(int((able & before).sum()), config.disclosure.min_cell),
        "smallest_effect_pp": smallest_effect_pp(outreach, control, household_size=float(size)),
        "cost_yen": outreach * unit_cost(config, wave.channel),
    }
