"""Validation: gates decide row by row; what is held waits for its owner; stop lists fail closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from kansho.campaign.ages import age_fits
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.contracts.registry import CHECKUP_RESULTS
from kansho.errors import KanshoError
from kansho.evidence.account import reconciliations
from kansho.evidence.register import open_exceptions
from kansho.intake.exceptions import open_for_refusal, resolve_refusals
from kansho.intake.row_rules import attendance_rules, kinds_fit_sex, target_list_rules
from kansho.intake.stage import find_deliveries, take_in
from kansho.intake.validation import accept_validated, check_raw, find_raw, stop_list_doubts
from kansho.standing import gather, status
from kansho.workspace import Workspace
from tests.deliveries import Delivery, analysis, numbers, people, person, staff, stops, whole

Open = Callable[[date], Workspace]
DAY = date(2027, 4, 20)


def _take(ws: Workspace, *deliveries: Delivery) -> None:
    for delivery in deliveries:
        delivery.put(ws).unlock(ws)
    work = find_deliveries(ws, {})
    assert work is not None
    assert not take_in(ws, work)["refused"]


def _check(ws: Workspace) -> dict[str, Any]:
    work = find_raw(ws, {})
    assert work is not None
    return check_raw(ws, work)


def _decide(ws: Workspace, checked: dict[str, Any], decision: str) -> None:
    key = f"{ws.config.id}__validation/run-{ws.ledger.size}/gate"
    codes = {"role": "contractor_manager", "reason_required": "yes"}
    ws.record("approval_requested", key, codes=codes, refs={"artefact": checked["artefact"]})
    owner = staff(ws, Role.CONTRACTOR_MANAGER)
    digest = {"digest": checked["artefact"]["digest"]}
    owner.record("approval_decided", key, codes={"decision": decision, "reason": "known_cause"}, refs=digest)


def test_good_tables_pass_into_facts(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _take(ws, whole())
    checked = _check(ws)
    assert checked["gate_result"] == "pass"
    done = accept_validated(ws, checked)
    assert done["counts"] == {"accepted": 6, "quarantined": 0}
    assert ws.latest("roster").rows == 3
    assert ws.latest("analysis").rows == 3
    assert ws.latest("stop_facts").rows == 0
    accepted = ws.ledger.find("stop_list_accepted", "d01")
    assert accepted is not None
    assert accepted.codes == {"issued_on": "2027-04-20"}
    assert find_raw(ws, {}) is None
    assert all(r.ok for r in reconciliations(ws.ledger.events()))
    size = ws.ledger.size
    assert accept_validated(ws, checked) == done
    assert ws.ledger.size == size


def test_bad_rows_go_to_quarantine_with_their_reason(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    n = numbers(7)
    rows = [
        person(n[0]),
        person(n[1], age_at_year_end="49"),
        person(n[2], postal_code="160-0001"),
        person(n[3], name_kana="山梨"),
        person(n[4], sex="1", screening_kinds="07"),
        person(n[5][:-1] + str((int(n[5][-1]) + 1) % 10)),
        person(n[6], birth_date="昭和52年13月1日"),
    ]
    _take(ws, Delivery().add("target_list", rows))
    checked = _check(ws)
    assert checked["gate_result"] == "hold"
    summary = ws.read_table(ws.latest("gate_summary"))
    assert list(summary.columns) == ["delivery", "table", "result", "rule", "rows"]
    _decide(ws, checked, "approve")
    accept_validated(ws, checked)
    assert ws.latest("roster").rows == 1
    kept_back = ws.read_table(ws.latest("quarantine"))
    assert list(kept_back["reason"]) == [
        "age.rule",
        "postal.ward",
        "kana.letters",
        "kinds.sex",
        "number.check_digit",
        "birth_date.shape",
    ]
    assert list(kept_back["name_kanji"]) == ["月見里　凛"] * 6  # the original row
    gate = ws.ledger.find("gate_evaluated", "target_list/d01")
    assert gate is not None
    assert {n: gate.counts[n] for n in ("rows", "accepted", "quarantined")} == {
        "rows": 7,
        "accepted": 1,
        "quarantined": 6,
    }
    assert gate.counts["rule.postal.ward"] == 1
    assert gate.codes["rule.postal.ward"] == "quarantine"
    assert gate.codes["result"] == "hold"


def test_behind_a_hold_nothing_is_accepted_without_its_owner(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _take(ws, Delivery().add("target_list", [*people(2), person(numbers(3)[2], sex="9")]))
    checked = _check(ws)
    for forged in (checked, {**checked, "gate_result": "pass"}):
        with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
            accept_validated(ws, forged)
    assert ws.snapshots("roster") == []


def test_what_was_sent_back_is_set_aside_for_the_redelivery(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _take(ws, Delivery("d01").add("target_list", [*people(2), person(numbers(3)[2], sex="9")]))
    _decide(ws, _check(ws), "reject")
    assert find_raw(ws, {}) is None
    _take(ws, Delivery("d01-r2").add("target_list", people()))
    checked = _check(ws)
    assert checked["deliveries"] == ["d01-r2"]
    assert checked["gate_result"] == "pass"
    accept_validated(ws, checked)
    assert ws.latest("roster").rows == 3


def test_a_table_of_which_nothing_is_left_stops(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _take(ws, Delivery().add("target_list", [person(n, sex="9") for n in numbers(3)]))
    checked = _check(ws)
    assert checked["gate_result"] == "stop"
    _decide(ws, checked, "approve")
    with pytest.raises(KanshoError, match="GATE-STOPPED"):
        accept_validated(ws, checked)


def test_analysis_rows_of_unknown_numbers_are_quarantined(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _take(ws, Delivery().add("target_list", people(3)).add("analysis_items", analysis(4)))
    checked = _check(ws)
    _decide(ws, checked, "approve")
    accept_validated(ws, checked)
    assert list(ws.read_table(ws.latest("quarantine"))["reason"]) == ["number.known"]


def test_of_a_row_that_may_hold_results_of_a_dock_nothing_is_kept_but_its_key(open_workspace: Open) -> None:
    opened = open_workspace(DAY)
    approved = (*opened.config.approved_analysis_items, *CHECKUP_RESULTS.names)
    ws = replace(opened, config=opened.config.model_copy(update={"approved_analysis_items": approved}))
    row = dict.fromkeys(CHECKUP_RESULTS.names, "") | {"exam_date": "2026-06-01", "systolic": "150", "diastolic": "90"}
    kinds = zip(numbers(3), ("10", "40", "20"), strict=True)
    rows = [row | {"inquiry_number": number, "report_kind": kind} for number, kind in kinds]
    _take(ws, Delivery().add("target_list", people(3)).add("checkup_results", rows))
    checked = _check(ws)
    assert checked["gate_result"] == "hold"  # two of three rows
    _decide(ws, checked, "approve")
    accept_validated(ws, checked)
    assert ws.read_table(ws.latest("checkup_facts"))["inquiry_number"].tolist() == [numbers(3)[0]]
    kept = ws.read_table(ws.find("quarantine", "checkup_results-d01") or ws.latest("quarantine"))
    assert kept["reason"].tolist() == ["report.kind", "report_kind.code"]
    assert kept["inquiry_number"].tolist() == numbers(3)[1:]
    assert kept["systolic"].isna().tolist() == [True, False]
    filled = {name for name in kept if pd.notna(kept[name].iloc[0])}
    assert filled == {"inquiry_number", "exam_date", "report_kind", "reason"}


def test_numbers_stay_known_after_retention_erased_the_raw_table(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _take(ws, Delivery().add("target_list", [*people(2), person(numbers(3)[2], sex="9")]))
    checked = _check(ws)
    _decide(ws, checked, "approve")
    accept_validated(ws, checked)
    ws.erase(ws.latest("raw_target_list"), reason="retention")
    later = replace(ws, today=date(2027, 6, 8))
    _take(later, Delivery("d02").add("stop_list", stops(*((n, "1", "") for n in numbers(3)))))
    assert _check(later)["gate_result"] == "pass"


# -- stop lists --------------------------------------------------------------------------------


def test_a_shrunken_stop_list_waits_for_a_decision(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    listed = stops(*((n, "1", "") for n in numbers(5)))
    _take(ws, Delivery("d01").add("target_list", people(5)).add("stop_list", listed))
    accept_validated(ws, _check(ws))
    _take(ws, Delivery("d02").add("stop_list", listed[:3]))
    checked = _check(ws)
    assert checked["gate_result"] == "hold"
    assert list(ws.read_table(ws.latest("gate_summary"))["rule"]) == ["STOP-SHRUNK"]
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        accept_validated(ws, checked)
    assert ws.latest("stop_facts").rows == 5  # the old list holds meanwhile
    _decide(ws, checked, "approve")
    accept_validated(ws, checked)
    assert ws.latest("stop_facts").rows == 3


def test_a_stop_for_a_number_that_was_never_listed_waits_and_is_kept(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _take(ws, Delivery().add("target_list", people(3)).add("stop_list", stops((numbers(9)[8], "1", ""))))
    checked = _check(ws)
    assert checked["gate_result"] == "hold"
    _decide(ws, checked, "approve")
    accept_validated(ws, checked)
    assert ws.latest("stop_facts").rows == 1


@pytest.mark.parametrize(
    ("listed", "last", "doubts"),
    [
        (["a", "b"], None, {}),
        (["a", "b"], 2, {}),
        (["a"], 2, {"STOP-SHRUNK": 1}),
        ([], 2, {"STOP-SHRUNK": 2}),
        (["a", "b"], 0, {}),
        (["a", "x"], 2, {"STOP-UNKNOWN": 1}),
        (["x"], 4, {"STOP-SHRUNK": 3, "STOP-UNKNOWN": 1}),
    ],
)
def test_what_makes_a_stop_list_doubtful(listed: list[str], last: int | None, doubts: dict[str, int]) -> None:
    found = stop_list_doubts(pd.Series(listed, dtype=object), {"a", "b"}, last, 0.8)
    assert {rule: rows for rule, rows in found.items() if rows} == doubts


def test_a_deferral_says_until_when(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    rows = stops((numbers(2)[0], "2", ""), (numbers(2)[1], "1", ""))
    _take(ws, Delivery().add("target_list", people(2)).add("stop_list", rows))
    checked = _check(ws)
    assert checked["gate_result"] == "hold"  # a stop must never be dropped without a person's eye
    found = ws.read_table(ws.latest("gate_summary"))
    assert list(found["rule"][found["table"].eq("stop_list")]) == ["until.given"]
    _decide(ws, checked, "approve")
    accept_validated(ws, checked)
    assert ws.latest("stop_facts").rows == 1
    standing = status(gather(ws), DAY)
    assert list(standing["stopped"]) == [True, True]  # whatever is wrong with the row, the ward asked for silence


# -- rules between columns ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "age", "fits"),
    [
        ("1988-03-31", "40", True),
        ("1988-04-01", "39", True),  # by birthday
        ("1988-04-01", "40", True),  # by the law: the day before
        ("1988-04-02", "39", True),
        ("1988-04-02", "40", False),
        ("1953-04-01", "74", True),
        ("1953-04-01", "75", True),
        ("1953-03-31", "74", False),
        ("1948-02-29", "80", True),
        ("2027-13-40", "0", False),
        (None, "50", False),
    ],
)
def test_age_at_year_end_may_follow_either_rule(born: str | None, age: str, fits: bool) -> None:
    found = age_fits(pd.Series([born], dtype=object), pd.Series([age], dtype=object), date(2028, 3, 31))
    assert bool(found.iloc[0]) is fits


def test_births_on_the_first_of_april_are_counted(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _take(ws, Delivery().add("target_list", [*people(2), person(numbers(3)[2], birth_date="1978-04-01")]))
    checked = _check(ws)
    accept_validated(ws, checked)
    stored = ws.ledger.find("snapshot_stored", "roster/d01")
    assert stored is not None
    assert stored.counts["born_1_april"] == 1


@pytest.mark.parametrize(
    ("kinds", "sex", "fits"),
    [
        ("06|07", "2", True),
        ("06", "1", False),
        ("08", "1", True),
        ("03|08", "2", False),
        (None, "1", True),
        ("08", "9", True),
    ],
)
def test_screenings_of_one_sex(kinds: str | None, sex: str, fits: bool) -> None:
    assert list(kinds_fit_sex(pd.Series([kinds], dtype=object), pd.Series([sex], dtype=object))) == [fits]


def test_attendance_lies_in_the_year_and_not_ahead(mini: CampaignConfig) -> None:
    frame = pd.DataFrame(
        {
            "inquiry_number": numbers(4),
            "screening_kind": ["90"] * 4,
            "attendance_date": ["2027-03-31", "2027-04-01", "2027-08-09", "2027-08-10"],
        },
        dtype=object,
    )
    kept = attendance_rules(frame, set(numbers(4)), mini, date(2027, 8, 9))["date.plausible"]
    assert list(kept) == [False, True, True, False]


def test_rules_do_not_fail_on_a_table_of_nobody(mini: CampaignConfig) -> None:
    empty = pd.DataFrame({c: pd.Series(dtype=object) for c in person("x")})
    assert all(rule.empty for rule in target_list_rules(empty, mini).values())


def test_a_number_sent_twice_is_settled_by_the_row_that_replaces_both(open_workspace: Open) -> None:
    ws = open_workspace(date(2027, 4, 20))
    rows = people(400)
    _take(ws, Delivery("d01").add("target_list", [*rows, dict(rows[0])]))
    accept_validated(ws, _check(ws))
    (case,) = open_exceptions(ws.ledger.events())
    assert (case.rule, case.rows) == ("key.unique", 2)
    _take(ws, Delivery("d02", scope="changes").add("target_list", rows[:1]))
    accept_validated(ws, _check(ws))
    assert open_exceptions(ws.ledger.events()) == []


@pytest.mark.parametrize(
    ("refused", "accepted", "settled"),
    [
        ("d01", "d01-r2", True),
        ("d01-r2", "d01-r3", True),
        ("2026-results-01", "2026-roster-01", False),
        ("2026-results-01", "2026-results-01-r2", True),
        ("stop-renewal", "stop", False),
    ],
)
def test_a_refusal_is_settled_by_its_own_redelivery_alone(
    open_workspace: Open, refused: str, accepted: str, settled: bool
) -> None:
    ws = open_workspace(date(2027, 4, 20))
    open_for_refusal(ws, refused, "INTAKE-COUNT")
    resolve_refusals(ws, accepted)
    assert (open_exceptions(ws.ledger.events()) == []) is settled
