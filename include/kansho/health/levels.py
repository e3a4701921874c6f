"""メタボ判定 and 保健指導レベル (階層化), recomputed by the criteria in force on the examination date.

Belongs here: the two levels over several items.  Does not belong here: thresholds (`terms`), comparing with
what was delivered (`checks`).

What is missing is not guessed: every criterion is known to be met, known not to be met, or open.  The level is
computed once with everything open taken as harmless and once as harmful; only when both agree is it given, else
判定不能.  So a missing value counts exactly when it could change the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kansho.health.terms import AFTER_MEAL, FASTING, TERMS, Criteria, term_positions
from kansho.health.values import Bools, Codes, Floats, numbers, one_of, texts

METABOLIC_LEVELS = {"1": "基準該当", "2": "予備群該当", "3": "非該当", "4": "判定不能"}
GUIDANCE_LEVELS = {"1": "積極的支援", "2": "動機付け支援", "3": "情報提供", "4": "判定不能"}

#: From this age on 積極的支援 becomes 動機付け支援.
_ELDER = 65
#: The ages that 特定健診 is for; 75 by fiscal-year end was still 74 on the day of the examination.
_AGES = (40, 75)
_YES_NO = {"1": 1, "2": 0}
#: q08: 1 はい; 2 is いいえ up to 第3期 and "stopped more than a month ago" in 第4期: not smoking in either.
_SMOKING = {"1": 1, "2": 0, "3": 0}
_BLOOD_PRESSURE, _GLUCOSE, _LIPID = "q01", "q02", "q03"
#: All that a level may ask for; the age is joined by `guidance_level`.
_ITEMS = (
    *("sex", "_age", "bmi", "waist", "visceral_fat", "systolic", "diastolic", "hdl", "tg_fasting", "tg_casual"),
    *("post_meal", "glucose_fasting", "glucose_casual", "hba1c", "q01", "q02", "q03", "q08"),
)


@dataclass(frozen=True)
class _Open:
    """A criterion per row: ``sure`` it is met, ``may`` be met (sure implies may)."""

    sure: Bools
    may: Bools

    def __or__(self, other: _Open) -> _Open:
        return _Open(self.sure | other.sure, self.may | other.may)


#: Least and greatest severity per row, 0 to 2, of the rows of one term.
_Severity = Callable[[pd.DataFrame, Criteria], tuple[Codes, Codes]]


def metabolic_level(frame: pd.DataFrame) -> pd.Series:
    """メタボ判定 per row: '1' 基準該当, '2' 予備群該当, '3' 非該当, '4' 判定不能; missing where the term is not known.

    Waist (or visceral fat, which decides where it was measured) and of pressure, lipids and glucose, each by its
    value or its medication: two or more → 1, one → 2 (domain 1.4).

    A waist that was left out (allowed below BMI 20) is missing like any other: no source lets the BMI stand for it.

    Args:
        frame: text columns of ``checkup_results`` and ``sex``; absent columns count as not measured.
    """

    def severity(rows: pd.DataFrame, rules: Criteria) -> tuple[Codes, Codes]:
        belly = _belly(rows, rules)
        risks = [
            _pressure(rows, rules) | _answer(rows, _BLOOD_PRESSURE, _YES_NO),
            _lipids(rows, rules) | _answer(rows, _LIPID, _YES_NO),
            _glucose(rows, rules) | _answer(rows, _GLUCOSE, _YES_NO),
        ]
        least, most = _count(risks)
        return np.where(belly.sure, np.minimum(least, 2), 0), np.where(belly.may, np.minimum(most, 2), 0)

    return _by_term(frame, [t.metabolic for t in TERMS], severity)


def guidance_level(frame: pd.DataFrame, age: pd.Series) -> pd.Series:
    """保健指導レベル per row: '1' 積極, '2' 動機付け, '3' 情報提供, '4' 判定不能; missing where the term is not known.

    Step 1 waist or visceral fat, else BMI; step 2 pressure, lipids, glucose, and smoking where one of them is
    met; step 3 the number of risks; step 4 people on medication are no subjects of guidance (情報提供), and from
    65 on 積極 becomes 動機付け (domain 1.4).

    Args:
        frame: text columns of ``checkup_results`` and ``sex``; absent columns count as not measured.
        age: years (text or numbers) on the frame's index, 年度末年齢; outside 40 to 75 the level is 判定不能.
    """
    years = pd.to_numeric(age.reindex(frame.index), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    frame = frame.assign(_age=years)

    def severity(rows: pd.DataFrame, rules: Criteria) -> tuple[Codes, Codes]:
        belly, heavy = _belly(rows, rules), _at_least(numbers(rows, "bmi"), 25.0)
        risks = [_pressure(rows, rules), _lipids(rows, rules), _glucose(rows, rules)]
        smoker = _answer(rows, "q08", _SMOKING)
        least, most = _count(risks)
        least, most = least + (smoker.sure & (least > 0)), most + (smoker.may & (most > 0))
        low, high = _step3(belly.sure, heavy.sure, least), _step3(belly.may, heavy.may, most)
        drugs = [_answer(rows, item, _YES_NO) for item in (_BLOOD_PRESSURE, _GLUCOSE, _LIPID)]
        low[np.logical_or.reduce([d.may for d in drugs])] = 0
        high[np.logical_or.reduce([d.sure for d in drugs])] = 0
        old = rows["_age"].to_numpy(dtype=np.float64)
        low = np.where(~(old < _ELDER), np.minimum(low, 1), low)
        high = np.where(old >= _ELDER, np.minimum(high, 1), high)
        outside = (old < _AGES[0]) | (old > _AGES[1])
        return np.where(outside, 0, low), np.where(outside, 1, high)

    return _by_term(frame, [t.guidance for t in TERMS], severity)


def _by_term(frame: pd.DataFrame, criteria: list[Criteria | None], severity: _Severity) -> pd.Series:
    """Apply ``severity`` to the rows of each known term; 判定不能 where least and greatest differ."""
    position = term_positions(frame["exam_date"])
    code = np.full(len(frame), -1, dtype=np.int8)
    frame = frame[[item for item in _ITEMS if item in frame]]
    for at, rules in enumerate(criteria):
        rows = position == at
        if rules is not None and rows.any():
            low, high = severity(frame[rows], rules)
            code[rows] = np.where(low == high, 2 - low, 3)
    return texts(code, ("1", "2", "3", "4"), frame.index)


def _step3(belly: Bools, heavy: Bools, risks: Codes) -> Codes:
    by_belly = np.minimum(risks, 2)
    by_weight = np.where(risks >= 3, 2, np.minimum(risks, 1))
    return np.where(belly, by_belly, np.where(heavy, by_weight, 0)).astype(np.int8)


def _belly(rows: pd.DataFrame, rules: Criteria) -> _Open:
    waist, fat = numbers(rows, "waist"), numbers(rows, "visceral_fat")
    sex = one_of(rows, "sex", {code: n for n, (code, _) in enumerate(rules.waist)})
    limits = [limit for _, limit in rules.waist]
    limit = np.array([*limits, np.nan])[sex]
    # Without the sex a waist is open only between the two limits.
    sure = np.where(sex >= 0, waist >= limit, waist >= max(limits))
    may = np.where(sex >= 0, ~(waist < limit), ~(waist < min(limits)))
    measured = ~np.isnan(fat)
    by_fat = fat >= rules.visceral_fat
    return _Open(np.where(measured, by_fat, sure), np.where(measured, by_fat, may))


def _pressure(rows: pd.DataFrame, rules: Criteria) -> _Open:
    return _at_least(numbers(rows, "systolic"), rules.systolic) | _at_least(numbers(rows, "diastolic"), rules.diastolic)


def _lipids(rows: pd.DataFrame, rules: Criteria) -> _Open:
    hdl = numbers(rows, "hdl")
    low_hdl = _Open(hdl < rules.hdl_below, ~(hdl >= rules.hdl_below))
    return _triglycerides(rows, rules) | low_hdl


def _triglycerides(rows: pd.DataFrame, rules: Criteria) -> _Open:
    """Fasting first; casual only where the term has a limit and the blood was taken 3.5 to 10 hours after a meal."""
    fasting = numbers(rows, "tg_fasting")
    found = _at_least(fasting, rules.tg_fasting)
    if rules.tg_casual is None:
        return found
    timed = one_of(rows, "post_meal", {AFTER_MEAL: 1}) == 1
    casual = _at_least(np.where(timed, numbers(rows, "tg_casual"), np.nan), rules.tg_casual)
    return _either(~np.isnan(fasting), found, casual)


def _glucose(rows: pd.DataFrame, rules: Criteria) -> _Open:
    """The first item measured decides; casual glucose not right after a meal."""
    timed = one_of(rows, "post_meal", {FASTING: 1, AFTER_MEAL: 1}) == 1
    out = _Open(np.zeros(len(rows), dtype=bool), np.ones(len(rows), dtype=bool))
    for item, limit in reversed(rules.glucose):
        value = numbers(rows, item)
        if item == "glucose_casual":
            value = np.where(timed, value, np.nan)
        out = _either(~np.isnan(value), _at_least(value, limit), out)
    return out


def _either(first: Bools, one: _Open, other: _Open) -> _Open:
    return _Open(np.where(first, one.sure, other.sure), np.where(first, one.may, other.may))


def _at_least(value: Floats, limit: float) -> _Open:
    return _Open(value >= limit, ~(value < limit))


def _answer(rows: pd.DataFrame, item: str, answers: dict[str, int]) -> _Open:
    code = one_of(rows, item, answers)
    return _Open(code == 1, code != 0)


def _count(risks: list[_Open]) -> tuple[Codes, Codes]:
    least, most = np.zeros(len(risks[0].sure), dtype=np.int8), np.zeros(len(risks[0].may), dtype=np.int8)
    for risk in risks:
        least += risk.sure
        most += risk.may
    return least, most
