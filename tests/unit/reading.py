"""Tables as municipalities write them, for the tests of the reader: our writers in every form, and small wards."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from kansho.campaign.config import CampaignConfig, FileKind, Mapping
from kansho.intake.reading import Delivered, read_delivered

STOP_HEADER = ("お問い合わせ番号", "停止区分", "期限")
GOOD = (("3000-0000-03", "1", ""), ("3000-0001-01", "2", "2027-09-30"))

#: Name in our records → Python's codec that writes it (with its mark) and the mark.
ENCODINGS = {
    "cp932": ("cp932", b""),
    "utf-8": ("utf-8", b""),
    "utf-8-sig": ("utf-8", b"\xef\xbb\xbf"),
    "utf-16-le": ("utf-16-le", b"\xff\xfe"),
    "utf-16-be": ("utf-16-be", b"\xfe\xff"),
    "utf-16-le without a mark": ("utf-16-le", b""),
    "utf-16-be without a mark": ("utf-16-be", b""),
}


def ward(config: CampaignConfig, **mapping: Any) -> CampaignConfig:
    """The config with one mapping."""
    return config.model_copy(update={"mappings": (Mapping(**{"kind": "stop_list", **mapping}),)})


def write(
    rows: Sequence[Sequence[str]],
    *,
    encoding: str = "cp932",
    delimiter: str = ",",
    quoting: int = csv.QUOTE_MINIMAL,
    end: str = "\r\n",
) -> bytes:
    """Rows as a CSV of that dialect."""
    codec, mark = ENCODINGS[encoding]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)  # type: ignore[arg-type]
    return mark + buffer.getvalue().encode(codec)


def stop_list(*rows: Sequence[str], header: Sequence[str] = STOP_HEADER, **dialect: Any) -> bytes:
    """A stop list of these rows."""
    return write([header, *rows], **dialect)


def workbook(
    rows: Sequence[Sequence[Any]], *, path: Path | None = None, formats: dict[int, str] | None = None
) -> bytes:
    """Rows as an xlsx; text stays text, numbers numbers, ``formats`` by column."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime(2027, 4, 1)})  # else no two are the same bytes
    sheet = book.add_worksheet("一覧")
    styles = {at: book.add_format({"num_format": text}) for at, text in (formats or {}).items()}
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(y, x, cell)
            elif cell is not None:
                sheet.write(y, x, cell, styles.get(x) if y else None)
    book.close()
    return buffer.getvalue()


def read(data: bytes, config: CampaignConfig, kind: FileKind = "stop_list") -> Delivered:
    return read_delivered(data, kind, config)


def cells(frame: pd.DataFrame) -> list[tuple[str | None, ...]]:
    """Rows with None for missing."""
    return [tuple(None if pd.isna(cell) else str(cell) for cell in row) for row in frame.itertuples(index=False)]
