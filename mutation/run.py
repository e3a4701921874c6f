"""The loop: plant, ask the tests that run the line, and tell what none of them saw.

An error in a function is planted in a fork of one warm test session (`warm`), any other before the first import
(`cold`).  Which of them are planted follows from the seed and the source alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from mutation.asking import OPTIONS, prepare, quiet, write_below
from mutation.cold import Cold, import_what_tests_import
from mutation.fork import FINE, Tell, forked
from mutation.judge import ALIKE, Judge, Log, Row, Unbelievable, explained_as
from mutation.lines import KEPT, LIBRARY, ROOT, Known, Tracer, digests_of, keep, load
from mutation.mutants import Mutant, mutants
from mutation.subjects import Subject
from mutation.warm import Warm

PAGE = ROOT / "docs" / "reference" / "mutation.md"
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders of our own in it


@dataclass(frozen=True)
class Wish:
    """How many of each subject (0: all), by which seed, for how many seconds (0: to the end), where it is kept,
    whether what is in no function is planted as well, and how many are asked of tests that go the same way.
    """

    sample: int
    seed: int = 1
    seconds: float = 0
    only: str = ""
    log: Path | None = None
    tables: bool = True
    alike: int = ALIKE


def run(subjects: Mapping[str, Subject], wish: Wish) -> int:
    """Plant and tell.

    Returns:
        0 when every planted error was seen or is explained in `PAGE`; 1 when not; 2 when the tests cannot be believed.
    """
    import_what_tests_import()
    prepare()
    print(f"seed {wish.seed}, {wish.sample or 'all'} of each", flush=True)
    unexplained = 0
    try:
        for name, subject in subjects.items():
            with _folder() as work:
                unexplained += _subject(name, subject, wish, work)
    except Unbelievable as why:
        print(f"tests fail with nothing planted, so nothing can be told: {why}", flush=True)
        return 2
    return 1 if unexplained else 0


def possible(name: str, subject: Subject, wish: Wish) -> list[Mutant]:
    """Every error that can be planted, in the order of a seed: a larger sample holds the smaller one.

    The place of each follows from its own name, so that what changes elsewhere leaves it in the sample or out of it.
    """
    every = [m for path in subject.modules for m in mutants(path, (LIBRARY / path).read_text(encoding="utf-8"))]
    times: Counter[str] = Counter()
    order: dict[str, Mutant] = {}
    for mutant in every:
        times[mutant.name] += 1
        said = f"{wish.seed}:{name}:{mutant.name}:{times[mutant.name]}"
        order[hashlib.sha256(said.encode()).hexdigest()] = mutant
    return [mutant for _, mutant in sorted(order.items()) if wish.only in mutant.name]


def explanations(page: str) -> set[str]:
    """Names of those that the page explains: the first cell of each row of its tables."""
    return {m[1].replace("\\|", "|") for m in re.finditer(r"^\| ([a-z0-9_/]+\.py .*?`) \| ", page, re.MULTILINE)}


def known_of(name: str, subject: Subject, work: Path) -> tuple[Known, str]:
    """What each test runs, traced where nothing is kept that still holds; and a digest of all that decides it."""
    digests = digests_of(subject.modules, subject.tests)
    kept, missing = load(KEPT / name, digests)
    if missing:
        print(f"{name}: tracing {len(missing)} of {len(subject.tests)} files of tests", flush=True)

        def work_through(tell: Tell) -> int:
            quiet()
            tracer = Tracer(subject.modules)
            left_out = " and ".join(f"not {word}" for word in subject.without)
            pytest.main([*OPTIONS, *(["-k", left_out] if left_out else []), *missing], [tracer, _Below(work / "trace")])
            keep(KEPT / name, digests, tracer.known, missing)
            return FINE

        forked(work_through, still=3600)
        kept, missing = load(KEPT / name, digests)
    if missing:
        raise RuntimeError(f"no trace of {missing}")
    return kept, hashlib.sha256("".join(digests.values()).encode()).hexdigest()[:16]


def _subject(name: str, subject: Subject, wish: Wish, work: Path) -> int:
    """How many of one subject are neither seen nor explained."""
    every = possible(name, subject, wish)
    known, digest = known_of(name, subject, work)
    out = dict.fromkeys(subject.without, "by name") | dict.fromkeys(known.failed, "fails")
    out |= {t: f"{s} s" for t, s in known.seconds.items() if s > subject.slow}
    _name(out)
    slow = known.without({*known.seconds} - {*out})
    known, log, chosen = known.without(out), Log(wish.log, digest), every[: wish.sample or None]
    warm = Warm([*subject.tests], known, chosen, work)
    judge = Judge(known, warm, Cold(subject.modules, known, chosen, work), wish.alike, slow, _explained())
    rows = {at: row for at, mutant in enumerate(chosen) if (row := log.of(mutant, judge.alike(mutant)))}
    ends = time.monotonic() + (wish.seconds or float("inf"))
    try:
        for cold in (False, True):
            if cold and not wish.tables:
                break
            judge.control(cold)
            _name(judge.left_out)
            for at, mutant in enumerate(chosen):
                if at in rows or time.monotonic() > ends:
                    continue
                if row := judge.judge(at, mutant, cold):
                    rows[at] = log.add(mutant, row)
    finally:
        warm.close()
    _name(judge.left_out)
    return _tell(name, every, [*rows.values()])


def _name(left_out: Mapping[str, str]) -> None:
    for test, why in sorted(left_out.items()):
        print(f"left out: {test} ({why})", flush=True)


def _explained() -> set[str]:
    return explanations(PAGE.read_text(encoding="utf-8") if PAGE.exists() else "")


def _tell(name: str, every: Sequence[Mutant], rows: Sequence[Row]) -> int:
    explained = _explained()
    for row in rows:
        if explained_as(row, explained) not in ("seen", "explained"):
            print(f"{row.how}: line {row.line}: {row.name}", flush=True)
    inside = sum(bool(m.statement) for m in every)
    for cold, what, possible in ((False, "in functions", inside), (True, "before the import", len(every) - inside)):
        tally = Counter(explained_as(row, explained) for row in rows if row.cold == cold)
        told = ", ".join(f"{outcome} {count}" for outcome, count in sorted(tally.items()))
        print(f"{name}, {what}: {tally.total()} planted of {possible} possible: {told}", flush=True)
    return sum(explained_as(row, explained) not in ("seen", "explained") for row in rows)


class _Below:
    """A pytest plugin: temporary files go below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Before any test."""
        write_below(session.config, self._folder)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Where all temporary files of a run are, in memory if there is such a place."""
    made = Path(tempfile.mkdtemp(prefix="kansho-mutation-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
