"""Addresses on the card: lines, and whether a card can be printed at all.  Pure but for reading a font's table.

Nothing is cut, nothing is shrunk below the minimum: what does not fit makes the person "not printable".
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from kansho.contracts.characters import unprintable_reason
from kansho.mailing.typeface import clusters, font_file, typeface

#: Widths in full-width characters that fit the address block at its sizes.
ADDRESS_CHARS = 22
NAME_CHARS = 13
MAX_ADDRESS_LINES = 3


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
    if len(clusters(shown)) > NAME_CHARS:
        return Layout(reason="name_long")
    return Layout(postal, tuple(lines), shown)


def is_drawn(text: str, own: Set[int] = frozenset()) -> bool:
    """Whether the fonts have every character, each variant in the very form asked for.

    A variant that the font lacks would be drawn in its usual form without a word, so it is refused here.
    """
    font = typeface(font_file())
    return all((len(place) == 1 and ord(place) in own) or font.glyph(place) is not None for place in clusters(text))


def _wrap(text: str) -> list[str]:
    places = clusters(text)
    return ["".join(places[i : i + ADDRESS_CHARS]) for i in range(0, len(places), ADDRESS_CHARS)]
