"""A plan beside another: the one before it, and what was done last year.  Pure over figures.

Belongs here: which figures are set side by side, and which differences are not told.  Does not belong here: the figures
(`kansho.targeting.figures`).

A difference from 1 to ``min_cell`` - 1 tells about few people (three more who stopped), so it is hidden, and with it
what was before: what is now stands in the plan.  As many more are hidden as a total would give it away with.  Who holds
the other plan can compare the two; it was theirs to see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.campaign.small_cells import is_small
from kansho.targeting.eligibility import PLANNED, TABLE

#: Item, before, now, difference; None is a suppressed cell, and what one side does not have is absent there ('').
Row = tuple[str, int | None | str, int | None | str, int | None | str]
#: Items that add up to the first total, less the second where there is one ('').
Family = tuple[str, str, tuple[str, ...]]
Pairs = Mapping[str, tuple[int | None | str, int | None | str]]

_ROSTER, _PLANNED, _COST = "対象者一覧の人数", "勧奨対象者数", "見込費用（円）"


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Row, ...]:
    """What differs between two plans' figures (`plan_figures`): totals, outcomes, segments, waves."""
    old, new = _items(before), _items(now)
    names = [*new, *(name for name in old if name not in new)]
    told = {o["code"]: f"判定: {o['label']}" for o in now["outcomes"]}
    segments = tuple(f"グループ: {s['name']}" for s in (*now["segments"], *before["segments"]))
    families: list[Family] = [
        (_ROSTER, "", tuple(told.values())),
        (_PLANNED, "", tuple(name for code, name in told.items() if code in PLANNED)),
        (_ROSTER, _PLANNED, tuple(name for code, name in told.items() if code not in PLANNED)),
        (_PLANNED, "", tuple(dict.fromkeys(segments))),
    ]
    pairs = {name: (old.get(name, ""), new.get(name, "")) for name in names}
    rows = _told(pairs, families, int(now["min_cell"]))
    if any(row[0].endswith((": 勧奨", ": 保留")) and row[3] is None for row in rows):
        # A cost is its people times a price that everybody knows.
        rows = [(n, None, now_, None) if n == _COST else (n, was, now_, d) for n, was, now_, d in rows]
    return tuple(row for row in rows if pairs[row[0]][0] != pairs[row[0]][1])


def with_last_year(now: Mapping[str, Any], config: CampaignConfig) -> tuple[Row, ...]:
    """The plan beside what the ward was handed over for last year; empty when the config has none.

    What a channel reaches is not told where one of its waves is hidden: the others would be taken for the whole.
    """
    last = config.last_plan
    if last is None:
        return ()
    reached: dict[str, int | None] = {"mail": 0, "call": 0, "visit": 0}
    for wave in now["waves"]:
        so_far = reached[wave["channel"]]
        reached[wave["channel"]] = None if so_far is None or wave["outreach"] is None else so_far + wave["outreach"]
    people = {o["code"]: o["people"] for o in now["outcomes"]}
    outcomes = {row.label: (last.outcomes[row.code], people[row.code]) for row in TABLE if row.code in last.outcomes}
    pairs = {
        "対象者一覧": (last.roster, now["totals"]["roster"]),
        **outcomes,
        "通知（枚）": (last.cards, reached["mail"]),
        "電話（件）": (last.calls, reached["call"]),
        "訪問（件）": (last.visits, reached["visit"]),
    }
    return tuple(_told(pairs, [("対象者一覧", "", tuple(outcomes))], config.disclosure.min_cell))


def _told(pairs: Pairs, families: Sequence[Family], cell: int) -> list[Row]:
    """The rows, with every difference hidden that is small or would tell a small one."""
    by = {n: _number(now) - _number(was) for n, (was, now) in pairs.items() if was is not None and now is not None}
    hidden = {name for name, difference in by.items() if is_small(abs(difference), cell)}
    while (more := _one_more(pairs, by, families, hidden, cell)) is not None:
        hidden.add(more)
    rows: list[Row] = []
    for name, (was, now) in pairs.items():
        if name in hidden:
            rows.append((name, None, now, None))
        else:
            rows.append((name, was, now, "" if "" in (was, now) else by.get(name)))
    return rows


def _one_more(
    pairs: Pairs, by: Mapping[str, int], families: Sequence[Family], hidden: set[str], cell: int
) -> str | None:
    """A further item to hide: the least of a family in which what is not told adds up to few, or is one alone."""
    for total, less, parts in families:
        inside = [name for name in parts if name in pairs]
        unknown = [name for name in inside if name in hidden or name not in by]
        if not unknown or not {total, *filter(None, (less,))} <= by.keys() - hidden:
            continue
        rest = by[total] - by.get(less, 0) - sum(by[name] for name in inside if name not in unknown)
        if len(unknown) > 1 and not is_small(abs(rest), cell):
            continue
        # What did not change is known by that: it hides nothing.
        others = sorted((abs(by[name]), name) for name in inside if name not in unknown and by[name])
        return others[0][1] if others else total
    return None


def _number(value: int | None | str) -> int:
    return value if isinstance(value, int) else 0


def _items(figures: Mapping[str, Any]) -> dict[str, int | None]:
    totals = figures["totals"]
    found: dict[str, int | None] = {
        _ROSTER: totals["roster"],
        _PLANNED: totals["planned"],
        _COST: totals["cost_yen"],
    }
    found |= {f"判定: {o['label']}": o["people"] for o in figures["outcomes"]}
    found |= {f"グループ: {s['name']}": s["people"] for s in figures["segments"]}
    for wave in figures["waves"]:
        found[f"{wave['name']}: 勧奨"] = wave["outreach"]
        found[f"{wave['name']}: 保留"] = wave["held_out"]
    return found
