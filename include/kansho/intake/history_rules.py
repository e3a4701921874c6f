"""Rules of results and histories against the target list: pure, masks of rows that keep them.

Names are those of `kansho.quality.suites.EXTRA_RULES`.  What cannot be checked keeps the rule.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.contracts.checkup import CHECKUP_RESULTS, OTHER_REPORT
from kansho.health import fiscal_year_of, guidance_level, metabolic_level
from kansho.intake.row_rules import FEMALE_ONLY, MALE_ONLY, known_number_rules
from kansho.quality.cross_rules import (
    bmi_consistent,
    codes_of_their_year,
    day_between,
    old_enough_then,
    pressure_ordered,
    same_code,
    screening_fits_sex,
    year_of_day,
)
from kansho.quality.distinct import distinct

#: Years of history that 資料23-3 and 23-4 promise.
YEARS = 5


def checkup_rules(
    frame: pd.DataFrame, people: pd.DataFrame, known: set[str], config: CampaignConfig, today: date
) -> dict[str, pd.Series]:
    """Results of examinations.

    Args:
        frame: a table of ``checkup_results``.
        people: the core roster; ``sex`` and ``age_at_year_end`` are joined from it.
        known: numbers of every target list.
        config: the year.
        today: no examination is in the future.
    """
    at = _joined(frame, people)
    years = date(config.fiscal_year - YEARS, 4, 1)
    judged = frame.assign(sex=at["sex"])
    return {
        "report.kind": ~of_other_report(frame),
        **known_number_rules(frame, known),
        "codes.in_year": codes_of_their_year(frame, CHECKUP_RESULTS.columns, fiscal_year_of(frame["exam_date"])),
        "exam_date.plausible": day_between(frame["exam_date"], years, today),
        "bmi.consistent": bmi_consistent(frame["height"], frame["weight"], frame["bmi"]),
        "pressure.order": pressure_ordered(frame["systolic"], frame["diastolic"]),
        "metabolic.differs": same_code(frame["metabolic"], metabolic_level(judged)),
        "guidance.differs": same_code(frame["guidance_level"], guidance_level(judged, at["age_at_year_end"])),
    }


def of_other_report(frame: pd.DataFrame) -> pd.Series:
    """Rows reported as 特定健診以外の健診結果 (報告区分 40), as 人間ドック is: only the ward may collect it (D4)."""
    return frame["report_kind"].eq(OTHER_REPORT).astype(bool)


def attendance_history_rules(
    frame: pd.DataFrame, people: pd.DataFrame, known: set[str], config: CampaignConfig
) -> dict[str, pd.Series]:
    """Past attendance of 特定健診 by fiscal year."""
    at = _joined(frame, people)
    first, last = config.fiscal_year - YEARS, config.fiscal_year - 1
    return {
        **known_number_rules(frame, known),
        "history.year": year_of_day(frame["fiscal_year"], frame["attendance_date"], first, last),
        "attendance.before_enrolment": frame["attended"].ne("1")
        | old_enough_then(frame["fiscal_year"], at["birth_date"], config.targeting.min_age),
    }


def screening_history_rules(
    frame: pd.DataFrame, people: pd.DataFrame, known: set[str], config: CampaignConfig
) -> dict[str, pd.Series]:
    """Past cancer screenings by kind and fiscal year; a two-yearly one may lie further back than five years."""
    at = _joined(frame, people)
    ages = {s.code: s.min_age for s in config.targeting.screenings}
    youngest = min(ages.values(), default=0)
    oldest_year = config.fiscal_year - 2 * YEARS
    return {
        **known_number_rules(frame, known),
        "history.year": year_of_day(
            frame["fiscal_year"], frame["attendance_date"], oldest_year, config.fiscal_year - 1
        ),
        "attendance.before_enrolment": old_enough_then(
            frame["fiscal_year"], at["birth_date"], frame["screening_kind"].map(ages).fillna(youngest)
        ),
        "kinds.sex": screening_fits_sex(
            frame["screening_kind"], at["sex"], dict.fromkeys(FEMALE_ONLY, "2") | dict.fromkeys(MALE_ONLY, "1")
        ),
    }


def outreach_history_rules(frame: pd.DataFrame, known: set[str], config: CampaignConfig) -> dict[str, pd.Series]:
    """What earlier outreach learnt, by fiscal year."""
    year = pd.to_numeric(frame["fiscal_year"], errors="coerce")
    asked = year.between(config.fiscal_year - YEARS, config.fiscal_year - 1) | year.isna()
    return {**known_number_rules(frame, known), "outreach.year": asked}


def _joined(frame: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """``sex``, ``age_at_year_end`` and ``birth_date`` of each row's person, on the frame's index."""
    columns = ["sex", "age_at_year_end", "birth_date"]
    listed = people.dropna(subset="inquiry_number").drop_duplicates("inquiry_number", keep="last")
    known = listed.set_index("inquiry_number")[columns].astype(object)
    found = distinct(frame["inquiry_number"])
    asked = known.reindex([*found.values, None])  # the last row is that of a missing number
    out = asked.iloc[np.where(found.codes < 0, len(found.values), found.codes)]
    out.index = frame.index
    return out
