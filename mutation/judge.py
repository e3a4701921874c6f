"""What becomes of each planted error, and whether the word of the tests can be believed.

Belongs here: the control (the same questions with nothing planted), the order in which tests are asked, and the row of
each error in the log, from which a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mutation.asking import Asker
from mutation.lines import LIBRARY, Known
from mutation.mutants import Mutant

#: So many tests may fail with nothing planted; they are left out and named.
LEFT_OUT_AT_MOST = 20
#: Of tests that go the same way through a module so many are asked about an error in it; about one that is explained
#: already, few: whether it still stands as it did.
ALIKE, FEW = 60, 6
UNSEEN, UNRUN, UNASKED = "survived", "in no test", "only slow tests run it"


class Unbelievable(Exception):
    """Tests fail with nothing planted, so that nothing can be told."""


@dataclass(frozen=True)
class Row:
    """What became of an error: `how` (failed, hung, stuck, crashed: seen; else not), by which test."""

    how: str
    name: str = ""
    line: int = 0
    by: str = ""
    asked: int = 0
    cold: bool = False
    seconds: float = 0.0
    alike: int = ALIKE
    module: str = ""
    tests: str = ""

    @property
    def seen(self) -> bool:
        """Whether some test saw it."""
        return self.how not in (UNSEEN, UNRUN, UNASKED)


class Log:
    """Rows, a line each; what an earlier run wrote still holds while the module is the same."""

    def __init__(self, path: Path | None, tests: str) -> None:
        self._path, self._tests = path, tests
        self._rows: dict[tuple[str, int, str], Row] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = Row(**json.loads(line))
                self._rows[row.name, row.line, row.module] = row

    def of(self, mutant: Mutant, alike: int = ALIKE) -> Row | None:
        """What is known; what was not seen is asked about again when the tests are others, or more are asked."""
        row = self._rows.get((mutant.name, mutant.line, _digest(mutant.path)))
        if row is None or row.seen:
            return row
        return row if row.tests == self._tests and row.alike >= alike else None

    def add(self, mutant: Mutant, row: Row) -> Row:
        """Write it down at once."""
        row = replace(row, name=mutant.name, line=mutant.line, module=_digest(mutant.path), tests=self._tests)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
        return row


class Judge:
    """Asks about one error after another."""

    def __init__(
        self,
        known: Known,
        warm: Asker,
        cold: Asker,
        alike: int = ALIKE,
        slow: Known | None = None,
        explained: Collection[str] = (),
    ) -> None:
        self._known, self._askers, self._alike, self._explained = known, (warm, cold), alike, explained
        self._by_line, self._by_slow = known.by_line(), (slow or Known()).by_line()
        self._believed: tuple[set[str], set[str]] = (set(), set())
        self._saw: dict[str, Counter[str]] = defaultdict(Counter)
        #: Test → why its word is not taken.
        self.left_out: dict[str, str] = {}

    def control(self, cold: bool) -> None:
        """Ask every test with nothing planted.

        Raises:
            Unbelievable: too many fail, or some of those that passed fail when the others are left out.
        """
        asker, way = self._askers[cold], "cold" if cold else "warm"
        before, rest = len(self.left_out), self._quickest({*self._known.seconds})
        while rest and (at := _failed(asker, rest)) is not None:
            if at < 0 or len(self.left_out) >= LEFT_OUT_AT_MOST:
                raise Unbelievable(f"{way}: {[*self.left_out, rest[max(at, 0)]]}")
            self.left_out[rest[at]] = f"fails with nothing planted ({way})"
            rest = rest[at + 1 :]
        if len(self.left_out) > before:
            rest = self._quickest({*self._known.seconds})
            if (at := _failed(asker, rest)) is not None:
                raise Unbelievable(f"{way}: {rest[at]}, with {len(self.left_out)} left out")

    def judge(self, at: int, mutant: Mutant, cold: bool) -> Row | None:
        """Ask the tests that run its line until one fails; None where it cannot be planted so."""
        began = time.monotonic()
        row = self._judged(at, mutant, cold)
        if row is None:
            return None
        return replace(row, cold=cold, alike=self.alike(mutant), seconds=round(time.monotonic() - began, 2))

    def alike(self, mutant: Mutant) -> int:
        """How many tests that go the same way are asked about it."""
        return min(FEW, self._alike) if mutant.name in self._explained else self._alike

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that run its line: those that saw an error of its function before, then the quickest of each way.

        Tests that go the same way through the module, line by line, can differ only in what they look at; of these
        `ALIKE` are asked, so that what is seen is seen, and what is not might be by one that was not asked.  A table
        is read by tests that run no line of its module: of what is in no function, every test is asked, those that
        run something of it first, and each in one form before any is in its others.
        """
        if mutant.statement:
            # A part of a statement may have a line of its own on which no tracer stops: then those of the line before.
            lines = (self._by_line.get((mutant.path, n)) for n in range(mutant.line, mutant.statement - 1, -1))
            found = next((tests for tests in lines if tests), set())
        else:
            found = {*self._known.seconds}
        saw = self._saw[f"{mutant.path} {mutant.function}"]
        ways: Counter[tuple[str, tuple[int, ...]]] = Counter()
        ranked: list[tuple[int, bool, int, int, str]] = []
        alike, rest = self.alike(mutant), []
        most = alike if mutant.statement else 1
        for place, test in enumerate(self._quickest(found)):
            form = "" if mutant.statement else test.partition("[")[0]
            way = (form, tuple(self._known.lines.get(test, {}).get(mutant.path, ())))
            ways[way] += 1
            if ways[way] <= most or saw[test]:
                ranked.append((-saw[test], not way[1], ways[way], place, test))
            elif not mutant.statement and alike > FEW:
                rest.append(test)
        return [*(test for *_, test in sorted(ranked)), *rest]

    def _judged(self, at: int, mutant: Mutant, cold: bool) -> Row | None:
        if not cold and not mutant.statement:
            return None
        asker = self._askers[cold]
        while tests := self.tests_of(mutant):
            ended = asker.ask(at, tests)
            if ended is None or ended.how == "fine":
                return None if ended is None else Row(UNSEEN, asked=len(tests))
            by = tests[ended.told] if ended.told >= 0 else "import"
            if by == "import" or self._may_be_believed(cold, asker, by):
                self._saw[f"{mutant.path} {mutant.function}"][by] += 1
                return Row(ended.how, by=by, asked=ended.told + 1)
        lines = range(mutant.statement, mutant.line + 1)
        return Row(UNASKED if any((mutant.path, line) in self._by_slow for line in lines) else UNRUN)

    def _quickest(self, tests: set[str]) -> list[str]:
        kept = (t for t in tests if t not in self.left_out)
        return sorted(kept, key=lambda t: (self._known.seconds[t], t))

    def _may_be_believed(self, way: bool, asker: Asker, by: str) -> bool:
        """Whether a test that sees something for the first time passes alone, with nothing planted.

        In its order among all others it did so in the control.
        """
        if by not in self._believed[way]:
            if _failed(asker, [by]) is not None:
                self.left_out[by] = "fails alone with nothing planted"
                if len(self.left_out) > LEFT_OUT_AT_MOST:
                    raise Unbelievable(f"{[*self.left_out]}")
                return False
            self._believed[way].add(by)
        return True


def _failed(asker: Asker, tests: Sequence[str]) -> int | None:
    """Which test does not pass with nothing planted; None: all pass."""
    ended = asker.ask(None, tests)
    if ended is None:
        raise Unbelievable("no question without an error was answered")
    return None if ended.how == "fine" else ended.told


def explained_as(row: Row, explained: set[str]) -> str:
    """The word for the tally."""
    if row.seen:
        return "seen"
    return "explained" if row.name in explained else row.how


def _digest(path: str) -> str:
    return hashlib.sha256((LIBRARY / path).read_bytes()).hexdigest()[:16]
