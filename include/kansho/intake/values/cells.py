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


def arrow(values: pd.Series) -> pa.Array:
    """A text column as one Arrow array; missing is null."""
    array = pa.array(values.astype("str").array, type=pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def to_series(values: pa.Array, index: pd.Index) -> pd.Series:
    """An Arrow array as a ``str`` column."""
    return pd.Series(pd.array(values, dtype="str"), index=index)


def shaped(pattern: str) -> Known:
    """Cells that match a pattern as a whole."""
    whole = rf"\A(?:{pattern})\z"
    return lambda values: pc.match_substring_regex(values, whole)


def among(texts: Iterable[str]) -> Known:
    """Cells that are one of the texts."""
    listed = pa.array(sorted(texts), type=pa.large_string())
    return lambda values: pc.is_in(values, value_set=listed)


def rewritten(values: pa.Array, known: Known, read: Reader) -> tuple[pa.Array, dict[str, int]]:
    """Read the cells that are not known; counts by rule.

    Every distinct text is read once, so the cost follows the variety of what needs reading, not the rows.
    """
    todo = pc.and_(pc.is_valid(values), pc.invert(pc.fill_null(known(values), True)))
    rows = pc.indices_nonzero(todo)
    if not len(rows):
        return values, {}
    picked = values.take(rows).dictionary_encode()
    texts = picked.dictionary.to_pylist()
    cells = np.bincount(picked.indices.to_numpy(zero_copy_only=False), minlength=len(texts))
    counts: dict[str, int] = {}
    changed = False
    for at, text in enumerate(texts):
        found = read(text)
        if found is None or found[0] == text:
            continue
        changed = True
        texts[at] = found[0] or None
        for rule in found[1]:
            counts[rule] = counts.get(rule, 0) + int(cells[at])
    if not changed:
        return values, {}
    replaced = pa.array(texts, type=values.type).take(picked.indices)
    return pc.replace_with_mask(values, todo, replaced), counts
