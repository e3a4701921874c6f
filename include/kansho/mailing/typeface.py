"""What a font draws for a character in the very form asked for; no other form, ever.

Belongs here: characters → glyphs and widths of one font file, and which of our two files draws one.  Does not belong
here: putting a font into a PDF (`kansho.mailing.embedding`).

There is no shaping: Japanese names and addresses are set one glyph to a character.  What would need it (a combining
mark other than 濁点 and 半濁点) has no glyph here, so that nobody's card shows it wrongly.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from kansho.errors import KanshoError

#: Where the font of names and addresses lies, on the systems that `make setup` knows.
FONT_FILES = (
    Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
    Path("/usr/share/fonts/opentype/ipaexfont/ipaexg.ttf"),
    Path("/usr/share/fonts/truetype/ipaexfont-gothic/ipaexg.ttf"),
)

#: The font of what the first one lacks: 𠮷, and the forms of the ministry's list (Moji_Joho, U+E0102 on) in which
#: municipal systems write names (行政事務標準文字).
MORE_FONT_FILES = (
    Path("/usr/share/fonts/truetype/ipamj/ipamjm.ttf"),
    Path("/usr/share/fonts/opentype/ipamj/ipamjm.ttf"),
    Path("/usr/share/fonts/truetype/fonts-ipamj-mincho/ipamjm.ttf"),
)

#: 濁点 and 半濁点 as characters of their own (か + U+3099), as some systems write them.
_VOICED = "\u3099\u309a"
#: One place on the card: a character with its variation selector (葛 + U+E0100) or voicing mark, if any.
_CLUSTER = re.compile(f".[\ufe00-\ufe0f\U000e0100-\U000e01ef{_VOICED}]?", re.DOTALL)


def clusters(text: str) -> list[str]:
    """The places that a text takes, in order; joined they are the text."""
    return _CLUSTER.findall(text)


class Typeface:
    """One TrueType or OpenType file."""

    def __init__(self, file: Path) -> None:
        from fontTools.ttLib import TTFont

        self.file = file
        font = TTFont(file, lazy=True)
        self._characters: dict[int, str] = font.getBestCmap()
        # cmap format 14: (selector, character) → a glyph, or None where the usual one is that form.
        self._variants: dict[tuple[int, int], str | None] = {
            (selector, char): name
            for table in font["cmap"].tables
            if table.format == 14
            for selector, pairs in table.uvsDict.items()
            for char, name in pairs
        }
        self._numbers: dict[str, int] = font.getReverseGlyphMap()
        self._widths = font["hmtx"].metrics
        self._units: int = font["head"].unitsPerEm
        self.name = str(font["name"].getDebugName(6))

    def glyph(self, cluster: str) -> str | None:
        """The name of the glyph that shows a cluster in the form asked for; None when there is none."""
        char, mark = cluster[0], cluster[1:]
        if mark and mark in _VOICED:
            char, mark = unicodedata.normalize("NFC", cluster), ""
            if len(char) != 1:
                return None
        if not mark:
            return None if unicodedata.category(char).startswith("M") else self._characters.get(ord(char))
        if (ord(mark), ord(char)) not in self._variants:
            return None
        return self._variants[ord(mark), ord(char)] or self._characters.get(ord(char))

    def number(self, glyph: str) -> int:
        """A glyph's number in the file."""
        return self._numbers[glyph]

    def width(self, glyph: str) -> float:
        """A glyph's advance in thousandths of the type size."""
        return round(float(self._widths[glyph][0]) * 1000 / self._units, 4)


@lru_cache(maxsize=4)
def typeface(file: Path) -> Typeface:
    """A font, read once a process."""
    return Typeface(file)


@lru_cache(maxsize=16_384)
def drawn_by(cluster: str) -> Typeface | None:
    """The first font that shows a cluster in the very form asked for; None when neither does."""
    first = typeface(font_file())
    if first.glyph(cluster) is not None:
        return first
    second = typeface(more_font_file())
    return second if second.glyph(cluster) is not None else None


@lru_cache(maxsize=16_384)
def advance(cluster: str) -> float:
    """A cluster's advance in thousandths of the type size; of one that no font of ours draws, a full width."""
    face = drawn_by(cluster)
    return face.width(face.glyph(cluster) or "") if face is not None else 1000.0


@lru_cache(maxsize=1)
def font_file() -> Path:
    """The font of names and addresses on this machine.

    Raises:
        KanshoError: ``MAILING-FONT`` when it is not installed.
    """
    return _installed(FONT_FILES, "IPAexGothic")


@lru_cache(maxsize=1)
def more_font_file() -> Path:
    """The font of what that one lacks.

    Raises:
        KanshoError: ``MAILING-FONT`` when it is not installed.
    """
    return _installed(MORE_FONT_FILES, "IPAmjMincho")


def _installed(files: tuple[Path, ...], name: str) -> Path:
    for path in files:
        if path.is_file():
            return path
    raise KanshoError("MAILING-FONT", "宛名の書体がありません", place=name, remedy="make setup を実行してください")
