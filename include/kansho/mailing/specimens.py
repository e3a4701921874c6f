"""Pictures of the cards for documentation: every design of a year, and the trial prints of one.

Belongs here: sheets of pictures.  Does not belong here: the proof that a ward approves (`kansho.mailing.proof`).  All
addresses are the invented ones of the trial prints.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from kansho.campaign.config import CampaignConfig
from kansho.contracts.ward_font import ward_font
from kansho.mailing.designs import background, design_for, load, named_designs
from kansho.mailing.face import BLEED, POINT
from kansho.mailing.shard import render_shard
from kansho.mailing.trial_prints import trial_cards

if TYPE_CHECKING:
    from PIL.Image import Image

#: Dots in a millimetre, and the dots between pictures.
_DOTS, _GAP = 4, 24


def overview(config: CampaignConfig) -> bytes:
    """PNG: the outer side with an invented address, which all designs share, and the inner side of each."""
    trials = trial_cards(config.ward.prefecture, config.ward.name)
    first = next(card for case, card in trials if case.title == "バーコードに英字")
    names = named_designs(config)
    sheets = [background(load(name), config, as_of=_day_of(config, name)) for name in names]
    pictures = _pages(render_shard([first], sheets[0]))[:1] + [_pages(sheet)[1] for sheet in sheets]
    return _png(pictures, columns=3)


def proof_sheet(config: CampaignConfig, design: str) -> bytes:
    """PNG: the inner side of a design, and the address faces of the trial prints, two beside each other."""
    own = ward_font(config.gaiji)
    trials = trial_cards(config.ward.prefecture, config.ward.name, own.glyphs if own else frozenset())
    pages = _pages(render_shard([card for _, card in trials], background(load(design), config), own))
    width, height = pages[1].size
    faces = [page.crop((width // 2, 0, width, height)) for page in pages[0::2]]
    pairs = [pages[1]]
    for at in range(0, len(faces), 2):
        pair = pages[1].copy()
        pair.paste("white", (0, 0, width, height))
        for half, drawn in enumerate(faces[at : at + 2]):
            pair.paste(drawn, (half * (width // 2), 0))
        pairs.append(pair)
    return _png(pairs, columns=3)


def _day_of(config: CampaignConfig, design: str) -> date | None:
    """The day whose facts a design tells: the selection of the first mailing in which somebody gets it."""
    for wave in config.waves.mailings:
        given = {wave.designs.get(s.group, s.design) for s in config.targeting.segments if s.group in wave.groups}
        if design in given | {design_for(one, sex) for one in given for sex in ("1", "2")}:
            return wave.select_on
    return None


def _pages(pdf: bytes) -> list[Image]:
    """Every page as it is cut."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        return [
            page.render(scale=_DOTS / POINT, crop=(BLEED * POINT,) * 4, rev_byteorder=True).to_pil()
            for page in document
        ]
    finally:
        document.close()


def _png(pictures: Sequence[Any], *, columns: int) -> bytes:
    from PIL import Image

    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    sheet = Image.new(
        "RGB", (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP), (214, 220, 224)
    )  # paper stands out from it
    for at, picture in enumerate(pictures):
        down, across = divmod(at, columns)
        sheet.paste(picture, (_GAP + across * (width + _GAP), _GAP + down * (height + _GAP)))
    buffer = io.BytesIO()
    sheet.quantize(160).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
