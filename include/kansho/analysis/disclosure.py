"""What may leave in the effect table: small cells hidden, and every line with them that would give them away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain

from kansho.analysis.effect import Effect
from kansho.campaign.small_cells import Row, hidden_rows, is_small

#: The line of the wave as a whole, and what the line of a target group is called.
WHOLE = "all"


def group_name(group: str) -> str:
    """Name of a target group's line."""
    return f"group_{group}"


@dataclass(frozen=True)
class Line:
    """One line of the effect table; ``segment`` is ``all`` for the wave as a whole, ``group_…`` for a target group.

    ``group`` is the target group that a segment is a part of.  ``done`` are, of each wave whose cost is counted here,
    the assigned people by what was done for them (`kansho.analysis.cost.done_cells`), which ``cost_yen`` tells to
    whoever knows the prices.
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
    done: tuple[tuple[int, ...], ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """The counts that are the same in every report: who was assigned does not change."""
        return (self.assigned, self.held_out)

    @property
    def cells(self) -> tuple[int, ...]:
        """Every count that the line would show, and what a reader can subtract within it."""
        return (
            *self.sizes,
            self.attended_assigned,
            self.attended_held_out,
            self.assigned - self.attended_assigned,
            self.held_out - self.attended_held_out,
        )


def hidden_segments(lines: Sequence[Line], min_cell: int) -> frozenset[str]:
    """Segments of one wave whose line must not be shown; when the wave's own line is small, all of them.

    What the sizes of the arms alone demand is hidden first, in every report of the year alike, and the rest on top
    of it: no two reports, of which each hides another line, then give a size away together.
    """
    if any(is_small(cell, min_cell) for line in lines if line.segment == WHOLE for cell in line.cells):
        return frozenset(line.segment for line in lines)
    always = hidden_rows([Row(n.segment, _parent(n, lines), n.sizes) for n in lines], min_cell)
    return hidden_rows([Row(n.segment, _parent(n, lines), n.cells) for n in lines], min_cell, always)


def hidden_costs(lines: Sequence[Line], hidden: Collection[str], min_cell: int) -> frozenset[str]:
    """Segments of one wave whose cost must not be shown: the hidden ones, and those whose cost gives a few people away.

    How many cards of the wave were posted is told elsewhere (the monthly report), so where the wave's own counts are
    small, no cost is shown.  What the waves demand that ended first is hidden first, and what hidden lines add comes
    last: so what was done and changes no more is hidden alike in every later report.

    Args:
        lines: of the wave.
        hidden: segments of which nothing is shown.
        min_cell: the smallest count from 1 on that may be shown.
    """
    whole = [cell for line in lines if line.segment == WHOLE for cells in line.done for cell in cells]
    if any(is_small(cell, min_cell) for cell in whole):
        return frozenset(line.segment for line in lines)
    found: frozenset[str] = frozenset()
    for waves in range(1, 1 + max((len(line.done) for line in lines), default=0)):
        rows = [Row(n.segment, _parent(n, lines), tuple(chain.from_iterable(n.done[:waves]))) for n in lines]
        found = hidden_rows(rows, min_cell, found)
    rows = [Row(n.segment, _parent(n, lines), tuple(chain.from_iterable(n.done))) for n in lines]
    return hidden_rows(rows, min_cell, found | frozenset(hidden))


def _parent(line: Line, lines: Sequence[Line]) -> str:
    """The line that this one is a part of: its group's, if that has one, else the wave's; '' for the wave's own."""
    if line.segment == WHOLE:
        return ""
    own = group_name(line.group)
    return own if line.segment != own and any(other.segment == own for other in lines) else WHOLE
