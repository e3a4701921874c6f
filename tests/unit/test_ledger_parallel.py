"""The log under eight writers on S3, under kills at every step of a write, and under clocks that jump."""

from __future__ import annotations

import io
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from kansho.errors import KanshoError
from kansho.evidence.clock_rules import clock_findings
from kansho.evidence.events import Actor, Draft, Event
from kansho.evidence.ledger import Ledger
from kansho.vault.ahead import ReadAhead
from kansho.vault.nearby import Nearby
from kansho.vault.s3 import S3Store
from kansho.vault.store import LocalStore

CAMPAIGN = "sumida_2027"
SYSTEM = Actor("contractor", "system", "system")
DAY = date(2027, 5, 1)
NOON = datetime(2027, 5, 1, 12, tzinfo=UTC)


def draft(key: str, type: str = "campaign_opened") -> Draft:
    return Draft(type, key, DAY, SYSTEM)


class Memory:
    """A store without turns, so that every race is run; ``before`` is called ahead of each create."""

    def __init__(self, before: Callable[[str], None] = lambda name: None) -> None:
        self.kept: dict[str, bytes] = {}
        self._before = before

    def create(self, name: str, data: bytes) -> bool:
        self._before(name)
        return self.kept.setdefault(name, data) is data

    def read(self, name: str) -> bytes:
        return self.kept[name]

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self.kept[name])

    def exists(self, name: str) -> bool:
        return name in self.kept

    def names(self, prefix: str = "") -> Iterator[str]:
        return iter(sorted(n for n in self.kept if n.startswith(prefix)))

    def erase(self, name: str) -> None:
        raise AssertionError("a log erases nothing")

    def residue(self, name: str) -> int:
        return int(name in self.kept)


class Interrupted:
    """A store between whose reading and writing something happens."""

    def __init__(self, store: Memory, create: Callable[[str, bytes], bool]) -> None:
        self.create, self.read = create, store.read


# -- eight writers -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3() -> Iterator[Callable[[], S3Store]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()

    def client() -> Any:
        return boto3.Session().client(
            "s3",
            endpoint_url=f"http://{host}:{port}",
            region_name="ap-northeast-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}),
        )

    client().create_bucket(Bucket="log", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    yield lambda: S3Store(client(), "log", CAMPAIGN)
    server.stop()


def test_eight_writers_on_s3_lose_nothing_leave_no_gap_and_do_not_fork(s3: Callable[[], S3Store]) -> None:
    Ledger(CAMPAIGN, s3()).append(draft("opened"))
    ledgers = [Ledger(CAMPAIGN, s3()) for _ in range(8)]

    def work(number: int) -> None:
        for n in range(5):
            ledgers[number].append(draft(f"{number}/{n}", "stage_finished"))
            ledgers[number].append(draft(f"shared/{n}", "stage_finished"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    log = Ledger(CAMPAIGN, s3()).events()
    keys = [e.key for e in log]
    assert [e.sequence for e in log] == list(range(1 + 8 * 5 + 5))
    assert set(keys) == {
        "opened",
        *(f"{w}/{n}" for w in range(8) for n in range(5)),
        *(f"shared/{n}" for n in range(5)),
    }
    assert len(keys) == len(set(keys))
    for ledger in ledgers:
        assert ledger.events() == log


def test_eight_processes_of_two_machines_on_s3_lose_nothing_leave_no_gap_and_do_not_fork(
    s3: Callable[[], S3Store], tmp_path: Path
) -> None:
    """As a deployment opens the log: copies and turns of each machine, a race between the two."""

    def log_on(machine: int) -> Ledger:
        return Ledger(CAMPAIGN, ReadAhead(s3(), Nearby(tmp_path / str(machine))))

    def work(number: int) -> None:
        log = log_on(number % 2)
        for n in range(5):
            log.append(draft(f"{number}/{n}", "stage_finished"))
            log.append(draft(f"shared/{n}", "stage_finished"))

    log_on(0).append(draft("opened"))
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    log = Ledger(CAMPAIGN, s3()).events()
    keys = [e.key for e in log]
    assert [e.sequence for e in log] == list(range(1 + 8 * 5 + 5))
    assert len(keys) == len(set(keys))
    for machine in (0, 1):
        assert log_on(machine).events() == log
        log_on(machine).confirm()


def test_a_writer_far_behind_reads_to_the_end_before_it_tries_again() -> None:
    tried: list[str] = []
    store = Memory(tried.append)
    late = Ledger(CAMPAIGN, store, clock=lambda: NOON)
    late.append(draft("opened"))
    other = Ledger(CAMPAIGN, store, clock=lambda: NOON)
    for n in range(500):
        other.append(draft(str(n), "stage_finished"))
    tried.clear()
    assert late.append(draft("late", "stage_finished")).sequence == 501
    assert len(tried) < 6


def test_a_writer_that_goes_on_losing_gives_way_longer_each_time_and_never_for_long() -> None:
    """Another writes before each of its tries; each pause may be twice as long as the one before, up to a second."""
    pauses: list[float] = []
    store = Memory()
    other = Ledger(CAMPAIGN, store, clock=lambda: NOON)
    other.append(draft("opened"))
    loser = Ledger(CAMPAIGN, store, clock=lambda: NOON, pause=pauses.append)
    loser.refresh()
    clock = iter(range(1_000))
    real, races = store.create, iter(range(9))

    def create(name: str, data: bytes) -> bool:
        race = next(races, None)
        if race is not None:
            other.append(draft(f"other-{race}", "stage_finished"))
        return real(name, data)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("kansho.evidence.ledger.time.monotonic", lambda: next(clock) / 100)
        late = Interrupted(store, create)
        loser._store = late  # type: ignore[assignment]
        assert loser.append(draft("late", "stage_finished")).sequence == 10
    assert [e.key for e in other.events()][-2:] == ["other-8", "late"]
    assert pauses == sorted(pauses)
    assert len(pauses) == 8  # the first race that is lost costs no time
    assert pauses[0] < pauses[1] / 1.5
    assert pauses[-1] == 1.0


def test_a_number_being_taken_at_this_moment_is_tried_again() -> None:
    """S3 answers 409 while another's write is under way: taken, and nothing there yet."""
    store = Memory()
    ledger = Ledger(CAMPAIGN, store, clock=lambda: NOON)
    ledger.append(draft("opened"))
    real, answers = store.create, [False, False]
    store.create = lambda name, data: answers.pop() if answers else real(name, data)  # type: ignore[method-assign]
    assert ledger.append(draft("x", "stage_finished")).sequence == 1


def test_what_the_log_begins_with_is_asked_for_until_it_is_there_and_no_more() -> None:
    store = Memory()
    looking = Ledger(CAMPAIGN, store, clock=lambda: NOON)
    assert looking.first is None
    Ledger(CAMPAIGN, store, clock=lambda: NOON).append(draft("opened"))
    first = looking.first
    assert first is not None
    assert first.key == "opened"
    store.read = None  # type: ignore[method-assign, assignment]
    assert looking.first is first


# -- kills -------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


@pytest.mark.parametrize("call", ["open", "fsync", "link", "unlink"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_step_of_a_write_leaves_a_whole_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, after: bool
) -> None:
    Ledger(CAMPAIGN, LocalStore(tmp_path)).append(draft("opened"))
    steps = 0
    while True:
        killed = _append_killed(tmp_path, monkeypatch, call, after, at=steps, key=f"{steps}")
        log = Ledger(CAMPAIGN, LocalStore(tmp_path)).events()
        assert [e.sequence for e in log] == list(range(len(log)))
        again = Ledger(CAMPAIGN, LocalStore(tmp_path))
        again.append(draft(f"{steps}", "stage_finished"))
        assert [e.key for e in again.events()] == ["opened", *map(str, range(steps + 1))]
        if not killed:
            break
        steps += 1
    assert steps >= 1


def _append_killed(root: Path, monkeypatch: pytest.MonkeyPatch, call: str, after: bool, *, at: int, key: str) -> bool:
    """Append, dying at the ``at``-th call of an operating system's function; whether it died."""
    ledger = Ledger(CAMPAIGN, LocalStore(root))
    ledger.refresh()
    target: Any = Path if call == "unlink" else os
    real, count = getattr(target, call), 0

    def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count - 1 != at:
            return real(*arguments, **named)
        if after:
            real(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(target, call, dying)
        try:
            ledger.append(draft(key, "stage_finished"))
        except Killed:
            return True
    return False


def test_a_dead_writers_turn_ends_with_it(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    child = os.fork()
    if child == 0:
        turn = store.turn()
        turn.__enter__()
        os._exit(9)
    os.waitpid(child, 0)
    assert Ledger(CAMPAIGN, store).append(draft("opened")).sequence == 0
    assert list(store.names()) == ["events/0000000000.json"]


def test_a_full_disk_is_an_error_and_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(CAMPAIGN, LocalStore(tmp_path))
    ledger.append(draft("opened"))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(KanshoError, match="DISK-FULL"):
            ledger.append(draft("x", "stage_finished"))
    assert ledger.append(draft("x", "stage_finished")).sequence == 1
    assert not list(tmp_path.rglob(".tmp-*-*"))


# -- clocks ------------------------------------------------------------------------------------------


def written(steps: list[float]) -> list[Event]:
    """A log whose clock moves by these seconds before each event."""
    now = [NOON]
    ledger = Ledger(CAMPAIGN, Memory(), clock=lambda: now[0])
    ledger.append(draft("opened"))
    for number, step in enumerate(steps):
        now[0] += timedelta(seconds=step)
        ledger.append(draft(str(number), "stage_finished"))
    return ledger.events()


@pytest.mark.parametrize(
    ("steps", "types", "seconds"),
    [
        ([1, 1], ["stage_finished"] * 2, []),
        ([-1.5], ["stage_finished"], []),
        ([-2.001], ["clock_ran_backwards", "stage_finished"], [3]),
        ([5, -3600], ["stage_finished", "clock_ran_backwards", "stage_finished"], [3600]),
        ([-10, -10], ["clock_ran_backwards", "stage_finished"] * 2, [10, 10]),
    ],
)
def test_a_clock_that_runs_backwards_is_an_event(steps: list[float], types: list[str], seconds: list[int]) -> None:
    log = written(steps)
    assert [e.type for e in log[1:]] == types
    assert [e.counts["seconds"] for e in log if e.type == "clock_ran_backwards"] == seconds


def test_the_event_tells_before_which_number_the_clock_was_ahead_and_who_noticed() -> None:
    told = written([5, -60])[2]
    assert (told.key, told.actor["user"], told.campaign_date) == ("after-1", "system", "2027-05-01")
    assert told.recorded_at == "2027-05-01T11:59:05.000000Z"


@given(st.lists(st.floats(-10_000, 10_000), max_size=12))
def test_whatever_the_clock_does_the_log_explains_itself(steps: list[float]) -> None:
    log = written(steps)
    assert list(clock_findings(log)) == []
    assert [e.key for e in log if e.type == "stage_finished"] == [str(n) for n in range(len(steps))]


def test_a_step_is_told_as_its_own_time_shows_it_though_the_clock_goes_on_meanwhile() -> None:
    readings = iter([0, -10.0001, -9.9999, -9.9998, 3600])
    ledger = Ledger(CAMPAIGN, Memory(), clock=lambda: NOON + timedelta(seconds=next(readings)))
    ledger.append(draft("opened"))
    ledger.append(draft("x", "stage_finished"))
    assert [e.counts["seconds"] for e in ledger.events("clock_ran_backwards")] == [11]
    assert list(clock_findings(ledger.events())) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda log: [e for e in log if e.type != "clock_ran_backwards"],
        lambda log: [_with(e, 59) for e in log],
        lambda log: [_with(e, 0) for e in log],
        lambda log: [*log[:2], *log[1:2], *log[2:]][:2] + [_with(log[2], 60, "2027-05-01T12:00:06.000000Z")],
    ],
    ids=["left out", "another length", "none", "no step back"],
)
def test_an_unexplained_step_back_is_a_finding(change: Callable[[list[Event]], list[Event]]) -> None:
    found = list(clock_findings(change(written([5, -60]))))
    assert {f.code for f in found} == {"STATE-CLOCK-BACKWARDS"}


def _with(event: Event, seconds: int, at: str = "") -> Event:
    from dataclasses import replace

    if event.type != "clock_ran_backwards":
        return event
    return replace(event, counts={"seconds": seconds}, recorded_at=at or event.recorded_at)


def test_nothing_but_the_opening_stands_first_even_when_the_clock_jumps() -> None:
    with pytest.raises(KanshoError, match="LEDGER-UNOPENED"):
        Ledger(CAMPAIGN, Memory(), clock=lambda: NOON).append(draft("x", "stage_finished"))
