"""What becomes of each planted error, and whether the word of the tests can be believed.

Belongs here: the control (the same questions with nothing planted), the order in which tests are asked, and the row of
each error in the log, from which a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mutation.asking import Asker
from mutation.lines import LIBRARY, Known
from mutation.mutants import Mutant

#: So many tests may fail with nothing planted; they are left out and named.
LEFT_OUT_AT_MOST = 20
UNSEEN, UNRUN = "survived", "in no test"


class Unbelievable(Exception):
    """Tests fail with nothing planted, so that nothing can be told."""


@dataclass(frozen=True)
class Row:
    """What became of an error: `how` (failed, hung, stuck, crashed: seen; survived, in no test: not), by which test."""

    how: str
    name: str = ""
    line: int = 0
    by: str = ""
    asked: int = 0
    cold: bool = False
    seconds: float = 0.0
    module: str = ""
    tests: str = ""

    @property
    def seen(self) -> bool:
        """Whether some test saw it."""
        return self.how not in (UNSEEN, UNRUN)


class Log:
    """Rows, a line each; what an earlier run wrote still holds while the module is the same."""

    def __init__(self, path: Path | None, tests: str) -> None:
        self._path, self._tests = path, tests
        self._rows: dict[tuple[str, int, str], Row] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = Row(**json.loads(line))
                self._rows[row.name, row.line, row.module] = row

    def of(self, mutant: Mutant) -> Row | None:
        """What is known already; an error that was not seen is asked again when the tests are others."""
        row = self._rows.get((mutant.name, mutant.line, _digest(mutant.path)))
        return row if row is not None and (row.seen or row.tests == self._tests) else None

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

    def __init__(self, known: Known, warm: Asker, cold: Asker) -> None:
        self._known, self._askers = known, (warm, cold)
        self._by_line = known.by_line()
        self._believed: tuple[set[str], set[str]] = (set(), set())
        self._saw: dict[str, Counter[str]] = defaultdict(Counter)
        #: Test → why its word is not taken.
        self.left_out: dict[str, str] = {}

    def control(self) -> None:
        """Ask every test with nothing planted, in both ways.

        Raises:
            Unbelievable: too many fail, or some of those that passed fail when the others are left out.
        """
        for asker, way in zip(self._askers, ("warm", "cold"), strict=True):
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

    def judge(self, at: int, mutant: Mutant) -> Row:
        """Ask the tests that run its line until one fails."""
        began = time.monotonic()
        return replace(self._judged(at, mutant), seconds=round(time.monotonic() - began, 2))

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that run its line, those that saw an error of its function before first, then the quick ones."""
        if mutant.statement:
            # A part of a statement may have a line of its own on which no tracer stops: then those of the line before.
            lines = (self._by_line.get((mutant.path, n)) for n in range(mutant.line, mutant.statement - 1, -1))
            found = next((tests for tests in lines if tests), set())
        else:  # whatever runs anything of the module, or (of a table alone) every test
            found = {t for t, modules in self._known.lines.items() if mutant.path in modules}
            found = found or {*self._known.seconds}
        saw = self._saw[f"{mutant.path} {mutant.function}"]
        return sorted(self._quickest(found), key=lambda t: -saw[t])

    def _judged(self, at: int, mutant: Mutant) -> Row:
        if not self.tests_of(mutant):
            return Row(UNRUN)
        for way, asker in enumerate(self._askers):
            if way == 0 and not mutant.statement:
                continue
            while True:
                tests = self.tests_of(mutant)
                ended = asker.ask(at, tests)
                if ended is None:
                    break
                asked = ended.told + 1
                if ended.how == "fine":
                    return Row(UNSEEN, asked=len(tests), cold=way == 1)
                by = tests[ended.told] if ended.told >= 0 else "import"
                if by == "import" or self._may_be_believed(way, asker, tests[:asked]):
                    self._saw[f"{mutant.path} {mutant.function}"][by] += 1
                    return Row(ended.how, by=by, asked=asked, cold=way == 1)
        raise RuntimeError(f"nobody could plant {mutant.name}")

    def _quickest(self, tests: set[str]) -> list[str]:
        kept = (t for t in tests if t not in self.left_out)
        return sorted(kept, key=lambda t: (self._known.seconds[t], t))

    def _may_be_believed(self, way: int, asker: Asker, tests: Sequence[str]) -> bool:
        """Whether a test that sees something for the first time passes after the same tests with nothing planted."""
        by = tests[-1]
        if by in self._believed[way]:
            return True
        at = _failed(asker, tests)
        if at is None:
            self._believed[way].add(by)
            return True
        self.left_out[tests[at]] = "fails with nothing planted, after others"
        if len(self.left_out) > LEFT_OUT_AT_MOST:
            raise Unbelievable(f"{[*self.left_out]}")
        return False


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
