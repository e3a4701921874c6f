"""What DAG files use, and nothing else: campaigns, stage_dag, step, mapped, approval, decision, verdict.

Belongs here: the vocabulary of wiring.  Does not belong here: what a task does.

    for campaign in campaigns():
        with stage_dag(campaign, "segmentation", __doc__, triggers=[asset(campaign, "roster")]):
            work = step("kansho.targeting.planning:find_roster")
            plan = step("kansho.targeting.planning:make_plan", work)
            approved = approval("plan", Role.WARD_OFFICER, of=plan, title="勧奨計画の承認")
            step("kansho.targeting.planning:publish", approved, outlet=asset(campaign, "plan"))
            verdict()
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, AssetAny, AssetOrTimeSchedule, TriggerRule, XComArg, get_parsing_context

from kansho.campaign.calendar import ZONE
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho_airflow import settings
from kansho_airflow.approvals import AskOperator, GuardOperator, RequestOperator, assigned_users
from kansho_airflow.dates import campaign_date
from kansho_airflow.gatelink import GatePages
from kansho_airflow.rolenames import ALL_READERS, role_name
from kansho_airflow.steps import SplitOperator, StepOperator, outlets_of, task_of
from kansho_airflow.timetable import calendar_of
from kansho_airflow.verdict import VerdictOperator

__all__ = [
    "CALENDAR",
    "Role",
    "approval",
    "asset",
    "campaign_date",
    "campaigns",
    "decision",
    "mapped",
    "stage_dag",
    "step",
    "verdict",
]

#: ``schedule=CALENDAR``: the stage starts on its occasions of the contract's calendar.
CALENDAR = "calendar"

#: Only transient faults are retried (`kansho_airflow.boundary`), so this hides nothing.
RETRIES = 2
RETRY_DELAY = timedelta(seconds=5)

#: What answering, starting and clearing need on the DAG itself.
EDIT = frozenset({"can_read", "can_edit"})

#: How long an approval waits; then it fails, it never answers itself.
ANSWER_WITHIN = timedelta(days=21)


def campaigns() -> list[CampaignConfig]:
    """The campaigns whose DAGs this parse must build: all, or the one of the task being run."""
    wanted = get_parsing_context().dag_id
    if wanted is None:
        return list(settings.all_campaigns())
    return [config for config in settings.all_campaigns() if config.id == settings.campaign_id_of(wanted)]


def asset(campaign: CampaignConfig, name: str) -> Asset:
    """The asset by which one stage wakes another; it is a wake-up, and carries a date only."""
    return Asset(name=f"{campaign.id}.{name}", uri=f"kansho://{campaign.id}/{name}", group="kansho")


def stage_dag(
    campaign: CampaignConfig,
    stage: str,
    doc: str | None,
    schedule: str | None = None,
    triggers: Sequence[Asset] | None = None,
    starters: Sequence[Role] = (),
) -> DAG:
    """The DAG ``<campaign>__<stage>`` to be used with ``with``.

    Args:
        campaign: whose DAG.
        stage: name of the stage in the calendar and in the DAG id.
        doc: the DAG file's docstring.
        schedule: ``CALENDAR`` or None.  In a replay no DAG starts by the clock.
        triggers: assets, any of which starts the DAG.
        starters: roles that may start it by hand, besides 乙's data engineer.
    """
    if schedule not in (None, CALENDAR):
        raise KanshoError("WIRING-SCHEDULE", "schedule is CALENDAR or None", place=stage)
    replay = settings.is_replay()
    contract = campaign.contract
    return DAG(
        dag_id=f"{campaign.id}__{stage}",
        dag_display_name=f"{campaign.ward.name} {campaign.fiscal_year} {stage}",
        doc_md=doc,
        tags=[campaign.ward.slug, str(campaign.fiscal_year), stage],
        schedule=_schedule(campaign, stage, None if replay else schedule, triggers or ()),
        # A replay runs on any day of the real clock; the contract's dates are then kept by the calendar alone.
        start_date=None if replay else datetime.combine(contract.start, time.min, ZONE),
        end_date=None if replay else datetime.combine(contract.end, time.max, ZONE),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        default_args={"retries": RETRIES, "retry_delay": RETRY_DELAY, "owner": campaign.contractor.id},
        access_control=_access(campaign.id, starters),
    )


def step(
    function: str,
    work: XComArg | Sequence[XComArg] | None = None,
    *,
    outlet: Asset | Sequence[Asset] | None = None,
    trigger_rule: TriggerRule | str | None = None,
    task_id: str | None = None,
    after: XComArg | Sequence[XComArg] | None = None,
    gate: bool = False,
    when: str | None = None,
) -> XComArg:
    """A task that calls ``package.module:function`` with the workspace and ``work``.

    Args:
        function: the stage function; its name is the task id unless ``task_id`` is given.
        work: the upstream's result, or several that are merged; None for the first step.
        outlet: assets to wake others with, when the step did something.
        task_id: where one DAG calls the same function twice.
        trigger_rule: as in Airflow; the default fits nearly always.
        after: tasks to wait for without taking their result, and those that these wait for so; the step then runs
            unless one of them failed, also when they had nothing to do and skipped.
        gate: the function runs a gate; the task gets a link to the pages of its runs at the desk.
        when: key of ``work`` without which there is nothing to do; the upstream then skips the task at once.

    Raises:
        KanshoError: ``WIRING-WHEN`` for ``when`` on work that is not one task's result.
    """
    if when is not None and task_of(work) is None:
        raise KanshoError("WIRING-WHEN", "when names a key of one task's result", place=function)
    if after is not None and trigger_rule == TriggerRule.ALL_SUCCESS:
        trigger_rule = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
    waits = [] if after is None else [after] if isinstance(after, XComArg) else list(after)
    rule = trigger_rule or (TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if waits else TriggerRule.ALL_SUCCESS)
    operator = StepOperator(
        task_id=task_id or function.partition(":")[2],
        function=function,
        work=work,
        first=work is None,
        when=when,
        outlets=outlets_of(outlet),
        trigger_rule=rule,
    )
    if gate:
        operator.operator_extra_links = (GatePages(),)
    operator.after = _with_those_before(waits)
    for other in operator.after:
        operator.set_upstream(other)
    return operator.output


def _with_those_before(waits: Sequence[XComArg]) -> list[XComArg]:
    """What is waited for, and what that waits for: whom a result leaves without work is skipped at once, so that its
    end says nothing of those before it.
    """
    found = {task_of(other): other for other in waits}
    for other in waits:
        found |= {task_of(before): before for before in getattr(getattr(other, "operator", None), "after", ())}
    return [*found.values()]


def mapped(function: str, work: XComArg, *, task_id: str | None = None, max_parallel: int | None = None) -> XComArg:
    """A step once per entry of ``work["shards"]`` (batches, never people; each gets the rest of the work too).

    The next step receives ``{"shards": [result, ...]}``.
    """
    name = task_id or function.partition(":")[2]
    shards = SplitOperator(task_id=f"split_{name}", work=work).output
    return (
        StepOperator.partial(task_id=name, function=function, max_active_tis_per_dagrun=max_parallel)
        .expand(work=shards)
        .output
    )


def approval(
    name: str,
    role: Role,
    *,
    of: XComArg,
    title: str,
    distinct_from: str | None = None,
    answer_within: timedelta = ANSWER_WITHIN,
) -> XComArg:
    """Ask the users of ``role`` to approve ``work["artefact"]``; the result is the same work.

    Adds ``request_<name>``, ``ask_<name>`` and ``guard_<name>`` (see `kansho_airflow.approvals`).  Skipped
    work skips all three.  A rejection, a timeout, a mark by hand, an artefact changed or not opened in the
    desk by the same user fails the guard.

    Args:
        name: identifier, unique in the DAG.
        role: whose users are asked.
        of: the task whose work holds ``artefact`` and ``counts``.
        title: what the form is called, Japanese, no data.
        distinct_from: name of an approval before this one that another user in another role must have given.
        answer_within: after so long without an answer the approval fails.
    """
    return _approval(name, role, of, title, distinct_from, answer_within, only_on_hold=False)


def decision(
    name: str,
    role: Role,
    *,
    of: XComArg,
    title: str,
    answer_within: timedelta = ANSWER_WITHIN,
) -> XComArg:
    """Ask ``role`` to decide, with a reason code, when ``work["gate_result"]`` is ``hold``.

    When the gate passed, request and ask skip and the guard passes the work through, so that whatever
    follows keeps the default trigger rule.  Any other gate result fails.
    """
    return _approval(name, role, of, title, None, answer_within, only_on_hold=True)


def verdict(*leaves: XComArg) -> XComArg:
    """The DAG's last task (see `kansho_airflow.verdict`); without arguments it waits for every leaf there is."""
    operator = VerdictOperator(task_id="verdict", retries=0)
    own = [task for task in operator.dag.tasks if not task.downstream_task_ids and task is not operator]
    ends: list[Any] = list(leaves) or own
    operator.set_upstream(ends)
    return operator.output


def _approval(
    name: str,
    role: Role,
    of: XComArg,
    title: str,
    distinct_from: str | None,
    answer_within: timedelta,
    *,
    only_on_hold: bool,
) -> XComArg:
    request = RequestOperator(
        task_id=f"request_{name}",
        approval=name,
        role=role.value,
        work=of,
        only_on_hold=only_on_hold,
        distinct_from=distinct_from,
    )
    campaign_id = settings.campaign_id_of(request.dag.dag_id)
    ask = AskOperator(
        task_id=f"ask_{name}",
        request=request.output,
        title=title,
        role=role.value,
        assigned_users=assigned_users(campaign_id, role),
        response_timeout=answer_within,
        retries=0,
    )
    guard = GuardOperator(
        task_id=f"guard_{name}",
        approval=name,
        work=of,
        only_on_hold=only_on_hold,
        trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        retries=0,
    )
    guard.set_upstream(ask)
    if distinct_from and f"guard_{distinct_from}" not in request.dag.task_ids:
        raise KanshoError("WIRING-FOUR-EYES", "distinct_from names no approval before this one", place=name)
    access = request.dag.access_control
    if access is not None:
        access.setdefault(role_name(campaign_id, role), {})["DAGs"] = set(EDIT)
    return guard.output


def _access(campaign_id: str, starters: Sequence[Role]) -> dict[str, dict[str, set[str]]]:
    """Who sees a DAG before its approvals add their own roles; editing is what starting and answering need."""
    access = {role_name(campaign_id, role): {"DAGs": {"can_read"}} for role in ALL_READERS}
    access[role_name(campaign_id, Role.CONTRACTOR_ENGINEER)] = {"DAGs": set(EDIT)}
    for role in starters:
        access[role_name(campaign_id, role)] = {"DAGs": set(EDIT), "DAG Runs": {"can_create"}}
    return access


def _schedule(campaign: CampaignConfig, stage: str, schedule: str | None, triggers: Sequence[Asset]) -> Any:
    assets = AssetAny(*triggers) if triggers else None
    if schedule is None:
        return assets
    timetable: Any = calendar_of(campaign, stage)
    return AssetOrTimeSchedule(timetable=timetable, assets=assets) if assets else timetable
