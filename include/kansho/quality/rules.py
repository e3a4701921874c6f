"""Rules of a contract's single columns: pure, named ``<column>.<check>``, and uniqueness of its key.

Belongs here: what a contract says about single values.  Rules between columns or tables come in as ``extra`` masks
(`kansho.quality.cross_rules`, `kansho.intake.row_rules`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kansho.contracts.model import SHAPES, Column, Contract
from kansho.quality.distinct import Distinct, distinct, repeated, together

#: The suite checks the shape of a number on the text, its range on a numeric twin of the column.
NUMBER_SUFFIX = "__number"
DATE_SUFFIX = "__date"
KEY_RULE = "key.unique"


@dataclass(frozen=True)
class Looked:
    """One look at a table: ``broken`` rule → rows (bool array) of the rules that any row breaks, in the contract's
    order; ``values`` column → its distinct values; ``keys`` column of the key → a number per row, NaN when missing.
    """

    rows: int
    broken: Mapping[str, np.ndarray]
    values: Mapping[str, pd.Series]
    keys: Mapping[str, np.ndarray]


def look(frame: pd.DataFrame, contract: Contract, extra: Mapping[str, pd.Series] | None = None) -> Looked:
    """Look once at every column, and tell which rules are broken by which rows.

    Args:
        frame: text columns of the contract (``str`` or object; other values are taken as their text), missing is
            None or NaN.  A column that the frame lacks is passed over: whoever calls knows whether it may.
        contract: whose columns the frame has.
        extra: rules of the caller: name → mask of rows that keep it; a missing mask value counts as broken.
    """
    broken: dict[str, np.ndarray] = {}
    values: dict[str, pd.Series] = {}
    keys: dict[str, Distinct] = {}
    for column in contract.columns:
        if column.name not in frame.columns:
            continue
        found = distinct(frame[column.name])
        for check, rows in _column_checks(found, column).items():
            broken[f"{column.name}.{check}"] = rows
        values[column.name] = found.with_missing()
        if column.name in contract.key:
            keys[column.name] = found
    twice = _twice(list(keys.values()), len(frame))
    if twice.any():
        broken[KEY_RULE] = twice
    for name, kept in (extra or {}).items():
        rows = ~kept.astype("boolean").fillna(False).to_numpy(dtype=bool)
        if rows.any():
            broken[name] = rows
    numbers = {name: np.where(k.codes < 0, np.nan, k.codes) for name, k in keys.items()}
    return Looked(len(frame), broken, values, numbers)


def first_broken(broken: Mapping[str, np.ndarray], index: pd.Index) -> pd.Series:
    """Per row the name of the first rule it breaks, '' when it keeps all."""
    names = ["", *broken]
    which = np.zeros(len(index), dtype=np.int32)
    for number, rows in enumerate(broken.values(), start=1):
        which[(which == 0) & rows] = number
    return pd.Series(np.array(names, dtype=object)[which], index=index, dtype=object)


def numeric(values: pd.Series) -> pd.Series:
    """Numbers of well-shaped text; everything else missing."""
    return pd.to_numeric(values, errors="coerce")


def is_date(text: pd.Series) -> pd.Series:
    """Whether each text is a day that exists, written YYYY-MM-DD (other shapes are the shape rule's matter)."""
    shaped = text.str.fullmatch(SHAPES["date"]).astype(bool)
    return ~shaped | pd.to_datetime(text.where(shaped), format="%Y-%m-%d", errors="coerce").notna()


def has_range(column: Column) -> bool:
    """Whether the contract limits the column's numbers."""
    return column.type in ("int", "float") and column.low is not None and column.high is not None


def checks_of(column: Column) -> tuple[str, ...]:
    """Names of the checks that a column's contract asks for, in the order in which they are made."""
    asked = (
        ("required", not column.nullable),
        ("code", bool(column.codes)),
        ("pattern", column.pattern is not None),
        ("shape", column.type in SHAPES),
        ("date", column.type == "date"),
        ("range", has_range(column)),
    )
    return tuple(check for check, wanted in asked if wanted)


def _column_checks(found: Distinct, column: Column) -> dict[str, np.ndarray]:
    out: dict[str, np.ndarray] = {}
    for check in checks_of(column):
        if check == "required":
            rows = found.codes < 0 if found.missing else None
        else:
            rows = found.broken(_kept(found.values, column, check))
        if rows is not None:
            out[check] = rows
    return out


def _kept(text: pd.Series, column: Column, check: str) -> pd.Series:
    if check == "code":
        return text.isin(column.codes)
    if check == "pattern":
        return text.str.fullmatch(column.pattern or "").astype(bool)
    if check == "shape":
        return text.str.fullmatch(column.shape or "").astype(bool)
    if check == "date":
        return is_date(text)
    number = numeric(text)
    return number.isna() | (number.ge(column.low) & number.le(column.high))


def _twice(keys: list[Distinct], rows: int) -> np.ndarray:
    """Rows whose key another row has; a row without any key is not a duplicate: that is another rule's matter."""
    if not keys or not rows:
        return np.zeros(rows, dtype=bool)
    nothing = np.logical_and.reduce([k.codes < 0 for k in keys])
    twice: np.ndarray = repeated(together(keys)) & ~nothing
    return twice
