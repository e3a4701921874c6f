"""Small cells: no sum or difference of what is shown tells a count below the smallest that may be told."""

from __future__ import annotations

from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansho.campaign.small_cells import Row, hidden_rows, is_small, suppress, suppress_parts
from tests.unit.table_sums import assert_tells_nothing_small


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """A whole, its parts, and theirs, at most seven leaves; counts cluster around the smallest that may be told."""
    tree: dict[str, str] = {"all": ""}
    leaves: list[str] = []
    for group in range(draw(st.integers(1, 3))):
        parts = draw(st.integers(0, 3)) if len(leaves) < 4 else 0
        tree[f"g{group}"] = "all"
        names = [f"g{group}s{n}" for n in range(parts)]
        tree |= dict.fromkeys(names, f"g{group}")
        leaves += names or [f"g{group}"]
    counts = {name: draw(st.tuples(*[st.integers(0, 14)] * 2)) for name in leaves}
    return rows_of(tree, counts)


def rows_of(tree: dict[str, str], counts: dict[str, tuple[int, ...]]) -> list[Row]:
    """The rows of a tree whose leaves have these counts."""
    columns = len(next(iter(counts.values())))

    def cells(name: str) -> tuple[int, ...]:
        parts = [cells(part) for part, parent in tree.items() if parent == name]
        return tuple(sum(p[n] for p in parts) for n in range(columns)) if parts else counts[name]

    return [Row(name, parent, cells(name)) for name, parent in tree.items()]


@given(rows=tables(), cell=st.integers(2, 8))
def test_no_linear_combination_of_what_is_shown_tells_a_small_cell(rows: list[Row], cell: int) -> None:
    hidden = hidden_rows(rows, cell)
    assert_tells_nothing_small(rows, {row.name for row in rows} - hidden, cell)


@given(rows=tables(), cell=st.integers(2, 8))
@settings(max_examples=50)
def test_nothing_is_hidden_where_nothing_is_small(rows: list[Row], cell: int) -> None:
    assume(not any(0 < count < cell for row in rows for count in row.cells))
    assert hidden_rows(rows, cell) == frozenset()


def test_one_small_row_in_each_group_hides_another_of_each() -> None:
    tree = {"all": "", "a": "all", "b": "all", "a1": "a", "a2": "a", "a3": "a", "b1": "b", "b2": "b"}
    rows = rows_of(tree, {"a1": (4,), "a2": (50,), "a3": (90,), "b1": (3,), "b2": (70,)})
    assert hidden_rows(rows, 10) == {"a1", "a2", "b1", "b2"}


def test_a_small_group_hides_the_other_and_the_smallest_of_its_parts() -> None:
    tree = {"all": "", "a": "all", "b": "all", "a1": "a", "a2": "a", "a3": "a", "b1": "b", "b2": "b"}
    rows = rows_of(tree, {"a1": (40,), "a2": (50,), "a3": (90,), "b1": (2,), "b2": (3,)})
    assert hidden_rows(rows, 10) == {"a", "a1", "b", "b1", "b2"}


def test_a_count_that_adds_up_to_nothing_hides_its_row_too() -> None:
    rows = [Row("all", "", (90,)), Row("x", "all", (30,), own=(4,)), Row("y", "all", (60,), own=(40,))]
    assert hidden_rows(rows, 10) == {"x"}
    assert hidden_rows(rows, 4) == frozenset()


@given(counts=st.lists(st.integers(0, 14), min_size=2, max_size=5), cell=st.integers(3, 7))
def test_who_knows_the_sum_and_why_parts_are_hidden_cannot_tell_one(counts: list[int], cell: int) -> None:
    """Every value that the hidden parts may have: some are small, and none is of nobody unless all are hidden."""
    shown = list(suppress_parts({str(n): count for n, count in enumerate(counts)}, cell).values())
    assert all(value in (None, count) for value, count in zip(shown, counts, strict=True))
    assert not any(is_small(value, cell) for value in shown if value is not None)
    hidden = [count for count, value in zip(counts, shown, strict=True) if value is None]
    least = 0 if len(hidden) == len(counts) else 1
    possible = [
        values
        for values in product(range(least, sum(hidden) + 1), repeat=max(len(hidden) - 1, 0))
        if (rest := sum(hidden) - sum(values)) >= least and any(is_small(v, cell) for v in (*values, rest))
    ]
    assert not hidden or len(set(possible)) > 1
    for n in range(len(hidden) - 1):
        assert len({values[n] for values in possible}) > 1


def test_two_small_parts_whose_sum_is_small_hide_a_third() -> None:
    assert suppress_parts({"a": 1, "b": 1, "c": 0}, 10) == {"a": None, "b": None, "c": None}
    assert suppress_parts({"a": 1, "b": 1, "c": 40, "d": 60}, 10) == {"a": None, "b": None, "c": None, "d": 60}
    assert [suppress(n, 5) for n in (0, 1, 4, 5)] == [0, None, None, 5]
