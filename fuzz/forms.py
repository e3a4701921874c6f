"""The forms in which wards write tables, with good tables of each: what the tables under fuzz are made from.

Belongs here: small configs, and bytes that each of them reads.  Does not belong here: changes (`fuzz.mutate`,
`fuzz.sheets`) or what must hold of a reading (`fuzz.tables`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kansho.campaign.config import CampaignConfig, FileKind, Gaiji, Mapping, load_config
from kansho.contracts.registry import contract
from tests.conftest import MINI
from tests.deliveries import numbers, person
from tests.unit.reading import workbook

#: Stands in a cell of every table; no refusal may quote it.
CANARY = "Kanaria-7-uta"
_SMALL = load_config(MINI).model_copy(update={"mappings": (), "gaiji": Gaiji()})
_ENCODINGS = ("cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le")


@dataclass(frozen=True)
class Form:
    """One file kind as one ward writes it, and its lines: those before the data, the data, and a total or none."""

    kind: FileKind
    config: CampaignConfig
    heads: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[tuple[str, ...], ...] = ()

    def texts(self) -> list[bytes]:
        """In every encoding, with either delimiter, end of line and way of quoting."""
        lines = (*self.heads, *self.rows, *self.total)
        ways = [(",", csv.QUOTE_ALL, "\r\n"), (",", csv.QUOTE_MINIMAL, "\n"), ("\t", csv.QUOTE_MINIMAL, "\r")]
        return [_text(lines, *way).encode(encoding) for way in ways for encoding in _ENCODINGS]

    def workbook(self) -> bytes:
        """As a spreadsheet saves it: texts, with some numbers and days among them."""
        rows = [tuple(_typed(cell) for cell in row) for row in self.rows]
        return workbook([*self.heads, *rows, *self.total], formats={})


def _text(lines: Sequence[Sequence[str]], delimiter: str, quoting: Any, end: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(lines)
    return buffer.getvalue()


def _typed(cell: str) -> str | int:
    return int(cell) if cell.isascii() and cell.isdecimal() and not cell.startswith("0") else cell


def _with(mapping: Mapping) -> CampaignConfig:
    return _SMALL.model_copy(update={"mappings": (mapping,)})


def _people() -> tuple[tuple[str, ...], ...]:
    others = {"name_kanji": CANARY, "address_extra": '二階 "東", 奥', "birth_date": "昭和52年6月1日"}
    first, second, third = numbers(3)
    rows = (person(first), person(second, **others), person(third, phone="", outreach_result="01"))
    return tuple(tuple(row.values()) for row in rows)


def _target_list() -> Form:
    return Form("target_list", _SMALL, (contract("target_list").headers,), _people())


def _with_a_total() -> Form:
    config = _with(Mapping(kind="target_list", total_row=True))
    return Form("target_list", config, (contract("target_list").headers,), _people(), (("合計", "3"),))


def _stop_list() -> Form:
    """Headings in ASCII, and codes of the ward's own: the encoding shows in the cells alone."""
    headers = {"inquiry_number": "NO", "stop_kind": "KIND", "until": "UNTIL"}
    mapping = Mapping(kind="stop_list", headers=headers, codes={"stop_kind": {"停止": "1", "延期": "2"}})
    first, second, third = numbers(3)
    rows = ((first, "停止", ""), (second, "延期", "令和9年9月30日"), (third, "1", CANARY))
    return Form("stop_list", _with(mapping), (("NO", "KIND", "UNTIL"),), rows)


def _results() -> Form:
    """特定健診結果 of 国保連: a control row, headings that come blank, a position that is fixed."""
    permitted = contract("checkup_results").permitted(_SMALL.approved_analysis_items)
    headings = [contract("checkup_results").column(name).header for name in permitted]
    mapping = Mapping(kind="checkup_results", layout="fkac167", blank=("心電図", "既往歴"), positions={permitted[0]: 1})
    values = {"exam_date": "20260601", "report_kind": "10", "height": "160.5", "hba1c": "5.6", "systolic": CANARY}
    rows = tuple((number, *(values.get(name, "") for name in permitted[1:]), "") for number in numbers(3))
    return Form("checkup_results", _with(mapping), (("1", "FKAC167", "3"), (*headings, "心電図")), rows)


FORMS: tuple[Form, ...] = (_target_list(), _with_a_total(), _stop_list(), _results())
