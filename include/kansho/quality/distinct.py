"""A column as its distinct values: what a rule on single values needs to look at, and the way back to the rows.

Belongs here: factorising text columns of any storage.  Does not belong here: any rule.
A rule on single values holds for every row exactly when it holds for every distinct value, so both checks (ours
and Great Expectations) look at each value once, however many rows carry it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

_HALVES = re.compile("[\ud800-\udfff]")
_TEXT = frozenset({"string", "empty"})


@dataclass(frozen=True)
class Distinct:
    """``codes`` (int32, one per row, -1 missing) into ``values`` (distinct text, nothing missing)."""

    codes: np.ndarray
    values: pd.Series

    @property
    def missing(self) -> bool:
        """Whether any row has no value."""
        return bool((self.codes < 0).any())

    def broken(self, kept: pd.Series | np.ndarray) -> np.ndarray | None:
        """Rows whose value is not kept (bool per row); a missing value is kept.  None when every value is kept.

        Args:
            kept: bool per distinct value.
        """
        good = np.asarray(kept, dtype=bool)
        if good.all():
            return None
        rows: np.ndarray = np.append(~good, False)[self.codes]
        return rows

    def with_missing(self) -> pd.Series:
        """The distinct values, and one missing value if any row has none."""
        if not self.missing:
            return self.values
        return pd.concat([self.values, pd.Series([None], dtype=self.values.dtype)], ignore_index=True)


def distinct(values: pd.Series) -> Distinct:
    """Factorise a column; whatever is not text is taken as its text (a number 5 as "5")."""
    text = as_text(values)
    if text.dtype == object and _HALVES.search("".join(text.dropna())):
        # Half a character has no UTF-8 and is in no contract's form; no library here can look at it as it is.
        text = text.map(_whole).astype(object)
    codes, uniques = pd.factorize(text)
    found = pd.Series(uniques, dtype=text.dtype).reset_index(drop=True)
    return Distinct(codes.astype(np.int32), found)


def as_text(values: pd.Series) -> pd.Series:
    """The column as text, missing kept missing; a text column is returned as it is."""
    if isinstance(values.dtype, pd.StringDtype):
        return values
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) in _TEXT:
        return values
    plain = values.astype(object)
    gone = plain.isna().to_numpy(dtype=bool)
    told = [None if g else str(v) for v, g in zip(plain, gone, strict=True)]
    return pd.Series(told, index=values.index, dtype=object)


def together(columns: list[Distinct]) -> np.ndarray:
    """One code (int64) per row for the combination of several columns; missing is a value of its own."""
    combined = np.zeros(len(columns[0].codes), dtype=np.int64)
    for column in columns:
        combined = combined * (len(column.values) + 1) + (column.codes.astype(np.int64) + 1)
        combined = pd.factorize(combined)[0].astype(np.int64)
    return combined


def repeated(codes: np.ndarray) -> np.ndarray:
    """Rows (bool) whose code (from 0) occurs more than once."""
    return (np.bincount(codes, minlength=1) > 1)[codes] if len(codes) else np.zeros(0, dtype=bool)


def _whole(value: object) -> object:
    return _HALVES.sub("\ufffd", value) if isinstance(value, str) else value
