"""Ages on a day by both rules in use, and the day on which contact ends before the 75th birthday.  Vectorised, pure.

A ward counts by the birthday (特定健診 in practice) or by 年齢計算ニ関スル法律, which completes a year at the end of
the day before; at the end of a fiscal year only births on 1 April differ (domain 2.1).  Which one holds is not decided
here.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd


def age_by_birthday(birth: pd.Series, on: date) -> pd.Series:
    """Full years on a day, counted from birthday to birthday.

    Args:
        birth: ISO text; born on 29 February counts from 1 March in other years.
        on: the day, as a rule the last of the fiscal year.

    Returns:
        ``Int64`` on the same index, NA where the birth date is no day.
    """
    born = _days(birth)
    before = (born.dt.month * 100 + born.dt.day) > on.month * 100 + on.day
    age: pd.Series = (on.year - born.dt.year - before.astype(int)).where(born.notna()).astype("Int64")
    return age


def age_by_day_before(birth: pd.Series, on: date) -> pd.Series:
    """Full years at the end of a day, complete with the day before the birthday (年齢計算ニ関スル法律, 民法143条)."""
    return age_by_birthday(birth, on + timedelta(days=1))


def differs_by_rule(birth: pd.Series, year_end: date) -> pd.Series:
    """Births on the day after the fiscal year's end (1 April): the two rules give another age; to be listed."""
    after = year_end + timedelta(days=1)
    born = _days(birth)
    differs: pd.Series = born.dt.month.eq(after.month) & born.dt.day.eq(after.day)
    return differs


def age_fits(birth: pd.Series, age: pd.Series, year_end: date) -> pd.Series:
    """Rows whose delivered age (text) is right by either rule; neither is imposed on the ward."""
    delivered = pd.to_numeric(age, errors="coerce")
    either = delivered.eq(age_by_birthday(birth, year_end)) | delivered.eq(age_by_day_before(birth, year_end))
    return either.fillna(False).astype(bool)


def birthday(birth: pd.Series, age: int) -> pd.Series:
    """The day somebody becomes so old (``datetime64``, NaT unreadable): 29 February is 1 March in other years."""
    born = _days(birth)
    known = born.notna().to_numpy()
    months = (born.dt.year + age - 1970) * 12 + born.dt.month - 1
    first = months.fillna(0).to_numpy(dtype=np.int64).astype("datetime64[M]").astype("datetime64[D]")
    day = first + (born.dt.day.fillna(1).to_numpy(dtype=np.int64) - 1).astype("timedelta64[D]")
    return pd.Series(np.where(known, day, np.datetime64("NaT")).astype("datetime64[s]"), index=birth.index)


def contact_ends(birth: pd.Series, *, age: int, lead_days: int) -> pd.Series:
    """The first day without contact (``datetime64``): so many days before the birthday, when 後期高齢者医療 begins."""
    ends: pd.Series = birthday(birth, age) - pd.Timedelta(days=lead_days)
    return ends


def _days(birth: pd.Series) -> pd.Series:
    shaped = birth.astype("str").where(birth.astype("str").str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").eq(True))
    return pd.to_datetime(shaped, format="%Y-%m-%d", errors="coerce")
