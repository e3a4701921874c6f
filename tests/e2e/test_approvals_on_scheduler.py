"""Approvals, verdict, dates and the task boundary on a real scheduler, with a toy campaign.

Each test starts runs of its own.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from kansho.closing.needles import needles_of
from kansho.closing.residue import ScanResult, scan
from kansho_airflow.client import FINISHED
from kansho_airflow.replay.clocks import seconds_of
from kansho_airflow.rolenames import ADMIN
from tests.e2e.toys import (
    CAMPAIGN,
    ENGINEER,
    LEAK,
    MANAGER,
    OFFICER,
    PRINTER,
    SPILT,
    STAFF,
    TODAY,
    WARD_MANAGER,
    Toy,
    wait_until,
)

pytestmark = pytest.mark.timeout(300)


def test_approved_after_opening_is_green_and_releases(toy: Toy) -> None:
    run = toy.start("plan")
    toy.approve(run, "plan", OFFICER)
    assert toy.ended(run) == "success"
    assert toy.released(run)
    ledger = toy.workspace().ledger
    decided = ledger.find("approval_decided", "/".join((*run, "plan")))
    assert decided is not None
    assert decided.actor["user"] == OFFICER
    assert decided.codes["decision"] == "approve"
    assert ledger.find("stage_finished", "/".join(run)) is not None


def test_the_form_holds_codes_counts_and_the_desk_link(toy: Toy) -> None:
    run = toy.start("plan")
    detail = toy.waiting(run)
    assert f"/desk/{CAMPAIGN}/approvals/{run[0]}/{run[1]}/plan" in detail["body"]
    assert "1,234" in detail["body"]
    assert "回答する役割: 区 担当者" in detail["body"]
    assert [user["name"] for user in detail["assigned_users"]] == [OFFICER]
    toy.open_in_desk(run, "plan", OFFICER)
    assert toy.answer(run, "plan", OFFICER) == 200
    assert toy.ended(run) == "success"


def test_rejected_is_red_and_recorded(toy: Toy) -> None:
    run = toy.start("plan")
    toy.waiting(run)
    assert toy.answer(run, "plan", OFFICER, "差戻し", "wrong_counts") == 200
    assert toy.ended(run) == "failed"
    assert not toy.released(run)
    states = toy.admin.states(*run)
    assert states["guard_plan"] == "failed"
    assert states["finish"] == "upstream_failed"
    assert states["verdict"] == "failed"
    decided = toy.workspace().ledger.find("approval_decided", "/".join((*run, "plan")))
    assert decided is not None
    assert decided.codes == {"decision": "reject", "reason": "wrong_counts"}
    assert toy.admin.failures(*run)[0] == "guard_plan APPROVAL-REJECTED"


@pytest.mark.parametrize("marked", ["ask_plan", "guard_plan", "finish"])
def test_marked_success_by_hand_is_red(toy: Toy, marked: str) -> None:
    run = toy.start("plan")
    toy.waiting(run)
    if marked == "finish":
        assert toy.answer(run, "plan", OFFICER, "差戻し", "not_agreed") == 200
        assert toy.ended(run) == "failed"
    toy.admin.mark(*run, marked, "success")
    if marked == "guard_plan":
        toy.admin.mark(*run, "ask_plan", "success")
    if marked == "finish":
        toy.admin.clear(*run, ["verdict"])
        wait_until(lambda: toy.admin.run(*run)["state"] not in FINISHED, 20)
    assert toy.ended(run) == "failed"
    assert not toy.released(run)


def test_not_opened_in_the_desk_is_red(toy: Toy) -> None:
    run = toy.start("plan")
    toy.waiting(run)
    assert toy.answer(run, "plan", OFFICER) == 200
    assert toy.ended(run) == "failed"
    assert toy.admin.failures(*run)[0] == "guard_plan APPROVAL-UNREAD"
    assert not toy.released(run)


def test_changed_after_the_request_is_red(toy: Toy) -> None:
    run = toy.start("plan")
    toy.waiting(run)
    toy.open_in_desk(run, "plan", OFFICER)
    case = run[1].replace("__", "-")
    vault = toy.workspace().vault
    vault.erase(f"plan_document/plan-{case}")
    vault.put_bytes("plan_document", f"plan-{case}", b"other")
    assert toy.answer(run, "plan", OFFICER) == 200
    assert toy.ended(run) == "failed"
    assert toy.admin.failures(*run)[0] == "guard_plan APPROVAL-CHANGED"


def test_a_user_not_assigned_is_refused(toy: Toy) -> None:
    run = toy.start("plan")
    toy.waiting(run)
    assert toy.answer(run, "plan", MANAGER) == 403
    assert toy.answer(run, "plan", WARD_MANAGER) == 403
    assert toy.answer(run, "plan", PRINTER) == 403
    assert toy.answer(run, "plan", ADMIN) == 403
    toy.approve(run, "plan", OFFICER)
    assert toy.ended(run) == "success"


def test_prose_never_enters_airflow(toy: Toy) -> None:
    run = toy.start("plan")
    toy.waiting(run)
    assert toy.answer(run, "plan", OFFICER, reason="見本さんの電話は後で") == 422
    conf = {"dag_run_id": "x", "logical_date": None, "conf": {"note": "見本さん"}}
    assert toy.admin.call("POST", f"/dags/{run[0]}/dagRuns", conf, accept=(422,)).status_code == 422
    toy.approve(run, "plan", OFFICER)
    assert toy.ended(run) == "success"


def test_four_eyes_by_the_same_user_is_red(toy: Toy) -> None:
    run = toy.start("four_eyes")
    toy.approve(run, "first", OFFICER)
    wait_until(lambda: toy.admin.states(*run)["ask_second"] == "awaiting_input")
    toy.approve(run, "second", OFFICER)
    assert toy.ended(run) == "failed"
    assert toy.admin.failures(*run)[0] == "guard_second APPROVAL-FOUR-EYES"
    assert not toy.released(run)


def test_four_eyes_by_two_roles_is_green(toy: Toy) -> None:
    run = toy.start("two_roles")
    toy.approve(run, "first", WARD_MANAGER)
    wait_until(lambda: toy.admin.states(*run)["ask_second"] == "awaiting_input")
    toy.approve(run, "second", MANAGER)
    assert toy.ended(run) == "success"
    assert toy.released(run)


def test_a_gate_that_passes_asks_nobody_and_wakes_the_next_stage_with_its_date(toy: Toy) -> None:
    run = toy.start("gate", date(2026, 9, 9))
    assert toy.ended(run) == "success"
    states = toy.admin.states(*run)
    assert states["ask_gate"] == "skipped"
    assert states["guard_gate"] == "success"
    assert toy.released(run)
    wait_until(lambda: toy.workspace().ledger.find("plan_made", "woken-2026-09-09"))
    wait_until(lambda: toy.look.pending_asset_events() == 0)


def test_a_gate_that_holds_needs_a_reason(toy: Toy) -> None:
    run = toy.start("gate", gate_result="hold")
    toy.approve(run, "gate", MANAGER)
    assert toy.ended(run) == "failed"
    assert toy.admin.failures(*run)[0] == "guard_gate APPROVAL-REASON"
    again = toy.start("gate", gate_result="hold")
    toy.waiting(again)
    toy.open_in_desk(again, "gate", MANAGER)
    assert toy.answer(again, "gate", MANAGER, reason="known_cause") == 200
    assert toy.ended(again) == "success"
    assert toy.released(again)


def test_a_gate_that_stops_is_red(toy: Toy) -> None:
    run = toy.start("gate", gate_result="stop")
    assert toy.ended(run) == "failed"
    assert toy.admin.failures(*run)[0] == "guard_gate GATE-STOPPED"


def test_nothing_to_do_is_green_and_leaves_no_event(toy: Toy) -> None:
    run = toy.start("plan", nothing=True)
    assert toy.ended(run) == "success"
    states = toy.admin.states(*run)
    assert states.pop("verdict") == "success"
    assert set(states.values()) == {"skipped"}
    assert toy.workspace().ledger.find("stage_finished", "/".join(run)) is None


def test_what_the_work_does_not_ask_for_is_skipped_without_a_process_of_its_own(toy: Toy) -> None:
    run, asked = toy.start("some"), toy.start("some", wanted=1)
    assert (toy.ended(run), toy.ended(asked)) == ("success", "success")
    tasks = {task["task_id"]: (task["state"], task["pid"] is None) for task in toy.admin.tasks(*run)}
    assert tasks["make"] == ("skipped", True)
    assert (tasks["finish"], tasks["verdict"]) == (("success", False), ("success", False))
    assert toy.admin.states(*asked)["make"] == "success"
    assert toy.released(run)


def test_batches_are_mapped_and_joined(toy: Toy) -> None:
    run = toy.start("shards")
    assert toy.ended(run) == "success"
    states = toy.admin.states(*run)
    assert [states[f"one_shard.{n}"] for n in range(3)] == ["success"] * 3


def test_a_killed_task_runs_again_to_the_same_result(toy: Toy) -> None:
    run = toy.start("mortal")
    assert toy.ended(run) == "success"
    tries = {task["task_id"]: task["try_number"] for task in toy.admin.tasks(*run)}
    assert tries["die_once"] == 2
    assert len([ref for ref in toy.workspace().snapshots("plan_document") if ref.key == "before-death"]) == 1


def test_each_role_sees_only_its_dags(toy: Toy) -> None:
    assert toy.as_user(PRINTER).call("GET", "/dags", accept=(403,)).status_code == 403
    approved_by_officer = {f"{CAMPAIGN}__{stage}" for stage in ("plan", "hasty", "four_eyes")}
    assert set(toy.as_user(OFFICER).dag_ids()) == approved_by_officer
    assert len(toy.as_user(ENGINEER).dag_ids()) == len(toy.admin.dag_ids())
    body = {"dag_run_id": "y", "logical_date": None, "conf": {}}
    path = f"/dags/{CAMPAIGN}__plan/dagRuns"
    assert toy.as_user(OFFICER).call("POST", path, body, accept=(403,)).status_code == 403
    assert toy.as_user(STAFF).call("POST", path, body, accept=(403,)).status_code == 403


def test_a_starter_starts_the_stage_that_names_them(toy: Toy) -> None:
    run = (f"{CAMPAIGN}__called", "by-staff")
    toy.as_user(STAFF).trigger(*run, {"campaign_date": TODAY.isoformat(), "case": "by-staff"})
    assert toy.ended(run) == "success"


def test_what_a_replay_sees_is_what_the_interface_tells(toy: Toy) -> None:
    open_run = toy.start("plan")
    toy.waiting(open_run)
    told = toy.admin.open_approvals()
    fields = ("dag_id", "dag_run_id", "task_id", "map_index")
    asked = [{name: d["task_instance"][name] for name in fields} for d in told]
    seen = [d["task_instance"] for d in toy.look.open_approvals()]
    assert sorted(map(repr, seen)) == sorted(map(repr, asked))
    assert {(s["dag_id"], s["dag_run_id"]) for s in seen} >= {open_run}
    toy.approve(open_run, "plan", OFFICER)
    assert toy.ended(open_run) == "success"
    assert open_run not in {
        (d["task_instance"]["dag_id"], d["task_instance"]["dag_run_id"]) for d in toy.look.open_approvals()
    }
    runs = toy.look.runs(f"{CAMPAIGN}__plan")
    last = toy.admin.run(*open_run)
    assert (runs[-1]["dag_id"], runs[-1]["dag_run_id"], runs[-1]["state"]) == (*open_run, last["state"])
    assert seconds_of(runs[-1]) == pytest.approx(seconds_of(last))
    assert {r["dag_id"] for r in runs} == {f"{CAMPAIGN}__plan"}
    assert len(toy.look.runs()) > len(runs)


def test_a_leaky_task_leaves_no_trace_in_airflow(toy: Toy) -> None:
    run = toy.start("leaky")
    assert toy.ended(run) == "failed"
    failures = toy.admin.failures(*run)
    assert "leak TASK-FAILED" in failures
    assert "leak_result XCOM-REFUSED" in failures
    found = canary_scan(toy, LEAK)
    assert found.by_file == {}
    assert found.files > 50


def test_a_leak_past_the_boundary_turns_the_canary_scan_red(toy: Toy) -> None:
    """Descriptors and files are beyond any boundary inside the process: there the scan is the judge."""
    assert canary_scan(toy, SPILT).by_file == {}
    run = toy.start("spilling")
    assert toy.ended(run) == "success"  # nothing but the scan notices

    def spills() -> set[str]:
        return {_way(path) for path in canary_scan(toy, SPILT).by_file}

    wait_until(lambda: spills() >= {"spill_descriptor", "spill_encoded", "rows.bin"}, 20)
    assert canary_scan(toy, LEAK).by_file == {}  # what was contained is still nowhere


def canary_scan(toy: Toy, person: dict[str, str]) -> ScanResult:
    """The year's own scan for every form of one person's values, over the tree of the running toy."""
    layout = toy.workspace().layout
    return scan([layout.kansho, layout.airflow], sorted(needles_of(pd.DataFrame([person]))))


def _way(path: str) -> str:
    """The task whose log it is, else the file's name."""
    return next((p.removeprefix("task_id=") for p in Path(path).parts if p.startswith("task_id=")), Path(path).name)


def test_nobody_answered_in_time_is_red_void_and_not_asked_again(toy: Toy) -> None:
    run = toy.hasty
    assert toy.ended(run) == "failed"
    before, after = ("find", "make", "request_plan"), ("guard_plan", "finish")
    assert toy.admin.states(*run) == {
        **dict.fromkeys(before, "success"),
        "ask_plan": "failed",
        **dict.fromkeys(after, "upstream_failed"),
        "verdict": "failed",
    }
    assert toy.admin.failures(*run)[0] == "ask_plan APPROVAL-TIMEOUT"
    assert not toy.released(run)
    key = "/".join((*run, "plan"))
    voided = toy.workspace().ledger.find("approval_voided", key)
    assert voided is not None
    assert voided.codes == {"reason": "timeout"}
    events = [e.type for e in toy.workspace().ledger.events() if e.key.startswith("/".join(run))]
    assert events == ["approval_requested", "approval_voided"]

    toy.open_in_desk(run, "plan", OFFICER)
    toy.answer(run, "plan", OFFICER)  # whatever Airflow says to it, it counts for nothing
    toy.admin.clear(*run, ["ask_plan"])
    wait_until(lambda: toy.admin.run(*run)["state"] not in FINISHED, 20)
    assert toy.ended(run) == "failed"
    assert toy.admin.failures(*run)[0] == "ask_plan APPROVAL-TIMEOUT"
    assert not toy.released(run)
    assert toy.workspace().ledger.find("approval_decided", key) is None
