"""Individual numbers (マイナンバー) in a delivery: found by form and check digit, wherever they stand (D7).

Belongs here: the search and the check digit.  Does not belong here: what happens to the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

#: Signs that people and systems put between groups of four.
_BETWEEN = "\\-－ー・ 　‐‑‒–—―−ｰ.．/／_\u00a0\u2009"
#: Twelve digits in a row, or in groups as individual numbers are written (full width included).
_TWELVE = re.compile(rf"(?<!\d)(?:\d{{12}}|\d{{4}}([{_BETWEEN}])\d{{4}}\1\d{{4}})(?!\d)")
#: The same without look-around and reference, for a fast first look; finds at least as much.
_LIKELY = rf"\p{{Nd}}{{12}}|\p{{Nd}}{{4}}[{_BETWEEN}]\p{{Nd}}{{4}}[{_BETWEEN}]\p{{Nd}}{{4}}"
_DIGITS = re.compile(r"\d")
_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def is_my_number(text: str) -> bool:
    """Whether twelve digits carry the check digit of an individual number (番号法省令 第5条)."""
    if not re.fullmatch(r"\d{12}", text):
        return False
    digits = [int(d) for d in text]
    rest = sum(d * w for d, w in zip(digits[:11], _WEIGHTS, strict=True)) % 11
    return digits[11] == (0 if rest <= 1 else 11 - rest)


def holds_my_number(cell: str) -> bool:
    """Whether a number of that form stands anywhere in the text."""
    return len(cell) >= 12 and any(
        is_my_number("".join(str(int(d)) for d in _DIGITS.findall(match.group()))) for match in _TWELVE.finditer(cell)
    )


def find_my_number(columns: Iterable[pa.ChunkedArray]) -> int | None:
    """Index of the first row in which any column holds one, else None."""
    found: list[int] = []
    for column in columns:
        # Most columns have no cell of twelve bytes at all; only what looks like one is looked at in Python.
        long = pc.fill_null(pc.greater_equal(pc.binary_length(column), 12), False)
        if not pc.any(long).as_py():
            continue
        texts = pc.unique(column.filter(long))
        suspects = texts.filter(pc.match_substring_regex(texts, _LIKELY)).to_pylist()
        numbers = [text for text in suspects if holds_my_number(text)]
        if numbers:
            found.append(pc.index(pc.is_in(column, value_set=pa.array(numbers, type=column.type)), True).as_py())
    return min(found, default=None)
