"""Waiting for what somebody else writes to the embedded database."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Column, DateTime, MetaData, Table, create_engine, func, select

from kansho_airflow.executor import PreloadingExecutor
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
    """An executor without workers, whose news are counted."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.waits = 0
        self._news = News(database)
        self._news.wait = self._count  # type: ignore[method-assign]
        self.result_queue = _Queue()  # type: ignore[assignment]

    def _count(self, at_most: float, until: object) -> None:
        self.waits += 1

    def _check_workers(self) -> None: ...


class _Queue(list[object]):
    def empty(self) -> bool:
        return not self


def test_the_scheduler_waits_only_when_nothing_was_sent_and_nothing_came(database: Path) -> None:
    executor = _Waited(database)
    executor.sync()
    assert executor.waits == 1
    executor._sent = True
    executor.sync()
    assert executor.waits == 1
    executor.event_buffer = {"something": "came"}  # type: ignore[dict-item]
    executor.sync()
    assert executor.waits == 1
    executor.event_buffer = {}
    executor.sync()
    assert executor.waits == 2
