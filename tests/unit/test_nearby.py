"""Processes of one machine share what each read or wrote of a log over a network; nothing but speed depends on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.errors import KanshoError
from kansho.evidence.events import Actor, Draft
from kansho.evidence.ledger import Ledger
from kansho.vault.ahead import ReadAhead
from kansho.vault.nearby import Nearby

NOON = datetime(2027, 5, 1, 12, tzinfo=UTC)
LOG = "log_1"


class Far:
    """A store over a network: it counts what is asked of it."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.asked: list[str] = []

    def create(self, name: str, data: bytes) -> bool:
        self.asked.append(f"PUT {name}")
        return self.kept.setdefault(name, data) is data

    def read(self, name: str) -> bytes:
        self.asked.append(f"GET {name}")
        return self.kept[name]

    def open(self, name: str) -> BinaryIO:
        raise NotImplementedError

    def exists(self, name: str) -> bool:
        return name in self.kept

    def names(self, prefix: str = "") -> Iterator[str]:
        return (n for n in sorted(self.kept) if n.startswith(prefix))

    def erase(self, name: str) -> None:
        self.kept.pop(name, None)

    def residue(self, name: str) -> int:
        return int(name in self.kept)

    def remains(self) -> dict[str, int]:
        return dict.fromkeys(self.kept, 1)

    def unfinished(self) -> int:
        return 0

    def sweep(self) -> int:
        return 0


@pytest.fixture
def far() -> Far:
    return Far()


def process(far: Far, folder: Path) -> Ledger:
    """The log as another process of the machine opens it."""
    return Ledger(LOG, ReadAhead(far, Nearby(folder)), clock=lambda: NOON)


def draft(key: str, type: str = "stage_finished") -> Draft:
    return Draft(type, key, date(2027, 5, 1), Actor("contractor", "a", "system"))


def test_an_event_costs_the_machine_one_request_however_many_processes_write_in_turn(far: Far, tmp_path: Path) -> None:
    writers = [process(far, tmp_path) for _ in range(8)]
    writers[0].append(draft(LOG, "campaign_opened"))
    for writer in writers:
        writer.refresh()
    far.asked.clear()
    for number in range(80):
        writers[number % 8].append(draft(str(number)))
    assert far.asked == [f"PUT events/{n + 1:010d}.json" for n in range(80)]
    assert [e.key for e in process(far, tmp_path).events()] == [LOG, *map(str, range(80))]


def test_writers_of_one_machine_who_write_at_once_spare_each_other_the_race(far: Far, tmp_path: Path) -> None:
    process(far, tmp_path).append(draft(LOG, "campaign_opened"))
    writers = [process(far, tmp_path) for _ in range(4)]

    def work(number: int) -> None:
        for n in range(20):
            writers[number].append(draft(f"{number}/{n}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    puts = [asked for asked in far.asked if asked.startswith("PUT")]
    assert len(puts) == len(set(puts)) == 81
    assert len({e.key for e in process(far, tmp_path).events()}) == 81


def test_who_writes_on_another_machine_is_read_and_not_overwritten(far: Far, tmp_path: Path) -> None:
    here, there = process(far, tmp_path / "here"), process(far, tmp_path / "there")
    here.append(draft(LOG, "campaign_opened"))
    for number in range(10):
        assert here.append(draft(f"here/{number}")).sequence == 2 * number + 1
        assert there.append(draft(f"there/{number}")).sequence == 2 * number + 2
    assert there.append(draft("here/3")) == process(far, tmp_path / "new").find("stage_finished", "here/3")
    assert [e.sequence for e in here.events()] == list(range(21))


def test_a_copy_that_a_power_cut_tore_is_asked_for_again(far: Far, tmp_path: Path) -> None:
    writer = process(far, tmp_path)
    writer.append(draft(LOG, "campaign_opened"))
    writer.append(draft("one"))
    for torn in (b"", b"x" * 40):
        (tmp_path / "events" / "0000000001.json").write_bytes(torn)
        far.asked.clear()
        assert [e.key for e in process(far, tmp_path).events()] == [LOG, "one"]
        assert "GET events/0000000001.json" in far.asked
    far.asked.clear()
    process(far, tmp_path).events()
    assert far.asked == ["GET events/0000000002.json"], "it was kept anew"


def test_a_copy_that_somebody_wrote_is_found_before_a_word_is_signed(far: Far, tmp_path: Path) -> None:
    writer = process(far, tmp_path)
    writer.append(draft(LOG, "campaign_opened"))
    writer.append(draft("one"))
    name = "events/0000000001.json"
    Nearby(tmp_path).put(name, far.kept[name].replace(b'"one"', b'"two"'))
    log, signer = process(far, tmp_path), Ed25519PrivateKey.generate()
    assert log.find("stage_finished", "two") is not None
    with pytest.raises(KanshoError, match="LEDGER-COPY") as refused:
        log.checkpoint(signer)
    assert refused.value.place == name
    assert not list(far.names("checkpoints/"))
    assert process(far, tmp_path).checkpoint(signer).size == 2
    assert [e.key for e in process(far, tmp_path).events()] == [LOG, "one"]


def test_a_copy_of_what_the_store_has_no_longer_is_not_signed_for(far: Far, tmp_path: Path) -> None:
    writer = process(far, tmp_path)
    writer.append(draft(LOG, "campaign_opened"))
    writer.append(draft("one"))
    far.erase("events/0000000001.json")
    with pytest.raises(KanshoError, match="LEDGER-COPY"):
        process(far, tmp_path).checkpoint(Ed25519PrivateKey.generate())


def test_what_was_held_against_the_store_once_is_not_asked_for_again(far: Far, tmp_path: Path) -> None:
    process(far, tmp_path).append(draft(LOG, "campaign_opened"))
    log, signer = process(far, tmp_path), Ed25519PrivateKey.generate()
    log.checkpoint(signer)
    far.asked.clear()
    log.append(draft("one"))
    log.checkpoint(signer)
    assert "GET events/0000000000.json" not in far.asked
    assert "GET events/0000000001.json" not in far.asked, "its own words need no confirmation"


def test_a_disk_that_refuses_costs_requests_and_nothing_else(far: Far, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    first, second = (process(far, tmp_path / "file" / "folder") for _ in range(2))
    first.append(draft(LOG, "campaign_opened"))
    assert second.append(draft("two")).sequence == 1
    assert first.append(draft("one")).sequence == 2
    assert [e.key for e in second.events()] == [LOG, "two", "one"]


def test_copies_are_for_their_owner_and_leave_nothing_half_written(far: Far, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    log = process(far, folder)
    log.append(draft(LOG, "campaign_opened"))
    log.append(draft("one"))
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert found == [".tmp-turn", "events/0000000000.json", "events/0000000001.json"]
    assert {path.stat().st_mode & 0o077 for path in folder.rglob("*")} == {0}
