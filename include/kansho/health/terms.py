"""The terms (期) of 特定健診 and what was in force in each, as data; the examination date decides.

Belongs here: thresholds and criteria.  Does not belong here: applying them (`judging`, `levels`).
Only what is known stands here: a term without ``thresholds`` is not judged, an item without a threshold in
its term neither.

Sources: 標準的な健診・保健指導プログラム（平成30年度版・令和6年度版）の健診判定値 and 階層化 (domain 1.4);
基準第四条第一項第三号の告示 (平成20年厚生労働省告示第8号: 随時血糖 only where HbA1c was not measured).  HDL is
written there as 39以下 and 34以下 for whole numbers: here < 40 and < 35.  That the 2024 revision dropped the
referral value of HDL is to be confirmed with the ward (domain 1.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kansho.contracts.model import SHAPES
from kansho.health.values import Codes

Op = Literal["ge", "le", "lt"]
MALE, FEMALE = "1", "2"

#: 採血時間: 2 ten hours or more after a meal, 3 from 3.5 to 10 hours, 4 less than 3.5 hours (食直後).
FASTING, AFTER_MEAL, JUST_AFTER_MEAL = "2", "3", "4"


@dataclass(frozen=True)
class Threshold:
    """判定値 of one item: from ``guidance`` on 保健指導判定値, from ``referral`` on 受診勧奨判定値.

    ``op`` says which way is worse; None means that the table has no such value.  ``sex`` limits it to one sex;
    ``sampled`` to 採血時間 codes, outside of which the value may not be judged.
    """

    item: str
    op: Op
    guidance: float
    referral: float | None
    sex: str | None = None
    sampled: frozenset[str] | None = None


@dataclass(frozen=True)
class Criteria:
    """What counts as a risk in メタボ判定 or 階層化.

    ``glucose`` lists items with their limits in the order in which the first one measured decides.  Casual
    triglycerides count only where the term has a limit for them.
    """

    waist: tuple[tuple[str, float], ...]
    visceral_fat: float
    systolic: float
    diastolic: float
    tg_fasting: float
    tg_casual: float | None
    hdl_below: float
    glucose: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Term:
    """One term: its first fiscal year, how many it lasts, and what was in force."""

    number: int
    first_year: int
    years: int
    thresholds: tuple[Threshold, ...] = ()
    metabolic: Criteria | None = None
    guidance: Criteria | None = None

    @property
    def last_year(self) -> int:
        """The last fiscal year."""
        return self.first_year + self.years - 1

    @property
    def known(self) -> bool:
        """Whether results of the term can be judged."""
        return bool(self.thresholds)


_WAIST = ((MALE, 85.0), (FEMALE, 90.0))
_TG_TIMES = frozenset({AFTER_MEAL})
_GLUCOSE_TIMES = frozenset({FASTING, AFTER_MEAL})

#: The same in 第3期 and 第4期.
_COMMON = (
    Threshold("bmi", "ge", 25.0, None),
    Threshold("waist", "ge", 85.0, None, sex=MALE),
    Threshold("waist", "ge", 90.0, None, sex=FEMALE),
    Threshold("systolic", "ge", 130, 140),
    Threshold("diastolic", "ge", 85, 90),
    Threshold("tg_fasting", "ge", 150, 300),
    Threshold("ldl", "ge", 120, 140),
    Threshold("non_hdl", "ge", 150, 170),
    Threshold("glucose_fasting", "ge", 100, 126),
    Threshold("glucose_casual", "ge", 100, 126, sampled=_GLUCOSE_TIMES),
    Threshold("hba1c", "ge", 5.6, 6.5),
    Threshold("ast", "ge", 31, 51),
    Threshold("alt", "ge", 31, 51),
    Threshold("ggt", "ge", 51, 101),
    Threshold("egfr", "lt", 60, 45),
    Threshold("hemoglobin", "le", 13.0, 12.0, sex=MALE),
    Threshold("hemoglobin", "le", 12.0, 11.0, sex=FEMALE),
    Threshold("urine_protein", "ge", 2, 3),  # codes 1 －, 2 ±, 3 ＋, 4 ＋＋, 5 ＋＋＋
)


def _criteria(tg_casual: float | None, glucose: tuple[tuple[str, float], ...]) -> Criteria:
    return Criteria(_WAIST, 100.0, 130, 85, 150, tg_casual, 40, glucose)


#: メタボ判定: fasting glucose, else HbA1c.  No source names casual glucose for it.
_METABOLIC = (("glucose_fasting", 110.0), ("hba1c", 6.0))
#: 階層化: fasting glucose, else HbA1c, else casual glucose.
_GUIDANCE = (("glucose_fasting", 100.0), ("hba1c", 5.6), ("glucose_casual", 100.0))

TERMS: tuple[Term, ...] = (
    Term(1, 2008, 5),
    Term(2, 2013, 5),
    Term(
        3,
        2018,
        6,
        (*_COMMON, Threshold("hdl", "lt", 40, 35)),
        _criteria(None, _METABOLIC),
        _criteria(None, _GUIDANCE),
    ),
    Term(
        4,
        2024,
        6,
        (
            *_COMMON,
            Threshold("hdl", "lt", 40, None),
            Threshold("tg_casual", "ge", 175, 300, sampled=_TG_TIMES),
        ),
        _criteria(175, _METABOLIC),
        _criteria(175, _GUIDANCE),
    ),
)

#: Items that some term has a threshold for, in the order of the table.
JUDGED_ITEMS: tuple[str, ...] = tuple(dict.fromkeys(t.item for term in TERMS for t in term.thresholds))


def fiscal_year_of(exam_date: pd.Series) -> pd.Series:
    """Fiscal year (April to March) of ISO dates as text; missing where there is no such day."""
    codes, uniques = pd.factorize(exam_date)
    text = pd.Series(uniques, dtype=object).astype(str)
    days = pd.to_datetime(text.where(text.str.fullmatch(SHAPES["date"])), format="%Y-%m-%d", errors="coerce")
    years = (days.dt.year - (days.dt.month < 4)).astype("Int16")
    return pd.Series(pd.concat([years, pd.Series([pd.NA], dtype="Int16")]).array.take(codes), index=exam_date.index)


def term_of(exam_date: pd.Series) -> pd.Series:
    """The term (1..4, ``Int8``) by examination date; missing where the day is unknown or lies in no known term."""
    position = term_positions(exam_date)
    known = np.array([*(t.number for t in TERMS), 0], dtype=np.int8)[position]
    return pd.Series(pd.array(known, dtype="Int8"), index=exam_date.index).mask(position < 0)


def term_positions(exam_date: pd.Series) -> Codes:
    """Position in `TERMS` of each examination date, -1 for none."""
    years = fiscal_year_of(exam_date).to_numpy(dtype=np.float64, na_value=np.nan)
    out = np.full(len(exam_date), -1, dtype=np.int8)
    for position, term in enumerate(TERMS):
        out[(years >= term.first_year) & (years <= term.last_year)] = position
    return out
