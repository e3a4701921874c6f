"""Drift: counts only, equal tables have no distance, chance is granted, and what moved is named."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.contracts.registry import STOP_LIST, TARGET_LIST
from kansho.quality.catalogue import rules_of
from kansho.quality.drift import Profile, by_chance, compare, distance, doubts_of, profile

RULES = rules_of("target_list")


def _people(rows: int, **change: list[str | None]) -> pd.DataFrame:
    """So many people; ``change`` gives a column as a cycle of values."""
    base: dict[str, list[str | None]] = {c: ["x"] for c in TARGET_LIST.names}
    base |= {"inquiry_number": [f"n{n}" for n in range(rows)], "age_at_year_end": ["42", "58", "71"], "sex": ["1", "2"]}
    base |= {"phone": ["03-0000-1234", None]} | change
    return pd.DataFrame({c: [v[n % len(v)] for n in range(rows)] for c, v in base.items()}, dtype=object)


def test_a_profile_holds_counts_of_bands_and_no_value() -> None:
    frame = _people(600, name_kanji=["月見里　凛"], screening_kinds=["03|04"], attendance_date=["2027-05-06"])
    made = profile(frame, TARGET_LIST)
    text = json.dumps(made.to_json(), ensure_ascii=False)
    for value in ("月見里", "0000-1234", "03|04", "2027-05-06", "n17"):
        assert value not in text
    assert made.bands["phone"] == {"given": 300, "missing": 300}
    assert made.bands["age_at_year_end"] == {f"b{b:02d}/{s}": 100 for b in (8, 11, 14) for s in "12"}
    assert all(sum(bands.values()) == 600 for bands in made.bands.values())
    assert len(text) < 4000
    assert Profile.from_json(json.loads(text)) == made


def test_a_code_outside_the_list_is_counted_and_not_kept() -> None:
    bands = profile(_people(10, sex=["1", "月見里"]), TARGET_LIST).bands
    assert bands["sex"] == {"1": 5, "other": 5}
    assert "月見里" not in json.dumps(bands, ensure_ascii=False)


@pytest.mark.parametrize("dtype", ["object", "str"])
def test_the_storage_of_text_changes_no_profile(dtype: str) -> None:
    frame = _people(60)
    assert profile(frame.astype(dtype), TARGET_LIST) == profile(frame, TARGET_LIST)


def test_the_same_table_has_not_changed() -> None:
    made = profile(_people(600), TARGET_LIST)
    assert compare(made, made, RULES) == []
    assert compare(made, None, RULES) == []


CHANGES = [
    ({}, 600, 600, {}),
    ({}, 719, 600, {}),
    ({}, 726, 600, {"drift.rows": 126}),  # more than a fifth more
    ({}, 474, 600, {"drift.rows": 126}),
    ({}, 21, 30, {}),  # a handful of people moved
    ({}, 20, 30, {"drift.rows": 10}),
    ({"phone": [None]}, 600, 600, {"drift.share.phone": 300}),  # every number is gone
    ({"sex": ["2"]}, 600, 600, {"drift.share.age_at_year_end": 300, "drift.share.sex": 300}),
    ({"age_at_year_end": ["42", "58", "99"]}, 600, 600, {"drift.share.age_at_year_end": 200}),
    ({"age_at_year_end": ["x"]}, 600, 600, {"drift.share.age_at_year_end": 600}),
]


@pytest.mark.parametrize(("change", "rows", "before", "doubts"), CHANGES)
def test_what_moved_is_named_with_the_rows_that_moved(
    change: dict[str, list[str | None]], rows: int, before: int, doubts: dict[str, int]
) -> None:
    now, last = profile(_people(rows, **change), TARGET_LIST), profile(_people(before), TARGET_LIST)
    assert doubts_of(compare(now, last, RULES)) == doubts


def test_two_of_a_handful_are_chance() -> None:
    now = profile(_people(10, phone=[None, None, None, "x", "x"]), TARGET_LIST)
    last = profile(_people(10), TARGET_LIST)
    assert doubts_of(compare(now, last, RULES)) == {}


def test_an_empty_table_before_says_nothing() -> None:
    nobody = profile(_people(0), TARGET_LIST)
    assert compare(profile(_people(5), TARGET_LIST), nobody, RULES) == []
    assert doubts_of(compare(nobody, profile(_people(5), TARGET_LIST), RULES)) == {"drift.rows": 5}


def test_rules_that_a_contract_has_not_are_not_asked() -> None:
    frame = pd.DataFrame({"inquiry_number": ["1"], "stop_kind": ["1"], "until": [None]}, dtype=object)
    made = profile(frame, STOP_LIST)
    assert compare(made, Profile("stop_list", 100, made.bands), rules_of("stop_list")) == []


_COUNTS = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 50), max_size=5)


@given(_COUNTS, _COUNTS)
def test_a_distance_is_symmetric_and_between_0_and_1(one: dict[str, int], other: dict[str, int]) -> None:
    assert 0 <= distance(one, other) <= 1 + 1e-9
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert distance(one, one) == 0
    assert by_chance(one, other) == by_chance(other, one)
