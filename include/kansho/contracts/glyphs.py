"""What a ward's own font (EUDC.TTE, or any TrueType/OpenType file) really draws, and its name."""

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
        raise _unreadable() from None


def family_of(font: bytes) -> str:
    """The font's name for people.

    Raises:
        KanshoError: ``GAIJI-FONT`` when the bytes are no font, or one without a name for families (1) or PostScript
            (6), by which the cards' PDF calls it.
    """
    from fontTools.ttLib import TTFont

    try:
        with TTFont(io.BytesIO(font), lazy=True) as opened:
            name, postscript = (opened["name"].getDebugName(number) for number in (1, 6))
    except Exception:  # as above
        raise _unreadable() from None
    if not name or not postscript:
        raise _unreadable()
    return str(name)


def _unreadable() -> KanshoError:
    return KanshoError(
        "GAIJI-FONT",
        "外字のフォントを読めません",
        place="gaiji.font",
        remedy="TrueType 形式のフォント（EUDC.TTE など）を登録してください",
    )
