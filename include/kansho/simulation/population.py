"""The invented insured of a ward, 40 and over: households, names, homes, phones, five years of attendance and results.

Belongs here: who they are.  Does not belong here: what they do this year (`effects`, `world`).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.contracts import codes
from kansho.errors import KanshoError
from kansho.exchange.tables import check_digit
from kansho.simulation.addresses import home, towns
from kansho.simulation.draws import choice, uniforms
from kansho.simulation.names import BUILDINGS, FAMILY, GIVEN

#: Enough people to fill 50,000 cards, 30,000 calls and 9,500 visits.
FULL = 60_000
_ATTEMPTS = 8
_HISTORY = ("never", "irregular", "lapsed", "continuous", "new")
_HISTORY_WEIGHTS = (42, 24, 14, 12, 8)
#: Who comes now and then, one to five years ago.  No year follows from the others, as it never does with real people.
_IRREGULAR = ("10000", "11010", "10100", "11000", "01110", "00101", "01001", "01101")

#: Columns whose values a later search looks for.
SEARCHED = ("name_kanji", "name_kana", "address", "phone", "birth_date", "inquiry_number")


@dataclass(frozen=True)
class Population:
    """One row per person; columns: those of the target list and the analysis items, ``household`` (int), ``history``.

    Texts as the ward's system holds them: names with a full-width space, dates ISO, missing None.
    """

    people: pd.DataFrame


def size_of(people: int | str) -> int:
    """``full`` or a number."""
    return FULL if people == "full" else int(people)


def build(config: CampaignConfig, people: int | str, seed: int, *, taken: Iterable[str] = ()) -> Population:
    """Make the population.

    Args:
        people: how many, or ``full``.
        taken: values that already stand somewhere in the surroundings; people with such a value, or with one of the
            campaign file, are drawn again, so that a later search needs no list of exceptions.

    Raises:
        KanshoError: ``SIM-POPULATION`` when somebody still has such a value after every attempt.
    """
    wanted = size_of(people)
    out_of = {*taken, *_own(config)}
    attempts: dict[int, int] = {}
    for _ in range(_ATTEMPTS):
        frame = _draw(config, wanted, seed, attempts)
        hit = frame.loc[frame[list(SEARCHED)].isin(out_of).any(axis=1), "household"]
        if hit.empty:
            return Population(frame)
        for household in set(hit):
            attempts[household] = attempts.get(household, 0) + 1
    raise KanshoError(
        "SIM-POPULATION",
        f"架空の住民を{_ATTEMPTS}回引き直しても、周囲に既にある値と重なります",
        place=f"{hit.nunique()} households",
        remedy="SEED を変えるか、var/ を空にしてください（make clean）",
    )


def _own(config: CampaignConfig) -> Iterator[str]:
    """Every text of the campaign file (staff, users, places, clinics), which no resident's value may be."""
    waiting: list[object] = [config.model_dump(mode="json")]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield from (part, part.replace(" ", "　"))
        elif isinstance(part, dict | list):
            waiting += part.values() if isinstance(part, dict) else part


def _draw(config: CampaignConfig, wanted: int, seed: int, attempts: dict[int, int]) -> pd.DataFrame:
    choices = towns(config.ward.prefecture, config.ward.name)
    places = list(range(wanted * 2))
    random.Random(f"{seed}/places").shuffle(places)
    numbers, phones = _Numbers(seed), _Phones(seed)
    rows: list[dict[str, object]] = []
    household = 0
    while len(rows) < wanted:
        attempt = attempts.get(household, 0)
        rng = random.Random(f"{seed}/{household}/{attempt}")
        # Each household has a place of its own for each attempt.
        place = (places[household], places[-1 - household])[attempt] if attempt < 2 else attempt * wanted + household
        where = home(config.ward.name, choices, place, BUILDINGS)
        family = rng.choice(FAMILY)
        line = phones.next(rng) if rng.random() < 0.5 else None
        members = rng.choices((1, 2, 3), (68, 27, 5))[0]
        for member in range(min(members, wanted - len(rows))):
            rows.append(
                {
                    "household": household,
                    "postal_code": where.postal_code,
                    "address": where.address,
                    "address_extra": where.extra,
                    **_person(config, rng, family, member),
                    "phone": phones.next(rng) if rng.random() < 0.45 else line,
                    "inquiry_number": numbers.next(rng),
                }
            )
        household += 1
    frame = pd.DataFrame(rows, dtype=object)
    frame["household"] = frame["household"].astype(int)
    return frame.assign(**_last_year(frame, seed))


#: Result of last year's outreach → the intention that it tells of, and the reasons that may have been heard with it.
_SAID = {"13": ("2", ("05", "07", "11", "12")), "14": ("3", ("01", "02", "05", "08", "14"))}
_CAME_BACK_SHARE = 0.04


def _last_year(people: pd.DataFrame, seed: int) -> dict[str, pd.Series]:
    """What last year's outreach learnt of whom it reached; of the others some card in twenty-five came back."""
    numbers, results = people["inquiry_number"], people["outreach_result"]
    said = [_SAID.get(str(result), (None, ())) for result in results]
    told: dict[str, list[str | None]] = {
        "last_intention": [intention for intention, _ in said],
        "last_reason": [
            choice(seed, "last-reason", number, reasons) if reasons else None
            for number, (_, reasons) in zip(numbers, said, strict=True)
        ],
        "last_wish": [
            choice(seed, "last-wish", number, ("9", "9", "1", "2")) if reasons else None
            for number, (_, reasons) in zip(numbers, said, strict=True)
        ],
        "last_return": [
            "1" if share < _CAME_BACK_SHARE and pd.isna(result) else None
            for share, result in zip(uniforms(seed, "came-back", numbers), results, strict=True)
        ],
    }
    return {name: pd.Series(values, index=people.index, dtype=object) for name, values in told.items()}


def _person(config: CampaignConfig, rng: random.Random, family: tuple[str, str], member: int) -> dict[str, object]:
    sex = rng.choice("12")
    given = rng.choice(GIVEN[sex])
    age = rng.choices((rng.randint(40, 54), rng.randint(55, 64), rng.randint(65, 74), 75), (30, 24, 44, 2))[0]
    end = config.fiscal_year_end
    born = date(end.year - age, 3, 31) - timedelta(days=rng.randrange(365))
    history = rng.choices(_HISTORY, _HISTORY_WEIGHTS)[0] if age > 40 else "new"
    years = _years(history, rng)
    return {
        "name_kanji": f"{family[0]}　{given[0]}",
        "name_kana": f"{family[1]}　{given[1]}",
        "sex": sex,
        "birth_date": born.isoformat(),
        "age_at_year_end": str(age),
        "screening_kinds": "|".join(_kinds(config, sex, age)) or None,
        "outreach_result": rng.choice(("13", "30", "14")) if rng.random() < 0.2 else None,
        "attendance_date": None,
        "history": history,
        **{f"attended_{n}y_ago": value for n, value in enumerate(years, start=1)},
        **_results(rng, age, "1" in [y for y in years if y]),
        **_screenings(config, rng, sex, age, history),
    }


def _years(history: str, rng: random.Random) -> list[str | None]:
    if history == "new":
        return [None] * 5
    if history == "never":
        return ["0"] * 5
    if history == "continuous":
        return ["1"] * 5
    if history == "lapsed":
        return ["0", "0", "0", "1", rng.choice("01")]
    return list(_IRREGULAR[int("".join(rng.choice("01") for _ in range(3)), 2)])


def _results(rng: random.Random, age: int, examined: bool) -> dict[str, str | None]:
    if not examined:
        return dict.fromkeys(("bmi", "systolic", "diastolic", "ldl", "hba1c", "smoking"))
    systolic = min(max(rng.gauss(112 + age * 0.25, 15), 80), 220)
    return {
        "bmi": f"{min(max(rng.gauss(23.2, 3.4), 14), 45):.1f}",
        "systolic": f"{systolic:.0f}",
        "diastolic": f"{min(max(rng.gauss(77, 10), 45), systolic - 10, 130):.0f}",
        "ldl": f"{min(max(rng.gauss(122, 29), 40), 280):.0f}",
        "hba1c": f"{min(max(rng.gauss(5.65, 0.55), 4.2), 12):.1f}",
        "smoking": rng.choices(("1", "2", "3"), (17, 8, 75))[0],
    }


def _kinds(config: CampaignConfig, sex: str, age: int) -> list[str]:
    """What ticket the ward issued: every kind of the year's table that fits sex and age (and even age)."""
    return [
        s.code
        for s in config.targeting.screenings
        if (s.sex is None or s.sex == sex)
        and s.min_age <= age <= (s.max_age or age)
        and (s.due_rule != "even_age" or age % 2 == 0)
    ]


def _screenings(config: CampaignConfig, rng: random.Random, sex: str, age: int, history: str) -> dict[str, str | None]:
    likely = {"continuous": 0.6, "irregular": 0.25, "lapsed": 0.12}.get(history, 0.04)
    out: dict[str, str | None] = {}
    for kind in codes.SCREENING_KINDS:
        screening = next((s for s in config.targeting.screenings if s.code == kind), None)
        if screening is not None:
            fits = (screening.sex is None or screening.sex == sex) and age > screening.min_age
            last = config.fiscal_year - rng.choice((1, 1, 2, 3)) if fits and rng.random() < likely else None
            out[f"last_fy_{kind}"] = str(last) if last else None
    return out


class _Numbers:
    """お問い合わせ番号: nine random digits and the check digit, never twice, hyphenated 4-4-2.

    None begins with 0000: those are the numbers of specimens, and the ones that callers read out wrongly.
    """

    def __init__(self, seed: int) -> None:
        self._used: set[str] = set()

    def next(self, rng: random.Random) -> str:
        while True:
            nine = f"{rng.randrange(10**9):09d}"
            check = check_digit(nine)
            text = f"{nine[:4]}-{nine[4:8]}-{nine[8]}{check}"
            if check is not None and text not in self._used and not text.startswith("0000"):
                self._used.add(text)
                return text


class _Phones:
    """Telephone numbers of Tokyo and mobiles, never twice for two lines."""

    def __init__(self, seed: int) -> None:
        self._used: set[str] = set()

    def next(self, rng: random.Random) -> str:
        while True:
            if rng.random() < 0.55:
                text = f"0{rng.choice('789')}0-{rng.randrange(1000, 9999)}-{rng.randrange(10000):04d}"
            else:
                text = f"03-{rng.randrange(3200, 6999)}-{rng.randrange(10000):04d}"
            if text not in self._used:
                self._used.add(text)
                return text
