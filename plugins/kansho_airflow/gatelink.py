"""The way from a gate's task in the Airflow UI to the pages of its runs at the desk.

Belongs here: the link.  Does not belong here: the pages (`kansho.quality.pages`, served by `campaign_desk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

from kansho_airflow import settings


class GatePages(BaseOperatorLink):
    """A button on the task: the pages of what this run checked, else of every run."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "検証の記録"

    @property
    def xcom_key(self) -> str:
        """Where Airflow keeps the link; an identifier, as every key of ours."""
        return "_link_gate_pages"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Path at the desk; the task's own result names what it checked."""
        pull = getattr(ti_key, "xcom_pull", None)
        work = pull(task_ids=operator.task_id) if pull is not None else None
        return gate_pages_path(settings.campaign_id_of(operator.dag_id), work)


def gate_pages_path(campaign_id: str, work: Any) -> str:
    """Where the desk lists the gate runs of a campaign, of these deliveries when the work names any."""
    deliveries = work.get("deliveries") if isinstance(work, Mapping) else None
    of = f"of/{quote('.'.join(deliveries), safe='')}" if deliveries else ""
    return f"/desk/{campaign_id}/gates/{of}"
