"""The visit list in two halves, of which neither identifies anybody (P2); pure.

Belongs here: taking an address and a name apart, the ladders of coarsening, and counting for each row of each
half how many people of the roster it could be.  Does not belong here: teams, days and sheets (`visits`).

Half A says where and not who: the block.  Half B says who and not where: a part of the name and a part of
the house.  A building's name stands in neither, for it can be looked up.  What a row could be is counted in
households of the roster, since a couple behind one door hides nobody; people are never fewer.

Ladders, finest first; a row takes the first step that at least k households share:

    A   町・丁目・番  →  町・丁目  →  町
    B   氏＋号・室  →  カナ頭字＋号・室  →  氏＋号  →  カナ頭字＋号  →  氏  →  カナ頭字

A row without such a step, or whose two halves together still fit more than one household, is not visited.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

#: Steps of the ladders as tuples of parts, finest first.
LADDER_A: tuple[tuple[str, ...], ...] = (("town", "chome", "ban"), ("town", "chome"), ("town",))
LADDER_B: tuple[tuple[str, ...], ...] = (
    ("surname", "go", "room"),
    ("initial", "go", "room"),
    ("surname", "go"),
    ("initial", "go"),
    ("surname",),
    ("initial",),
)

_NUMERALS = {c: str(n) for n, c in enumerate("一二三四五六七八九", start=1)}
_CHOME = re.compile(r"([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]|\d+)丁目")


@dataclass(frozen=True)
class Parts:
    """An address and a name taken apart; '' where there is none."""

    town: str = ""
    chome: str = ""
    ban: str = ""
    go: str = ""
    room: str = ""
    surname: str = ""
    initial: str = ""


def parts_of(address: str, extra: str | None, kanji: str, kana: str, *, prefixes: Sequence[str] = ()) -> Parts:
    """Take one row apart.

    Args:
        address: 漢字住所 in any of its spellings.
        extra: 住所方書; only the room's number is used.
        kanji: 漢字氏名; without a space between the names the surname is unknown.
        kana: カナ氏名, of which the first letter is used.
        prefixes: prefecture and ward, which every address shares and no half needs.
    """
    text = unicodedata.normalize("NFKC", address).strip()
    for prefix in prefixes:
        text = text.removeprefix(prefix)
    chome = _CHOME.search(text)
    if chome:
        town, rest, number = text[: chome.start()], text[chome.end() :], _arabic(chome.group(1))
    else:
        head = re.match(r"\D*", text)
        town = head.group(0) if head else ""
        rest, number = text[len(town) :], ""
    numbers = re.findall(r"\d+", rest)
    if not number and len(numbers) >= 3:
        number, numbers = numbers[0], numbers[1:]
    names = re.split(r"\s+", unicodedata.normalize("NFKC", kanji).strip())
    letters = unicodedata.normalize("NFKC", kana).strip()
    return Parts(
        town=town.strip(),
        chome=number,
        ban=numbers[0] if numbers else "",
        go=numbers[1] if len(numbers) > 1 else "",
        room=_room(extra),
        surname=names[0] if len(names) > 1 else "",
        initial=letters[:1],
    )


def table_of(people: pd.DataFrame, *, prefixes: Sequence[str] = ()) -> pd.DataFrame:
    """`parts_of` for each row of ``address``, ``address_extra``, ``name_kanji``, ``name_kana``."""
    columns = ("address", "address_extra", "name_kanji", "name_kana")
    rows = [
        parts_of(a, e if isinstance(e, str) else None, k, n, prefixes=prefixes)
        for a, e, k, n in people[list(columns)].itertuples(index=False, name=None)
    ]
    return pd.DataFrame([vars(r) for r in rows], index=people.index, columns=list(Parts.__dataclass_fields__))


def split(parts: pd.DataFrame, households: pd.Series, chosen: pd.Series, *, k: int) -> pd.DataFrame:
    """Both halves of the chosen rows, coarsened until at least ``k`` households fit each.

    Args:
        parts: `table_of` the whole roster.
        households: household id per row of the roster.
        chosen: bool per row of the roster; who is to be visited.
        k: at least 2.

    Returns:
        One row per chosen person: ``block``, ``name_part``, ``house_part`` (texts of the halves), ``level_a``,
        ``level_b`` (0 is finest), ``k_a``, ``k_b`` (households that fit), ``reason``: '' or ``k_a``, ``k_b``
        (no step is shared by k households), ``ambiguous`` (together they fit more than one household).
    """
    a = _climb(parts, households, chosen, LADDER_A, k, needs="town")
    b = _climb(parts, households, chosen, LADDER_B, k, needs=None)
    out = pd.DataFrame(index=parts.index[chosen])
    out["level_a"], out["k_a"] = a["level"], a["k"]
    out["level_b"], out["k_b"] = b["level"], b["k"]
    out["reason"] = ""
    out.loc[out["level_b"].lt(0), "reason"] = "k_b"
    out.loc[out["level_a"].lt(0), "reason"] = "k_a"
    together = _together(parts, households, out)
    out.loc[out["reason"].eq("") & together.gt(1), "reason"] = "ambiguous"
    mine = parts[chosen]
    out["block"] = [_block(row, LADDER_A[level]) for row, level in zip(_rows(mine), out["level_a"], strict=True)]
    steps = [LADDER_B[level] for level in out["level_b"]]
    out["name_part"] = [_name(row, step) for row, step in zip(_rows(mine), steps, strict=True)]
    out["house_part"] = [_house(row, step) for row, step in zip(_rows(mine), steps, strict=True)]
    return out


def spread(counts: pd.Series) -> dict[str, int]:
    """How many rows could be how many households: the distribution that the ward sees (P1)."""
    bands = (("2", 2, 2), ("3_4", 3, 4), ("5_9", 5, 9), ("10_49", 10, 49), ("50_up", 50, None))
    return {name: int((counts.ge(low) & (counts.le(high) if high else True)).sum()) for name, low, high in bands}


def _climb(
    parts: pd.DataFrame,
    households: pd.Series,
    chosen: pd.Series,
    ladder: Sequence[tuple[str, ...]],
    k: int,
    *,
    needs: str | None,
) -> pd.DataFrame:
    """First step of the ladder that at least k households share, per chosen row; level -1 when there is none."""
    level = pd.Series(-1, index=parts.index[chosen])
    count = pd.Series(0, index=level.index)
    for number, step in enumerate(ladder):
        usable = parts.loc[chosen, needs or step[0]] != ""
        fits = _fits(parts, households, step).loc[level.index]
        hit = level.lt(0) & usable & fits.ge(k)
        level = level.mask(hit, number)
        count = count.mask(hit, fits)
    return pd.DataFrame({"level": level, "k": count})


def _fits(parts: pd.DataFrame, households: pd.Series, step: tuple[str, ...]) -> pd.Series:
    """Per row of the roster: distinct households that share the row's parts of this step."""
    return households.groupby([parts[name] for name in step]).transform("nunique")


def _together(parts: pd.DataFrame, households: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """Households that fit both halves at the levels taken."""
    out = pd.Series(0, index=rows.index)
    whole = rows["reason"].eq("")
    for a, b in sorted(set(zip(rows.loc[whole, "level_a"], rows.loc[whole, "level_b"], strict=True))):
        step = tuple(dict.fromkeys((*LADDER_A[a], *LADDER_B[b])))
        here = whole & rows["level_a"].eq(a) & rows["level_b"].eq(b)
        out = out.mask(here, _fits(parts, households, step).reindex(out.index))
    return out


def _rows(parts: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(name): str(value) for name, value in row.items()} for row in parts.to_dict("records")]


def _block(row: dict[str, str], step: tuple[str, ...]) -> str:
    chome = f"{row['chome']}丁目" if "chome" in step and row["chome"] else ""
    ban = f"{row['ban']}番" if "ban" in step and row["ban"] else ""
    return row["town"] + chome + ban


def _name(row: dict[str, str], step: tuple[str, ...]) -> str:
    return row["surname"] if "surname" in step else f"{row['initial']}…"


def _house(row: dict[str, str], step: tuple[str, ...]) -> str | None:
    go = f"{row['go']}号" if "go" in step and row["go"] else ""
    room = f"{row['room']}室" if "room" in step and row["room"] else ""
    return " ".join(filter(None, (go, room))) or None


def _room(extra: str | None) -> str:
    if not extra:
        return ""
    found = re.findall(r"\d+", unicodedata.normalize("NFKC", extra))
    return found[-1] if found else ""


def _arabic(text: str) -> str:
    if text.isdigit():
        return text
    if "十" not in text:
        return _NUMERALS[text]
    tens, ones = text.split("十", 1)
    return f"{_NUMERALS.get(tens, '1')}{_NUMERALS.get(ones, '0')}"
