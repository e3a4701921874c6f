"""Rules between columns of the ward's tables: pure, masks of rows that keep them.

Names are those of `kansho.quality.suites.EXTRA_RULES`.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import phonenumbers

from kansho.campaign.ages import age_fits, differs_by_rule
from kansho.campaign.config import CampaignConfig
from kansho.contracts.characters import unprintable_rows
from kansho.contracts.towns import town_matches
from kansho.quality.cross_rules import (
    check_digits,
    existing_phones,
    listed_numbers,
    not_twice,
    screening_fits_sex,
)

FEMALE_ONLY = frozenset({"06", "07"})
MALE_ONLY = frozenset({"08"})
#: Katakana (full or half width), long vowel, middle dot, hyphen and spaces: how a カナ氏名 is written.
_KANA = r"[\u30a1-\u30fa\u30fc\u30fb\uff65-\uff9f\-\s\u3000]+"


#: What is printed on a card or said on the telephone.
_SHOWN = ("name_kanji", "name_kana", "address", "address_extra")


def target_list_rules(frame: pd.DataFrame, config: CampaignConfig) -> dict[str, pd.Series]:
    """Everything about one row of a target list, and about rows of the same list."""
    return {
        "number.check_digit": check_digits(frame["inquiry_number"]),
        "age.rule": age_fits(frame["birth_date"], frame["age_at_year_end"], config.fiscal_year_end),
        "postal.ward": _text(frame["postal_code"]).str.startswith(config.ward.postal_prefixes),
        "kana.letters": _text(frame["name_kana"]).str.fullmatch(_KANA),
        "kinds.sex": kinds_fit_sex(frame["screening_kinds"], frame["sex"]),
        "postal.town": town_matches(frame["postal_code"], frame["address"]),
        "phone.valid": existing_phones(frame["phone"], phone_exists),
        "person.twice": not_twice(frame, ("name_kanji", "birth_date", "address")),
        "birth.first_of_april": ~differs_by_rule(frame["birth_date"], config.fiscal_year_end),
        "characters.unmapped": unprintable_rows(frame, _SHOWN).eq(""),
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
        "number.known": listed_numbers(frame["inquiry_number"], known),
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


def kinds_fit_sex(kinds: pd.Series, sex: pd.Series) -> pd.Series:
    """06 and 07 only for women, 08 only for men."""
    return screening_fits_sex(kinds, sex, dict.fromkeys(FEMALE_ONLY, "2") | dict.fromkeys(MALE_ONLY, "1"))


def _text(values: pd.Series) -> pd.Series:
    return values.where(values.notna(), "").astype(str)
