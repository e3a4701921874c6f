"""``python -m kansho_airflow.bootstrap [LOGS]``: metadata database, roles and users; then, where asked, the components.

Belongs here: what must be there before the components start, and starting them as copies of this process: each would
else import Airflow anew, some five seconds of processor.  Does not belong here: watching or stopping them
(`kansho_airflow.services`).  Runs under the environment of `Installation.environment`; may be run again at any time.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
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
    # SQLite's locks do not survive a fork, and the library believes that they do: a process that has had the database
    # open begets nobody.  A copy makes it, and ends.
    ours = os.getpid()
    maker = os.fork()
    if maker == 0:
        die_with(ours)
        _database()
        return 0
    status = os.waitstatus_to_exitcode(os.waitpid(maker, 0)[1])
    if status == 0:
        _start(Sessions(_home() / "run"), Path(arguments[0]))
    return status


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


def _start(sessions: Sessions, logs: Path) -> None:
    for name, command in COMPONENTS.items():
        _require_closed()
        if sessions.fork(name, logs / f"{name}.log"):
            _be(command)
            return


def _require_closed() -> None:
    """Refuse to fork with a file of the installation's database open (`main`)."""
    for entry in os.listdir("/proc/self/fd"):
        try:
            path = Path(os.readlink(f"/proc/self/fd/{entry}"))
        except OSError:  # the folder's own, closed by now
            continue
        if path.is_relative_to(_home()) and path.name.startswith("airflow.db"):
            raise RuntimeError(f"{path.name} is open before the components are forked: find who imported opens it")


def _be(command: tuple[str, ...]) -> None:
    """Go on as that component."""
    from airflow.__main__ import main as airflow_command

    sys.argv = ["airflow", *command]
    airflow_command()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
