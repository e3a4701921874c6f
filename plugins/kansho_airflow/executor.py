"""The LocalExecutor that has imported already what every task imports, and that counts its workloads.

Belongs here: preloading before the workers fork (3.5 s a task become well under one).  Does not belong
here: anything that opens a file, a socket or a thread: workers must be forked from a quiet process.

Why it counts: an approval answered within a second of being asked runs on as a second workload of the
same try, while the first worker is still lingering after parking.  Airflow 3.3.2 takes the first one's
late "done" for the second one's, and fails the task that is running well.  Here the report of a workload
is passed on only when no newer workload of the same try is out.

Why it waits: on the embedded database the scheduler has no other way to learn what happened than to look, and every
look costs it some 40 ms.  Here it looks when something stands that it acts upon (`News`), and once a second anyway.
That a worker is free again is no such thing: a task's end stands in the database before its worker says so, and what
the worker said is taken in at the next look.  It is waited for only while a task waits for a worker.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.executors.local_executor import LocalExecutor
from airflow.models.taskinstancekey import TaskInstanceKey

from kansho_airflow.sqlite import News

log = logging.getLogger(__name__)

#: Slow to import and used by tasks; pages are shared with the workers after the fork.
HEAVY = (
    "pandas",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pyarrow.vendored.version",
    "great_expectations",
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
    "jinja2.ext",
    "weasyprint",
    "pikepdf",
    "pypdfium2",
    "fontTools.ttLib",
    "segno",
    "statsmodels.discrete.discrete_model",
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.execution_time.supervisor",
    "airflow.dag_processing.dagbag",
    "airflow.dag_processing.bundles.local",
    "airflow.providers.common.io.assets.file",
    "airflow.providers.standard.operators.hitl",
    "kansho_airflow.wiring",
)

#: Not part of any task.
_APART = ("kansho.simulation", "kansho.cli")


#: Seconds without news after which the scheduler looks all the same: retries and time-outs come by the clock.
PATIENCE = 1.0
#: Seconds that a worker's answer may wait for the next look.
LINGER = 0.25
_SQLITE = "sqlite:///"


class PreloadingExecutor(LocalExecutor):
    """LocalExecutor, preloaded, counting, and waiting for news where the database is a file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self._out: Counter[TaskInstanceKey] = Counter()
        url = conf.get("database", "sql_alchemy_conn", fallback="")
        self._news = News(Path(url.removeprefix(_SQLITE))) if url.startswith(_SQLITE) else None

    def start(self) -> None:
        """Import, then start the workers, which read ahead what every task reads."""
        preload()
        importlib.import_module("kansho_airflow.ahead").read_before_every_fork()
        super().start()

    def _process_workloads(self, workload_list: Sequence[Any]) -> None:
        self._out.update(w.key for w in workload_list if isinstance(w.key, TaskInstanceKey))
        super()._process_workloads(workload_list)  # type: ignore[no-untyped-call]

    def sync(self) -> None:
        """Take in what workers answered, and wait for news: shortly when they did, not at all when one is wanted."""
        super().sync()  # type: ignore[no-untyped-call]
        if self._news is None:
            return
        wanted = bool(self.queued_tasks)
        if not self.event_buffer:
            came = _Since(lambda: not self.result_queue.empty())
            self._news.wait(PATIENCE, until=lambda: came.seconds(time.monotonic()) >= (0 if wanted else LINGER))
        elif not wanted:
            self._news.wait(LINGER, until=lambda: False)
        self._read_results()

    def _read_results(self) -> None:
        while not self.result_queue.empty():
            key, state, _ = self.result_queue.get()
            if isinstance(key, TaskInstanceKey):
                self._out[key] -= 1
                if self._out[key] > 0:
                    continue
                del self._out[key]
            self.change_state(key, state)


class _Since:
    """For how long something has been so.

    Args:
        so: asked at every look.
    """

    def __init__(self, so: Callable[[], bool]) -> None:
        self._so = so
        self._first: float | None = None

    def seconds(self, now: float) -> float:
        """Seconds since the first look that found it so; -1 before."""
        if self._first is None and self._so():
            self._first = now
        return -1.0 if self._first is None else now - self._first


def preload() -> list[str]:
    """Import what tasks import, set a page, and read the campaigns' configs; returns what could not be done."""
    missing = [name for name in (*HEAVY, *_ours()) if not _done(partial(importlib.import_module, name))]
    # What its library makes at the first page, and keeps, every task that sets one would make anew.
    if not _done(lambda: importlib.import_module("kansho.documents").warm()):
        missing.append("a first page")
    if missing:
        log.warning("not preloaded: %s", " ".join(missing))
    settings = importlib.import_module("kansho_airflow.settings")
    settings.all_campaigns()
    return missing


def _ours() -> list[str]:
    package = importlib.import_module("kansho")
    return [m.name for m in pkgutil.walk_packages(package.__path__, "kansho.") if not m.name.startswith(_APART)]


def _done(prepare: Callable[[], object]) -> bool:
    try:
        prepare()
    except Exception:  # noqa: BLE001  a broken module must not stop the scheduler; its own task reports it
        return False
    return True
