"""From columns of the file to the contract's table: blanks off, what must be empty is, no stray total, no マイナンバー.

Belongs here: the checks of whole columns that every form of file shares.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kansho.errors import KanshoError
from kansho.intake.reading.header import Assigned, Expected
from kansho.intake.reading.layout import TOTAL_LABEL, check_total, stray_total
from kansho.intake.reading.my_number import find_my_number
from kansho.intake.reading.rows import Body, wrong_width

#: Taken off both ends of a cell: ASCII blanks and the full-width one that fixed-width systems pad with.
_BLANKS = " \t\r\n　"


def finish(body: Body, columns: Assigned, want: Expected, *, total_row: bool) -> tuple[pd.DataFrame, dict[str, int]]:
    """The table by our identifiers, and counts of what was taken off.  ``body.columns`` is emptied on the way.

    Raises:
        KanshoError: ``INTAKE-BLANK``, ``INTAKE-COLUMN-FORBIDDEN``, ``INTAKE-ROW``, ``INTAKE-COUNT``,
            ``INTAKE-MYNUMBER``.
    """
    cells = body.columns
    for at in range(len(cells)):
        cells[at] = _trimmed(cells[at])
    rows = len(cells[0]) if cells else 0
    filled = _filled(cells, rows, body.first_row, want.kind)
    _refuse_stray_total(cells, body.first_row, want.kind)
    if total_row:
        check_total(body.total, filled, want.kind)
    for at in columns.blank:
        if cells[at].null_count < rows:
            raise KanshoError(
                "INTAKE-BLANK",
                "空であるべき項目に値が入っています",
                place=f"{want.kind}:{at + 1}列目",
                remedy="項目の値を除いて再提供を依頼してください (D1)",
            )
    for at in columns.trailing:
        if cells[at].null_count < rows:
            raise KanshoError(
                "INTAKE-COLUMN-FORBIDDEN",
                "見出しのない列に値が入っています",
                place=f"{want.kind}:{at + 1}列目",
                remedy="列を除いて再提供を依頼してください (D1)",
            )
    ours = {name: cells[at].slice(0, filled) for at, name in enumerate(columns.names) if name is not None}
    hit = find_my_number(ours.values())
    if hit is not None:
        raise KanshoError(
            "INTAKE-MYNUMBER",
            "個人番号とみられる値があります",
            place=f"{want.kind}:{body.first_row + hit}行目",
            remedy="直ちに区へ連絡し、除いて再提供を依頼 (D7)",
        )
    missing = pa.chunked_array([pa.nulls(filled, pa.large_string())])
    frame = pd.DataFrame({name: pd.array(ours.get(name, missing), dtype="str") for name in want.columns})
    counts = {
        "rows": filled,
        "blank_lines": body.blank_lines,
        "empty_rows": rows - filled,
        "empty_columns": len(columns.trailing),
        "blank_columns": len(columns.blank),
        "total_rows": int(total_row),
    }
    return frame, counts


def _trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without blanks around the text; what is then empty is missing."""
    text = pc.utf8_trim(column, characters=_BLANKS)
    empty = pc.equal(text, "")
    return pc.if_else(empty, pa.scalar(None, text.type), text) if pc.any(empty).as_py() else text


def _filled(cells: list[pa.ChunkedArray], rows: int, first_row: int, kind: str) -> int:
    """Rows up to the last with a value: spreadsheets leave rows of empty cells behind the data, never inside it.

    Raises:
        KanshoError: ``INTAKE-ROW`` for an empty row before the last.
    """
    empty = None
    for column in cells:
        if not column.null_count:
            return rows
        nulls = column.is_null()
        empty = nulls if empty is None else pc.and_(empty, nulls)
    if empty is None:
        return rows
    numbers = pc.indices_nonzero(pc.invert(empty))
    filled = numbers[-1].as_py() + 1 if len(numbers) else 0
    if len(numbers) < filled:
        first = pc.index(empty, True).as_py()
        raise wrong_width(first_row + first, kind)
    return filled


def _refuse_stray_total(cells: list[pa.ChunkedArray], first_row: int, kind: str) -> None:
    if cells:
        at = pc.index(pc.match_substring_regex(cells[0], TOTAL_LABEL), True).as_py()
        if at >= 0:
            raise stray_total(first_row + at, kind)
