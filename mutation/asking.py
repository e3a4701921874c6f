"""Asking tests, one after another, until one fails: the same way whether an error is planted or not.

Belongs here: what pytest is told, and the plugin that runs given tests in a given order in place of pytest's own loop.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import Phase, settings

from mutation.fork import FAILED, FINE, Ended, Tell, allow
from mutation.lines import Known

#: No word of a failed test is read by anybody; the same examples every time, and none is made smaller.
OPTIONS = (
    *("-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", "--assert=plain", "--timeout=0", "-W", "ignore"),
    "--hypothesis-profile=mutation",
)


class Asker(Protocol):
    """Who plants an error (by its number; None: none at all, by the same way) and asks tests about it."""

    def ask(self, at: int | None, tests: Sequence[str]) -> Ended | None:
        """How it ended, ``told`` being the number of the last test; None: cannot plant this one."""


def prepare() -> None:
    """What every session of ours needs before it begins."""
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    settings.register_profile("mutation", deadline=None, derandomize=True, database=None, phases=phases)


def quiet() -> None:
    """Nothing in, nothing out."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


class InOrder:
    """A pytest plugin: the tests of a list, the next only when the one before has passed."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One is enough."""
        self._failed = self._failed or report.failed

    def run(self, session: pytest.Session, tests: Sequence[str], tell: Tell, folder: Path) -> int:
        """Run them in this process, whose temporary files go to ``folder``."""
        write_below(session.config, folder)
        order = list(_present(session.items, tests, self._known))
        self._failed = False
        for at, (number, item) in enumerate(order):
            tell(number)
            allow(self._known.seconds.get(item.nodeid, 1.0))
            following = order[at + 1][1] if at + 1 < len(order) else another(session.items, item)
            if at == 0:  # what an earlier test of this process left standing
                session._setupstate.teardown_exact(item)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                return FAILED
        return FINE


class Loop(InOrder):
    """The same in place of pytest's loop, for a process that runs one list and ends."""

    def __init__(self, known: Known, tests: Sequence[str], tell: Tell, folder: Path) -> None:
        super().__init__(known)
        self._asked: tuple[Any, ...] = (tests, tell, folder)
        self.code = FAILED  # a session that does not come to its loop: what it imports is broken

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """All of it."""
        if not session.testsfailed:
            self.code = self.run(session, *self._asked)
        return True


def files_of(tests: Iterable[str]) -> list[str]:
    """The files of some tests, each once."""
    return [*dict.fromkeys(test.partition("::")[0] for test in tests)]


def _present(items: Sequence[pytest.Item], tests: Sequence[str], known: Known) -> Iterable[tuple[int, pytest.Item]]:
    """(number in the list, test); last those whose name changed because they are made from a table that changed."""
    there = {item.nodeid: item for item in items}
    yield from ((number, there[test]) for number, test in enumerate(tests) if test in there)
    gone = {test.partition("[")[0] for test in tests if test not in there}
    renamed = (item for item in items if item.nodeid.partition("[")[0] in gone and item.nodeid not in known.seconds)
    yield from ((len(tests) - 1, item) for item in renamed)


def another(items: Sequence[pytest.Item], item: pytest.Item) -> pytest.Item | None:
    """Any other test, of another file if there is one: what belongs to the whole session stays made.

    What belongs to the file does not: a server of the tests answers in a thread, which no fork takes along.
    """
    others = sorted((other for other in items if other is not item), key=lambda other: _file(other) == _file(item))
    return others[0] if others else None


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def write_below(config: pytest.Config, folder: Path) -> None:
    """Temporary files of this process go here."""
    folder.mkdir(parents=True, exist_ok=True)
    config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
