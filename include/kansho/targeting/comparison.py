"""A plan beside another: the one before it, and what was done last year.  Pure over figures.

Belongs here: which figures are set side by side.  Does not belong here: the figures (`kansho.targeting.figures`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.targeting.eligibility import TABLE

#: Item, before, now; None is a suppressed cell, and an item that one side does not have is absent there ('').
Row = tuple[str, int | None | str, int | None | str]


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Row, ...]:
    """What differs between two plans' figures (`plan_figures`): totals, outcomes, segments, waves."""
    old, new = _items(before), _items(now)
    names = [*new, *(name for name in old if name not in new)]
    rows = [(name, old.get(name, ""), new.get(name, "")) for name in names]
    return tuple(row for row in rows if row[1] != row[2])


def with_last_year(now: Mapping[str, Any], config: CampaignConfig) -> tuple[Row, ...]:
    """The plan beside what the ward was handed over for last year; empty when the config has none."""
    last = config.last_plan
    if last is None:
        return ()
    outreach = {"mail": 0, "call": 0, "visit": 0}
    for wave in now["waves"]:
        outreach[wave["channel"]] += wave["outreach"] or 0
    people = {o["code"]: o["people"] for o in now["outcomes"]}
    return (
        ("対象者一覧", last.roster, now["totals"]["roster"]),
        *((row.label, last.outcomes[row.code], people[row.code]) for row in TABLE if row.code in last.outcomes),
        ("通知（枚）", last.cards, outreach["mail"]),
        ("電話（件）", last.calls, outreach["call"]),
        ("訪問（件）", last.visits, outreach["visit"]),
    )


def _items(figures: Mapping[str, Any]) -> dict[str, int | None]:
    totals = figures["totals"]
    found: dict[str, int | None] = {
        "対象者一覧の人数": totals["roster"],
        "勧奨対象者数": totals["planned"],
        "見込費用（円）": totals["cost_yen"],
    }
    found |= {f"判定: {o['label']}": o["people"] for o in figures["outcomes"]}
    found |= {f"グループ: {s['name']}": s["people"] for s in figures["segments"]}
    for wave in figures["waves"]:
        found[f"{wave['name']}: 勧奨"] = wave["outreach"]
        found[f"{wave['name']}: 保留"] = wave["held_out"]
    return found
