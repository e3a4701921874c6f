"""A workbook (xlsx, no longer protected) into text columns.

Belongs here: the caps, the one sheet with data, and its rows.  Does not belong here: the password (containers), the
text of a cell (`cells`).  A sheet that nobody sees is no place for personal data: hidden ones are refused.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import openpyxl
from openpyxl.worksheet._reader import WorkSheetParser

from kansho.campaign.config import Mapping
from kansho.errors import KanshoError
from kansho.intake.reading.cells import Cells, refused
from kansho.intake.reading.header import Expected, assign
from kansho.intake.reading.rows import MAX_COLUMNS, Body, Row, collect, wrong_width

#: A zip, and the container of protected and old workbooks, which are refused.
_MAGIC = (b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"))
#: What a workbook may inflate to, in bytes and in times its size.
_MAX_BYTES = 2 * 1024**3
_MAX_RATIO = 200
_RATIO_FLOOR = 4 * 1024**2
#: Rows of a sheet; a larger number in a file would be walked up to, row by row.
_MAX_ROWS = 1_048_576
#: Whatever a part is called, it is parsed when the workbook says so; before its first element nothing is declared
#: (a document type could define entities; UTF-16 could hide one).
_IS_XML = re.compile(rb"\s*<|\xef\xbb\xbf|\xff\xfe|\xfe\xff|\x00<")
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<\?[^>\x00]*\?>)*<[A-Za-z_][^\x00]*\Z")
_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REMEDY = "Excel で保存し直して再提供"

#: Number of the row, and value and type of each cell that has one, by position from 0.
_Sparse = tuple[int, dict[int, tuple[Any, str]]]


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are of a workbook, or of one that is protected or of the old form."""
    return data.startswith(_MAGIC)


@dataclass(frozen=True)
class Sheet:
    """The sheet with data; its first rows are read, the others come from ``rows``."""

    heads: list[list[str]]
    rows: Iterator[_Sparse]
    want: Expected
    mapping: Mapping
    epoch: datetime

    def body(self, width: int, *, total_row: bool) -> Body:
        """The data as columns.

        Raises:
            KanshoError: ``INTAKE-XLSX``, ``INTAKE-ZEROS``, ``INTAKE-ROW``, ``INTAKE-CELL``.
        """
        kind, first = self.want.kind, len(self.heads) + 1
        names = assign(self.heads[-1], self.want).names
        cells = Cells(kind, [self.want.columns[n] if n else None for n in names], self.mapping.codes, self.epoch)
        last = Cells(kind, [], {}, self.epoch) if total_row else cells
        with _as_refusal(kind):
            lines = _lines(self.rows, width, cells, last)
            body = collect(lines, width, first, kind, total_row=total_row)
        cells.refuse_zeros()
        return body


def open_sheet(data: bytes, heads: int, want: Expected, mapping: Mapping) -> Sheet:
    """Find the sheet with data and read its first ``heads`` rows.

    Raises:
        KanshoError: ``INTAKE-XLSX`` for a workbook that cannot be read, has several sheets with data or a hidden one;
            ``INTAKE-BOMB`` for one that inflates without measure.
    """
    kind = want.kind
    with _as_refusal(kind):
        _check_parts(data, kind)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = _only_sheet(book, kind)
        rows = iter(()) if sheet is None else _rows(book, sheet, kind)
        plain = Cells(kind, [], {}, book.epoch)
        first = [[cell or "" for cell in _dense(row, 0, plain)] for row in islice(rows, heads)]
    return Sheet(first, rows, want, mapping, book.epoch)


@contextmanager
def _as_refusal(kind: str) -> Iterator[None]:
    """Whatever the library fails with is a workbook that cannot be read.

    Its warnings quote values, and it prints numbers of styles that are not there: neither is told.
    """
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    except (KanshoError, MemoryError):
        raise
    except Exception:
        raise refused("ブックとして読めません", kind, _REMEDY) from None


def _check_parts(data: bytes, kind: str) -> None:
    if not data.startswith(b"PK"):
        raise refused("保護された、または旧形式のブックです", kind, "保護を外した xlsx 形式で再提供")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        size = sum(part.file_size for part in parts.infolist())
        if size > _MAX_BYTES or (size > _RATIO_FLOOR and size > _MAX_RATIO * len(data)):
            raise KanshoError(
                "INTAKE-BOMB", "ブックの展開後の大きさが上限を超えます", place=kind, remedy="表を分けて再提供"
            )
        for part in parts.infolist():
            with parts.open(part) as text:
                head = text.read(4096)
            parsed = part.filename.endswith((".xml", ".rels")) or _IS_XML.match(head)
            if parsed and not _PROLOG.match(head):
                raise refused("ブックの中に使えない宣言があります", kind, _REMEDY)


def _only_sheet(book: Any, kind: str) -> Any | None:
    """The one visible sheet with values, None when no sheet has any."""
    filled = [s for s in book.worksheets if any(cells for _, cells in _rows(book, s, kind))]
    if book.chartsheets:
        raise refused("グラフだけのシートがあります", kind, "データのシートだけにして再提供")
    if len(filled) > 1:
        raise refused("データのあるシートが複数あります", kind, "一つのファイルに一つの表だけを入れて再提供")
    if filled and filled[0].sheet_state != "visible":
        raise refused("非表示のシートにデータがあります", kind, "シートを表示または削除して再提供")
    return filled[0] if filled else None


class _Parser(WorkSheetParser):
    """openpyxl's parser that also tells a formula whose result is not stored (data type ``?``)."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        # An empty text as a result is told by its type.
        if cell["value"] is None and element.find(f"{_SPACE}f") is not None and element.get("t") != "str":
            cell |= {"value": "", "data_type": "?"}
        return cell


def _rows(book: Any, sheet: Any, kind: str) -> Iterator[_Sparse]:
    """Every row in order, those that the sheet leaves out as empty ones.

    openpyxl's own walk silently leaves out rows that come out of order; merged cells, of which it keeps the first,
    and columns beyond any table are refused with them.
    """
    with sheet._get_source() as source:
        parser = _Parser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        expected = 1
        for number, cells in parser.parse():
            if not expected <= number <= _MAX_ROWS:
                raise refused("行の順序が乱れたシートです", f"{kind}:{expected}行目", _REMEDY)
            for missing in range(expected, number):
                yield missing, {}
            expected = number + 1
            found = {c["column"] - 1: (c["value"], c["data_type"]) for c in cells if c["value"] is not None}
            if found and max(found) >= MAX_COLUMNS:
                raise wrong_width(number, kind)
            yield number, found
        if parser.merged_cells is not None and parser.merged_cells.mergeCell:
            first = parser.merged_cells.mergeCell[0]
            raise refused(
                "結合されたセルがあります", f"{kind}:{first.min_row}行目:{first.min_col}列目", "結合を解除して再提供"
            )


def _lines(rows: Iterator[_Sparse], width: int, cells: Cells, last: Cells) -> Iterator[Row]:
    """Rows as text, as wide as the header or wider, empty ones as ``[]``; ``last`` turns the last row into text."""
    held: _Sparse | None = None
    blank = 0
    for row in rows:
        if not row[1]:
            blank += 1
            continue
        if held is not None:
            yield _dense(held, width, cells)
        yield from ([] for _ in range(blank))
        held, blank = row, 0
    if held is not None:
        yield _dense(held, width, last)
    yield from ([] for _ in range(blank))


def _dense(row: _Sparse, width: int, cells: Cells) -> list[str | None]:
    number, found = row
    line: list[str | None] = [None] * max(width, max(found, default=-1) + 1)
    for at, (value, data_type) in found.items():
        line[at] = cells.text(value, data_type, number, at)
    return line
