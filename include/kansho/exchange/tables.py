"""Tables inside packages: CSV as people and their spreadsheet programs write it, strictly by contract."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd

from kansho.contracts.free_text import dock_result_headings
from kansho.contracts.model import SHAPES, Column, Contract
from kansho.contracts.shared import INQUIRY_PATTERN
from kansho.errors import KanshoError


def to_csv(frame: pd.DataFrame, contract: Contract) -> bytes:
    """UTF-8 with BOM, CRLF, every field quoted, Japanese headers in the contract's order.

    Columns of the contract that the frame lacks are an error of ours (KeyError never escapes).
    """
    missing = [n for n in contract.names if n not in frame.columns]
    if missing:
        raise KanshoError("TABLE-COLUMNS", f"書き出す列が足りません missing={missing}", place=contract.kind)
    text = frame[list(contract.names)].astype(object).where(frame[list(contract.names)].notna(), "")
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(contract.headers)
    writer.writerows(text.astype(str).itertuples(index=False, name=None))
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def from_csv(data: bytes, contract: Contract) -> pd.DataFrame:
    """Read what `to_csv` wrote: text columns named by identifier, empty fields as None.

    Headers must be exactly the contract's; a row of another length refuses the file.  Values are
    checked by the gates, not here.

    Raises:
        KanshoError: ``TABLE-ENCODING``, ``TABLE-COLUMNS``, ``TABLE-ROW`` (with the row number), or ``TABLE-DOCK``
            for a column that could carry 人間ドック results (D4).
    """
    try:
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise KanshoError(
            "TABLE-ENCODING", "表を読めません", place=contract.kind, remedy="UTF-8 の CSV で送り直してください"
        ) from None
    dock = dock_result_headings(rows[0]) if rows else ()
    if dock:
        raise KanshoError(
            "TABLE-DOCK",
            "人間ドックの結果が入りうる列があります",
            place=f"{contract.kind}:{'、'.join(map(str, dock))}列目",
            remedy="列を除いて送り直してください。人間ドックの結果は区が直接収集します (D4)",
        )
    if not rows or tuple(rows[0]) != contract.headers:
        raise KanshoError(
            "TABLE-COLUMNS",
            "見出しが契約と一致しません",
            place=contract.kind,
            remedy="契約の列のとおりに送り直してください",
        )
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(contract.headers):
            raise KanshoError("TABLE-ROW", "列の数が合わない行があります", place=f"{contract.kind}:{number}行目")
    frame = pd.DataFrame(rows[1:], columns=list(contract.names), dtype=object)
    return frame.replace({"": None})


def valid(values: pd.Series, column: Column) -> pd.Series:
    """Row mask of values that the column's contract allows: null, codes, pattern, date, range."""
    empty = values.isna()
    text = values.where(~empty, "").astype(str)
    fine = pd.Series(True, index=values.index)
    if column.codes:
        fine &= text.isin(column.codes)
    if column.pattern:
        fine &= text.str.fullmatch(column.pattern)
    if column.type == "date":
        fine &= text.str.fullmatch(SHAPES["date"]) & pd.to_datetime(text, format="%Y-%m-%d", errors="coerce").notna()
    if column.type in ("int", "float"):
        number = pd.to_numeric(text, errors="coerce")
        fine &= text.str.fullmatch(column.shape or "")
        if column.low is not None:
            fine &= ~(number < column.low)
        if column.high is not None:
            fine &= ~(number > column.high)
    return (fine & ~empty) | (empty & column.nullable)


def check_digit(nine: str) -> int | None:
    """Check digit of an お問い合わせ番号: weights 10..2, modulus 11; None when it would be 10 (not issued)."""
    rest = -sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11
    return None if rest == 10 else rest


def is_inquiry_number(text: str) -> bool:
    """Whether a text is a well-formed お問い合わせ番号 with its check digit (D7)."""
    if not re.fullmatch(INQUIRY_PATTERN, text):
        return False
    digits = text.replace("-", "")
    return check_digit(digits[:9]) == int(digits[9])
