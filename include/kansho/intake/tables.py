"""Reading one delivered CSV strictly by its contract and the ward's mapping.

Pure over bytes.  A column too many is an incident of over-provision and refuses the delivery whole (D1).
"""

from __future__ import annotations

import csv
import io
import re

import pandas as pd

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.contracts.model import Contract
from kansho.contracts.registry import contract
from kansho.errors import KanshoError

#: Twelve digits in a row, or in groups as individual numbers are written (full width included).
_TWELVE = re.compile(r"(?<!\d)(?:\d{12}|\d{4}([-－ー・ 　])\d{4}\1\d{4})(?!\d)")
_DIGITS = re.compile(r"\d")
#: Where CP932 puts 外字 (F040–F9FC); no glyph may be assumed for them.
_PRIVATE_USE = r"[\ue000-\uf8ff]"
_MY_NUMBER_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def read_table(data: bytes, kind: FileKind, config: CampaignConfig) -> pd.DataFrame:
    """Text columns by identifier, empty fields as None; order of the contract.

    Raises:
        KanshoError: ``INTAKE-ENCODING``, ``INTAKE-CSV``, ``INTAKE-COLUMN-FORBIDDEN``, ``INTAKE-COLUMN-MISSING``,
            ``INTAKE-COLUMN-TWICE``, ``INTAKE-ROW``, ``INTAKE-MYNUMBER``; place names file kind, column or row.
    """
    mapping = config.mapping(kind)
    wanted = contract(kind)
    rows = _rows(data, (mapping.encoding if mapping else None) or "cp932", kind)
    renamed = mapping.headers if mapping else {}
    by_header = {renamed.get(c.name, c.header): c.name for c in wanted.columns}
    header = _check_header(rows[0] if rows else [], by_header, kind, _approved(config, wanted))
    _check_rows(rows, len(header), kind)
    frame = pd.DataFrame(rows[1:], columns=[by_header[h] for h in header], dtype=object)
    frame = frame.apply(lambda column: column.str.strip()).replace({"": None}) if len(frame) else frame
    for name in wanted.names:
        if name not in frame.columns:
            frame[name] = None
    return frame[list(wanted.names)].astype(object).where(frame[list(wanted.names)].notna(), None)


def _check_rows(rows: list[list[str]], width: int, kind: str) -> None:
    """Every row has the header's length, and no cell an individual number; the place is the row's number."""
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != width:
            raise KanshoError(
                "INTAKE-ROW", "列の数が合わない行があります", place=f"{kind}:{number}行目", remedy="行を訂正して再提供"
            )
        # One search over the joined row first: it is rare that anything looks like one.
        if _TWELVE.search("\n".join(row)) and any(_holds_my_number(cell) for cell in row):
            raise KanshoError(
                "INTAKE-MYNUMBER",
                "個人番号とみられる値があります",
                place=f"{kind}:{number}行目",
                remedy="直ちに区へ連絡し、除いて再提供を依頼 (D7)",
            )


def is_my_number(text: str) -> bool:
    """Whether twelve digits carry the check digit of an individual number (番号法省令 第5条)."""
    if not re.fullmatch(r"\d{12}", text):
        return False
    digits = [int(d) for d in text]
    rest = sum(d * w for d, w in zip(digits[:11], _MY_NUMBER_WEIGHTS, strict=True)) % 11
    return digits[11] == (0 if rest <= 1 else 11 - rest)


def count_gaiji(frame: pd.DataFrame) -> int:
    """Rows with a 外字: it decodes without an error and must never be printed unmapped."""
    if frame.empty:
        return 0
    found = [frame[c].fillna("").astype(str).str.contains(_PRIVATE_USE) for c in frame.columns]
    return int(pd.concat(found, axis=1).any(axis=1).sum())


def _holds_my_number(cell: str) -> bool:
    return len(cell) >= 12 and any(
        is_my_number("".join(str(int(d)) for d in _DIGITS.findall(match.group()))) for match in _TWELVE.finditer(cell)
    )


def _approved(config: CampaignConfig, wanted: Contract) -> frozenset[str]:
    """Columns that may be there: all of the contract; of the analysis items only those approved this year."""
    if wanted.kind != "analysis_items":
        return frozenset(wanted.names)
    return frozenset(wanted.key) | frozenset(config.approved_analysis_items)


def _rows(data: bytes, encoding: str, kind: str) -> list[list[str]]:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise KanshoError(
            "INTAKE-ENCODING",
            f"文字コードが {encoding} ではありません",
            place=f"{kind}:{error.start}バイト目",
            remedy="文字コードを確認して再提供",
        ) from None
    if "\x00" in text:
        raise KanshoError("INTAKE-CSV", "表の中に使えない文字があります", place=kind, remedy="CSV を作り直して再提供")
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        raise KanshoError(
            "INTAKE-CSV", "CSV として読めません", place=kind, remedy="引用符を確認し、CSV を作り直して再提供"
        ) from None


def _check_header(header: list[str], by_header: dict[str, str], kind: str, approved: frozenset[str]) -> list[str]:
    header = [cell.strip() for cell in header]
    if len(header) != len(set(header)):
        raise KanshoError("INTAKE-COLUMN-TWICE", "同じ見出しの列があります", place=kind, remedy="列を確認して再提供")
    allowed = {h for h, name in by_header.items() if name in approved}
    extra = [h for h in header if h not in allowed]
    if extra:
        # The column's position, not its heading: what else may stand in the first row of a wrong file is unknown.
        place = f"{kind}:{'、'.join(str(header.index(h) + 1) for h in extra[:20])}列目"
        raise KanshoError(
            "INTAKE-COLUMN-FORBIDDEN",
            "契約にない項目が含まれています",
            place=place,
            remedy="項目を除いて再提供を依頼してください (D1)",
        )
    missing = sorted(allowed - set(header))
    if missing:
        raise KanshoError(
            "INTAKE-COLUMN-MISSING",
            f"項目が不足しています（{'、'.join(missing)}）",
            place=kind,
            remedy="項目を加えて再提供を依頼してください",
        )
    return header
