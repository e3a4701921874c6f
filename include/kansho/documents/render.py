"""A `Document` to PDF bytes: Jinja2 (strict) and WeasyPrint, offline, the same bytes for the same input."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kansho.documents.model import Document

FORMS = Path(__file__).resolve().parents[2] / "forms"


def japanese_date(day: Any) -> str:
    """令和 date of a day (令和 began on 2019-05-01; the contract lies wholly within it)."""
    year = day.year - 2018
    return f"令和{'元' if year == 1 else year}年{day.month}月{day.day}日"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FORMS), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["japanese_date"] = japanese_date
    return made


def render(document: Document) -> bytes:
    """PDF bytes of a document."""
    return render_html(_environment().get_template("document.html.j2").render(document=document))


def render_html(html: str, remarks: list[str] | None = None) -> bytes:
    """PDF bytes of a whole HTML text; it can refer to local files and data URLs only, never to the network.

    Args:
        html: the text.
        remarks: takes what WeasyPrint ignored in the style sheets; only for texts that hold nobody's data.
    """
    # WeasyPrint logs what it ignores in style sheets; texts of documents must not reach a log.
    log = logging.getLogger("weasyprint")
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    offline = URLFetcher(allowed_protocols=("file", "data"), fail_on_errors=True)
    kept = _Remarks(remarks)
    log.setLevel(logging.CRITICAL if remarks is None else logging.WARNING)
    log.propagate, handlers, log.handlers = remarks is None, log.handlers, [] if remarks is None else [kept]
    try:
        return bytes(HTML(string=html, base_url=FORMS.as_uri() + "/", url_fetcher=offline).write_pdf())
    finally:
        log.setLevel(logging.CRITICAL)
        log.propagate, log.handlers = True, handlers


class _Remarks(logging.Handler):
    def __init__(self, kept: list[str] | None) -> None:
        super().__init__(logging.WARNING)
        self._kept = kept if kept is not None else []

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(record.getMessage())
