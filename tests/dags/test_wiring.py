"""What a DAG file's words become, without running anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, TriggerRule

from kansho.campaign.calendar import ZONE
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho_airflow.steps import unwanted
from kansho_airflow.wiring import CALENDAR, Role, approval, asset, campaigns, decision, mapped, stage_dag, step, verdict

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "include" / "campaigns" / "shinjuku" / "2026.yaml"
MINI = REPOSITORY / "tests" / "campaigns" / "sumida_2027.yaml"


@pytest.fixture(autouse=True)
def two_campaigns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KANSHO_CAMPAIGNS", os.pathsep.join([str(SAMPLE), str(MINI)]))
    monkeypatch.delenv("KANSHO_REPLAY", raising=False)


def wire(campaign: CampaignConfig, **parts: Any) -> DAG:
    with stage_dag(campaign, "extract_intake", "doc", **parts) as dag:
        found = step("toy:find")
        gated = decision("gate", Role.CONTRACTOR_MANAGER, of=found, title="判断")
        approved = approval("plan", Role.WARD_OFFICER, of=gated, title="承認")
        pieces = mapped("toy:render", approved)
        step("toy:late", found, after=step("toy:join", pieces, outlet=asset(campaign, "plan")))
        verdict()
    return dag


def test_an_approval_is_request_ask_guard_and_passes_the_same_work(sample: CampaignConfig) -> None:
    dag = wire(sample)
    upstream = {task.task_id: task.upstream_task_ids for task in dag.tasks}
    assert upstream == {
        "find": set(),
        "request_gate": {"find"},
        "ask_gate": {"request_gate"},
        "guard_gate": {"ask_gate", "find"},
        "request_plan": {"guard_gate"},
        "ask_plan": {"request_plan"},
        "guard_plan": {"ask_plan", "guard_gate"},
        "split_render": {"guard_plan"},
        "render": {"split_render"},
        "join": {"render"},
        "late": {"find", "join"},
        "verdict": {"late"},
    }
    rules = {task.task_id: task.trigger_rule for task in dag.tasks if task.trigger_rule != TriggerRule.ALL_SUCCESS}
    assert rules == {
        "guard_gate": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        "guard_plan": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        "late": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        "verdict": TriggerRule.ALL_DONE,
    }


def test_the_question_goes_to_named_users_and_never_answers_itself(sample: CampaignConfig) -> None:
    ask = wire(sample).get_task("ask_plan")
    assert [user["name"] for user in ask.assigned_users] == [h.user for h in sample.users(Role.WARD_OFFICER)]
    assert ask.options == ["承認", "差戻し"]
    assert ask.defaults is None
    assert ask.retries == 0
    assert ask.response_timeout is not None


def test_only_roles_of_the_campaign_reach_its_dag(sample: CampaignConfig) -> None:
    access = wire(sample).access_control
    assert access == {
        "shinjuku_2026.contractor_manager": {"DAGs": {"can_read", "can_edit"}},
        "shinjuku_2026.contractor_staff": {"DAGs": {"can_read"}},
        "shinjuku_2026.contractor_engineer": {"DAGs": {"can_read", "can_edit"}},
        "shinjuku_2026.ward_officer": {"DAGs": {"can_read", "can_edit"}},
    }


def test_calendar_and_assets_start_a_stage_and_a_replay_leaves_only_assets(
    sample: CampaignConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = [asset(sample, "raw")]
    assert type(wire(sample, schedule=CALENDAR).timetable).__name__ == "ContractCalendar"
    assert type(wire(sample, schedule=CALENDAR, triggers=trigger).timetable).__name__ == "AssetOrTimeSchedule"
    dag = wire(sample, schedule=CALENDAR)
    assert dag.start_date is not None
    assert dag.start_date.astimezone(ZONE).isoformat() == "2026-04-01T00:00:00+09:00"
    assert dag.end_date is not None
    assert dag.end_date.astimezone(ZONE).date() == sample.contract.end
    monkeypatch.setenv("KANSHO_REPLAY", "1")
    assert type(wire(sample, schedule=CALENDAR).timetable).__name__ == "NullTimetable"
    assert type(wire(sample, schedule=CALENDAR, triggers=trigger).timetable).__name__ == "AssetTriggeredTimetable"


def test_a_task_parses_its_own_campaign_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [c.id for c in campaigns()] == ["shinjuku_2026", "sumida_2027"]
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "sumida_2027__closing")
    assert [c.id for c in campaigns()] == ["sumida_2027"]


def test_an_approval_that_nobody_could_give_does_not_parse(sample: CampaignConfig) -> None:
    nobody = sample.model_copy(update={"handlers": ()})
    with stage_dag(sample, "x", "doc"):
        work = step("toy:find")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("kansho_airflow.settings.campaign", lambda campaign_id: nobody)
            with pytest.raises(KanshoError, match="APPROVAL-NOBODY"):
                approval("plan", Role.WARD_OFFICER, of=work, title="承認")


def test_whom_a_result_leaves_without_work_is_named_and_nobody_else(sample: CampaignConfig) -> None:
    with stage_dag(sample, "x", "doc"):
        found = step("toy:find")
        told = step("toy:tell", found, when="papers")
        step("toy:count", found, after=told, when="rows")
        decision("gate", Role.CONTRACTOR_MANAGER, of=found, title="判断")
    table = [
        ({"papers": ["p"], "rows": 3, "gate_result": "hold"}, []),
        ({"papers": [], "rows": 3, "gate_result": "hold"}, ["tell"]),
        ({"gate_result": "stop"}, ["count", "tell"]),
        ({"papers": ["p"], "rows": 0, "gate_result": "pass"}, ["ask_gate", "count", "request_gate"]),
    ]
    assert [unwanted(found.operator, result) for result, _ in table] == [names for _, names in table]
    # "count" waits for "tell" and does not work on its result: what that says is no word about it.
    assert unwanted(told.operator, {"told": 1}) == []


def test_whom_those_without_work_leave_without_is_named_with_them(sample: CampaignConfig) -> None:
    with stage_dag(sample, "x", "doc"):
        found = step("toy:find")
        made = step("toy:make", found, when="rows")
        approval("plan", Role.WARD_OFFICER, of=made, title="承認")
        released = step("toy:release", made)
        told = step("toy:tell", found, when="papers")
        step("toy:close", after=[told, released])
        step("toy:both", [told, released], trigger_rule="none_failed_min_one_success")
    of_plan = ["ask_plan", "guard_plan", "make", "release", "request_plan"]
    assert unwanted(found.operator, {"rows": 3, "papers": ["p"]}) == []
    assert unwanted(found.operator, {"rows": 0, "papers": ["p"]}) == of_plan
    assert unwanted(found.operator, {"rows": 3, "papers": []}) == ["tell"]
    assert unwanted(found.operator, {}) == sorted([*of_plan, "tell", "close", "both"])


def test_who_waits_for_a_task_waits_for_those_before_it_too(sample: CampaignConfig) -> None:
    """The one in between may be skipped at once, while the first is still at work."""
    with stage_dag(sample, "x", "doc"):
        found = step("toy:find")
        first = step("toy:first", found, when="papers")
        second = step("toy:second", found, after=first, when="rows")
        third = step("toy:third", found, after=second, when="cards")
        last = step("toy:last", after=third, trigger_rule="all_done")
    assert last.operator.upstream_task_ids == {"first", "second", "third"}
    assert third.operator.upstream_task_ids == {"find", "first", "second"}


def test_a_key_of_work_that_nobody_makes_does_not_parse(sample: CampaignConfig) -> None:
    with stage_dag(sample, "x", "doc"), pytest.raises(KanshoError, match="WIRING-WHEN"):
        step("toy:find", when="papers")


def test_four_eyes_need_an_approval_before(sample: CampaignConfig) -> None:
    with stage_dag(sample, "x", "doc"), pytest.raises(KanshoError, match="WIRING-FOUR-EYES"):
        approval("second", Role.WARD_OFFICER, of=step("toy:find"), title="承認", distinct_from="first")


def test_a_gate_task_has_a_way_to_the_pages_of_its_runs(sample: CampaignConfig) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    with stage_dag(sample, "validation", "doc") as dag:
        step("toy:join", step("toy:find", gate=True))
        verdict()
    links = {task.task_id: [link.name for link in task.operator_extra_links] for task in dag.tasks}
    assert links["find"] == ["検証の記録"]
    assert links["join"] == []
    stored = DagSerialization.to_dict(dag)["dag"]["tasks"]
    found = {t["__var"]["task_id"]: t["__var"].get("_operator_extra_links") for t in stored}
    assert found["find"] == {"検証の記録": "_link_gate_pages"}
