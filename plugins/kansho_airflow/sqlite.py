"""How Airflow's components open the embedded SQLite database.

Belongs here: connection arguments that Airflow imports by path, what ``now()`` means, and noticing that somebody
wrote.  Does not belong here: anything for PostgreSQL.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import now


@compiles(now, "sqlite")  # type: ignore[no-untyped-call, untyped-decorator]
def now_to_the_end_of_this_millisecond(element: now, compiler: Any, **options: Any) -> str:
    """``now()`` with the parts of a second that SQLite's own ``CURRENT_TIMESTAMP`` lacks.

    A run that an asset woke is begun when the time it was made at, with its microseconds, is not after ``now()``: by
    whole seconds it would stand in the queue until the next one, half a second a run.
    """
    return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '999')"


class QuickConnection(sqlite3.Connection):
    """WAL with ``synchronous=NORMAL``: a crash of a process loses nothing, commits need no fsync."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute("PRAGMA synchronous=NORMAL")
        self.execute("PRAGMA secure_delete=ON")


#: ``[database] sql_alchemy_connect_args``: wait for a lock as long as bulk parsing may hold it.
CONNECT_ARGS: dict[str, Any] = {"timeout": 60, "factory": QuickConnection}
CONNECT_ARGS_ASYNC: dict[str, Any] = {"timeout": 60}


#: Seconds between two looks at the number that SQLite changes with every commit: some microseconds each.
_GLANCE = 0.005
#: What a scheduler acts upon: tasks that have ended or wait, runs by state, assets that have a run to start.  What it
#: has itself sent on its way is left out, and so is what a running task writes: heartbeats, values, rendered fields.
_STANDING = """
select 'task', state, count(*) from task_instance where state not in ('scheduled', 'queued', 'running') group by state
union all select 'run', state, count(*) from dag_run group by state
union all select 'asset', '', count(*) from asset_dag_run_queue
"""


class News:
    """Whether there is something for a scheduler to do that was not there when it was last told.

    Args:
        database: the file.  It is opened by the first `wait`, in the process that waits.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._connection: sqlite3.Connection | None = None
        self._told: list[tuple[Any, ...]] | None = None

    def wait(self, at_most: float, until: Callable[[], bool]) -> None:
        """Return when something stands otherwise than was told last, or ``until`` is true, or ``at_most`` s are over.

        What changed while the scheduler looked, by itself or by others, ends the next waiting at once: nothing that
        is committed between two waitings is missed.
        """
        version, deadline = -1, time.monotonic() + at_most
        while not until() and time.monotonic() < deadline:
            if version != (version := self._asked("PRAGMA data_version")[0][0]):
                standing = self._asked(_STANDING)
                if standing != self._told:
                    self._told = standing
                    return
            time.sleep(_GLANCE)

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = sqlite3.connect(self._database, timeout=60, isolation_level=None)
        return self._connection.execute(query).fetchall()
