"""Rules between columns and tables: what keeps them, case by case; agreement with the scalar check digit."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansho.contracts.towns import town_matches as town_fits
from kansho.exchange.tables import is_inquiry_number
from kansho.intake.row_rules import phone_exists
from kansho.quality import cross_rules as cross

STORAGE = ["object", "str"]


def col(*values: str | None, dtype: str = "object") -> pd.Series:
    return pd.Series(values, dtype=dtype)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(st.none(), st.from_regex(r"\d{4}-\d{4}-\d{2}", fullmatch=True), st.text(max_size=13))))
def test_check_digits_agree_with_the_check_of_one_number(numbers: list[str | None]) -> None:
    told = list(cross.check_digits(pd.Series(numbers, dtype=object)))
    assert told == [n is not None and is_inquiry_number(n) for n in numbers]


def test_check_digits_keep_the_index() -> None:
    frame = pd.Series(["3000-0000-03", "x"], index=[7, 9], dtype=object)
    assert list(cross.check_digits(frame).index) == [7, 9]


@pytest.mark.parametrize("dtype", STORAGE)
def test_the_same_person_twice_is_found_whatever_the_spaces(dtype: str) -> None:
    frame = pd.DataFrame(
        {
            "name_kanji": ["月見里　凛", "月見里凛", "月見里　凛", "月見里　凛", None, None],
            "birth_date": ["1977-06-01", "1977-06-01", "1977-06-02", "1977-06-01", "1977-06-01", "1977-06-01"],
            "address": ["甲", "甲", "甲", "乙", "甲", "甲"],
        },
        dtype=dtype,
    )
    kept = cross.not_twice(frame, ("name_kanji", "birth_date", "address"))
    assert list(kept) == [False, False, True, True, True, True]


@pytest.mark.parametrize(
    ("number", "kept"),
    [("03-5273-4207", True), ("0352734207", True), ("03-0000-1234", False), ("090-0000-1234", False), (None, True)],
)
def test_numbers_outside_the_numbering_plan_are_found(number: str | None, kept: bool) -> None:
    assert list(cross.existing_phones(col(number, "03-5273-4207"), phone_exists)) == [kept, True]


def test_one_number_is_asked_for_all_of_its_exchange() -> None:
    asked: list[str] = []
    numbers = col(*(f"03-5273-{n:04d}" for n in range(50)))
    assert cross.existing_phones(numbers, lambda n: not asked.append(n)).all()
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("height", "weight", "bmi", "kept"),
    [
        ("160.0", "60.0", "23.4", True),
        ("160.0", "60.0", "23.5", True),
        ("160.0", "60.0", "24.0", False),
        ("60.0", "160.0", "23.4", False),  # swapped
        ("1.6", "60.0", "23.4", False),  # metres
        ("0", "60", "23.4", True),  # the range rule's matter
        (None, "60.0", "23.4", True),
        ("160.0", "60.0", None, True),
    ],
)
def test_bmi_is_weight_over_height_squared(height: str | None, weight: str, bmi: str | None, kept: bool) -> None:
    assert list(cross.bmi_consistent(col(height), col(weight), col(bmi))) == [kept]


@pytest.mark.parametrize(
    ("upper", "lower", "kept"), [("120", "80", True), ("80", "80", False), ("80", "120", False), (None, "80", True)]
)
def test_systolic_is_above_diastolic(upper: str | None, lower: str, kept: bool) -> None:
    assert list(cross.pressure_ordered(col(upper), col(lower))) == [kept]


@pytest.mark.parametrize(
    ("day", "kept"),
    [("2027-04-01", True), ("2027-08-09", True), ("2027-03-31", False), ("2027-08-10", False), (None, True)],
)
def test_a_day_lies_in_its_span(day: str | None, kept: bool) -> None:
    assert list(cross.day_between(col(day), date(2027, 4, 1), date(2027, 8, 9))) == [kept]


@pytest.mark.parametrize(
    ("year", "day", "kept"),
    [
        ("2024", "2024-04-01", True),
        ("2024", "2025-03-31", True),
        ("2024", "2024-03-31", False),
        ("2024", "2025-04-01", False),
        ("2024", None, True),
        ("2021", None, False),  # before the years agreed on
        ("2027", None, False),  # this year is no history
        (None, "2024-04-01", True),
        ("2024", "2024-02-30", True),  # the date rule's matter
    ],
)
def test_a_history_lies_in_its_year(year: str | None, day: str | None, kept: bool) -> None:
    assert list(cross.year_of_day(col(year), col(day), 2022, 2026)) == [kept]


@pytest.mark.parametrize(
    ("year", "born", "kept"),
    [
        ("2026", "1987-03-31", True),  # 40 on the last day of the year
        ("2026", "1987-04-01", True),  # by law 40 at the end of that day
        ("2026", "1987-04-02", False),
        ("2026", None, True),
        (None, "1987-04-02", True),
    ],
)
def test_nobody_attended_before_the_age_of_the_screening(year: str | None, born: str | None, kept: bool) -> None:
    assert list(cross.old_enough_then(col(year), col(born), 40)) == [kept]


def test_a_code_of_ours_is_compared_where_both_are_known() -> None:
    assert list(cross.same_code(col("1", "2", None, "3"), col("1", "3", "1", None))) == [True, False, True, True]


def test_a_table_delivered_again_is_known_in_any_order() -> None:
    frame = pd.DataFrame({"a": ["1", "2", None], "b": ["x", "y", "z"]}, dtype=object)
    assert cross.same_table(frame, frame.iloc[::-1])
    assert cross.same_table(frame, frame[["b", "a"]].astype("str"))
    assert not cross.same_table(frame, frame.assign(a=["1", "2", "3"]))
    assert not cross.same_table(frame, frame.head(2))
    assert not cross.same_table(frame, None)
    assert not cross.same_table(frame.head(0), frame.head(0))  # a nil list twice is no repetition


POSTAL = [
    ("130-0001", "墨田区吾妻橋一丁目２３番２０号", True),
    ("130-0001", "東京都墨田区吾妻橋１－２３", True),
    ("130-0001", "墨田区大字吾妻橋１", True),
    ("130-0001", "墨田区押上一丁目", False),
    ("130-0001", "新宿区吾妻橋", False),  # the town of another city
    ("160-0022", "新宿区西新宿二丁目", False),  # a town whose name ends like the right one
    ("160-0022", "新宿区新宿二丁目", True),
    ("160-0000", "新宿区どこか一丁目", True),  # the code of the whole city
    ("163-0290", "新宿区西新宿二丁目６番１号", True),  # the code of one building
    ("999-9999", "新宿区新宿二丁目", False),
    (None, "新宿区新宿二丁目", True),
    ("160-0022", None, True),
]


@pytest.mark.parametrize("dtype", STORAGE)
@pytest.mark.parametrize(("postal", "address", "kept"), POSTAL)
def test_a_postal_code_belongs_to_the_town(postal: str | None, address: str | None, kept: bool, dtype: str) -> None:
    pair = col(postal, "130-0001", dtype=dtype), col(address, "墨田区吾妻橋一丁目", dtype=dtype)
    assert list(town_fits(*pair)) == [kept, True]


def test_rules_do_not_fail_on_a_table_of_nobody() -> None:
    none = pd.Series(dtype=object)
    assert town_fits(none, none).empty
    assert cross.existing_phones(none, phone_exists).empty
    assert cross.check_digits(none).empty
    assert cross.not_twice(pd.DataFrame({"a": none}), ("a",)).empty
    assert cross.screening_fits_sex(none, none, {"08": "1"}).empty
    assert cross.year_of_day(none, none, 2022, 2026).empty
    assert cross.old_enough_then(none, none, 40).empty
