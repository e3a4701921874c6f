"""What a rendered design is set in: its fonts, characters that no font had, and the size of its pages.

Belongs here: reading a PDF of faces.  Does not belong here: refusing it (`kansho.mailing.designs`).  A renderer takes
another font for what the wanted one lacks, or draws an empty box, and says nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pikepdf

from kansho.mailing.face import BLEED, HEIGHT, POINT, SHEET

#: Glyph numbers that stand for "no such character": none, and Pango's unknown one.
_NO_GLYPH = (b"\x00\x00", b"\xff\xff")
#: Millimetres by which a page may differ from its size.
_TOLERANCE = 0.1


def fonts_of(pdf: bytes) -> frozenset[str]:
    """Names of the embedded fonts without subset tag and weight ("Noto Sans CJK JP")."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        names = {str(font.BaseFont) for font in _objects(document, "/Type", "/Font") if "/BaseFont" in font}
    plain = (name.removeprefix("/").rpartition("+")[2].replace("-", " ") for name in names)
    return frozenset(name.removesuffix(" Bold").removesuffix(" Medium") for name in plain)


def unknown_characters(pdf: bytes) -> int:
    """How many characters were drawn as an empty box."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        streams = [*document.pages, *_objects(document, "/Subtype", "/Form")]
        return sum(
            bytes(text)[at : at + 2] in _NO_GLYPH
            for stream in streams
            for text in _texts(stream)
            for at in range(0, len(bytes(text)), 2)
        )


def has_the_size_of_the_sheet(pdf: bytes) -> bool:
    """Whether every page is a side of the sheet, cut to size, with bleed all round."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        boxes = [box for page in document.pages for box in (page.mediabox, page.trimbox)]
        sizes = [(float(box[2] - box[0]) / POINT, float(box[3] - box[1]) / POINT) for box in boxes]
    wanted = [(SHEET + 2 * BLEED, HEIGHT + 2 * BLEED), (SHEET, HEIGHT)] * (len(sizes) // 2)
    return all(
        abs(side - want) < _TOLERANCE
        for size, sides in zip(sizes, wanted, strict=True)
        for side, want in zip(size, sides, strict=True)
    )


def _objects(document: pikepdf.Pdf, key: str, value: str) -> Iterator[pikepdf.Object]:
    for found in document.objects:
        if isinstance(found, pikepdf.Dictionary | pikepdf.Stream) and str(found.get(key, "")) == value:
            yield found


def _texts(stream: pikepdf.Page | pikepdf.Object) -> Iterator[pikepdf.String]:
    for shown in pikepdf.parse_content_stream(stream):
        operator = str(shown.operator)
        if operator in ("Tj", "TJ"):
            parts = shown.operands[0] if operator == "TJ" else shown.operands
            yield from (part for part in parts if isinstance(part, pikepdf.String))
