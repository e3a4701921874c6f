"""CSV and its kin: text with a delimiter into text columns.

Belongs here: control characters, delimiter, the split into header and data, and the two parsers.  Does not belong
here: encodings (`encoding`), widths and lengths (`structure`, `rows`), what a heading means (`header`).

Ordinary files go through pyarrow's parser, which reads them exactly as Python's strict ``csv`` would (`structure` makes
sure); a file with quotes inside unquoted cells goes through that one, which is slower.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv

from kansho.errors import KanshoError
from kansho.intake.reading.rows import Body, collect
from kansho.intake.reading.structure import Walk, walk

DELIMITERS = {",": "comma", "\t": "tab"}
#: Control and header rows are longer in no real file.
_MAX_HEAD = 1 << 20
#: Bytes the parser takes at a time: a row must fit, and small pieces stay in the processor's cache.
_BLOCK = 1 << 22
#: C0 without tab and line ends, and DEL; C1 as UTF-8 writes it.
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + rb"]|\xc2[\x80-\x9f]")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
#: What else stands between cells in files that are no CSV.
_OTHER_DELIMITERS = re.compile(r"[;:|、，；｜ 　]")
#: The end-of-file character of mainframes and CP/M, and what may follow it.
_EOF = 0x1A
_TOKEN = re.compile(rb'"|\r\n|\r|\n')


@dataclass(frozen=True)
class Text:
    """A delimited text whose first rows are read; the data begins at the byte ``start``."""

    kind: str
    buffer: memoryview
    heads: list[list[str]]
    start: int
    delimiter: str

    def body(self, width: int, *, total_row: bool) -> Body:
        """The data as columns.

        Raises:
            KanshoError: ``INTAKE-ROW``, ``INTAKE-CELL``, ``INTAKE-CSV``.
        """
        first = len(self.heads) + 1
        found = walk(self.buffer, self.start, width, self.delimiter, first, self.kind)
        if not found.regular or bytes(self.buffer[self.start : self.start + len(BOM_UTF8)]) == BOM_UTF8:
            # the fast parser would take a mark inside the file for the mark of the file, and take it off a cell
            lines = _strict(self.buffer[self.start :], self.delimiter, self.kind, first)
            return collect(lines, width, first, self.kind, total_row=total_row)
        if not total_row:
            found.refuse_odd()
            return Body(self._parsed(found, found.end, width), first, None, found.blank_lines)
        number = first + found.rows - 1
        total = next(_strict(self.buffer[found.last : found.end], self.delimiter, self.kind, number), None)
        return Body(self._parsed(found, found.last, width), first, total, found.blank_lines)

    def _parsed(self, found: Walk, stop: int, width: int) -> list[pa.ChunkedArray]:
        """The fast parser over the bytes of the data; empty cells come missing."""
        text_type = pa.string()  # no block is so large that it needs more; `finish` widens column by column
        if stop <= self.start:
            return [pa.chunked_array([], text_type) for _ in range(width)]
        names = [str(at) for at in range(width)]
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(pa.py_buffer(self.buffer[self.start : stop])),
                pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK),
                pyarrow.csv.ParseOptions(
                    delimiter=self.delimiter,
                    quote_char='"' if found.quotes else False,
                    newlines_in_values=found.breaks,
                    ignore_empty_lines=width > 1,
                ),
                pyarrow.csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(names, text_type),
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    null_values=[""],
                ),
            )
        except pa.ArrowInvalid:
            raise _not_csv(self.kind, found.first_row) from None
        return list(table.columns)


def open_text(buffer: memoryview, heads: int, kind: str, known: Callable[[Sequence[str]], int]) -> Text:
    """Check the characters, find the delimiter in the header row, and read the first ``heads`` rows.

    ``known`` counts how many of a row's cells are headings of the contract: the delimiter is the one of comma and tab
    that makes more of them, then the one that makes more cells.

    Raises:
        KanshoError: ``INTAKE-CSV`` for control characters, quotes that do not fit, and another delimiter.
    """
    buffer = _without_eof(buffer)
    _refuse_controls(buffer, kind)
    ends = _row_ends(buffer, heads, kind)
    start = ends[-1] if ends else 0
    readable = {d: rows for d in DELIMITERS if (rows := _readable(buffer[:start], d, heads)) is not None}
    if not readable:
        _refuse_other_delimiter([bytes(buffer[:start]).decode().replace('"', "")], kind, known)
        raise _not_csv(kind, max(len(ends), 1))
    best = max(readable, key=lambda d: (known(readable[d][-1]), len(readable[d][-1]))) if start else ","
    if start:
        _refuse_other_delimiter(readable[best][-1], kind, known)
    return Text(kind, buffer, readable[best], start, best)


def _refuse_other_delimiter(header: Sequence[str], kind: str, known: Callable[[Sequence[str]], int]) -> None:
    """One cell that is a row of our headings: told as what it is, not as a column that nobody agreed on."""
    if len(header) == 1 and not known(header) and known(_OTHER_DELIMITERS.split(header[0])):
        raise KanshoError(
            "INTAKE-CSV",
            "区切り文字がカンマでもタブでもありません",
            place=kind,
            remedy="カンマ区切りで作り直して再提供",
        )


def _readable(head: memoryview, delimiter: str, heads: int) -> list[list[str]] | None:
    """The first rows by that delimiter; None when quotes do not fit it.

    A quote inside a cell makes more rows of them than were looked for: what follows the header would be taken for it.
    """
    try:
        rows = list(_strict(head, delimiter, "", 1))
    except KanshoError:
        return None
    return rows if len(rows) <= heads else None


def head_cells(text: str, row: int) -> list[str]:
    """Cells of that row (from 0) by comma and by tab alike, to look for headings in a text of doubtful encoding."""
    lines = re.split(r"\r\n|\r|\n", text, maxsplit=row + 1)
    return [cell.strip(' "　') for cell in re.split("[,\t]", lines[row])] if len(lines) > row else []


def _without_eof(buffer: memoryview) -> memoryview:
    end = len(buffer)
    while end and buffer[end - 1] == _EOF:
        end -= 1
    return buffer[:end]


def _refuse_controls(buffer: memoryview, kind: str) -> None:
    for at in range(0, len(buffer), _MAX_HEAD):
        piece = bytes(buffer[at : at + _MAX_HEAD + 1])  # one byte over: C1 is two bytes long
        if len(piece.translate(None, _CONTROLS)) != len(piece) or _C1.search(piece):
            found = _CONTROL.search(piece)
            offset = at + (found.start() if found else 0)
            row = max(_count(buffer, end, offset) for end in (b"\n", b"\r"))
            raise KanshoError(
                "INTAKE-CSV",
                "表の中に使えない文字（制御文字）があります",
                place=f"{kind}:{row + 1}行目",
                remedy="CSV を作り直して再提供",
            )


def _count(buffer: memoryview, byte: bytes, stop: int) -> int:
    return sum(bytes(buffer[at : min(at + _MAX_HEAD, stop)]).count(byte) for at in range(0, stop, _MAX_HEAD))


def _row_ends(buffer: memoryview, rows: int, kind: str) -> list[int]:
    """The bytes behind the first rows; fewer when the text has fewer."""
    ends: list[int] = []
    inside = False
    for token in _TOKEN.finditer(buffer[:_MAX_HEAD]):
        if token.group() == b'"':
            inside = not inside
        elif not inside:
            ends.append(token.end())
            if len(ends) == rows:
                return ends
    if len(buffer) > _MAX_HEAD:
        raise KanshoError(
            "INTAKE-CSV",
            "見出しの行が終わりません",
            place=f"{kind}:{len(ends) + 1}行目",
            remedy="改行を確認し、CSV を作り直して再提供",
        )
    return [*ends, len(buffer)] if len(buffer) > (ends[-1] if ends else 0) else ends


def _strict(buffer: memoryview, delimiter: str, kind: str, first_row: int) -> Iterator[list[str]]:
    """Rows as Python's strict reader gives them, the first of that number; an empty line is an empty row."""
    number = first_row
    lines = io.TextIOWrapper(pa.BufferReader(pa.py_buffer(buffer)), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield row
            number += 1
    except csv.Error as error:
        if "field limit" in str(error):
            raise KanshoError(
                "INTAKE-CELL",
                "長すぎるセルがあります",
                place=f"{kind}:{number}行目",
                remedy="引用符の閉じ忘れがないか確認し、訂正して再提供",
            ) from None
        raise _not_csv(kind, number) from None


def _not_csv(kind: str, row: int) -> KanshoError:
    return KanshoError(
        "INTAKE-CSV",
        "CSV として読めません",
        place=f"{kind}:{row}行目",
        remedy="引用符を確認し、CSV を作り直して再提供",
    )
