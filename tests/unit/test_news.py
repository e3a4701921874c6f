"""Waiting for what somebody else writes to the embedded database."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from kansho_airflow.executor import PreloadingExecutor
from kansho_airflow.sqlite import News

#: Longer than any test may take: who returns earlier was told.
EVER = 600.0


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "airflow.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("pragma journal_mode=wal")
        made.execute("create table written (number integer)")
        made.commit()
    return path


def _write(database: Path) -> None:
    with closing(sqlite3.connect(database)) as other:
        other.execute("insert into written values (1)")
        other.commit()


@pytest.mark.timeout(60)
def test_what_another_connection_commits_ends_the_waiting(database: Path) -> None:
    news, asked = News(database), threading.Event()

    def until() -> bool:
        asked.set()
        return False

    def write() -> None:
        asked.wait()
        _write(database)

    writer = threading.Thread(target=write)
    writer.start()
    news.wait(EVER, until)
    writer.join()


@pytest.mark.timeout(60)
def test_an_answer_that_lies_there_already_is_not_waited_for(database: Path) -> None:
    News(database).wait(EVER, lambda: True)


@pytest.mark.timeout(60)
def test_reading_is_no_news_and_patience_ends(database: Path) -> None:
    with closing(sqlite3.connect(database)) as other:
        looks = []
        News(database).wait(0.05, lambda: looks.append(other.execute("select 1 from written").fetchall()) is not None)
    assert len(looks) > 1


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
