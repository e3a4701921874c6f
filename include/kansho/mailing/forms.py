"""Whether the letters embedded in a file of cards are drawn as the fonts have them, variant by variant.

Text read back does not prove it: 葛 drawn in its usual form still reads as 葛 + U+E0100 when the file says so.
So what the file says of each glyph is looked up again in the font, and the two outlines are compared.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from kansho.mailing.inks import OwnFont
from kansho.mailing.typeface import Typeface, drawn_by, typeface

_PAIR = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n")


def replaced(pdf: bytes, own: OwnFont | None = None) -> list[str]:
    """Characters (with their selectors) that the file draws otherwise than their font, or by a font not ours."""
    import pikepdf

    wards = typeface(own.file) if own else None
    found = []
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        fonts: Any = opened.pages[0].obj["/Resources"].get("/Font", {}) if opened.pages else {}
        programs: dict[bytes, _Outlines] = {}
        for font in fonts.values():
            described = font["/DescendantFonts"][0]["/FontDescriptor"]
            program = (described.get("/FontFile2") or described["/FontFile3"]).read_bytes()
            embedded = programs.get(program) or programs.setdefault(program, _Outlines(io.BytesIO(program)))
            for code, cluster in _meanings(font["/ToUnicode"].read_bytes()):
                face = wards if unicodedata.category(cluster[0]) == "Co" else drawn_by(cluster)
                if face is None or embedded.at(code) != _wanted(face, cluster):
                    found.append(cluster)
    return found


def _meanings(cmap: bytes) -> Iterator[tuple[int, str]]:
    for code, text in _PAIR.findall(cmap):
        yield int(code, 16), bytes.fromhex(text.decode()).decode("utf-16-be")


class _Outlines:
    """The outlines of a font file."""

    def __init__(self, file: Any) -> None:
        from fontTools.ttLib import TTFont

        self._font = TTFont(file, lazy=True)
        self._set = self._font.getGlyphSet()

    def at(self, number: int) -> list[Any] | None:
        return self.of(self._font.getGlyphName(number)) if number < self._font["maxp"].numGlyphs else None

    def of(self, name: str) -> list[Any]:
        from fontTools.pens.recordingPen import DecomposingRecordingPen

        pen = DecomposingRecordingPen(self._set)
        self._set[name].draw(pen)
        drawn: list[Any] = pen.value
        return drawn


def _wanted(face: Typeface, cluster: str) -> list[Any] | None:
    glyph = face.glyph(cluster)
    if glyph is None:
        return None
    return _source(face).of(glyph)


@lru_cache(maxsize=3)
def _source(face: Typeface) -> _Outlines:
    return _Outlines(face.file)
