"""Which code points a ward's own font (EUDC.TTE, or any TrueType/OpenType file) really draws."""

from __future__ import annotations

import io

from kansho.errors import KanshoError


def glyphs_of(font: bytes) -> frozenset[int]:
    """Code points with a glyph that has an outline; an empty glyph would be printed as nothing.

    Raises:
        KanshoError: ``GAIJI-FONT`` when the bytes are no font (an EUDC.EUF holds assignments, not glyphs).
    """
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.ttLib import TTFont

    try:
        with TTFont(io.BytesIO(font)) as opened:
            drawn = opened.getGlyphSet()
            found = set()
            for point, name in (opened.getBestCmap() or {}).items():
                pen = BoundsPen(drawn)
                drawn[name].draw(pen)
                if pen.bounds is not None:
                    found.add(point)
            return frozenset(found)
    except Exception:  # a damaged font makes fontTools raise whatever its tables lead to
        raise KanshoError(
            "GAIJI-FONT",
            "外字のフォントを読めません",
            place="gaiji.font",
            remedy="TrueType 形式のフォント（EUDC.TTE など）を登録してください",
        ) from None
