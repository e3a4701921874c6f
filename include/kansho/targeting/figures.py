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
from kansho.campaign.costs import mailing_cost, yen_each
from kansho.campaign.small_cells import Row, hidden_rows, is_small, suppress_parts
from kansho.targeting.eligibility import PLANNED, TABLE
from kansho.targeting.forecast import forecast, ranked
from kansho.targeting.table import CANCER, KENSHIN, current_segment

#: Normal quantiles of a two-sided 5 % test with 80 % power.
_Z = 1.959964 + 0.841621
#: Attendance share assumed for the detectable effect: the most cautious one.
_BASE_SHARE = 0.5
#: Correlation of attendance inside a household that the detectable effect assumes.
HOUSEHOLD_CORRELATION = 0.3
_GROUPS = (KENSHIN, CANCER)
_NO_COST: dict[str, Any] = {"cost_yen": None, "postage": None}


def plan_figures(plan: pd.DataFrame, roster: pd.DataFrame, config: CampaignConfig) -> dict[str, Any]:
    """Every figure of the document as plain values.

    Returns:
        ``outcomes``, ``segments``, ``waves`` (lists of rows), ``totals`` and what they assume.  A count below the
        config's ``min_cell`` is None and stands as suppressed; wave figures are forecasts from today's groups.
    """
    segments, hidden = _segments(plan, config)
    shown = _outcomes(plan, config.disclosure.min_cell, groups_hidden=not hidden.isdisjoint(_GROUPS))
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
    planned = ranked(plan, config)
    waves = [
        # The candidates of a wave for one group are that group, or nearly.
        _wave(planned, reach, wave, config, hidden=len(wave.groups) < len(_GROUPS) and not hidden.isdisjoint(_GROUPS))
        for wave in config.waves.all()
    ]
    return {
        "outcomes": outcomes,
        "segments": segments,
        "waves": waves,
        "totals": {
            "roster": len(plan),
            "households": int(plan["household_id"].nunique()),
            "planned": int(plan["group"].notna().sum()),
            # Of the waves whose cost is shown: a total of all would give a hidden one away.
            "cost_yen": sum(w["cost_yen"] or 0 for w in waves),
            "capacity": config.capacity.model_dump(),
        },
        "min_cell": config.disclosure.min_cell,
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


def _outcomes(plan: pd.DataFrame, cell: int, *, groups_hidden: bool) -> dict[str, int | None]:
    """People by outcome; as the reader knows how many are planned, their outcomes and the others are sums of their own.

    A planned person of an outcome that gives a place but no group (a deferred one) is in a group by attendance, so the
    segments tell the rest of a group: where that is small, no outcome of the planned is shown.
    """
    counted = Counter(plan["outcome"])
    planned = {r.code: counted[r.code] for r in TABLE if r.code in PLANNED}
    others = {r.code: counted[r.code] for r in TABLE if r.code not in PLANNED}
    crossed = Counter(zip(plan["group"], plan["outcome"], strict=True))
    beside = [crossed[g, code] for g in _GROUPS for code in planned if code not in _GROUPS]
    if groups_hidden or any(is_small(count, cell) for count in beside):
        told: dict[str, int | None] = dict.fromkeys(planned)
    else:
        told = suppress_parts(planned, cell)
    return {**told, **suppress_parts(others, cell)}


def _segments(plan: pd.DataFrame, config: CampaignConfig) -> tuple[list[dict[str, Any]], frozenset[str]]:
    """One row a segment: how many its rules fit, how many of them an earlier segment took, where small ones went.

    With them the names of what is hidden: a segment, or a group when the other would give it away.  Who is in a segment
    is who it was the first to fit, with those who joined it and without those who went, so each of these counts is one
    that a reader can compute.
    """
    planned = plan[plan["group"].notna()]
    now = current_segment(planned, planned["group"])
    counted = Counter(now)
    of = planned["matched"].fillna("")
    first = of.str.partition("|")[0]
    names = {s.id: s.name for s in config.targeting.segments}
    in_group = Counter(planned["group"])
    table = [Row("planned", "", (len(planned),) * 2), *(Row(g, "planned", (in_group[g],) * 2) for g in _GROUPS)]
    rows = []
    for s in config.targeting.segments:
        fits = ("|" + of + "|").str.contains(f"|{s.id}|", regex=False)
        people, found, taken = counted[s.id], int(fits.sum()), int((fits & first.ne(s.id)).sum())
        went = now[first.eq(s.id) & now.ne(s.id)]
        moved = (len(went), int((now.eq(s.id) & first.ne(s.id)).sum()))
        table.append(Row(f"segment/{s.id}", s.group.value, (people, found - taken), own=(found, taken, *moved)))
        rows.append(
            {
                "id": s.id,
                "name": s.name,
                "group": s.group.value,
                "intent": s.intent,
                "frame": s.frame,
                "design": s.design,
                "priority": s.priority,
                "people": people,
                "fits": found,
                "taken": taken,
                "merged_into": names[went.iloc[0]] if len(went) else "",
            }
        )
    hidden = hidden_rows(table, config.disclosure.min_cell)
    nothing = dict.fromkeys(("people", "fits", "taken"))
    return [row | nothing if f"segment/{row['id']}" in hidden else row for row in rows], hidden


def _wave(
    plan: pd.DataFrame, reach: pd.DataFrame, wave: Wave, config: CampaignConfig, *, hidden: bool
) -> dict[str, Any]:
    """A wave's forecast; ``hidden`` when its candidates would give a group away."""
    cell = config.disclosure.min_cell
    walk = forecast(plan, reach["phone"], wave, config)
    able, before, compared = walk.able, walk.before, walk.walked
    arm = compared["arm"]
    outreach, control = int(arm.eq("outreach").sum()), int(arm.eq("held_out").sum())
    size = compared.groupby("household_id")["household_id"].transform("size").mean() if len(compared) else 1.0
    parts = {
        "outreach": outreach,
        "held_out": control,
        "left": int(arm.eq("left").sum()),
        "held_out_before": int((able & before).sum()),
    }
    hidden = hidden or is_small(int(able.sum()), cell)
    shown = dict.fromkeys(parts) if hidden else suppress_parts(parts, cell)
    told = None not in shown.values()
    barcoded = int(reach["barcode"][arm.index[arm.eq("outreach")]].sum())
    # A cost is its people times a price that everybody knows: hidden with them.
    cost = _NO_COST if shown["outreach"] is None else _cost(wave, outreach, barcoded, config)
    return {
        "id": wave.id,
        "name": wave.name,
        "channel": wave.channel.value,
        "on": wave.select_on.isoformat(),
        "able": None if hidden else int(able.sum()),
        "capacity": wave.capacity,
        "holdout_share": wave.holdout,
        **shown,
        # Computed from both arms, it tells one of them to who knows the other.
        "smallest_effect_pp": smallest_effect_pp(outreach, control, household_size=float(size)) if told else None,
        "by_segment": _by_segment(compared, arm, config, told=told),
        **cost,
    }


def _by_segment(people: pd.DataFrame, arm: pd.Series, config: CampaignConfig, *, told: bool) -> list[dict[str, Any]]:
    """Who gets the channel and who is left out, by segment in the order of priority; hidden where the wave's own is."""
    arms = ("outreach", "held_out", "left")
    counted = Counter(zip(current_segment(people, people["group"]), arm, strict=True))
    of = {s.id: tuple(counted[s.id, name] for name in arms) for s in config.targeting.segments}
    whole = Row("wave", "", tuple(sum(cells[n] for cells in of.values()) for n in range(len(arms))))
    table = [whole, *(Row(f"segment/{name}", "wave", cells) for name, cells in of.items())]
    hidden = hidden_rows(table, config.disclosure.min_cell)
    rows = []
    for s in sorted(config.targeting.segments, key=lambda s: s.priority):
        if any(of[s.id]):
            shown = of[s.id] if told and f"segment/{s.id}" not in hidden else (None,) * len(arms)
            rows.append({"name": s.name, "priority": s.priority, **dict(zip(arms, shown, strict=True))})
    return rows


def _cost(wave: Wave, outreach: int, barcoded: int, config: CampaignConfig) -> dict[str, Any]:
    """Expected yen: of a mailing its print and the postage with its discounts, else the price of the channel."""
    if not isinstance(wave, MailingWave):
        return {"cost_yen": outreach * yen_each(config, wave), "postage": None}
    expected = mailing_cost(config, wave, printed=outreach, posted=outreach, barcoded=barcoded)
    posted = expected.postage
    postage = {
        "tariff": posted.tariff,
        "print_yen": expected.print_yen,
        "pieces": posted.pieces,
        "rate": posted.rate,
        **{f"{name}_percent": found.percent for name, found in posted.discounts.items()},
        **{f"{name}_yen": -found.yen for name, found in posted.discounts.items()},
        "full_yen": posted.full_yen,
        "yen": posted.yen,
    }
    return {"cost_yen": expected.yen, "postage": postage}
