"""What one year hands over, next year's intake reads: refusals stop, attendance counts as past attendance."""

from __future__ import annotations

import csv
import io
from datetime import date

import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.closing import stage
from kansho.closing.next_year import Learnt, next_year_files, outreach_result, past_outreach
from kansho.contracts.codes import CALL_OUTCOMES, OUTREACH_RESULTS, RETURN_REASONS, VISIT_OUTCOMES
from kansho.contracts.registry import REGISTRY, TARGET_LIST
from kansho.intake.check import check_file
from tests.deliveries import csv_of, numbers, person
from tests.unit import closing_year as module
from tests.unit.closing_year import ClosingYear, closing_year, plain_papers

FIRST, SECOND, THIRD = numbers(3)
#: What the next year's intake must make of each file: kind → rows.
READ: dict[FileKind, list[dict[str, str | None]]] = {
    "stop_list": [{"inquiry_number": number, "stop_kind": "1", "until": None} for number in sorted((FIRST, SECOND))],
    "past_attendance": [{"inquiry_number": FIRST, "fiscal_year": "2027", "attended": "1"}],
    "screening_history": [{"inquiry_number": SECOND, "screening_kind": "03", "fiscal_year": "2027"}],
    "past_outreach": [
        {"inquiry_number": FIRST, "intention": "3", "reason": "05", "wish": "9", "return_reason": "1"},
        {"inquiry_number": SECOND, "intention": "3", "reason": "05", "wish": "9", "return_reason": None},
    ],
}


ATTENDED = pd.DataFrame(
    [
        (FIRST, "90", "2027-08-05"),
        (FIRST, "90", "2027-08-04"),  # told twice: the first day counts
        (SECOND, "03", "2027-09-30"),
    ],
    columns=["inquiry_number", "screening_kind", "attendance_date"],
)


@pytest.fixture(scope="module")
def handed(mini: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> ClosingYear:
    with pytest.MonkeyPatch.context() as patch:
        plain_papers(patch)
        people = module.PEOPLE.assign(inquiry_number=[FIRST, SECOND, THIRD])  # with a check digit that holds
        patch.setattr(module, "PEOPLE", people)
        year = closing_year(mini, tmp_path_factory.mktemp("year") / "var").on(mini.closing.handover_on)
        year.ws.store_table("attendance_facts", "d06", ATTENDED)
        assert stage.make_handover(year.ws, {})
    return year


def file_of(year: ClosingYear, kind: str) -> bytes:
    return year.opened("ward", "handover", "handover-1").files[f"next_year_{kind}.csv"]


@pytest.mark.parametrize("kind", READ)
def test_the_next_years_intake_reads_it_without_a_fault(
    kind: FileKind, handed: ClosingYear, mini: CampaignConfig
) -> None:
    following = next_year_of(mini)
    people = csv_of("target_list", [person(n) for n in (FIRST, SECOND, THIRD)])
    found = check_file(
        file_of(handed, kind), kind, following, today=date(2028, 4, 20), password=lambda: "", target_list=people
    )
    assert (found.outcome, found.exit_code) == ("pass", 0), found
    assert found.tables[0].counts["rows"] == len(READ[kind])


@pytest.mark.parametrize("kind", READ)
def test_it_says_what_was_learnt(kind: FileKind, handed: ClosingYear) -> None:
    text = list(csv.DictReader(io.StringIO(file_of(handed, kind).decode("utf-8-sig"))))
    heading = {c.name: c.header for c in REGISTRY[kind].columns}
    told = [{name: line[heading[name]] or None for name in row} for line, row in zip(text, READ[kind], strict=True)]
    assert told == READ[kind]


def next_year_of(config: CampaignConfig) -> CampaignConfig:
    """The same ward a fiscal year later, as far as reading a file goes."""
    return config.model_copy(update={"fiscal_year": config.fiscal_year + 1})


def test_the_tables_are_counted_in_what_the_ward_receipts(handed: ClosingYear) -> None:
    counts = handed.ws.ledger.events("package_handed_over")[-1].counts
    assert {k: counts[f"rows_next_year_{k}"] for k in READ} == {k: len(rows) for k, rows in READ.items()}


CALLS = pd.DataFrame(
    [
        (FIRST, "2027-08-17", "30", None, None, None),
        (FIRST, "2027-08-24", "13", "2", "05", "1"),
        (THIRD, "2027-08-17", "40", None, None, None),
    ],
    columns=["inquiry_number", "called_on", "outcome", "intention", "reason", "wish"],
    dtype=object,
)
VISITS = pd.DataFrame(
    [(FIRST, "2027-10-13", "14", "3", None, None)],
    columns=["inquiry_number", "visited_on", "outcome", "intention", "reason", "wish"],
    dtype=object,
)
MAIL = pd.DataFrame(
    [(FIRST, "2027-07-10", "1"), (SECOND, "2027-07-10", "3"), (THIRD, None, None)],
    columns=["inquiry_number", "returned_on", "return_reason"],
    dtype=object,
)
LEARNT = Learnt(ATTENDED.iloc[:0], CALLS, VISITS, MAIL, ATTENDED)


def test_of_each_item_what_was_said_last_goes_on() -> None:
    told = past_outreach(LEARNT, 2027)
    assert list(told.columns) == list(REGISTRY["past_outreach"].names)
    assert [tuple(row) for row in told.itertuples(index=False)] == [
        # The reason was heard on the telephone, the intention changed at the door.
        (FIRST, "2027", "3", "05", "1", "1"),
        (SECOND, "2027", None, None, None, "3"),
    ]


def test_the_last_contact_is_the_result_and_a_card_that_came_back_where_nobody_was_reached() -> None:
    told = outreach_result(LEARNT)
    assert dict(zip(told["inquiry_number"], told["outreach_result"], strict=True)) == {
        FIRST: "14",
        SECOND: "83",
        THIRD: "40",
    }


def test_the_target_list_takes_the_result_as_it_is_told(mini: CampaignConfig) -> None:
    told = outreach_result(LEARNT)
    rows = [person(n, outreach_result=r) for n, r in zip(told["inquiry_number"], told["outreach_result"], strict=True)]
    found = check_file(
        csv_of("target_list", rows), "target_list", next_year_of(mini), today=date(2028, 4, 20), password=lambda: ""
    )
    assert not [f for f in found.tables[0].found if f.rule.id.startswith("outreach_result")]
    assert list(told.columns) == ["inquiry_number", "outreach_result"]
    assert {*told.columns} <= {*TARGET_LIST.names}


def test_every_way_in_which_a_contact_ends_has_a_code_of_its_own() -> None:
    assert {*CALL_OUTCOMES, *VISIT_OUTCOMES, *(f"8{r}" for r in RETURN_REASONS)} == {*OUTREACH_RESULTS}
    assert len({*OUTREACH_RESULTS.values()}) == len(OUTREACH_RESULTS)


def test_nothing_learnt_makes_no_file(mini: CampaignConfig) -> None:
    empty = Learnt(*(frame.iloc[:0] for frame in (ATTENDED, CALLS, VISITS, MAIL, ATTENDED)))
    assert next_year_files(empty, mini.fiscal_year) == {}
