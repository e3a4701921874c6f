"""Workbooks: what a spreadsheet has kept is read, what it has changed is refused with its place."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from kansho.campaign.config import CampaignConfig
from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import PHONE_PATTERN, REGISTRY
from kansho.errors import KanshoError
from kansho.intake.reading import workbook as reader
from kansho.intake.reading.cells import zeros_eaten
from tests.unit.reading import GOOD, STOP_HEADER, cells, read, ward, workbook

READ = [("3000-0000-03", "1", None), ("3000-0001-01", "2", "2027-09-30")]
N = "3000-0002-09"


def test_a_workbook_reads_as_the_csv_does(mini: CampaignConfig) -> None:
    found = read(workbook([STOP_HEADER, *GOOD]), mini)
    assert cells(found.frame) == READ
    assert [str(t) for t in found.frame.dtypes] == ["str"] * 3
    assert found.codes == {"form": "xlsx", "encoding": "xlsx", "layout": "plain"}
    assert found.counts["rows"] == 2


#: A cell of a column that holds numbers → its text.
NUMBERS: list[tuple[Any, str | None]] = [
    (12, "12"),
    (12.0, "12"),
    (23.4, "23.4"),
    (0.1 + 0.2, "0.3"),
    (1e-7, "0.0000001"),
    (-3, "-3"),
    (123456789012345, "123456789012345"),
    ("001", "001"),
    ("　x ", "x"),
    ("a\nb", "a\nb"),
    ("a\r\nb", "a\r\nb"),
    ("_x0041_", "_x0041_"),
    ("=1+1", "=1+1"),
    (None, None),
    ("", None),
]


@pytest.fixture
def notes(mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch) -> CampaignConfig:
    """A contract of a number, a free text and a day."""
    columns = (Column("inquiry_number", "番号"), Column("note", "備考"), Column("day", "日", "date"))
    monkeypatch.setitem(REGISTRY, "stop_list", Contract("stop_list", "", columns, ("inquiry_number",), "D1"))
    return mini


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_a_cell_becomes_the_text_that_was_meant(notes: CampaignConfig, value: Any, text: str | None) -> None:
    found = read(workbook([("番号", "備考", "日"), ("a", value, None)]), notes)
    assert cells(found.frame) == [("a", text, None)]


@pytest.mark.parametrize(
    ("value", "format_", "text"),
    [
        (date(2027, 9, 30), "yyyy/m/d", "2027-09-30"),
        (date(2027, 9, 30), '[$-411]ggge"年"m"月"d"日"', "2027-09-30"),
        (46660, "0", "2027-09-30"),
        (46660.0, "General", "2027-09-30"),
        (20270930, "0", "20270930"),
        (5090930, "0", "5090930"),
        (datetime(2027, 9, 30, 12, 30), "yyyy/m/d h:mm", "2027-09-30 12:30:00"),
        ("令和9年9月30日", "@", "令和9年9月30日"),
    ],
)
def test_days_come_as_cells_of_a_date_or_as_serial_numbers(
    notes: CampaignConfig, value: Any, format_: str, text: str
) -> None:
    data = workbook([("番号", "備考", "日"), ("a", "b", value)], formats={2: format_})
    assert read(data, notes).frame["day"].tolist() == [text]


def test_serial_numbers_of_the_other_calendar_are_read_by_it(notes: CampaignConfig) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["番号", "備考", "日"])
    sheet.write_row(1, 0, ["a", "b", 46660 - 1462])
    book.close()
    assert read(buffer.getvalue(), notes).frame["day"].tolist() == ["2027-09-30"]


def _sheet(change: Callable[[Any], None]) -> bytes:
    """A good stop list that openpyxl then changes."""
    book = openpyxl.load_workbook(io.BytesIO(workbook([STOP_HEADER, *GOOD])))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _set(place: str, value: Any, format_: str | None = None) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book.active[place] = value
        if format_:
            book.active[place].number_format = format_

    return change


def _second(state: str, value: Any) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        sheet = book.create_sheet("控え")
        sheet["B7"] = value
        sheet.sheet_state = state

    return change


def _hide_all(book: Any) -> None:
    book.create_sheet("空")
    book.active.sheet_state = "hidden"
    book.active = 1


def _error(book: Any) -> None:
    book.active["C3"].value = "#N/A"
    book.active["C3"].data_type = "e"


REFUSED: list[tuple[str, Callable[[Any], None], str, str]] = [
    ("a control character", _set("C3", "a_x0007_b"), "INTAKE-XLSX", "3行目:3列目"),
    ("a truth value", _set("C3", True), "INTAKE-XLSX", "3行目:3列目"),
    ("an error", _error, "INTAKE-XLSX", "3行目:3列目"),
    ("a formula never calculated", _set("C2", "=A2"), "INTAKE-XLSX", "2行目:3列目"),
    ("a time", _set("C2", time(9, 30)), "INTAKE-XLSX", "2行目:3列目"),
    ("a number that became a date", _set("A2", datetime(2027, 1, 2), "m/d"), "INTAKE-XLSX", "2行目:1列目"),
    ("a day before days", _set("C2", -3, "yyyy/m/d"), "INTAKE-XLSX", "2行目:3列目"),
    ("sixteen digits", _set("A2", 1234567890123456), "INTAKE-XLSX", "2行目:1列目"),
    ("a second sheet with data", _second("visible", "x"), "INTAKE-XLSX", ""),
    ("a hidden sheet with data", _second("hidden", "x"), "INTAKE-XLSX", ""),
    ("a very hidden sheet with data", _second("veryHidden", 0), "INTAKE-XLSX", ""),
    ("the only sheet hidden", _hide_all, "INTAKE-XLSX", ""),
    ("a sheet with a chart alone", lambda book: book.create_chartsheet("図"), "INTAKE-XLSX", ""),
    ("merged cells", lambda book: book.active.merge_cells("B2:B3"), "INTAKE-XLSX", "2行目:2列目"),
    ("an empty row between", _set("A5", N), "INTAKE-ROW", "4行目"),
    ("a value beside the table", _set("E3", "x"), "INTAKE-ROW", "3行目"),
    ("a value far beside the table", _set("XFD3", "x"), "INTAKE-ROW", "3行目"),
    ("a column too many", _set("D1", "世帯主"), "INTAKE-COLUMN-FORBIDDEN", "4列目"),
    ("a total row", _set("A4", "合計"), "INTAKE-ROW", "4行目"),
    ("a cell too long", _set("C3", "x" * 10_001), "INTAKE-CELL", "3行目:3列目"),
    ("an individual number", _set("C3", 123456789018), "INTAKE-MYNUMBER", "3行目"),
    ("nothing", lambda book: book.active.delete_rows(1, 9), "INTAKE-COLUMN-MISSING", ""),
]


@pytest.mark.parametrize(("change", "code", "place"), [pytest.param(*r[1:], id=r[0]) for r in REFUSED])
def test_is_refused_at_its_place(mini: CampaignConfig, change: Callable[[Any], None], code: str, place: str) -> None:
    with pytest.raises(KanshoError) as caught:
        read(_sheet(change), mini)
    assert (caught.value.code, caught.value.place) == (code, f"stop_list:{place}" if place else "stop_list")
    assert caught.value.remedy


@pytest.mark.parametrize(
    "change",
    [
        lambda book: book.create_sheet("空"),
        _second("hidden", None),
        _set("C9", None),
        _set("A1", " お問い合わせ番号　"),
        lambda book: setattr(book.active, "title", "令和９年度"),
    ],
)
def test_what_says_nothing_is_tolerated(mini: CampaignConfig, change: Callable[[Any], None]) -> None:
    assert cells(read(_sheet(change), mini).frame) == READ


def test_a_formula_with_its_result_is_its_result(notes: CampaignConfig) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["番号", "備考", "日"])
    sheet.write_formula(1, 0, '="a"&"b"', None, "ab")
    sheet.write_formula(1, 2, "=1+46659", None, 46660)
    book.close()
    found = read(buffer.getvalue(), notes)
    assert cells(found.frame) == [("ab", None, "2027-09-30")]


def test_a_formula_whose_result_is_empty_is_empty(mini: CampaignConfig) -> None:
    cell = b'<c r="C2" t="str"><f>""</f><v></v></c></row><row r="3"'
    assert cells(read(_in_sheet(b'</row><row r="3"', cell), mini).frame) == READ


def test_zeros_that_a_number_ate_are_counted_not_restored(mini: CampaignConfig) -> None:
    from tests.deliveries import numbers, person

    header = REGISTRY["target_list"].headers
    rows: list[list[Any]] = [list(person(n, outreach_result="01").values()) for n in numbers(3)]
    place = {name: at for at, name in enumerate(REGISTRY["target_list"].names)}
    rows[0][place["postal_code"]] = 600022
    rows[2][place["postal_code"]] = 1300001
    rows[1][place["phone"]] = 312345678
    rows[1][place["screening_kinds"]] = 3
    rows[2][place["age_at_year_end"]] = 50
    rows[2][place["outreach_result"]] = 11
    rows[2][place["sex"]] = 2
    with pytest.raises(KanshoError, match="INTAKE-ZEROS") as caught:
        read(workbook([header, *rows]), mini, "target_list")
    assert caught.value.place == "target_list:1、9、11列目"
    assert "郵便番号 1件、電話番号 1件、がん検診票の種類 1件" in caught.value.message
    assert "600022" not in caught.value.text


@pytest.mark.parametrize(
    ("column", "ward_codes", "number", "eaten"),
    [
        (Column("a", "a", pattern=r"[0-9]{3}-[0-9]{4}"), (), "600022", True),
        (Column("a", "a", pattern=r"[0-9]{3}-[0-9]{4}"), (), "1600022", False),
        (Column("a", "a", pattern=r"[0-9]{3}-[0-9]{4}"), (), "16000221", False),
        (Column("a", "a", pattern=PHONE_PATTERN), (), "9012345678", True),
        (Column("a", "a", pattern=PHONE_PATTERN), (), "1", False),
        (Column("a", "a", pattern=r"[A-Z0-9-]+"), (), "1", None),
        (Column("a", "a"), (), "1", None),
        (Column("a", "a", "int"), (), "1", None),
        (Column("a", "a", "code", codes=("01", "11")), (), "1", True),
        (Column("a", "a", "code", codes=("01", "11")), (), "11", False),
        (Column("a", "a", "code", codes=("01", "11")), (), "7", False),
        (Column("a", "a", "code", codes=("01", "11")), ("1", "2"), "1", False),
        (Column("a", "a", "code", codes=("1", "2")), ("001", "002"), "1", True),
    ],
)
def test_which_numbers_lost_zeros(column: Column, ward_codes: tuple[str, ...], number: str, eaten: bool | None) -> None:
    test = zeros_eaten(column, ward_codes)
    assert (test(number) if test else None) is eaten


def test_an_announced_total_row_is_taken_off_a_sheet(mini: CampaignConfig) -> None:
    data = workbook([STOP_HEADER, *GOOD, ("合計", None, 2)])
    assert cells(read(data, ward(mini, total_row=True)).frame) == READ
    with pytest.raises(KanshoError, match="INTAKE-COUNT"):
        read(workbook([STOP_HEADER, *GOOD, ("合計", None, 3)]), ward(mini, total_row=True))


# -- the parts of a workbook -------------------------------------------------------------------


def _repacked(change: Callable[[str, bytes], bytes | None]) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([STOP_HEADER, *GOOD]))) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return buffer.getvalue()


def _in_sheet(old: bytes, new: bytes) -> bytes:
    return _repacked(lambda name, data: data.replace(old, new) if name.startswith("xl/worksheets/") else data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04", "INTAKE-XLSX"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "INTAKE-XLSX"),
        (workbook([STOP_HEADER, *GOOD])[:-30], "INTAKE-XLSX"),
        (_repacked(lambda name, data: None if name == "xl/workbook.xml" else data), "INTAKE-XLSX"),
        (_repacked(lambda name, data: data[:-9] if "sheet1" in name else data), "INTAKE-XLSX"),
        (_in_sheet(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'), "INTAKE-XLSX"),
        (_in_sheet(b"<worksheet", b"<!--" + b"x" * 5000 + b"--><!DOCTYPE x><worksheet"), "INTAKE-XLSX"),
        (_in_sheet(b'<row r="3"', b'<row r="1"'), "INTAKE-XLSX"),
        (_in_sheet(b'<row r="3"', b'<row r="99999999999"'), "INTAKE-XLSX"),
        (_in_sheet(b"<v>0</v>", b"<v>99</v>"), "INTAKE-XLSX"),
        (_in_sheet(b"</sheetData>", b"</sheetData>" + b" " * 50_000_000), "INTAKE-BOMB"),
    ],
)
def test_a_spoiled_workbook_is_refused(mini: CampaignConfig, data: bytes, code: str) -> None:
    with pytest.raises(KanshoError) as caught:
        read(data, mini)
    assert caught.value.code == code


def test_a_workbook_says_nothing_on_the_way(mini: CampaignConfig, capsys: pytest.CaptureFixture[str]) -> None:
    styled = _repacked(lambda name, data: data.replace(b'xfId="0"', b'xfId="7777"') if "styles" in name else data)
    marked = _in_sheet(b'<c r="A2" t="s">', b'<c r="A2" s="7777" t="s">')
    for data in (styled, marked):
        with suppress(KanshoError):
            read(data, mini)
    assert capsys.readouterr() == ("", "")


def test_what_inflates_beyond_the_cap_is_not_opened(mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_MAX_BYTES", 1000)
    with pytest.raises(KanshoError, match="INTAKE-BOMB"):
        read(workbook([STOP_HEADER, *GOOD]), mini)
