"""The fonts of one file of cards: whose glyph shows a character, and how the PDF calls it.

Private use is shown by the ward's own font and all else by ours, the second of which draws only what the first lacks
(`kansho.mailing.typeface.drawn_by`): which font is a matter of the characters alone, so none ever stands in for
another.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from kansho.errors import KanshoError
from kansho.mailing.embedding import embed
from kansho.mailing.typeface import Typeface, drawn_by, font_file, more_font_file, typeface


class OwnFont(Protocol):
    """What is needed of a ward's own font (`kansho.contracts.ward_font.WardFont`)."""

    @property
    def file(self) -> Path:
        """Where it lies."""

    @property
    def glyphs(self) -> frozenset[int]:
        """The private code points that it draws."""


class Ink(NamedTuple):
    """How a cluster is set: the font's name in the page's resources, the code in hexadecimal, its advance (1/1000)."""

    font: str
    code: str
    width: float


class Inks(dict[str, Ink]):
    """Cluster → `Ink`, found on first use and counted in for embedding.

    Raises:
        KanshoError: ``MAILING-GLYPH`` for a cluster that no font shows in the very form asked for.
    """

    def __init__(self, own: OwnFont | None = None) -> None:
        super().__init__()
        self._ours = {font_file(): _Used("O", typeface(font_file()))}
        self._own = _Used("W", typeface(own.file)) if own else None
        self._private = own.glyphs if own else frozenset[int]()

    def __missing__(self, cluster: str) -> Ink:
        private = unicodedata.category(cluster[0]) == "Co"
        if private and not (len(cluster) == 1 and ord(cluster) in self._private):
            ink = None
        else:
            used = self._own if private else self._of(drawn_by(cluster))
            ink = used.ink(cluster) if used else None
        if ink is None:
            raise KanshoError(
                "MAILING-GLYPH",
                "宛名の書体にない字があります",
                place="card_list",
                remedy="名簿の取込みの検査と外字の登録を確かめてください",
            )
        self[cluster] = ink
        return ink

    def resources(self, pdf: Any) -> dict[str, Any]:
        """Embed what was used: name in the resources → font object."""
        every = (*self._ours.values(), self._own)
        return {name: font for used in every if used for name, font in used.embedded(pdf)}

    def _of(self, face: Typeface | None) -> _Used | None:
        if face is not None and face.file not in self._ours:
            self._ours[face.file] = _Used("M", typeface(more_font_file()))
        return self._ours[face.file] if face is not None else None


class _Used:
    """What is used of one font; ``_meanings`` holds a second mapping only where a glyph has a second meaning."""

    def __init__(self, letter: str, face: Typeface) -> None:
        self._letter = letter
        self._face = face
        self._meanings: list[dict[int, str]] = []
        self._widths: dict[int, float] = {}

    def ink(self, cluster: str) -> Ink | None:
        glyph = self._face.glyph(cluster)
        if glyph is None:
            return None
        number, width = self._face.number(glyph), self._face.width(glyph)
        at = next((n for n, meaning in enumerate(self._meanings) if number not in meaning), len(self._meanings))
        if at == len(self._meanings):
            self._meanings.append({})
        self._meanings[at][number] = cluster
        self._widths[number] = width
        return Ink(f"{self._letter}{at}", f"{number:04X}", width)

    def embedded(self, pdf: Any) -> list[tuple[str, Any]]:
        if not self._meanings:
            return []
        fonts = embed(pdf, self._face.file, self._face.name, self._meanings, self._widths)
        return [(f"{self._letter}{n}", font) for n, font in enumerate(fonts)]
