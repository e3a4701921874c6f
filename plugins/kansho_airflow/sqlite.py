"""How Airflow's components open the embedded SQLite database.

Belongs here: connection arguments that Airflow imports by path.  Does not belong here: anything for PostgreSQL.
"""

from __future__ import annotations

import sqlite3
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
