"""Addresses on the card: lines, and whether a card can be printed at all.  Pure but for reading a font's table.

Nothing is cut, nothing is shrunk below the minimum: what does not fit makes the person "not printable".
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kansho.contracts.characters import unprintable_reason

#: Widths in full-width characters that fit the address block at its sizes.
ADDRESS_CHARS = 22
NAME_CHARS = 13
MAX_ADDRESS_LINES = 3

FONT_FILES = (
    Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
    Path("/usr/share/fonts/opentype/ipaexfont/ipaexg.ttf"),
    Path("/usr/share/fonts/truetype/ipaexfont-gothic/ipaexg.ttf"),
)
FONT_FAMILY = "IPAexGothic"

#: A character with its variation selector, if any (葛 + U+E0100): one place on the card.
_CLUSTER = re.compile("(.)([\ufe00-\ufe0f\U000e0100-\U000e01ef]?)", re.DOTALL)


@dataclass(frozen=True)
class Layout:
    """Lines of the address block, or the reason why there is none.

    Reasons: ``gaiji`` and ``character`` (`kansho.contracts.characters`), ``glyph`` (the font has no such character),
    ``address_long``, ``name_long``, ``incomplete``.
    """

    postal: str = ""
    address: tuple[str, ...] = ()
    name: str = ""
    reason: str = ""


def layout(
    postal: str,
    address: str,
    extra: str | None,
    name: str,
    *,
    prefecture: str = "",
    own: Set[int] = frozenset(),
) -> Layout:
    """Lay out one address; 方書 keeps a line of its own.

    Args:
        postal: with or without its hyphen.
        address: from the ward's name on.
        extra: 方書.
        name: with a full-width space.
        prefecture: written before the address.
        own: private code points that the ward's own font draws.
    """
    if not postal or not address or not name:
        return Layout(reason="incomplete")
    shown = name.replace("　", " ").strip()
    text = f"{postal}{address}{extra or ''}{shown}"
    unprintable = unprintable_reason(text, own)
    if unprintable:
        return Layout(reason=unprintable)
    if not is_drawn(text, own):
        return Layout(reason="glyph")
    lines = [*_wrap(prefecture + address), *(_wrap(extra) if extra else [])]
    if len(lines) > MAX_ADDRESS_LINES:
        return Layout(reason="address_long")
    if len(_CLUSTER.findall(shown)) > NAME_CHARS:
        return Layout(reason="name_long")
    return Layout(postal, tuple(lines), shown)


@lru_cache(maxsize=1)
def font_file() -> Path:
    """The font of names and addresses on this machine."""
    from kansho.errors import KanshoError

    for path in FONT_FILES:
        if path.is_file():
            return path
    raise KanshoError(
        "MAILING-FONT", "宛名の書体がありません", place=FONT_FAMILY, remedy="make setup を実行してください"
    )


def is_drawn(text: str, own: Set[int] = frozenset()) -> bool:
    """Whether the fonts have every character, each variant in the very form asked for.

    A variant that the font lacks would be drawn in its usual form without a word, so it is refused here.
    """
    return all(
        char.isspace()
        or ord(char) in own
        or (ord(char) in characters() and (not variant or (ord(variant), ord(char)) in variants()))
        for char, variant in _CLUSTER.findall(text)
    )


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    """Code points the font draws."""
    from fontTools.ttLib import TTFont

    return frozenset(TTFont(font_file(), lazy=True).getBestCmap())


@lru_cache(maxsize=1)
def variants() -> frozenset[tuple[int, int]]:
    """(selector, character) pairs for which the font has a form of its own or says that the usual one is it."""
    from fontTools.ttLib import TTFont

    tables = [t for t in TTFont(font_file(), lazy=True)["cmap"].tables if t.format == 14]
    return frozenset((selector, char) for t in tables for selector, pairs in t.uvsDict.items() for char, _ in pairs)


def _wrap(text: str) -> list[str]:
    places = ["".join(pair) for pair in _CLUSTER.findall(text)]
    return ["".join(places[i : i + ADDRESS_CHARS]) for i in range(0, len(places), ADDRESS_CHARS)]
