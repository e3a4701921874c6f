"""The registry of contracts is sound, says the same as its page, and is what the synthetic ward writes."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
import pyzipper
from hypothesis import given
from hypothesis import strategies as st

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.campaign.rights import PartyKind, Work
from kansho.cli import main
from kansho.contracts import docs
from kansho.contracts.free_text import dock_result_headings
from kansho.contracts.headings import fold, meanings
from kansho.contracts.model import SHAPES, Column, Contract, Edition, coded, edited, project
from kansho.contracts.registry import (
    ANALYSIS_ITEMS,
    CHECKUP_RESULTS,
    REGISTRY,
    SUBCONTRACTOR_ITEMS,
    TARGET_LIST,
    contract,
)
from kansho.errors import KanshoError
from kansho.exchange.tables import valid
from kansho.quality.rules import look
from kansho.simulation.population import build
from kansho.simulation.world import World

CONTRACTS = [pytest.param(c, id=c.kind) for c in REGISTRY.values()]
COLUMNS = [pytest.param(k, c, id=f"{k.kind}.{c.name}") for k in REGISTRY.values() for c in k.columns]
HEADINGS = [(k, c, h) for k in REGISTRY.values() for c in k.columns for h in c.headings]
#: Any fiscal years at all; terms change within them.
YEARS = range(2005, 2045)

#: Our own fields beside the items of the contract (D2): a closed list.
OPERATIONAL = {
    "serial", "wave", "design", "attempt", "record", "token", "sheet", "block", "name_part", "house_part",
    "group", "segment", "arm",
}  # fmt: skip
#: What a 丙 may never hold, in whatever file.
NEVER_SUBCONTRACTOR = {
    "birth_date", "attendance_date", "exam_date", "stop_kind", "until", "attended", "guidance_used", "group", "segment",
    "arm", *CHECKUP_RESULTS.names, *ANALYSIS_ITEMS.names,
} - {"inquiry_number"}  # fmt: skip


def _is_typed(column: Column) -> bool:
    return column.type in SHAPES or any(sign in (column.pattern or "") for sign in (r"\d", "[0-9]"))


def _example(column: Column) -> str:
    """A value in the column's form with digits in it."""
    if column.type == "date":
        return "2027-09-30"
    if column.type in SHAPES:
        return f"{column.low:g}" if column.low is not None else "12"
    known = ("160-0022", "03-5273-4207", "1234-5678-93", "03|07", "03", "1310000000")
    return next(text for text in known if re.fullmatch(column.pattern or "", text))


# -- every contract ------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", CONTRACTS)
def test_identifiers_are_snake_case_and_occur_once(known: Contract) -> None:
    assert [n for n in (known.kind, *known.names) if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", n)] == []
    assert len(known.names) == len(set(known.names))


@pytest.mark.parametrize("known", CONTRACTS)
def test_a_heading_means_one_column_whatever_its_width_blanks_and_case(known: Contract) -> None:
    assert {h: names for h, names in meanings(known).items() if len(names) != 1} == {}
    assert all(meanings(known))  # no heading is only blanks


@pytest.mark.parametrize("known", CONTRACTS)
def test_the_key_is_made_of_columns_that_are_never_empty(known: Contract) -> None:
    assert known.key
    assert set(known.key) <= set(known.names)
    assert [name for name in known.key if known.column(name).nullable] == []


@pytest.mark.parametrize(("known", "column"), COLUMNS)
def test_a_column_is_fully_said(known: Contract, column: Column) -> None:
    assert column.header.strip()
    assert len(column.headings) == len(set(column.headings))
    assert re.fullmatch(r"[CDEP]\d{1,2}", column.clause)
    assert PartyKind.CONTRACTOR in column.holders
    # Codes are a closed list with a meaning each; nothing else has codes.
    assert bool(column.codes) == (column.type in ("code", "flag"))
    assert len(column.codes) == len(set(column.codes))
    assert (len(column.labels) == len(column.codes) and all(column.labels)) or column.editions
    if column.type == "flag":
        assert column.codes == ("0", "1")
    # Ranges and units belong to numbers, and a range has two ends.
    assert (column.low is None) == (column.high is None)
    if column.low is not None and column.high is not None:
        assert column.type in ("int", "float")
        assert column.low < column.high
    assert not column.unit or column.type in ("int", "float")
    if column.pattern:
        assert column.type == "text"
        re.compile(column.pattern)


@pytest.mark.parametrize(("known", "column"), COLUMNS)
def test_every_fiscal_year_has_at_most_one_edition_and_no_code_beyond_the_closed_list(
    known: Contract, column: Column
) -> None:
    for edition in column.editions:
        assert edition.header in column.headings
        assert set(edition.jlac10) <= set(column.jlac10)
    for year in YEARS:
        if column.editions:
            assert sum(e.in_year(year) for e in column.editions) == 1
        labels = column.labels_in(year)
        assert bool(labels) == (bool(column.codes) and column.in_year(year))
        assert set(labels) <= set(column.codes)
    assert {code for year in YEARS for code in column.labels_in(year)} == set(column.codes)


@pytest.mark.parametrize("known", CONTRACTS)
def test_an_item_code_has_17_characters_and_means_one_column(known: Contract) -> None:
    found = [item for column in known.columns for item in column.jlac10]
    assert [item for item in found if not re.fullmatch(r"\d[A-Z]\d{3}\d{12}", item)] == []
    assert len(found) == len(set(found))


def test_every_kind_that_a_ward_can_announce_has_a_contract_and_no_other_comes_from_it() -> None:
    from_ward = {c.kind for c in REGISTRY.values() if c.sender is PartyKind.WARD}
    assert from_ward == set(get_args(FileKind))
    assert all(c.receiver is PartyKind.CONTRACTOR for c in REGISTRY.values() if c.sender is PartyKind.WARD)


@pytest.mark.parametrize(("known", "column"), [p for p in COLUMNS if _is_typed(p.values[1])])
def test_full_width_digits_are_no_contract_form_whoever_looks(known: Contract, column: Column) -> None:
    """Files of the outreach are judged by `valid`, the ward's by the gate, both on whatever text column they have."""
    half = _example(column)
    full = half.translate({ord(n): ord(n) + 0xFEE0 for n in "0123456789"})
    assert full != half
    for dtype in ("object", "str"):
        values = pd.Series([half, full], dtype=dtype)
        assert valid(values, column).tolist() == [True, False]
        found = look(pd.DataFrame({column.name: values}), Contract("k", "表", (column,), (), "D1")).broken
        assert [rows.tolist() for rows in found.values()] == [[False, True]]


def test_no_column_of_any_file_could_carry_results_of_a_dock() -> None:
    assert dock_result_headings(heading for _, _, heading in HEADINGS) == ()


def test_a_kind_outside_the_registry_is_refused() -> None:
    with pytest.raises(KanshoError, match="CONTRACT-UNKNOWN"):
        contract("household_list")


# -- who may hold what ---------------------------------------------------------------------------------


def test_the_contractor_has_13_items_and_a_subcontractor_11() -> None:
    assert TARGET_LIST.headers == (
        "郵便番号", "漢字住所", "住所方書", "漢字氏名", "カナ氏名", "年度末年齢", "性別", "生年月日", "電話番号",
        "お問い合わせ番号", "がん検診票の種類", "勧奨結果", "受診日",
    )  # fmt: skip
    assert set(TARGET_LIST.names) - set(SUBCONTRACTOR_ITEMS) == {"birth_date", "attendance_date"}
    assert len(SUBCONTRACTOR_ITEMS) == 11


@pytest.mark.parametrize("known", [p for p in CONTRACTS if p.values[0].receiver is PartyKind.SUBCONTRACTOR])
def test_what_leaves_for_a_subcontractor_is_its_items_and_our_own_fields(known: Contract) -> None:
    outside = [c.name for c in known.columns if not c.operational and c.name not in SUBCONTRACTOR_ITEMS]
    assert outside == []
    assert known.allowed(PartyKind.SUBCONTRACTOR) == known.names


@pytest.mark.parametrize("known", CONTRACTS)
def test_a_subcontractor_holds_its_items_our_own_fields_and_what_it_found_out_itself(known: Contract) -> None:
    held = set(known.allowed(PartyKind.SUBCONTRACTOR))
    own = set(known.names) if known.sender is PartyKind.SUBCONTRACTOR else set()
    assert held - own <= set(SUBCONTRACTOR_ITEMS) | OPERATIONAL
    assert held & NEVER_SUBCONTRACTOR == set()


def test_our_own_fields_are_a_closed_list_that_no_ward_delivers() -> None:
    found = {c.name: k for k in REGISTRY.values() for c in k.columns if c.operational}
    assert set(found) == OPERATIONAL
    assert [n for n, k in found.items() if k.sender is PartyKind.WARD] == []


def test_analysis_items_reach_a_subcontractor_only_for_the_grouping() -> None:
    every_other = frozenset(Work) - {Work.ANALYSIS_GROUPING}
    assert ANALYSIS_ITEMS.allowed(PartyKind.SUBCONTRACTOR, every_other) == ("inquiry_number",)
    assert ANALYSIS_ITEMS.allowed(PartyKind.SUBCONTRACTOR, {Work.ANALYSIS_GROUPING}) == ANALYSIS_ITEMS.names
    for known in REGISTRY.values():
        if known is not ANALYSIS_ITEMS:
            assert known.allowed(PartyKind.SUBCONTRACTOR, frozenset(Work)) == known.allowed(PartyKind.SUBCONTRACTOR)


def test_only_items_approved_for_the_year_may_come_beside_the_key() -> None:
    assert CHECKUP_RESULTS.permitted({"bmi", "hba1c", "no_such_item"}) == (
        "inquiry_number", "exam_date", "bmi", "hba1c",
    )  # fmt: skip
    assert TARGET_LIST.permitted(()) == TARGET_LIST.names


def test_a_projection_keeps_what_the_holder_may_hold_and_refuses_anything_else() -> None:
    frame = pd.DataFrame({name: ["x"] for name in reversed(TARGET_LIST.names)})
    assert tuple(project(frame, TARGET_LIST, PartyKind.SUBCONTRACTOR).columns) == SUBCONTRACTOR_ITEMS
    assert tuple(project(frame, TARGET_LIST, PartyKind.CONTRACTOR).columns) == TARGET_LIST.names
    for wrong in (frame.assign(head_of_household="x"), frame.drop(columns="address")):
        with pytest.raises(KanshoError, match="CONTRACT-COLUMNS"):
            project(wrong, TARGET_LIST, PartyKind.SUBCONTRACTOR)


# -- the small functions -------------------------------------------------------------------------------


def test_a_column_with_editions_knows_every_code_and_the_newest_item_first() -> None:
    old = Edition("甲", (("1", "はい"), ("2", "いいえ")), ("9N000000000000011",), until=2009)
    new = Edition("乙", (("1", "毎日"), ("3", "なし")), ("9N001000000000011",), since=2010)
    column = edited(Column("q", "乙", "code", aliases=("甲",)), old, new)
    assert column.codes == ("1", "2", "3")
    assert column.jlac10 == ("9N001000000000011", "9N000000000000011")
    assert column.labels_in(2009) == {"1": "はい", "2": "いいえ"}
    assert column.labels_in(2010) == {"1": "毎日", "3": "なし"}


def test_a_column_outside_its_years_has_no_codes() -> None:
    column = replace(coded(Column("q", "問", "code"), {"1": "はい"}), since=2018, until=2023)
    assert [column.labels_in(year) for year in (2017, 2018, 2023, 2024)] == [{}, {"1": "はい"}, {"1": "はい"}, {}]


@given(st.sampled_from(HEADINGS), st.data())
def test_a_heading_written_in_another_width_case_or_with_blanks_still_means_its_column(
    chosen: tuple[Contract, Column, str], data: st.DataObject
) -> None:
    known, column, heading = chosen
    written = "".join(
        data.draw(st.sampled_from(_ways(c))) + data.draw(st.sampled_from(("", "　", " "))) for c in heading
    )
    assert meanings(known)[fold(written)] == {column.name}
    assert fold(fold(written)) == fold(written)


def _ways(char: str) -> list[str]:
    """A character as it is, in the other case, and in full width where there is one."""
    plain = unicodedata.normalize("NFKC", char)
    cases = [char, *(c for c in (char.upper(), char.lower()) if len(c) == 1)]
    return [*cases, chr(ord(plain) + 0xFEE0)] if len(plain) == 1 and "!" <= plain <= "~" else cases


# -- the synthetic data --------------------------------------------------------------------------------


def test_the_population_is_the_target_list_and_the_analysis_items_and_nothing_else(mini: CampaignConfig) -> None:
    own = {"household", "history"}  # of the simulation: never delivered
    found = set(build(mini, 30, 1).people.columns)
    assert found - own == {*TARGET_LIST.names, *ANALYSIS_ITEMS.names}
    assert own <= found


def test_codes_and_ranges_of_the_population_are_those_of_the_contracts(mini: CampaignConfig) -> None:
    people = build(mini, 400, 1).people
    for column in {c.name: c for c in (*TARGET_LIST.columns, *ANALYSIS_ITEMS.columns)}.values():
        values = people[column.name].dropna()
        if column.codes:
            assert set(values) <= set(column.codes), column.name
        if column.low is not None and column.high is not None:
            assert values.astype(float).between(column.low, column.high).all(), column.name
        if column.pattern:
            assert values.str.fullmatch(column.pattern).all(), column.name


def test_what_the_synthetic_ward_delivers_has_exactly_the_columns_of_its_contract(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    World.open(mini, tmp_path, 60, 1, mishaps=False).advance(mini.deliveries[3].on)
    seen = set()
    for path in sorted((tmp_path / "ward" / "outgoing").rglob("cover_note.json")):
        folder = path.parent
        note = json.loads(path.read_text(encoding="utf-8"))
        with pyzipper.AESZipFile(folder / "sealed.zip") as archive:
            archive.setpassword((tmp_path / "ward" / "passwords" / f"{folder.name}.txt").read_bytes())
            for announced in note["files"]:
                header = next(csv.reader(io.StringIO(archive.read(announced["name"]).decode("cp932"))))
                known = contract(announced["kind"])
                found = [meanings(known)[fold(cell)] for cell in header]
                assert sorted(found, key=sorted) == sorted(
                    ({name} for name in known.permitted(mini.approved_analysis_items)), key=sorted
                )
                seen.add(known.kind)
    assert seen == {"target_list", "analysis_items", "stop_list", "attendance_update"}


# -- the page and the command line ---------------------------------------------------------------------


def test_the_reference_page_says_what_the_registry_says() -> None:
    docs.check_page()


@pytest.mark.parametrize("known", CONTRACTS)
def test_the_page_tells_of_every_column_its_headings_codes_and_items(known: Contract) -> None:
    page = docs.render()
    section = page[page.index(f'<a id="{known.kind}">') :].split("<a id=", 2)[1]
    rows = {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}
    assert tuple(rows) == known.names
    for column in known.columns:
        wanted = [*column.headings, column.type, column.clause, column.unit, *column.jlac10]
        assert [w for w in wanted if w not in rows[column.name]] == []
        assert [label for label in column.labels if label not in section] == []
        cells = re.split(r"(?<!\\)\|", rows[column.name])
        assert ("丙" in cells[8]) == (PartyKind.SUBCONTRACTOR in column.holders or bool(column.works))
        assert cells[7].strip() == ("可" if column.nullable else "不可")


def test_every_row_of_a_table_on_the_page_has_as_many_cells_as_its_heading() -> None:
    width = 0
    for line in docs.render().splitlines():
        cells = len(re.split(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not width or not cells or cells == width
        width = cells


def test_a_page_that_drifted_or_is_missing_fails_and_can_be_written_again(tmp_path: Path) -> None:
    page = tmp_path / "contracts.md"
    with pytest.raises(KanshoError, match="CONTRACT-DOCS"):
        docs.check_page(page)
    docs.write_page(page)
    docs.check_page(page)
    page.write_text(page.read_text(encoding="utf-8").replace("甲乙丙", "甲乙", 1), encoding="utf-8")
    with pytest.raises(KanshoError, match="CONTRACT-DOCS"):
        docs.check_page(page)


def test_the_command_line_lists_kinds_and_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", "show"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(REGISTRY)
    assert main(["contracts", "show", "checkup_results"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(CHECKUP_RESULTS.names)
    assert "[–2023] 1 毎日、2 時々" in next(line for line in lines if line.startswith("q18"))


def test_the_command_line_shows_the_columns_and_codes_of_a_fiscal_year(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", "show", "checkup_results", "--year", "2023", "--json"]) == 0
    columns = {c["name"]: c for c in json.loads(capsys.readouterr().out)["columns"]}
    assert "tg_casual" not in columns
    assert [set(e["labels"]) for e in columns["q19"]["codes"]] == [{"1", "2", "3", "4"}]
    assert main(["contracts", "show", "checkup_results", "--year", "2024"]) == 0
    shown = capsys.readouterr().out
    assert "\ntg_casual" in shown
    assert "5 5合以上" in shown


def test_the_command_line_refuses_an_unknown_kind_and_checks_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", "show", "household_list"]) == 1
    assert "CONTRACT-UNKNOWN" in capsys.readouterr().err
    assert main(["contracts", "docs", "--check"]) == 0
    capsys.readouterr()
    assert main(["contracts", "docs"]) == 0
    assert capsys.readouterr().out == docs.render()
