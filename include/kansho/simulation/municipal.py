"""The ward's files and the seals around them: CSV of several systems, workbooks, 国保連's layout; zip, 7z, xlsx.

Belongs here: bytes.  Does not belong here: what stands in the tables (`ward`, `histories`) or how a value is spelled
(`spelling`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping as Table
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import py7zr
import pyzipper
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from kansho.campaign.config import Mapping
from kansho.contracts.registry import REGISTRY

Seal = Literal["zip", "7z", "xlsx"]

#: Headings that 国保連's layout repeats.
_REPEATED = {"既往歴": 2, "心電図": 3}


@dataclass(frozen=True)
class Form:
    """How one system of the ward writes its table."""

    name: str
    codec: str = "cp932"
    mark: bytes = b""
    delimiter: str = ","
    quoting: Literal[0, 1] = csv.QUOTE_ALL


#: Four departments, four systems.
FORMS: dict[str, Form] = {
    "target_list": Form("対象者一覧.csv"),
    "checkup_results": Form("FKAC167.csv", quoting=csv.QUOTE_MINIMAL),
    "past_attendance": Form("受診履歴.csv", "utf-8", b"\xef\xbb\xbf"),
    "screening_history": Form("がん検診履歴.txt", "utf-16-le", b"\xff\xfe", "\t", csv.QUOTE_MINIMAL),
    "past_outreach": Form("前年度勧奨.csv", "utf-8", b"\xef\xbb\xbf"),
    "analysis_items": Form("分析項目.csv"),
    "stop_list": Form("勧奨停止一覧.csv"),
    "attendance_update": Form("受診情報.csv", "utf-8", b"\xef\xbb\xbf"),
}


def file_of(
    kind: str,
    frame: pd.DataFrame,
    mapping: Mapping | None,
    *,
    workbook: bool = False,
    extra: tuple[str, pd.Series] | None = None,
) -> tuple[str, bytes]:
    """Name and bytes of one table.

    Args:
        kind: the file kind.
        frame: columns of the contract, values as the ward spells them.
        mapping: the ward's headings, layout and total row.
        workbook: as xlsx, every cell a text.
        extra: heading and values of a column too many.
    """
    form = FORMS[kind]
    rows = _rows(kind, frame, mapping, extra)
    if workbook:
        return f"{form.name.rpartition('.')[0]}.xlsx", _xlsx(rows)
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=form.delimiter, quoting=form.quoting, lineterminator="\r\n").writerows(rows)
    return form.name, form.mark + buffer.getvalue().encode((mapping.encoding if mapping else None) or form.codec)


def sealed(files: Table[str, bytes], password: str, seal: Seal) -> tuple[str, bytes]:
    """Name and bytes of the sealed file; ``xlsx`` is a workbook that is its own seal, and holds one file only."""
    if seal == "zip":
        return "sealed.zip", _zip(files, password)
    if seal == "7z":
        return "sealed.7z", _seven_zip(files, password)
    (workbook,) = files.values()
    buffer = io.BytesIO()
    OOXMLFile(io.BytesIO(workbook)).encrypt(password, buffer)
    return "sealed.xlsx", buffer.getvalue()


def _rows(
    kind: str, frame: pd.DataFrame, mapping: Mapping | None, extra: tuple[str, pd.Series] | None
) -> list[list[str]]:
    own = mapping.headers if mapping else {}
    headings = [own.get(name) or REGISTRY[kind].column(name).header for name in frame.columns]
    out = frame.astype(object).where(frame.notna(), "")
    if extra is not None:
        headings, out = [*headings, extra[0]], out.assign(_extra=extra[1])
    body = [[str(cell) for cell in row] for row in out.itertuples(index=False, name=None)]
    if mapping is not None and mapping.layout == "fkac167":
        # The number stands second, behind the insurer's; columns that the contract does not know come empty.
        empty = [h for h in mapping.blank[1:] for _ in range(_REPEATED.get(h, 1))]
        headings = [mapping.blank[0], headings[0], *empty, *headings[1:]]
        body = [["", row[0], *[""] * len(empty), *row[1:]] for row in body]
        return [["1", "FKAC167", *[""] * (len(headings) - 2)], headings, *body]
    if mapping is not None and mapping.total_row:
        body.append(["合計", str(len(frame)), *[""] * (len(headings) - 2)])
    return [headings, *body]


def _xlsx(rows: list[list[str]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("一覧")
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell:
                sheet.write_string(y, x, cell)
    book.close()
    return buffer.getvalue()


def _zip(files: Table[str, bytes], password: str) -> bytes:
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _seven_zip(files: Table[str, bytes], password: str) -> bytes:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", password=password, header_encryption=True) as archive:
        for name, data in files.items():
            archive.writef(io.BytesIO(data), name)
    return buffer.getvalue()
