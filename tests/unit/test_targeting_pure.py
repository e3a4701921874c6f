"""Households, hold-outs and segments: the pure parts of targeting."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.campaign.config import Rule, Segment
from kansho.campaign.rights import TargetGroup
from kansho.errors import KanshoError
from kansho.standing.household import household_ids, normalise
from kansho.targeting.holdout import uniform
from kansho.targeting.segments import first_of, listed, matched, matches, merged, with_derived

JUDGED_ON = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("墨田区見本１丁目２番３号", "墨田区見本1-2-3"),
        ("墨田区見本一丁目２－３", "墨田区見本 1丁目2番地3"),
        ("墨田区見本十二丁目2番3号", "墨田区見本12-2-3"),
        ("見本荘　１０１号室", "見本荘101"),
        ("ﾐﾎﾝｺｰﾎﾟ201号", "ミホンコーポ ２０１"),
        ("見本1ー2ー3", "見本1−2‐3"),
    ],
)
def test_spellings_of_one_place_agree(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_places_that_differ_stay_apart() -> None:
    places = ["見本1-2-3", "見本12-3", "見本1-2-31", "三本1-2-3", "コーポ", "コポ"]
    assert len({normalise(p) for p in places}) == len(places)


def test_household_ids_are_opaque_and_keyed() -> None:
    places = pd.Series(["見本1丁目2番3号", "見本1-2-3", "見本1-2-4"])
    extras = pd.Series([None, float("nan"), None])
    ids = household_ids(places, extras, key=b"k" * 32)
    assert ids[0] == ids[1] != ids[2]
    assert set(ids).isdisjoint(household_ids(places, extras, key=b"j" * 32))


@given(st.binary(min_size=16, max_size=64), st.text(max_size=20))
def test_uniform_numbers_repeat_and_stay_in_range(seed: bytes, unit: str) -> None:
    drawn = uniform(seed, "holdout/w", unit)
    assert 0 <= drawn < 1
    assert drawn == uniform(seed, "holdout/w", unit)


@pytest.mark.parametrize(
    ("years", "pattern"),
    [
        ([None] * 5, "new"),
        (["0"] * 5, "never"),
        (["0", None, None, None, None], "never"),
        (["1"] * 5, "continuous"),
        (["1", "1", None, None, None], "continuous"),
        (["0", "0", "0", "1", "0"], "lapsed"),
        ([None, None, None, "1", "1"], "lapsed"),
        (["0", "1", "0", "1", "0"], "irregular"),
        (["1", "0", "0", "0", "0"], "irregular"),
    ],
)
def test_attendance_pattern(years: list[str | None], pattern: str) -> None:
    row = {f"attended_{n}y_ago": years[n - 1] for n in range(1, 6)}
    found = with_derived(pd.DataFrame([{"age_at_year_end": "50", **row}]), judged_on=JUDGED_ON)
    assert found["attendance_pattern"].iloc[0] == pattern


def test_result_flags() -> None:
    rows = [{"systolic": "140"}, {"diastolic": "90"}, {"hba1c": "6.5"}, {"ldl": "139", "bmi": "24.9"}, {}]
    found = with_derived(pd.DataFrame([{"age_at_year_end": "50", **r} for r in rows]), judged_on=JUDGED_ON)
    assert found["bp_high"].tolist() == ["1", "1", "0", "0", "0"]
    assert found["result_flag"].tolist() == ["1", "1", "1", "0", "0"]


def test_no_plan_is_made_on_thresholds_that_are_not_known() -> None:
    with pytest.raises(KanshoError, match="HEALTH-TERM"):
        with_derived(pd.DataFrame([{"age_at_year_end": "50"}]), judged_on=date(2016, 3, 31))


@pytest.mark.parametrize(
    ("op", "value", "hits"),
    [
        ("ge", 50, [False, True, False, False, True]),
        ("lt", 50, [True, False, False, True, False]),
        ("eq", 40, [True, False, False, False, False]),
        ("ne", "40", [False, True, True, True, True]),
        ("in", ["40", 50], [True, True, False, False, False]),
        ("is_null", None, [False, False, True, False, False]),
        ("not_null", None, [True, True, False, True, True]),
    ],
)
def test_operators(op: str, value: object, hits: list[bool]) -> None:
    table = pd.DataFrame({"x": ["40", "50", None, "L", "H"]})  # below and above what can be entered
    assert matches(table, Rule(column="x", op=op, value=value), segment="s").tolist() == hits


def test_faulty_rules_are_named() -> None:
    table = pd.DataFrame({"x": ["1"]})
    with pytest.raises(KanshoError, match="SEGMENT-COLUMN"):
        matches(table, Rule(column="y", op="eq", value=1), segment="s")
    with pytest.raises(KanshoError, match="SEGMENT-VALUE"):
        matches(table, Rule(column="x", op="ge", value="many"), segment="s")
    with pytest.raises(KanshoError, match="SEGMENT-VALUE"):
        matches(table, Rule(column="x", op="in", value="1"), segment="s")


def _segment(name: str, *rules: Rule, into: str | None = None) -> Segment:
    return Segment(
        id=name, name=name, group=TargetGroup.KENSHIN, intent="", frame="", design="d", when=rules, priority=1,
        merge_into=into,
    )  # fmt: skip


@given(rows=st.lists(st.lists(st.booleans(), min_size=70, max_size=70), max_size=6), codes=st.integers(0, 70))
def test_the_codes_that_hit_a_row_are_listed_in_their_order(rows: list[list[bool]], codes: int) -> None:
    hits = {f"c{n}": np.array([row[n] for row in rows], dtype=bool) for n in range(codes)}
    index = pd.Index(range(5, 5 + len(rows)))
    found = listed(hits, index)
    assert found.index.equals(index)
    assert found.tolist() == ["|".join(f"c{n}" for n in range(codes) if row[n]) for row in rows]


def test_first_match_wins_and_no_match_is_an_error() -> None:
    table, everyone = pd.DataFrame({"x": ["1", "2", "3"]}), pd.Series([True, True, True])
    one, rest = _segment("one", Rule(column="x", op="eq", value="1")), _segment("rest")
    both = matched(table, everyone, [one, rest], of="kenshin")
    assert both.tolist() == ["one|rest", "rest", "rest"]
    assert first_of(both).tolist() == ["one", "rest", "rest"]
    assert first_of(matched(table, everyone, [rest, one], of="kenshin")).tolist() == ["rest"] * 3
    outside = matched(table, pd.Series([False, True, False]), [one, rest], of="kenshin")
    assert first_of(outside).tolist() == [None, "rest", None]
    with pytest.raises(KanshoError, match="SEGMENT-NONE .*2"):
        matched(table, everyone, [one], of="kenshin")


@pytest.mark.parametrize(
    ("sizes", "into", "expected"),
    [
        # enough everywhere; too small joins; a chain; two of them; the whole group becomes one; nobody
        ({"a": 3, "b": 3}, {}, {"a": 3, "b": 3}),
        ({"a": 2, "b": 3}, {"a": "b"}, {"b": 5}),
        ({"a": 1, "b": 1, "c": 9}, {"a": "b", "b": "c"}, {"c": 11}),
        ({"a": 1, "b": 2, "c": 9}, {"a": "b", "b": "c"}, {"b": 3, "c": 9}),
        ({"a": 2, "b": 1}, {"a": "b"}, {"b": 3}),
        ({"a": 3}, {}, {"a": 3}),
        ({}, {}, {}),
    ],
)
def test_a_segment_below_the_smallest_size_joins_the_one_named_for_it(
    sizes: dict[str, int], into: dict[str, str], expected: dict[str, int]
) -> None:
    segments = [_segment(name, into=into.get(name)) for name in ("a", "b", "c")]
    people = pd.Series([*(name for name, n in sizes.items() for _ in range(n)), None], dtype=object)
    found = merged(people, segments, smallest=3, of="kenshin")
    assert found.dropna().value_counts().to_dict() == expected
    assert found.isna().tolist() == people.isna().tolist()


@pytest.mark.parametrize(
    ("sizes", "into", "small"),
    [
        # beside one that is large enough; the whole group; the whole group after merging; more than one
        ({"a": 1, "b": 3}, {}, "a"),
        ({"a": 2}, {}, "a"),
        ({"a": 1, "b": 1}, {"a": "b"}, "b"),
        ({"a": 1, "b": 2}, {}, "a b"),
    ],
)
def test_a_segment_that_is_too_small_and_has_none_to_join_is_refused(
    sizes: dict[str, int], into: dict[str, str], small: str
) -> None:
    people = pd.Series([name for name, n in sizes.items() for _ in range(n)], dtype=object)
    segments = [_segment(name, into=into.get(name)) for name in ("a", "b")]
    with pytest.raises(KanshoError, match="SEGMENT-SMALL") as refused:
        merged(people, segments, smallest=3, of="kenshin")
    assert refused.value.place == f"segments.kenshin {small}"
