"""Showing the thing itself, decrypted in memory: a PDF page by page, a table as a page, JSON as text.

Pages are drawn here because Airflow shows the desk in a sandboxed frame, in which browsers load no PDF viewer;
so the person needs no viewer, and none keeps a copy.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from threading import Lock

import pandas as pd
import pypdfium2

from kansho.contracts.registry import REGISTRY

#: More rows or pages than a person reads at once; bounds memory, and the page says so.
MAX_ROWS = 2000
MAX_PAGES = 200
#: Width of a drawn page in pixels: an A4 page is legible to its footnotes.
PAGE_WIDTH = 1240

# PDFium is not safe under threads.
_PDFIUM = Lock()


@dataclass(frozen=True)
class Shown:
    """Either the ``pages`` of a PDF (their text, for those who cannot see them), or a table, or ``text``.

    ``total`` counts pages or rows in all; the table has ``headings`` and ``rows``.
    """

    pages: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    total: int = 0
    text: str = ""


def is_pdf(data: bytes) -> bool:
    """Whether an artefact's bytes are a PDF."""
    return data.startswith(b"%PDF")


def show(data: bytes) -> Shown:
    """What to show of an artefact's bytes."""
    if is_pdf(data):
        return _pages(data)
    if data.startswith(b"PAR1"):
        frame = pd.read_parquet(io.BytesIO(data))
        names = {c.name: c.header for contract in REGISTRY.values() for c in contract.columns}
        shown = frame.head(MAX_ROWS).astype(object)
        rows = shown.where(shown.notna(), "").astype(str).itertuples(index=False, name=None)
        return Shown(headings=tuple(names.get(c, c) for c in frame.columns), rows=tuple(rows), total=len(frame))
    return Shown(text=json.dumps(json.loads(data), ensure_ascii=False, indent=2))


def draw(pdf: bytes, number: int) -> bytes | None:
    """Page ``number`` (from 1) of a PDF as PNG; None when there is no such page."""
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        if not 1 <= number <= min(len(document), MAX_PAGES):
            return None
        page = document[number - 1]
        image = page.render(scale=PAGE_WIDTH / page.get_width()).to_pil()
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def _pages(pdf: bytes) -> Shown:
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        total = len(document)
        texts = tuple(document[n].get_textpage().get_text_range() for n in range(min(total, MAX_PAGES)))
    return Shown(pages=texts, total=total)
