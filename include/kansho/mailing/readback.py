"""What a file of cards shows, read from the file alone: each line in its place, the bars, the mark, the fonts.

Belongs here: reading a PDF and counting where it differs from the cards that it should hold.  Does not belong here:
deciding about a release (`kansho.mailing.production`).

Text is read by PDFium, which did not write it; bars and marks are read from the picture that it draws.  Text alone
does not prove a form (葛 drawn in its usual form still reads as 葛 + U+E0100), so the embedded glyphs are compared
with the fonts' own.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from kansho.mailing.face import ADDRESS, CORNER, HEIGHT, NAME, NUMBER, POINT, POSTAL, SERIAL, Card, Spot, lines
from kansho.mailing.forms import replaced
from kansho.mailing.ground import off_ground
from kansho.mailing.inks import OwnFont
from kansho.mailing.mark import mark
from kansho.mailing.pictures import read_bars, read_mark

#: What `faults` counts.
RULES = ("read_back", "outside_box", "bars", "mark", "form", "design")
_SPOTS: tuple[Spot, ...] = (POSTAL, *ADDRESS, NAME, NUMBER, SERIAL)


@dataclass(frozen=True)
class Shown:
    """One outer face as it was read.

    ``text`` has no white space; ``places`` holds it by line; ``astray`` counts the pieces of text in no place;
    ``bars`` is as in `Card`, with ``?`` for a bar of no kind; ``mark`` as in `kansho.mailing.mark`, 0 for none.
    """

    text: str
    places: dict[Spot, str]
    astray: int
    bars: str
    mark: int


def shown(pdf: bytes) -> Iterator[Shown]:
    """Each outer face in order, its design blanked."""
    import pypdfium2

    document = pypdfium2.PdfDocument(_without_design(pdf))
    try:
        for number in range(0, len(document), 2):
            page = document[number]
            area = page.get_textpage()
            try:
                places, astray = _placed(area)
                text = _solid(area.get_text_bounded())
                yield Shown(text, places, astray, read_bars(page), read_mark(page))
            finally:
                area.close()
                page.close()
    finally:
        document.close()


def read_back(pdf: bytes) -> list[str]:
    """Text of each outer face, white space removed."""
    return [face.text for face in shown(pdf)]


def expected_text(card: Card) -> str:
    """What `read_back` must find on a card."""
    return _solid("".join(text for _, text in lines(card)))


def faults(
    pdf: bytes, cards: Sequence[Card], own: OwnFont | None = None, background: bytes | None = None
) -> Counter[str]:
    """Cards that are not what they should be, by rule.

    Rules: ``read_back`` (another text, a card too few or too many, a file that cannot be read), ``outside_box`` (text
    in no place, or in the place of another line), ``bars`` and ``mark`` (the picture is not that of this card),
    ``form`` (characters, not cards, drawn otherwise than the font has them; ``own`` is the ward's own font), ``design``
    (a side that is not that of ``background``, the PDF of the approved faces; not asked without it).
    """
    import pikepdf
    import pypdfium2

    try:
        found = _compared(pdf, cards, own)
        if background is not None:
            found["design"] += off_ground(pdf, background)
        return found
    except (pikepdf.PdfError, pypdfium2.PdfiumError):
        return Counter(read_back=len(cards))


def _compared(pdf: bytes, cards: Sequence[Card], own: OwnFont | None) -> Counter[str]:
    found = Counter(form=len(replaced(pdf, own)))
    for face, card in zip_longest(shown(pdf), cards):
        if face is None or card is None:
            found["read_back"] += 1
            continue
        wanted = {spot: _solid(text) for spot, text in lines(card) if text.strip()}
        found["read_back"] += face.text != "".join(wanted.values())
        found["outside_box"] += face.astray > 0 or face.places != wanted
        found["bars"] += face.bars != card.bars
        found["mark"] += face.mark != mark(card.serial)
    return found


def _without_design(pdf: bytes) -> bytes:
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for page in opened.pages[:2]:
            page.obj["/Resources"]["/XObject"]["/Ground"].write(b"")
        buffer = io.BytesIO()
        opened.save(buffer)
    return buffer.getvalue()


def _placed(area: Any) -> tuple[dict[Spot, str], int]:
    """Text by the place that holds all of its ink, and how many pieces lie in none."""
    places: dict[Spot, str] = {}
    astray = 0
    for at in range(area.count_rects()):
        left, bottom, right, top = area.get_rect(at)
        across, down = CORNER
        foot = HEIGHT + down
        spot = _spot(left / POINT - across, foot - top / POINT, right / POINT - across, foot - bottom / POINT)
        text = _solid(area.get_text_bounded(left, bottom, right, top))
        if spot is None:
            astray += bool(text)
        elif text:
            places[spot] = places.get(spot, "") + text
    return places, astray


def _spot(left: float, top: float, right: float, bottom: float) -> Spot | None:
    for spot in _SPOTS:
        x0, y0, x1, y1 = spot.box
        if x0 <= left and y0 <= top and right <= x1 and bottom <= y1:
            return spot
    return None


def _solid(text: str) -> str:
    """Without white space; PDFium tells a hyphen at a line's end as U+0002, for a word that goes on."""
    return "".join(text.split()).replace("\x02", "-")
