"""What a 特定健診 result means, as tables: thresholds on both sides of every edge, terms, levels, answers."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansho import health
from kansho.errors import KanshoError

THIRD, FOURTH = "2023-10-01", "2024-10-01"
MISSING = "missing"


def frame(*rows: dict[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame([{"exam_date": FOURTH, "sex": "1", **row} for row in rows]).astype("str")


def judged(item: str, value: str | None, **others: str | None) -> str:
    found = health.judge(frame({item: value, **others}))[item].iloc[0]
    return MISSING if pd.isna(found) else str(found)


def reason(item: str, value: str | None, **others: str | None) -> str:
    return str(health.why_unjudged(frame({item: value, **others}))[item].iloc[0])


TERMS_BY_DAY = [
    ("2008-03-31", None),
    ("2008-04-01", 1),
    ("2013-03-31", 1),
    ("2013-04-01", 2),
    ("2018-03-31", 2),
    ("2018-04-01", 3),
    ("2024-03-31", 3),
    ("2024-04-01", 4),
    ("2030-03-31", 4),
    ("2030-04-01", None),
    ("2023-02-30", None),
    ("20231001", None),
    (None, None),
]


@pytest.mark.parametrize(("day", "term"), TERMS_BY_DAY)
def test_the_day_of_the_examination_decides_the_term(day: str | None, term: int | None) -> None:
    found = health.term_of(pd.Series([day], dtype="str")).iloc[0]
    assert (None if pd.isna(found) else int(found)) == term


# item, sex, 採血時間, then values: the last fine one, the first of 保健指導, its last, the first of 受診勧奨
EDGES = [
    ("bmi", "1", None, "24.9", "25.0", None, None),
    ("waist", "1", None, "84.9", "85.0", None, None),
    ("waist", "2", None, "89.9", "90.0", None, None),
    ("systolic", "1", None, "129", "130", "139", "140"),
    ("diastolic", "1", None, "84", "85", "89", "90"),
    ("tg_fasting", "1", "2", "149", "150", "299", "300"),
    ("ldl", "1", None, "119", "120", "139", "140"),
    ("non_hdl", "1", None, "149", "150", "169", "170"),
    ("glucose_fasting", "1", "2", "99", "100", "125", "126"),
    ("glucose_casual", "1", "3", "99", "100", "125", "126"),
    ("hba1c", "1", None, "5.5", "5.6", "6.4", "6.5"),
    ("ast", "1", None, "30", "31", "50", "51"),
    ("alt", "1", None, "30", "31", "50", "51"),
    ("ggt", "1", None, "50", "51", "100", "101"),
    ("egfr", "1", None, "60.0", "59.9", "45.0", "44.9"),
    ("hemoglobin", "1", None, "13.1", "13.0", "12.1", "12.0"),
    ("hemoglobin", "2", None, "12.1", "12.0", "11.1", "11.0"),
    ("urine_protein", "1", None, "1", "2", "2", "3"),
]


@pytest.mark.parametrize("day", [THIRD, FOURTH])
@pytest.mark.parametrize(("item", "sex", "sampled", "fine", "first", "last", "referral"), EDGES)
def test_every_threshold_on_both_sides(
    day: str, item: str, sex: str, sampled: str | None, fine: str, first: str, last: str | None, referral: str | None
) -> None:
    known = {"exam_date": day, "sex": sex, "post_meal": sampled}
    assert judged(item, fine, **known) == ""
    assert judged(item, first, **known) == "1"
    if last is not None and referral is not None:
        assert judged(item, last, **known) == "1"
        assert judged(item, referral, **known) == "2"
    else:
        assert judged(item, "H", **known) == "1"


# day, item, 採血時間, value, judgement: what changed on 2024-04-01
CHANGE_OF_2024 = [
    ("2024-03-31", "hdl", None, "40", ""),
    ("2024-04-01", "hdl", None, "40", ""),
    ("2024-03-31", "hdl", None, "39", "1"),
    ("2024-04-01", "hdl", None, "39", "1"),
    ("2024-03-31", "hdl", None, "35", "1"),
    ("2024-03-31", "hdl", None, "34", "2"),
    ("2024-04-01", "hdl", None, "34", "1"),
    ("2024-03-31", "tg_casual", "3", "300", MISSING),
    ("2024-04-01", "tg_casual", "3", "174", ""),
    ("2024-04-01", "tg_casual", "3", "175", "1"),
    ("2024-04-01", "tg_casual", "3", "299", "1"),
    ("2024-04-01", "tg_casual", "3", "300", "2"),
    ("2024-03-31", "tg_fasting", "2", "150", "1"),
    ("2024-04-01", "tg_fasting", "2", "150", "1"),
]


@pytest.mark.parametrize(("day", "item", "sampled", "value", "found"), CHANGE_OF_2024)
def test_what_changed_in_2024(day: str, item: str, sampled: str | None, value: str, found: str) -> None:
    assert judged(item, value, exam_date=day, post_meal=sampled) == found


UNJUDGED = [
    ({"exam_date": None}, "systolic", "150", "HEALTH-DATE"),
    ({"exam_date": "2024-13-01"}, "systolic", "150", "HEALTH-DATE"),
    ({"exam_date": "2017-10-01"}, "systolic", "150", "HEALTH-TERM"),
    ({"exam_date": "2012-10-01"}, "systolic", "150", "HEALTH-TERM"),
    ({"exam_date": "2030-04-01"}, "systolic", "150", "HEALTH-TERM"),
    ({"exam_date": THIRD, "post_meal": "3"}, "tg_casual", "200", "HEALTH-ITEM"),
    ({}, "systolic", None, "HEALTH-MISSING"),
    ({}, "systolic", "未実施", "HEALTH-MISSING"),
    ({}, "systolic", "nan", "HEALTH-MISSING"),
    ({"sex": None}, "waist", "100", "HEALTH-SEX"),
    ({"sex": None}, "hemoglobin", "9.0", "HEALTH-SEX"),
    ({"post_meal": None}, "tg_casual", "200", "HEALTH-SAMPLING"),
    ({"post_meal": "2"}, "tg_casual", "200", "HEALTH-SAMPLING"),
    ({"post_meal": "4"}, "tg_casual", "200", "HEALTH-SAMPLING"),
    ({"post_meal": "4"}, "glucose_casual", "200", "HEALTH-SAMPLING"),
    ({"post_meal": "1"}, "glucose_casual", "200", "HEALTH-SAMPLING"),
]


@pytest.mark.parametrize(("known", "item", "value", "why"), UNJUDGED)
def test_what_is_not_known_is_not_judged_and_says_why(
    known: dict[str, str | None], item: str, value: str | None, why: str
) -> None:
    assert judged(item, value, **known) == MISSING
    assert reason(item, value, **known) == why
    assert why in health.REASONS


def test_a_judgement_and_a_reason_exclude_each_other() -> None:
    people = frame({"systolic": "150"}, {"exam_date": "2016-01-01"}, {"waist": "99", "sex": None})
    assert (health.judge(people).notna() == health.why_unjudged(people).eq("")).all(axis=None)


LIMIT_VALUES = [
    ("systolic", "H", "2"),
    ("systolic", "L", ""),
    ("hdl", "L", "1"),
    ("hdl", "H", ""),
    ("egfr", "L", "2"),
]


@pytest.mark.parametrize(("item", "value", "found"), LIMIT_VALUES)
def test_a_value_beyond_the_input_range_is_judged_by_its_letter(item: str, value: str, found: str) -> None:
    assert judged(item, value) == found


@pytest.mark.parametrize(
    ("value", "flag"),
    [("60", "L"), ("60.1", ""), ("299.9", ""), ("300", "H"), ("H", "H"), ("L", "L"), ("12", "L"), (None, MISSING)],
)
def test_values_at_the_limits_of_input_are_recognised(value: str | None, flag: str) -> None:
    found = health.at_limit(frame({"systolic": value}), {"systolic": (60, 300), "ast": (0, 1000)})
    assert list(found.columns) == ["systolic"]
    assert (MISSING if pd.isna(found["systolic"].iloc[0]) else found["systolic"].iloc[0]) == flag


#: Somebody with no risk at all, everything measured.
WELL = {
    "bmi": "22.0",
    "waist": "80.0",
    "systolic": "120",
    "diastolic": "75",
    "tg_fasting": "100",
    "hdl": "60",
    "glucose_fasting": "90",
    "hba1c": "5.2",
    "post_meal": "2",
    "q01": "2",
    "q02": "2",
    "q03": "2",
    "q08": "3",
}
BELLY = {"waist": "85.0"}
PRESSURE, LIPIDS, SUGAR = {"systolic": "130"}, {"hdl": "39"}, {"glucose_fasting": "110"}

METABOLIC = [
    ({}, "3"),
    (BELLY, "3"),
    (BELLY | PRESSURE, "2"),
    (BELLY | PRESSURE | LIPIDS, "1"),
    (BELLY | PRESSURE | LIPIDS | SUGAR, "1"),
    (PRESSURE | LIPIDS | SUGAR, "3"),
    # the edges
    ({"waist": "84.9"} | PRESSURE, "3"),
    ({"sex": "2", "waist": "89.9"} | PRESSURE, "3"),
    ({"sex": "2", "waist": "90.0"} | PRESSURE, "2"),
    (BELLY | {"glucose_fasting": "109"}, "3"),
    (BELLY | {"glucose_fasting": "110"}, "2"),
    (BELLY | {"glucose_fasting": None, "hba1c": "5.9"}, "3"),
    (BELLY | {"glucose_fasting": None, "hba1c": "6.0"}, "2"),
    (BELLY | {"glucose_fasting": "109", "hba1c": "6.5"}, "3"),
    (BELLY | {"diastolic": "85"}, "2"),
    (BELLY | {"tg_fasting": "150"}, "2"),
    # medication is a risk of its own
    (BELLY | {"q01": "1"}, "2"),
    (BELLY | {"q01": "1", "q02": "1"}, "1"),
    (BELLY | {"q01": "1"} | PRESSURE, "2"),
    # visceral fat decides where it was measured
    (BELLY | PRESSURE | {"visceral_fat": "99.9"}, "3"),
    (PRESSURE | {"visceral_fat": "100.0"}, "2"),
    # casual triglycerides
    (BELLY | {"tg_fasting": None, "tg_casual": "174", "post_meal": "3"}, "3"),
    (BELLY | {"tg_fasting": None, "tg_casual": "175", "post_meal": "3"}, "2"),
    (BELLY | {"tg_fasting": None, "tg_casual": "175", "post_meal": "4"}, "4"),
    (BELLY | {"tg_fasting": None, "tg_casual": "175", "post_meal": "3", "exam_date": THIRD}, "4"),
    # what is missing counts where it could change the result
    ({"waist": None}, "3"),
    ({"waist": None} | PRESSURE, "4"),
    ({"waist": "87", "sex": None} | PRESSURE, "4"),
    ({"waist": "84", "sex": None} | PRESSURE, "3"),
    ({"waist": "90", "sex": None} | PRESSURE, "2"),
    ({"systolic": None}, "3"),
    (BELLY | {"systolic": None}, "4"),
    (BELLY | {"systolic": None, "diastolic": "90"}, "2"),
    (BELLY | {"systolic": None} | LIPIDS | SUGAR, "1"),
    (BELLY | {"glucose_fasting": None, "hba1c": None}, "4"),
    (BELLY | {"q03": None}, "4"),
    (BELLY | {"q03": None} | LIPIDS, "2"),
    # terms without thresholds get no level at all
    (BELLY | {"exam_date": "2016-10-01"}, MISSING),
    (BELLY | {"exam_date": None}, MISSING),
]


@pytest.mark.parametrize(("change", "level"), METABOLIC)
def test_metabolic_level(change: dict[str, str | None], level: str) -> None:
    found = health.metabolic_level(frame(WELL | change)).iloc[0]
    assert (MISSING if pd.isna(found) else found) == level


SMOKES, HEAVY = {"q08": "1"}, {"bmi": "25.0"}
SUGAR_100 = {"glucose_fasting": "100"}
GUIDANCE = [
    ({}, 50, "3"),
    (PRESSURE | LIPIDS | SUGAR_100, 50, "3"),
    # (1) waist: two risks 積極, one 動機付け
    (BELLY, 50, "3"),
    (BELLY | PRESSURE, 50, "2"),
    (BELLY | PRESSURE | LIPIDS, 50, "1"),
    ({"visceral_fat": "100"} | PRESSURE | LIPIDS, 50, "1"),
    # (2) else BMI: three 積極, one or two 動機付け
    (HEAVY, 50, "3"),
    ({"bmi": "24.9"} | PRESSURE, 50, "3"),
    (HEAVY | PRESSURE, 50, "2"),
    (HEAVY | PRESSURE | LIPIDS, 50, "2"),
    (HEAVY | PRESSURE | LIPIDS | SUGAR_100, 50, "1"),
    # smoking counts beside another risk only; who stopped does not smoke
    (BELLY | SMOKES, 50, "3"),
    (BELLY | SMOKES | PRESSURE, 50, "1"),
    (HEAVY | SMOKES | PRESSURE | LIPIDS, 50, "1"),
    (BELLY | {"q08": "2"} | PRESSURE, 50, "2"),
    (BELLY | {"q08": "2", "exam_date": THIRD} | PRESSURE, 50, "2"),
    # glucose: fasting, else HbA1c, else casual and not right after a meal
    (BELLY | {"glucose_fasting": "99", "hba1c": "6.5"}, 50, "3"),
    (BELLY | {"glucose_fasting": None, "hba1c": "5.5"}, 50, "3"),
    (BELLY | {"glucose_fasting": None, "hba1c": "5.6"}, 50, "2"),
    (BELLY | {"glucose_fasting": None, "hba1c": None, "glucose_casual": "100", "post_meal": "3"}, 50, "2"),
    (BELLY | {"glucose_fasting": None, "hba1c": None, "glucose_casual": "100", "post_meal": "4"}, 50, "4"),
    (BELLY | {"glucose_fasting": None, "hba1c": "5.5", "glucose_casual": "200", "post_meal": "3"}, 50, "3"),
    # casual triglycerides from the fourth term on
    (BELLY | {"tg_fasting": None, "tg_casual": "174", "post_meal": "3"}, 50, "3"),
    (BELLY | {"tg_fasting": None, "tg_casual": "175", "post_meal": "3"}, 50, "2"),
    (BELLY | {"tg_fasting": None, "tg_casual": "175", "post_meal": "3", "exam_date": THIRD}, 50, "4"),
    # people on medication are no subjects
    (BELLY | PRESSURE | LIPIDS | {"q01": "1"}, 50, "3"),
    (BELLY | PRESSURE | LIPIDS | {"q02": None}, 50, "4"),
    # 65 and older
    (BELLY | PRESSURE | LIPIDS, 64, "1"),
    (BELLY | PRESSURE | LIPIDS, 65, "2"),
    (BELLY | PRESSURE | LIPIDS, 74, "2"),
    (BELLY | PRESSURE | LIPIDS, 75, "2"),
    (BELLY | PRESSURE, 65, "2"),
    (BELLY | PRESSURE | LIPIDS, 76, "4"),
    (BELLY | PRESSURE | LIPIDS, 39, "4"),
    (BELLY | PRESSURE | LIPIDS, None, "4"),
    (BELLY | PRESSURE, None, "2"),
    # what is missing counts where it could change the result
    ({"waist": None}, 50, "3"),
    ({"waist": None} | PRESSURE, 50, "4"),
    ({"waist": None} | HEAVY | PRESSURE, 50, "2"),
    ({"waist": None} | HEAVY | PRESSURE | LIPIDS, 50, "4"),
    ({"bmi": None} | BELLY | PRESSURE, 50, "2"),
    ({"bmi": None} | PRESSURE, 50, "4"),
    (BELLY | {"q08": None}, 50, "3"),
    (BELLY | {"q08": None} | PRESSURE, 50, "4"),
    (BELLY | {"q08": None} | PRESSURE, 70, "2"),
    (BELLY | {"exam_date": "2016-10-01"}, 50, MISSING),
]


@pytest.mark.parametrize(("change", "age", "level"), GUIDANCE)
def test_guidance_level(change: dict[str, str | None], age: int | None, level: str) -> None:
    found = health.guidance_level(frame(WELL | change), pd.Series([age], dtype="Int64")).iloc[0]
    assert (MISSING if pd.isna(found) else found) == level


ANSWERS = [
    ("q08", "1", "smoking", "はい", "はい"),
    ("q08", "2", "smoking", "いいえ", "以前は吸っていたが、最近1か月間は吸っていない"),
    ("q08", "3", "smoking", None, "いいえ"),
    ("q18", "2", "drinking", "時々", "週5～6日"),
    ("q18", "8", "drinking", None, "飲まない（飲めない）"),
    ("q19", "4", "drinking_amount", "3合以上", "3～5合未満"),
    ("q19", "5", "drinking_amount", None, "5合以上"),
    ("q22", "1", "guidance_wanted", "はい", None),
    ("q22", "1", "guidance_received", None, "はい"),
    ("q13", "2", "chewing", "かみにくい", "かみにくい"),
    ("q20", "2", "sleep", "いいえ", "いいえ"),
    ("q20", "9", "sleep", None, None),
    ("q20", None, "sleep", None, None),
]


@pytest.mark.parametrize(("item", "code", "name", "third", "fourth"), ANSWERS)
def test_an_answer_means_what_its_term_says(
    item: str, code: str | None, name: str, third: str | None, fourth: str | None
) -> None:
    asked = frame({"exam_date": THIRD, item: code}, {"exam_date": FOURTH, item: code}, {"exam_date": "2016-04-01"})
    found = health.decode_questionnaire(asked)[name]
    assert [None if pd.isna(answer) else answer for answer in found] == [third, fourth, None]


def test_every_question_of_both_terms_is_decoded() -> None:
    for term in (3, 4):
        assert sorted(q.item for q in health.QUESTIONS if term in q.terms) == [f"q{n:02d}" for n in range(1, 23)]


BMI = [
    ("170.0", "63.6", "22.0", True),
    ("170.0", "63.6", "22.1", True),
    ("170.0", "63.6", "22.2", False),
    ("170.0", "63.6", "21.9", False),
    ("100.0", "22.1", "22.0", True),  # apart by exactly 0.1
    ("100.0", "22.1", "22.2", True),
    ("100.0", "22.2", "22.0", False),
    ("170.0", None, "30.0", True),
    ("L", "63.6", "30.0", True),
    ("0", "63.6", "30.0", True),
]


@pytest.mark.parametrize(("height", "weight", "bmi", "kept"), BMI)
def test_bmi_is_weight_over_height_squared(height: str, weight: str | None, bmi: str, kept: bool) -> None:
    assert health.bmi_matches(frame({"height": height, "weight": weight, "bmi": bmi})).iloc[0] == kept


@pytest.mark.parametrize(
    ("upper", "lower", "kept"),
    [("120", "80", True), ("80", "80", False), ("80", "120", False), (None, "80", True), ("H", "H", True),
     ("H", "80", True), ("L", "80", False)],
)  # fmt: skip
def test_systolic_lies_above_diastolic(upper: str | None, lower: str, kept: bool) -> None:
    assert health.systolic_above_diastolic(frame({"systolic": upper, "diastolic": lower})).iloc[0] == kept


SAMPLING = [
    (FOURTH, "2", "tg_fasting", True),
    (FOURTH, "3", "tg_fasting", False),
    (FOURTH, "4", "tg_fasting", False),
    (THIRD, "3", "tg_fasting", True),  # one code for every sample then
    (THIRD, "3", "glucose_fasting", False),
    (FOURTH, "4", "glucose_fasting", False),
    (FOURTH, "3", "tg_casual", True),
    (FOURTH, "2", "tg_casual", False),
    (THIRD, "2", "glucose_casual", False),
    (FOURTH, None, "tg_casual", True),
    (None, "3", "tg_fasting", True),
]


@pytest.mark.parametrize(("day", "sampled", "item", "kept"), SAMPLING)
def test_the_time_of_sampling_fits_the_columns_used(
    day: str | None, sampled: str | None, item: str, kept: bool
) -> None:
    assert health.sampling_agrees(frame({"exam_date": day, "post_meal": sampled, item: "100"})).iloc[0] == kept


def test_differences_are_counted_never_listed() -> None:
    found = health.compare(
        pd.Series(["1", "1", "3", "3", "2", None]), pd.Series(["1", "2", "3", "2", None, "3"], dtype="str")
    )
    assert found.counts == {("", "3"): 1, ("1", "1"): 1, ("1", "2"): 1, ("2", ""): 1, ("3", "2"): 1, ("3", "3"): 1}
    assert (found.rows, found.compared, found.agreed) == (6, 4, 2)
    assert found.differences == {("1", "2"): 1, ("3", "2"): 1}


FLAGS = [
    ({"systolic": "139", "diastolic": "89"}, "0000"),
    ({"systolic": "140"}, "1000"),
    ({"diastolic": "90"}, "1000"),
    ({"hba1c": "6.4"}, "0000"),
    ({"hba1c": "6.5"}, "0100"),
    ({"ldl": "139"}, "0000"),
    ({"ldl": "140"}, "0010"),
    ({"bmi": "24.9"}, "0000"),
    ({"bmi": "25.0"}, "0001"),
    ({}, "0000"),
]


@pytest.mark.parametrize(("values", "flags"), FLAGS)
def test_the_flags_that_grouping_uses(values: dict[str, str], flags: str) -> None:
    found = health.result_flags(frame(values)).iloc[0]
    assert "".join(found[["bp_high", "hba1c_high", "ldl_high", "bmi_high"]]) == flags
    assert found["result_flag"] == ("1" if "1" in flags else "0")


def test_without_known_thresholds_there_are_no_flags() -> None:
    assert health.result_flags(frame({"systolic": "180", "exam_date": "2017-10-01"})).isna().all(axis=None)
    with pytest.raises(KanshoError, match="HEALTH-TERM"):
        health.require_term(date(2017, 10, 1))
    health.require_term(date(2024, 4, 1))


QUICK = settings(deadline=None, max_examples=25)
WORSE = {"hdl": -1, "egfr": -1, "hemoglobin": -1}
RISKS = ("waist", "bmi", "systolic", "diastolic", "tg_fasting", "hdl", "glucose_fasting")
VALUES = st.integers(1, 400).map(lambda n: str(n / 2))


@QUICK
@given(st.sampled_from(health.JUDGED_ITEMS), VALUES, VALUES, st.sampled_from([THIRD, FOURTH]), st.sampled_from("12"))
def test_a_worse_value_is_never_judged_better(item: str, one: str, other: str, day: str, sex: str) -> None:
    milder, worse = sorted((one, other), key=lambda text: float(text) * WORSE.get(item, 1))
    known = {"exam_date": day, "sex": sex, "post_meal": "3"}
    first, second = judged(item, milder, **known), judged(item, worse, **known)
    assert first == second == MISSING or first <= second


PEOPLE = st.fixed_dictionaries(
    dict.fromkeys(RISKS, VALUES)
    | {q: st.sampled_from("12") for q in ("q01", "q02", "q03", "q08")}
    | {"sex": st.sampled_from("12"), "exam_date": st.sampled_from([THIRD, FOURTH])}
)


@QUICK
@given(PEOPLE, st.sampled_from(RISKS), VALUES, st.integers(40, 75))
def test_a_worse_value_never_improves_a_level(person: dict, item: str, value: str, age: int) -> None:
    pair = sorted((person[item], value), key=lambda text: float(text) * WORSE.get(item, 1))
    both = frame(*({**person, item: one} for one in pair))
    for levels in (health.metabolic_level(both), health.guidance_level(both, pd.Series([age, age]))):
        assert levels.iloc[1] <= levels.iloc[0]
        assert "4" not in set(levels)


@QUICK
@given(PEOPLE, st.sets(st.sampled_from((*RISKS, "q01", "q02", "q03", "q08")), max_size=3), st.integers(40, 75))
def test_a_level_given_with_values_missing_is_the_level_with_them(person: dict, gone: set[str], age: int) -> None:
    both = frame(person, {**person, **dict.fromkeys(gone)})
    for levels in (health.metabolic_level(both), health.guidance_level(both, pd.Series([age, age]))):
        assert levels.iloc[1] in (levels.iloc[0], "4")


@QUICK
@given(st.lists(PEOPLE, min_size=1, max_size=5))
def test_rows_do_not_influence_each_other(people: list[dict]) -> None:
    table = frame(*people)
    table.index = range(100, 100 + len(people))
    together = health.judge(table)
    alone = pd.concat([health.judge(table.loc[[n]]) for n in table.index])
    pd.testing.assert_frame_equal(together, alone)
