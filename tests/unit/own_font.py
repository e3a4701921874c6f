"""A font of a ward's own characters, made by the tests that print with it."""

from __future__ import annotations

import io


def font(points: dict[int, bool], *, postscript: bool = True) -> bytes:
    """A font with a square, or nothing, for each code point; without ``postscript`` one that typesetters pass over."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    square = TTGlyphPen(None)
    square.moveTo((0, 0))
    for corner in ((0, 500), (500, 500), (500, 0)):
        square.lineTo(corner)
    square.closePath()
    drawn, empty = square.glyph(), TTGlyphPen(None).glyph()
    names = {point: f"uni{point:04X}" for point in points}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf({".notdef": empty, **{names[p]: drawn if shown else empty for p, shown in points.items()}})
    builder.setupHorizontalMetrics(dict.fromkeys((".notdef", *names.values()), (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    names_of_it = {"familyName": "Own", "styleName": "Regular"} | ({"psName": "Own-Regular"} if postscript else {})
    builder.setupNameTable(names_of_it)
    builder.setupOS2()
    builder.setupPost()
    buffer = io.BytesIO()
    builder.save(buffer)
    return buffer.getvalue()
