"""Delimited tables: what is tolerated is counted, what is not is refused with its place."""

from __future__ import annotations

import csv
import tracemalloc

import pandas as pd
import pyarrow as pa
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.contracts.characters import unprintable_rows
from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import REGISTRY
from kansho.errors import KanshoError
from kansho.intake.reading import delimited, structure
from kansho.intake.reading.my_number import find_my_number, holds_my_number
from tests.unit.reading import GOOD, STOP_HEADER, cells, read, stop_list, ward, write

READ = [("3000-0000-03", "1", None), ("3000-0001-01", "2", "2027-09-30")]
N = "3000-0002-09"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize(("delimiter", "name"), [(",", "comma"), ("\t", "tab")])
def test_dialects_read_the_same(mini: CampaignConfig, delimiter: str, name: str, quoting: int, end: str) -> None:
    found = read(stop_list(*GOOD, delimiter=delimiter, quoting=quoting, end=end), mini)
    assert cells(found.frame) == READ
    assert found.codes["delimiter"] == name
    assert list(found.frame.columns) == ["inquiry_number", "stop_kind", "until"]
    assert [str(t) for t in found.frame.dtypes] == ["str"] * 3


#: A third row as it stands in the file → its last cell.
CELLS = {
    'x,1,"a,b"': "a,b",
    'x,1,"a""b"': 'a"b',
    'x,1,""""': '"',
    'x,1,"a\r\nb"': "a\r\nb",
    'x,1,"a\nb"': "a\nb",
    "x,1,a\tb": "a\tb",
    'x,1,5" tall': '5" tall',
    'x,1,a""b': 'a""b',
    "x,1,  a b　": "a b",
    'x,1,"　a　"': "a",
    'x,1,""': None,
    "x,1,　 　": None,
    'x,1," "': None,
}


@pytest.mark.parametrize("line", CELLS)
def test_a_cell_is_read_as_written(mini: CampaignConfig, line: str) -> None:
    found = read(stop_list(*GOOD) + line.encode("cp932") + b"\r\n", mini)
    assert cells(found.frame) == [*READ, ("x", "1", CELLS[line])]


TOLERATED = {
    "the end-of-file character of mainframes": (stop_list(*GOOD) + b"\x1a", {}),
    "it twice": (stop_list(*GOOD) + b"\x1a\x1a", {}),
    "no line end at the end": (stop_list(*GOOD)[:-2], {}),
    "empty lines at the end": (stop_list(*GOOD) + b"\r\n\r\n", {"blank_lines": 2}),
    "empty lines and the character": (stop_list(*GOOD) + b"\r\n\x1a", {"blank_lines": 1}),
    "rows of empty cells at the end": (stop_list(*GOOD) + b',,\r\n"","",\r\n', {"empty_rows": 2}),
    "columns without heading and value": (
        write([(*STOP_HEADER, "", ""), *((*row, "", "　") for row in GOOD)]),
        {"empty_columns": 2},
    ),
    "a heading in other width and case": (stop_list(*GOOD, header=("お問い合わせ 番号", "停止区分　", " 期限")), {}),
    "another order": (write([(c, b, a) for a, b, c in (STOP_HEADER, *GOOD)]), {}),
}


@pytest.mark.parametrize("name", TOLERATED)
def test_is_tolerated_and_counted(mini: CampaignConfig, name: str) -> None:
    data, counts = TOLERATED[name]
    found = read(data, mini)
    assert cells(found.frame) == READ
    taken_off = {"blank_lines": 0, "empty_rows": 0, "empty_columns": 0, "blank_columns": 0, "total_rows": 0}
    assert found.counts == {"rows": 2, **taken_off, **counts}


REFUSED = {
    "a row too short": (stop_list(*GOOD, (N, "1")), "INTAKE-ROW", "4行目"),
    "a row too long": (stop_list((N, "1", "", ""), *GOOD), "INTAKE-ROW", "2行目"),
    "a row too short as the last, without its line end": (stop_list(*GOOD, (N,))[:-2], "INTAKE-ROW", "4行目"),
    "an empty line between rows": (stop_list(*GOOD) + b"\r\n" + write([GOOD[0]]), "INTAKE-ROW", "4行目"),
    "an empty line under the header": (stop_list() + b"\r\n" + write(GOOD), "INTAKE-ROW", "2行目"),
    "a row of empty cells between rows": (stop_list(GOOD[0], ("", "", ""), GOOD[1]), "INTAKE-ROW", "3行目"),
    "a total row nobody announced": (stop_list(*GOOD, ("合　計", "2", "")), "INTAKE-ROW", "4行目"),
    "a total row of another width": (stop_list(*GOOD, ("合計",)), "INTAKE-ROW", "4行目"),
    "text behind a closing quote": (stop_list(*GOOD) + b'"a"b,1,\r\n', "INTAKE-CSV", "4行目"),
    "a quote left open": (stop_list(*GOOD) + b'"3000,1,\r\n', "INTAKE-CSV", "4行目"),
    "a quote left open in the header": (b'"' + stop_list(*GOOD), "INTAKE-CSV", "1行目"),
    "a quote inside a heading, which would make data of the header": (
        b'x"y,1,2\r\n' + write(GOOD) + stop_list(),
        "INTAKE-CSV",
        "1行目",
    ),
    "a cell beyond the strict reader's own limit": (
        stop_list(*GOOD) + b'x,1,5" tall\r\nx,1,' + b"y" * 200_000 + b"\r\n",
        "INTAKE-CELL",
        "5行目",
    ),
    "empty columns without end": (
        write([(*STOP_HEADER, *[""] * 2000), (*GOOD[0], *[""] * 2000)]),
        "INTAKE-ROW",
        "2001列目",
    ),
    "a heading without end": (stop_list(header=(*STOP_HEADER, "結果" * 501)), "INTAKE-CELL", "4列目"),
    "a cell too long": (stop_list(GOOD[0], (N, "1", "字" * 10_001)), "INTAKE-CELL", "3行目:3列目"),
    "a quoted cell too long": (
        stop_list(GOOD[0], (N, "あ" * 10_001, ""), quoting=csv.QUOTE_ALL),
        "INTAKE-CELL",
        "3行目:2列目",
    ),
    "a first cell too long among strange quotes": (
        stop_list(GOOD[0], ("x" * 10_001, "1", "")) + b'x,1,5" tall\r\n',
        "INTAKE-CELL",
        "3行目:1列目",
    ),
    "an individual number": (stop_list(GOOD[0], (N, "1", "番号123456789018")), "INTAKE-MYNUMBER", "3行目"),
    "one in full width and groups": (stop_list((N, "1", "１２３４ ５６７８ ９０１８")), "INTAKE-MYNUMBER", "2行目"),
    "an unknown column": (stop_list(header=(*STOP_HEADER, "世帯主")), "INTAKE-COLUMN-FORBIDDEN", "4列目"),
    "an unknown column inside": (stop_list(header=("x", *STOP_HEADER, "y")), "INTAKE-COLUMN-FORBIDDEN", "1、5列目"),
    "a column without heading inside": (stop_list(header=("", *STOP_HEADER)), "INTAKE-COLUMN-FORBIDDEN", "1列目"),
    "values under no heading": (
        write([(*STOP_HEADER, ""), (*GOOD[0], "x")]),
        "INTAKE-COLUMN-FORBIDDEN",
        "4列目",
    ),
    "a column twice": (stop_list(header=(*STOP_HEADER, "期　限")), "INTAKE-COLUMN-TWICE", "3、4列目"),
    "a column missing": (stop_list(header=STOP_HEADER[:2]), "INTAKE-COLUMN-MISSING", ""),
    "semicolons": (stop_list(*GOOD, delimiter=";"), "INTAKE-CSV", ""),
    "nothing at all": (b"", "INTAKE-COLUMN-MISSING", ""),
    "line ends alone": (b"\r\n" * 50, "INTAKE-COLUMN-MISSING", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_at_its_place(mini: CampaignConfig, name: str) -> None:
    data, code, place = REFUSED[name]
    with pytest.raises(KanshoError) as caught:
        read(data, mini)
    assert (caught.value.code, caught.value.place) == (code, f"stop_list:{place}" if place else "stop_list")
    assert caught.value.remedy
    assert not any(value in caught.value.text for value in ("世帯主", "123456789018", "2027-09-30"))


@pytest.mark.parametrize("chunk", [1, 2, 5, 64])
def test_no_verdict_depends_on_where_the_walk_pauses(
    mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(structure, "_CHUNK", chunk)
    for data, code, place in REFUSED.values():
        if len(data) < 2000:
            with pytest.raises(KanshoError) as caught:
                read(data, mini)
            assert (caught.value.code, caught.value.place) == (code, f"stop_list:{place}" if place else "stop_list")
    for data, _ in TOLERATED.values():
        assert cells(read(data, mini).frame) == READ
    for line, cell in CELLS.items():
        data = stop_list(*GOOD) + line.encode("cp932") + b"\r\n"
        assert cells(read(data, mini).frame)[-1] == ("x", "1", cell)


def test_both_parsers_come_to_the_same(mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*args: object) -> structure.Walk:
        return structure.Walk("stop_list", 3, 2, regular=False)

    monkeypatch.setattr(delimited, "walk", slowly)
    for data, code, place in REFUSED.values():
        with pytest.raises(KanshoError) as caught:
            read(data, mini)
        assert (caught.value.code, caught.value.place) == (code, f"stop_list:{place}" if place else "stop_list")
    for data, counts in TOLERATED.values():
        found = read(data, mini)
        assert cells(found.frame) == READ
        assert counts.items() <= found.counts.items()


def test_a_cell_of_ten_million_characters_costs_no_memory_beyond_the_file(mini: CampaignConfig) -> None:
    data = stop_list(*GOOD, (N, "1", "x" * 10_000_000))
    tracemalloc.start()
    with pytest.raises(KanshoError, match="INTAKE-CELL"):
        read(data, mini)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(data)


def test_a_mark_inside_a_file_belongs_to_its_cell(mini: CampaignConfig) -> None:
    data = stop_list(("\ufeff" + N, "1", ""), *GOOD, encoding="utf-8-sig")
    assert cells(read(data, mini).frame) == [("\ufeff" + N, "1", None), *READ]


def test_the_longest_cell_is_read(mini: CampaignConfig) -> None:
    long = "字" * 9_998 + '""'
    for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
        found = read(stop_list((N, "1", long), quoting=quoting, encoding="utf-8"), mini)
        assert found.frame["until"].tolist() == [long]


# -- total rows --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "total",
    [
        ("合計", "2", ""),
        ("件数：2件", "", ""),
        ("計", "2"),
        ("件数", "", "2", "", ""),
        ("総件数 2",),
        ("合　計", "２", ""),
    ],
)
def test_an_announced_total_row_is_checked_and_taken_off(mini: CampaignConfig, total: tuple[str, ...]) -> None:
    for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
        found = read(stop_list(*GOOD, total, quoting=quoting) + b"\r\n\x1a", ward(mini, total_row=True))
        assert cells(found.frame) == READ
        assert found.counts["total_rows"] == 1


def test_a_total_may_have_thousands(mini: CampaignConfig) -> None:
    rows = [(f"3000-{i:04d}-00", "1", "") for i in range(1200)]
    assert len(read(stop_list(*rows, ("合計", "1,200", "")), ward(mini, total_row=True)).frame) == 1200


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([*GOOD, ("合計", "3", "")], "INTAKE-COUNT"),
        ([*GOOD, ("合計", "", "")], "INTAKE-COUNT"),
        ([*GOOD, ("合計", "9" * 5000, "")], "INTAKE-COUNT"),
        ([*GOOD], "INTAKE-COUNT"),
        ([], "INTAKE-COUNT"),
        ([GOOD[0], ("小計", "1", ""), GOOD[1], ("合計", "2", "")], "INTAKE-ROW"),
        ([("合計", "2"), *GOOD], "INTAKE-ROW"),
    ],
)
def test_a_total_row_that_does_not_fit_is_refused(mini: CampaignConfig, rows: list[tuple[str, ...]], code: str) -> None:
    with pytest.raises(KanshoError, match=code):
        read(stop_list(*rows), ward(mini, total_row=True))


def test_a_name_that_begins_like_a_total_is_a_name(mini: CampaignConfig) -> None:
    config = ward(mini, kind="target_list")
    from tests.deliveries import csv_of, numbers, person

    data = csv_of("target_list", [person(numbers(1)[0], postal_code="計良")])
    assert read(data, config, "target_list").frame["postal_code"].tolist() == ["計良"]


# -- headings ----------------------------------------------------------------------------------


def test_the_wards_heading_goes_before_ours_and_ours_before_aliases(
    mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (
        Column("inquiry_number", "番号", aliases=("整理番号",)),
        Column("stop_kind", "区分", aliases=("番号", "種別")),
        Column("until", "期限", since=2030),
    )
    monkeypatch.setitem(REGISTRY, "stop_list", Contract("stop_list", "", columns, ("inquiry_number",), "D1"))
    assert list(read(write([("番号", "種別"), ("a", "b")]), mini).frame.iloc[0]) == ["a", "b"]
    assert list(read(write([("種別", "整理番号"), ("b", "a")]), mini).frame.iloc[0]) == ["a", "b"]
    swapped = ward(mini, headers={"inquiry_number": "区分", "stop_kind": "番号"})
    assert list(read(write([("番号", "区分"), ("b", "a")]), swapped).frame.iloc[0]) == ["a", "b"]
    with pytest.raises(KanshoError, match="INTAKE-COLUMN-FORBIDDEN"):  # not yet in this year
        read(write([("番号", "区分", "期限")]), mini)


FKAC = Contract(
    "checkup_results",
    "特定健診結果",
    (
        Column("inquiry_number", "受診券整理番号"),
        Column("exam_date", "健診実施年月日", "date"),
        Column("bmi", "ＢＭＩ", "float"),
        Column("ecg", "心電図", "code"),
        Column("history", "既往歴", "code"),
    ),
    ("inquiry_number",),
    "C5",
)
FKAC_HEADER = (
    "保険者番号",
    "受診券整理番号",
    "健診実施年月日",
    "BMI",
    "既往歴",
    "既往歴",
    "心電図",
    "心電図",
    "心電図",
    "受診券整理番号",
)
FKAC_ROW = ("", "3000-0000-03", "20270401", "23.4", "1", "", "", "2", "", "")
FKAC_CONTROL = ("1", "FKAC167", "20270501")


@pytest.fixture
def fkac(mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch) -> CampaignConfig:
    monkeypatch.setitem(REGISTRY, "checkup_results", FKAC)
    return ward(
        mini,
        kind="checkup_results",
        layout="fkac167",
        positions={"inquiry_number": 2, "history": 5, "ecg": 8},
        blank=("保険者番号", "心電図", "既往歴", "受診券整理番号"),
    )


def test_the_layout_of_kokuhoren_is_read_by_positions(fkac: CampaignConfig) -> None:
    found = read(write([FKAC_CONTROL, FKAC_HEADER, FKAC_ROW]), fkac, "checkup_results")
    assert cells(found.frame) == [("3000-0000-03", "20270401", "23.4", "2", "1")]
    assert found.codes["layout"] == "fkac167"
    assert found.counts["blank_columns"] == 5


def _put(row: tuple[str, ...], at: int, value: str) -> tuple[str, ...]:
    return (*row[:at], value, *row[at + 1 :])


@pytest.mark.parametrize(
    ("rows", "code", "place"),
    [
        ([FKAC_HEADER, FKAC_ROW], "INTAKE-LAYOUT", "1行目"),
        ([("1", "FKAC165"), FKAC_HEADER, FKAC_ROW], "INTAKE-LAYOUT", "1行目"),
        ([FKAC_CONTROL], "INTAKE-LAYOUT", "2行目"),
        ([FKAC_CONTROL, FKAC_HEADER[1:], FKAC_ROW[1:]], "INTAKE-LAYOUT", "2列目"),
        ([FKAC_CONTROL, FKAC_HEADER, _put(FKAC_ROW, 8, "1")], "INTAKE-BLANK", "9列目"),
        ([FKAC_CONTROL, FKAC_HEADER, FKAC_ROW, FKAC_ROW[1:]], "INTAKE-ROW", "4行目"),
        ([FKAC_CONTROL, _put(FKAC_HEADER, 0, "個人番号"), FKAC_ROW], "INTAKE-COLUMN-FORBIDDEN", "1列目"),
        ([FKAC_CONTROL, FKAC_HEADER, _put(FKAC_ROW, 3, "123456789018")], "INTAKE-MYNUMBER", "3行目"),
    ],
)
def test_another_layout_is_refused(fkac: CampaignConfig, rows: list[tuple[str, ...]], code: str, place: str) -> None:
    with pytest.raises(KanshoError) as caught:
        read(write(rows), fkac, "checkup_results")
    assert (caught.value.code, caught.value.place) == (code, f"checkup_results:{place}")


def test_a_repeated_heading_without_a_position_is_refused(fkac: CampaignConfig) -> None:
    config = ward(fkac, kind="checkup_results", layout="fkac167", blank=("保険者番号",))
    with pytest.raises(KanshoError, match="INTAKE-COLUMN-TWICE"):
        read(write([FKAC_CONTROL, FKAC_HEADER, FKAC_ROW]), config, "checkup_results")


# -- individual numbers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "123456789018",
        "備考123456789018",
        "1234-5678-9018",
        "１２３４－５６７８－９０１８",
        "1234‐5678‐9018",
        "123４56789018",
        "1234\u00a05678\u00a09018",
        "1234\u20095678\u20099018",
        "1234\u20125678\u20129018",
        "1234ｰ5678ｰ9018",
        "1234.5678.9018",
        "1234/5678/9018",
        "1234_5678_9018",
    ],
)
def test_the_fast_look_sees_what_the_careful_one_sees(cell: str) -> None:

    assert holds_my_number(cell)
    column = pa.chunked_array([["a", None], ["b" * 40, "123456789012"], [cell]], type=pa.large_string())
    assert find_my_number([column.slice(0, 4), column]) == 4


@pytest.mark.parametrize("cell", ["1123456789018", "1234567890180", "123456789012", "1234-56789018", "3000-0000-03"])
def test_other_digits_are_no_individual_number(cell: str) -> None:
    assert not holds_my_number(cell)


def test_own_characters_are_found_by_row_in_however_many_pieces_a_column_comes() -> None:
    pieces = pa.chunked_array([["x", "渡\ue000", None], [], ["あ", "\uf8ff"]], pa.large_string())
    full_width = ["１", "\ue001", "ｱ", "ﾟ\uf000", None]  # begins with the same byte as the last of ours
    frame = pd.DataFrame({"a": pd.array(pieces, dtype="str"), "b": pd.array(full_width, dtype="str")})
    assert unprintable_rows(frame, ["a", "b"]).tolist() == ["", "gaiji", "", "gaiji", "gaiji"]
    beside = pd.DataFrame({"a": pd.array(["\ud7ff", "\uf900", "\U000f0000", None, "12", "あ"], dtype="str")})
    assert unprintable_rows(beside, ["a"]).tolist() == ["character", "", "gaiji", "", "", ""]
    assert unprintable_rows(pd.DataFrame({"a": ["12", "1\n"]}), ["a"]).tolist() == ["", "character"]
    assert unprintable_rows(beside.head(0), ["a"]).empty


def test_the_file_of_the_benchmark_is_one_that_the_sample_campaign_reads(sample: CampaignConfig) -> None:
    from benchmarks.reading import delivered_file, plain, wide_contract

    with wide_contract():
        assert read(delivered_file(20), plain(sample), "target_list").frame.shape == (20, 70)
