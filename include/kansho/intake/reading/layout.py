"""Rows of a file that are not data: control row, header row, total row.

Belongs here: where the header stands in each layout, and what control and total rows must say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from kansho.errors import KanshoError

Layout = Literal["plain", "fkac167"]

#: Index of the header row; what precedes it is control.
HEADER_ROW: dict[Layout, int] = {"plain": 0, "fkac167": 1}
#: What the control row of 国保連's 特定健診結果 file says in its second cell.
_CONTROL = "FKAC167"

#: The first cell of a total row, with or without the number in it.  In RE2's language too: no look-around.
TOTAL_LABEL = (
    r"^[ \t　]*(?:合[ 　]*計|総[ 　]*計|小[ 　]*計|計|件数|合計件数|総件数|データ件数)"
    r"[ 　]*[:：]?[ 　]*[0-9０-９,，]*[ 　]*[件名人]?[ \t　]*$"
)
#: No count has more digits; Python refuses to read numbers of thousands of them.
_NUMBER = re.compile(r"(?<!\d)(\d{1,15})\s*[件名人]?$")


def check_control(heads: Sequence[Sequence[str]], layout: Layout, kind: str) -> None:
    """The rows before the header are those of the layout.

    Raises:
        KanshoError: ``INTAKE-LAYOUT``.
    """
    if layout == "plain":
        return
    control = heads[0] if heads else []
    if len(control) < 2 or unicodedata.normalize("NFKC", control[1]).strip().upper() != _CONTROL:
        raise KanshoError(
            "INTAKE-LAYOUT",
            f"1行目が管理行（2列目に {_CONTROL}）ではありません",
            place=f"{kind}:1行目",
            remedy=f"{_CONTROL} の様式のまま再提供",
        )
    if len(heads) <= HEADER_ROW[layout]:
        raise KanshoError(
            "INTAKE-LAYOUT", "2行目に見出しがありません", place=f"{kind}:2行目", remedy="様式のまま再提供"
        )


def check_total(row: Sequence[str | None] | None, rows: int, kind: str) -> None:
    """The last row is a total row and names the number of rows of data.

    Raises:
        KanshoError: ``INTAKE-COUNT`` when there is none, or another number in it.
    """
    cells = [unicodedata.normalize("NFKC", cell or "").strip().replace(",", "") for cell in row or ()]
    if not cells or not re.match(TOTAL_LABEL, cells[0]):
        raise KanshoError("INTAKE-COUNT", "最終行が合計行ではありません", place=kind, remedy="末尾まで揃った表を再提供")
    named = [int(found.group(1)) for cell in cells if (found := _NUMBER.search(cell))]
    if not named or named[0] != rows:
        told = f"合計行 {named[0]}、" if named else "合計行に件数なし、"
        raise KanshoError(
            "INTAKE-COUNT", f"件数が合計行と違います（{told}実際 {rows}）", place=kind, remedy="件数を確認し、再提供"
        )


def stray_total(row: int, kind: str) -> KanshoError:
    """A total row where none is announced in the mapping."""
    return KanshoError(
        "INTAKE-ROW",
        "データの中に合計行があります",
        place=f"{kind}:{row}行目",
        remedy="合計行を除いて再提供、または設定の total_row を true に",
    )
