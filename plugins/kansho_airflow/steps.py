"""A task that calls one stage function, and the same over batches.

Belongs here: opening the workspace, passing work, skipping, outlets.  Does not belong here: approvals.

A stage function is ``name(ws, work) -> dict | None``; None means nothing to do, and the task skips.
Whom a result leaves without work is skipped with it, without a process of its own (`unwanted`).
A step whose upstream was marked "success" by hand finds no work where it must be, and fails closed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow.sdk import Asset, BaseOperator, TriggerRule
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from kansho.errors import KanshoError
from kansho_airflow.boundary import contained
from kansho_airflow.dates import open_workspace
from kansho_airflow.xcom_guard import check_plain


class StepOperator(BaseOperator):
    """Call ``module:function`` with the workspace and the upstream's work.

    Args:
        function: ``package.module:name`` of a stage function.
        work: the upstream's result; None for the first step of a DAG, which receives
            ``{"triggered": conf without campaign_date}``; a list of results is merged left to right
            (skipped ones left out); the results of a mapped step arrive as ``{"shards": [...]}``.
        first: whether this is the first step (no upstream work is expected).
        when: key of the work that says whether there is something to do; None: always ask the function.
    """

    template_fields = ("work",)
    ui_color = "#e8f1ee"

    def __init__(
        self, *, function: str, work: Any = None, first: bool = False, when: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.function = function
        self.work = work
        self.first = first
        self.when = when
        self.work_of = task_of(work)
        #: What it waits for without taking a result (`kansho_airflow.wiring.step`).
        self.after: list[Any] = []

    def execute(self, context: Any) -> Any:
        """Run the function inside the task boundary; skip whom its result leaves without work."""
        result = contained(lambda: self._run(context))
        idle = unwanted(self, result)
        if idle:
            context["ti"].xcom_push(key="return_value", value=result)  # what is raised carries no result
            raise DownstreamTasksSkipped(tasks=idle)  # type: ignore[no-untyped-call]
        return result

    def has_work(self, result: Mapping[str, Any]) -> bool:
        """Whether the upstream's result leaves this step something to do."""
        return self.when is None or bool(result.get(self.when))

    def _run(self, context: Any) -> Any:
        work = triggered_work(context) if self.first else collect_work(self.work)
        ws = open_workspace(context)
        result = resolve(self.function)(ws, work)
        if result is None:
            raise AirflowSkipException
        check_plain(result, self.task_id)
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = {"campaign_date": ws.today.isoformat()}
        return result


class SplitOperator(BaseOperator):
    """Turn ``{"shards": [...], **rest}`` into a list of works to map over (each shard with the rest)."""

    template_fields = ("work",)

    def __init__(self, *, work: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.work = work

    def execute(self, context: Any) -> Any:
        """Split inside the task boundary."""
        return contained(self._split)

    def _split(self) -> list[dict[str, Any]]:
        work = collect_work(self.work)
        rest = {key: value for key, value in work.items() if key != "shards"}
        return [{**rest, **shard} for shard in work["shards"]]


def task_of(work: Any) -> str | None:
    """Id of the task whose result ``work`` is; None when it is no single task's."""
    operator = getattr(work, "operator", None)
    return None if operator is None else str(operator.task_id)


def unwanted(task: Any, result: Mapping[str, Any]) -> list[str]:
    """Ids of the tasks after ``task`` that have nothing to do by its result, and of whom these leave without, sorted.

    They end as "skipped", just as if they had run and found nothing.  Airflow would skip those further on by itself,
    one look of the scheduler after the other.  One that is cleared by hand runs and asks again.
    """
    idle = {
        after.task_id: after
        for after in task.downstream_list
        if getattr(after, "work_of", None) == task.task_id and not after.has_work(result)
    }
    new = idle
    while new:
        new = {
            after.task_id: after
            for one in new.values()
            for after in one.downstream_list
            if after.task_id not in idle and _is_left_out(after, idle)
        }
        idle = idle | new
    return sorted(idle)


def _is_left_out(task: Any, idle: Mapping[str, Any]) -> bool:
    """Whether a task with one of ``idle`` before it is skipped with it, as its trigger rule says."""
    if task.trigger_rule == TriggerRule.ALL_SUCCESS:
        return True
    return task.trigger_rule == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS and set(task.upstream_task_ids) <= set(idle)


def resolve(function: str) -> Callable[[Any, Mapping[str, Any]], dict[str, Any] | None]:
    """The stage function behind ``package.module:name``.

    Raises:
        KanshoError: ``STEP-UNKNOWN``.
    """
    module, _, name = function.partition(":")
    found = getattr(importlib.import_module(module), name, None)
    if not callable(found):
        raise KanshoError("STEP-UNKNOWN", "no such stage function", place=function)
    return found  # type: ignore[no-any-return]


def triggered_work(context: Any) -> dict[str, Any]:
    """What a run was started with: codes of its conf, without the campaign date."""
    conf = {key: value for key, value in (context["dag_run"].conf or {}).items() if key != "campaign_date"}
    check_plain(conf, "conf")
    return {"triggered": conf}


def collect_work(work: Any) -> dict[str, Any]:
    """The upstream's result as one dict.

    Raises:
        KanshoError: ``TASK-NO-WORK`` when the upstream left nothing (skipped by hand, marked by hand).
    """
    if isinstance(work, Mapping) and work:
        return dict(work)
    if isinstance(work, list | tuple):
        merged: dict[str, Any] = {}
        for part in work:
            merged.update(part or {})
        if merged:
            return merged
    elif isinstance(work, Sequence) and not isinstance(work, str) and len(work):
        return {"shards": [dict(part) for part in work]}
    raise KanshoError(
        "TASK-NO-WORK",
        "上流のタスクの結果がありません（手動で成功にしましたか）",
        place="work",
        remedy="上流からやり直してください",
    )


def outlets_of(outlet: Asset | Sequence[Asset] | None) -> list[Asset]:
    """One asset, several or none as a list."""
    if outlet is None:
        return []
    return [outlet] if isinstance(outlet, Asset) else list(outlet)
