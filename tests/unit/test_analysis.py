"""Effect analysis: windows, groups, and what may be shown."""

from __future__ import annotations

import pandas as pd
import pytest

from kansho.analysis.disclosure import Line, hidden_segments
from kansho.analysis.stage import attended_in_window, lines_of
from kansho.campaign.config import CampaignConfig


def _assignment(**columns: list[object]) -> pd.DataFrame:
    size = len(columns["inquiry_number"])
    base = {
        "household_id": list(range(size)),
        "segment": ["s"] * size,
        "due_kinds": [""] * size,
        "arm": ["outreach"] * size,
        "yen": [100] * size,
    }
    return pd.DataFrame({**base, **columns})


ATTENDANCE = pd.DataFrame(
    [("a", "90", "2027-07-01"), ("b", "90", "2027-06-01"), ("c", "03", "2027-07-01"), ("d", "04", "2027-07-01")],
    columns=["inquiry_number", "screening_kind", "attendance_date"],
)


def test_attendance_counts_in_the_window_and_for_the_group_only() -> None:
    people = _assignment(
        inquiry_number=["a", "b", "c", "d", "e"],
        group=["kenshin", "kenshin", "cancer", "cancer", "kenshin"],
        due_kinds=["", "", "03|07", "03", ""],
    )
    found = attended_in_window(people, ATTENDANCE, "2027-06-09", "2027-08-01")
    assert list(found) == [True, False, True, False, False]


def test_a_wave_is_shown_as_a_whole_and_by_segment(mini: CampaignConfig) -> None:
    people = _assignment(
        inquiry_number=["a", "b", "e", "f"],
        group=["kenshin"] * 4,
        segment=["x", "x", "y", "y"],
        arm=["outreach", "holdout", "outreach", "holdout"],
    )
    lines = lines_of(mini.waves.mailings[0], people, ATTENDANCE, "2027-08-01")
    assert [(n.segment, n.assigned, n.held_out, n.attended_assigned) for n in lines] == [
        ("all", 2, 2, 1),
        ("x", 1, 1, 1),
        ("y", 1, 1, 0),
    ]


def _line(segment: str, assigned: int, held: int, one: int, zero: int) -> Line:
    return Line("w", segment, assigned, held, one, zero, None, 0)


WHOLE = _line("all", 1000, 100, 300, 25)


@pytest.mark.parametrize(
    ("lines", "hidden"),
    [
        ([WHOLE, _line("x", 500, 50, 150, 12), _line("y", 500, 50, 150, 13)], set()),
        ([WHOLE, _line("x", 500, 50, 150, 9), _line("y", 300, 30, 90, 10), _line("z", 200, 20, 60, 10)], {"x", "z"}),
        ([WHOLE, _line("x", 500, 50, 150, 9), _line("y", 500, 50, 150, 9)], {"x", "y"}),
        ([_line("all", 20, 5, 10, 0), _line("x", 20, 5, 10, 0)], {"all", "x"}),
        ([WHOLE, _line("x", 500, 0, 150, 0), _line("y", 500, 100, 150, 25)], set()),
    ],
)
def test_small_cells_and_what_would_give_them_away_are_hidden(lines: list[Line], hidden: set[str]) -> None:
    assert hidden_segments(lines, 10) == hidden
