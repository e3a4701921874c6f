"""What the printer's plates get: black as K alone, colours as CMYK, the boxes of the cut sheet.

Belongs here: a rendered side of the sheet made ready for print.  Does not belong here: rendering or refusing a design
(`kansho.mailing.designs`), anybody's address (`kansho.mailing.shard`).

WeasyPrint writes RGB: black type would be printed in four inks, and a hair's misregister blurs it for the old.  So each
colour becomes CMYK with all grey taken into K; what cannot be converted so (pictures of dots, shades, transparency) is
refused.
"""

from __future__ import annotations

import io
from typing import Any

from kansho.errors import KanshoError
from kansho.mailing.face import BLEED, POINT

_EDGE = BLEED * POINT
#: Operators that paint by a colour space, a shade or a picture.
_OTHER_PAINT = frozenset({"cs", "CS", "sc", "SC", "scn", "SCN", "sh", "BI", "EI", "INLINE IMAGE"})


def plates(outer: bytes, inner: bytes, design: str) -> bytes:
    """One PDF of both sides, each with ``MediaBox`` (bleed all round) and ``TrimBox`` (the cut sheet).

    Args:
        outer: the outer side, one page, as WeasyPrint made it.
        inner: the inner side, likewise.
        design: for the refusal.

    Raises:
        KanshoError: ``DESIGN-INK`` naming what has no plate.
    """
    import pikepdf

    with pikepdf.new() as made:
        for side in (outer, inner):
            with pikepdf.open(io.BytesIO(side)) as opened:
                made.pages.append(opened.pages[0])
        for page in made.pages:
            _separate(made, page, page.obj.get("/Resources", {}), design, set())
            _boxes(made, page)
        made.remove_unreferenced_resources()
        buffer = io.BytesIO()
        made.save(buffer, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return buffer.getvalue()


def separated(red: float, green: float, blue: float) -> tuple[float, float, float, float]:
    """C, M, Y, K of a colour: greys are K alone, and what is grey in a colour is K too."""
    if max(red, green, blue) - min(red, green, blue) < 0.02:
        return 0.0, 0.0, 0.0, round(1 - (red + green + blue) / 3, 4)
    black = 1 - max(red, green, blue)
    cyan, magenta, yellow = (round((1 - part - black) / (1 - black), 4) for part in (red, green, blue))
    return cyan, magenta, yellow, round(black, 4)


def _boxes(pdf: Any, page: Any) -> None:
    """The bleed's corner becomes the origin; the sheet lies `BLEED` within."""
    left, bottom = (float(side) for side in page.mediabox[:2])
    page.contents_add(pdf.make_stream(f"q 1 0 0 1 {-left:.4f} {-bottom:.4f} cm\n".encode()), prepend=True)
    page.contents_add(pdf.make_stream(b"\nQ"))
    page.contents_coalesce()
    width, height = (float(page.mediabox[2]) - left, float(page.mediabox[3]) - bottom)
    page.obj["/MediaBox"] = [0, 0, round(width, 4), round(height, 4)]
    page.obj["/BleedBox"] = page.obj["/MediaBox"]
    page.obj["/TrimBox"] = [round(side, 4) for side in (_EDGE, _EDGE, width - _EDGE, height - _EDGE)]


def _separate(pdf: Any, stream: Any, resources: Any, design: str, done: set[tuple[int, int]]) -> None:
    """The colours of a page or form, and of all forms that it draws; ``done`` are those that were met before."""
    import pikepdf

    for state in resources.get("/ExtGState", {}).values():
        if any(float(state.get(key, 1)) < 1 for key in ("/ca", "/CA")) or "/SMask" in state:
            raise _inkless(design, "透過")
    shown: list[Any] = []
    for found in pikepdf.parse_content_stream(stream):
        operator = str(found.operator)
        operands: list[Any] = [*found.operands]
        if operator in _OTHER_PAINT:
            raise _inkless(design, "画像・グラデーション・模様")
        if operator in ("rg", "RG"):
            operands = [*separated(*map(float, operands))]
            operator = "k" if operator == "rg" else "K"
        elif operator in ("g", "G"):
            operands = [0, 0, 0, round(1 - float(operands[0]), 4)]
            operator = "k" if operator == "g" else "K"
        elif operator == "Do":
            drawn = resources["/XObject"][str(operands[0])]
            if str(drawn.get("/Subtype")) != "/Form":
                raise _inkless(design, "画像")
            if drawn.objgen not in done:
                done.add(drawn.objgen)
                _separate(pdf, drawn, drawn.get("/Resources", {}), design, done)
        shown.append(pikepdf.ContentStreamInstruction(operands, pikepdf.Operator(operator)))
    data = b"0 0 0 1 k 0 0 0 1 K\n" + pikepdf.unparse_content_stream(shown)
    if isinstance(stream, pikepdf.Page):
        stream.obj["/Contents"] = pdf.make_stream(data)
    else:
        stream.write(data)


def _inkless(design: str, what: str) -> KanshoError:
    return KanshoError(
        "DESIGN-INK",
        f"版に分けられないものがあります（{what}）",
        place=design,
        remedy="文字、線、塗りと、透過のない図形（SVG）だけで作ってください",
    )
