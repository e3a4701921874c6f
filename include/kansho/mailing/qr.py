"""The QR symbol of the ward's page: drawn for a template, and looked for again on the plates.

Belongs here: making the symbol and finding that very one.  Does not belong here: refusing a design without it
(`kansho.mailing.preflight`).
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kansho.mailing.face import POINT
from kansho.mailing.sides import DOTS, Side

#: Share of the modules that must be as they are made; of those of level M a reader restores 15 in 100.
_AS_MADE = 0.97
#: Pieces of a path from which it may be a symbol, and the grey value (of 255) below which a dot is dark.
_PIECES, _DARK = 100, 128


def as_picture(url: str) -> str:
    """The symbol as a picture (SVG) for the ``src`` of an ``img``."""
    buffer = io.BytesIO()
    _symbol(url).save(buffer, kind="svg", scale=4, border=2)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()


def is_shown(side: Side, url: str) -> bool:
    """Whether the symbol of a page stands on a side, whole and upright."""
    import pypdfium2.raw as pdfium

    wanted = np.array([list(row) for row in _symbol(url).matrix], dtype=bool)
    paths = side.page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=8)
    boxes = [drawn.get_bounds() for drawn in paths if pdfium.FPDFPath_CountSegments(drawn) >= _PIECES]
    return any(_is(side, box, wanted) for box in boxes)


def _is(side: Side, box: tuple[float, float, float, float], wanted: NDArray[np.bool_]) -> bool:
    left, bottom, right, top = (edge / POINT * DOTS for edge in box)
    high = side.dots.shape[0]
    rows, columns = slice(max(0, int(high - top)), int(high - bottom) + 1), slice(max(0, int(left)), int(right) + 1)
    dark = side.dots[rows, columns].min(axis=2) < _DARK
    down, across = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not len(down):
        return False
    dark = dark[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    at = [((np.arange(len(wanted)) + 0.5) * length / len(wanted)).astype(int) for length in dark.shape]
    return bool((dark[np.ix_(*at)] == wanted).mean() >= _AS_MADE)


def _symbol(url: str) -> Any:
    import segno

    return segno.make(url, error="m")
