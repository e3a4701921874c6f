"""One file of cards: variable text over the design's background, which all of them share.

Everything happens in memory.  The same cards, background and fonts give the same bytes, whenever and wherever they
are laid.  No pandas here: `kansho.mailing.press` starts a process for each file.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from kansho.mailing.face import Card, operators
from kansho.mailing.inks import Inks, OwnFont


def render_shard(cards: Sequence[Card], background: bytes, own: OwnFont | None = None) -> bytes:
    """One PDF: per card the outer and the inner side of its sheet, in order; ``own`` draws the ward's own characters.

    Raises:
        KanshoError: ``MAILING-GLYPH``, ``MAILING-LINES``, ``MAILING-OVERFLOW`` (`kansho.mailing.face`).
    """
    import pikepdf
    from pikepdf import Array, Dictionary, Name

    inks = Inks(own)
    with pikepdf.new() as pdf, pikepdf.open(io.BytesIO(background)) as ground:
        outer, inner = (pdf.copy_foreign(_whole(page)) for page in ground.pages[:2])
        sheet = ground.pages[0]
        media, trim = (pdf.make_indirect(Array([*map(float, box)])) for box in (sheet.mediabox, sheet.trimbox))
        root = pdf.Root.Pages
        resources = pdf.make_indirect(Dictionary(XObject=Dictionary(Ground=outer)))
        inside = pdf.make_indirect(Dictionary(XObject=Dictionary(Ground=inner)))
        draw_inside = pdf.make_stream(b"q /Ground Do Q\n")
        kids = []
        for card in cards:
            drawn = pdf.make_stream(operators(card, inks))
            for contents, names in ((drawn, resources), (draw_inside, inside)):
                page = Dictionary(Type=Name.Page, Parent=root, Contents=contents, Resources=names)
                page.TrimBox, page.BleedBox = trim, media  # neither is inherited
                kids.append(pdf.make_indirect(page))
        resources.Font = Dictionary({f"/{name}": font for name, font in inks.resources(pdf).items()})
        # All pages at once: appending one by one is quadratic.
        root.Kids, root.Count, root.MediaBox = Array(kids), len(kids), media
        buffer = io.BytesIO()
        pdf.save(
            buffer,
            min_version="1.6",  # OpenType fonts
            deterministic_id=True,
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
        return buffer.getvalue()


def _whole(page: Any) -> Any:
    """A page as a form with its bleed: pikepdf's own is cut to the page's trim."""
    form = page.as_form_xobject()
    form.BBox = page.mediabox
    return form
