"""Effect analysis: windows, groups, and what may be shown."""

from __future__ import annotations

import io
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdfium2 import PdfDocument

from kansho.analysis.cost import yen_per_person
from kansho.analysis.disclosure import Line, hidden_segments
from kansho.analysis.release import COUNTS, broken_rules
from kansho.analysis.report import effect_csv, effect_pdf
from kansho.analysis.stage import attended_in_window, lines_of
from kansho.campaign.config import CampaignConfig
from kansho.campaign.small_cells import Row
from tests.unit.table_sums import assert_tells_nothing_small


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
    people = people.assign(yen=[115, 0, 535, 0])
    lines = lines_of(mini.waves.mailings[0], people, ATTENDANCE, "2027-08-01")
    assert [(n.segment, n.assigned, n.held_out, n.attended_assigned, n.cost_yen) for n in lines] == [
        ("all", 2, 2, 1, 650),
        ("x", 1, 1, 1, 115),
        ("y", 1, 1, 0, 535),
    ]


# fmt: off
#   arms by wave: a, b, c (o: outreach, h: held out, -: not in the wave); card 100, call 400, visit 1500 yen
# design         mailing  call     visit    wave         yen of a, b, c
COSTS = [
    ("independent", "ooh", "oho",  "o-o",   "mailing_1", [100, 100, 0]),
    ("independent", "ooh", "oho",  "o-o",   "call_1",    [400, 0, 400]),
    ("nested",      "ooh", "oh-",  "o--",   "mailing_1", [2000, 100, 0]),   # with what followed
    ("nested",      "ooh", "oh-",  "o--",   "call_1",    [1900, 0]),
    ("nested",      "ooh", "oh-",  "o--",   "visit_1",   [1500]),
    ("nested",      "ooh", "oh-",  None,    "call_1",    [400, 0]),         # the visits are not selected yet
]
# fmt: on


@pytest.mark.parametrize(("design", "mailing", "call", "visit", "wave", "yen"), COSTS)
def test_what_a_wave_cost_is_what_its_comparison_answers_for(
    mini: CampaignConfig, design: str, mailing: str, call: str, visit: str | None, wave: str, yen: list[int]
) -> None:
    costs = mini.costs.model_copy(update={"card_print": 15, "call": 400, "visit": 1500})
    targeting = mini.targeting.model_copy(update={"holdout_design": design})
    config = mini.model_copy(update={"costs": costs, "targeting": targeting})
    arm = {"o": "outreach", "h": "holdout"}
    assignments = {
        name: pd.DataFrame(
            [(who, arm[a]) for who, a in zip("abc", arms, strict=True) if a in arm], columns=["inquiry_number", "arm"]
        )
        for name, arms in {"mailing_1": mailing, "call_1": call, "visit_1": visit}.items()
        if arms is not None
    }
    assert yen_per_person(config, config.wave(wave), assignments).tolist() == yen


def test_a_card_costs_its_part_of_what_its_posting_costs(mini: CampaignConfig) -> None:
    (wave,) = mini.waves.mailings
    people = pd.DataFrame({"inquiry_number": ["a", "b"], "arm": ["outreach", "holdout"]})
    yen = yen_per_person(mini, wave, {wave.id: people}, {wave.id: (2_000, 2_000)})
    assert yen.tolist() == [
        mini.costs.card_print + 79.9,
        0.0,
    ]  # 85 yen with 3 per cent off for the sorting and 3 for the bars


@pytest.mark.parametrize("design", ["independent", "nested"])
def test_the_report_of_nested_hold_outs_says_what_a_difference_means(mini: CampaignConfig, design: str) -> None:
    config = mini.model_copy(update={"targeting": mini.targeting.model_copy(update={"holdout_design": design})})
    row = {"wave": "mailing_1", "segment": "all", "hidden": True}
    pdf = effect_pdf(
        config,
        pd.DataFrame([row]),
        cutoff="2027-12-01",
        final=True,
        causal=True,
        simulation=True,
        issued_on=date(2027, 12, 16),
    )
    text = "".join("".join(page.get_textpage().get_text_range().split()) for page in PdfDocument(pdf))
    assert ("その回以後の勧奨を続けたことの効果" in text) == (design == "nested")


def _line(segment: str, assigned: int, held: int, one: int, zero: int, group: str = "") -> Line:
    return Line("w", segment, assigned, held, one, zero, None, 0, group)


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


TOLD = {"w": {"assigned": 1000, "held_out": 110}}
GROUPS = {"w": {"k1": "kenshin", "k2": "kenshin", "c1": "cancer"}}


def _table(*hidden: str, **changed: tuple[int, ...]) -> pd.DataFrame:
    cells = {
        "all": (1000, 110, 315, 45),
        "group_kenshin": (800, 80, 240, 35),
        "group_cancer": (200, 30, 75, 10),
        "k1": (500, 50, 150, 20),
        "k2": (300, 30, 90, 15),
        "c1": (200, 30, 75, 10),
        **changed,
    }
    rows = [
        {"wave": "w", "segment": name, **dict(zip(COUNTS, (None,) * 4 if name in hidden else n, strict=True))}
        for name, n in cells.items()
    ]
    return (
        pd.DataFrame(rows)
        .assign(estimate_pp=1.0, cutoff="2027-12-01")
        .pipe(lambda t: t.assign(estimate_pp=t["estimate_pp"].where(t["assigned"].notna())))
    )


@pytest.mark.parametrize(
    ("table", "rules"),
    [
        (_table(), set()),
        (_table("k1", "k2", "group_kenshin", "group_cancer", "c1"), set()),
        (_table().iloc[:-1], {"lines_missing"}),
        (pd.concat([_table(), _table().iloc[-1:]]), {"lines_missing"}),
        (_table(k1=(500, 50, 150, 21)), {"counts"}),
        (_table(all=(1001, 110, 315, 45)), {"counts"}),
        (_table(k1=(500, 50, 150, 27), k2=(300, 30, 90, 8)), {"small_cell"}),
        (_table("k2", k1=(500, 50, 150, 27), k2=(300, 30, 90, 8)), {"given_away"}),
        (_table("k2").assign(estimate_pp=2.0), {"given_away"}),
        (_table().assign(cutoff="2027-11-01"), {"cutoff"}),
    ],
)
def test_the_gate_of_an_effect_report_names_each_rule_it_breaks(table: pd.DataFrame, rules: set[str]) -> None:
    found = broken_rules(table, TOLD, GROUPS, cutoff="2027-12-01", causal=True, min_cell=10)
    assert {name for name, n in found.items() if n} == rules


def test_a_report_that_claims_an_effect_without_consent_does_not_pass() -> None:
    found = broken_rules(_table(), TOLD, GROUPS, cutoff="2027-12-01", causal=False, min_cell=10)
    assert {name: n for name, n in found.items() if n} == {"claimed_unconsented": 6}


def _grouped(*parts: Line) -> list[Line]:
    """The lines of a wave: the whole, its groups, and these segments of them."""

    def total(name: str, of: tuple[Line, ...]) -> Line:
        return _line(name, *(sum(line.cells[n] for line in of) for n in range(4)))

    groups = sorted({line.group for line in parts})
    return [
        total("all", parts),
        *(total(f"group_{g}", tuple(line for line in parts if line.group == g)) for g in groups),
        *parts,
    ]


def test_a_segment_of_each_group_that_is_small_is_not_the_rest_of_its_group() -> None:
    lines = _grouped(
        _line("flagged", 500, 50, 150, 12, "kenshin"),
        _line("never", 300, 30, 90, 9, "kenshin"),
        _line("new", 200, 20, 60, 11, "kenshin"),
        _line("cancer_men", 90, 20, 30, 4, "cancer"),
        _line("cancer_women", 400, 60, 100, 15, "cancer"),
    )
    assert hidden_segments(lines, 10) == {"never", "new", "cancer_men", "cancer_women"}


def test_one_small_segment_is_hidden_with_another_of_its_own_group() -> None:
    lines = _grouped(
        _line("cancer_men", 90, 20, 30, 4, "cancer"),
        _line("cancer_women", 400, 60, 100, 15, "cancer"),
        _line("never", 60, 30, 20, 10, "kenshin"),
        _line("new", 900, 200, 60, 11, "kenshin"),
    )
    assert hidden_segments(lines, 10) == {"cancer_men", "cancer_women"}


_SIZES = st.tuples(st.integers(0, 30), st.integers(0, 14))


@given(
    sizes=st.lists(st.tuples(st.sampled_from(("a", "b")), _SIZES), min_size=1, max_size=5),
    shares=st.lists(st.tuples(*[st.integers(0, 100)] * 4), min_size=5, max_size=5),
    cell=st.integers(2, 9),
)
@settings(max_examples=60)
def test_no_two_reports_together_give_a_small_cell_away(
    sizes: list[tuple[str, tuple[int, int]]], shares: list[tuple[int, int, int, int]], cell: int
) -> None:
    """The size of an arm is the same in both; attendance has grown."""
    reports = []
    for number in (0, 1):
        parts = []
        for n, (group, (assigned, held)) in enumerate(sizes):
            one, zero, one_later, zero_later = shares[n]
            came = (one * assigned // 100, zero * held // 100)
            if number:
                came = (max(came[0], one_later * assigned // 100), max(came[1], zero_later * held // 100))
            parts.append(_line(f"s{n}", assigned, held, *came, group))
        reports.append(_grouped(*parts))
    shown = [{line.segment for line in lines} - hidden_segments(lines, cell) for lines in reports]
    for lines, names in zip(reports, shown, strict=True):
        rows = [Row(line.segment, _above(line), line.cells) for line in lines]
        assert_tells_nothing_small(rows, names, cell)
    rows = [Row(line.segment, _above(line), line.sizes) for line in reports[0]]
    assert_tells_nothing_small(rows, shown[0] | shown[1], cell)


def _above(line: Line) -> str:
    return f"group_{line.group}" if line.group else "" if line.segment == "all" else "all"


def test_a_report_of_which_every_line_is_hidden_has_its_columns_and_passes_its_gate() -> None:
    hidden = pd.DataFrame([{"wave": "m", "segment": name, "hidden": True} for name in ("all", "a", "b")])
    table = pd.read_csv(io.BytesIO(effect_csv(hidden, "2027-10-01")), encoding="utf-8-sig")
    groups = {"m": {"a": "kenshin", "b": "kenshin"}}
    selected = {"m": {"assigned": 3, "held_out": 2}}
    broken = broken_rules(table, selected, groups, cutoff="2027-10-01", causal=True, min_cell=10)
    assert {rule: n for rule, n in broken.items() if n} == {}
