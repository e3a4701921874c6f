"""What a worker has read of a log, the tasks that it forks find in memory, as long as it lies there unchanged."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence import known_events as room
from kansho.evidence.ledger import Ledger
from kansho.vault.store import LocalStore
from kansho_airflow import ahead, settings
from tests.conftest import MINI, opened


class Counted(LocalStore):
    """A directory that counts what is read of it."""

    reads = 0

    def read(self, name: str) -> bytes:
        Counted.reads += 1
        return super().read(name)


@pytest.fixture
def log(mini_as_filed: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of five events in the deployment that the settings name."""
    monkeypatch.setenv("KANSHO_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("KANSHO_CAMPAIGNS", str(MINI))
    ws = opened(mini_as_filed, tmp_path / "var", date(2027, 5, 1))
    for number in range(4):
        ws.record("artefact_opened", f"page-{number}")
    monkeypatch.setattr(Counted, "reads", 0)
    monkeypatch.setattr(ahead, "LocalStore", Counted)
    room.known_event.cache_clear()
    room.read_at.cache_clear()
    return tmp_path / "var" / "kansho" / "ledger" / mini_as_filed.id


def _events(log: Path) -> list[str]:
    return [e.key for e in Ledger(log.name, Counted(log)).events()]


def test_what_was_read_ahead_is_not_read_again(log: Path) -> None:
    ahead.read_logs()
    assert Counted.reads == 5
    assert len(_events(log)) == 5
    assert Counted.reads == 5


def test_what_came_later_is_read(log: Path) -> None:
    ahead.read_logs()
    event = LocalStore(log).read("events/0000000004.json").replace(b"page-3", b"page-9").replace(b'ce":4', b'ce":5')
    LocalStore(log).create("events/0000000005.json", event)
    assert _events(log)[-1] == "page-9"
    assert Counted.reads == 6


def test_what_was_changed_behind_our_back_is_not_taken_for_what_was_read(log: Path) -> None:
    """Also when whoever changed it gave the file its old date again."""
    ahead.read_logs()
    path = log / "events" / "0000000003.json"
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # the kernel's clock moves by some milliseconds
        path.write_bytes(path.read_bytes().replace(b"page-2", b"page-7"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert _events(log)[3] == "page-7"


def test_a_task_that_is_forked_finds_it_in_memory(log: Path) -> None:
    ahead.read_logs()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # the process of a task
        os.write(write, f"{len(_events(log))} {Counted.reads}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 20) == b"5 5"
    os.close(read)
    os.close(write)


def test_what_cannot_be_read_ahead_is_left_to_the_task(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def invalid() -> tuple[CampaignConfig, ...]:
        raise KanshoError("CONFIG-INVALID", "no")

    monkeypatch.setattr(settings, "all_campaigns", invalid)
    ahead.read_logs()
    assert Counted.reads == 0
