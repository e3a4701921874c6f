"""How the ward's systems spell what the contract knows: eras, half-width kana, full-width digits, own codes.

Belongs here: pure spelling of one table's values.  Does not belong here: the file around them (`municipal`).  The
intake reads these spellings by rules of its own; nothing is shared with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import jaconv
import pandas as pd

from kansho.campaign.config import Mapping

#: First day, name, letter, number in fixed-width systems, western year before the first.
_ERAS = (
    (date(2019, 5, 1), "令和", "R", "5", 2018),
    (date(1989, 1, 8), "平成", "H", "4", 1988),
    (date(1926, 12, 26), "昭和", "S", "3", 1925),
    (date(1912, 7, 31), "大正", "T", "2", 1911),
)
#: 外字 of the ward's own set: what stands in its system where Unicode has a letter, and one that it never mapped.
MAPPED_GAIJI = ("邊", "\ue000")
UNMAPPED_GAIJI = "\ue001"
_UNMAPPED_SHARE = 0.01

Spell = Callable[[str], str]


def era_letters(iso: str) -> str:
    """``1950-04-01`` → ``S25.04.01``."""
    _, letter, _, year, day = _era(iso)
    return f"{letter}{year:02d}.{day.month:02d}.{day.day:02d}"


def era_words(iso: str) -> str:
    """``2026-09-30`` → ``令和8年9月30日``."""
    name, _, _, year, day = _era(iso)
    return f"{name}{year}年{day.month}月{day.day}日"


def era_digits(iso: str) -> str:
    """``2026-07-01`` → ``5080701``."""
    _, _, number, year, day = _era(iso)
    return f"{number}{year:02d}{day.month:02d}{day.day:02d}"


def western_digits(iso: str) -> str:
    """``2026-07-01`` → ``20260701``."""
    return iso.replace("-", "")


def half_kana(kana: str) -> str:
    """``ヤマダ　ハナコ`` → ``ﾔﾏﾀﾞ ﾊﾅｺ``."""
    return str(jaconv.z2h(kana, kana=True, ascii=False, digit=False)).replace("\u3000", " ")


def wide_digits(text: str) -> str:
    """``3丁目2番`` → ``３丁目２番``."""
    return str(jaconv.h2z(text, kana=False, ascii=False, digit=True))


def bare_digits(text: str) -> str:
    """``03-5273-4207`` → ``0352734207``."""
    return text.replace("-", "")


#: File kind → column → spelling; every other value is written as it is.
SPELLINGS: dict[str, dict[str, Spell]] = {
    "target_list": {
        "birth_date": era_letters,
        "name_kana": half_kana,
        "address": wide_digits,
        "address_extra": wide_digits,
        "postal_code": bare_digits,
        "phone": bare_digits,
        "attendance_date": era_words,
    },
    "stop_list": {"until": era_words},
    "attendance_update": {"attendance_date": era_digits},
    "checkup_results": {"exam_date": western_digits},
}


def spelled(frame: pd.DataFrame, kind: str, mapping: Mapping | None) -> pd.DataFrame:
    """The table as the ward's system holds it; missing values stay missing, a value that is no date stays as it is."""
    out = frame.copy()
    for column, spell in SPELLINGS.get(kind, {}).items():
        if column in out.columns:
            out[column] = out[column].map(lambda v, spell=spell: _tried(spell, str(v)), na_action="ignore")
    for column, codes in (mapping.codes if mapping else {}).items():
        theirs = {ours: code for code, ours in codes.items()}
        out[column] = out[column].map(lambda v, theirs=theirs: theirs.get(v, v), na_action="ignore")
    return out


def with_gaiji(names: pd.Series, share: pd.Series) -> pd.Series:
    """Names as the ward's own character set writes them.

    Args:
        names: 漢字氏名.
        share: a uniform number per person; one name of a hundred begins with a letter that nobody has mapped.
    """
    mapped = names.str.replace(*MAPPED_GAIJI, regex=False)
    return mapped.where(share >= _UNMAPPED_SHARE, UNMAPPED_GAIJI + mapped.str[1:])


def _tried(spell: Spell, text: str) -> str:
    try:
        return spell(text)
    except ValueError:
        return text


def _era(iso: str) -> tuple[str, str, str, int, date]:
    day = date.fromisoformat(iso)
    for first, name, letter, number, before in _ERAS:
        if day >= first:
            return name, letter, number, day.year - before, day
    raise ValueError
