"""SIGKILL to the process that lays a file of cards: it is laid again to the same bytes, or the run stops by name."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from kansho.errors import KanshoError
from kansho.mailing import apart as room
from kansho.mailing.press import Job, press
from kansho.mailing.shard import render_shard
from tests.unit.test_mailing_press import blank, card

CARDS = tuple(card(n) for n in range(1, 60))


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """The first ``n`` children are killed by a real SIGKILL when they have taken half of their cards."""

    def killing(number: int) -> list[int]:
        left, codes = [number], []

        def run(command: list[str], *, input: bytes, **rest: Any) -> subprocess.CompletedProcess[bytes]:
            if left[0] == 0:
                done = real(command, input=input, **rest)
                codes.append(done.returncode)
                return done
            left[0] -= 1
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert child.stdin is not None
            child.stdin.write(input[: len(input) // 2])
            child.stdin.flush()
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(BrokenPipeError):
                    pipe and pipe.close()
            codes.append(child.returncode)
            return subprocess.CompletedProcess(command, child.returncode, b"")

        real = subprocess.run
        monkeypatch.setattr(room.subprocess, "run", run)
        return codes

    return killing


def test_a_file_whose_process_was_killed_is_laid_again_to_the_same_bytes(
    killing: Callable[[int], list[int]],
) -> None:
    jobs = [Job("a", CARDS[:30], blank()), Job("b", CARDS[30:], blank())]
    codes = killing(1)
    laid = [pdf for _, pdf in press(jobs, workers=1)]
    assert codes == [-signal.SIGKILL, 0, 0]
    assert laid == [render_shard(job.cards, job.background) for job in jobs]


def test_a_process_that_is_killed_each_time_stops_the_run_and_names_the_file(
    killing: Callable[[int], list[int]],
) -> None:
    codes = killing(2)
    with pytest.raises(KanshoError, match=r"MAILING-PRESS.*\[the-file\]") as told:
        list(press([Job("the-file", CARDS, blank())]))
    assert codes == [-signal.SIGKILL] * 2
    assert CARDS[0].name not in str(told.value)


def test_a_process_that_ends_before_it_has_told_everything_has_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit says that all is well, its answer breaks off."""
    answers = [b"", b"\x80\x05]"]

    def run(command: list[str], **rest: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(command, 0, answers.pop())

    monkeypatch.setattr(room.subprocess, "run", run)
    with pytest.raises(KanshoError, match=r"MAILING-PRESS.*\[the-file\]"):
        list(press([Job("the-file", CARDS, blank())], workers=1))
    assert answers == []
