"""Text columns as numbers and back, column by column on unique values.

Belongs here: parsing and building columns fast (1,000,000 rows).  Does not belong here: what a value means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

#: A value beyond the input range arrives as this letter (domain 1.3): at or below the least, at or above the greatest.
LIMIT_FLAGS: dict[str, float] = {"L": -np.inf, "H": np.inf}


def numbers(frame: pd.DataFrame, item: str) -> Floats:
    """The column as numbers; NaN where the column or the value is missing or no number.

    "L" and "H" become -inf and +inf: below and above every threshold, which is all that is known of them.
    """
    if item not in frame:
        return np.full(len(frame), np.nan)
    codes, uniques = pd.factorize(frame[item])
    text = pd.Series(uniques, dtype=object)
    parsed = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    parsed[~np.isfinite(parsed)] = np.nan  # "inf" and "nan" written as text are no values
    for flag, value in LIMIT_FLAGS.items():
        parsed[text.eq(flag).to_numpy(dtype=bool)] = value
    return np.append(parsed, np.nan)[codes]


def one_of(frame: pd.DataFrame, item: str, answers: Mapping[str, int]) -> Codes:
    """The column as small integers by ``answers``; -1 where it is missing or holds anything else."""
    if item not in frame:
        return np.full(len(frame), -1, dtype=np.int8)
    codes, uniques = pd.factorize(frame[item])
    found = np.array([*(answers.get(str(value), -1) for value in uniques), -1], dtype=np.int8)
    return found[codes]


def texts(codes: npt.NDArray[np.signedinteger], labels: Sequence[str], index: pd.Index) -> pd.Series:
    """A ``str`` column of ``labels[code]``; missing for -1."""
    return pd.Series(pd.array(list(labels), dtype="str").take(codes, allow_fill=True), index=index)


def at_limit(frame: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Which values stand at the limits of what can be entered: '' no, 'L' lowest, 'H' highest, missing if no value.

    The rule of domain 1.3: a value <= L is flagged "L", >= H "H"; both are typo guards, not medical limits.

    Args:
        frame: text values; "L" and "H" themselves are recognised, also where an item has no range.
        ranges: item → (L, H), from the contract; items that the frame lacks are left out.
    """
    out: dict[str, pd.Series] = {}
    for item, (low, high) in ranges.items():
        if item in frame:
            value = numbers(frame, item)
            code = np.where(value <= low, 1, np.where(value >= high, 2, np.where(np.isnan(value), -1, 0)))
            out[item] = texts(code.astype(np.int8), ("", "L", "H"), frame.index)
    return pd.DataFrame(out, index=frame.index)
