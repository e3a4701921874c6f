"""The LocalExecutor that has imported already what every task imports.

Belongs here: preloading before the workers fork (3.5 s a task become well under one).  Does not belong
here: anything that opens a file, a socket or a thread: workers must be forked from a quiet process.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil

from airflow.executors.local_executor import LocalExecutor

log = logging.getLogger(__name__)

#: Slow to import and used by tasks; pages are shared with the workers after the fork.
HEAVY = (
    "pandas",
    "pyarrow.parquet",
    "great_expectations",
    "matplotlib.figure",
    "jinja2",
    "weasyprint",
    "typst",
    "pikepdf",
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.execution_time.supervisor",
    "airflow.dag_processing.dagbag",
    "airflow.dag_processing.bundles.local",
    "airflow.providers.standard.operators.hitl",
    "kansho_airflow.wiring",
)

#: Not part of any task.
_APART = ("kansho.simulation", "kansho.cli")


class PreloadingExecutor(LocalExecutor):
    """LocalExecutor, preloaded."""

    def start(self) -> None:
        """Import, then start the workers."""
        preload()
        super().start()


def preload() -> list[str]:
    """Import what tasks import and read the campaigns' configs; returns what could not be imported."""
    missing = [name for name in (*HEAVY, *_ours()) if not _imported(name)]
    if missing:
        log.warning("not preloaded: %s", " ".join(missing))
    settings = importlib.import_module("kansho_airflow.settings")
    settings.all_campaigns()
    return missing


def _ours() -> list[str]:
    package = importlib.import_module("kansho")
    return [m.name for m in pkgutil.walk_packages(package.__path__, "kansho.") if not m.name.startswith(_APART)]


def _imported(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001  a broken module must not stop the scheduler; its own task reports it
        return False
    return True
