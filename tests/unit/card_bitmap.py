"""A rendered card as a bitmap: bars found as dark columns, told apart by height, decoded by the published table.

Nothing here knows where on the address face, or how, the card was set; it measures what a sorting machine would see.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pypdfium2

from kansho.mailing.barcode import BARS, SYMBOLS

DPI = 600
MM = DPI / 25.4
#: The flat sheet of two cards (millimetres), and the bleed that is cut off all round it.
SHEET, BLEED = (200, 148), 3
#: Bars are dark below this (of 255); print contrast is not the renderer's matter.
DARK = 128


@dataclass(frozen=True)
class Barcode:
    """What was measured: bars as letters, and lengths in millimetres."""

    bars: str
    left: float
    top: float
    right: float
    bottom: float
    widths: tuple[float, ...]
    pitches: tuple[float, ...]


def bitmap(pdf: bytes, page: int = 0) -> np.ndarray:
    """Grey values of a page, rows by columns."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return np.asarray(document[page].render(scale=DPI / 72, grayscale=True).to_numpy()).squeeze()
    finally:
        document.close()


def address_face(image: np.ndarray) -> np.ndarray:
    """What the post sees of an outer side: cut and folded, the right half of the sheet.

    Raises:
        AssertionError: the page is not the sheet with its bleed.
    """
    (wide, high), size = SHEET, [length / MM for length in image.shape]
    assert abs(size[0] - high - 2 * BLEED) < 0.1
    assert abs(size[1] - wide - 2 * BLEED) < 0.1
    left, top, right, bottom = (round(at * MM) for at in (BLEED + wide / 2, BLEED, BLEED + wide, BLEED + high))
    return image[top:bottom, left:right]


def find_barcode(image: np.ndarray) -> Barcode | None:
    """The band of rows that holds 67 separate dark columns of equal pitch; None when there is none."""
    dark = image < DARK
    rows = dark.any(axis=1)
    for top, bottom in _runs(rows):
        band = dark[top:bottom]
        columns = _runs(band.any(axis=0))
        if len(columns) == 67:
            return _measured(band, columns, top)
    return None


def symbols(bars: str) -> list[str]:
    """The 21 symbols between start and stop.

    Raises:
        AssertionError: what was read is no barcode.
    """
    assert bars.startswith("FD")
    assert bars.endswith("DF")
    named = {shape: symbol for symbol, shape in BARS.items()}
    found = [named[bars[n : n + 3]] for n in range(2, 65, 3)]
    assert sum(SYMBOLS.index(s) for s in found) % 19 == 0, "the check character does not hold"
    return found


def is_empty(image: np.ndarray, code: Barcode, clear: float) -> bool:
    """Whether nothing dark stands within ``clear`` millimetres around the code, and the page goes on that far."""
    left, right = round((code.left - clear) * MM), round((code.right + clear) * MM)
    top, bottom = round((code.top - clear) * MM), round((code.bottom + clear) * MM)
    if left < 0 or top < 0 or right > image.shape[1] or bottom > image.shape[0]:
        return False
    around = image[top:bottom, left:right] < DARK
    inner = around[round(clear * MM) - 1 : -round(clear * MM) + 1, round(clear * MM) - 1 : -round(clear * MM) + 1]
    return int(around.sum()) == int(inner.sum())


def _measured(band: np.ndarray, columns: list[tuple[int, int]], top: int) -> Barcode:
    height = band.shape[0]
    letters = []
    for first, last in columns:
        ((above, below),) = _runs(band[:, first:last].all(axis=1))
        upper, lower = above < height / 6, below > height * 5 / 6
        letters.append({(True, True): "F", (True, False): "A", (False, True): "D", (False, False): "T"}[upper, lower])
    starts = [first / MM for first, _ in columns]
    return Barcode(
        bars="".join(letters),
        left=starts[0],
        top=top / MM,
        right=columns[-1][1] / MM,
        bottom=(top + height) / MM,
        widths=tuple((last - first) / MM for first, last in columns),
        pitches=tuple(b - a for a, b in zip(starts, starts[1:], strict=False)),
    )


def _runs(line: np.ndarray) -> list[tuple[int, int]]:
    """First and behind-last index of every run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], line, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
