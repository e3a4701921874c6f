"""Whatever our writers write reads back equal; whatever bytes come end in a table or a refusal, not a traceback."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansho.campaign.config import CampaignConfig, load_config
from kansho.errors import KanshoError
from kansho.intake.reading import delimited, structure
from kansho.intake.reading.my_number import holds_my_number
from tests.unit.reading import ENCODINGS, GOOD, STOP_HEADER, cells, read, stop_list, ward, workbook, write

#: Not a fixture: hypothesis would print it with every example.  A ward that writes as the contracts have it.
MINI = load_config(Path(__file__).resolve().parents[1] / "campaigns" / "sumida_2027.yaml").model_copy(
    update={"mappings": ()}
)

#: What CP932 and Unicode write alike: ASCII, kana of both widths, kanji, signs; with what makes CSV hard.
_CHARACTERS = st.sampled_from(list("aZ09 ,\"'\t\n;:=-　、。あンｱﾞ一髙﨑渡辺①㈱～－纊"))
_CELL = st.text(_CHARACTERS, max_size=12).map(lambda text: text.strip(" \t\n　"))
_KEY = st.text(st.sampled_from("0123456789-あ"), min_size=1, max_size=12)
_ROWS = st.lists(st.tuples(_KEY, _CELL, _CELL), max_size=8).filter(
    lambda rows: not any(holds_my_number(cell) for row in rows for cell in row)
)
_FEW: Any = settings(max_examples=60, deadline=None)


#: Rows that nearly fit: cells with quotes of every kind, well formed or not.
_WRITTEN = st.sampled_from(
    ["", "a", '""', '"a"', '"a""b"', '"a\r\nb"', '","', 'a"b', 'a""b', '"a"b', '"', " a　", '""""', "計"]
)
_LINES = st.lists(st.lists(_WRITTEN, min_size=3, max_size=3).map(",".join), max_size=5).map("\r\n".join)


def _expected(rows: list[tuple[str, str, str]]) -> list[tuple[str | None, ...]]:
    return [tuple(cell or None for cell in row) for row in rows]


@_FEW
@given(
    rows=_ROWS,
    encoding=st.sampled_from(sorted(ENCODINGS)),
    delimiter=st.sampled_from(",\t"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    tail=st.sampled_from(["", "\x1a", "\r\n\r\n"]),
)
def test_any_table_reads_back_equal(
    rows: list[tuple[str, str, str]],
    encoding: str,
    delimiter: str,
    quoting: int,
    end: str,
    tail: str,
) -> None:
    if end == "\r":  # Python's writer does not quote the other line end
        rows = [(a, b.replace("\n", "\r"), c.replace("\n", "\r")) for a, b, c in rows]
    data = write([STOP_HEADER, *rows], encoding=encoding, delimiter=delimiter, quoting=quoting, end=end)
    found = read(data + tail.encode(ENCODINGS[encoding][0]), MINI)
    assert cells(found.frame) == _expected(rows)
    assert found.codes["encoding"] == encoding.removesuffix(" without a mark")


@_FEW
@given(rows=st.lists(st.tuples(_KEY, _KEY, _KEY), max_size=6), encoding=st.sampled_from(sorted(ENCODINGS)))
def test_any_table_without_quotes_reads_back_equal(rows: list[tuple[str, str, str]], encoding: str) -> None:
    rows = [row for row in rows if not any(holds_my_number(cell) for cell in row)]
    data = write([STOP_HEADER, *rows], encoding=encoding, quoting=csv.QUOTE_NONE)
    assert cells(read(data, MINI).frame) == rows


@settings(parent=_FEW, max_examples=200)
@given(
    body=st.one_of(st.text(st.sampled_from('",\r\n a'), max_size=30), _LINES),
    rows=st.integers(0, 2),
    chunk=st.integers(1, 9),
    total_row=st.booleans(),
)
def test_the_fast_parser_and_the_strict_one_agree(body: str, rows: int, chunk: int, total_row: bool) -> None:
    data = stop_list(*GOOD[:rows]) + body.encode("cp932") + b"\r\n"
    config = ward(MINI, total_row=total_row)

    def strictly(*args: Any) -> structure.Walk:
        return structure.Walk("stop_list", 3, 2, regular=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "_CHUNK", chunk)
        fast = _result(data, config)
        patch.setattr(delimited, "walk", strictly)
        assert fast == _result(data, config)


def _result(data: bytes, config: CampaignConfig) -> object:
    """Cells and counts, or the refusal; the strict parser may meet a wrong quote before a wrong row, or behind it."""
    try:
        found = read(data, config)
    except KanshoError as error:
        return "refused" if error.code in ("INTAKE-CSV", "INTAKE-ROW") else error.text
    return cells(found.frame), found.counts


@settings(parent=_FEW, max_examples=40)
@given(rows=_ROWS)
def test_any_workbook_reads_back_equal(rows: list[tuple[str, str, str]]) -> None:
    assert cells(read(workbook([STOP_HEADER, *rows]), MINI).frame) == _expected(rows)


@settings(parent=_FEW, max_examples=150)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(KanshoError):
        read(data, MINI)


@settings(parent=_FEW, max_examples=150)
@given(
    at=st.floats(0, 1),
    junk=st.binary(min_size=1, max_size=8),
    drop=st.integers(0, 6),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    total_row=st.booleans(),
)
def test_a_spoiled_table_is_read_or_refused(
    at: float, junk: bytes, drop: int, encoding: str, quoting: int, total_row: bool
) -> None:
    data = stop_list(*GOOD, ("合計", "2", ""), encoding=encoding, quoting=quoting)
    place = int(at * len(data))
    spoiled = data[:place] + junk + data[place + drop :]
    _read_or_refused(spoiled, ward(MINI, total_row=total_row))


@settings(parent=_FEW, max_examples=60)
@given(at=st.floats(0, 1), junk=st.binary(min_size=1, max_size=8), drop=st.integers(0, 40))
def test_a_spoiled_workbook_is_read_or_refused(at: float, junk: bytes, drop: int) -> None:
    data = workbook([STOP_HEADER, *GOOD])
    place = int(at * len(data))
    _read_or_refused(data[:place] + junk + data[place + drop :], MINI)


def _read_or_refused(data: bytes, config: CampaignConfig) -> None:
    refusal: KanshoError | None = None
    try:
        columns = list(read(data, config).frame.columns)
    except KanshoError as error:
        refusal = error
    if refusal is None:
        assert columns == ["inquiry_number", "stop_kind", "until"]
    else:
        assert refusal.place
        assert refusal.remedy
