"""Row rules from a contract: pure, one boolean series per rule, named ``<column>.<check>``.

Belongs here: what a contract says about single values, and uniqueness of the key.  Rules between columns
belong to the room that knows their meaning and come in as ``extra``.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kansho.contracts.model import Column, Contract

#: The suite checks the shape of a number on the text, its range on a numeric twin of the column.
NUMBER_SUFFIX = "__number"
SHAPES = {"int": r"-?\d+", "float": r"-?\d+(\.\d+)?", "date": r"\d{4}-\d{2}-\d{2}"}
DATE_SUFFIX = "__date"


def row_rules(
    frame: pd.DataFrame, contract: Contract, extra: Mapping[str, pd.Series] | None = None
) -> dict[str, pd.Series]:
    """For each rule the rows that keep it (True), on the frame's index.

    Args:
        frame: text columns of the contract; missing is None.
        contract: whose columns the frame has.
        extra: rules of the caller: name → mask of rows that keep it.
    """
    rules: dict[str, pd.Series] = {}
    for column in contract.columns:
        rules |= _column_rules(frame[column.name], column)
    # A row without any key is not a duplicate: that it has none is another rule's matter.
    rules["key.unique"] = ~frame.duplicated(list(contract.key), keep=False) | frame[list(contract.key)].isna().all(
        axis=1
    )
    for name, kept in (extra or {}).items():
        rules[name] = kept.astype(bool)
    return rules


def first_broken(rules: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Per row the name of the first rule it breaks, '' when it keeps all."""
    reasons = pd.Series("", index=index, dtype=object)
    for name, kept in rules.items():
        reasons = reasons.mask(reasons.eq("") & ~kept, name)
    return reasons


def numeric(values: pd.Series) -> pd.Series:
    """Numbers of well-shaped text; everything else missing."""
    return pd.to_numeric(values, errors="coerce")


def _column_rules(values: pd.Series, column: Column) -> dict[str, pd.Series]:
    empty = values.isna()
    text = values.where(~empty, "").astype(str)
    rules: dict[str, pd.Series] = {}
    if not column.nullable:
        rules[f"{column.name}.required"] = ~empty
    if column.codes:
        rules[f"{column.name}.code"] = empty | text.isin(column.codes)
    if column.pattern:
        rules[f"{column.name}.pattern"] = empty | text.str.fullmatch(column.pattern)
    if column.type in SHAPES:
        rules[f"{column.name}.shape"] = empty | text.str.fullmatch(SHAPES[column.type])
    if column.type == "date":
        rules[f"{column.name}.date"] = empty | is_date(text)
    if column.type in ("int", "float") and column.low is not None and column.high is not None:
        number = numeric(text)
        rules[f"{column.name}.range"] = number.isna() | number.between(column.low, column.high)
    return rules


def is_date(text: pd.Series) -> pd.Series:
    """Whether each text is a day that exists, written YYYY-MM-DD (other shapes are the shape rule's matter)."""
    shaped = text.str.fullmatch(SHAPES["date"])
    return ~shaped | pd.to_datetime(text.where(shaped), format="%Y-%m-%d", errors="coerce").notna()
