"""The ward's own font: which of its characters the cards can show, and the bytes that were approved.

Belongs here: finding and checking the registered file.  Does not belong here: what a font draws
(`kansho.contracts.glyphs`), and laying text with it (`kansho.mailing`).
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kansho.campaign.config import Gaiji, GaijiFont
from kansho.contracts.glyphs import family_of, glyphs_of
from kansho.errors import KanshoError

FONTS = Path(__file__).resolve().parents[2] / "fonts"


@dataclass(frozen=True)
class WardFont:
    """A checked font: where it lies, its family's name, and the private code points that it draws."""

    file: Path
    family: str
    glyphs: frozenset[int]


def ward_font(gaiji: Gaiji) -> WardFont | None:
    """The font of the ward's own characters; None when the year has none.

    Raises:
        KanshoError: ``GAIJI-FONT`` when the file is absent or no font, ``GAIJI-FONT-CHANGED`` when it is another than
            the one that the configuration binds.
    """
    return None if gaiji.font is None else _checked(FONTS, gaiji.font)


@lru_cache(maxsize=4)
def _checked(folder: Path, font: GaijiFont) -> WardFont:
    file = folder / font.file
    if not file.is_file():
        raise KanshoError(
            "GAIJI-FONT", "外字のフォントがありません", place=font.file, remedy="include/fonts に置いてください"
        )
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != font.sha256:
        raise KanshoError(
            "GAIJI-FONT-CHANGED",
            "外字のフォントが設定で承認されたものと違います",
            place=font.file,
            remedy="承認されたファイルに戻すか、設定の変更として区の承認を得てください",
        )
    drawn = frozenset(point for point in glyphs_of(data) if unicodedata.category(chr(point)) == "Co")
    return WardFont(file, family_of(data), drawn)
