"""Attendance refresh: who leaves, who moves, each counted once."""

from __future__ import annotations

import pandas as pd

from kansho.attendance.refresh import Change, change


def _facts(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["inquiry_number", "screening_kind"])


ROSTER = pd.Series(["a", "b", "c"])
DUE = pd.Series({"a": "03|07", "b": "", "c": "04"})


def test_a_person_leaves_once_and_moves_only_when_a_screening_is_due() -> None:
    found = change(_facts(("a", "90"), ("b", "90")), _facts(), ROSTER, DUE)
    assert found == Change(rows=2, kenshin=2, moved=1, cancer=0, unknown=0)


def test_what_was_known_before_is_not_counted_again() -> None:
    found = change(_facts(("a", "90"), ("c", "90")), _facts(("a", "90")), ROSTER, DUE)
    assert (found.kenshin, found.moved) == (1, 1)


def test_cancer_screening_is_counted_apart() -> None:
    assert change(_facts(("c", "04"), ("c", "03")), _facts(), ROSTER, DUE).cancer == 1


def test_a_number_not_on_the_roster_is_reported_not_used() -> None:
    assert change(_facts(("z", "90")), _facts(), ROSTER, DUE) == Change(1, 0, 0, 0, 1)


def test_an_update_without_a_row_changes_nothing() -> None:
    assert change(_facts(), _facts(("a", "90")), ROSTER, DUE) == Change(0, 0, 0, 0, 0)
