"""``python -m kansho_airflow.bootstrap``: metadata database, roles and users of an installation, in one process.

Belongs here: what must be there before the components start.  Does not belong here: the components.
Runs under the environment of `Installation.environment`; may be run again at any time.
"""

from __future__ import annotations

import os
from pathlib import Path

from kansho_airflow import settings


def main() -> None:
    """Create or upgrade the database; make roles and users."""
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session

    from kansho_airflow.roles import make_roles_and_users

    with create_session() as session:
        initdb(session=session)
    passwords = Path(os.environ["AIRFLOW_HOME"]) / "secrets" / "passwords.json"
    with create_session() as session:
        make_roles_and_users(settings.all_campaigns(), passwords, session)


if __name__ == "__main__":
    main()
