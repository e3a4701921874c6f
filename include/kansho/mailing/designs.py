"""Designs: a manifest and a template each; both sides of the sheet are rendered once per design.

Belongs here: reading designs and rendering them.  Does not belong here: anybody's address, what a rendered side must be
like (`kansho.mailing.preflight`, `kansho.mailing.outer_side`).
A design is edited by a designer: ``include/designs/<design>/manifest.yaml`` and ``card.html.j2``, the inner side.  The
outer side is everybody's (``_shared/outer.html.j2``) and knows no design, so that it cannot tell which one is inside.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from pydantic import ValidationError

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.mailing import elements, outer_side, preflight, qr, wording
from kansho.mailing.face import BLEED, HEIGHT, SHEET
from kansho.mailing.manifest import Manifest, Text, Variable
from kansho.mailing.plates import plates
from kansho.mailing.sides import sides

FOLDER = Path(__file__).resolve().parents[2] / "designs"

#: What stands on each side, from left to right.
_PANELS = {"outer": ("outer_back", "address"), "inner": ("inner_left", "inner_right")}
#: All that the outer side may be set in.
_OUTER_FONTS = frozenset({"Noto Sans CJK JP"})


@dataclass(frozen=True)
class Design:
    """One design at one revision."""

    id: str
    manifest: Manifest
    revision: int

    def text(self, name: Text) -> str:
        """A text as of the revision, as it is read."""
        return wording.plain(self.marked(name))

    def marked(self, name: Text) -> str:
        """A text as of the revision, with its marks (`kansho.mailing.wording`)."""
        value = str(getattr(self.manifest, name))
        for number in sorted(self.manifest.revisions):
            if number <= self.revision:
                value = self.manifest.revisions[number].get(name, value)
        return value


def load(design: str, revision: int = 1) -> Design:
    """Read a design.

    Raises:
        KanshoError: ``DESIGN-UNKNOWN``, ``DESIGN-MANIFEST`` naming the field, ``DESIGN-VARIABLE`` for other variable
            fields than the press lays, or on other panels.
    """
    path = FOLDER / design / "manifest.yaml"
    if not path.is_file():
        raise KanshoError(
            "DESIGN-UNKNOWN", "デザインがありません", place=design, remedy="include/designs に用意してください"
        )
    try:
        manifest = Manifest.model_validate(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
    except (ValidationError, yaml.YAMLError) as error:
        where = (
            " ".join(".".join(map(str, e["loc"])) for e in error.errors()) if isinstance(error, ValidationError) else ""
        )
        raise KanshoError(
            "DESIGN-MANIFEST", "デザインの定義が正しくありません", place=f"{design} {where}", remedy="訂正してください"
        ) from None
    laid = {"outer": (_PANELS["outer"], sorted(get_args(Variable))), "inner": (_PANELS["inner"], [])}
    if {name: (face.panels, sorted(face.variable)) for name, face in manifest.faces} != laid:
        raise KanshoError(
            "DESIGN-VARIABLE",
            "面付けか差し込む項目が、印刷のものと違います",
            place=f"{design} faces",
            remedy=f"宛名面の variable に {'、'.join(get_args(Variable))} を書き、中面には何も書かないでください",
        )
    return Design(design, manifest, revision)


@lru_cache(maxsize=64)
def design_for(design: str, sex: str) -> str:
    """The design that a person of a sex gets where a segment names this one (``by_sex``)."""
    return next((other for one, other in load(design).manifest.by_sex.items() if one == sex), design)


def background(design: Design, config: CampaignConfig, *, as_of: date | None = None) -> bytes:
    """PDF of two pages, the outer and the inner side of the flat sheet (200 × 148 mm and bleed), ready for plates.

    ``as_of`` is the day of the facts, named in the sentence for those who attended meanwhile (行き違い); by
    default the first mailing's selection.

    Raises:
        KanshoError: ``DESIGN-TEMPLATE``, ``DESIGN-SIZE`` for pages of another size, ``DESIGN-INK`` (`plates`),
            ``DESIGN-FONT`` for a font that the manifest does not name, ``DESIGN-GLYPH`` for characters that no font
            has; what `kansho.mailing.preflight` refuses: ``DESIGN-OVERFLOW``, ``DESIGN-EDGE``, ``DESIGN-SMALL``,
            ``DESIGN-CONTRAST``, ``DESIGN-LINE``, ``DESIGN-ELEMENT``; and what `kansho.mailing.outer_side` refuses:
            ``DESIGN-COVERED``, ``DESIGN-OUTSIDE``, ``DESIGN-POSTAGE``.
    """
    as_of = as_of or _first_day(config)
    outer, inner = faces_html(design, config, as_of=as_of)
    words = design.manifest.model_dump_json()
    return _made(_Sheet(outer, inner, design.id, words, design.revision, config.digest, as_of, design, config))


@dataclass(frozen=True)
class _Sheet:
    """A sheet to be made: what decides its bytes is compared; the models that it comes from cannot be hashed."""

    outer: str
    inner: str
    name: str
    words: str
    revision: int
    config_digest: str
    as_of: date
    design: Design = field(compare=False)
    config: CampaignConfig = field(compare=False)


@lru_cache(maxsize=32)
def _made(sheet: _Sheet) -> bytes:
    """Both sides as plates, judged; a process that shows a design and prints it judges it once."""
    design, config = sheet.design, sheet.config
    outer, inner = _rendered(sheet.outer)[0], _rendered(sheet.inner)[0]
    _check_type(outer, design, _OUTER_FONTS)
    _check_type(inner, design, frozenset(design.manifest.fonts))
    pdf = plates(outer, inner, design.id)
    with sides(pdf) as (outside, inside):
        for side in (outside, inside):
            preflight.check_room(side, design.id)
        outer_side.check_clearings(outside, design.id)
        outer_side.check_outside(outside, design.id, config)
        for side in (outside, inside):
            preflight.check_edges(side, design.id)
            preflight.check_legible(side, design.id)
            preflight.check_lines(side, design.id, _phrases(design))
        preflight.check_elements(outside, design.id, elements.outside(config))
        outer_side.check_postage_mark(outside, design.id)
        wanted = elements.inside(design.manifest, design.text("cost"), config, sheet.as_of)
        lost = () if qr.is_shown(inside, config.ward.url) else (elements.PAGE,)
        preflight.check_elements(inside, design.id, wanted, lost)
    return pdf


def require_no_remarks(design: Design, config: CampaignConfig) -> None:
    """Refuse what WeasyPrint would pass over without a word: a misspelt rule of a style sheet, an unknown property.

    Raises:
        KanshoError: ``DESIGN-STYLE`` with what was ignored.
    """
    found = dict.fromkeys(remark for html in faces_html(design, config) for remark in _rendered(html)[1])
    if found:
        raise KanshoError(
            "DESIGN-STYLE",
            f"スタイルシートに無視された書き方があります（{'、'.join(found)}）",
            place=design.id,
            remedy="つづりを直すか、WeasyPrint が知らない書き方を除いてください",
        )


def named_designs(config: CampaignConfig) -> list[str]:
    """Every design that somebody may get in a year, those for one sex among them."""
    named = {s.design for s in config.targeting.segments}
    named |= {design for wave in config.waves.mailings for design in wave.designs.values()}
    return sorted({*named, *(design_for(design, sex) for design in named for sex in ("1", "2"))})


def digest(design: Design, config: CampaignConfig, *, as_of: date | None = None) -> str:
    """What the proof's approval binds: SHA-256 of both sides as they are before they are rendered."""
    return hashlib.sha256("".join(faces_html(design, config, as_of=as_of)).encode()).hexdigest()


def faces_html(design: Design, config: CampaignConfig, *, as_of: date | None = None) -> tuple[str, str]:
    """HTML of the outer and of the inner side, without anybody's address.

    Raises:
        KanshoError: ``DESIGN-TEMPLATE``.
    """
    outer = {"ward": config.ward, "sheet": (SHEET, HEIGHT), "bleed": BLEED, "postage": elements.POSTAGE_MARK}
    inner = {**_values(design, config, as_of or _first_day(config)), "bleed": BLEED}
    return _filled("_shared/outer.html.j2", outer), _filled(f"{design.id}/card.html.j2", inner)


def _filled(template: str, values: dict[str, Any]) -> str:
    try:
        return _pages(FOLDER).get_template(template).render(**values)
    except TemplateError as error:
        # A template knows texts of the ward and of the manifest, and nobody's data: its fault may be told.
        line = f":{error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        raise KanshoError(
            "DESIGN-TEMPLATE",
            f"雛形に誤りがあります（{error.message or type(error).__name__}）",
            place=f"{template}{line}",
            remedy="雛形を訂正してください。使える項目は手引き（docs/how-to/write-a-design.md）にあります",
        ) from None


@lru_cache(maxsize=8)
def _pages(folder: Path) -> Environment:
    """Templates of a folder, compiled once in a process and again when a designer has changed one."""
    pages = Environment(loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=True)
    pages.filters |= {"wording": wording.shown, "tint": _tint}
    return pages


@lru_cache(maxsize=32)
def _rendered(html: str) -> tuple[bytes, tuple[str, ...]]:
    """The same faces give the same bytes; they hold nobody's data, so a process may keep them and tell what was odd."""
    from kansho.documents.render import render_html

    found: list[str] = []
    pdf = render_html(html, remarks=found)
    return pdf, tuple(found)


def _first_day(config: CampaignConfig) -> date:
    return config.waves.mailings[0].select_on if config.waves.mailings else config.contract.start


def _values(design: Design, config: CampaignConfig, as_of: date) -> dict[str, Any]:
    manifest = design.manifest
    return {
        "ward": config.ward,
        "accent": manifest.accent,
        "faces": manifest.faces,
        "title": manifest.title,
        "headline": design.marked("headline"),
        "lead": design.marked("lead"),
        "action": design.marked("action"),
        "cost": design.marked("cost"),
        "bring": design.marked("bring"),
        "points": manifest.points,
        "steps": manifest.steps,
        "season": elements.season(manifest, config),
        "screenings": elements.screenings(manifest, config),
        "sex": manifest.sex,
        "crossing": elements.crossing(as_of),
        "stopping": elements.stopping(config),
        "qr": qr.as_picture(config.ward.url),
        "as_of": as_of,
    }


def _phrases(design: Design) -> list[str]:
    texts = [design.marked(name) for name in get_args(Text)]
    texts += [*design.manifest.points, *design.manifest.steps]
    return [phrase for text in texts if "/" in text for phrase in wording.phrases(text)]


def _tint(colour: str, share: float) -> str:
    """A colour mixed with white: print knows no transparency."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * share):02x}" for part in parts)


def _check_type(pdf: bytes, design: Design, fonts: frozenset[str]) -> None:
    import pypdfium2

    from kansho.mailing.typesetting import fonts_of, has_the_size_of_the_sheet, unknown_characters

    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = len(document)
    finally:
        document.close()
    if pages != 1:
        raise preflight.overflow(design.id)
    if not has_the_size_of_the_sheet(pdf):
        raise KanshoError(
            "DESIGN-SIZE",
            "はがきの大きさではありません",
            place=design.id,
            remedy=f"宛名面も中面も{SHEET:g}×{HEIGHT:g}mm（二つ折りの展開）にしてください",
        )
    others = fonts_of(pdf) - fonts
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


def outer_text(pdf: bytes) -> str:
    """Text of the outer side, without white space."""
    with sides(pdf) as (outside, _):
        return outside.text
