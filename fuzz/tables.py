"""Tables in the forms of wards: the reader, what is made of its cells, and the rules that look at them.

What is read must be what a plain reader of CSV finds in the same bytes, in the contract's columns and no others; what
is refused must say where, and quote nothing.
"""

from __future__ import annotations

import csv
import io
import random
import re

import pandas as pd

from fuzz.forms import CANARY, FORMS, Form
from fuzz.mutate import mutate_table
from fuzz.sheets import change_workbook
from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.intake.reading import Delivered, read_delivered
from kansho.intake.reading.header import assign, expected
from kansho.intake.reading.my_number import holds_my_number
from kansho.intake.row_rules import stop_list_rules, target_list_rules
from kansho.intake.values import normalise

_BLANKS = " \t\r\n　"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Tables:
    """`read_delivered` and what follows it under fuzz, as a `fuzz.targets.Target`.

    The first byte of a case says which of `FORMS` it is, the others are the file.
    """

    def __init__(self, rng: random.Random) -> None:
        self._texts = [form.texts() for form in FORMS]
        self._workbooks = [form.workbook() for form in FORMS]
        for form, texts, book in zip(FORMS, self._texts, self._workbooks, strict=True):
            for data in (*texts, book):
                _right(form, data, read_delivered(data, form.kind, form.config))

    def case(self, rng: random.Random) -> bytes:
        """A changed table."""
        at = rng.randrange(len(FORMS))
        if rng.random() < 0.3:
            return bytes([at]) + change_workbook(self._workbooks[at], rng)
        return bytes([at]) + mutate_table(rng.choice(self._texts[at]), rng)

    def trial(self, data: bytes) -> None:
        """Read it; what is read is held against the bytes, and goes through normalisation and rules."""
        form, table = FORMS[data[0] % len(FORMS)], data[1:]
        try:
            found = read_delivered(table, form.kind, form.config)
        except KanshoError as error:
            _refused_well(form, error)
            raise
        _right(form, table, found)
        _follow(form, found.frame)


def _refused_well(form: Form, error: KanshoError) -> None:
    if CANARY in error.text:
        raise AssertionError("a refusal quotes the contents")
    if not (error.code.startswith("INTAKE-") and error.message and error.remedy):
        raise AssertionError("a refusal without its words")
    if not re.fullmatch(rf"{form.kind}(:[0-9、]+(行目|列目|バイト目)){{0,2}}", error.place):
        raise AssertionError(f"a refusal at an odd place: {error.place!r}")


def _right(form: Form, data: bytes, found: Delivered) -> None:
    frame = found.frame
    wanted = contract(form.kind)
    if list(frame.columns) != [c.name for c in wanted.columns if c.in_year(form.config.fiscal_year)]:
        raise AssertionError("other columns than the contract's")
    approved = set(wanted.permitted(form.config.approved_analysis_items))
    for name in frame.columns:
        cells = frame[name].dropna().tolist()
        if cells and name not in approved:
            raise AssertionError("a column that was not approved has values")
        if any(not cell or cell != cell.strip(_BLANKS) or _CONTROL.search(cell) for cell in cells):
            raise AssertionError("a cell that is no text")
        if any(holds_my_number(cell) for cell in cells):
            raise AssertionError("an individual number was read")
    if found.counts["rows"] != len(frame):
        raise AssertionError("another number of rows than told")
    if found.codes["form"] == "csv":
        _same(form, _plainly(form, data, found), frame)


def _plainly(form: Form, data: bytes, found: Delivered) -> list[list[str]]:
    """The rows of the file by Python's own decoder and CSV reader, from the header on."""
    encoding = found.codes["encoding"]
    text = data.decode(encoding).removeprefix("\ufeff").rstrip("\x1a")
    delimiter = {"comma": ",", "tab": "\t"}[found.codes["delimiter"]]
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    return rows[len(form.heads) - 1 :]


def _same(form: Form, rows: list[list[str]], frame: pd.DataFrame) -> None:
    names = assign(rows[0], expected(form.kind, form.config)).names
    body = rows[1:]
    while body and not any(cell.strip(_BLANKS) for cell in body[-1]):
        body.pop()
    if form.total:
        body.pop()
    while body and not any(cell.strip(_BLANKS) for cell in body[-1]):
        body.pop()
    if len(body) != len(frame):
        raise AssertionError("rows were lost or made")
    for at, name in enumerate(names):
        if name is not None:
            ours = [None if pd.isna(cell) else cell for cell in frame[name]]
            if ours != [row[at].strip(_BLANKS) or None for row in body]:
                raise AssertionError("a column is not what stands in the file")


def _follow(form: Form, frame: pd.DataFrame) -> None:
    """What the validation does with the table next."""
    ready = normalise(frame, contract(form.kind), form.config).frame
    if ready.shape != frame.shape or list(ready.columns) != list(frame.columns):
        raise AssertionError("normalising changed the table's form")
    masks = {
        "target_list": lambda: target_list_rules(ready, form.config),
        "stop_list": lambda: stop_list_rules(ready),
    }.get(form.kind, dict)()
    if any(len(mask) != len(ready) for mask in masks.values()):
        raise AssertionError("a rule looked at other rows")
