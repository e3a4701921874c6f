"""The bars and the mark of a card as a machine sees them: read from the picture of the page.

A sample is taken from the middle of every bar's upper, middle and lower part and of every module; none of them is
nearer to an edge than a quarter of a millimetre's half, which at 200 dpi is two dots.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kansho.mailing.face import BAR, BARS, CORNER, KINDS, MARK, MODULE, PAGE, PITCH, POINT
from kansho.mailing.mark import MODULES

_DPI = 200
_DARK = 128
_BAR_COUNT = 67
_LONG = KINDS["F"][1]

#: Where the samples lie, in millimetres from the page's top left corner.
_BAR_X = CORNER[0] + BARS[0] + BAR / 2 + PITCH * np.arange(_BAR_COUNT)
_BAR_Y = CORNER[1] + BARS[1] + _LONG * np.array([1, 3, 5]) / 6
_MARK_X = CORNER[0] + MARK[0] + MODULE * (np.arange(MODULES) + 0.5)
_MARK_Y = CORNER[1] + MARK[1] + MODULE * (np.arange(MODULES) + 0.5)

#: Upper, middle and lower part dark → kind.
_KIND = {(True, True, True): "F", (True, True, False): "A", (False, True, True): "D", (False, True, False): "T"}


def read_bars(page: Any) -> str:
    """The kind of each bar of a page (a pypdfium2.PdfPage), ``?`` where there is none; empty when there is no bar."""
    dark = _samples(page, _BAR_X, _BAR_Y)
    if not dark.any():
        return ""
    return "".join(_KIND.get(tuple(column), "?") for column in dark.T.tolist())


def read_mark(page: Any) -> int:
    """The mark as in `kansho.mailing.mark`; 0 when there is none."""
    return int("".join("01"[module] for module in _samples(page, _MARK_X, _MARK_Y).ravel().tolist()), 2)


def _samples(page: Any, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Whether it is dark at each of ``ys`` × ``xs``."""
    scale = _DPI / 72
    left, bottom, right, top = xs[0] - 1, PAGE[1] - ys[-1] - 1, PAGE[0] - xs[-1] - 1, ys[0] - 1
    crop = tuple(float(side) * POINT for side in (left, bottom, right, top))
    picture = page.render(scale=scale, crop=crop, grayscale=True)
    try:
        dots = picture.to_numpy().reshape(picture.height, -1)
        columns = (xs * POINT * scale).astype(int) - math.ceil(crop[0] * scale)
        rows = (ys * POINT * scale).astype(int) - math.ceil(crop[3] * scale)
        found: np.ndarray = dots[np.ix_(rows, columns)] < _DARK
        return found
    finally:
        picture.close()
