"""The ward's codes to ours, by the table of its config (``mappings.codes``); nothing is a code by its looks.

An empty text as ours means "no value" (``"なし": ""``).  Where a ward's code is one of ours with another meaning
(男 0, 女 1 against our 男 1, 女 2), a cell outside the table cannot be taken for ours: it is kept behind a question
mark, which no contract accepts.  Such a table must not be applied twice; the raw snapshot is what is read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from kansho.contracts.model import Column
from kansho.intake.values.cells import Known, Read, Reader, among
from kansho.intake.values.digits import fits, half_width

UNKNOWN = "?"
_SEPARATORS = re.compile(r"[|,;/、・\s]+")


def one_of(codes: Iterable[str]) -> Known:
    """Cells that are a code of the contract."""
    return among(codes)


def is_list(column: Column) -> bool:
    """Whether the column holds several codes, separated by ``|``."""
    return column.pattern is not None and r"\|" in column.pattern


def list_reader(valid: Callable[[str], bool]) -> Reader:
    """Codes separated in any usual way, into ``03|07``."""
    return _list_reader(valid, lambda item: item)


def reader(table: Mapping[str, str]) -> Reader:
    """Cells of the table, in the width it is written in or in half width."""
    find = _finder(table)

    def read(text: str) -> Read:
        found = find(text)
        return None if found is None else (found, ("values.code",))

    return read


def unlisted(table: Mapping[str, str]) -> Known:
    """Cells that are not in the table as it is written."""
    listed = among(_writings(table))
    return lambda values: pc.invert(listed(values))


def through(table: Mapping[str, str], column: Column, form: Known, read: Reader) -> tuple[Known, Reader]:
    """The form and the reader of a column that a ward writes in codes of its own."""
    valid = _validity(column)
    overlaps = any(ours != theirs and valid(half_width(theirs)) for theirs, ours in table.items())
    listed = among(_writings(table))
    by_table = _list_reader(valid, _finder(table), closed=overlaps) if is_list(column) else reader(table)

    def known(values: pa.Array) -> pa.Array:
        if overlaps or is_list(column):
            return pc.is_null(values)
        return pc.and_(form(values), pc.invert(listed(values)))

    def read_code(text: str) -> Read:
        found = by_table(text)
        if found is not None:
            return found
        found = None if is_list(column) and not overlaps and valid(text) else read(text)
        if overlaps and (valid(text) or found is not None):
            return f"{UNKNOWN}{text}", ("values.code_unknown",)
        return found

    return known, read_code


def _list_reader(valid: Callable[[str], bool], find: Callable[[str], str | None], *, closed: bool = False) -> Reader:
    """Each item through ``find``; in a closed table every item must be found."""

    def read(text: str) -> Read:
        half = half_width(text)
        items = [i for i in _SEPARATORS.split(half) if i]
        found = [find(i) for i in items]
        if not items or (closed and None in found):
            return None
        joined = "|".join(f if f is not None else i for f, i in zip(found, items, strict=True))
        if not valid(joined) or joined == text:
            return None
        rule = "values.code" if joined != "|".join(items) else "values.digits" if joined == half else "values.list"
        return joined, (rule,)

    return read


def _finder(table: Mapping[str, str]) -> Callable[[str], str | None]:
    half = {half_width(theirs): ours for theirs, ours in table.items()}

    def find(text: str) -> str | None:
        found = table.get(text)
        return half.get(half_width(text)) if found is None else found

    return find


def _writings(table: Mapping[str, str]) -> set[str]:
    return set(table) | {half_width(theirs) for theirs in table}


def _validity(column: Column) -> Callable[[str], bool]:
    if column.codes:
        return frozenset(column.codes).__contains__
    return fits(column.pattern) if column.pattern else lambda _: False
