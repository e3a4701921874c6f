"""Profiles between deliveries: kept without a value, found again, compared by the campaign's own thresholds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pandas as pd

from kansho.campaign.config import LastYear, RuleTuning
from kansho.contracts.registry import TARGET_LIST
from kansho.quality.catalogue import rules_of
from kansho.quality.drift import profile
from kansho.quality.profiles import drift_doubts, drift_of, last_profile, profiles_to_hand_over, store_profile
from kansho.workspace import Workspace
from tests.deliveries import numbers, person

Open = Callable[[date], Workspace]


def _frame(rows: int, **change: str) -> pd.DataFrame:
    return pd.DataFrame([person(n, **change) for n in numbers(rows)], dtype=object).replace({"": None})


def test_the_profile_before_is_of_the_same_kind_and_not_of_the_same_piece_of_work(open_workspace: Open) -> None:
    ws = open_workspace(date(2027, 4, 20))
    assert last_profile(ws, "target_list", "d01") is None
    first, second = profile(_frame(40), TARGET_LIST), profile(_frame(60), TARGET_LIST)
    store_profile(ws, "d01", first)
    store_profile(ws, "d02", second)
    size = ws.ledger.size
    store_profile(ws, "d02", second)
    assert ws.ledger.size == size
    assert last_profile(ws, "target_list", "d01") is None
    assert last_profile(ws, "target_list", "d02") == first
    assert last_profile(ws, "target_list", "d03") == second
    assert last_profile(ws, "stop_list", "d03") is None


def test_a_kept_profile_holds_no_value_of_a_person(open_workspace: Open) -> None:
    ws = open_workspace(date(2027, 4, 20))
    ref = store_profile(ws, "d01", profile(_frame(40), TARGET_LIST))
    data = ws.read_bytes(ref).decode()
    assert data.isascii()
    for value in ("0000-1234", "1977", "130-0001", numbers(1)[0]):
        assert value not in data


def test_drift_is_asked_when_there_is_a_table_before(open_workspace: Open) -> None:
    ws = open_workspace(date(2027, 4, 20))
    made, doubts = drift_of(ws, "d01", _frame(100), TARGET_LIST)
    assert doubts == {}
    store_profile(ws, "d01", made)
    _, same = drift_of(ws, "d02", _frame(100), TARGET_LIST)
    assert set(same) == {r.id for r in rules_of("target_list").values() if r.kind == "drift"}
    assert set(same.values()) == {0}
    _, moved = drift_of(ws, "d02", _frame(60, phone=""), TARGET_LIST)
    assert {rule: n for rule, n in moved.items() if n} == {"drift.rows": 40, "drift.share.phone": 60}


def test_a_ward_that_expects_a_change_widens_the_threshold(open_workspace: Open) -> None:
    ws = open_workspace(date(2027, 4, 20))
    now, last = profile(_frame(60), TARGET_LIST), profile(_frame(100), TARGET_LIST)
    tuned = ws.config.model_copy(update={"rules": (RuleTuning(rule="drift.rows", threshold=0.5),)})
    assert drift_doubts(now, last, rules_of("target_list"))["drift.rows"] == 40
    assert drift_doubts(now, last, rules_of("target_list", tuned))["drift.rows"] == 0


def test_what_is_handed_over_is_what_next_years_first_delivery_is_compared_with(open_workspace: Open) -> None:
    ws = open_workspace(date(2027, 4, 20))
    store_profile(ws, "d01", profile(_frame(40), TARGET_LIST))
    frame = _frame(400)
    frame.loc[:2, "phone"] = None
    frame.loc[:99, "address_extra"] = None
    store_profile(ws, "d02", profile(frame, TARGET_LIST))
    (told,) = profiles_to_hand_over(ws)
    assert told.rows == 400
    assert "phone" not in told.bands  # three people are no cell to be told, nor what all but them are
    assert told.bands["address_extra"] == {"given": 300, "missing": 100}
    assert all(n >= ws.config.disclosure.min_cell for cells in told.bands.values() for n in cells.values())

    last_year = LastYear.model_validate(told.to_json())
    next_year = replace(ws, config=ws.config.model_copy(update={"last_year": (last_year,)}))
    assert last_profile(next_year, "target_list", "d03") == profile(frame, TARGET_LIST)  # the year's own goes first
    assert last_profile(next_year, "stop_list", "d03") is None


def test_the_first_delivery_of_a_year_is_compared_with_last_year(open_workspace: Open) -> None:
    ws = open_workspace(date(2027, 4, 20))
    last_year = LastYear(kind="target_list", rows=400, bands={"phone": {"given": 400}})
    ws = replace(ws, config=ws.config.model_copy(update={"last_year": (last_year,)}))
    _, doubts = drift_of(ws, "d01", _frame(200, phone=""), TARGET_LIST)
    assert {rule: n for rule, n in doubts.items() if n} == {"drift.rows": 200, "drift.share.phone": 200}
    _, doubts = drift_of(ws, "d01", _frame(390), TARGET_LIST)
    assert {rule for rule, n in doubts.items() if n} == set()
