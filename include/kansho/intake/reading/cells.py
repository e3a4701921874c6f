"""Cells of a spreadsheet as the text that was meant, or a refusal where the spreadsheet has changed it.

Belongs here: numbers, dates and the traces of eaten zeros.  A program that opens a CSV and saves a workbook turns
``0600022`` into 600022 and ``1-2`` into a date; what it was cannot be told from what is left, so it is asked for again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from openpyxl.utils.datetime import from_excel

from kansho.contracts.model import Column
from kansho.errors import KanshoError

#: A spreadsheet holds fifteen digits; of a longer number the end is already invented.
_DIGITS_KEPT = 10**15
#: Serial numbers of days from ``_FIRST_DAY`` on, as far as five digits go.
_SERIALS = (61, 99_999)
#: So many zeros at most are taken to have stood before a number.
_MOST_ZEROS = 4
#: Patterns made of digits, groups and hyphens alone; only of these the width is known.
_DIGIT_PATTERN = re.compile(r"(?:\[0-9\]|\\\||[0-9{},()|*+?\-])+")
#: How a workbook writes control characters, the CR of a line end among them; other escapes openpyxl has undone.
_ESCAPED = re.compile("_x(00[01][0-9A-Fa-f])_")
#: Before it the two calendars of spreadsheets disagree on the day.
_FIRST_DAY = date(1900, 3, 1)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Cells:
    """Turns the cells of one sheet into text, column by column, and counts numbers that lost zeros.

    Args:
        columns: the contract's column at each position of the sheet, None where there is none.
        codes: the ward's own codes by column identifier (``mapping.codes``).
        epoch: day 0 of the workbook's serial numbers.
    """

    def __init__(
        self, kind: str, columns: Sequence[Column | None], codes: Mapping[str, Mapping[str, str]], epoch: datetime
    ) -> None:
        self._kind = kind
        self._columns = columns
        self._epoch = epoch
        self._eaten = [c and zeros_eaten(c, codes.get(c.name, {})) for c in columns]
        self.zeros: Counter[int] = Counter()

    def text(self, value: Any, data_type: str, row: int, at: int) -> str | None:
        """The cell's text; ``at`` is its position from 0.

        Raises:
            KanshoError: ``INTAKE-XLSX`` for what has no text of its own.
        """
        if value is None:
            return None
        column = self._columns[at] if at < len(self._columns) else None
        place = f"{self._kind}:{row}行目:{at + 1}列目"
        if data_type == "e":
            raise refused("エラー値のセルがあります", place, "値を訂正して再提供")
        if data_type == "?":
            raise refused("計算結果のない数式があります", place, "値に変換して再提供")
        if isinstance(value, bool):
            raise refused("TRUE／FALSE のセルがあります", place, "文字列で作り直して再提供")
        if isinstance(value, str):
            text = _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), value)
            if _CONTROL.search(text):
                raise refused("使えない文字（制御文字）があります", place, "文字を除いて再提供")
            return text
        if isinstance(value, int | float):
            return self._number(value, column, at, place)
        if isinstance(value, date) and (column is None or column.type == "date"):
            if _day(value) < _FIRST_DAY:
                raise refused("日付として読めないセルがあります", place, "値を訂正して再提供")
            return _iso(value)
        if isinstance(value, time) and column is None:
            return value.isoformat()
        raise refused("日付・時刻に変わったセルがあります", place, "列を文字列にして作り直し、再提供")

    def _number(self, value: int | float, column: Column | None, at: int, place: str) -> str:
        if isinstance(value, float) and not value.is_integer():
            if value != value or value in (float("inf"), float("-inf")):
                raise refused("数値でない値があります", place, "値を訂正して再提供")
            return format(Decimal(repr(value)), "f")
        if abs(value) >= _DIGITS_KEPT:
            raise refused("15桁を超える数値があります（桁が失われています）", place, "列を文字列にして作り直し、再提供")
        if column is not None and column.type == "date" and _SERIALS[0] <= value <= _SERIALS[1]:
            return _iso(from_excel(int(value), self._epoch))
        text = str(int(value))
        eaten = self._eaten[at] if at < len(self._eaten) else None
        if eaten and eaten(text):
            self.zeros[at] += 1
        return text

    def refuse_zeros(self) -> None:
        """No column holds numbers that lost their zeros.

        Raises:
            KanshoError: ``INTAKE-ZEROS`` naming columns and counts.
        """
        if self.zeros:
            told = "、".join(
                f"{c.header} {self.zeros[at]}件" for at, c in enumerate(self._columns) if c and self.zeros[at]
            )
            raise KanshoError(
                "INTAKE-ZEROS",
                f"先頭の0が失われた数値があります（{told}）",
                place=f"{self._kind}:{'、'.join(str(at + 1) for at in sorted(self.zeros))}列目",
                remedy="列を文字列にして作り直し、再提供",
            )


def zeros_eaten(column: Column, ward_codes: Collection[str]) -> Callable[[str], bool] | None:
    """The test of a column: is a number, as it stands, no value of it, but one with zeros before it?

    None for columns whose values say nothing of their width.
    """
    known = frozenset(ward_codes) or frozenset(column.codes)
    if known:
        return lambda text: text not in known and any(padded in known for padded in _padded(text))
    if column.type not in ("text", "code") or column.pattern is None or not _DIGIT_PATTERN.fullmatch(column.pattern):
        return None
    # Without its hyphens, those of the classes aside.
    digits = re.compile(column.pattern.replace("[0-9]", r"\d").replace("-", ""), re.ASCII)
    return lambda text: not digits.fullmatch(text) and any(digits.fullmatch(padded) for padded in _padded(text))


def refused(message: str, place: str, remedy: str) -> KanshoError:
    """A workbook that cannot be taken."""
    return KanshoError("INTAKE-XLSX", message, place=place, remedy=remedy)


def _padded(text: str) -> list[str]:
    return ["0" * zeros + text for zeros in range(1, _MOST_ZEROS + 1)]


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    return str(value.isoformat())
