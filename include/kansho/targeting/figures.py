"""The figures of the plan document: groups, reasons, arms, cost, what an effect must be to be seen.

Belongs here: aggregates of a plan, pure, small cells suppressed.  Does not belong here: layout
(`kansho.documents`), the effect itself (analysis).
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pandas as pd

from kansho.campaign.config import CampaignConfig, MailingWave, Wave
from kansho.campaign.costs import unit_cost
from kansho.campaign.postage import estimate
from kansho.campaign.rights import Channel
from kansho.targeting.disclosure import suppress, suppress_parts
from kansho.targeting.eligibility import TABLE
from kansho.targeting.holdout import held_before
from kansho.targeting.propensity import in_walk_order
from kansho.targeting.table import CANCER, KENSHIN, current_segment, priorities

#: Normal quantiles of a two-sided 5 % test with 80 % power.
_Z = 1.959964 + 0.841621
#: Attendance share assumed for the detectable effect: the most cautious one.
_BASE_SHARE = 0.5
#: Correlation of attendance inside a household that the detectable effect assumes.
HOUSEHOLD_CORRELATION = 0.3
_NO_COST: dict[str, Any] = {"cost_yen": None, "postage": None}


def plan_figures(plan: pd.DataFrame, roster: pd.DataFrame, config: CampaignConfig) -> dict[str, Any]:
    """Every figure of the document as plain values.

    Returns:
        ``outcomes``, ``segments``, ``waves`` (lists of rows), ``totals`` and what they assume.  A count below the
        config's ``min_cell`` is None and stands as suppressed; wave figures are forecasts from today's groups.
    """
    cell = config.disclosure.min_cell
    counted = plan["outcome"].value_counts()
    shown = suppress_parts({r.code: int(counted.get(r.code, 0)) for r in TABLE}, cell)
    outcomes = [{"code": r.code, "label": r.label, "clause": r.clause, "people": shown[r.code]} for r in TABLE]
    people = roster.set_index("inquiry_number").reindex(plan["inquiry_number"].to_numpy())
    reach = pd.DataFrame(
        {
            "phone": people["phone"].notna().to_numpy(),
            # A representative code (下2桁 00) earns no barcode (domain notes 6.1).
            "barcode": ~people["postal_code"].astype(str).str.endswith("00").to_numpy(),
        },
        index=plan.index,
    )
    waves = [_wave(plan, reach, wave, config) for wave in config.waves.all()]
    return {
        "outcomes": outcomes,
        "segments": _segments(plan, config),
        "waves": waves,
        "totals": {
            "roster": len(plan),
            "households": int(plan["household_id"].nunique()),
            "planned": int(plan["group"].notna().sum()),
            # Of the waves whose cost is shown: a total of all would give a hidden one away.
            "cost_yen": sum(w["cost_yen"] or 0 for w in waves),
            "capacity": config.capacity.model_dump(),
        },
        "min_cell": cell,
        "household_correlation": HOUSEHOLD_CORRELATION,
    }


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


def _segments(plan: pd.DataFrame, config: CampaignConfig) -> list[dict[str, Any]]:
    """One row a segment: how many its rules fit, how many of them an earlier segment took, where small ones went."""
    planned = plan[plan["group"].notna()]
    now = current_segment(planned, planned["group"])
    counted = now.value_counts()
    cell = config.disclosure.min_cell
    by_group = {
        group: suppress_parts(
            {s.id: int(counted.get(s.id, 0)) for s in config.targeting.segments if s.group.value == group}, cell
        )
        for group in (KENSHIN, CANCER)
    }
    of = planned["matched"].fillna("")
    first = of.str.partition("|")[0]
    names = {s.id: s.name for s in config.targeting.segments}
    rows = []
    for s in config.targeting.segments:
        fits = ("|" + of + "|").str.contains(f"|{s.id}|", regex=False)
        went = now[first.eq(s.id) & now.ne(s.id)]
        rows.append(
            {
                "id": s.id,
                "name": s.name,
                "group": s.group.value,
                "intent": s.intent,
                "frame": s.frame,
                "design": s.design,
                "priority": s.priority,
                "people": by_group[s.group.value][s.id],
                "fits": suppress(int(fits.sum()), cell),
                "taken": suppress(int((fits & first.ne(s.id)).sum()), cell),
                "merged_into": names[went.iloc[0]] if len(went) else "",
            }
        )
    return rows


def _wave(plan: pd.DataFrame, reach: pd.DataFrame, wave: Wave, config: CampaignConfig) -> dict[str, Any]:
    cell = config.disclosure.min_cell
    able = plan["group"].isin([g.value for g in wave.groups])
    if wave.channel is Channel.CALL:
        able &= reach["phone"]
    # Whom an earlier wave of a nested design holds out is in neither arm of this one.
    before = held_before(plan, config, wave.id)
    ranked = plan.assign(priority=current_segment(plan, plan["group"]).map(priorities(config)))
    compared = in_walk_order(ranked[able & ~before], wave.channel)
    held = compared[f"holdout_{wave.id}"]
    met = ((~held).cumsum() - (~held).astype(int)).lt(wave.capacity)
    arm = pd.Series("left", index=compared.index).mask(met & ~held, "outreach").mask(met & held, "held_out")
    outreach, control = int(arm.eq("outreach").sum()), int(arm.eq("held_out").sum())
    size = compared.groupby("household_id")["household_id"].transform("size").mean() if len(compared) else 1.0
    parts = {
        "outreach": outreach,
        "held_out": control,
        "left": int(arm.eq("left").sum()),
        "held_out_before": int((able & before).sum()),
    }
    shown = suppress_parts(parts, cell)
    barcoded = int(reach["barcode"][arm.index[arm.eq("outreach")]].sum())
    # A cost is its people times a price that everybody knows: hidden with them.
    cost = _NO_COST if shown["outreach"] is None else _cost(wave, outreach, barcoded, config)
    return {
        "id": wave.id,
        "name": wave.name,
        "channel": wave.channel.value,
        "on": wave.select_on.isoformat(),
        "able": int(able.sum()),
        "capacity": wave.capacity,
        "holdout_share": wave.holdout,
        **shown,
        "smallest_effect_pp": smallest_effect_pp(outreach, control, household_size=float(size)),
        "by_segment": _by_segment(compared, arm, config),
        **cost,
    }


def _by_segment(people: pd.DataFrame, arm: pd.Series, config: CampaignConfig) -> list[dict[str, Any]]:
    """Who gets the channel and who is left out, by segment in the order of priority."""
    counted = Counter(zip(current_segment(people, people["group"]), arm, strict=True))
    rows = []
    for s in sorted(config.targeting.segments, key=lambda s: s.priority):
        parts = {name: counted[s.id, name] for name in ("outreach", "held_out", "left")}
        if any(parts.values()):
            rows.append({"name": s.name, "priority": s.priority, **suppress_parts(parts, config.disclosure.min_cell)})
    return rows


def _cost(wave: Wave, outreach: int, barcoded: int, config: CampaignConfig) -> dict[str, Any]:
    """Expected yen: of a mailing its print and the postage with its discounts, else the unit cost of the channel."""
    if not isinstance(wave, MailingWave):
        return {"cost_yen": outreach * unit_cost(config, wave.channel), "postage": None}
    posted = estimate(outreach, barcoded, wave.report_on, wave.slack_days)
    postage = {
        "print_yen": outreach * config.costs.card_print,
        "pieces": posted.pieces,
        "rate": posted.rate,
        "sorted_percent": posted.sorted_percent,
        "slack_percent": posted.slack_percent,
        "barcode_percent": posted.barcode_percent,
        "full_yen": posted.full_yen,
        "yen": posted.yen,
    }
    return {"cost_yen": outreach * config.costs.card_print + posted.yen, "postage": postage}
