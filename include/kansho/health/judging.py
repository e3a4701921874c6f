"""Judging single items by the thresholds in force on the examination date.

Belongs here: 判定値 per item, why an item could not be judged, and the flags that grouping uses.
Does not belong here: levels over several items (`levels`).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kansho.errors import KanshoError
from kansho.health.terms import JUDGED_ITEMS, TERMS, Threshold, fiscal_year_of, term_positions
from kansho.health.values import Bools, Codes, Floats, numbers, one_of, texts

#: Why an item has no judgement.
REASONS: dict[str, str] = {
    "HEALTH-DATE": "健診実施年月日がないか、日付として読めません",
    "HEALTH-TERM": "健診実施日の期の判定値を持っていません（判定しません）",
    "HEALTH-ITEM": "その期にはこの項目の判定値がありません",
    "HEALTH-MISSING": "値がないか、数値ではありません",
    "HEALTH-SEX": "性別が分からないため判定できません",
    "HEALTH-SAMPLING": "採血時間が判定できる範囲にないか、分かりません",
}
_REASONS = ("", *REASONS)
_SAMPLING = {"2": 0, "3": 1, "4": 2}
_COMPARE = {"ge": np.greater_equal, "le": np.less_equal, "lt": np.less}


def judge(frame: pd.DataFrame) -> pd.DataFrame:
    """Per item of `JUDGED_ITEMS`: '' none, '1' 保健指導判定値, '2' 受診勧奨判定値, missing if not to be judged.

    Args:
        frame: text columns of ``checkup_results``, ``exam_date`` among them, and ``sex`` ('1', '2'), which the
            caller joins from the roster; items that it lacks count as not measured.  "L" and "H" are judged.

    Each item stands alone: that non-HDL may replace LDL after a meal or from 400 mg/dL of triglycerides
    on, and that HbA1c steps back behind fasting glucose, is for whoever weighs several items.
    """
    return _columns(frame, reasons=False)


def why_unjudged(frame: pd.DataFrame) -> pd.DataFrame:
    """Per item of `JUDGED_ITEMS`: '' where `judge` has a result, else a code of `REASONS`."""
    return _columns(frame, reasons=True)


def result_flags(frame: pd.DataFrame) -> pd.DataFrame:
    """Flags of the last result for grouping, '1' or '0': 受診勧奨判定値 of pressure, HbA1c, LDL; 保健指導判定値 of BMI.

    An item that was not measured raises no flag; where the term is not known there is no flag at all (missing).

    Returns:
        Columns ``bp_high``, ``hba1c_high``, ``ldl_high``, ``bmi_high`` and ``result_flag`` (any of them).
    """
    judged = _columns(frame, reasons=False, items=("systolic", "diastolic", "hba1c", "ldl", "bmi"))
    hits: dict[str, pd.Series] = {
        "bp_high": judged["systolic"].eq("2") | judged["diastolic"].eq("2"),
        "hba1c_high": judged["hba1c"].eq("2"),
        "ldl_high": judged["ldl"].eq("2"),
        "bmi_high": judged["bmi"].isin(["1", "2"]),
    }
    hits["result_flag"] = pd.DataFrame(hits).any(axis=1)
    known = _known(term_positions(frame["exam_date"]))
    flags = {
        name: texts(np.where(known, hit.to_numpy(bool), -1).astype(np.int8), ("0", "1"), frame.index)
        for name, hit in hits.items()
    }
    return pd.DataFrame(flags, index=frame.index)


def require_term(on: date) -> None:
    """Refuse a day on which we do not know what was in force.

    Raises:
        KanshoError: ``HEALTH-TERM``.
    """
    if not _known(term_positions(pd.Series([on.isoformat()])))[0]:
        raise KanshoError(
            "HEALTH-TERM",
            "この日に適用される健診判定値を持っていません",
            place=on.isoformat(),
            remedy="health/terms.py にその期の判定値を加えてください",
        )


def _columns(frame: pd.DataFrame, *, reasons: bool, items: tuple[str, ...] = JUDGED_ITEMS) -> pd.DataFrame:
    position = term_positions(frame["exam_date"])
    dated = fiscal_year_of(frame["exam_date"]).notna().to_numpy(bool)
    common = np.where(_known(position), 0, np.where(dated, _code("HEALTH-TERM"), _code("HEALTH-DATE")))
    sex, sampled = one_of(frame, "sex", {"1": 0, "2": 1}), one_of(frame, "post_meal", _SAMPLING)
    out: dict[str, pd.Series] = {}
    for item in items:
        level, why = _judge_item(numbers(frame, item), item, position, sex, sampled)
        why = np.where(common > 0, common, why).astype(np.int8)
        if reasons:
            out[item] = texts(why, _REASONS, frame.index)
        else:
            out[item] = texts(np.where(why > 0, -1, level).astype(np.int8), ("", "1", "2"), frame.index)
    return pd.DataFrame(out, index=frame.index)


def _judge_item(value: Floats, item: str, position: Codes, sex: Codes, sampled: Codes) -> tuple[Codes, Codes]:
    """Level (0 none, 1, 2) and position of the reason in `_REASONS` for one item."""
    level = np.zeros(len(value), dtype=np.int8)
    why = np.full(len(value), _code("HEALTH-ITEM"), dtype=np.int8)
    for at, term in enumerate(TERMS):
        for threshold in (t for t in term.thresholds if t.item == item):
            rows = position == at
            if threshold.sex is not None:
                why[rows & (sex < 0)] = _code("HEALTH-SEX")
                rows &= sex == int(threshold.sex) - 1
            why[rows] = 0
            if threshold.sampled is not None:
                fits = np.isin(sampled, [_SAMPLING[code] for code in threshold.sampled])
                why[rows & ~fits] = _code("HEALTH-SAMPLING")
            level[rows] = _levels(value[rows], threshold)
    why[np.isnan(value) & (why != _code("HEALTH-ITEM"))] = _code("HEALTH-MISSING")
    return level, why


def _levels(value: Floats, threshold: Threshold) -> Codes:
    worse = _COMPARE[threshold.op]
    level = worse(value, threshold.guidance).astype(np.int8)
    if threshold.referral is not None:
        level += worse(value, threshold.referral).astype(np.int8)
    return level


def _known(position: Codes) -> Bools:
    return np.array([*(t.known for t in TERMS), False])[position]


def _code(reason: str) -> int:
    return _REASONS.index(reason)
