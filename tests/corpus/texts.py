"""Deliveries with a delimited table that is no text, no table, or not the table of the contract."""

from __future__ import annotations

from collections.abc import Callable

from kansho.campaign.config import Mapping
from kansho.contracts.registry import REGISTRY
from tests.conftest import MINI, load_config
from tests.corpus.model import Refused, Spoil, a_list, as_table, byte_of, ending, replaced, stored, written
from tests.deliveries import Delivery, analysis, csv_of, numbers, person

ENCODING, CSV, ROW, CELL = "INTAKE-ENCODING", "INTAKE-CSV", "INTAKE-ROW", "INTAKE-CELL"
FORBIDDEN, MISSING, TWICE = "INTAKE-COLUMN-FORBIDDEN", "INTAKE-COLUMN-MISSING", "INTAKE-COLUMN-TWICE"
LAYOUT, COUNT, BLANK = "INTAKE-LAYOUT", "INTAKE-COUNT", "INTAKE-BLANK"

_N = numbers(4)
_COLUMNS = len(REGISTRY["target_list"].columns)


def _row(encoding: str = "cp932", **change: str) -> bytes:
    """A fourth row."""
    return csv_of("target_list", [person(_N[3], **change)], encoding=encoding).split(b"\r\n", 1)[1]


def _lines(change: Callable[[list[bytes]], list[bytes]]) -> Spoil:
    """The target list with other lines (the first is the header, the others have no end)."""

    def spoil(d: Delivery) -> None:
        lines = d.files["target_list"].removesuffix(b"\r\n").split(b"\r\n")
        d.files["target_list"] = b"\r\n".join(change(lines)) + b"\r\n"

    return spoil


# -- encodings -------------------------------------------------------------------------------------

#: Headings in ASCII as this ward writes them: nothing but the values says which encoding it is.
_PLAIN = Mapping(kind="stop_list", headers={"inquiry_number": "NO", "stop_kind": "KIND", "until": "UNTIL"})
_BOTH_WAYS = f"NO,KIND,UNTIL\r\n{_N[0]},1,ああ\r\n".encode()
_SAYS_UTF8 = Mapping(kind="target_list", encoding="utf-8")


def _wide(mark: bytes, codec: str, tail: bytes) -> Spoil:
    """The target list in UTF-16 or so, with this behind its last row."""
    return as_table(lambda: mark + a_list().decode("cp932").encode(codec) + tail)


def _undecodable(encoding: str) -> Callable[[Delivery], str]:
    """The byte at which Python itself gives up."""

    def where(d: Delivery) -> str:
        try:
            d.files["target_list"].decode(encoding)
        except UnicodeDecodeError as error:
            return f"target_list:{error.start + 1}バイト目"
        raise AssertionError("it decodes")

    return where


def _from_end(back: int) -> Callable[[Delivery], str]:
    return lambda d: f"target_list:{len(d.files['target_list']) - back + 1}バイト目"


# fmt: off
ENCODINGS = [
    Refused("another encoding", written(encoding="euc_jp"), ENCODING, "target_list"),
    Refused("the encoding of old mails", written(encoding="iso2022_jp"), ENCODING, "target_list"),
    Refused("rows of UTF-8 behind rows of CP932", ending(_row("utf-8"), 1), ENCODING, _undecodable("cp932")),
    Refused("rows of CP932 behind rows of UTF-8", as_table(lambda: a_list(encoding="utf-8") + _row(), rows=4),
            ENCODING, _undecodable("utf-8")),
    Refused("rows of UTF-8 that CP932 reads as other words",
            ending(b",".join([b""] * 4 + ["ああ".encode()] + [b""] * (_COLUMNS - 5)) + b"\r\n", 1),
            ENCODING, byte_of("ああ".encode())),
    Refused("bytes that are no character", replaced("見本荘", b"\xff\xff"), ENCODING, byte_of(b"\xff\xff")),
    Refused("a byte that Python alone takes for a character", replaced("見本荘", b"\xa0"), ENCODING, byte_of(b"\xa0")),
    Refused("half a character at the end", ending(b'"\x8c'), ENCODING, _from_end(1)),
    Refused("another encoding than the ward declared", lambda d: None, ENCODING, _undecodable("utf-8"), _SAYS_UTF8),
    Refused("two readings and no evidence", as_table(_BOTH_WAYS, "stop_list", 1), "INTAKE-ENCODING-AMBIGUOUS",
            "stop_list", _PLAIN),
    Refused("half a surrogate pair in UTF-16", _wide(b"\xff\xfe", "utf-16-le", b"\x00\xd8\r\0\n\0"), CSV, _from_end(6)),
    Refused("the other half in big-endian UTF-16", _wide(b"\xfe\xff", "utf-16-be", b"\xdc\x00\0\r\0\n"), CSV,
            _from_end(6)),
    Refused("half a surrogate pair in UTF-8", as_table(lambda: a_list(encoding="utf-8") + b"\xed\xa0\x80\r\n"), CSV,
            _from_end(5)),
    Refused("UTF-16 cut in the middle of a character", _wide(b"\xff\xfe", "utf-16-le", b"\x42"), ENCODING,
            _from_end(1)),
    Refused("UTF-32", _wide(b"\xff\xfe\0\0", "utf-32-le", b""), CSV, "target_list:1行目"),
]
# fmt: on

# -- rows and cells --------------------------------------------------------------------------------

_EMPTY_CELLS = b",".join([b'""'] * _COLUMNS)


def _many_columns(d: Delivery) -> None:
    lines = d.files["target_list"].removesuffix(b"\r\n").split(b"\r\n")
    d.files["target_list"] = b"".join(line + b"," * 200_000 + b"\r\n" for line in lines)


# fmt: off
ROWS = [
    Refused("a NUL in a person's name", replaced("月見里", b"\x00\x00"), CSV, "target_list:2行目"),
    Refused("a NUL in every cell of a row", ending(_EMPTY_CELLS.replace(b'""', b'"\0"') + b"\r\n", 1), CSV,
            "target_list:5行目"),
    Refused("an escape sequence", replaced("見本荘", b"\x1b[31m"), CSV, "target_list:2行目"),
    Refused("a control character above ASCII", as_table(lambda: a_list(encoding="utf-8").replace(
            "見本荘".encode(), "\x85".encode())), CSV, "target_list:2行目"),
    Refused("a quote left open", ending(b'"130-0001', 1), CSV, "target_list:5行目"),
    Refused("text behind a closing quote", ending(_row().replace(b'"130-0001"', b'"130-0001"x'), 1), CSV,
            "target_list:5行目"),
    Refused("a quote inside a heading", replaced('"性別"', '性"別'), CSV, "target_list:1行目"),
    Refused("semicolons", replaced(b'","', b'";"', -1), CSV, "target_list"),
    Refused("a header that does not end", as_table(lambda: a_list().replace(b"\r\n", b" ") + b"x" * 2**21), CSV,
            "target_list:1行目", heavy=True),
    Refused("nothing at all", as_table(b"", rows=0), MISSING, "target_list"),
    Refused("line ends alone", as_table(b"\r\n" * 1000, rows=0), MISSING, "target_list", heavy=True),
    Refused("a row cut short", ending(b'"130-0001","x"\r\n', 1), ROW, "target_list:5行目"),
    Refused("a row that lost a cell", _lines(lambda rows: [*rows[:2], rows[2].replace(b'"2",', b"", 1), rows[3]]), ROW,
            "target_list:3行目"),
    Refused("a row with a cell too many", _lines(lambda rows: [*rows[:3], rows[3] + b',"x"']), ROW,
            "target_list:4行目"),
    Refused("an unquoted comma in an address", replaced('"見本荘２０３号室"', "見本荘,２０３号室"), ROW,
            "target_list:2行目"),
    Refused("a line break without quotes", replaced('"見本荘２０３号室"', "見本荘\r\n２０３号室"), ROW,
            "target_list:2行目"),
    Refused("an empty line between rows", _lines(lambda rows: [*rows[:3], b"", rows[3]]), ROW, "target_list:4行目"),
    Refused("a row of empty cells between rows", _lines(lambda rows: [*rows[:3], _EMPTY_CELLS, rows[3]]), ROW,
            "target_list:4行目"),
    Refused("a total row that nobody announced", ending(_row(postal_code="合　計", sex="3"), 1), ROW,
            "target_list:5行目"),
    Refused("a field of ten million characters", stored(ending(_row(address="墨" * 10**7), 1)), CELL,
            "target_list:5行目:2列目", heavy=True),
    Refused("a field of ten million characters among strange quotes",
            stored(ending(_row().replace(b'"130-0001"', b'130"0001') + _row(address="x" * 10**7), 2)), CELL,
            "target_list:6行目", heavy=True),
    Refused("a field of ten thousand and one characters", ending(_row(phone="0" * 10_001), 1), CELL,
            "target_list:5行目:9列目"),
    Refused("two hundred thousand empty columns", _many_columns, ROW, "target_list:2001列目", heavy=True),
    Refused("a heading of a hundred thousand characters", written(extra="結果" * 50_000), CELL, "target_list:14列目",
            heavy=True),
]
# fmt: on

# -- headings --------------------------------------------------------------------------------------

_MINI = load_config(MINI)
#: Columns told of one file (`kansho.intake.reading.header`).
_TOLD = 20
_ITEMS = [n for n in REGISTRY["analysis_items"].names if n in {"inquiry_number", *_MINI.approved_analysis_items}]
_AT_SECOND = Mapping(kind="target_list", positions={"sex": 2})


def _of_analysis(extra: str) -> Spoil:
    return lambda d: d.add("analysis_items", analysis(), extra=extra)


def _past_the_headings(d: Delivery) -> None:
    header, *rows = d.files["target_list"].removesuffix(b"\r\n").split(b"\r\n")
    d.files["target_list"] = b"".join(line + b"\r\n" for line in (header + b',""', *(row + b',"x"' for row in rows)))


# fmt: off
HEADINGS = [
    Refused("a column that the contract does not name", written(extra="世帯主氏名"), FORBIDDEN, "target_list:14列目"),
    Refused("an analysis item that was not approved", _of_analysis("腹囲"), FORBIDDEN,
            f"analysis_items:{len(_ITEMS) + 1}列目"),
    Refused("results of a human dock", _of_analysis("人間ドック結果"), FORBIDDEN,
            f"analysis_items:{len(_ITEMS) + 1}列目"),
    Refused("values under no heading", _past_the_headings, FORBIDDEN, "target_list:14列目"),
    Refused("a heading left empty", replaced('"性別"', '""'), FORBIDDEN, "target_list:7列目"),
    Refused("a heading of last year's layout", replaced("生年月日", "誕生日（西暦）"), FORBIDDEN, "target_list:8列目"),
    Refused("a title above the header", _lines(lambda rows: ["令和９年度　対象者一覧".encode("cp932"), *rows]),
            FORBIDDEN,
            "target_list:1列目"),
    Refused("no header", _lines(lambda rows: rows[1:]), FORBIDDEN,
            "target_list:1、2、3、4、5、6、7、8、9、10、11列目"),
    Refused("the table of another kind", as_table(lambda: csv_of("analysis_items", analysis())), FORBIDDEN,
            f"target_list:{'、'.join(str(at + 1) for at in range(1, len(_ITEMS))[:_TOLD])}列目"),
    Refused("a column missing", written(without="phone"), MISSING, "target_list"),
    Refused("a heading twice", written(extra="性別"), TWICE, "target_list:7、14列目"),
    Refused("a heading twice, the second time by another name", written(extra="性　別"), TWICE,
            "target_list:7、14列目"),
    Refused("another column where the ward's layout has one", lambda d: None, LAYOUT, "target_list:2列目", _AT_SECOND),
]
# fmt: on

# -- the layout of 特定健診結果, and total rows ---------------------------------------------------------

_RESULTS = REGISTRY["checkup_results"].permitted(_MINI.approved_analysis_items)
_HEADINGS = [REGISTRY["checkup_results"].column(name).header for name in _RESULTS]
_EXAM = {"inquiry_number": _N[0], "exam_date": "2026-06-01", "report_kind": "10"}
_FKAC = Mapping(kind="checkup_results", layout="fkac167", blank=("心電図",))
_TOTAL = Mapping(kind="target_list", total_row=True)


def _fkac(control: str = "1,FKAC167,20270420", extra: str = "心電図", cell: str = "", rows: int = 1) -> Spoil:
    """特定健診結果 as 国保連's system writes it: a control row, the header, the rows."""
    header = ",".join([*_HEADINGS, extra])
    row = ",".join([*(_EXAM.get(name, "") for name in _RESULTS), cell])
    text = "".join(f"{line}\r\n" for line in (control, header, *[row] * rows) if line)
    return as_table(text.encode("cp932"), "checkup_results", rows)


_SUBTOTAL = "小計".encode("cp932") + b"," * (_COLUMNS - 1)
_BESIDE = f"checkup_results:{len(_RESULTS) + 1}列目"

# fmt: off
LAYOUTS = [
    Refused("no control row", _fkac(control=""), LAYOUT, "checkup_results:1行目", _FKAC),
    Refused("the control row of another file", _fkac(control="1,FKAC164,20270420"), LAYOUT, "checkup_results:1行目",
            _FKAC),
    Refused("a control row of one cell", _fkac(control="FKAC167"), LAYOUT, "checkup_results:1行目", _FKAC),
    Refused("a control row alone", as_table(b"1,FKAC167,20270420\r\n", "checkup_results", 0), LAYOUT,
            "checkup_results:2行目", _FKAC),
    Refused("a value where the layout must be blank", _fkac(cell="1"), BLANK, _BESIDE, _FKAC),
    Refused("a column that no layout has", _fkac(extra="既往歴"), FORBIDDEN, _BESIDE, _FKAC),
    Refused("findings of a human dock in the layout", _fkac(extra="人間ドック所見"), FORBIDDEN, _BESIDE, _FKAC),
    Refused("no total row where one was announced", lambda d: None, COUNT, "target_list", _TOTAL),
    Refused("a total row that does not match", ending("合計,4".encode("cp932") + b"\r\n"), COUNT, "target_list",
            _TOTAL),
    Refused("a total row without a number", ending("合計".encode("cp932") + b"\r\n"), COUNT, "target_list", _TOTAL),
    Refused("a total of five thousand digits", ending("合計,".encode("cp932") + b"3" * 5000 + b"\r\n"), COUNT,
            "target_list", _TOTAL),
    Refused("a subtotal inside",
            _lines(lambda rows: [*rows[:2], "小計".encode("cp932") + b'""'.join([b","] * (_COLUMNS - 1))
            + b'""', *rows[2:], "合計,3".encode("cp932")]), ROW, "target_list:3行目", _TOTAL),
]
# fmt: on

TEXTS = [*ENCODINGS, *ROWS, *HEADINGS, *LAYOUTS]
