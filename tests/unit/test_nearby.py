"""Processes of one machine share what each read or wrote of a log over a network; nothing but speed depends on it."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.events import Actor, Draft
from kansho.evidence.ledger import Ledger
from kansho.vault import nearby
from kansho.vault.ahead import FRESH, ReadAhead
from kansho.vault.nearby import Nearby
from kansho.vault.storage import Storage, _word

NOON = datetime(2027, 5, 1, 12, tzinfo=UTC)
LOG = "log_1"


class Far:
    """A store over a network: it counts what is asked of it."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.slowly = 0.0
        self.silent = False

    def create(self, name: str, data: bytes) -> bool:
        self.asked.append(f"PUT {name}")
        return self.kept.setdefault(name, data) is data

    def read(self, name: str) -> bytes:
        self.asked.append(f"GET {name}")
        time.sleep(self.slowly)
        if self.silent:
            raise TimeoutError
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


def name(number: int) -> str:
    return f"events/{number:010d}.json"


def write(far: Far, folder: Path, *keys: str) -> None:
    """A log with these events after its opening, and copies of them."""
    log = process(far, folder)
    log.append(draft(LOG, "campaign_opened"))
    for key in keys:
        log.append(draft(key))


def forge(far: Far, folder: Path, number: int, said: bytes, instead: bytes) -> None:
    Nearby(folder).put(name(number), far.kept[name(number)].replace(said, instead))


def side_by_side(*work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


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

    side_by_side(*(partial(work, number) for number in range(4)))
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
    assert far.asked == ["GET events/0000000001.json", "GET events/0000000002.json"], "the newest copy, and the end"


def test_a_copy_that_somebody_wrote_is_found_before_a_word_is_signed(far: Far, tmp_path: Path) -> None:
    """And by the same process again: it has believed what is not so, whatever it is told to try."""
    write(far, tmp_path, "one", "two", "three")
    forge(far, tmp_path, 1, b'"one"', b'"oen"')
    forge(far, tmp_path, 2, b'"two"', b'"owt"')
    log, signer = process(far, tmp_path), Ed25519PrivateKey.generate()
    assert log.find("stage_finished", "oen") is not None
    for _ in range(2):
        with pytest.raises(KanshoError, match="LEDGER-COPY") as refused:
            log.checkpoint(signer)
        assert refused.value.place == name(1)
    assert not list(far.names("checkpoints/"))
    assert process(far, tmp_path).checkpoint(signer).size == 4
    assert [e.key for e in process(far, tmp_path).events()] == [LOG, "one", "two", "three"]


def test_a_false_copy_is_found_though_reading_ahead_has_seen_the_truth_since(far: Far, tmp_path: Path) -> None:
    """What was said first is what this process believes, and so what is held against the store."""
    write(far, tmp_path, *map(str, range(10)))
    forge(far, tmp_path, 6, b'"5"', b'"7"')
    for number in range(6):
        Nearby(tmp_path).drop(name(number))
    store = ReadAhead(far, Nearby(tmp_path))
    assert b'"7"' in store.read(name(6))
    log = Ledger(LOG, store, clock=lambda: NOON)
    assert [log.events()[number].key for number in (5, 6)] == ["4", "7"]
    with pytest.raises(KanshoError, match="LEDGER-COPY"):
        log.checkpoint(Ed25519PrivateKey.generate())


def test_what_was_read_ahead_is_believed_before_any_copy(far: Far, tmp_path: Path) -> None:
    write(far, tmp_path, *map(str, range(10)))
    forge(far, tmp_path, 6, b'"5"', b'"7"')
    for number in range(6):
        Nearby(tmp_path).drop(name(number))
    log = process(far, tmp_path)
    assert log.events()[6].key == "5"
    assert log.checkpoint(Ed25519PrivateKey.generate()).size == 11


def test_who_confirms_beside_another_waits_for_its_answer(far: Far, tmp_path: Path) -> None:
    write(far, tmp_path, "one", "two")
    forge(far, tmp_path, 1, b'"one"', b'"oen"')
    log, signer = process(far, tmp_path), Ed25519PrivateKey.generate()
    log.refresh()
    far.slowly = 0.05
    told: list[str] = []

    def sign() -> None:
        try:
            log.checkpoint(signer)
        except KanshoError as error:
            told.append(error.code)

    side_by_side(sign, sign)
    assert told == ["LEDGER-COPY"] * 2
    assert not list(far.names("checkpoints/"))


def test_what_the_service_did_not_answer_about_is_still_to_be_confirmed(far: Far, tmp_path: Path) -> None:
    write(far, tmp_path, "one", "two")
    forge(far, tmp_path, 1, b'"one"', b'"oen"')
    log, signer = process(far, tmp_path), Ed25519PrivateKey.generate()
    log.refresh()
    far.silent = True
    with pytest.raises(TimeoutError):
        log.confirm()
    far.silent = False
    with pytest.raises(KanshoError, match="LEDGER-COPY"):
        log.checkpoint(signer)


def test_copies_of_a_bucket_that_was_emptied_are_thrown_away(far: Far, tmp_path: Path) -> None:
    write(far, tmp_path, "rehearsed", "again")
    real = Far()
    log = process(real, tmp_path)
    assert log.events() == []
    assert log.append(draft(LOG, "campaign_opened")).sequence == 0
    assert log.append(draft("rehearsed")).sequence == 1
    assert sorted(real.kept) == [name(0), name(1)]


def test_copies_of_one_bucket_are_not_those_of_another(mini: CampaignConfig) -> None:
    said = {"place": "a", "region": "r", "personal_bucket": "personal", "evidence_bucket": "evidence"}
    stores = [
        Storage.model_validate(said | {"endpoint": "https://one.example.jp"}),
        Storage.model_validate(said | {"endpoint": "https://two.example.jp"}),
        Storage.model_validate(said | {"endpoint": "https://one.example.jp", "evidence_bucket": "other"}),
        Storage.model_validate(said | {"endpoint": "https://one.example.jp", "region": "s"}),
    ]
    assert len({_word(store) for store in stores}) == 4


def test_whoever_reads_beside_a_writer_in_its_turn_sees_what_others_wrote_elsewhere(far: Far, tmp_path: Path) -> None:
    """The threads of one process share what it knows; only the one whose turn it is need not ask."""
    write(far, tmp_path, "one")
    store = ReadAhead(far, Nearby(tmp_path))
    log = Ledger(LOG, store, clock=lambda: NOON)
    log.refresh()
    seen: list[str] = []
    with store.turn() as mine:
        assert mine
        write(far, tmp_path / "elsewhere", "two")
        with pytest.raises(KeyError):
            store.read(name(2))
        time.sleep(2 * FRESH)
        side_by_side(lambda: seen.extend(e.key for e in Ledger(LOG, store).events()))
    assert seen == [LOG, "one", "two"]


def test_a_try_that_had_no_answer_is_looked_for_before_the_next(far: Far, tmp_path: Path) -> None:
    """It came to be, and only the word of it was lost: whoever goes on in this process reads it first."""
    write(far, tmp_path, "one")
    log = process(far, tmp_path)
    log.append(draft("two"))

    class Lost(BaseException):
        pass

    def lose(name: str, data: bytes) -> bool:
        far.kept[name] = data
        raise Lost

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(far, "create", lose)
        with pytest.raises(Lost):
            log.append(draft("three"))
    far.asked.clear()
    assert log.append(draft("four")).sequence == 4
    assert [asked for asked in far.asked if asked.startswith("PUT")] == [f"PUT {name(4)}"]


def test_a_machine_without_copies_reads_to_the_end_before_it_tries(far: Far, tmp_path: Path) -> None:
    write(far, tmp_path / "elsewhere", *map(str, range(50)))
    far.asked.clear()
    assert process(far, tmp_path / "here").append(draft("mine")).sequence == 51
    assert [asked for asked in far.asked if asked.startswith("PUT")] == [f"PUT {name(51)}"]


def test_a_turn_that_does_not_come_is_not_waited_for_long(
    far: Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearby, "_PATIENCE", 0.02)
    write(far, tmp_path, "one")
    with Nearby(tmp_path).turn() as held:
        assert held
        with Nearby(tmp_path).turn() as mine:
            assert not mine
        assert process(far, tmp_path).append(draft("two")).sequence == 2
    with Nearby(tmp_path).turn() as mine:
        assert mine


def test_a_disk_that_knows_no_locks_gives_no_turns(far: Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(nearby.fcntl, "flock", refuse)
    write(far, tmp_path, "one", "two")
    assert len(process(far, tmp_path).events()) == 3


def test_a_turn_ends_though_a_process_was_forked_in_it(tmp_path: Path) -> None:
    read, write_end = os.pipe()
    with Nearby(tmp_path).turn():
        child = os.fork()
        if child == 0:  # it lives on until the pipe is closed
            os.close(write_end)
            os.read(read, 1)
            os._exit(0)
    with Nearby(tmp_path).turn() as mine:
        assert mine
    os.close(write_end)
    os.waitpid(child, 0)
    os.close(read)


@pytest.mark.parametrize("said", [b"{}", b"[]", b"no json"])
def test_what_is_no_event_is_told_and_not_taken_for_the_end(far: Far, tmp_path: Path, said: bytes) -> None:
    write(far, tmp_path, "one")
    far.kept[name(1)] = said
    for log in (Ledger(LOG, far), process(far, tmp_path / "new")):
        with pytest.raises(KanshoError, match="LEDGER-BROKEN"):
            log.events()


def test_what_killed_writers_left_is_swept(far: Far, tmp_path: Path) -> None:
    write(far, tmp_path, "one")
    left = tmp_path / "events" / ".tmp-77-abcdef01"
    left.write_bytes(b"half")
    assert [e.key for e in process(far, tmp_path).events()] == [LOG, "one"]
    ReadAhead(far, Nearby(tmp_path)).sweep()
    assert not left.exists()
    assert len(process(far, tmp_path).events()) == 2


def test_a_copy_of_what_the_store_has_no_longer_is_not_signed_for(far: Far, tmp_path: Path) -> None:
    write(far, tmp_path, "one", "two")
    far.erase(name(1))
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
