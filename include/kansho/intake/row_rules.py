"""Rules between columns of the ward's tables: pure, masks of rows that keep them.

Names are those of `kansho.quality.suites.EXTRA_RULES`.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.exchange.tables import is_inquiry_number

_FEMALE_ONLY = frozenset({"06", "07"})
_MALE_ONLY = frozenset({"08"})
#: Katakana (full or half width), long vowel, middle dot, hyphen and spaces: how a カナ氏名 is written.
_KANA = r"[\u30a1-\u30fa\u30fc\u30fb\uff65-\uff9f\-\s\u3000]+"


def target_list_rules(frame: pd.DataFrame, config: CampaignConfig) -> dict[str, pd.Series]:
    """Check digit, age by either rule, the ward's postal codes, kana letters, kinds against sex."""
    return {
        "number.check_digit": check_digits(frame["inquiry_number"]),
        "age.rule": age_matches(frame["birth_date"], frame["age_at_year_end"], config.fiscal_year_end),
        "postal.ward": _text(frame["postal_code"]).str.startswith(config.ward.postal_prefixes),
        "kana.letters": _text(frame["name_kana"]).str.fullmatch(_KANA),
        "kinds.sex": kinds_fit_sex(frame["screening_kinds"], frame["sex"]),
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


def check_digits(numbers: pd.Series) -> pd.Series:
    """Rows whose お問い合わせ番号 carries its check digit."""
    return _text(numbers).map(is_inquiry_number).astype(bool)


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
    listed = _text(kinds).str.split("|")
    return pd.Series(
        [
            not (s == "1" and _FEMALE_ONLY.intersection(k)) and not (s == "2" and _MALE_ONLY.intersection(k))
            for k, s in zip(listed, sex, strict=True)
        ],
        index=kinds.index,
    )


def _text(values: pd.Series) -> pd.Series:
    return values.where(values.notna(), "").astype(str)
