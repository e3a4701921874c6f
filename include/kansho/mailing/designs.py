"""Designs: a manifest and a template each; the background of both faces is rendered once per design.

Belongs here: reading designs and rendering backgrounds.  Does not belong here: anybody's address.
A design is edited by a designer: ``include/designs/<design>/manifest.yaml`` and ``card.html.j2``.
"""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from pydantic import ValidationError

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.mailing.face import clearings
from kansho.mailing.manifest import Manifest, Text, Variable

FOLDER = Path(__file__).resolve().parents[2] / "designs"

#: What must not be read on the outer face, but for the sentence that the ward allows.
FORBIDDEN_OUTSIDE = ("健診", "健康診査", "検診", "がん", "癌", "受診", "未受診", "特定", "病", "国民健康保険", "国保")


#: Points that text keeps from the edge of a page: printers cut within a millimetre and a half.
_EDGE = 1.5 * 72 / 25.4

#: Grey value (of 255) from which paper counts as light enough for bars and letters.
_LIGHT = 230


@dataclass(frozen=True)
class Design:
    """One design at one revision."""

    id: str
    manifest: Manifest
    revision: int

    def text(self, name: Text) -> str:
        """A text as of the revision."""
        value = str(getattr(self.manifest, name))
        for number in sorted(self.manifest.revisions):
            if number <= self.revision:
                value = self.manifest.revisions[number].get(name, value)
        return value


def load(design: str, revision: int = 1) -> Design:
    """Read a design.

    Raises:
        KanshoError: ``DESIGN-UNKNOWN``, ``DESIGN-MANIFEST`` naming the field, ``DESIGN-VARIABLE`` for other variable
            fields than the press lays.
    """
    path = FOLDER / design / "manifest.yaml"
    if not path.is_file():
        raise KanshoError(
            "DESIGN-UNKNOWN", "デザインがありません", place=design, remedy="include/designs に用意してください"
        )
    try:
        manifest = Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        where = (
            " ".join(".".join(map(str, e["loc"])) for e in error.errors()) if isinstance(error, ValidationError) else ""
        )
        raise KanshoError(
            "DESIGN-MANIFEST", "デザインの定義が正しくありません", place=f"{design} {where}", remedy="訂正してください"
        ) from None
    laid = {"outer": sorted(get_args(Variable)), "inner": []}
    if {name: sorted(face.variable) for name, face in manifest.faces} != laid:
        raise KanshoError(
            "DESIGN-VARIABLE",
            "差し込む項目が、印刷で差し込むものと違います",
            place=f"{design} faces",
            remedy=f"宛名面の variable に {'、'.join(get_args(Variable))} を書き、中面には何も書かないでください",
        )
    return Design(design, manifest, revision)


def background(design: Design, config: CampaignConfig, *, as_of: date | None = None) -> bytes:
    """PDF of two pages: the outer face (100 × 148 mm) and the inner spread (200 × 148 mm).

    ``as_of`` is the day of the facts, named in the sentence for those who attended meanwhile (行き違い); by
    default the first mailing's selection.

    Raises:
        KanshoError: ``DESIGN-TEMPLATE``, ``DESIGN-OVERFLOW`` when a text does not fit its page, ``DESIGN-SIZE`` for
            pages of another size, ``DESIGN-FONT`` for a font that the manifest does not name, ``DESIGN-GLYPH`` for
            characters that no font has, ``DESIGN-COVERED`` when the outer face has something where address, bars or
            mark go, or ``DESIGN-OUTSIDE`` when it says what it must not.
    """
    pdf = _rendered(faces_html(design, config, as_of=as_of))
    _check_pages(pdf, design)
    _check_type(pdf, design)
    _check_clearings(pdf, design)
    _check_outside(pdf, design, config)
    return pdf


def digest(design: Design, config: CampaignConfig, *, as_of: date | None = None) -> str:
    """What the proof's approval binds: SHA-256 of both faces as they are before they are rendered."""
    return hashlib.sha256(faces_html(design, config, as_of=as_of).encode()).hexdigest()


def faces_html(design: Design, config: CampaignConfig, *, as_of: date | None = None) -> str:
    """HTML of both faces, without anybody's address.

    Raises:
        KanshoError: ``DESIGN-TEMPLATE``.
    """
    pages = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, autoescape=True)
    try:
        return pages.get_template(f"{design.id}/card.html.j2").render(**_values(design, config, as_of))
    except TemplateError as error:
        # A template knows texts of the ward and of the manifest, and nobody's data: its fault may be told.
        line = f":{error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        raise KanshoError(
            "DESIGN-TEMPLATE",
            f"雛形に誤りがあります（{error.message or type(error).__name__}）",
            place=f"{design.id}/card.html.j2{line}",
            remedy="雛形を訂正してください。使える項目は手引き（docs/how-to/write-a-design.md）にあります",
        ) from None


@lru_cache(maxsize=16)
def _rendered(html: str) -> bytes:
    """The same faces give the same bytes; they hold nobody's data, so a process may keep them."""
    from kansho.documents.render import render_html

    return render_html(html)


def _values(design: Design, config: CampaignConfig, as_of: date | None) -> dict[str, Any]:
    manifest = design.manifest
    first = config.waves.mailings[0].select_on if config.waves.mailings else config.contract.start
    return {
        "ward": config.ward,
        "accent": manifest.accent,
        "faces": manifest.faces,
        "title": manifest.title,
        "headline": design.text("headline"),
        "lead": design.text("lead"),
        "action": design.text("action"),
        "cost": design.text("cost"),
        "bring": design.text("bring"),
        "points": manifest.points,
        "steps": manifest.steps,
        "qr": _qr(config.ward.url),
        "as_of": as_of or first,
    }


def _qr(url: str) -> str:
    import segno

    buffer = io.BytesIO()
    segno.make(url, error="m").save(buffer, kind="svg", scale=4, border=2)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()


def _check_pages(pdf: bytes, design: Design) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        fits = len(document) == 2 and all(_lies_within(page) for page in document)
    finally:
        document.close()
    if not fits:
        raise KanshoError(
            "DESIGN-OVERFLOW", "文面がはがきに収まりません", place=design.id, remedy="文面を短くしてください"
        )


def _lies_within(page: Any) -> bool:
    """Whether all text keeps `_EDGE` from the page's edges and no line runs into another."""
    texts = page.get_textpage()
    width, height = page.get_size()
    boxes = [texts.get_rect(n) for n in range(texts.count_rects())]
    return all(
        left >= _EDGE and bottom >= _EDGE and right <= width - _EDGE and top <= height - _EDGE
        for left, bottom, right, top in boxes
    ) and not any(_overlap(one, other) for one, other in combinations(boxes, 2))


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes of text (left, bottom, right, top) share more than a point each way."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and down > 1


def _check_type(pdf: bytes, design: Design) -> None:
    from kansho.mailing.typesetting import fonts_of, has_the_size_of_a_card, unknown_characters

    if not has_the_size_of_a_card(pdf):
        raise KanshoError(
            "DESIGN-SIZE",
            "はがきの大きさではありません",
            place=design.id,
            remedy="宛名面は100×148mm、中面は200×148mmにしてください",
        )
    others = fonts_of(pdf) - set(design.manifest.fonts)
    if others:
        raise KanshoError(
            "DESIGN-FONT",
            f"manifest.yaml の fonts にない書体で組まれました（{'、'.join(sorted(others))}）",
            place=design.id,
            remedy="書体を入れるか、その書体にない字を除くか、fonts に書いてください",
        )
    lost = unknown_characters(pdf)
    if lost:
        raise KanshoError(
            "DESIGN-GLYPH",
            f"どの書体にもない字が {lost} 字あります",
            place=design.id,
            remedy="その字を除くか、持つ書体を使ってください",
        )


def _check_clearings(pdf: bytes, design: Design) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        dots = document[0].render(scale=4 * 25.4 / 72, grayscale=True).to_numpy()  # four a millimetre
    finally:
        document.close()
    for box in clearings():
        left, top, right, bottom = (round(4 * side) for side in box)
        if dots[top:bottom, left:right].min() < _LIGHT:
            raise KanshoError(
                "DESIGN-COVERED",
                "宛名面の文面が、宛名・バーコード・連番の場所にかかっています",
                place=f"{design.id} 左{box[0]:.0f}mm 上{box[1]:.0f}mm",
                remedy="その場所を白いままにしてください",
            )


def _check_outside(pdf: bytes, design: Design, config: CampaignConfig) -> None:
    said = outer_text(pdf).replace(config.ward.allowed_outer_sentence, "").replace(config.ward.department, "")
    found = [word for word in FORBIDDEN_OUTSIDE if word in said]
    if found:
        raise KanshoError(
            "DESIGN-OUTSIDE",
            f"宛名面に出せない語があります（{'、'.join(found)}）",
            place=design.id,
            remedy="宛名面から除いてください",
        )


def outer_text(pdf: bytes) -> str:
    """Text of the outer face, without white space."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(document[0].get_textpage().get_text_bounded().split())
    finally:
        document.close()
