"""What the replay sees of Airflow: read from the embedded database, twenty times a second.

Belongs here: reading rows.  Does not belong here: changing anything, which goes through the REST interface as
a person's click does (`kansho_airflow.client`).

Asked over REST, the same looks cost more than half of the api-server's processor time: each is a page of
parameters to parse and of rows to dress.  A replay runs on the embedded default only, so its file can be read.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any


class Look:
    """Runs, wake-ups and open questions of one Airflow.

    Args:
        database: the embedded metadata database; opened read-only.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._connection: sqlite3.Connection | None = None

    def runs(self, prefix: str = "") -> list[dict[str, Any]]:
        """``dag_id, dag_run_id, state, start_date, end_date`` of every run, oldest first.

        Only of DAGs whose id begins with ``prefix``.  Times are UTC in ISO 8601, None where there is none yet.
        """
        return self._rows(
            "select dag_id, run_id as dag_run_id, state, start_date, end_date from dag_run"
            " where substr(dag_id, 1, ?) = ? order by id",
            len(prefix),
            prefix,
        )

    def pending_asset_events(self) -> int:
        """How many asset events wait to become a run.

        Ask before `runs`: an event that is gone here is a run there.
        """
        return int(self._rows("select count(*) as waiting from asset_dag_run_queue")[0]["waiting"])

    def open_approvals(self) -> list[dict[str, Any]]:
        """Approvals that wait for an answer: ``{"task_instance": {dag_id, dag_run_id, task_id, map_index}}``."""
        rows = self._rows(
            "select t.dag_id, t.run_id as dag_run_id, t.task_id, t.map_index from hitl_detail h"
            " join task_instance t on t.id = h.ti_id"
            " where h.responded_at is null and t.state = 'awaiting_input' order by h.created_at"
        )
        return [{"task_instance": row} for row in rows]

    def _rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        if self._connection is None:  # opened once: every new connection reads the whole schema
            self._connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=60)
            self._connection.row_factory = sqlite3.Row
        return [dict(row) for row in self._connection.execute(query, values).fetchall()]
