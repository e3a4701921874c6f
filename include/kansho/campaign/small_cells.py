"""Small cells: which rows of a table of counts are hidden, so that nobody is found in it.  Pure.

A table is a forest of rows: a row's people are those of its parts together (a wave is its groups, a group its
segments).  A row is shown whole or hidden whole.  What a reader can compute from the shown rows is then, in every
column, a sum of *rests*: a shown row less the largest shown rows inside it.  So a hidden cell can be computed from no
sums and differences of what is shown as soon as no rest holds a small cell; `hidden_rows` hides more rows until that is
so.  The rest is the sum of at least two hidden rows then, and the range that is possible for each of them reaches from
0 to ``min_cell`` or beyond.

Belongs here: the rule, for every table that leaves.  Does not belong here: what a table shows (the stages), or tables
that answer different questions about the same people, which are not protected against each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A row of counts.

    Args:
        name: unique in the table.
        parent: name of the row that this one is a part of; '' for a whole.
        cells: every count that the row shows or lets a reader subtract within it; each adds up to the parent's.
        own: further counts that the row shows, which add up to nothing.
    """

    name: str
    parent: str
    cells: tuple[int, ...]
    own: tuple[int, ...] = ()


def is_small(count: int, min_cell: int) -> bool:
    """Whether a count tells about some people, but fewer than ``min_cell``."""
    return 0 < count < min_cell


def hidden_rows(rows: Sequence[Row], min_cell: int, also: Collection[str] = ()) -> frozenset[str]:
    """Names of the rows that must not be shown.

    Args:
        rows: parts of a row that is in the table must together be that row, in every cell.
        min_cell: the smallest count from 1 on that may be shown.
        also: rows that are hidden in any case.
    """
    hidden = {row.name for row in rows if row.name in also or _any_small((*row.cells, *row.own), min_cell)}
    while (more := _one_more(rows, hidden, min_cell)) is not None:
        hidden.add(more)
    return frozenset(hidden)


def suppress(count: int, min_cell: int) -> int | None:
    """None in place of a count from 1 to ``min_cell`` - 1."""
    return None if is_small(count, min_cell) else count


def suppress_parts(counts: Mapping[str, int], min_cell: int) -> dict[str, int | None]:
    """The parts of a sum that the reader knows: small ones are None, and as many more as the sum would give away.

    Where all that can be hidden is few together, every part is None, those of nobody too: that few are somewhere is
    known by the sum, but not where.

    Args:
        counts: part → people, 0 or more.
        min_cell: the smallest count from 1 on that may be shown.
    """
    hidden = {name for name, count in counts.items() if is_small(count, min_cell)}
    larger = sorted((count, name) for name, count in counts.items() if name not in hidden and count)
    while _told_by_sum([counts[name] for name in hidden], min_cell) and len(hidden) < len(counts):
        hidden |= {larger.pop(0)[1]} if larger else set(counts)
    return {name: None if name in hidden else count for name, count in counts.items()}


def _told_by_sum(hidden: Sequence[int], min_cell: int) -> bool:
    """Whether the sum of the hidden parts tells about few, or tells each of them: the least or the most they can be."""
    bounds = ({1}, {min_cell - 1})
    return bool(hidden) and (is_small(sum(hidden), min_cell) or set(hidden) in bounds)


def _one_more(rows: Sequence[Row], hidden: Collection[str], min_cell: int) -> str | None:
    """A further row to hide; None when no rest is small.

    The smallest row that mends it alone, else the smallest that helps; a row that only stands between a sum and its
    parts (a group that is the rest of the whole) when there is no other.
    """
    for row in rows:
        if row.name in hidden:
            continue
        inside = _largest_shown(row.name, rows, hidden)
        rest = _less(row.cells, inside)
        if not _any_small(rest, min_cell):
            continue
        options = []
        for part in inside:
            own_rest = _less(part.cells, _largest_shown(part.name, rows, hidden))
            joined = [a + b for a, b in zip(rest, own_rest, strict=True)]
            helps = any(is_small(a, min_cell) and b > a for a, b in zip(rest, joined, strict=True))
            options.append((_any_small(joined, min_cell), not helps, sum(part.cells), part.name))
        return min(option for option in options if option[2])[3]
    return None


def _largest_shown(name: str, rows: Sequence[Row], hidden: Collection[str]) -> list[Row]:
    """The shown rows inside a row that lie in no other shown row inside it."""
    found = []
    for row in rows:
        if row.parent == name:
            found += _largest_shown(row.name, rows, hidden) if row.name in hidden else [row]
    return found


def _less(cells: Sequence[int], inside: Sequence[Row]) -> list[int]:
    return [cell - sum(row.cells[n] for row in inside) for n, cell in enumerate(cells)]


def _any_small(cells: Sequence[int], min_cell: int) -> bool:
    return any(is_small(cell, min_cell) for cell in cells)
