"""The marks in a design's texts: phrases that no line may break, and readings over hard words.  Pure.

Belongs here: the marks.  Does not belong here: how they look (``include/designs/_shared/base.html.j2``).

``/`` ends a phrase (確かめましょう stays whole); ``｜特定健診《とくていけんしん》`` sets a reading over a word, as
Aozora Bunko writes it.  WeasyPrint knows neither ``line-break`` nor ``ruby``: a phrase becomes an inline block, a
reading a small one over its word.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_READING = re.compile("｜([^｜《》/]+)《([ぁ-ゖー]+)》")
_MARKS = re.compile("[｜《》]")


def phrases(text: str) -> list[str]:
    """The phrases of a text in order, without marks; a text without ``/`` is one of its own, which may break."""
    return [plain(part) for line in text.split("\n") for part in line.split("/") if part]


def plain(text: str) -> str:
    """The text as it is told in a plan or a proof: without any mark."""
    return _READING.sub(r"\1", text).replace("/", "")


def is_marked_well(text: str) -> bool:
    """Whether every mark belongs to a whole reading (in 平仮名)."""
    return _MARKS.search(_READING.sub("", text)) is None


def shown(text: str) -> Markup:
    """The text as HTML: phrases and readings as elements of the classes ``k``, ``ruby`` and ``rt``."""
    lines = (
        Markup("").join(Markup('<span class="k">{}</span>').format(_read(part)) for part in line.split("/") if part)
        if "/" in line
        else _read(line)
        for line in text.split("\n")
    )
    return Markup("<br>").join(lines)


def _read(text: str) -> Markup:
    out, at = Markup(""), 0
    for found in _READING.finditer(text):
        reading = Markup('<span class="ruby"><span class="rt">{}</span>{}</span>').format(
            found.group(2), found.group(1)
        )
        out, at = out + escape(text[at : found.start()]) + reading, found.end()
    return out + escape(text[at:])
