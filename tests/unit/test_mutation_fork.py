"""A piece of work of its own comes to an end whatever it does, and takes with it what it started."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from mutation.fork import FAILED, FINE, STARTED, STILL, Ended, Tell, allow, forked


def _gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has buried yet has."""
    for _ in range(400):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def _dies(by: int) -> Callable[[Tell], int]:
    def work(tell: Tell) -> int:
        tell(3)
        os.kill(os.getpid(), by)
        return FINE

    return work


def test_how_a_child_ended_and_what_it_was_at_is_told() -> None:
    assert forked(lambda tell: FINE) == Ended("fine", -1)
    assert forked(lambda tell: [tell(n) for n in (4, 9)] and FAILED) == Ended("failed", 9)
    assert forked(_dies(signal.SIGXCPU)) == Ended("hung", 3)
    assert forked(_dies(signal.SIGKILL)) == Ended("crashed", 3)


def test_a_child_that_breaks_outside_of_its_tests_says_nothing_about_the_error() -> None:
    with pytest.raises(RuntimeError, match="nothing can be said"):
        forked(lambda tell: 1 // 0)


def test_time_on_the_processor_and_memory_are_bounded() -> None:
    def work(tell: Tell) -> int:
        allow(2.0)
        bounded = resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
        tell(round(signal.getitimer(signal.ITIMER_PROF)[0]) if bounded else 0)
        return FINE

    assert forked(work).told == 25


def test_a_test_that_comes_to_no_end_is_stopped_and_what_it_starts_has_time_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A command takes seconds that no test is charged with: under its starter's limit it would be killed."""
    monkeypatch.setattr("mutation.fork.AT_LEAST", 0.2)

    def work(tell: Tell) -> int:
        allow(0.0)
        started = os.fork()
        if started == 0:
            soft = resource.getrlimit(resource.RLIMIT_CPU)[0]
            os._exit(7 if signal.getitimer(signal.ITIMER_PROF)[0] == 0 and soft >= STARTED else 8)
        tell(os.waitstatus_to_exitcode(os.waitpid(started, 0)[1]))
        while True:
            pass

    assert forked(work) == Ended("hung", 7)


def test_a_child_that_stands_still_is_stopped_with_what_it_started() -> None:
    def work(tell: Tell) -> int:
        tell(subprocess.Popen(["sleep", "600"]).pid)
        time.sleep(600)
        return FINE

    ended = forked(work, still=0.2)
    assert ended.how == "stuck"
    assert _gone(ended.told)
    assert STILL > 60


def test_nothing_outlives_a_run_that_is_killed() -> None:
    reader, writer = os.pipe()
    run = os.fork()
    if run == 0:

        def work(tell: Tell) -> int:
            os.write(writer, str(os.getpid()).encode())
            time.sleep(600)
            return FINE

        forked(work)
        os._exit(0)
    child = int(os.read(reader, 20))
    os.kill(run, signal.SIGKILL)
    os.waitpid(run, 0)
    assert _gone(child)
