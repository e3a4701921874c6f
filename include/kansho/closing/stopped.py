"""Whether any component of Airflow runs, wherever it does: while one does, it would write beside the purge (P11).

Belongs here: looking for them, by what they leave.  Does not belong here: stopping them, or the purge
(`kansho.closing.traces`).

Where our own services started them (``airflow/run``), their pid files and their port tell for this machine.  Anywhere
else (containers, other machines) they are known by their heartbeats in the metadata database, and by being connected.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, column, create_engine, func, inspect, select, table, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnClause

from kansho.errors import KanshoError

#: A component that was killed leaves its last heartbeat; Airflow's beat every 5 to 30 seconds, tasks too.
SILENT_FOR = timedelta(seconds=120)
_TASKS = "task_instance"


def require_stopped(airflow: Path, now: datetime, database: str | None = None) -> None:
    """Refuse while any component of Airflow runs.

    Args:
        airflow: Airflow's home (``var/airflow``).
        now: the real time, which heartbeats are told by.
        database: SQLAlchemy URL of its metadata; the embedded SQLite file in ``airflow`` by default.

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
    yield from (pid.stem for pid in sorted((airflow / "run").glob("*.pid")) if _lives(pid))
    port = airflow / "run" / "port"
    if port.is_file() and port.read_text().strip().isdigit() and _answers(int(port.read_text())):
        yield "api"


def _by_heartbeat(airflow: Path, since: datetime, database: str | None) -> list[str]:
    embedded = airflow / "airflow.db"
    if database is None and not embedded.is_file():
        return []
    engine = create_engine(database or f"sqlite:///file:{embedded}?mode=ro&uri=true", hide_parameters=True)
    here = {socket.gethostname(), socket.getfqdn()} if (airflow / "run").is_dir() else set()
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


def _jobs(connection: Connection, since: datetime, here: set[str]) -> Iterator[str]:
    """Components that have not ended by their own account and beat lately; files tell of those of this machine."""
    kind, host, state, beat = _columns("job_type", "hostname", "state", "latest_heartbeat")
    jobs = select(kind, host, beat).select_from(table("job", kind, host, state, beat)).where(state == "running")
    for name, machine, last in connection.execute(jobs):
        if machine not in here and last is not None and _time(last) > since:
            yield f"{name}@{machine}"


def _tasks_run(connection: Connection, since: datetime, here: set[str]) -> bool:
    """Whether a task beat lately: a worker of Celery's has no job of its own."""
    host, state, beat = _columns("hostname", "state", "last_heartbeat_at")
    if "last_heartbeat_at" not in {c["name"] for c in inspect(connection).get_columns(_TASKS)}:
        return False
    tasks = select(host, func.max(beat)).select_from(table(_TASKS, host, state, beat))
    found = connection.execute(tasks.where(state.in_(("running", "restarting"))).group_by(host))
    return any(machine not in here and last is not None and _time(last) > since for machine, last in found)


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


def _lives(pid_file: Path) -> bool:
    """Whether the process of a pid file (``pid started boot``) still runs; a number used anew does not count."""
    try:
        pid, started, boot = (pid_file.read_text().split() + ["", "", ""])[:3]
        if boot and Path("/proc/sys/kernel/random/boot_id").read_text().strip() != boot:
            return False
        fields = Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return False
    return fields[0] != "Z" and started in ("", "-", fields[19])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
