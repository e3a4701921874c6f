"""A walk over the bytes of a CSV before it is parsed: are all rows as wide as the header, is any cell too long?

Belongs here: where rows and cells end, found with arrays over pieces of the bytes, so that a spoiled file of any size
costs no memory beyond itself.  Does not belong here: the values of cells.

The walk knows quotes as Excel and mainframes write them: a quote opens at the beginning of a cell and closes at its
end, doubled inside.  Such files the fast parser reads exactly as Python's strict ``csv`` would.  Any other quote makes
the file ``regular=False``, and the strict reader has the word.  In UTF-8 no byte of another character looks like a
quote, delimiter or line end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kansho.errors import KanshoError
from kansho.intake.reading.rows import MAX_CELL, too_long, wrong_width

#: Bytes looked at together: arrays of so many are given out again without asking the system for memory.
_CHUNK = 1 << 18
_QUOTE, _CR, _LF = 34, 13, 10

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass
class Walk:
    """What is known of the rows so far; after the walk, of the file.

    ``rows`` counts rows up to the last that is not empty, ``end`` is the byte behind it and ``last`` the byte where it
    begins; ``odd`` says that this last row has another width (a total row may); ``breaks``: cells hold line ends.
    """

    kind: str
    width: int
    first_row: int
    regular: bool = True
    quotes: bool = False
    breaks: bool = False
    odd: bool = False
    rows: int = 0
    blank_lines: int = 0
    end: int = 0
    last: int = 0
    # where the walk stands
    _inside: int = 0
    _cell: int = 0
    _row: int = 0
    _cells: int = 0

    def refuse_odd(self) -> None:
        """The last row has no other width either.

        Raises:
            KanshoError: ``INTAKE-ROW``.
        """
        if self.odd:
            raise wrong_width(self.first_row + self.rows - 1, self.kind)


def walk(text: memoryview, start: int, width: int, delimiter: str, first_row: int, kind: str) -> Walk:
    """Walk over the rows from the byte ``start`` on.

    Raises:
        KanshoError: ``INTAKE-ROW`` for a row of another width or an empty one before the last, ``INTAKE-CELL``,
            ``INTAKE-CSV`` for a quote left open.
    """
    data = np.frombuffer(text, dtype=np.uint8)
    found = Walk(kind, width, first_row, end=start, last=start, _cell=start, _row=start)
    at = start
    while at < len(data) and found.regular:
        stop = min(at + _CHUNK, len(data))
        if data[stop - 1] == _CR and stop < len(data) and data[stop] == _LF:
            stop += 1  # CR and LF stay together
        _piece(found, data, at, stop, ord(delimiter))
        at = stop
    if found.regular and found._inside:
        raise KanshoError(
            "INTAKE-CSV",
            "引用符が閉じていません",
            place=f"{kind}:{first_row + found.rows + found.blank_lines}行目",
            remedy="引用符を確認し、CSV を作り直して再提供",
        )
    if found.regular and (found._cell < len(data) or found._cells):
        # The last row without a line end.
        _ends(found, data, np.array([len(data)]), np.array([len(data)]), np.array([True]))
    return found


def _piece(found: Walk, data: Bytes, at: int, stop: int, delimiter: int) -> None:
    piece = data[at:stop]
    breaks = (piece == _LF) | (piece == _CR)
    ends = breaks | (piece == delimiter)
    quotes = piece == _QUOTE
    if found._inside or quotes.any():
        found.quotes = True
        state = np.bitwise_xor.accumulate(quotes.view(np.uint8)) ^ np.uint8(found._inside)
        if not _regular(data, at, np.flatnonzero(quotes), state, delimiter):
            found.regular = False
            return
        found.breaks = found.breaks or bool((breaks & (state == 1)).any())
        ends &= state == 0
        found._inside = int(state[-1])
    # Of CR and LF together only the CR is the end.
    pairs = (piece[:-1] == _CR) & (piece[1:] == _LF)
    ends[1:] &= ~pairs
    where = np.flatnonzero(ends)
    of_row = breaks[where]
    following = where + (at + 1)
    following[of_row] += np.append(pairs, False)[where[of_row]]
    where += at
    _ends(found, data, where, following, of_row)


def _regular(data: Bytes, at: int, where: Ints, state: Bytes, delimiter: int) -> bool:
    """Every quote opens behind an end of a cell, closes before one, or stands beside its double."""
    opening = where[state[where] == 1] + at
    closing = where[state[where] == 0] + at
    before = data[np.maximum(opening - 1, 0)]
    after = data[np.minimum(closing + 1, len(data) - 1)]
    opens = _ending(before, delimiter) | (before == _QUOTE) | (opening == 0)
    closes = _ending(after, delimiter) | (after == _QUOTE) | (closing == len(data) - 1)
    return bool(opens.all() and closes.all())


def _ending(byte: Bytes, delimiter: int) -> Flags:
    ending: Flags = (byte == delimiter) | (byte == _LF) | (byte == _CR)
    return ending


def _ends(found: Walk, data: Bytes, where: Ints, following: Ints, of_row: Flags) -> None:
    """Cells end at ``where`` and the next begin at ``following``; some of the ends are of rows."""
    if not len(where):
        return
    begins = np.concatenate(([found._cell], following[:-1]))
    lengths = where - begins
    rows = np.flatnonzero(of_row)
    _refuse_long(found, data, begins, lengths, rows)
    if len(rows):
        widths = np.diff(np.concatenate(([-1 - found._cells], rows)))
        row_begins = np.concatenate(([found._row], following[rows[:-1]]))
        _rows(found, widths, (widths == 1) & (lengths[rows] == 0), row_begins, where[rows])
        found._cells = len(where) - 1 - int(rows[-1])
        found._row = int(following[rows[-1]])
    else:
        found._cells += len(where)
    found._cell = int(following[-1])


def _rows(found: Walk, widths: Ints, blank: Flags, begins: Ints, ends: Ints) -> None:
    """Rows ended.  Whatever is wrong with a row is only allowed to the last that is not empty, or behind it."""
    filled = np.flatnonzero(~blank)
    number = found.first_row + found.rows + found.blank_lines
    if not len(filled):
        found.blank_lines += len(widths)
        return
    if found.odd:
        found.refuse_odd()
    if found.blank_lines:
        raise wrong_width(found.first_row + found.rows, found.kind)
    last = int(filled[-1])
    wrong = np.flatnonzero(widths != found.width)
    if len(wrong) and wrong[0] < last:
        raise wrong_width(number + int(wrong[0]), found.kind)
    found.odd = bool(widths[last] != found.width)
    found.rows += last + 1
    found.blank_lines = len(widths) - 1 - last
    found.last, found.end = int(begins[last]), int(ends[last])


def _refuse_long(found: Walk, data: Bytes, begins: Ints, lengths: Ints, rows: Ints) -> None:
    """Count characters only of cells that have more bytes than a cell may have characters."""
    for index in np.flatnonzero(lengths > MAX_CELL):
        cell = data[begins[index] : begins[index] + lengths[index]]
        characters = int(((cell & 0xC0) != 0x80).sum())
        if cell[0] == _QUOTE:
            characters -= 1 + int((cell == _QUOTE).sum()) // 2  # around it, and doubled inside
        if characters > MAX_CELL:
            row = int(np.searchsorted(rows, index))
            start = int(rows[row - 1]) if row else -1 - found._cells
            raise too_long(found.first_row + found.rows + found.blank_lines + row, int(index) - start, found.kind)
