"""Whether any component of Airflow runs, wherever it does: while one does, it would write beside the purge (P11).

Belongs here: looking for them, by what they leave.  Does not belong here: stopping them, or the purge
(`kansho.closing.traces`).

Where our own services started them (``airflow/run``), their pid files and their port tell that they run.  Wherever they
run (by hand, in containers, on other machines) their heartbeats in the metadata database tell it, and being connected.
A component that was killed leaves a heartbeat of a moment ago: it counts for nothing only where our pid file of that
very component is there and its process is seen to have ended.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, column, create_engine, func, inspect, select, table, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnClause

from kansho.closing.metadata import embedded, read_only
from kansho.errors import KanshoError

#: A component that was killed leaves its last heartbeat; Airflow's beat every 5 to 30 seconds, tasks too.
SILENT_FOR = timedelta(seconds=120)
_TASKS = "task_instance"
#: Kind of a job → the component that our services start for it (its pid file); tasks are children of the scheduler.
_COMPONENTS = {"SchedulerJob": "scheduler", "DagProcessorJob": "dag-processor", "TriggererJob": "triggerer"}
_OF_TASKS = "scheduler"
_STATE, _SESSION, _STARTED = 0, 3, 19  # fields of /proc/<pid>/stat after the name of the program
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def require_stopped(airflow: Path, now: datetime, database: str | None = None) -> None:
    """Refuse while any component of Airflow runs.

    Args:
        airflow: Airflow's home (``var/airflow``).
        now: the real time, which heartbeats are told by.
        database: SQLAlchemy URL of its metadata; by default the embedded SQLite file in ``airflow``, where there is one
            (whether there must be one is asked before: `kansho.closing.metadata`).

    Raises:
        KanshoError: ``CLOSING-RUNNING``: Airflow would write new traces beside the purge; ``CLOSING-RUNNING-UNKNOWN``
            when the database does not say; nothing is quoted.
    """
    running = sorted({*_by_files(airflow), *_by_heartbeat(airflow, now - SILENT_FOR, database)})
    if running:
        raise KanshoError(
            "CLOSING-RUNNING",
            "Airflow が動いています",
            place=" ".join(running),
            remedy="make down（コンテナでは docker compose stop）で停止してから実行してください。"
            f"強制終了した場合は、最後の信号から{SILENT_FOR.seconds}秒待ってください",
        )


def _by_files(airflow: Path) -> Iterator[str]:
    yield from (pid.stem for pid in sorted((airflow / "run").glob("*.pid")) if _state(pid) == "lives")
    port = airflow / "run" / "port"
    if port.is_file() and port.read_text().strip().isdigit() and _answers(int(port.read_text())):
        yield "api"


def _by_heartbeat(airflow: Path, since: datetime, database: str | None) -> list[str]:
    if database is None and not embedded(airflow).is_file():
        return []
    engine = create_engine(read_only(database or f"sqlite:///{embedded(airflow)}"), hide_parameters=True)
    here = _Here(airflow / "run", frozenset({socket.gethostname(), socket.getfqdn()}))
    try:
        there = set(inspect(engine).get_table_names())
        with engine.connect() as connection:
            jobs = list(_jobs(connection, since, here)) if "job" in there else []
            tasks = ["tasks"] if _TASKS in there and _tasks_run(connection, since, here) else []
            return [*jobs, *tasks, *_sessions(connection)]
    except SQLAlchemyError as error:
        raise KanshoError(
            "CLOSING-RUNNING-UNKNOWN",
            "Airflow が停止していることを確かめられません",
            place=type(error).__name__,
            remedy="接続先と権限を確認してください",
        ) from None
    finally:
        engine.dispose()


@dataclass(frozen=True)
class _Here:
    """The machine that asks: where pid files lie, and how jobs name it."""

    run: Path
    names: frozenset[str]

    def has_ended(self, component: str | None, machine: str) -> bool:
        """Whether a component that beat from a machine is one that we started here and that is no more."""
        return component is not None and machine in self.names and _state(self.run / f"{component}.pid") == "ended"


def _jobs(connection: Connection, since: datetime, here: _Here) -> Iterator[str]:
    """Components that have not ended by their own account and beat lately."""
    kind, host, state, beat = _columns("job_type", "hostname", "state", "latest_heartbeat")
    jobs = select(kind, host, beat).select_from(table("job", kind, host, state, beat)).where(state == "running")
    for name, machine, last in connection.execute(jobs):
        if last is not None and _time(last) > since and not here.has_ended(_COMPONENTS.get(name), machine):
            yield f"{name}@{machine}"


def _tasks_run(connection: Connection, since: datetime, here: _Here) -> bool:
    """Whether a task beat lately: a worker of Celery's has no job of its own."""
    host, state, beat = _columns("hostname", "state", "last_heartbeat_at")
    if "last_heartbeat_at" not in {c["name"] for c in inspect(connection).get_columns(_TASKS)}:
        return False
    tasks = select(host, func.max(beat)).select_from(table(_TASKS, host, state, beat))
    found = connection.execute(tasks.where(state.in_(("running", "restarting"))).group_by(host))
    return any(
        last is not None and _time(last) > since and not here.has_ended(_OF_TASKS, machine) for machine, last in found
    )


def _columns(*names: str) -> list[ColumnClause[Any]]:
    return [column(name) for name in names]


def _sessions(connection: Connection) -> list[str]:
    """On PostgreSQL, whether anybody else is there under the same account: an api-server has no heartbeat."""
    if connection.dialect.name != "postgresql":
        return []
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    number = int(connection.execute(others).scalar_one())
    return [f"database-sessions({number})"] if number else []


def _time(value: Any) -> datetime:
    """SQLite gives text, without a zone; times there are UTC."""
    when = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _state(pid_file: Path) -> Literal["lives", "ended", "unknown"]:
    """What became of the process of a pid file (``pid started boot``) and its session; ``unknown`` without such a file.

    A number used anew is another's.  One of an earlier boot is ``unknown``: whoever beat a moment ago is of this one.
    """
    try:
        pid, started, boot = (pid_file.read_text().split() + ["", "", ""])[:3]
        number = int(pid)
        if boot and _BOOT.read_text().strip() != boot:
            return "unknown"
    except (OSError, ValueError):
        return "unknown"
    fields = _stat(number)
    if fields and started not in ("", "-", fields[_STARTED]):
        return "ended"
    # A leader that was killed may leave children in its session; while one lives, its number is given to nobody.
    return "lives" if any(_stat(p)[_STATE : _STATE + 1] not in ([], ["Z"]) for p in _session(number)) else "ended"


def _session(leader: int) -> list[int]:
    """Processes that belong to a session, and its leader."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [leader, *(n for n in numbers if _stat(n)[_SESSION : _SESSION + 1] == [str(leader)])]


def _stat(pid: int) -> list[str]:
    """Fields of ``/proc/<pid>/stat`` after the name of the program; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
