"""Waiting for what somebody else writes to the embedded database."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, DateTime, MetaData, Table, create_engine, func, select

from kansho_airflow.executor import LINGER, PATIENCE, PreloadingExecutor
from kansho_airflow.sqlite import News

#: Longer than any test may take: who returns earlier was told.
EVER = 600.0


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The tables that are looked at, with a task that runs in a run that runs."""
    path = tmp_path / "airflow.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("pragma journal_mode=wal")
        made.executescript(
            "create table task_instance (state, seen integer default 0); insert into task_instance(state)"
            " values ('running'); create table dag_run (state); insert into dag_run values ('running');"
            " create table asset_dag_run_queue (asset integer);"
        )
    return path


@pytest.fixture
def news(database: Path) -> News:
    """News whose reader has been told how things stand."""
    made = News(database)
    made.wait(EVER, lambda: False)
    return made


def _write(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as other:
        other.execute(statement)
        other.commit()


ACTED_UPON = {
    "a task ended": "update task_instance set state = 'success'",
    "a task is to be tried again": "update task_instance set state = 'up_for_retry'",
    "a run was asked for": "insert into dag_run values ('queued')",
    "an asset has a run to start": "insert into asset_dag_run_queue values (1)",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("statement", ACTED_UPON.values(), ids=ACTED_UPON)
def test_what_a_scheduler_acts_upon_ends_the_waiting(database: Path, news: News, statement: str) -> None:
    asked = threading.Event()

    def until() -> bool:
        asked.set()
        return False

    def write() -> None:
        asked.wait()
        _write(database, statement)

    writer = threading.Thread(target=write)
    writer.start()
    news.wait(EVER, until)
    writer.join()


@pytest.mark.timeout(60)
def test_what_was_written_between_two_waitings_is_not_missed(database: Path, news: News) -> None:
    _write(database, ACTED_UPON["a task ended"])
    news.wait(EVER, lambda: False)


@pytest.mark.timeout(60)
def test_an_answer_that_lies_there_already_is_not_waited_for(database: Path) -> None:
    News(database).wait(EVER, lambda: True)


WRITTEN_MEANWHILE = {
    "nothing": "select 1 from dag_run",
    "a heartbeat": "update task_instance set seen = 1",
    "a task was sent on its way": "insert into task_instance(state) values ('queued')",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("statement", WRITTEN_MEANWHILE.values(), ids=WRITTEN_MEANWHILE)
def test_what_a_running_task_writes_is_no_news(database: Path, news: News, statement: str) -> None:
    looks = []

    def until() -> bool:
        if not looks:
            _write(database, statement)
        looks.append(1)
        return len(looks) > 5

    news.wait(EVER, until)
    assert len(looks) > 5


def test_what_was_written_a_moment_ago_is_not_after_now() -> None:
    engine = create_engine("sqlite://")
    runs = Table("dag_run", MetaData(), Column("run_after", DateTime))
    with engine.connect() as database:
        runs.create(database)
        for _ in range(50):
            database.execute(runs.insert().values(run_after=datetime.now(UTC).replace(tzinfo=None)))
            assert database.scalars(select(runs).where(runs.c.run_after > func.now())).all() == []
        soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(milliseconds=500)
        database.execute(runs.insert().values(run_after=soon))
        assert database.scalars(select(runs).where(runs.c.run_after > func.now())).all() == [soon]


@pytest.mark.timeout(60)
def test_patience_ends(news: News) -> None:
    news.wait(0.05, lambda: False)


class _Waited(PreloadingExecutor):
    """An executor without workers and news; a worker answers while it waits."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.waited: list[float] = []
        self._news = News(database)
        self._news.wait = self._wait  # type: ignore[method-assign]
        self.result_queue = _Queue()  # type: ignore[assignment]

    def _wait(self, at_most: float, until: Callable[[], bool]) -> None:
        self.waited.append(at_most)
        self.result_queue.append(("somebody", "success", None))  # type: ignore[attr-defined]
        while at_most == PATIENCE and not until():
            time.sleep(0.01)

    def _check_workers(self) -> None: ...


class _Queue(list[Any]):
    def empty(self) -> bool:
        return not self

    def get(self) -> Any:
        return self.pop()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("answered_before", "wanted", "waits"),
    [(False, False, [PATIENCE]), (False, True, [PATIENCE]), (True, False, [LINGER]), (True, True, [])],
)
def test_the_scheduler_waits_for_news_and_for_a_worker_only_while_one_is_wanted(
    database: Path, answered_before: bool, wanted: bool, waits: list[float]
) -> None:
    executor = _Waited(database)
    executor.event_buffer = {"something": "came"} if answered_before else {}  # type: ignore[dict-item]
    executor.queued_tasks = {"a task": "of a run"} if wanted else {}  # type: ignore[dict-item]
    executor.sync()
    assert executor.waited == waits
    assert set(executor.event_buffer) == {*(["something"] if answered_before else []), *(["somebody"] if waits else [])}
