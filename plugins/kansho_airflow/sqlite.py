"""How Airflow's components open the embedded SQLite database.

Belongs here: connection arguments that Airflow imports by path, and noticing that somebody wrote.  Does not belong
here: anything for PostgreSQL.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


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


class News:
    """Whether somebody else has written to the database.

    Args:
        database: the file.  It is opened by the first `wait`, in the process that waits.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._connection: sqlite3.Connection | None = None

    def wait(self, at_most: float, until: Callable[[], bool]) -> None:
        """Return when something is committed from now on, or ``until`` is true, or ``at_most`` seconds are over."""
        before, deadline = self._version(), time.monotonic() + at_most
        while not until() and self._version() == before and time.monotonic() < deadline:
            time.sleep(_GLANCE)

    def _version(self) -> int:
        if self._connection is None:
            self._connection = sqlite3.connect(self._database, timeout=60, isolation_level=None)
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
