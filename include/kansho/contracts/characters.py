"""Which characters no card, list or document may show, and why; said once for intake and mailing.

Belongs here: characters by code point.  Does not belong here: what a ward's 外字 mean (its config), or which letters a
font has (`kansho.contracts.glyphs`, `kansho.mailing.addresses`).  CP932 decodes 外字 to U+E000–E757 without an error,
so they are found here or never.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: Reason code → how staff read it.  ``gaiji``: private use (BMP and planes 15, 16) without a text or glyph;
#: ``character``: U+FFFD (already lost), unassigned, control, line break, invisible or half a surrogate pair.
REASONS: Mapping[str, str] = {"gaiji": "外字（未登録）", "character": "印字できない文字"}

#: What names and addresses are written in, all of it printable: cells of nothing else need no look at each letter.
PLAIN = ((0x20, 0x7E), (0x3000, 0x303F), (0x3041, 0x3096), (0x3099, 0x30FF), (0x4E00, 0x9FFC), (0xFF01, 0xFF9F))
_OTHER = "[^" + "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in PLAIN) + "]"

#: What printers set for a character that they do not have (U+3013, 下駄記号): seen to be missing, never another one.
GETA = "〓"

_LOST = "\ufffd"
_PRIVATE = "Co"
_BROKEN = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class Unprintable:
    """What was found in a column.

    ``reasons``: per row a code of `REASONS`, '' when all can be shown; ``points``: code point ("E000") → rows that hold
    it, so that a ward can be asked for its meaning.  Neither names a person.
    """

    reasons: pd.Series
    points: Mapping[str, int]

    @property
    def mask(self) -> pd.Series:
        """Rows with such a character."""
        return self.reasons.ne("")


def reason_of(character: str, glyphs: Set[int] = frozenset()) -> str:
    """Why one character cannot be shown: a code of `REASONS`, or ''.

    Args:
        glyphs: private code points for which the ward's own font has a glyph.  Only whoever prints with that font
            may pass them.
    """
    if character == _LOST:
        return "character"
    category = unicodedata.category(character)
    if category == _PRIVATE:
        return "" if ord(character) in glyphs else "gaiji"
    return "character" if category in _BROKEN else ""


def unprintable_reason(text: str, glyphs: Set[int] = frozenset()) -> str:
    """Why a text cannot be shown: a code of `REASONS` (``gaiji`` first), or ''."""
    return _worst(reason_of(c, glyphs) for c in text)


def unprintable_characters(values: pd.Series, glyphs: Set[int] = frozenset()) -> Unprintable:
    """The rows of a text column that hold an unprintable character; missing cells hold none."""
    return _unprintable(values, glyphs) or Unprintable(pd.Series("", index=values.index, dtype=object), {})


def unprintable_rows(frame: pd.DataFrame, columns: Iterable[str], glyphs: Set[int] = frozenset()) -> pd.Series:
    """Per row the reason over several columns, '' when all can be shown."""
    reasons = pd.Series("", index=frame.index, dtype=object)
    for name in columns:
        found = _unprintable(frame[name], glyphs)
        if found is not None:
            reasons = reasons.mask(found.mask & reasons.ne("gaiji"), found.reasons)
    return reasons


def legible(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The table as people without the ward's characters read it: every unprintable one of ``columns`` as `GETA`."""
    shown = frame.copy()
    for name in columns:
        found = _unprintable(frame[name], frozenset())
        if found is not None:
            marks = {int(point, 16): GETA for point in found.points}
            told = [v.translate(marks) if isinstance(v, str) else v for v in frame[name]]
            shown[name] = pd.Series(told, index=frame.index, dtype=frame[name].dtype)
    return shown


def _unprintable(values: pd.Series, glyphs: Set[int]) -> Unprintable | None:
    """What was found in a column; None for nothing, as in most columns of a table."""
    texts = pa.array(values.astype("str").array, type=pa.large_string())
    found = {c: reason for c in sorted(_distinct(texts)) if (reason := reason_of(c, glyphs))}
    if not found:
        return None
    reasons = pd.Series("", index=values.index, dtype=object)
    points: dict[str, int] = {}
    for character in sorted(found, key=lambda c: found[c] == "gaiji"):  # gaiji last: it wins
        hit = pc.fill_null(pc.match_substring(texts, character), False).to_numpy(zero_copy_only=False)
        reasons[hit] = found[character]
        points[f"{ord(character):04X}"] = int(hit.sum())
    return Unprintable(reasons, points)


def _distinct(texts: pa.Array | pa.ChunkedArray) -> set[str]:
    """Every character of the cells that hold more than plain ones."""
    if not _holds_more_than_ascii(texts):
        return set()
    unusual = texts.filter(pc.match_substring_regex(texts, _OTHER))
    return set("".join(unusual.to_pylist()))


def _holds_more_than_ascii(texts: pa.Array | pa.ChunkedArray) -> bool:
    """Whether the bytes of a column hold any but printable ASCII: codes and measures of a large table do not."""
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        data = np.frombuffer(chunk.buffers()[2] or b"", dtype=np.uint8)
        if ((data < 0x20) | (data > 0x7E)).any():
            return True
    return False


def _worst(reasons: Iterable[str]) -> str:
    found = set(reasons)
    return next((code for code in REASONS if code in found), "")
