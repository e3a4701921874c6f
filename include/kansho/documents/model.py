"""The shape of a document: facts at the head, sections of text, tables and figures, places to sign."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from kansho.documents.stamp import Stamp


@dataclass(frozen=True)
class Table:
    """Rows of text under headings; ``numeric`` are the columns set right (0-based)."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """An SVG picture with its caption."""

    svg: str
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A heading, paragraphs, tables and figures, in this order."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Document:
    """One document.

    ``addressee`` and ``issuer`` are party names; ``facts`` are label–value pairs at the head;
    ``signatures`` are roles with a line to sign; ``simulation`` marks every page 「模擬」; ``stamp`` holds the ledger
    to the day of the paper.
    """

    title: str
    contract_title: str
    contract_number: str
    issued_on: date
    issuer: str
    addressee: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    signatures: tuple[str, ...] = ()
    simulation: bool = False
    landscape: bool = False
    footnotes: tuple[str, ...] = field(default_factory=tuple)
    stamp: Stamp | None = None
