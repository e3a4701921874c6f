"""Segments: rules from the config over a table of documented columns; the first match wins (C5).

Belongs here: the derived columns and the rule engine.  Does not belong here: the rules themselves (the
config, approved by the ward).

Columns a rule may name:

- the roster's ``sex``, ``age_at_year_end``, ``phone``, ``screening_kinds`` and every analysis item
  approved for the year;
- ``age``: 年度末年齢 as a number;
- ``attendance_pattern``: ``new`` (no year known), ``never`` (no attendance in the known years),
  ``continuous`` (every known year), ``lapsed`` (attended, but not in the last three years), else ``irregular``;
- ``attended_count``: attended years of the last five;
- ``bp_high``, ``hba1c_high``, ``ldl_high``, ``bmi_high``, ``result_flag`` (any of them): '1' or '0' from
  the last result at the 受診勧奨判定値, BMI at the 保健指導判定値 (`kansho.health.result_flags`);
- ``due_count``: how many cancer screenings are due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kansho.campaign.config import Rule, Segment
from kansho.errors import KanshoError
from kansho.health import require_term, result_flags
from kansho.health.values import numbers

_YEARS = tuple(f"attended_{n}y_ago" for n in range(1, 6))


def with_derived(people: pd.DataFrame, *, judged_on: date) -> pd.DataFrame:
    """The table with the derived columns of the module's docstring added.

    Missing analysis items count as unknown; people without any row of them are ``new`` and unflagged.

    Args:
        people: roster and analysis items.
        judged_on: whose thresholds apply: analysis items carry no examination date.

    Raises:
        KanshoError: ``HEALTH-TERM`` when the thresholds of that day are not known.
    """
    require_term(judged_on)
    out = people.copy()
    out["age"] = pd.to_numeric(people["age_at_year_end"], errors="coerce")
    years = pd.DataFrame({y: people.get(y) for y in _YEARS}, index=people.index)
    came = years == "1"
    known = years.notna()
    out["attended_count"] = came.sum(axis=1)
    out["attendance_pattern"] = _pattern(came, known)
    out = out.join(result_flags(people.assign(exam_date=judged_on.isoformat())).astype(object))
    due = people["due_kinds"].fillna("") if "due_kinds" in people else pd.Series("", index=people.index)
    out["due_count"] = due.map({text: len(text.split("|")) if text else 0 for text in due.unique()})
    return out


def _pattern(came: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    times, seen = came.sum(axis=1), known.sum(axis=1)
    recent = came[list(_YEARS[:3])].any(axis=1)
    out = pd.Series("irregular", index=came.index, dtype=object)
    out = out.mask(times.gt(0) & ~recent, "lapsed")
    out = out.mask(times.eq(seen) & recent, "continuous")
    out = out.mask(times.eq(0), "never")
    return out.mask(seen.eq(0), "new")


_NUMERIC: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    "ge": lambda s, v: s.ge(v),
    "le": lambda s, v: s.le(v),
    "gt": lambda s, v: s.gt(v),
    "lt": lambda s, v: s.lt(v),
}


def matches(table: pd.DataFrame, rule: Rule, *, segment: str) -> pd.Series:
    """Rows on which one condition holds; a missing value satisfies only ``is_null`` and ``ne``.

    Raises:
        KanshoError: ``SEGMENT-COLUMN`` for an unknown column, ``SEGMENT-VALUE`` for a value the operator cannot take.
    """
    if rule.column not in table:
        raise KanshoError(
            "SEGMENT-COLUMN",
            "区分規則の列がありません",
            place=f"segments.{segment}.{rule.column}",
            remedy="使える列の一覧を確認してください",
        )
    values = table[rule.column]
    if rule.op == "is_null":
        return values.isna()
    if rule.op == "not_null":
        return values.notna()
    if rule.op in _NUMERIC:
        limit = _number(rule, segment)
        # "L" and "H" lie below and above every limit.
        number = pd.Series(numbers(values.to_frame("value"), "value"), index=values.index)
        return _NUMERIC[rule.op](number, limit).fillna(False).astype(bool)
    text = values.map(_plain, na_action="ignore")
    if rule.op == "in":
        if not isinstance(rule.value, list | tuple):
            raise KanshoError(
                "SEGMENT-VALUE",
                "in には値の一覧が必要です",
                place=f"segments.{segment}.{rule.column}",
                remedy="value を [ ] で囲んで書いてください",
            )
        return text.isin([_plain(v) for v in rule.value])
    equal = text.eq(_plain(rule.value)).fillna(False).astype(bool)
    return ~equal if rule.op == "ne" else equal


def _number(rule: Rule, segment: str) -> float:
    if isinstance(rule.value, bool) or not isinstance(rule.value, int | float):
        raise KanshoError(
            "SEGMENT-VALUE",
            "大小の比較には数が必要です",
            place=f"segments.{segment}.{rule.column}",
            remedy="value に引用符のない数を書いてください",
        )
    return float(rule.value)


def _plain(value: Any) -> str:
    """One text form for equality: 40, 40.0 and '40' are the same."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def matched(table: pd.DataFrame, group: pd.Series, segments: Sequence[Segment], *, of: str) -> pd.Series:
    """Every segment of a target group whose rules hold, in the config's order ("flagged|irregular"); None outside.

    Args:
        table: output of `with_derived`.
        group: bool; who needs a segment of the group ``of``.
        segments: every segment of the config, in order.
        of: the target group.

    Raises:
        KanshoError: ``SEGMENT-NONE`` with a count when somebody matches no rule.
    """
    inside = group.astype(bool)
    hits: dict[str, np.ndarray] = {}
    for segment in segments:
        if segment.group.value != of:
            continue
        hit = inside.copy()
        for rule in segment.when:
            hit &= matches(table, rule, segment=segment.id)
        hits[segment.id] = hit.to_numpy(dtype=bool)
    out = listed(hits, table.index)
    gap = inside & out.eq("")
    if gap.any():
        raise KanshoError(
            "SEGMENT-NONE",
            f"どの区分にも当てはまらない人が {int(gap.sum())} 人います",
            place=f"segments.{of}",
            remedy="条件のない区分を最後に置いてください",
        )
    return out.where(inside, None)


def listed(hits: Mapping[str, np.ndarray], index: pd.Index) -> pd.Series:
    """Of each row the codes that hit it, in their order ("03|07"); '' where none does.

    A text is made once for rows with the same hits, of which there are few.
    """
    if not hits or not len(index):
        return pd.Series("", index=index, dtype=object)
    table = np.column_stack(list(hits.values()))
    packed = np.packbits(table, axis=1)
    _, first, of = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True)
    texts = ["|".join(code for code, hit in zip(hits, table[n], strict=True) if hit) for n in first]
    return pd.Series(np.array(texts, dtype=object)[of], index=index)


def first_of(matched: pd.Series) -> pd.Series:
    """The segment that counts of those that match: the first (C5)."""
    firsts = {text: text.partition("|")[0] for text in matched.dropna().unique()}
    return matched.map(firsts).astype(object).where(matched.notna(), None)


def merged(assigned: pd.Series, segments: Sequence[Segment], *, smallest: int, of: str) -> pd.Series:
    """``assigned`` with every segment below the smallest size joined to the one that the config names for it.

    The smallest goes first, so that a chain ends in a segment that is large enough.  An empty segment needs no other.
    A group that is one segment altogether, or becomes one, is refused like any other when it is too small.

    Args:
        assigned: segment id per person; missing outside the group.
        segments: every segment of the config.
        smallest: people that a segment must have.
        of: the target group.

    Raises:
        KanshoError: ``SEGMENT-SMALL`` when a segment is too small and has none to join.
    """
    out = assigned.copy()
    mine = {s.id: s for s in segments if s.group.value == of}
    while True:
        sizes = out.dropna().value_counts()
        small = sorted((int(n), str(name)) for name, n in sizes.items() if n < smallest)
        if not small:
            return out
        joins = [(name, into) for _, name in small if (into := mine[name].merge_into) is not None]
        if not joins:
            raise KanshoError(
                "SEGMENT-SMALL",
                f"{smallest} 人に満たない区分があります",
                place=f"segments.{of} {' '.join(name for _, name in small)}",
                remedy="条件を広げるか、merge_into に合流先を書くか、区の承認を得て min_segment_size を下げてください",
            )
        name, into = joins[0]
        out = out.mask(out.eq(name), into)
