"""Whether a file of cards stands on the design that was approved: each side of each card, drawn and compared.

Belongs here: reading the two sides that a file's cards share.  Does not belong here: what is laid on them
(`kansho.mailing.readback`).
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What a side draws of its design, before anything else and nowhere else.
DRAWN = b"q /Ground Do Q"
#: Pixels to the point in the comparison; two designs differ by far more than one pixel of 0.18 mm.
_SCALE = 2.0


def off_ground(pdf: bytes, background: bytes) -> int:
    """How many cards of a file do not stand on both sides of ``background``, the PDF of the approved faces.

    The sides are compared as pictures: the same design laid into another file is other bytes and the same picture.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        sides = [_Side(page) for page in opened.pages]
        cards = [sides[n : n + 2] for n in range(0, len(sides), 2)]
        if not cards:
            return 0
        first = [side.form for side in cards[0]]
        alone = _alone(opened)
    if len(first) != 2 or _pictures(alone) != _pictures(background):
        return len(cards)
    return sum(
        [side.form for side in card] != first or not card[0].on_ground or not card[1].only_ground for card in cards
    )


class _Side:
    """One side of one card: which form it draws first, and whether it draws anything else."""

    def __init__(self, page: Any) -> None:
        from pikepdf import Array

        contents = page.obj["/Contents"]
        streams = contents if isinstance(contents, Array) else [contents]
        drawn = b" ".join(stream.read_bytes() for stream in streams).strip()
        self.form = page.obj["/Resources"]["/XObject"]["/Ground"].objgen
        self.on_ground = drawn.startswith(DRAWN) and drawn.count(b"Do") == 1
        self.only_ground = drawn == DRAWN


def _alone(opened: Any) -> bytes:
    """The first card's two sides without what was laid on them."""
    import pikepdf

    with pikepdf.new() as made:
        made.pages.extend(opened.pages[:2])
        for page in made.pages:
            page.obj["/Contents"] = made.make_stream(DRAWN)
        buffer = io.BytesIO()
        made.save(buffer)
        return buffer.getvalue()


def _pictures(pdf: bytes) -> list[tuple[tuple[int, ...], bytes]]:
    """Size and pixels of the first two pages."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        drawn: list[NDArray[np.uint8]] = []
        for number in range(min(2, len(document))):
            page = document[number]
            drawn.append(page.render(scale=_SCALE).to_numpy().copy())
            page.close()
        return [(picture.shape, picture.tobytes()) for picture in drawn]
    finally:
        document.close()
