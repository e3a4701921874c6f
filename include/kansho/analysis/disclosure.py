"""What may leave in a table: small cells hidden, and another one with them where a total would give them away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, product

import pandas as pd

from kansho.analysis.effect import Effect

#: The counts that a line shows.
COUNTS = ("assigned", "held_out", "attended_assigned", "attended_held_out")


@dataclass(frozen=True)
class Line:
    """One line of the effect table.

    ``segment`` is ``all`` for the wave as a whole, ``group_<group>`` for a target group; a segment is in one ``group``.
    """

    wave: str
    segment: str
    assigned: int
    held_out: int
    attended_assigned: int
    attended_held_out: int
    effect: Effect | None
    cost_yen: int
    group: str = ""

    @property
    def cells(self) -> tuple[int, ...]:
        """Every count that the line would show, and what a reader can subtract."""
        return (
            self.assigned,
            self.held_out,
            self.attended_assigned,
            self.attended_held_out,
            self.assigned - self.attended_assigned,
            self.held_out - self.attended_held_out,
        )


def hidden_segments(lines: Sequence[Line], min_cell: int) -> frozenset[str]:
    """Segments of one wave whose line must not be shown.

    A line is hidden when any cell is between 1 and ``min_cell`` - 1; when the wave's own line is, everything is.  What
    a total leaves over the shown lines it is made of must not be small either: the next smallest is hidden with them.
    """
    by_name = {line.segment: line for line in lines}
    if "all" in by_name and _small(by_name["all"].cells, min_cell):
        return frozenset(by_name)
    hidden = {line.segment for line in lines if _small(line.cells, min_cell)}
    before = None
    while before != hidden:
        before = set(hidden)
        for total, parts in divisions({x.segment: x.group for x in lines if not _is_total(x.segment)}):
            if total in by_name and total not in hidden:
                hidden |= _with_enough([by_name[p] for p in parts if p in by_name], hidden, min_cell)
    return frozenset(hidden)


def divisions(groups: Mapping[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """(a line, the lines that add up to it), for every way in which a reader could add up.

    A group is its segments; the wave is its groups, each as its own line or as its segments.

    Args:
        groups: segment → target group.
    """
    of: dict[str, tuple[str, ...]] = {}
    for segment, group in sorted(groups.items()):
        of[f"group_{group}"] = (*of.get(f"group_{group}", ()), segment)
    if len(of) < 2:
        return [("all", tuple(sorted(groups)))]
    choices = product(*(((group,), segments) for group, segments in of.items()))
    return [*of.items(), *(("all", tuple(chain.from_iterable(choice))) for choice in choices)]


def _with_enough(parts: Sequence[Line], hidden: Set[str], min_cell: int) -> set[str]:
    """The hidden ones of ``parts``, and as many more as their sum needs to be no small cell."""
    out = [p for p in parts if p.segment in hidden]
    others = sorted((p for p in parts if p.segment not in hidden), key=lambda n: (n.assigned + n.held_out, n.segment))
    while others and _small([sum(cells) for cells in zip(*(p.cells for p in out), strict=True)], min_cell):
        out.append(others.pop(0))
    return {p.segment for p in out}


def cells_of(lines: pd.DataFrame) -> pd.DataFrame:
    """`Line.cells` of a table of lines."""
    one, two = lines["assigned"] - lines["attended_assigned"], lines["held_out"] - lines["attended_held_out"]
    return lines[list(COUNTS)].assign(_assigned=one, _held_out=two)


def _is_total(segment: str) -> bool:
    return segment == "all" or segment.startswith("group_")


def _small(cells: Iterable[int], min_cell: int) -> bool:
    return any(0 < cell < min_cell for cell in cells)
