"""Every task of a year is killed once in the middle of its work and run again.  Not a test.

The kill falls on a write: before or after an object of the vault, the ledger or a letter box came to be, each time at
another place of the task, so that over a year every order of "written" and "recorded" occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kansho.vault.s3 import S3Store
from kansho.vault.store import LocalStore
from tests import immediate

#: A task's first, second … write is where it dies, in turn.
PLACES = 3


class Killed(BaseException):
    """Like SIGKILL: nothing in the code under test may catch it."""


class Fuse:
    """Kills at the n-th write from now, once; before or after it."""

    def __init__(self) -> None:
        self.left = 0
        self.after = False
        self.kills = 0

    def light(self, number: int) -> None:
        """For the task of that number."""
        self.left, self.after = number % PLACES + 1, number % 2 == 1

    def put_out(self) -> None:
        """Nothing is killed any more."""
        self.left = 0

    def around(self, write: Callable[..., bool]) -> Callable[..., bool]:
        """A write that may be where the task dies."""

        def written(*arguments: Any) -> bool:
            self.left -= 1
            if self.left != 0:
                return write(*arguments)
            self.kills += 1
            if self.after:
                write(*arguments)
            raise Killed

        return written


@contextmanager
def every_task_killed_once() -> Iterator[Fuse]:
    """While it lasts, the first try of each task of an `ImmediateYear` that writes enough is killed."""
    fuse, call, tasks = Fuse(), immediate._Wiring._call, 0

    def killed_once(wiring: Any, function: str, work: Any) -> Any:
        nonlocal tasks
        tasks += 1
        fuse.light(tasks)
        try:
            return call(wiring, function, work)
        except Killed:
            return call(wiring, function, work)
        finally:
            fuse.put_out()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(immediate._Wiring, "_call", killed_once)
        for store in (LocalStore, S3Store):
            patch.setattr(store, "create", fuse.around(store.create))
        yield fuse
