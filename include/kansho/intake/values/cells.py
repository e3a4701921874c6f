"""Columns as Arrow arrays: which cells to read, each distinct text once, counts of what changed.

Belongs here: the walk over a column.  Does not belong here: any knowledge of what a text means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: The text in the contract's form ('' for missing) with the rules that were applied; None when it cannot be read.
Read = tuple[str, tuple[str, ...]] | None
Reader = Callable[[str], Read]
#: Mask of the cells that need no reading.
Known = Callable[[pa.Array], pa.Array]

_SAMPLE = 20_000


def arrow(values: pd.Series) -> pa.Array:
    """A text column as one Arrow array; missing is null."""
    array = pa.array(values.astype("str").array, type=pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def to_series(values: pa.Array, index: pd.Index) -> pd.Series:
    """An Arrow array as a ``str`` column."""
    return pd.Series(pd.array(values, dtype="str"), index=index)


def shaped(pattern: str) -> Known:
    """Cells that match a pattern as a whole (ASCII digits only, as RE2 reads ``\\d``)."""
    whole = rf"\A(?:{pattern})\z"
    return lambda values: pc.match_substring_regex(values, whole)


def among(texts: Iterable[str]) -> Known:
    """Cells that are one of the texts."""
    listed = pa.array(sorted(texts), type=pa.large_string())
    return lambda values: pc.is_in(values, value_set=listed)


def rewritten(values: pa.Array, known: Known, read: Reader) -> tuple[pa.Array, dict[str, int]]:
    """Read the cells that are not known; counts by rule.

    Every distinct text is looked at once, so the cost follows the variety of the column, not its rows.  Where nearly
    every row has a text of its own, only those that need reading are gathered.
    """
    if not _varied(values):
        return _replaced(values.dictionary_encode(), known, read, values)
    todo = _unknown(values, known)
    rows = pc.indices_nonzero(todo)
    if not len(rows):
        return values, {}
    picked = values.take(rows)
    read_ones, counts = _replaced(picked.dictionary_encode(), _none, read, picked)
    return (pc.replace_with_mask(values, todo, read_ones) if counts else values), counts


def _replaced(
    encoded: pa.DictionaryArray, known: Known, read: Reader, values: pa.Array
) -> tuple[pa.Array, dict[str, int]]:
    """The column ``values`` of these codes with every distinct text read that is not known."""
    todo = pc.indices_nonzero(_unknown(encoded.dictionary, known))
    if not len(todo):
        return values, {}
    texts = encoded.dictionary.to_pylist()
    found = {at: told for at in todo.to_pylist() if (told := read(texts[at])) is not None and told[0] != texts[at]}
    if not found:
        return values, {}
    cells = np.bincount(encoded.indices.drop_null().to_numpy(zero_copy_only=False), minlength=len(texts))
    counts: dict[str, int] = {}
    for at, (text, rules) in found.items():
        texts[at] = text or None
        for rule in rules:
            counts[rule] = counts.get(rule, 0) + int(cells[at])
    return pa.array(texts, type=values.type).take(encoded.indices), counts


def _unknown(values: pa.Array, known: Known) -> pa.Array:
    return pc.and_(pc.is_valid(values), pc.invert(pc.fill_null(known(values), True)))


def _none(values: pa.Array) -> pa.Array:
    return pc.is_null(values)


def _varied(values: pa.Array) -> bool:
    """Whether most cells seem to have a text that no other has."""
    sample = values.slice(len(values) // 2, _SAMPLE)
    return len(values) > _SAMPLE and pc.count_distinct(sample).as_py() > len(sample) // 2
