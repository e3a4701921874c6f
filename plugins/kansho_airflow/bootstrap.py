"""``python -m kansho_airflow.bootstrap [LOGS]``: metadata database, roles and users; then, where asked, the components.

Belongs here: what must be there before the components start, and starting them as copies of this process: each would
else import Airflow anew, some five seconds of processor.  They import what is theirs while the database is made.  Does
not belong here: watching or stopping them (`kansho_airflow.services`).  Runs under the environment of
`Installation.environment`; may be run again at any time.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kansho_airflow import settings
from kansho_airflow.processes import Sessions, die_with

#: What a component does, as Airflow's command line calls it; in the order of starting.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
#: What most of them import: Airflow's own, and what the DAG files import.
_SHARED = (
    "airflow.utils.db",
    "airflow.cli.cli_parser",
    "airflow.serialization.serialized_objects",
    "kansho_airflow.roles",
    "kansho_airflow.wiring",
)


def main(arguments: Sequence[str]) -> int:
    """Create or upgrade the database, make roles and users; with a folder for their logs, start the components.

    Returns:
        What went wrong, as an exit status; in a process that became a component, what that ended with.
    """
    if arguments:
        die_with(os.getppid())
    for name in _SHARED:
        importlib.import_module(name)
    if not arguments:
        _database()
        return 0
    return _start(Sessions(_home() / "run"), Path(arguments[0]))


def _start(sessions: Sessions, logs: Path) -> int:
    """Fork the components, which get ready while the database is made, and go on when it is."""
    # SQLite's locks do not survive a fork, and the library believes that they do: a process that has had the database
    # open begets nobody.  A copy makes it, and ends.
    made, tell = os.pipe()
    for name, command in COMPONENTS.items():
        _require_closed()
        if sessions.fork(name, logs / f"{name}.log"):
            os.close(tell)
            return _be(name, command, made)
    os.close(made)
    ours = os.getpid()
    maker = os.fork()
    if maker == 0:
        die_with(ours)
        _database()
        _end_former()
        return 0
    status = os.waitstatus_to_exitcode(os.waitpid(maker, 0)[1])
    if status == 0:
        os.write(tell, b"." * len(COMPONENTS))
    return status


def _be(name: str, command: tuple[str, ...], made: int) -> int:
    """Go on as that component once ``made`` says that the database is there; its end without a word says: never."""
    _READY.get(name, lambda: None)()
    if not os.read(made, 1):
        return 1
    os.close(made)
    from airflow.__main__ import main as airflow_command

    sys.argv = ["airflow", *command]
    airflow_command()  # type: ignore[no-untyped-call]
    return 0


def _ready_to_serve() -> None:
    from kansho_airflow.taskapi import newest_only

    newest_only()
    for name in ("core_api.routes.public", "core_api.routes.ui", "execution_api.routes"):
        importlib.import_module(f"airflow.api_fastapi.{name}")


def _ready_to_schedule() -> None:
    from kansho_airflow.executor import preload

    preload()


#: What takes a component seconds and needs no database.
_READY: dict[str, Callable[[], None]] = {"api-server": _ready_to_serve, "scheduler": _ready_to_schedule}


def _home() -> Path:
    return Path(os.environ["AIRFLOW_HOME"])


def _database() -> None:
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session

    from kansho_airflow.roles import make_roles_and_users

    with create_session() as session:
        initdb(session=session)
    with create_session() as session:
        make_roles_and_users(settings.all_campaigns(), _home() / "secrets" / "passwords.json", session)


def _end_former() -> None:
    """Of the components before these none runs (`Sessions` has seen to it): what was killed never said that it ended.

    Its heartbeat of a moment ago would else be taken for that of a living one, at the closing.
    """
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session
    from airflow.utils.state import JobState
    from sqlalchemy import update

    with create_session() as session:
        ended = update(Job).where(Job.state == JobState.RUNNING)
        session.execute(ended.values(state=JobState.FAILED, end_date=Job.latest_heartbeat))


def _require_closed() -> None:
    """Refuse to fork with a file of the installation's database open (`main`)."""
    for entry in os.listdir("/proc/self/fd"):
        try:
            path = Path(os.readlink(f"/proc/self/fd/{entry}"))
        except OSError:  # the folder's own, closed by now
            continue
        if path.is_relative_to(_home()) and path.name.startswith("airflow.db"):
            raise RuntimeError(f"{path.name} is open before the components are forked: find who imported opens it")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
