"""A piece of work in a process of its own, that comes to an end whatever it does.

Belongs here: limits of memory, of processor time and of standing still, and that nothing outlives whoever started it.
What a child is at is told by a number; the last one stands for the test that was running when it ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import select
import signal
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Processor seconds of a test beyond what it took (times ten): who takes more does not come to an end.
AT_LEAST, PATIENCE = 5.0, 10.0
#: And of whatever it starts (a command of its own takes what no test is charged with), above what it had used itself.
STARTED = 120
#: Bytes that a child may ask for beyond what it was born with.
MEMORY = 4 << 30
#: Seconds in which a child that tells nothing is held to stand still for ever.
STILL = 300.0
#: Exit codes of a child; anything else is our own mistake.
FINE, FAILED, BROKEN = 0, 1, 3
_OUT_OF_TIME = frozenset({signal.SIGPROF, signal.SIGXCPU})
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None)

Tell = Callable[[int], None]


@dataclass(frozen=True)
class Ended:
    """How a child ended (`how`: fine, failed, hung, stuck, crashed) and the last number that it told (-1: none)."""

    how: str
    told: int


def forked(work: Callable[[Tell], int], still: float = STILL) -> Ended:
    """Run ``work`` in a child, which gets a way to tell a number.

    Raises:
        RuntimeError: the child broke before or after its work, so that nothing can be said of it.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            os.close(reader)
            _bound(parent)
            code = work(lambda number: _tell(writer, number))
        finally:
            os._exit(code)
    os.close(writer)
    try:
        os.set_blocking(reader, False)
        told, status = _watch(child, reader, still)
    finally:
        os.close(reader)
    if status is None:
        return Ended("stuck", told)
    if os.WIFSIGNALED(status):
        return Ended("hung" if os.WTERMSIG(status) in _OUT_OF_TIME else "crashed", told)
    code = os.WEXITSTATUS(status)
    if code not in (FINE, FAILED):
        raise RuntimeError(f"a child ended with {code} at {told}: nothing can be said of it")
    return Ended("fine" if code == FINE else "failed", told)


def allow(seconds: float) -> None:
    """Let this process run for so long on the processor from now on, then be stopped.

    By a timer, which belongs to this process alone: a limit is handed down to what a test starts, whose seconds nobody
    has counted.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, AT_LEAST + PATIENCE * seconds)
    used = time.process_time() + AT_LEAST + PATIENCE * seconds
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + STARTED), resource.RLIM_INFINITY))


def die_with(parent: int) -> None:
    """Be killed when the parent ends, however it ends."""
    _LIBC.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we could ask
        os._exit(BROKEN)


def _bound(parent: int) -> None:
    die_with(parent)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open("/proc/self/statm", encoding="ascii") as file:
        born = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (born + MEMORY, born + MEMORY))


def _tell(writer: int, number: int) -> None:
    os.write(writer, struct.pack("<i", number))


def _watch(child: int, reader: int, still: float) -> tuple[int, int | None]:
    """The last number told and the status; None when the child was stopped because it stood still."""
    told, until = -1, time.monotonic() + still
    while True:
        select.select([reader], [], [], 0.5)
        with contextlib.suppress(BlockingIOError):
            if said := os.read(reader, 1 << 16):
                told, until = struct.unpack("<i", said[-4:])[0], time.monotonic() + still
            else:
                break  # the pipe is closed: it ends
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return _last(reader, told), _swept(child, status)
        if time.monotonic() > until:
            _sweep(child)
            os.waitpid(child, 0)
            return told, None
    return told, _swept(child, os.waitpid(child, 0)[1])


def _last(reader: int, told: int) -> int:
    with contextlib.suppress(BlockingIOError):
        if said := os.read(reader, 1 << 16):
            return int(struct.unpack("<i", said[-4:])[0])
    return told


def _swept(child: int, status: int) -> int:
    _sweep(child)
    return status


def _sweep(child: int) -> None:
    """Whatever it started goes with it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
