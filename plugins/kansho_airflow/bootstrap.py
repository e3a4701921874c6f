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
from kansho_airflow.processes import Sessions

#: What a component does, as Airflow's command line calls it; in the order of starting.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
#: What most of them import: Airflow's own, and what the DAG files import.
_SHARED = ("airflow.cli.cli_parser", "airflow.serialization.serialized_objects", "kansho_airflow.wiring")


def main(arguments: Sequence[str]) -> None:
    """Create or upgrade the database; make roles and users; with a folder for their logs, start the components."""
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session

    from kansho_airflow.roles import make_roles_and_users

    home = Path(os.environ["AIRFLOW_HOME"])
    with create_session() as session:
        initdb(session=session)
    with create_session() as session:
        make_roles_and_users(settings.all_campaigns(), home / "secrets" / "passwords.json", session)
    for logs in arguments[:1]:
        _start(Sessions(home / "run"), Path(logs))


def _start(sessions: Sessions, logs: Path) -> None:
    for name in _SHARED:
        importlib.import_module(name)
    for name, command in COMPONENTS.items():
        if sessions.fork(name, logs / f"{name}.log"):
            _be(command)
            return


def _be(command: tuple[str, ...]) -> None:
    """Go on as that component."""
    import airflow.settings
    from airflow.__main__ import main as airflow_command

    if airflow.settings.engine is not None:
        airflow.settings.engine.dispose(close=False)  # no connection is shared with the process that made the database
    sys.argv = ["airflow", *command]
    airflow_command()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1:])
