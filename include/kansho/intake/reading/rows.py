"""Rows that come one by one, made into text columns; the widths of rows and the lengths of cells.

Belongs here: what workbooks and CSV with unusual quotes share.  Does not belong here: the fast way over the bytes of
an ordinary CSV (`structure`), which must come to the same verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from kansho.errors import KanshoError

#: Characters of one cell.  The longest real ones are addresses of some hundred.
MAX_CELL = 10_000
#: Columns of one file.  The longest contract has under a hundred; what stands beside a table is empty.
MAX_COLUMNS = 2000
_BATCH = 20_000

Row = Sequence[str | None]


@dataclass(frozen=True)
class Body:
    """The data of a file: one text column per column of the file, in its order.

    ``first_row`` is the number (from 1, as a spreadsheet shows it) of the first row of data, ``total`` the row of
    totals that was taken off, ``blank_lines`` how many empty lines followed the last row.
    """

    columns: list[pa.ChunkedArray]
    first_row: int
    total: Row | None
    blank_lines: int


def collect(rows: Iterable[Row], width: int, first_row: int, kind: str, *, total_row: bool) -> Body:
    """Rows in order as columns; an empty row (``[]``) may only stand behind the last one.

    Raises:
        KanshoError: ``INTAKE-ROW``, ``INTAKE-CELL`` naming the row.
    """
    batches: list[list[pa.Array]] = []
    batch: list[Row] = []
    held: Row | None = None  # the row before, which may be the last
    blank = 0
    number = first_row - 1
    for number, row in enumerate(rows, start=first_row):
        if not row:
            blank += 1
            continue
        if blank:
            raise wrong_width(number - blank, kind)
        if any(cell is not None and len(cell) > MAX_CELL for cell in row):
            raise too_long(number, next(i for i, c in enumerate(row, start=1) if c and len(c) > MAX_CELL), kind)
        if held is not None:
            if len(held) != width:
                raise wrong_width(number - 1, kind)
            batch.append(held)
        held = row
        if len(batch) >= _BATCH:
            batches.append(_columns(batch, width))
            batch = []
    last = number - blank
    if held is not None and not total_row:
        if len(held) != width:
            raise wrong_width(last, kind)
        batch.append(held)
        held = None
    batches.append(_columns(batch, width))
    columns = [pa.chunked_array([b[i] for b in batches], type=pa.large_string()) for i in range(width)]
    return Body(columns, first_row, held, blank)


def wrong_width(row: int, kind: str) -> KanshoError:
    """A row with more or fewer cells than the header."""
    return KanshoError(
        "INTAKE-ROW", "列の数が合わない行があります", place=f"{kind}:{row}行目", remedy="行を訂正して再提供"
    )


def too_long(row: int, column: int, kind: str) -> KanshoError:
    """A cell longer than any real one."""
    return KanshoError(
        "INTAKE-CELL",
        f"{MAX_CELL:,}文字を超えるセルがあります",
        place=f"{kind}:{row}行目:{column}列目",
        remedy="引用符の閉じ忘れがないか確認し、訂正して再提供",
    )


def _columns(batch: list[Row], width: int) -> list[pa.Array]:
    if not batch:
        return [pa.array([], pa.large_string()) for _ in range(width)]
    return [pa.array(cells, pa.large_string()) for cells in zip(*batch, strict=True)]
