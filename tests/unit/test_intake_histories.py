"""Results and histories: the last examination counts as a whole, and a number that is none is nobody's."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.contracts.registry import CHECKUP_RESULTS
from kansho.intake.derive import analysis_items
from kansho.intake.history_rules import checkup_rules
from kansho.quality.cross_rules import same_table
from tests.deliveries import numbers

ONE, OTHER, UNKNOWN = numbers(3)


def _results(*rows: dict[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        [{**dict.fromkeys(CHECKUP_RESULTS.names), **row} for row in rows], columns=list(CHECKUP_RESULTS.names)
    ).astype("str")


def _exam(number: str | None, day: str, **values: str) -> dict[str, str | None]:
    return {"inquiry_number": number, "exam_date": day, **values}


def test_of_several_examinations_the_last_counts_as_a_whole(mini: CampaignConfig) -> None:
    told = _results(
        _exam(ONE, "2026-05-01", bmi="24.0", systolic="140"),
        _exam(OTHER, "2024-05-01", bmi="21.0"),
        _exam(ONE, "2025-05-01", bmi="30.0", systolic="150", hba1c="6.0"),
    )
    items = analysis_items({"checkup_results": told}, mini).set_index("inquiry_number")
    assert list(items.index) == [ONE, OTHER]
    assert items.loc[ONE, ["bmi", "systolic", "hba1c"]].tolist() == ["24.0", "140", None]
    assert items.loc[OTHER, "bmi"] == "21.0"


def test_of_two_rows_of_one_day_the_later_in_the_file_counts(mini: CampaignConfig) -> None:
    told = _results(_exam(ONE, "2026-05-01", bmi="24.0"), _exam(ONE, "2026-05-01", bmi="25.0"))
    assert analysis_items({"checkup_results": told}, mini)["bmi"].tolist() == ["25.0"]


def test_a_missing_number_is_nobodys_though_the_list_has_a_person_without_one(mini: CampaignConfig) -> None:
    people = pd.DataFrame(
        {"inquiry_number": [ONE, None], "sex": ["1", "1"], "age_at_year_end": ["50", "50"], "birth_date": [None, None]}
    )
    # 86 cm is too much for a man only: whoever is nobody has no sex, and nothing can be told.
    measured = {"waist": "86", "systolic": "120", "diastolic": "70", "metabolic": "3"}
    sound = {
        **measured,
        "q01": "2",
        "q02": "2",
        "q03": "2",
        "hdl": "60",
        "tg_fasting": "200",
        "glucose_fasting": "90",
        "post_meal": "2",
    }
    frame = _results(*(_exam(n, "2026-05-01", **sound) for n in (ONE, None, UNKNOWN)))
    rules = checkup_rules(frame, people, {ONE}, mini, date(2027, 4, 20))
    assert rules["number.known"].tolist() == [True, False, False]
    assert rules["number.check_digit"].tolist() == [True, False, True]
    assert rules["metabolic.differs"].tolist()[0] is False
    assert rules["metabolic.differs"].tolist()[1] == rules["metabolic.differs"].tolist()[2]


def test_values_that_changed_columns_are_another_table() -> None:
    frame = pd.DataFrame({"a": ["1", None], "b": ["2", "3"]})
    assert not same_table(frame, frame.rename(columns={"a": "b", "b": "a"}))
    assert not same_table(frame, frame.fillna("\\N"))
