"""Households derived from normalised addresses: the unit of randomisation.

Belongs here: normalising 漢字住所 and 住所方書, and the keyed digest.  Does not belong here: printing an
address (the card shows what the ward wrote).  The ward gives no household item (D1), so people whose
normalised address and 方書 agree are one household; a building listed without rooms becomes one large
household, which costs precision and never breaks the comparison.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

import pandas as pd

#: What people type for a hyphen; the long vowel mark is one only between digits.
_HYPHENS = re.compile(r"[‐‑‒–—―−⁃]|(?<=\d)ー(?=\d)")
_KANJI_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")}
_UNIT = re.compile(r"(?<=\d)(?:丁目|番地の|番地|番の|番|号室|号棟|号|の|ノ)")
_KANJI_CHOME = re.compile(r"([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=丁目)")


def normalise(text: str | None) -> str:
    """One spelling for one place: NFKC, capitals, no spaces, arabic 丁目, hyphens for 丁目・番・号.

    Args:
        text: an address or 方書 as the ward wrote it; None is the empty text.
    """
    if not text:
        return ""
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = re.sub(r"[\s,、。・]+", "", plain)
    plain = _KANJI_CHOME.sub(lambda m: str(_kanji_number(m.group(1))), plain)
    plain = _HYPHENS.sub("-", plain)
    plain = _UNIT.sub("-", plain)
    return re.sub(r"-+", "-", plain).strip("-")


def household_key(address: str | None, address_extra: str | None) -> str:
    """The normalised text that two members of a household share."""
    return f"{normalise(address)}\x1f{normalise(address_extra)}"


def household_ids(addresses: pd.Series, extras: pd.Series, *, key: bytes) -> pd.Series:
    """Opaque household id per row: HMAC-SHA-256 of the normalised address, 16 hex digits.

    Args:
        addresses: 漢字住所.
        extras: 住所方書 on the same index; missing values allowed.
        key: the sealed seed of the draws, erased at the end, so that no id can be recomputed afterwards.
    """
    texts = [household_key(_text(a), _text(e)) for a, e in zip(addresses.to_numpy(), extras.to_numpy(), strict=True)]
    ids = {t: hmac.new(key, b"household\x1f" + t.encode(), hashlib.sha256).hexdigest()[:16] for t in set(texts)}
    return pd.Series([ids[t] for t in texts], index=addresses.index, dtype=object)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _kanji_number(text: str) -> int:
    if "十" not in text:
        return _KANJI_DIGITS[text]
    tens, ones = text.split("十", 1)
    return _KANJI_DIGITS.get(tens, 1) * 10 + _KANJI_DIGITS.get(ones, 0)
