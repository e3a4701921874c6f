"""What a reader can count from the shown rows of a table, by linear algebra.  Not a test."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from kansho.campaign.small_cells import Row

Vector = list[Fraction]


def assert_tells_nothing_small(rows: list[Row], shown: set[str], cell: int) -> None:
    """No people that the shown rows let a reader count are few, in any column."""
    cells = {row.name: row.cells for row in rows}
    for people in computable(rows, shown):
        sums = [sum(cells[name][n] for name in people) for n in range(len(rows[0].cells))]
        assert not [total for total in sums if 0 < total < cell], people


def computable(rows: list[Row], shown: set[str]) -> list[set[str]]:
    """Every set of leaves whose people a reader can count: its indicator is a linear combination of shown rows."""
    above = {row.name: row.parent for row in rows}
    leaves = [name for name in above if name not in above.values()]

    def inside(leaf: str, name: str) -> bool:
        return leaf == name or (leaf in above and inside(above[leaf], name))

    basis = _reduced([[Fraction(int(inside(leaf, name))) for leaf in leaves] for name in sorted(shown)])
    return [
        {leaf for leaf, taken in zip(leaves, choice, strict=True) if taken}
        for choice in product((0, 1), repeat=len(leaves))
        if any(choice) and not any(_less([Fraction(c) for c in choice], basis))
    ]


def _reduced(vectors: list[Vector]) -> list[tuple[int, Vector]]:
    """A basis of the vectors' span: each with its pivot, whose entry is 1."""
    basis: list[tuple[int, Vector]] = []
    for vector in vectors:
        left = _less(vector, basis)
        pivot = next((n for n, value in enumerate(left) if value), None)
        if pivot is not None:
            basis.append((pivot, [value / left[pivot] for value in left]))
    return basis


def _less(vector: Vector, basis: list[tuple[int, Vector]]) -> Vector:
    """What is left of a vector without its part in the span."""
    for pivot, row in basis:
        if factor := vector[pivot]:
            vector = [a - factor * b for a, b in zip(vector, row, strict=True)]
    return vector
