"""What may leave in a table: small cells hidden, and another one with them where a total would give them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kansho.analysis.effect import Effect


@dataclass(frozen=True)
class Line:
    """One line of the effect table; ``segment`` is ``all`` for the wave as a whole."""

    wave: str
    segment: str
    assigned: int
    held_out: int
    attended_assigned: int
    attended_held_out: int
    effect: Effect | None
    cost_yen: int

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

    A line is hidden when any cell is between 1 and ``min_cell`` - 1.  When exactly one is hidden, the wave's
    total would give it away, so the smallest other line is hidden too; when the wave's own line is small,
    everything is hidden.
    """
    whole = [line for line in lines if line.segment == "all"]
    parts = [line for line in lines if line.segment != "all"]
    if any(_small(line, min_cell) for line in whole):
        return frozenset(line.segment for line in lines)
    hidden = {line.segment for line in parts if _small(line, min_cell)}
    if len(hidden) == 1:
        others = sorted(
            (line for line in parts if line.segment not in hidden), key=lambda n: (n.assigned + n.held_out, n.segment)
        )
        hidden |= {line.segment for line in others[:1]}
    return frozenset(hidden)


def _small(line: Line, min_cell: int) -> bool:
    return any(0 < cell < min_cell for cell in line.cells)
