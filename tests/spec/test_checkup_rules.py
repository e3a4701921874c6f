"""What the gate says of one examination, as a table that a ward's office can read (D4, C5, domain 1)."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.contracts.registry import ANALYSIS_ITEMS, CHECKUP_RESULTS
from kansho.exchange.tables import valid
from kansho.health.values import LIMIT_FLAGS
from kansho.intake.history_rules import checkup_rules
from kansho.intake.values import normalise
from kansho.quality.catalogue import rules_of
from kansho.quality.gate import GateResult, evaluate
from kansho.quality.suites import EXTRA_RULES
from tests.deliveries import numbers

TODAY = date(2027, 4, 20)
RULES = rules_of("checkup_results")
#: Nobody's examination: nothing wrong with it.
WELL = {
    "exam_date": "2025-06-01",
    "report_kind": "10",
    "height": "160.0",
    "weight": "60.0",
    "bmi": "23.4",
    "systolic": "120",
    "diastolic": "70",
}
THIRD, FOURTH = {"exam_date": "2024-03-31"}, {"exam_date": "2024-04-01"}

#: what differs from `WELL` → the rules it breaks
TABLE: list[tuple[dict[str, str | None], set[str]]] = [
    ({}, set()),
    # 報告区分
    ({"report_kind": "40"}, {"report.kind"}),
    ({"report_kind": None}, set()),
    ({"report_kind": "20"}, {"report_kind.code"}),
    # codes of the fiscal year of the examination
    (THIRD | {"q08": "2"}, set()),
    (THIRD | {"q08": "3"}, {"codes.in_year"}),
    (FOURTH | {"q08": "3"}, set()),
    (THIRD | {"q18": "8"}, {"codes.in_year"}),
    (FOURTH | {"q18": "8"}, set()),
    (THIRD | {"q19": "5"}, {"codes.in_year"}),
    (FOURTH | {"q19": "5"}, set()),
    (FOURTH | {"q19": "6"}, {"q19.code", "codes.in_year"}),
    (THIRD | {"q22": "1"}, set()),  # another question under the same number
    (THIRD | {"q13": "3"}, set()),
    ({"exam_date": "2022-04-01", "q19": "5"}, {"codes.in_year"}),
    ({"exam_date": "2025-02-30", "q19": "5"}, {"exam_date.date"}),  # of an unknown year nothing is known
    # values at the limits of what can be entered
    ({"systolic": "H"}, set()),
    ({"diastolic": "L"}, set()),
    ({"bmi": "H"}, set()),
    ({"height": "L", "weight": "H", "bmi": "H"}, set()),
    ({"hba1c": "H"}, set()),
    ({"hba1c": "h"}, {"hba1c.shape"}),
    ({"hba1c": "HH"}, {"hba1c.shape"}),
    ({"hba1c": "20.1"}, {"hba1c.range"}),
    ({"creatinine": "H"}, {"creatinine.shape"}),  # the national table has no range for it
    ({"urine_protein": "H"}, {"urine_protein.code"}),
    # between columns
    ({"systolic": "70", "diastolic": "70"}, {"pressure.order"}),
    ({"bmi": "33.4"}, {"bmi.consistent"}),
]

NUMBERS = numbers(len(TABLE))


@pytest.fixture(scope="module", params=["object", "str"])
def judged(mini: CampaignConfig, request: pytest.FixtureRequest) -> GateResult:
    """What the gate says of the whole table, read as one file of as many people."""
    empty = dict.fromkeys(CHECKUP_RESULTS.names)
    rows = [empty | WELL | change | {"inquiry_number": n} for n, (change, _) in zip(NUMBERS, TABLE, strict=True)]
    frame = pd.DataFrame(rows, dtype=request.param)
    person = {"sex": "1", "age_at_year_end": "50", "birth_date": "1977-06-01"}
    people = pd.DataFrame([{"inquiry_number": n, **person} for n in NUMBERS], dtype=object)
    masks = checkup_rules(frame, people, set(NUMBERS), mini, TODAY)
    assert set(masks) == set(EXTRA_RULES["checkup_results"])
    # `evaluate` also asks Great Expectations and refuses to go on where it says something else.
    return evaluate("checkup_results", "d", frame, CHECKUP_RESULTS, masks, threshold=1, rules=RULES)


@pytest.mark.parametrize("row", range(len(TABLE)), ids=lambda row: f"{row}-{TABLE[row][0]}")
def test_an_examination_breaks_these_rules(judged: GateResult, row: int) -> None:
    _, broken = TABLE[row]
    assert {rule for rule, marked in judged.marks.items() if marked[row]} == broken
    assert bool(judged.accepted.iloc[row]) == (not any(RULES[name].removes for name in broken))


def test_letters_for_values_beyond_the_range_are_those_that_judging_knows() -> None:
    told = {c.limits for c in (*CHECKUP_RESULTS.columns, *ANALYSIS_ITEMS.columns) if c.limits}
    assert told == {tuple(LIMIT_FLAGS)}
    assert all(c.low is not None and c.high is not None for c in CHECKUP_RESULTS.columns if c.limits)


@pytest.mark.parametrize(("cell", "read"), [("Ｈ", "H"), (" Ｌ", "L"), ("H", "H"), ("l", "l"), ("２３．４", "23.4")])
def test_a_letter_in_full_width_is_read_and_no_other_is_guessed(mini: CampaignConfig, cell: str, read: str) -> None:
    frame = pd.DataFrame({"bmi": [cell]}, dtype="str")
    made = normalise(frame, CHECKUP_RESULTS, mini).frame["bmi"]
    assert made.tolist() == [read]
    assert valid(made, CHECKUP_RESULTS.column("bmi")).tolist() == [read != "l"]
