"""Effect analysis: windows, groups, and what may be shown."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdfium2 import PdfDocument

from kansho.analysis.cost import done_cells, with_costs
from kansho.analysis.disclosure import Line, hidden_costs, hidden_segments
from kansho.analysis.done import Done, done_in
from kansho.analysis.release import COUNTS, broken_rules
from kansho.analysis.report import effect_csv, effect_pdf
from kansho.analysis.stage import attended_in_window, lines_of
from kansho.campaign.config import CampaignConfig
from kansho.campaign.small_cells import Row
from kansho.workspace import Workspace
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
#: A card's print 15 yen, a call 400, a visit 1500; a card's postage 85, so few earn no discount.
PRICES = {"card_print": 15, "call": 400, "visit": 1500}
#: Of the print run: p posted, t taken out, - no card; of a call or a visit: y it was made, - it was not.
#: report: withdrawn before the print, pulled after it, printed again for spoilt ones.
#   arms by wave    o assigned, h held out; people a to f
# design         wave         arms      cards     report     calls     visits    yen of a to f
COSTS = [
    # One of the two taken out was printed already, nobody knows which: 15 yen shared by both; e could not be printed.
    ("independent", "mailing_1", "oooooh", "pptt--", (1, 1, 0), "------", "------", [100, 100, 7.5, 7.5, 0, 0]),
    ("independent", "mailing_1", "oooooh", "pptt--", (0, 2, 0), "------", "------", [100, 100, 15, 15, 0, 0]),
    ("independent", "mailing_1", "oooooh", "pptt--", (2, 0, 0), "------", "------", [100, 100, 0, 0, 0, 0]),
    # One card was spoilt and printed again: 60 yen for the three whose card was printed.
    ("independent", "mailing_1", "oooooh", "pppt--", (1, 0, 1), "------", "------", [105, 105, 105, 0, 0, 0]),
    ("independent", "mailing_1", "oooooh", "tttt--", (4, 0, 0), "------", "------", [0, 0, 0, 0, 0, 0]),
    ("independent", "mailing_1", "oooooh", "------", None,      "yyyyyy", "------", [0, 0, 0, 0, 0, 0]),  # no report
    # What another wave brought a person is not of this comparison, and the held out get nothing counted.
    ("independent", "call_1",    "ooohhh", "pppppp", (0, 0, 0), "y-y---", "yyyyyy", [400, 0, 400, 0, 0, 0]),
    ("independent", "visit_1",   "ooohhh", "pppppp", (0, 0, 0), "yyyyyy", "-y----", [0, 1500, 0, 0, 0, 0]),
    ("nested",      "mailing_1", "oooooh", "pptt--", (1, 1, 0), "yy--y-", "y-----", [2000, 500, 7.5, 7.5, 400, 0]),
    ("nested",      "mailing_1", "oooooh", "------", None,      "y-----", "------", [400, 0, 0, 0, 0, 0]),
    ("nested",      "call_1",    "ooohhh", "pppppp", (0, 0, 0), "y-y---", "y-----", [1900, 0, 400, 0, 0, 0]),
    ("nested",      "visit_1",   "ooohhh", "pppppp", (0, 0, 0), "yyyyyy", "-y----", [0, 1500, 0, 0, 0, 0]),
]
# fmt: on
_STATES = {"p": "posted", "t": "taken_out"}


def _done(cards: str, report: tuple[int, int, int] | None, calls: str, visits: str) -> dict[str, Done]:
    def states(of: str, words: dict[str, str]) -> pd.Series:
        return pd.Series({who: words[c] for who, c in zip("abcdef", of, strict=True) if c in words}, dtype=object)

    found = {"call_1": Done(states(calls, {"y": "called"})), "visit_1": Done(states(visits, {"y": "visited"}))}
    if report is not None:
        withdrawn, pulled, again = report
        posted = cards.count("p")
        printed = posted + cards.count("t") - withdrawn + again
        counts = {"withdrawn": withdrawn, "pulled": pulled, "printed": printed, "posted": posted}
        found["mailing_1"] = Done(states(cards, _STATES), counts)
    return found


@pytest.mark.parametrize(("design", "wave", "arms", "cards", "report", "calls", "visits", "yen"), COSTS)
def test_a_cost_counts_what_was_really_done(
    mini: CampaignConfig,
    design: str,
    wave: str,
    arms: str,
    cards: str,
    report: tuple[int, int, int] | None,
    calls: str,
    visits: str,
    yen: list[float],
) -> None:
    config = _priced(mini, design)
    arm = {"o": "outreach", "h": "holdout"}
    people = pd.DataFrame({"inquiry_number": list("abcdef"), "arm": [arm[a] for a in arms]})
    costed, _ = with_costs(config, config.wave(wave), people, _done(cards, report, calls, visits))
    assert costed["yen"].tolist() == yen


def _priced(config: CampaignConfig, design: str) -> CampaignConfig:
    costs = config.costs.model_copy(update=PRICES)
    targeting = config.targeting.model_copy(update={"holdout_design": design})
    return config.model_copy(update={"costs": costs, "targeting": targeting})


def test_what_was_done_is_what_was_reported_of_each_wave(open_workspace: Callable[[date], Workspace]) -> None:
    ws = open_workspace(date(2027, 12, 16))

    def table(**columns: list[Any]) -> pd.DataFrame:
        return pd.DataFrame(columns, dtype=object)

    assert done_in(ws) == {}
    bars, printable = ["12", "12", None, None], [True, True, True, False]
    ws.store_table("card_list", "mailing_1", table(inquiry_number=list("abcd"), printable=printable, bars=bars))
    twice = table(inquiry_number=list("aba"), wave=["call_1", "call_1", "call_1"], attempt=["1", "1", "2"])
    ws.store_table("call_results", "call_1-a1", twice)
    ws.store_table("visit_results", "other", table(inquiry_number=["a"], wave=["visit_9"]))
    assert set(done_in(ws)) == {"call_1"}  # of the mailing nothing is reported, of the wave no visit
    ws.store_table("postings", "mailing_1", table(inquiry_number=["a", "c"]))
    counts = {"printable": 3, "withdrawn": 0, "reprinted": 0, "printed": 3, "pulled": 1, "spoiled": 0, "posted": 2}
    ws.record("print_reported", "mailing_1", counts=counts, codes={"posted_on": "2027-07-01"})
    done = done_in(ws)
    assert done["mailing_1"].states.to_dict() == {"a": "posted", "b": "taken_out", "c": "posted"}
    assert (done["mailing_1"].barcoded, done["mailing_1"].report["pulled"]) == (1, 1)
    assert done["call_1"].states.to_dict() == {"a": "called", "b": "called"}


def test_the_cards_of_a_posting_bear_what_it_costs_with_its_discounts_and_what_was_spoilt(mini: CampaignConfig) -> None:
    (wave,) = mini.waves.mailings
    numbers = [str(n) for n in range(2_500)]
    states = pd.Series(["posted"] * 2_000 + ["taken_out"] * 400, index=numbers[:2_400])
    report = {"withdrawn": 150, "pulled": 250, "printed": 2_260, "posted": 2_000}
    people = pd.DataFrame({"inquiry_number": numbers, "arm": "outreach"})
    costed, answered = with_costs(_priced(mini, "independent"), wave, people, {wave.id: Done(states, report, 1_500)})
    # 2,260 cards at 15 yen; 2,000 at 85 yen with 3 per cent off for the sorting, and 3 off 1,500 of them for the bars.
    assert costed["yen"].sum() == pytest.approx(33_900 + 170_000 - 5_100 - 3_825)
    assert costed["yen"].iloc[2_400:].eq(0).all()
    assert done_cells(costed, answered) == ((2_000, 400, 100),)


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


def _line(
    segment: str, assigned: int, held: int, one: int, zero: int, group: str = "", done: tuple[tuple[int, ...], ...] = ()
) -> Line:
    return Line("w", segment, assigned, held, one, zero, None, 0, group, done)


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
#: Of each segment: cards posted, taken out, and people without a card, of whom k1 has few.
DONE = {"w": {"k1": (480, 17, 3), "k2": (280, 10, 10), "c1": (160, 20, 20)}}
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
        (_table("k2").assign(cost_yen=[None] * 4 + [900, None]), {"given_away"}),
        (_table().assign(cutoff="2027-11-01"), {"cutoff"}),
    ],
)
def test_the_gate_of_an_effect_report_names_each_rule_it_breaks(table: pd.DataFrame, rules: set[str]) -> None:
    found = broken_rules(table, TOLD, GROUPS, DONE, cutoff="2027-12-01", causal=True, min_cell=10)
    assert {name for name, n in found.items() if n} == rules


@pytest.mark.parametrize(
    ("costs", "rules"),
    [
        ({}, set()),
        ({"all": 93_500, "c1": 16_300, "group_cancer": 16_300, "group_kenshin": 77_200}, set()),
        ({"all": 93_500, "c1": 16_300, "group_cancer": 16_301, "group_kenshin": 77_200}, set()),  # each was rounded
        ({"all": 93_500, "c1": 16_300, "group_cancer": 16_500, "group_kenshin": 77_200}, {"counts"}),
        ({"k1": 48_300}, {"cost_cell"}),
        ({"group_kenshin": 77_200, "k2": 28_200}, {"cost_cell"}),
        ({"c1": 16_300, "k2": 28_200}, {"cost_cell"}),  # how many cards the wave had is told elsewhere
    ],
)
def test_the_gate_of_an_effect_report_finds_whom_a_cost_gives_away(costs: dict[str, int], rules: set[str]) -> None:
    table = _table()
    table = table.assign(cost_yen=table["segment"].map(costs))
    found = broken_rules(table, TOLD, GROUPS, DONE, cutoff="2027-12-01", causal=True, min_cell=10)
    assert {name for name, n in found.items() if n} == rules


def test_a_report_that_claims_an_effect_without_consent_does_not_pass() -> None:
    found = broken_rules(_table(), TOLD, GROUPS, DONE, cutoff="2027-12-01", causal=False, min_cell=10)
    assert {name: n for name, n in found.items() if n} == {"claimed_unconsented": 6}


def _grouped(*parts: Line) -> list[Line]:
    """The lines of a wave: the whole, its groups, and these segments of them."""

    def total(name: str, of: tuple[Line, ...]) -> Line:
        counts = (sum(line.cells[n] for line in of) for n in range(4))
        done = zip(*(line.done for line in of), strict=True)
        return _line(name, *counts, done=tuple(tuple(map(sum, zip(*wave, strict=True))) for wave in done))

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


# fmt: off
#   posted, taken out, no card, by segment (a: kenshin, b and c: cancer)    nothing shown of    no cost shown of
PRICED = [
    ((300, 20, 0),  (200, 20, 10), (100, 10, 0),  (),          set()),
    ((300, 20, 0),  (200, 20, 10), (100, 3, 0),   (),          {"b", "c"}),
    ((300, 3, 0),   (200, 20, 10), (100, 10, 0),  (),          {"a", "group_kenshin", "group_cancer", "c"}),
    ((300, 20, 0),  (200, 20, 10), (100, 10, 0),  ("b", "c"),  {"b", "c"}),
    ((300, 20, 0),  (200, 20, 4),  (100, 10, 4),  (),          {"a", "b", "c", "group_kenshin", "group_cancer", "all"}),
]
# fmt: on


@pytest.mark.parametrize(("a", "b", "c", "hidden", "unpriced"), PRICED)
def test_no_cost_gives_a_few_people_away(
    a: tuple[int, ...], b: tuple[int, ...], c: tuple[int, ...], hidden: tuple[str, ...], unpriced: set[str]
) -> None:
    parts = [("a", "kenshin", a), ("b", "cancer", b), ("c", "cancer", c)]
    lines = _grouped(*(_line(name, sum(done), 50, 60, 20, group, (done,)) for name, group, done in parts))
    assert hidden_costs(lines, hidden, 10) == unpriced


@given(
    groups=st.lists(st.sampled_from(("a", "b")), min_size=1, max_size=5),
    mailed=st.lists(st.tuples(*[st.integers(0, 14)] * 3), min_size=5, max_size=5),
    called=st.lists(st.tuples(*[st.integers(0, 100)] * 2), min_size=5, max_size=5),
    hidden=st.tuples(*[st.frozensets(st.sampled_from(("s0", "s1", "s2", "s3", "s4")))] * 2),
    cell=st.integers(2, 9),
)
@settings(max_examples=60)
def test_no_two_reports_together_give_a_few_people_away_by_their_costs(
    groups: list[str],
    mailed: list[tuple[int, int, int]],
    called: list[tuple[int, int]],
    hidden: tuple[frozenset[str], frozenset[str]],
    cell: int,
) -> None:
    """The cards are the same in both, more people were called, and another line is hidden for its attendance."""
    priced: list[set[str]] = []
    for number in (0, 1):
        parts = []
        for n, group in enumerate(groups):
            size = sum(mailed[n])
            reached = max(called[n][: number + 1]) * size // 100
            parts.append(_line(f"s{n}", size, 0, 0, 0, group, (mailed[n], (reached, size - reached))))
        lines = _grouped(*parts)
        names = {line.segment for line in lines}
        priced.append(names - hidden_costs(lines, hidden[number] & names, cell))
        rows = [Row(line.segment, _above(line), (*line.done[0], *line.done[1])) for line in lines]
        assert_tells_nothing_small(rows, priced[number], cell)
        assert not priced[number] & hidden[number]
    rows = [Row(line.segment, _above(line), line.done[0]) for line in lines]
    assert_tells_nothing_small(rows, priced[0] | priced[1], cell)


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
    broken = broken_rules(table, selected, groups, {}, cutoff="2027-10-01", causal=True, min_cell=10)
    assert {rule: n for rule, n in broken.items() if n} == {}
