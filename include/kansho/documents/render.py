"""A `Document` to PDF bytes: Jinja2 (strict) and WeasyPrint, offline, the same bytes for the same input."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kansho.documents.columns import LANDSCAPE, PORTRAIT, shares
from kansho.documents.model import Document, Table
from kansho.errors import KanshoError

FORMS = Path(__file__).resolve().parents[2] / "forms"


def japanese_date(day: Any) -> str:
    """令和 date of a day (令和 began on 2019-05-01; the contract lies wholly within it)."""
    year = day.year - 2018
    return f"令和{'元' if year == 1 else year}年{day.month}月{day.day}日"


def _shares(table: Table, landscape: bool) -> tuple[float, ...]:
    return shares(table.headings, table.rows, LANDSCAPE if landscape else PORTRAIT)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FORMS), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["japanese_date"] = japanese_date
    made.filters["shares"] = _shares
    return made


def render(document: Document, attachments: Mapping[str, bytes] | None = None) -> bytes:
    """PDF bytes of a document; ``attachments`` (file name → content) lie in it, so that its digest binds them too."""
    from weasyprint import Attachment

    html = _environment().get_template("document.html.j2").render(document=document)
    # Dated by the document: an attachment's own clock would make other bytes of the same input.
    made = datetime.combine(document.issued_on, time(), UTC)
    attached = [
        Attachment(file_obj=io.BytesIO(data), name=name, created=made, modified=made)
        for name, data in (attachments or {}).items()
    ]
    return render_html(html, attached)


def attached(pdf: bytes, name: str) -> bytes:
    """The file ``name`` that lies in a PDF of `render`.

    Raises:
        KanshoError: ``DOCUMENT-ATTACHMENT`` when there is none.
    """
    from pikepdf import Pdf

    with Pdf.open(io.BytesIO(pdf)) as document:
        if name in document.attachments:
            return bytes(document.attachments[name].get_file().read_bytes())
    raise KanshoError(
        "DOCUMENT-ATTACHMENT",
        "文書に添付の表がありません",
        place=name,
        remedy="文書を作り直し、もう一度承認を得てください",
    )


def render_html(html: str, attachments: Sequence[Any] = (), remarks: list[str] | None = None) -> bytes:
    """PDF bytes of a whole HTML text; it can refer to local files and data URLs only, never to the network.

    Args:
        html: the text.
        attachments: files that lie in the PDF.
        remarks: takes what WeasyPrint ignored in the style sheets; only for texts that hold nobody's data.
    """
    # WeasyPrint logs what it ignores in style sheets; texts of documents must not reach a log.
    log = logging.getLogger("weasyprint")
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    offline = URLFetcher(allowed_protocols=("file", "data"), fail_on_errors=True)
    log.setLevel(logging.CRITICAL if remarks is None else logging.WARNING)
    log.propagate, handlers, log.handlers = remarks is None, log.handlers, [_Remarks(remarks)]
    try:
        made = HTML(string=html, base_url=FORMS.as_uri() + "/", url_fetcher=offline)
        return bytes(made.write_pdf(attachments=list(attachments)))
    finally:
        log.setLevel(logging.CRITICAL)
        log.propagate, log.handlers = True, handlers


class _Remarks(logging.Handler):
    def __init__(self, kept: list[str] | None) -> None:
        super().__init__(logging.WARNING)
        self._kept = kept if kept is not None else []

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(record.getMessage())
