"""The last task of every DAG: the run is green only when everything that ran counts.

Belongs here: looking at the run's tasks, its approvals, and recording that the stage finished.  Does not
belong here: any step's own check.

It runs whatever happened before it (``all_done``), and raises when a task failed, when a task is a
success without a result (marked by hand), or when an approval was asked for and not given.  When every
task skipped there was nothing to do: the run is green and leaves no event.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator, TriggerRule

from kansho.errors import KanshoError
from kansho.evidence.approvals import unapproved
from kansho_airflow import settings
from kansho_airflow.boundary import contained
from kansho_airflow.dates import open_workspace

_BAD = frozenset({"failed", "upstream_failed", "removed"})


class VerdictOperator(BaseOperator):
    """Judge the run; see the module."""

    ui_color = "#f3ead6"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trigger_rule=TriggerRule.ALL_DONE, **kwargs)

    def execute(self, context: Any) -> Any:
        """Judge inside the task boundary."""
        return contained(lambda: self._judge(context))

    def _judge(self, context: Any) -> dict[str, Any]:
        ti = context["ti"]
        run = f"{ti.dag_id}/{ti.run_id}"
        states = {
            task: str(getattr(state, "value", state))
            for task, state in ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id].items()
            if task != self.task_id
        }
        failed = sorted(task for task, state in states.items() if state in _BAD)
        if failed:
            raise KanshoError("RUN-FAILED", f"失敗したタスクがあります: {' '.join(failed)}", place=run)
        done = [task for task, state in states.items() if state == "success"]
        by_hand = [task for task in done if task in context["dag"].task_dict and not _has_result(ti, task)]
        if by_hand:
            raise KanshoError(
                "RUN-BY-HAND", f"手動で成功にされたタスクがあります: {' '.join(sorted(by_hand))}", place=run
            )
        if not done:
            return {"result": "nothing_to_do"}
        ws = open_workspace(context)
        missing = unapproved(ws.ledger.events(), run)
        if missing:
            raise KanshoError("RUN-UNAPPROVED", f"承認されていません: {' '.join(missing)}", place=run)
        ws.record(
            "stage_finished",
            run,
            counts={"tasks": len(done), "skipped": sum(state == "skipped" for state in states.values())},
            codes={"stage": settings.stage_of(ti.dag_id)},
        )
        return {"result": "finished", "tasks": len(done)}


def _has_result(ti: Any, task_id: str) -> bool:
    return ti.xcom_pull(task_ids=task_id, key="return_value") is not None
