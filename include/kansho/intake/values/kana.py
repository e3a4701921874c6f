"""カナ氏名: half-width kana and hiragana to full-width katakana, all of a name or nothing of it.

Small and large letters stay as delivered (キヨウコ may be キョウコ or not), and so does a hyphen that may be a long
vowel.
"""

from __future__ import annotations

import re
import unicodedata

import jaconv
import pyarrow as pa

from kansho.intake.values.cells import Read, shaped

#: Full-width katakana, long vowel, middle dot, repetition marks, hyphen and the one blank between names.
KATAKANA = r"[ァ-ヺー・ヽヾ\-　]+"
_whole = re.compile(KATAKANA)
_shaped = shaped(KATAKANA)
#: Sound marks that stand alone, as a letter of their own behind a full-width letter or a hiragana.
_MARKS = str.maketrans({"ﾞ": "\u3099", "ﾟ": "\u309a", "゛": "\u3099", "゜": "\u309a"})


def is_katakana(values: pa.Array) -> pa.Array:
    """Names that are full-width katakana."""
    return _shaped(values)


def read(text: str) -> Read:
    """The name in katakana; None when it holds anything else."""
    full = jaconv.hira2kata(jaconv.h2z(text, kana=True, ascii=False, digit=False))
    full = unicodedata.normalize("NFC", full.translate(_MARKS))
    return (full, ("values.kana",)) if _whole.fullmatch(full) else None
