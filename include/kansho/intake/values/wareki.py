"""Dates as municipalities write them, to ISO: 和暦 by name, letter or number, western years, spreadsheet texts.

A date is read only where it is one: in its era (昭和64年1月8日 and 平成31年5月1日 are no days), in the calendar, with a
time of day only at midnight.  Two-digit years without an era and serial numbers are not read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from kansho.contracts.model import SHAPES
from kansho.intake.values.cells import Read
from kansho.intake.values.digits import HYPHENS

ISO = SHAPES["date"]


@dataclass(frozen=True)
class Era:
    """An era: names, letter, and number in fixed-width systems; first and last day (None: still running)."""

    name: str
    letter: str
    number: str
    first: date
    last: date | None

    @property
    def offset(self) -> int:
        """Western year minus the era's year."""
        return _GANNEN[self.name] - 1


_GANNEN = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}
#: 明治 begins here with the western calendar (太政官布告第337号, 明治6年1月1日): the days before are of the old one.
#: The eras of 1912 and 1926 changed in the course of a day, which therefore has both names.
ERAS = (
    Era("明治", "M", "1", date(1873, 1, 1), date(1912, 7, 30)),
    Era("大正", "T", "2", date(1912, 7, 30), date(1926, 12, 25)),
    Era("昭和", "S", "3", date(1926, 12, 25), date(1989, 1, 7)),
    Era("平成", "H", "4", date(1989, 1, 8), date(2019, 4, 30)),
    Era("令和", "R", "5", date(2019, 5, 1), None),
)
_BY_SIGN = {sign: era for era in ERAS for sign in (era.name, era.name[0], era.letter, era.number)}

_ERA = "|".join((*(e.name for e in ERAS), *(e.name[0] for e in ERAS), *(e.letter for e in ERAS)))
_KANJI = "〇一二三四五六七八九十"
_NUMBER = rf"\d{{1,2}}|[{_KANJI}]{{1,3}}"
_HYPHENS = str.maketrans(dict.fromkeys(HYPHENS, "-"))
_A = re.ASCII

_MIDNIGHT = r"(?:[T ]0?0:00(?::00(?:\.0+)?)?)?"
_WESTERN = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_MIDNIGHT}", _A)
#: A blank between two digits may stand for anything; elsewhere blanks only align (昭和 5年 4月 1日).
_GAP = re.compile(r"\d\s+\d", _A)
_WESTERN_KANJI = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", _A)
_WESTERN_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})", _A)
_ERA_KANJI = re.compile(rf"({_ERA})(元|{_NUMBER})年({_NUMBER})月({_NUMBER})日", _A)
_ERA_SEPARATED = re.compile(rf"({_ERA})\.?(元|\d{{1,2}})([-/.])(\d{{1,2}})\3(\d{{1,2}})", _A)
_ERA_DIGITS = re.compile(rf"({_ERA}|[1-5])(\d{{2}})(\d{{2}})(\d{{2}})", _A)


def read(text: str) -> Read:
    """The day as ``YYYY-MM-DD``, or None.

    Rules: ``values.wareki`` for an era, ``values.date`` for a western date, ``values.digits`` where only the width of
    its signs differs.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_HYPHENS).strip().upper()
    western = _WESTERN.fullmatch(plain)
    if western:
        year, _, month, day = western.groups()
        iso = _day(int(year), int(month), int(day))
        return (iso, ("values.digits" if iso == plain else "values.date",)) if iso else None
    if _GAP.search(plain):
        return None
    packed = re.sub(r"\s", "", plain)
    for pattern in (_WESTERN_KANJI, _WESTERN_DIGITS, _WESTERN):
        western = pattern.fullmatch(packed)
        if western:
            year, *_, month, day = western.groups()
            iso = _day(int(year), int(month), int(day))
            return (iso, ("values.date",)) if iso else None
    for pattern in (_ERA_KANJI, _ERA_SEPARATED, _ERA_DIGITS):
        named = pattern.fullmatch(packed)
        if named:
            sign, year, *_, month, day = named.groups()
            iso = _day_of_era(_BY_SIGN[sign], _number(year), _number(month), _number(day))
            return (iso, ("values.wareki",)) if iso else None
    return None


def _day_of_era(era: Era, year: int | None, month: int | None, day: int | None) -> str | None:
    if not year or not month or not day:
        return None
    iso = _day(era.offset + year, month, day)
    if iso is None or iso < era.first.isoformat() or (era.last is not None and iso > era.last.isoformat()):
        return None
    return iso


def _day(year: int, month: int, day: int) -> str | None:
    """ISO of a day since the western calendar came to Japan, else None."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found.isoformat() if found >= ERAS[0].first else None


@lru_cache(maxsize=512)
def _number(text: str) -> int | None:
    """``元``, arabic digits, or kanji numerals (二十五, 二五) up to 99."""
    if text == "元":
        return 1
    if text.isascii():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        digits = [_KANJI.index(c) for c in text]
        return int("".join(map(str, digits))) if len(digits) <= 2 else None
    if len(tens) > 1 or len(ones) > 1 or "十" in ones or "〇" in tens + ones:
        return None
    return (_KANJI.index(tens) if tens else 1) * 10 + (_KANJI.index(ones) if ones else 0)
