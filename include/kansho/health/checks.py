"""Cross-checks between items of one examination, and the comparison of delivered with recomputed levels.

Belongs here: row masks (True keeps the rule; what cannot be checked keeps it) and counts.  Does not belong here:
what a gate does with a row that breaks a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kansho.health.terms import AFTER_MEAL, FASTING, JUST_AFTER_MEAL, TERMS, term_positions
from kansho.health.values import Bools, numbers, one_of

#: How far a delivered BMI may lie from weight / height², which rounding and 1 mm explain (domain 1.3).
BMI_TOLERANCE = 0.1


@dataclass(frozen=True)
class Comparison:
    """How many rows were delivered as one code and recomputed as another; '' stands for no value.  Counts only."""

    counts: Mapping[tuple[str, str], int]

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    @property
    def compared(self) -> int:
        """Rows with a value on both sides."""
        return sum(n for (was, now), n in self.counts.items() if was and now)

    @property
    def agreed(self) -> int:
        """Rows with the same value on both sides."""
        return sum(n for (was, now), n in self.counts.items() if was and was == now)

    @property
    def differences(self) -> dict[tuple[str, str], int]:
        """The compared rows that differ, most frequent first."""
        apart = [(pair, n) for pair, n in self.counts.items() if all(pair) and pair[0] != pair[1]]
        return dict(sorted(apart, key=lambda item: (-item[1], item[0])))


def compare(delivered: pd.Series, computed: pd.Series) -> Comparison:
    """Count rows by delivered and recomputed code, for a report of differences; never which rows."""
    pairs = pd.DataFrame({"was": delivered.fillna("").astype(str), "now": computed.fillna("").astype(str)})
    found = pairs.groupby(["was", "now"], sort=True).size().reset_index(name="rows")
    return Comparison({(str(was), str(now)): int(n) for was, now, n in found.itertuples(index=False, name=None)})


def bmi_matches(frame: pd.DataFrame) -> pd.Series:
    """Whether ``bmi`` is weight (kg) / height (m)² within ±0.1."""
    height, weight, bmi = (numbers(frame, item) for item in ("height", "weight", "bmi"))
    usable = np.isfinite(height) & np.isfinite(weight) & np.isfinite(bmi) & (height > 0)
    metres = np.where(usable, height, 100.0) / 100
    # Both sides to a thousandth first: 22.15 against 22.05 is within 0.1 whatever the binary digits say.
    apart = np.abs(np.round(np.where(usable, bmi - weight / metres**2, 0.0), 3))
    return _mask(apart <= BMI_TOLERANCE, frame)


def systolic_above_diastolic(frame: pd.DataFrame) -> pd.Series:
    """Whether 収縮期 lies above 拡張期; with either missing, or both beyond the same limit, there is nothing to say."""
    upper, lower = numbers(frame, "systolic"), numbers(frame, "diastolic")
    open_ = np.isnan(upper) | np.isnan(lower) | (np.isinf(upper) & (upper == lower))
    return _mask(open_ | (upper > lower), frame)


def sampling_agrees(frame: pd.DataFrame) -> pd.Series:
    """Whether 採血時間 fits the columns used: no casual value from a fasting sample, no fasting value after a meal.

    Triglycerides had one code for every sample before casual ones got theirs: in those terms they say nothing.
    """
    timed = one_of(frame, "post_meal", {FASTING: 0, AFTER_MEAL: 1, JUST_AFTER_MEAL: 1})
    apart = np.array([*(t.metabolic is not None and t.metabolic.tg_casual is not None for t in TERMS), False])
    own_code = apart[term_positions(frame["exam_date"])]
    fasting = _measured(frame, "glucose_fasting") | (_measured(frame, "tg_fasting") & own_code)
    casual = _measured(frame, "glucose_casual") | _measured(frame, "tg_casual")
    return _mask(~((timed == 0) & casual) & ~((timed == 1) & fasting), frame)


def _measured(frame: pd.DataFrame, item: str) -> Bools:
    return ~np.isnan(numbers(frame, item))


def _mask(kept: Bools, frame: pd.DataFrame) -> pd.Series:
    return pd.Series(kept, index=frame.index, dtype=bool)
