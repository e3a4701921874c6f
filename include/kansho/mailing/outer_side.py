"""What only the outer side is tried for: room for the address, the mark of postage, and nothing about health.

Belongs here: what everybody sees on the way.  Does not belong here: what holds for both sides
(`kansho.mailing.preflight`), reading a side (`kansho.mailing.sides`).
"""

from __future__ import annotations

import unicodedata

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.mailing.elements import POSTAGE_MARK, POSTAGE_SIDE
from kansho.mailing.face import BLEED, CORNER, POINT, WIDTH, clearings
from kansho.mailing.sides import DOTS, Side, solid

#: What must not be read on the outer side, in any writing, but for the sentence and the sender that the ward allows.
FORBIDDEN_OUTSIDE = (
    "健康", "健診", "検診", "検査", "診査", "診断", "診療", "受診", "特定", "保健", "指導", "医", "病", "癌",
    "血圧", "血糖", "結果", "国民健康保険", "国保", "けんこう", "けんしん", "けんさ", "しんさ", "しんだん", "じゅしん",
    "とくてい", "ほけん", "いいん", "びょういん", "くりにっく", "がん", "けつあつ", "けっとう", "けっか", "こくほ",
)  # fmt: skip

#: Grey value (of 255) from which paper counts as light enough for bars and letters.
_LIGHT = 230
#: Straight pieces of lines and frames outside; outlines of letters take many more.
_MOST_SEGMENTS = 60


def check_clearings(side: Side, design: str) -> None:
    """The places of the address, the bars and the mark are white.

    Raises:
        KanshoError: ``DESIGN-COVERED``.
    """
    for box in clearings():
        left, top, right, bottom = (
            round(DOTS * (length + start)) for length, start in zip(box, (*CORNER, *CORNER), strict=True)
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
        said = said.replace(solid(allowed), " ")
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
