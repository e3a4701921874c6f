"""Cards at scale: Typst sets the variable text, pikepdf lays it on the design's shared background.

Measured in the engineering notes: plain WeasyPrint makes 8 cards a second, this some hundreds.  Everything happens in
memory; the names go to Typst through a pipe, never as a file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from kansho.contracts.ward_font import WardFont
from kansho.mailing.addresses import FONT_FAMILY, font_file
from kansho.mailing.typeset import typeset

#: Cards in one PDF.
SHARD = 2500

_SOURCE = """
#set page(width: 100mm, height: 148mm, margin: 0mm, fill: none)
#set text(font: %FONTS%, fallback: false, lang: "ja", cjk-latin-spacing: none)
#set document(date: none)
#let cards = json(bytes(sys.inputs.cards))
#let unit = 0.9mm
#let bar(x, y, kind) = {
  let tops = (F: 0mm, A: 0mm, D: 1.2mm * 0.9, T: 1.2mm * 0.9)
  let heights = (F: 3.6mm * 0.9, A: 2.4mm * 0.9, D: 2.4mm * 0.9, T: 1.2mm * 0.9)
  place(top + left, dx: x, dy: y + tops.at(kind), rect(width: 0.54mm, height: heights.at(kind), fill: black))
}
#for (i, card) in cards.enumerate() {
  if i > 0 { pagebreak() }
  place(top + left, dx: 48mm, dy: 11.5mm, text(size: 13pt, tracking: 2.4pt, card.postal))
  for (n, line) in card.address.enumerate() {
    place(top + left, dx: 14mm, dy: 31mm + n * 6.2mm, text(size: 10pt, line))
  }
  place(top + left, dx: 18mm, dy: 52mm, text(size: 15pt, card.name + " 様"))
  for (n, kind) in card.bars.clusters().enumerate() {
    bar(14mm + n * 1.08mm, 63mm, kind)
  }
  place(top + left, dx: 14mm, dy: 136mm, text(size: 8pt, "お問い合わせ番号 " + card.number))
  place(top + right, dx: -10mm, dy: 136mm, text(size: 7pt, card.serial))
}
"""


@dataclass(frozen=True)
class Card:
    """What is set on one outer face."""

    serial: str
    number: str
    postal: str
    address: tuple[str, ...]
    name: str
    bars: str


def cards_of(frame: pd.DataFrame) -> list[Card]:
    """Cards of printable rows of kind ``card_list`` in their order."""
    columns = ["serial", "inquiry_number", "postal_code", "lines", "shown_name", "bars"]
    return [
        Card(serial, number, postal, tuple(lines.split("\n")), name, bars or "")
        for serial, number, postal, lines, name, bars in frame[columns].itertuples(index=False, name=None)
    ]


def render_shard(cards: Sequence[Card], background: bytes, own: WardFont | None = None) -> bytes:
    """One PDF: per card its outer face and its inner spread, in order; ``own`` draws the ward's own characters."""
    return _lay(_variable_layer(cards, own), background)


def _variable_layer(cards: Sequence[Card], own: WardFont | None) -> bytes:
    rows = [
        {
            "serial": c.serial,
            "number": c.number,
            "postal": c.postal,
            "address": list(c.address),
            "name": c.name,
            "bars": c.bars,
        }
        for c in cards
    ]
    fonts = {FONT_FAMILY: font_file()} | ({own.family: own.file} if own else {})
    return typeset(_SOURCE.replace("%FONTS%", _families(own)), rows, fonts)


def _families(own: WardFont | None) -> str:
    """Typst's list of fonts: private use from the ward's own font before any other, all else from ours."""
    if own is None:
        return json.dumps(FONT_FAMILY)
    private = "[\\u{E000}-\\u{F8FF}\\u{F0000}-\\u{FFFFD}\\u{100000}-\\u{10FFFD}]"
    return f'((name: {json.dumps(own.family, ensure_ascii=False)}, covers: regex("{private}")), "{FONT_FAMILY}")'


def _lay(layer: bytes, background: bytes) -> bytes:
    """The background as two forms shared by all cards; pages are listed at once, for appending is quadratic."""
    import pikepdf
    from pikepdf import Array, Dictionary, Name

    with pikepdf.open(io.BytesIO(layer)) as pdf, pikepdf.open(io.BytesIO(background)) as ground:
        outer, inner = (pdf.copy_foreign(page.as_form_xobject()) for page in ground.pages[:2])
        inner_box = Array([0, 0, *(float(v) for v in ground.pages[1].mediabox[2:])])
        draw_outer = pdf.make_stream(b"q /Ground Do Q\n")
        draw_inner = pdf.make_stream(b"q /Ground Do Q\n")
        inner_resources = pdf.make_indirect(Dictionary(XObject=Dictionary(Ground=inner)))
        kids = Array()
        root = pdf.Root.Pages
        for page in list(pdf.pages):
            obj = page.obj
            resources = obj.get("/Resources", Dictionary())
            forms = resources.get("/XObject", Dictionary())
            forms["/Ground"] = outer
            resources["/XObject"] = forms
            obj["/Resources"] = resources
            contents = obj["/Contents"]
            rest = list(contents) if isinstance(contents, Array) else [contents]
            obj["/Contents"] = Array([draw_outer, *rest])
            obj["/Parent"] = root
            kids.append(obj)
            spread = Dictionary(
                Type=Name.Page, Parent=root, MediaBox=inner_box, Contents=draw_inner, Resources=inner_resources
            )
            kids.append(pdf.make_indirect(spread))
        root["/Kids"] = kids
        root["/Count"] = len(kids)
        if "/StructTreeRoot" in pdf.Root:
            del pdf.Root["/StructTreeRoot"]
        for key in ("/Title", "/Author", "/Producer", "/Creator", "/CreationDate", "/ModDate"):
            if key in pdf.docinfo:
                del pdf.docinfo[key]
        buffer = io.BytesIO()
        pdf.save(
            buffer, deterministic_id=True, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate
        )
        return buffer.getvalue()


def read_back(pdf: bytes) -> list[str]:
    """Text of each outer face, white space removed, read from the PDF itself with the background blanked."""
    import pikepdf
    import pypdfium2

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for page in opened.pages[:2]:
            opened_form = page.obj["/Resources"]["/XObject"]["/Ground"]
            opened_form.write(b"")
        buffer = io.BytesIO()
        opened.save(buffer)
    document = pypdfium2.PdfDocument(buffer.getvalue())
    try:
        texts = []
        for number in range(0, len(document), 2):
            page = document[number]
            area = page.get_textpage()
            texts.append("".join(area.get_text_bounded().split()))
            area.close()
            page.close()
        return texts
    finally:
        document.close()


def expected_text(card: Card) -> str:
    """What `read_back` must find on a card."""
    parts = (card.postal, *card.address, card.name, "様", "お問い合わせ番号", card.number, card.serial)
    return "".join("".join(parts).split())
