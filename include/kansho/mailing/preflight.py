"""Whether both sides of a design can be printed and read by the old: tried on the very plates.

Belongs here: looking at a side and refusing it.  Does not belong here: making it (`kansho.mailing.designs`), what must
be said (`kansho.mailing.elements`).
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.mailing.elements import POSTAGE_MARK, POSTAGE_SIDE, Element
from kansho.mailing.face import BLEED, CORNER, PAGE, POINT, WIDTH, clearings

#: What must not be read on the outer side, in any writing, but for the sentence and the sender that the ward allows.
FORBIDDEN_OUTSIDE = (
    "健康", "健診", "検診", "検査", "診査", "診断", "診療", "受診", "特定", "保健", "指導", "医", "病", "癌",
    "血圧", "血糖", "結果", "国民健康保険", "国保", "けんこう", "けんしん", "けんさ", "しんさ", "しんだん", "じゅしん",
    "とくてい", "ほけん", "いいん", "びょういん", "くりにっく", "がん", "けつあつ", "けっとう", "けっか", "こくほ",
)  # fmt: skip
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

#: Grey value (of 255) from which paper counts as light enough for bars and letters.
_LIGHT = 230
_WHITE = 250
#: Dots in a millimetre of the pictures that are looked at.
_DOTS = 6
#: Straight pieces of lines and frames outside; outlines of letters take many more.
_MOST_SEGMENTS = 60


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
            _solid(line) for line in self._texts.get_text_range().splitlines() if line.strip()
        ]  # fmt: skip
        self.text = "".join(self.lines)
        self.boxes = [self._texts.get_rect(n) for n in range(self._texts.count_rects())]
        self.dots = page.render(scale=_DOTS / POINT).to_numpy()[:, :, :3]

    def said(self, box: tuple[float, float, float, float]) -> str:
        """The text within a box in points."""
        return _solid(self._texts.get_text_bounded(*box))

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
        left, bottom, right, top = (side / POINT * _DOTS for side in box)
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


# -- both sides ---------------------------------------------------------------------------------------


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
    clear, bleed, middle = (round(length * _DOTS) for length in (CLEAR, BLEED, PAGE[0] / 2))
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
    ((most, _),) = Counter(map(tuple, (behind // 8 * 8 + 7).tolist())).most_common(1)
    return float(_ratios(np.array([most]), own)[0])


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
    broken = [_solid(p) for p in kept if _solid(p) in side.text and not any(_solid(p) in line for line in side.lines)]
    if wrong or broken:
        raise KanshoError(
            "DESIGN-LINE",
            f"行の切れ目が読みにくい所にあります（{'、'.join([*wrong, *broken])[:40]}）",
            place=f"{design} {side.name}",
            remedy="文を短くするか、句の切れ目に / を書いてください",
        )


def check_elements(side: Side, design: str, elements: Sequence[Element]) -> None:
    """Everything that a card must say; outside, on the address face.

    Raises:
        KanshoError: ``DESIGN-ELEMENT`` naming what is missing.
    """
    width, height = side.page.get_size()
    said = side.text if side.name == "inner" else side.said((CORNER[0] * POINT, 0, width, height))
    missing = [one.name for one in elements if not one.text or _solid(one.text) not in said]
    if missing:
        raise KanshoError(
            "DESIGN-ELEMENT",
            f"はがきに必ず書くものがありません（{'、'.join(missing)}）",
            place=f"{design} {side.name}",
            remedy="雛形か年度の設定（ward）に加えてください",
        )


# -- the outer side -----------------------------------------------------------------------------------


def check_clearings(side: Side, design: str) -> None:
    """The places of the address, the bars and the mark are white.

    Raises:
        KanshoError: ``DESIGN-COVERED``.
    """
    for box in clearings():
        left, top, right, bottom = (
            round(_DOTS * (length + start)) for length, start in zip(box, (*CORNER, *CORNER), strict=True)
        )
        if side.dots[top:bottom, left:right].min() < _LIGHT:
            raise KanshoError(
                "DESIGN-COVERED",
                "宛名面の文面が、宛名・バーコード・連番の場所にかかっています",
                place=f"{design} 左{box[0]:.0f}mm 上{box[1]:.0f}mm",
                remedy="その場所を白いままにしてください",
            )


def check_postage_mark(side: Side, design: str) -> None:
    """The mark of postage is in a square frame of the legal size.

    Raises:
        KanshoError: ``DESIGN-POSTAGE``.
    """
    import pypdfium2.raw as pdfium

    least, most = (length * POINT for length in POSTAGE_SIDE)
    for drawn in side.page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH]):
        left, bottom, right, top = drawn.get_bounds()
        said = side.said((left, bottom, right, top))
        framed = all(least <= length <= most for length in (right - left, top - bottom))
        if framed and POSTAGE_MARK in said and left >= (BLEED + WIDTH) * POINT:
            return
    raise KanshoError(
        "DESIGN-POSTAGE",
        f"料金後納郵便の表示が、宛名面の一辺{POSTAGE_SIDE[0]:g}〜{POSTAGE_SIDE[1]:g}mmの枠にありません",
        place=design,
        remedy="枠と文字を直してください（_shared/outer.html.j2）",
    )


def check_outside(side: Side, design: str, config: CampaignConfig) -> None:
    """Nothing about health outside: in no writing, and in nothing that is not writing.

    Raises:
        KanshoError: ``DESIGN-OUTSIDE``.
    """
    said = side.text
    for allowed in (config.ward.allowed_outer_sentence, config.ward.sender.name):
        said = said.replace(_solid(allowed), " ")
    found = [word for word in FORBIDDEN_OUTSIDE if word in _hiragana(said)]
    if found:
        raise KanshoError(
            "DESIGN-OUTSIDE",
            f"宛名面に出せない語があります（{'、'.join(found)}）",
            place=design,
            remedy="宛名面から除いてください",
        )
    _check_drawings(side, design)


def _check_drawings(side: Side, design: str) -> None:
    """Text and straight lines only: a picture, or letters as outlines, could say what nobody reads back."""
    import pypdfium2.raw as pdfium

    segments = 0
    for drawn in side.page.get_objects(max_depth=8):
        if drawn.type == pdfium.FPDF_PAGEOBJ_PATH:
            for at in range(pdfium.FPDFPath_CountSegments(drawn)):
                kind = pdfium.FPDFPathSegment_GetType(pdfium.FPDFPath_GetPathSegment(drawn, at))
                segments += 1 if kind != pdfium.FPDF_SEGMENT_BEZIERTO else _MOST_SEGMENTS + 1
        elif drawn.type not in (pdfium.FPDF_PAGEOBJ_TEXT, pdfium.FPDF_PAGEOBJ_FORM):
            segments = _MOST_SEGMENTS + 1
    if segments > _MOST_SEGMENTS:
        raise KanshoError(
            "DESIGN-OUTSIDE",
            "宛名面に、字として読めない図や輪郭があります",
            place=design,
            remedy="宛名面は文字と直線の枠だけにしてください",
        )


def _hiragana(text: str) -> str:
    """One writing of a word: width folded, katakana as hiragana."""
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in unicodedata.normalize("NFKC", text))


def _solid(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


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
    """Relative luminance of dots (blue, green, red), by WCAG."""
    part = dots / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    found: np.ndarray = linear @ np.array([0.0722, 0.7152, 0.2126])
    return found


def _passage(letters: Sequence[Letter]) -> str:
    return "".join(one.char for one in letters[:12])
