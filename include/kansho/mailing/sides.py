"""One side of the plates as it can be looked at: its text, its letters as they are drawn, its dots.

Belongs here: reading a page.  Does not belong here: judging it (`kansho.mailing.preflight`,
`kansho.mailing.outer_side`).
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansho.mailing.face import POINT

#: Dots in a millimetre of the pictures that are looked at.
DOTS = 6


@dataclass(frozen=True)
class Letter:
    """One character as it is drawn: size in points, colour, left, bottom, right, top (points)."""

    char: str
    size: float
    colour: tuple[int, int, int]
    box: tuple[float, float, float, float]


class Side:
    """One side of the sheet: ``outer`` or ``inner``."""

    def __init__(self, page: Any, name: str) -> None:
        self.page = page
        self.name = name
        self._texts = page.get_textpage()
        #: Lines, without white space, in the order in which they are drawn.
        self.lines = [
            solid(line) for line in self._texts.get_text_range().splitlines() if line.strip()
        ]  # fmt: skip
        self.text = "".join(self.lines)
        self.boxes = [self._texts.get_rect(n) for n in range(self._texts.count_rects())]
        self.dots = page.render(scale=DOTS / POINT).to_numpy()[:, :, :3]

    def said(self, box: tuple[float, float, float, float]) -> str:
        """The text within a box in points."""
        return solid(self._texts.get_text_bounded(*box))

    def letters(self) -> Iterator[Letter]:
        """Every character but white space."""
        import pypdfium2.raw as pdfium

        matrix = pdfium.FS_MATRIX()
        parts = [ctypes.c_uint() for _ in range(4)]
        for at in range(self._texts.count_chars()):
            char = chr(pdfium.FPDFText_GetUnicode(self._texts, at))
            if char.isspace() or not char.isprintable():
                continue
            pdfium.FPDFText_GetMatrix(self._texts, at, matrix)
            pdfium.FPDFText_GetFillColor(self._texts, at, *parts)
            size = pdfium.FPDFText_GetFontSize(self._texts, at) * abs(matrix.d or matrix.c)
            blue, green, red = (part.value for part in reversed(parts[:3]))
            yield Letter(char, size, (red, green, blue), self._texts.get_charbox(at))

    def around(self, box: tuple[float, float, float, float]) -> np.ndarray:
        """The dots (blue, green, red) of a box in points."""
        left, bottom, right, top = (side / POINT * DOTS for side in box)
        high = self.dots.shape[0]
        rows = slice(max(0, int(high - top) - 1), int(high - bottom) + 2)
        found: np.ndarray = self.dots[rows, max(0, int(left) - 1) : int(right) + 2].reshape(-1, 3)
        return found


@contextmanager
def sides(pdf: bytes) -> Iterator[tuple[Side, Side]]:
    """The outer and the inner side of the plates."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        yield Side(document[0], "outer"), Side(document[1], "inner")
    finally:
        document.close()


def solid(text: str) -> str:
    """Without white space, widths folded: as texts are compared."""
    return "".join(unicodedata.normalize("NFKC", text).split())
