"""Showing the thing itself, decrypted in memory, page by page: sheets of a PDF, rows of a table, JSON as text.

Belongs here: cutting into pages, and one page of it.  Does not belong here: Japanese words of a table (`tables`), which
pages somebody has opened (`readings`).

Sheets are drawn here because Airflow shows the desk in a sandboxed frame, in which browsers load no PDF viewer;
so the person needs no viewer, and none keeps a copy.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pandas as pd
import pypdfium2

from campaign_desk.tables import Table, in_words
from kansho.campaign.config import CampaignConfig
from kansho.vault.vault import SnapshotRef

#: What one page of the desk shows: as much as a person reads in one go, and a browser shows at once.
ROWS, SHEETS = 500, 50
#: Width of a drawn sheet in pixels: an A4 sheet is legible to its footnotes.
SHEET_WIDTH = 1240

# PDFium is not safe under threads.
_PDFIUM = Lock()


@dataclass(frozen=True)
class Span:
    """One page of a thing: items ``first`` to ``last`` ``of`` all, where ``size`` items make a page."""

    number: int
    of: int
    size: int

    @property
    def first(self) -> int:
        """Its first item, from 1."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """Its last item."""
        return min(self.number * self.size, self.of)

    @property
    def pages(self) -> int:
        """How many pages there are; a thing without items has one, which says so."""
        return max(1, -(-self.of // self.size))

    @property
    def exists(self) -> bool:
        """Whether the thing has this page."""
        return 1 <= self.number <= self.pages

    @property
    def counts(self) -> dict[str, int]:
        """As the ledger counts what was opened."""
        return {"first": self.first, "last": self.last, "of": self.of}


@dataclass(frozen=True)
class Shown:
    """One page: sheets of a PDF (number → its text, for those who cannot see it), or a table, or ``text``."""

    span: Span
    sheets: Mapping[int, str] = field(default_factory=dict)
    table: Table | None = None
    text: str = ""


def size_of(artefact: Mapping[str, Any]) -> int:
    """How many items of a referenced thing make a page: rows where it is a table."""
    return ROWS if artefact.get("rows") else SHEETS


def is_pdf(data: bytes) -> bool:
    """Whether an artefact's bytes are a PDF."""
    return data.startswith(b"%PDF")


def show(data: bytes, ref: SnapshotRef, number: int, config: CampaignConfig) -> Shown | None:
    """Page ``number`` of an artefact's bytes; None when it has no such page."""
    if is_pdf(data):
        return _sheets(data, number)
    if data.startswith(b"PAR1"):
        frame = pd.read_parquet(io.BytesIO(data))
        span = Span(number, len(frame), ROWS)
        if not span.exists:
            return None
        return Shown(span, table=in_words(ref.kind, frame.iloc[span.first - 1 : span.last], config))
    span = Span(number, 1, 1)
    text = json.dumps(json.loads(data), ensure_ascii=False, indent=2)
    return Shown(span, text=text) if span.exists else None


def draw(pdf: bytes, number: int) -> bytes | None:
    """Sheet ``number`` (from 1) of a PDF as PNG; None when there is no such sheet."""
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        if not 1 <= number <= len(document):
            return None
        sheet = document[number - 1]
        image = sheet.render(scale=SHEET_WIDTH / sheet.get_width()).to_pil()
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def _sheets(pdf: bytes, number: int) -> Shown | None:
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        span = Span(number, len(document), SHEETS)
        if not span.exists:
            return None
        numbers = range(span.first, span.last + 1)
        return Shown(span, sheets={n: document[n - 1].get_textpage().get_text_range() for n in numbers})
