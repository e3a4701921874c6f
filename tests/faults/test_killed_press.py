"""SIGKILL to the process that lays a file of cards: it is laid again to the same bytes, or the run stops by name."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kansho.errors import KanshoError
from kansho.mailing import apart as room
from kansho.mailing.press import Job, press
from kansho.mailing.shard import render_shard
from tests.unit.test_mailing_press import blank, card

CARDS = tuple(card(n) for n in range(1, 60))


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int | None]]:
    """The first ``n`` children are killed by a real SIGKILL when they have taken half of their cards."""

    def killing(number: int) -> list[int | None]:
        left, codes = [number], list[int | None]()

        def ask(hand: room.Hand, order: bytes) -> bytes | None:
            if left[0]:
                left[0] -= 1
                assert hand.process.stdin is not None
                hand.process.stdin.write(order[: len(order) // 2])
                hand.process.stdin.flush()
                os.kill(hand.process.pid, signal.SIGKILL)
                hand.process.wait()
            answer = real(hand, order)
            codes.append(hand.process.poll())
            return answer

        real = room.Hand.ask
        monkeypatch.setattr(room.Hand, "ask", ask)
        return codes

    return killing


def test_a_file_whose_process_was_killed_is_laid_again_to_the_same_bytes(
    killing: Callable[[int], list[int | None]],
) -> None:
    jobs = [Job("a", CARDS[:30], blank()), Job("b", CARDS[30:], blank())]
    codes = killing(1)
    laid = [pdf for _, pdf in press(jobs, workers=1)]
    assert codes == [-signal.SIGKILL, None, None]  # the second lives on and lays both
    assert laid == [render_shard(job.cards, job.background) for job in jobs]


def test_a_process_that_is_killed_each_time_stops_the_run_and_names_the_file(
    killing: Callable[[int], list[int | None]],
) -> None:
    codes = killing(2)
    with pytest.raises(KanshoError, match=r"MAILING-PRESS.*\[the-file\]") as told:
        list(press([Job("the-file", CARDS, blank())]))
    assert codes == [-signal.SIGKILL] * 2
    assert CARDS[0].name not in str(told.value)


def test_a_process_that_ends_before_it_has_told_everything_has_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that nine bytes follow, gives three, and its exit says that all is well."""
    said = "import sys; sys.stdin.buffer.read(8); sys.stdout.buffer.write(bytes(7) + b'\\x09abc')"
    monkeypatch.setattr(room, "_COMMAND", (sys.executable, "-c", said))
    with pytest.raises(KanshoError, match=r"MAILING-PRESS.*\[the-file\]"):
        list(press([Job("the-file", CARDS, blank())], workers=1))


def test_a_process_that_has_grown_is_followed_by_a_small_one_and_the_bytes_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[int] = []
    real = room.Hand.__init__

    def counted(hand: room.Hand) -> None:
        real(hand)
        begun.append(hand.process.pid)

    monkeypatch.setattr(room.Hand, "__init__", counted)
    jobs = [Job(str(n), CARDS[n::3], blank()) for n in range(3)]
    together = [pdf for _, pdf in press(jobs, workers=1)]
    assert len(begun) == 1
    grown = "import kansho.mailing.apart as room; room._KEEPS = 0; room._child()"
    monkeypatch.setattr(room, "_COMMAND", (sys.executable, "-c", grown))
    assert [pdf for _, pdf in press(jobs, workers=1)] == together
    assert len(begun) == 1 + len(jobs)


def test_no_process_is_left_when_the_work_ends_in_the_middle() -> None:
    jobs = [Job(str(n), CARDS[n::5], blank()) for n in range(5)]
    made = press(jobs, workers=2)
    next(made)
    made.close()
    assert [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_ours(entry)] == []


def _is_ours(process: Path) -> bool:
    """Whether it is a child of this process that lays or checks cards."""
    try:
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        return parent == os.getpid() and b"kansho.mailing.apart" in (process / "cmdline").read_bytes()
    except OSError:  # it has ended
        return False
