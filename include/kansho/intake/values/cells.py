"""Columns as Arrow arrays: which cells to read, each distinct text once, counts of what changed.

Belongs here: the walk over a column.  Does not belong here: any knowledge of what a text means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: The text in the contract's form ('' for missing) with the rules that were applied; None when it cannot be read.
Read = tuple[str, tuple[str, ...]] | None
Reader = Callable[[str], Read]
#: Mask of the cells that need no reading.
Known = Callable[[pa.Array], pa.Array]
#: A column: one array, or in chunks as a file was read.
Cells: TypeAlias = "pa.Array | pa.ChunkedArray"
#: So many cells tell whether a column is varied.
_SAMPLE = 20_000


def arrow(values: pd.Series) -> Cells:
    """A text column in Arrow's form, in as many chunks as it has; missing is null."""
    return pa.array(values.astype("str").array, type=pa.large_string())


def to_series(values: Cells, index: pd.Index) -> pd.Series:
    """An Arrow column as a ``str`` column."""
    return pd.Series(pd.array(values, dtype="str"), index=index)


def shaped(pattern: str) -> Known:
    """Cells that match a pattern as a whole."""
    whole = rf"\A(?:{pattern})\z"
    return lambda values: pc.match_substring_regex(values, whole)


def among(texts: Iterable[str]) -> Known:
    """Cells that are one of the texts."""
    listed = pa.array(sorted(texts), type=pa.large_string())
    return lambda values: pc.is_in(values, value_set=listed)


def rewritten(values: Cells, known: Known, read: Reader) -> tuple[Cells, dict[str, int]]:
    """Read the cells that are not known; counts by rule.

    Every distinct text is looked at once, so the cost follows the variety of the column, not its rows.  Where nearly
    every row has a text of its own, only those that need reading are gathered.
    """
    if not _varied(values):
        return _replaced(values, known, read)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    todo = _unknown(values, known)
    rows = pc.indices_nonzero(todo)
    if not len(rows):
        return values, {}
    read_ones, counts = _replaced(values.take(rows), pc.is_null, read)
    return (pc.replace_with_mask(values, todo, read_ones) if counts else values), counts


def _replaced(values: Cells, known: Known, read: Reader) -> tuple[Cells, dict[str, int]]:
    """Every distinct text read that is not known."""
    codes, distinct = _encoded(values)
    todo = pc.indices_nonzero(_unknown(distinct, known))
    if not len(todo):
        return values, {}
    texts = distinct.to_pylist()
    found = {at: told for at in todo.to_pylist() if (told := read(texts[at])) is not None and told[0] != texts[at]}
    if not found:
        return values, {}
    cells = np.bincount(codes.drop_null().to_numpy(zero_copy_only=False), minlength=len(texts))
    counts: dict[str, int] = {}
    for at, (text, rules) in found.items():
        texts[at] = text or None
        for rule in rules:
            counts[rule] = counts.get(rule, 0) + int(cells[at])
    return pa.array(texts, type=values.type).take(codes), counts


def _encoded(values: Cells) -> tuple[pa.Array, pa.Array]:
    """A code per cell (null where it is missing), and the distinct texts."""
    encoded = values.dictionary_encode()
    if isinstance(encoded, pa.DictionaryArray):
        return encoded.indices, encoded.dictionary
    if not encoded.num_chunks:
        return pa.array([], pa.int32()), pa.array([], values.type)
    chunks = encoded.unify_dictionaries().chunks
    return pa.concat_arrays([chunk.indices for chunk in chunks]), chunks[0].dictionary


def _unknown(values: Cells, known: Known) -> pa.Array:
    return pc.and_(pc.is_valid(values), pc.invert(pc.fill_null(known(values), True)))


def _varied(values: Cells) -> bool:
    """Whether most cells seem to have a text that no other has."""
    sample = values.slice(len(values) // 2, _SAMPLE)
    return len(values) > _SAMPLE and pc.count_distinct(sample).as_py() > len(sample) // 2
