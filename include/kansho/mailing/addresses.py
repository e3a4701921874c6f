"""Addresses on the card: lines, and whether a card can be printed at all.  Pure but for reading the fonts' tables.

Nothing is cut.  What is long is set smaller, down to the least size of its place (`kansho.mailing.face`); what does not
fit even so makes the person "not printable".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from kansho.contracts.characters import unprintable_reason
from kansho.mailing.face import ADDRESS, NAME
from kansho.mailing.typeface import advance, clusters, drawn_by

MAX_ADDRESS_LINES = len(ADDRESS)
#: What the name is followed by.
HONORIFIC = " 様"

_HYPHEN = "-－‐‑–—―−ー"
_KANJI_NUMERAL = "〇一二三四五六七八九十百千"
#: What stays together: house numbers with their unit, words in letters; else one character.
_UNIT = re.compile(
    rf"(?:[0-9０-９]+|[{_KANJI_NUMERAL}]+(?=丁目|番|号|階|[{_HYPHEN}のノ][{_KANJI_NUMERAL}0-9０-９]))"
    rf"(?:[{_HYPHEN}のノ][0-9０-９{_KANJI_NUMERAL}]+)*"
    "(?:丁目|番地の?|番|号[室棟館]?|階|棟|[FＦ]|室|条|線|地割)?"
    "|[A-Za-zＡ-Ｚａ-ｚ]+[.．,，'’]?",
)
#: 千 alone begins names (千代田).
_NUMBER = re.compile(rf"[0-9０-９]|(?!千)[{_KANJI_NUMERAL}]|千[{_KANJI_NUMERAL}丁番]")
#: What may not begin or end a line (禁則).
_NOT_FIRST = frozenset(
    "、。，．,.・：；:;？！?!゛゜ヽヾゝゞ々ー-－‐−）)］]｝}〉》」』】ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
)
_NOT_LAST = frozenset("（([［{｛〈《「『【")


@dataclass(frozen=True)
class Layout:
    """Lines of the address block, or the reason why there is none.

    Reasons: ``gaiji`` and ``character`` (`kansho.contracts.characters`), ``glyph`` (the fonts have no such character),
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
    """Lay out one address; 方書 keeps lines of its own.

    Args:
        postal: with or without its hyphen.
        address: from the ward's name on.
        extra: 方書.
        name: with a full-width space.
        prefecture: written before the address.
        own: private code points that the ward's own font draws.
    """
    shown, extra = name.replace("　", " ").strip(), (extra or "").strip()
    if not postal.strip() or not address.strip() or not shown:
        return Layout(reason="incomplete")
    # Each for itself: a selector that begins a name would else vary the last character of the address.
    parts = (postal, address, extra, shown)
    unprintable = unprintable_reason("".join(parts), own)
    if unprintable:
        return Layout(reason=unprintable)
    if not all(is_drawn(part, own) for part in parts):
        return Layout(reason="glyph")
    lines = _block(prefecture + address, extra)
    if lines is None:
        return Layout(reason="address_long")
    if width(shown + HONORIFIC) > NAME.room(NAME.sizes[-1]):
        return Layout(reason="name_long")
    return Layout(postal, lines, shown)


def is_drawn(text: str, own: Set[int] = frozenset()) -> bool:
    """Whether the fonts have every character, each variant in the very form asked for.

    A variant that the fonts lack would be drawn in its usual form without a word, so it is refused here.
    """
    return all((len(place) == 1 and ord(place) in own) or drawn_by(place) is not None for place in clusters(text))


def width(text: str) -> float:
    """A text's length in thousandths of its size, by the fonts' own advances."""
    return sum(map(advance, clusters(text)))


@lru_cache(maxsize=1)
def name_chars() -> int:
    """How many full-width characters of a name fit at the least size."""
    return int((NAME.room(NAME.sizes[-1]) - width(HONORIFIC)) // 1000)


@lru_cache(maxsize=1)
def address_chars() -> int:
    """How many full-width characters of an address fit a line at the least size."""
    return int(ADDRESS[0].room(ADDRESS[0].sizes[-1]) // 1000)


def _block(address: str, extra: str) -> tuple[str, ...] | None:
    """The lines in the largest size in which they are few enough; None when there is none."""
    for size in ADDRESS[0].sizes:
        room = ADDRESS[0].room(size)
        parts = [wrap(part, room) for part in (address, extra) if part]
        lines = [line for part in parts for line in part]
        if all(parts) and len(lines) <= MAX_ADDRESS_LINES:
            return tuple(lines)
    return None


def wrap(text: str, room: float) -> list[str]:
    """The fewest lines of at most ``room`` (1/1000 of the size), broken where an address has its joints.

    Never within a number and its unit, never so that a line begins with a closing mark or a small kana.  Empty when
    that cannot be.
    """
    if width(text) <= room:
        return [text]
    units = _units(text)
    ends = [0.0, *accumulate(map(width, units))]
    best: list[tuple[int, int, int] | None] = [(0, 0, 0), *([None] * len(units))]  # lines, cost, where it begins
    for end in range(1, len(units) + 1):
        cost = _cost(units[end - 1], units[end]) if end < len(units) else 0
        if cost is None:
            continue
        for begin in range(end):
            before = best[begin]
            if before is not None and ends[end] - ends[begin] <= room:
                found = (before[0] + 1, before[1] + cost, begin)
                if best[end] is None or found < best[end]:  # type: ignore[operator]
                    best[end] = found
    lines: list[str] = []
    at = len(units)
    while at:
        here = best[at]
        if here is None:
            return []
        lines.insert(0, "".join(units[here[2] : at]))
        at = here[2]
    return lines


def _units(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    for match in _UNIT.finditer(text):
        found += clusters(text[at : match.start()])
        found.append(match.group())
        at = match.end()
    return found + clusters(text[at:])


def _cost(before: str, after: str) -> int | None:
    """What a break between two units costs; None where there may be none."""
    if after[0] in _NOT_FIRST or before[-1] in _NOT_LAST or unicodedata.category(after[0]).startswith("M"):
        return None
    if before.isspace():
        return 0
    if after.isspace():
        return None  # a blank ends its line
    numbers = [_NUMBER.match(unit) is not None and len(unit) > 0 for unit in (before, after)]
    if numbers == [True, False]:
        return 1  # between the number and the building
    if numbers == [False, True]:
        return 2  # between the town and the number
    if all(numbers):
        return 5  # between 丁目 and 番
    return 3 if _script(before[-1]) != _script(after[0]) else 8


def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]
