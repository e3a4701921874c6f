"""What one year hands over, next year's intake reads: refusals stop, attendance counts as past attendance."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.closing import stage
from kansho.closing.next_year import next_year_files
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
    text = file_of(handed, kind).decode("utf-8-sig").splitlines()[1:]
    for line, row in zip(text, READ[kind], strict=True):
        for value in row.values():
            assert value is None or f'"{value}"' in line


def next_year_of(config: CampaignConfig) -> CampaignConfig:
    """The same ward a fiscal year later, as far as reading a file goes."""
    return config.model_copy(update={"fiscal_year": config.fiscal_year + 1})


def test_the_tables_are_counted_in_what_the_ward_receipts(handed: ClosingYear) -> None:
    counts = handed.ws.ledger.events("package_handed_over")[-1].counts
    assert {k: counts[f"rows_next_year_{k}"] for k in READ} == {k: len(rows) for k, rows in READ.items()}


def test_nothing_learnt_makes_no_file(mini: CampaignConfig, tmp_path: Path) -> None:
    empty = pd.DataFrame({"inquiry_number": [], "screening_kind": [], "attendance_date": []}, dtype=object)
    assert next_year_files(empty, empty, mini.fiscal_year) == {}
