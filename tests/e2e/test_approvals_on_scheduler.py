"""Approvals, verdict, dates and the task boundary on a real scheduler, with a toy campaign.

One Airflow for the whole file; each test starts runs of its own.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kansho.campaign.config import load_config
from kansho.closing.needles import needles_of
from kansho.closing.residue import ScanResult, scan
from kansho.evidence.events import Actor
from kansho.workspace import Workspace
from kansho_airflow.client import FINISHED, AirflowClient
from kansho_airflow.replay.clocks import seconds_of
from kansho_airflow.replay.look import Look
from kansho_airflow.rolenames import ADMIN
from kansho_airflow.services import Airflow

pytestmark = pytest.mark.timeout(300)

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "include" / "campaigns" / "shinjuku" / "2026.yaml"
CAMPAIGN = "shinjuku_2026"
TODAY = date(2026, 6, 1)
OFFICER, WARD_MANAGER, MANAGER, ENGINEER, PRINTER = "takanashi", "yamanashi", "watanuki", "tsukumo", "mitarai"
STAFF = "teshigawara"
#: Two people as the toy's stage functions know them: whom the boundary holds back, and whom nothing could.
LEAK = {"name_kanji": "見本漏　太郎", "name_kana": "ミホンモレ", "phone": "090-1234-5678"}
SPILT = {"name_kanji": "溢見本　花枝", "name_kana": "アフレミホン", "phone": "080-8765-4321"}


@dataclass
class Toy:
    """The running toy; ``hasty`` is a run whose approval nobody answers."""

    airflow: Airflow
    hasty: tuple[str, str] = ("", "")
    clients: dict[str, AirflowClient] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def admin(self) -> AirflowClient:
        return self.as_user(ADMIN)

    @property
    def look(self) -> Look:
        return Look(self.airflow.installation.database)

    def as_user(self, user: str) -> AirflowClient:
        if user not in self.clients:
            self.clients[user] = AirflowClient(self.airflow.installation.url, user, self.airflow.passwords()[user])
        return self.clients[user]

    def workspace(self) -> Workspace:
        installation = self.airflow.installation
        return Workspace.open(load_config(installation.campaigns[0]), installation.var, TODAY)

    def start(self, stage: str, day: date = TODAY, **conf: Any) -> tuple[str, str]:
        dag_id, run_id = f"{CAMPAIGN}__{stage}", f"test__{next(self.numbers)}"
        body = {"campaign_date": day.isoformat(), "case": run_id.replace("__", "-"), **conf}
        self.admin.trigger(dag_id, run_id, body)
        return dag_id, run_id

    def waiting(self, run: tuple[str, str]) -> dict[str, Any]:
        """The approval that waits in a run."""

        def found() -> dict[str, Any] | None:
            assert self.admin.run(*run)["state"] not in FINISHED
            for detail in self.admin.open_approvals():
                task = detail["task_instance"]
                if (task["dag_id"], task["dag_run_id"]) == run:
                    return dict(detail)
            return None

        return wait_until(found)

    def open_in_desk(self, run: tuple[str, str], name: str, user: str) -> None:
        """What the desk records when a person opens the artefact."""
        ws = self.workspace()
        handler = ws.config.handler_of_user(user)
        assert handler is not None
        assert handler.role is not None
        key = f"{run[0]}/{run[1]}/{name}"
        request = ws.ledger.find("approval_requested", key)
        assert request is not None
        ws.acting_as(Actor(handler.party, user, handler.role.value)).record(
            "artefact_opened", f"{key}/{user}", refs={"digest": request.refs["artefact"]["digest"]}
        )

    def answer(self, run: tuple[str, str], name: str, user: str, option: str = "承認", reason: str = "none") -> int:
        return self.as_user(user).answer(*run, f"ask_{name}", [option], {"reason": reason})

    def approve(self, run: tuple[str, str], name: str, user: str) -> None:
        self.waiting(run)
        self.open_in_desk(run, name, user)
        assert self.answer(run, name, user) == 200

    def ended(self, run: tuple[str, str]) -> str:
        return self.admin.wait(*run, timeout=60)

    def released(self, run: tuple[str, str]) -> bool:
        """Whether what needed approval happened."""
        return self.workspace().ledger.find("document_issued", f"released-{run[1].replace('__', '-')}") is not None


def wait_until(look: Callable[[], Any], timeout: float = 60) -> Any:
    deadline = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
    return found


def toy_airflow(folder: Path) -> Airflow:
    """A toy installation with a config of its own."""
    config = folder / "campaign.yaml"
    if not config.is_file():
        shutil.copyfile(SAMPLE, config)
    return Airflow.at(folder / "var", campaigns=(config,), dags=HERE / "toy" / "dags", replay=True)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE / "toy"))
        airflow = toy_airflow(tmp_path_factory.mktemp("toy"))
        try:
            began = time.monotonic()
            airflow.start(timeout=120)
            started = Toy(airflow)
            started.admin.wait_for_dags({f"{CAMPAIGN}__spilling"})
            print(f"started in {time.monotonic() - began:.1f} s")
            assert started.ended(started.start("campaign_opening", date(2026, 4, 1))) == "success"
            started.hasty = started.start("hasty")  # the scheduler looks every 15 s for what has timed out
            yield started
        finally:
            airflow.stop(grace=5)


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


def test_a_short_task_takes_little_time(toy: Toy) -> None:
    run = toy.start("shards")
    assert toy.ended(run) == "success"
    shape = toy.admin.run(*run)
    seconds = _seconds(shape["start_date"], shape["end_date"])
    print(f"5 tasks in sequence: {seconds:.2f} s")
    assert seconds < 20  # 1.5 s on an idle machine; the benchmarks hold the real numbers


def _seconds(start: str, end: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
