"""How wide the columns of a table are, from what stands in them.

Belongs here: arithmetic on widths of text.  Does not belong here: how a table looks (``include/forms/document.css``).
A renderer that finds the widths itself sets every cell twice, which takes most of a long table's time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import chain

#: Half-width characters on a line of A4 within the margins, portrait and landscape, at the size of a table.
PORTRAIT, LANDSCAPE = 112, 168
#: What the space beside a cell's text takes, in half-width characters.
_BESIDE = 3.6
#: A heading of up to four full-width characters is not broken.
_HEADING = 8
#: A line breaks between any two full-width characters, at a space, and after a hyphen or a slash; a date stays whole.
_WORD = re.compile(r"\d{4}-\d\d-\d\d|[!-~]+?(?:[-/]|(?![!-~]))")


def text_width(text: str) -> float:
    """Width in half-width characters: a full-width one is two (UAX #11: wide, full-width, ambiguous)."""
    if text.isascii():
        return len(text) * 1.14  # proportional type: most letters are a little wider than half
    return float(sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1.14 for c in text))


def shares(headings: Sequence[str], rows: Sequence[Sequence[str]], room: float = PORTRAIT) -> tuple[float, ...]:
    """Per cent of the table's width for each column; they add up to 100.

    Every column gets what its longest word needs, and of the rest what its longest cell still asks for, in proportion:
    the rule of automatic tables (CSS 2.1, 17.5.2.2).

    Args:
        headings: one per column.
        rows: as many cells each.
        room: half-width characters that the whole table has.
    """
    needs, wants = [], []
    for heading, *cells in zip(headings, *rows, strict=True):
        words = chain.from_iterable(_WORD.findall(cell) for cell in cells)
        need = max(map(text_width, words), default=2.0)
        needs.append(max(need, min(text_width(heading), _HEADING)) + _BESIDE)
        wants.append(max(needs[-1], max(map(text_width, (heading, *cells))) + _BESIDE))
    spare = max(0.0, room - sum(needs))
    asked = sum(wants) - sum(needs)
    given = [need + (spare * (want - need) / asked if asked else 0.0) for need, want in zip(needs, wants, strict=True)]
    return tuple(100 * width / sum(given) for width in given)
