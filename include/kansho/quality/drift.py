"""How a table differs from the one before it: counts and shares, never a value of a person.  Pure.

Belongs here: the profile of a table, its plain form, and the comparison of two.  Does not belong here: which table
is the one before, where profiles are kept (`kansho.quality.profiles`), and what follows from a finding.

A distance is the total variation distance of two distributions: half the sum of the differences of the shares, 0
when they are equal, 1 when they have nothing in common.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kansho.contracts.model import Column, Contract
from kansho.quality.definitions import RuleDef
from kansho.quality.distinct import Distinct, distinct
from kansho.quality.rules import has_range, numeric

#: Bands of a number: years of age, and parts of the contract's input range for anything measured.
AGES = frozenset({"age_at_year_end"})
AGE_YEARS = 5
PARTS = 20
#: Fewer rows than this more or less are people who moved, not a drift of the extract, however short the list.
A_HANDFUL = 10
MISSING, OTHER, GIVEN = "missing", "other", "given"


@dataclass(frozen=True)
class Profile:
    """``rows`` of a table, and per profiled column band → rows; bands are codes of the contract, not values."""

    kind: str
    rows: int
    bands: Mapping[str, Mapping[str, int]]

    def to_json(self) -> dict[str, Any]:
        """Plain form: integers and identifiers only."""
        return {"kind": self.kind, "rows": self.rows, "bands": {c: dict(b) for c, b in self.bands.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Profile:
        """Inverse of `to_json`."""
        return cls(value["kind"], value["rows"], {c: dict(b) for c, b in value["bands"].items()})


@dataclass(frozen=True)
class Change:
    """One drift rule above its threshold: the share of change, and how many rows that is of this table."""

    rule: str
    share: float
    rows: int


def profiled_columns(contract: Contract) -> tuple[str, ...]:
    """Columns whose distribution is compared: coded ones, ages and measures, and whatever may be missing."""
    return tuple(
        c.name for c in contract.columns if c.name not in contract.key and (c.codes or has_range(c) or c.nullable)
    )


def profile(frame: pd.DataFrame, contract: Contract) -> Profile:
    """Count a table's bands.

    Args:
        frame: text columns of the contract; one that is absent is passed over.
        contract: of the table.
    """
    bands: dict[str, dict[str, int]] = {}
    sexes = distinct(frame["sex"]) if "sex" in frame.columns and "sex" in contract.names else None
    for name in profiled_columns(contract):
        if name in frame.columns:
            column = contract.column(name)
            by = sexes if name in AGES else None
            bands[name] = _counted(distinct(frame[name]), column, by)
    return Profile(contract.kind, len(frame), bands)


def compare(now: Profile, last: Profile | None, rules: Mapping[str, RuleDef]) -> list[Change]:
    """What changed more than the rules allow; nothing without a table before.

    The distance of two small tables is large by chance alone, about half of ``sqrt(bands · (1/n + 1/m))``; that much
    is granted above the threshold, so that a list of fifty does not hold because two of them moved.

    Args:
        now: profile of this table.
        last: profile of the one before.
        rules: of this contract, tuned; a drift rule that is not among them is not asked.
    """
    if last is None or last.rows == 0:
        return []
    found: list[Change] = []
    moved = abs(now.rows - last.rows)
    asked = rules.get("drift.rows")
    told = moved >= A_HANDFUL or now.rows == 0
    if asked is not None and told and moved / last.rows > (asked.threshold or 0):
        found.append(Change("drift.rows", moved / last.rows, moved))
    if now.rows == 0:
        return found
    for name, bands in now.bands.items():
        asked, before = rules.get(f"drift.share.{name}"), last.bands.get(name)
        if asked is None or before is None:
            continue
        share = distance(bands, before)
        if share > (asked.threshold or 0) + by_chance(bands, before):
            found.append(Change(asked.id, share, round(share * now.rows)))
    return found


def distance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Total variation distance of two distributions given as counts; 0 when either counts nothing."""
    ours, theirs = sum(one.values()), sum(other.values())
    if not ours or not theirs:
        return 0.0
    return sum(abs(one.get(b, 0) / ours - other.get(b, 0) / theirs) for b in {*one, *other}) / 2


def by_chance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The distance that two draws from one distribution have at most on average (Cauchy–Schwarz over the bands)."""
    ours, theirs = sum(one.values()), sum(other.values())
    if not ours or not theirs:
        return 0.0
    return math.sqrt(len({*one, *other}) * (1 / ours + 1 / theirs)) / 2


def doubts_of(changes: list[Change]) -> dict[str, int]:
    """Changes as the gate takes them: rule → rows."""
    return {change.rule: change.rows for change in changes}


def _counted(found: Distinct, column: Column, sexes: Distinct | None) -> dict[str, int]:
    labels = np.array([*_labels(found.values, column), MISSING], dtype=object)
    if sexes is None:
        counts = np.bincount(np.where(found.codes < 0, len(labels) - 1, found.codes), minlength=len(labels))
        return _summed(labels, counts)
    known = np.array([*(s if s in ("1", "2") else OTHER for s in sexes.values), MISSING], dtype=object)
    pairs = pd.Series(labels[found.codes] + "/" + known[sexes.codes]).value_counts()
    return {str(band): int(n) for band, n in sorted(pairs.items())}


def _labels(values: pd.Series, column: Column) -> list[str]:
    """A band per distinct value: a code of the contract's list, a span of numbers, or that there is something."""
    if column.codes:
        return [v if v in column.codes else OTHER for v in values]
    if has_range(column) and column.low is not None and column.high is not None:
        width = AGE_YEARS if column.name in AGES else (column.high - column.low) / PARTS
        number = numeric(values)
        inside = number.between(column.low, column.high)
        bands = ((number.where(inside, column.low) - column.low) // width).astype(int)
        return [f"b{band:02d}" if kept else OTHER for band, kept in zip(bands, inside, strict=True)]
    return [GIVEN] * len(values)


def _summed(labels: np.ndarray, counts: np.ndarray) -> dict[str, int]:
    out: dict[str, int] = {}
    for label, n in zip(labels, counts, strict=True):
        if n:
            out[str(label)] = out.get(str(label), 0) + int(n)
    return dict(sorted(out.items()))
