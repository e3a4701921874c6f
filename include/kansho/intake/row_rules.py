"""Rules between columns of the ward's tables: pure, masks of rows that keep them.

Names are those of `kansho.quality.suites.EXTRA_RULES`.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import phonenumbers

from kansho.campaign.config import CampaignConfig
from kansho.quality.cross_rules import (
    check_digits,
    existing_phones,
    not_born_on_first_of_april,
    not_twice,
    printable_characters,
    same_identity,
    screening_fits_sex,
)
from kansho.quality.postal_table import town_fits

FEMALE_ONLY = frozenset({"06", "07"})
MALE_ONLY = frozenset({"08"})
#: Katakana (full or half width), long vowel, middle dot, hyphen and spaces: how a カナ氏名 is written.
_KANA = r"[\u30a1-\u30fa\u30fc\u30fb\uff65-\uff9f\-\s\u3000]+"


def target_list_rules(
    frame: pd.DataFrame, config: CampaignConfig, earlier: pd.DataFrame | None = None
) -> dict[str, pd.Series]:
    """Everything about one row of a target list, and against the list before (``earlier``; None for the first)."""
    texts = [frame[c] for c in ("name_kanji", "name_kana", "address", "address_extra")]
    mapped = {chr(int(code, 16)) for code in config.gaiji.characters}
    return {
        "number.check_digit": check_digits(frame["inquiry_number"]),
        "age.rule": age_matches(frame["birth_date"], frame["age_at_year_end"], config.fiscal_year_end),
        "postal.ward": _text(frame["postal_code"]).str.startswith(config.ward.postal_prefixes),
        "kana.letters": _text(frame["name_kana"]).str.fullmatch(_KANA),
        "kinds.sex": kinds_fit_sex(frame["screening_kinds"], frame["sex"]),
        "postal.town": town_fits(frame["postal_code"], frame["address"]),
        "phone.valid": existing_phones(frame["phone"], phone_exists),
        "person.twice": not_twice(frame, ("name_kanji", "birth_date", "address")),
        "birth.first_of_april": not_born_on_first_of_april(frame["birth_date"]),
        "characters.unmapped": printable_characters(texts, mapped),
        "identity.confusion": same_identity(frame, earlier),
    }


def stop_list_rules(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Check digit; a deferral says until when."""
    return {
        "number.check_digit": check_digits(frame["inquiry_number"]),
        "until.given": frame["stop_kind"].ne("2") | frame["until"].notna(),
    }


def known_number_rules(frame: pd.DataFrame, known: set[str]) -> dict[str, pd.Series]:
    """Check digit; the number is one that the ward delivered in a target list."""
    return {
        "number.check_digit": check_digits(frame["inquiry_number"]),
        "number.known": frame["inquiry_number"].isin(known),
    }


def attendance_rules(frame: pd.DataFrame, known: set[str], config: CampaignConfig, today: date) -> dict[str, pd.Series]:
    """Known numbers; the day lies in this fiscal year and is not in the future."""
    begin, end = date(config.fiscal_year, 4, 1).isoformat(), today.isoformat()
    return {
        **known_number_rules(frame, known),
        "date.plausible": _text(frame["attendance_date"]).between(begin, end),
    }


def phone_exists(number: str) -> bool:
    """Whether Japan's numbering plan knows the number."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, "JP"))
    except phonenumbers.NumberParseException:
        return False


def age_matches(birth: pd.Series, age: pd.Series, year_end: date) -> pd.Series:
    """Rows whose delivered age equals the one by birthday, or the one by 年齢計算ニ関スル法律 (the day before).

    Only births on 1 April differ; neither rule is imposed on the ward (domain 2.1).
    """
    day = pd.to_datetime(_text(birth), format="%Y-%m-%d", errors="coerce")
    delivered = pd.to_numeric(age, errors="coerce")
    by_birthday = (
        year_end.year - day.dt.year - ((day.dt.month * 100 + day.dt.day) > year_end.month * 100 + year_end.day)
    )
    by_day_before = by_birthday + ((day.dt.month == 4) & (day.dt.day == 1)).astype(int)
    return delivered.eq(by_birthday) | delivered.eq(by_day_before)


def born_on_first_of_april(birth: pd.Series) -> int:
    """How many are born on 1 April, whose age the two rules give differently."""
    return int(_text(birth).str.endswith("-04-01").sum())


def kinds_fit_sex(kinds: pd.Series, sex: pd.Series) -> pd.Series:
    """06 and 07 only for women, 08 only for men."""
    return screening_fits_sex(kinds, sex, dict.fromkeys(FEMALE_ONLY, "2") | dict.fromkeys(MALE_ONLY, "1"))


def _text(values: pd.Series) -> pd.Series:
    return values.where(values.notna(), "").astype(str)
