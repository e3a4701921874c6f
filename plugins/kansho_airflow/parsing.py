"""``python -m kansho_airflow.parsing …``: Airflow's command line, with what every DAG file imports imported before.

Belongs here: importing ahead for the DAG processor, which forks a process for each file.  Does not belong here:
anything that opens a file, a socket or a thread; importing for tasks (`kansho_airflow.executor`).
"""

from __future__ import annotations

import sys

from airflow.__main__ import main

import kansho_airflow.wiring  # noqa: F401  the DAG files' own import, and all that it needs

if __name__ == "__main__":
    sys.exit(main())  # type: ignore[no-untyped-call]
