"""What starts each DAG: the schedules that the DAG files declare are the days of the replay, and people the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction

from kansho.campaign.calendar import ZONE, occasions
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho_airflow import timetable
from kansho_airflow.timetable import ContractCalendar
from tests.conftest import MINI, REPOSITORY, SAMPLE

#: Stages that no clock and no asset starts, and why.
BY_HAND = {
    "campaign_opening": "a person opens the year, once the register is whole; nothing else works before",
    "config_amendment": "after somebody changed the campaign file",
}
#: What people besides the data engineer may start.
STARTERS = {
    "extract_intake": {Role.CONTRACTOR_MANAGER, Role.CONTRACTOR_STAFF},
    "incident": {Role.CONTRACTOR_MANAGER, Role.CONTRACTOR_STAFF},
}


@pytest.fixture(scope="module")
def dags() -> Iterator[dict[str, Any]]:
    """Every DAG as a real campaign has it."""
    from airflow.dag_processing.dagbag import DagBag

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KANSHO_CAMPAIGNS", f"{SAMPLE}:{MINI}")
        patch.setenv("KANSHO_REPLAY", "0")
        yield DagBag(dag_folder=str(REPOSITORY / "dags")).dags


def declared(dag: Any) -> Iterator[tuple[date, time]]:
    """Day and hour of every run that the scheduler would start, walked as it walks."""
    if not isinstance(dag.timetable, ContractCalendar):
        return
    calendar = ContractCalendar.deserialize(dag.timetable.serialize())
    inside = TimeRestriction(pendulum.instance(dag.start_date), pendulum.instance(dag.end_date), dag.catchup)
    last: DataInterval | None = None
    while (info := calendar.next_dagrun_info(last_automated_data_interval=last, restriction=inside)) is not None:
        moment = info.run_after.astimezone(ZONE)
        yield date(moment.year, moment.month, moment.day), time(moment.hour, moment.minute)
        last = info.data_interval


@pytest.fixture
def nothing_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetable.timezone, "utcnow", lambda: pendulum.datetime(2020, 1, 1))


@pytest.mark.usefixtures("nothing_has_passed")
def test_the_dags_start_on_exactly_the_days_of_the_replay_and_oversight_looks_on_the_others_too(
    dags: dict[str, Any], sample: CampaignConfig, mini: CampaignConfig
) -> None:
    for config in (sample, mini):
        stages = {dag_id.partition("__")[2]: dag for dag_id, dag in dags.items() if dag_id.startswith(config.id)}
        found = {(day, at, stage) for stage, dag in stages.items() for day, at in declared(dag)}
        played = {(o.on, o.at, o.stage) for o in occasions(config) if o.stage not in BY_HAND}
        due = {day for day, _, stage in played if stage == "oversight"}
        # Days without anything due are left out of the replay.
        assert {(d, at, s) for d, at, s in found if s != "oversight" or d in due} == played
        watched = sorted(day for day, _, stage in found if stage == "oversight")
        assert watched[0] == config.opening_on + timedelta(days=1)
        assert watched[-1] == config.closing.handover_on
        assert {b - a for a, b in zip(watched, watched[1:], strict=False)} == {timedelta(days=1)}


def test_what_neither_a_clock_nor_an_asset_starts_is_started_by_people_for_a_reason(dags: dict[str, Any]) -> None:
    unstarted = {d.partition("__")[2] for d, dag in dags.items() if type(dag.timetable).__name__ == "NullTimetable"}
    assert unstarted == set(BY_HAND)


def test_beside_the_engineer_only_those_who_learn_of_it_first_may_start_a_stage(dags: dict[str, Any]) -> None:
    for dag_id, dag in dags.items():
        campaign, _, stage = dag_id.partition("__")
        starting = {role for role, rights in dag.access_control.items() if "can_create" in rights.get("DAG Runs", ())}
        assert starting == {f"{campaign}.{role.value}" for role in STARTERS.get(stage, set())}
        for role in starting:
            assert "can_edit" in dag.access_control[role]["DAGs"]


#: Whoever may open an incident, or sees in the log that one must be: the task that tells the ward and wakes the stage.
WATCHED = ("extract_intake", "mailing_dispatch", "visit_day", "oversight")


def test_whoever_opens_an_incident_tells_the_ward_and_wakes_its_stage_whatever_failed_before(
    dags: dict[str, Any],
) -> None:
    for campaign in ("shinjuku_2026", "sumida_2027"):
        wakes = {f"{campaign}.incident"}
        woken_by = dags[f"{campaign}__incident"].timetable.asset_condition
        assert {a.name for a in woken_by.objects} == wakes
        for stage in WATCHED:
            dag = dags[f"{campaign}__{stage}"]
            watch = dag.get_task("watch_incidents")
            assert {a.name for a in watch.outlets} == wakes
            if stage != "oversight":
                assert watch.trigger_rule == "all_done"
                others = {t.task_id for t in dag.tasks} - {"watch_incidents", "verdict"}
                assert watch.get_flat_relative_ids(upstream=True) == others
