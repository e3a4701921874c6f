"""Whether both sides of a design can be printed and read by the old: tried on the very plates.

Belongs here: refusing a side for what holds for both.  Does not belong here: making it (`kansho.mailing.designs`),
reading it (`kansho.mailing.sides`), what must be said (`kansho.mailing.elements`), what everybody sees on the way
(`kansho.mailing.outer_side`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from kansho.errors import KanshoError
from kansho.mailing.elements import Element
from kansho.mailing.face import BLEED, CORNER, PAGE, POINT
from kansho.mailing.sides import DOTS, Letter, Side, solid

#: Millimetres that stay white at every edge of the sheet and on either side of the fold: a fold may be off by two, and
#: then the edge of an inner panel is seen.
CLEAR = 3.0
#: The least size (points) of type, inside and outside, and of readings over a word.
LEAST_SIZE = {"inner": 9.5, "outer": 8.0}
LEAST_READING = 5.5
#: The least contrast (WCAG 2.2): 1.4.6 (AAA) for text, and for large text from 14 points.
LEAST_CONTRAST, LARGE_CONTRAST, LARGE = 7.0, 4.5, 14.0
#: What may not begin or end a line (禁則).
NOT_FIRST = frozenset(
    "、。，．・：；？！゛゜ヽヾゝゞ々ー）］｝〉》」』】’”ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ%％"
)
NOT_LAST = frozenset("（［｛〈《「『【‘“")

#: Grey value (of 255) from which a dot counts as unprinted.
_WHITE = 250


def check_room(side: Side, design: str) -> None:
    """All text keeps `CLEAR` from the cut and no line runs into another.

    Raises:
        KanshoError: ``DESIGN-OVERFLOW``.
    """
    edge = (BLEED + CLEAR) * POINT
    width, height = side.page.get_size()
    for box in side.boxes:
        left, bottom, right, top = box
        if not (left >= edge and bottom >= edge and right <= width - edge and top <= height - edge):
            raise overflow(design, side.said(box))
    for one, other in combinations(side.boxes, 2):
        if _overlap(one, other):
            raise overflow(design, side.said(one), side.said(other))


def overflow(design: str, *passages: str) -> KanshoError:
    """The refusal of a text that does not fit."""
    where = "、".join(f"「{passage[:12]}」" for passage in passages if passage)
    return KanshoError(
        "DESIGN-OVERFLOW",
        f"文面がはがきに収まりません{where and f'（{where}）'}",
        place=design,
        remedy="文面を短くしてください",
    )


def check_edges(side: Side, design: str) -> None:
    """Nothing at the edges and the fold, where the sealed card could show it.

    Raises:
        KanshoError: ``DESIGN-EDGE``.
    """
    clear, bleed, middle = (round(length * DOTS) for length in (CLEAR, BLEED, PAGE[0] / 2))
    rim = bleed + clear
    strips = (
        side.dots[:rim], side.dots[-rim:], side.dots[:, :rim], side.dots[:, -rim:],
        side.dots[:, middle - clear : middle + clear],
    )  # fmt: skip
    if any(strip.min() < _WHITE for strip in strips):
        raise KanshoError(
            "DESIGN-EDGE",
            f"紙の端か折り目から{CLEAR:g}mm以内に印刷があります（折りずれで外から見えます）",
            place=f"{design} {side.name}",
            remedy="端と折り目の両側を白いままにしてください",
        )


def check_legible(side: Side, design: str) -> None:
    """Type that the old can read: its size, and its contrast with what is behind it.

    Raises:
        KanshoError: ``DESIGN-SMALL``, ``DESIGN-CONTRAST``, each naming the passage.
    """
    letters = list(side.letters())
    small = [one for one in letters if one.size < LEAST_SIZE[side.name] - 0.05 and not _is_reading(one, letters)]
    if small:
        raise KanshoError(
            "DESIGN-SMALL",
            f"小さすぎる字があります（{min(one.size for one in small):.1f}ポイント「{_passage(small)}」）",
            place=f"{design} {side.name}",
            remedy=f"{LEAST_SIZE[side.name]:g}ポイント以上（ふりがなは{LEAST_READING:g}以上）にしてください",
        )
    faint = [one for one in letters if contrast(side, one) < (LARGE_CONTRAST if one.size >= LARGE else LEAST_CONTRAST)]
    if faint:
        raise KanshoError(
            "DESIGN-CONTRAST",
            f"地との明るさの差が足りない字があります（{contrast(side, faint[0]):.1f}:1「{_passage(faint)}」）",
            place=f"{design} {side.name}",
            remedy=f"{LEAST_CONTRAST:g}:1以上（{LARGE:g}ポイント以上の字は{LARGE_CONTRAST:g}:1以上）にしてください",
        )


def contrast(side: Side, letter: Letter) -> float:
    """How much a character stands out from what is most of its surroundings (1 to 21); 1 when it is not seen."""
    own = np.array(letter.colour[::-1])
    dots = side.around(letter.box)
    ratios = _ratios(dots, own)
    behind = dots[ratios > 1.15]
    # A hair-thin stroke is mixed with the paper, so its dots come near the type's colour but need not reach it.
    seen = len(dots) - len(behind) > 0 or ratios.min() < ratios.max() * 0.6
    if not len(behind) or not seen:
        return 1.0
    # Colours in steps of eight, each as one number: what most of the dots are.
    blue, green, red = (behind // 8).astype(np.int64).T
    most = int(np.bincount(blue << 10 | green << 5 | red).argmax())
    return float(_ratios(np.array([[most >> 10, most >> 5 & 31, most & 31]]) * 8 + 7, own)[0])


def check_lines(side: Side, design: str, kept: Sequence[str]) -> None:
    """禁則, and phrases that stay whole.

    Args:
        side: of the sheet.
        design: for the refusal.
        kept: phrases that no line may break.

    Raises:
        KanshoError: ``DESIGN-LINE`` naming the line.
    """
    wrong = [two for one, two in pairwise(side.lines) if two[0] in NOT_FIRST or one[-1] in NOT_LAST]
    broken = [solid(p) for p in kept if solid(p) in side.text and not any(solid(p) in line for line in side.lines)]
    if wrong or broken:
        raise KanshoError(
            "DESIGN-LINE",
            f"行の切れ目が読みにくい所にあります（{'、'.join([*wrong, *broken])[:40]}）",
            place=f"{design} {side.name}",
            remedy="文を短くするか、句の切れ目に / を書いてください",
        )


def check_elements(side: Side, design: str, elements: Sequence[Element], lost: Sequence[str] = ()) -> None:
    """Everything that a card must say; outside, on the address face.

    Args:
        side: of the sheet.
        design: for the refusal.
        elements: what must be read on it.
        lost: names of what is no text and was not found.

    Raises:
        KanshoError: ``DESIGN-ELEMENT`` naming what is missing.
    """
    width, height = side.page.get_size()
    said = side.text if side.name == "inner" else side.said((CORNER[0] * POINT, 0, width, height))
    missing = [one.name for one in elements if not one.text or solid(one.text) not in said]
    if missing or lost:
        raise KanshoError(
            "DESIGN-ELEMENT",
            f"はがきに必ず書くものがありません（{'、'.join((*missing, *lost))}）",
            place=f"{design} {side.name}",
            remedy="雛形か年度の設定（ward）に加えてください",
        )


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes of text (left, bottom, right, top) share more than a point each way."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and down > 1


def _is_reading(letter: Letter, letters: Sequence[Letter]) -> bool:
    """Whether a small character is 平仮名 close above a word of type that is large enough."""
    if letter.size < LEAST_READING - 0.05 or not ("ぁ" <= letter.char <= "ゖ" or letter.char == "ー"):
        return False
    left, bottom, right, _ = letter.box
    return any(
        other.size >= LEAST_SIZE["inner"] - 0.05
        and other.box[0] - other.size < (left + right) / 2 < other.box[2] + other.size
        and -1 < bottom - other.box[3] < other.size
        for other in letters
    )


def _ratios(dots: np.ndarray, colour: np.ndarray) -> np.ndarray:
    light, own = _luminance(dots), _luminance(colour[None])[0]
    found: np.ndarray = (np.maximum(light, own) + 0.05) / (np.minimum(light, own) + 0.05)
    return found


def _luminance(dots: np.ndarray) -> np.ndarray:
    """Relative luminance of dots (blue, green, red; each one of 256 steps), by WCAG."""
    found: np.ndarray = _LINEAR[dots] @ np.array([0.0722, 0.7152, 0.2126])
    return found


def _linear() -> np.ndarray:
    part = np.arange(256) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


#: Linear light by step: a letter has thousands of dots, and there are but 256 values.
_LINEAR = _linear()


def _passage(letters: Sequence[Letter]) -> str:
    return "".join(one.char for one in letters[:12])
