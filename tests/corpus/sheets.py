"""Deliveries with a workbook that cannot be read, or whose cells a spreadsheet has changed."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from datetime import datetime, time
from typing import Any

import openpyxl
import xlsxwriter

from kansho.contracts.registry import REGISTRY
from tests.corpus.model import Refused, Spoil, as_table, stored
from tests.deliveries import numbers, person
from tests.unit.reading import workbook

XLSX, ROW, BOMB = "INTAKE-XLSX", "INTAKE-ROW", "INTAKE-BOMB"
KIND = "target_list"
_HEADER = REGISTRY["target_list"].headers
_AT = {name: at for at, name in enumerate(REGISTRY["target_list"].names)}


def _good() -> bytes:
    """Three people, every cell a text."""
    return workbook([_HEADER, *(list(person(n).values()) for n in numbers(3))])


def _typed(**values: Any) -> Spoil:
    """The second person's cells hold these values, no texts."""
    rows: list[list[Any]] = [list(person(n).values()) for n in numbers(3)]
    for name, value in values.items():
        rows[1][_AT[name]] = value
    return as_table(lambda: workbook([_HEADER, *rows]), end="xlsx")


def _changed(change: Callable[[Any, Any], object]) -> Spoil:
    """The good workbook with its book and its sheet changed."""

    def make() -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(_good()))
        change(book, book.active)
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    return as_table(make, end="xlsx")


def _cell(place: str, value: Any, form: str = "General") -> Spoil:
    def change(book: Any, sheet: Any) -> None:
        sheet[place] = value
        sheet[place].number_format = form

    return _changed(change)


def _parts(change: Callable[[str, bytes], bytes | None]) -> Spoil:
    """The parts of the good workbook changed, or left out."""

    def make() -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(_good())) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                data = change(name, old.read(name))
                if data is not None:
                    new.writestr(name, data)
        return buffer.getvalue()

    return as_table(make, end="xlsx")


def _in(part: str, old: bytes, new: bytes) -> Spoil:
    def change(name: str, data: bytes) -> bytes:
        assert part not in name or old in data
        return data.replace(old, new, 1) if part in name else data

    return _parts(change)


def _error(book: Any, sheet: Any) -> None:
    sheet["J3"].value = "#REF!"
    sheet["J3"].data_type = "e"


def _second_sheet(state: str) -> Spoil:
    def change(book: Any, sheet: Any) -> None:
        other = book.create_sheet("控え")
        other["A1"] = "x"
        other.sheet_state = state

    return _changed(change)


def _hidden(book: Any, sheet: Any) -> None:
    book.create_sheet("空")
    sheet.sheet_state = "hidden"
    book.active = 1


def _with_a_chart() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet("一覧")
    sheet.write_row(0, 0, _HEADER)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=一覧!$F$2:$F$4"})
    book.add_chartsheet("図").set_chart(chart)
    book.close()
    return buffer.getvalue()


def _repeated(book: Any, sheet: Any) -> None:
    sheet["N1"] = "性別"


def _entity(name: str, data: bytes) -> bytes:
    """An entity, declared behind a comment so long that only a reader of the whole beginning sees it."""
    if "sharedStrings" not in name:
        return data
    declared = b"<!--" + b"x" * 5000 + b'--><!DOCTYPE sst [<!ENTITY a "130-0001">]><sst'
    return data.replace(b"<sst", declared, 1).replace(b"130-0001", b"&a;", 1)


# fmt: off
SHEETS = [
    Refused("a workbook of the old form", as_table(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), end="xlsx"),
            "INTAKE-NAMES", "封緘ファイル"),
    Refused("no workbook, called one", as_table(b"PK\x03\x04", end="xlsx"), "INTAKE-ARCHIVE", "封緘ファイル"),
    Refused("a workbook without its list of sheets", _parts(lambda n, b: None if n == "xl/workbook.xml" else b), XLSX,
            KIND),
    Refused("a sheet cut off", _parts(lambda n, b: b[:-9] if "sheet1" in n else b), XLSX, KIND),
    Refused("a sheet that declares an entity",
            _in("sheet1", b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'),
            XLSX, KIND),
    Refused("an entity declared behind a long comment", _parts(_entity), XLSX, KIND, heavy=True),
    Refused("texts that are not there", _in("sheet1", b"<v>0</v>", b"<v>9999</v>"), XLSX, KIND),
    Refused("rows out of order", _in("sheet1", b'<row r="3"', b'<row r="1"'), XLSX, f"{KIND}:3行目"),
    Refused("a row of the number of a hundred billion", _in("sheet1", b'<row r="3"', b'<row r="99999999999"'), XLSX,
            f"{KIND}:3行目", heavy=True),
    Refused("a sheet that inflates without end", _in("sheet1", b"</sheetData>", b"</sheetData>" + b" " * 50_000_000),
            BOMB,
            "封緘ファイル", heavy=True),
    Refused("a second sheet with data", _second_sheet("visible"), XLSX, KIND),
    Refused("a hidden sheet with data", _second_sheet("hidden"), XLSX, KIND),
    Refused("a very hidden sheet with data", _second_sheet("veryHidden"), XLSX, KIND),
    Refused("the only sheet hidden", _changed(_hidden), XLSX, KIND),
    Refused("a chart beside the table", as_table(_with_a_chart, end="xlsx"), XLSX, KIND),
    Refused("merged cells", _changed(lambda b, s: s.merge_cells("B2:B4")), XLSX, f"{KIND}:2行目:2列目"),
    Refused("a formula never calculated", _cell("F3", "=YEAR(H3)"), XLSX, f"{KIND}:3行目:6列目"),
    Refused("an error for a value", _changed(_error), XLSX, f"{KIND}:3行目:10列目"),
    Refused("a truth value", _cell("G3", True), XLSX, f"{KIND}:3行目:7列目"),
    Refused("an address that became a date", _cell("C3", datetime(2027, 2, 3), "m/d"), XLSX, f"{KIND}:3行目:3列目"),
    Refused("a time for a day", _cell("H3", time(9, 30), "h:mm"), XLSX, f"{KIND}:3行目:8列目"),
    Refused("a day before days", _cell("H3", -3, "yyyy/m/d"), XLSX, f"{KIND}:3行目:8列目"),
    Refused("a number that lost its digits", _typed(inquiry_number=1234567890123456), XLSX, f"{KIND}:3行目:10列目"),
    Refused("a control character", _cell("C3", "見本荘_x0007_"), XLSX, f"{KIND}:3行目:3列目"),
    Refused("telephone numbers without their zeros", _typed(phone=312345678), "INTAKE-ZEROS", f"{KIND}:9列目"),
    Refused("codes without their zeros", _typed(screening_kinds=3), "INTAKE-ZEROS", f"{KIND}:11列目"),
    Refused("a cell of ten thousand and one characters", _cell("C3", "x" * 10_001), "INTAKE-CELL",
            f"{KIND}:3行目:3列目"),
    Refused("a cell of ten million characters",
            stored(_in("sharedStrings", "見本荘".encode(), random.Random(7).randbytes(5 * 10**6).hex().encode())),
            "INTAKE-CELL",
            f"{KIND}:2行目:3列目", heavy=True),
    Refused("a value beside the table", _cell("P3", "x"), ROW, f"{KIND}:3行目"),
    Refused("a value at the right edge of the sheet", _cell("XFD3", "x"), ROW, f"{KIND}:3行目", heavy=True),
    Refused("an empty row between rows", _changed(lambda b, s: s.insert_rows(3)), ROW, f"{KIND}:3行目"),
    Refused("a heading twice in a sheet", _changed(_repeated), "INTAKE-COLUMN-TWICE", f"{KIND}:7、14列目"),
    Refused("a column too many in a sheet", _cell("N1", "家族の続柄"), "INTAKE-COLUMN-FORBIDDEN", f"{KIND}:14列目"),
    Refused("an individual number in a sheet", _typed(address_extra=123456789018), "INTAKE-MYNUMBER", f"{KIND}:3行目"),
    Refused("an empty sheet", _changed(lambda b, s: s.delete_rows(1, 9)), "INTAKE-COLUMN-MISSING", KIND),
]
# fmt: on
