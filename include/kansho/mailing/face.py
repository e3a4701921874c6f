"""The address face of a card: where each line, the bars and the mark stand, and the page's drawing operators.

Belongs here: geometry, in millimetres from the folded card's top left corner; where that lies on the sheet.  Does not
belong here: fonts (`kansho.mailing.inks`), the design below (`kansho.mailing.designs`), files (`kansho.mailing.cards`).

Sizes of the bars: Japan Post's customer barcode at 9 points (domain notes 6.1): pitch 1.08, width 0.54, long 3.24 mm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kansho.errors import KanshoError
from kansho.mailing.mark import MODULES, QUIET, mark
from kansho.mailing.typeface import clusters

if TYPE_CHECKING:
    from kansho.mailing.inks import Ink

WIDTH, HEIGHT = 100.0, 148.0
#: The flat sheet is two cards wide, with bleed all round on the page; the address face is its right half, seen from
#: outside, so that the card opens like a book.
SHEET, BLEED = 2 * WIDTH, 3.0
#: The address face's top left corner on the page.
CORNER = BLEED + WIDTH, BLEED
PAGE = SHEET + 2 * BLEED, HEIGHT + 2 * BLEED
#: Points in a millimetre.
POINT = 72 / 25.4
#: From a line's top to its baseline, in type sizes: the capitals' height of the addresses' font.
_ASCENT = 1483 / 2048


@dataclass(frozen=True)
class Card:
    """What is set on one outer face; ``bars`` is empty or one letter of F, A, D and T for each bar."""

    serial: str
    number: str
    postal: str
    address: tuple[str, ...]
    name: str
    bars: str


@dataclass(frozen=True)
class Spot:
    """Where a line stands: ``left`` and ``right`` bound it, ``top`` is its capitals' top (mm); sizes in points.

    A line that does not fit is set smaller, by half points, down to ``least``; never below, and never cut.
    """

    left: float
    right: float
    top: float
    size: float
    tracking: float = 0.0
    flush_right: bool = False
    least: float = 0.0

    @property
    def sizes(self) -> tuple[float, ...]:
        """The sizes in which it may be set, the largest first."""
        steps = int((self.size - self.least) * 2) if self.least else 0
        return tuple(self.size - step / 2 for step in range(steps + 1))

    def room(self, size: float) -> float:
        """Its length at a size, in thousandths of that size."""
        return (self.right - self.left) * POINT / size * 1000

    @property
    def baseline(self) -> float:
        """In millimetres from the card's top."""
        return self.top + _ASCENT * self.size / POINT

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom (mm) within which all of the line's ink must lie."""
        size = self.size / POINT
        return self.left - 0.5, self.baseline - size, self.right + 0.5, self.baseline + 0.3 * size


POSTAL = Spot(48, 85, 11.5, 13, tracking=2.4)
ADDRESS = tuple(Spot(14, 92, 31 + 6.2 * n, 10, least=8.5) for n in range(3))
NAME = Spot(18, 95, 52, 15, least=9)
NUMBER = Spot(14, 63, 136, 8)
SERIAL = Spot(72, 90, 136, 7, flush_right=True)

#: The bars: left end and top (mm), pitch, width; top and height by kind.
BARS = 14.0, 63.0
PITCH, BAR = 1.08, 0.54
KINDS: Mapping[str, tuple[float, float]] = {"F": (0, 3.24), "A": (0, 2.16), "D": (1.08, 2.16), "T": (1.08, 1.08)}

#: The mark: left and top (mm) of its dark part; a module is ten dots of a 600 dpi machine.
MODULE = 25.4 / 60
MARK = 64.5, 137.79 - MODULES * MODULE


def lines(card: Card) -> list[tuple[Spot, str]]:
    """Every line of a card with its place, in the order of reading.

    Raises:
        KanshoError: ``MAILING-LINES`` for an address of more lines than there is room for.
    """
    if len(card.address) > len(ADDRESS):
        raise KanshoError(
            "MAILING-LINES", "宛名の行が多すぎます", place=card.serial, remedy="対象者の一覧を作り直してください"
        )
    return [
        (POSTAL, card.postal),
        *zip(ADDRESS, card.address, strict=False),
        (NAME, f"{card.name} 様"),
        (NUMBER, f"お問い合わせ番号 {card.number}"),
        (SERIAL, card.serial),
    ]


def operators(card: Card, inks: Mapping[str, Ink]) -> bytes:
    """Content stream of a card over its design, which is the form ``Ground`` of the page's resources.

    Raises:
        KanshoError: ``MAILING-GLYPH`` (`Inks`), ``MAILING-LINES``, ``MAILING-OVERFLOW`` for a line that does not fit.
    """
    set_ = [(spot, [inks[cluster] for cluster in clusters(text)]) for spot, text in lines(card)]
    # All lines of an address have one size: that of the longest.
    block = min((_fitting(spot, found, card.serial) for spot, found in set_ if spot in ADDRESS), default=0.0)
    texts = "".join(
        _text(spot, found, block if spot in ADDRESS else _fitting(spot, found, card.serial)) for spot, found in set_
    )
    return f"q /Ground Do Q q {_AT} cm 0 g BT {texts}ET {_bars(card.bars)}{_mark(card.serial)} Q".encode()


#: Moves the origin to the address face's lower left corner.
_AT = f"1 0 0 1 {CORNER[0] * POINT:.4f} {BLEED * POINT:.4f}"


def _fitting(spot: Spot, found: Sequence[Ink], serial: str) -> float:
    """The largest size in which a line fits its place."""
    width = sum(ink.width for ink in found)
    for size in spot.sizes:
        if width + len(found) * spot.tracking / size * 1000 <= spot.room(size) + 0.01:
            return size
    raise KanshoError(
        "MAILING-OVERFLOW", "宛名が枠に収まりません", place=serial, remedy="対象者の一覧を作り直してください"
    )


def _text(spot: Spot, found: Sequence[Ink], size: float) -> str:
    width = (sum(ink.width for ink in found) * size / 1000 + len(found) * spot.tracking) / POINT
    left = spot.right - width if spot.flush_right else spot.left
    tracking = f"{spot.tracking} Tc " if spot.tracking else ""
    shown, font = [f"{tracking}1 0 0 1 {left * POINT:.5f} {(HEIGHT - spot.baseline) * POINT:.5f} Tm "], ""
    for ink in found:
        if ink.font != font:
            shown.append(f"{'> Tj ' if font else ''}/{ink.font} {size} Tf <")
            font = ink.font
        shown.append(ink.code)
    shown.append(("> Tj " if font else "") + ("0 Tc " if spot.tracking else ""))
    return "".join(shown)


#: Each bar as the rectangle it is at each place, ready to be joined.
_RECTANGLES = [
    {
        kind: f"{(BARS[0] + n * PITCH) * POINT:.4f} {(HEIGHT - BARS[1] - top - height) * POINT:.4f} "
        f"{BAR * POINT:.4f} {height * POINT:.4f} re "
        for kind, (top, height) in KINDS.items()
    }
    for n in range(67)
]


def _bars(kinds: str) -> str:
    """All bars as one path: 67 paths of their own took Typst most of its time."""
    if not kinds:
        return ""
    return "".join(places[kind] for places, kind in zip(_RECTANGLES, kinds, strict=True)) + "f "


def _mark(serial: str) -> str:
    """The mark as an image mask of one bit a module: one object for a printer's RIP, so no seams between modules."""
    bits = f"{mark(serial):0{MODULES * MODULES}b}"
    rows = "".join(f"{int(bits[at : at + MODULES], 2) << 1:04X}" for at in range(0, len(bits), MODULES))
    side, left = MODULES * MODULE * POINT, MARK[0] * POINT
    return (
        f"q {side:.4f} 0 0 {side:.4f} {left:.4f} {(HEIGHT - MARK[1]) * POINT - side:.4f} cm "
        f"BI /W {MODULES} /H {MODULES} /BPC 1 /IM true /D [1 0] /F /AHx ID {rows}> EI Q"
    )


def clearings() -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom (mm) of what a design must leave white: lines, bars with 2 mm around them, the mark."""
    around = QUIET * MODULE
    side = MODULES * MODULE
    return [
        *(spot.box for spot in (POSTAL, *ADDRESS, NAME, NUMBER, SERIAL)),
        (BARS[0] - 2, BARS[1] - 2, BARS[0] + 66 * PITCH + BAR + 2, BARS[1] + KINDS["F"][1] + 2),
        (MARK[0] - around, MARK[1] - around, MARK[0] + side + around, MARK[1] + side + around),
    ]
