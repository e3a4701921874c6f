"""The loop: plant, run the tests that run the line, and tell what none of them saw.

Each planted error lives in a forked process that has the heavy libraries already and none of ours; a finder puts the
changed module in place of the file's.  Which of them are planted follows from the seed alone.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType

from mutation.lines import Lines
from mutation.mutants import Mutant, mutants
from mutation.subjects import Subject

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "include" / "kansho"
PAGE = ROOT / "docs" / "reference" / "mutation.md"
#: A test that so takes so much longer than it did is held up by the error, and sees it.
PATIENCE, AT_LEAST = 20.0, 60.0
#: Tests that are run in one process for one planted error, the quickest first; the rest only if they saw nothing.
TOGETHER = 60
_OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header", "-W", "ignore")


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a text instead of its file."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self._name, self._path, self._source = name, path, source

    def find_spec(self, name: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Ours, or nothing."""
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._path, loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As usual."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """The changed text."""
        code: CodeType = compile(self._source, str(self._path), "exec")
        exec(code, module.__dict__)  # noqa: S102 - our own module, with one error


def run(subjects: Mapping[str, Subject], sample: int, seed: int, seconds: float, only: str = "") -> int:
    """Plant and tell.

    Returns:
        0 when every planted error was seen or is explained in `PAGE`; else 1.
    """
    _warm()
    explained = explanations(PAGE.read_text(encoding="utf-8") if PAGE.exists() else "")
    print(f"seed {seed}, {sample or 'all'} of each", flush=True)
    ends = time.monotonic() + seconds if seconds else float("inf")
    unexplained = 0
    for name, subject in subjects.items():
        every = [m for path in subject.modules if only in path for m in mutants(path, (LIBRARY / path).read_text())]
        chosen = random.Random(f"{seed}:{name}").sample(every, min(sample or len(every), len(every)))  # noqa: S311
        lines = _in_a_fork_lines(subject)
        tally: Counter[str] = Counter()
        for mutant in chosen:
            if time.monotonic() > ends:
                break
            outcome = _outcome(mutant, subject, *lines)
            if outcome != "killed":
                known = mutant.name in explained
                outcome = "explained" if known else outcome
                unexplained += not known
                if not known:
                    print(f"{outcome}: {mutant.path}:{mutant.line} {mutant.name}", flush=True)
            tally[outcome] += 1
        told = ", ".join(f"{outcome} {count}" for outcome, count in sorted(tally.items()))
        print(f"{name}: {tally.total()} planted of {len(every)} possible: {told}", flush=True)
    return 1 if unexplained else 0


def explanations(page: str) -> set[str]:
    """Names of those that the page explains: the first cell of each row of its tables."""
    return {m[1].replace("\\|", "|") for m in re.finditer(r"^\| ([a-z_/]+\.py .*?`) \| ", page, re.MULTILINE)}


Ran = Mapping[tuple[str, int], Sequence[str]]


def _outcome(mutant: Mutant, subject: Subject, ran: Ran, seconds: Mapping[str, float]) -> str:
    path = str(LIBRARY / mutant.path)
    # A part of a statement may have a line of its own on which no tracer stops: then those of the line before it.
    lines = (ran[path, line] for line in range(mutant.line, mutant.line - 8, -1) if (path, line) in ran)
    tests = next(lines, ())
    if mutant.function == "module":  # run once, when it is imported
        tests = sorted({t for (file, _), some in ran.items() if file == path for t in some})
    if not tests:
        return "in no test"
    quick = sorted(tests, key=lambda t: (seconds.get(t, 0.0), t))
    name = "kansho." + mutant.path.removesuffix(".py").replace("/", ".")
    planted = Planted(name, LIBRARY / mutant.path, mutant.plant())
    for first in range(0, len(quick), TOGETHER):
        some = quick[first : first + TOGETHER]
        if _in_a_fork(planted, some, AT_LEAST + PATIENCE * sum(seconds.get(t, 1.0) for t in some)):
            return "killed"
    return "survived"


def _in_a_fork(planted: Planted, tests: Sequence[str], patience: float) -> bool:
    """Whether some test fails, or does not come to an end."""
    child = os.fork()
    if child == 0:
        _quiet()
        sys.meta_path.insert(0, planted)
        code = 1
        try:
            import pytest

            code = int(pytest.main([*_OPTIONS, *tests]))
        finally:
            os._exit(code)
    until = time.monotonic() + patience
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status != 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _in_a_fork_lines(subject: Subject) -> tuple[Ran, dict[str, float]]:
    """Trace the tests where nothing is planted; in a fork, so that none of ours is imported here."""
    import pickle

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _quiet()
        try:
            import pytest

            plugin = Lines([LIBRARY / path for path in subject.modules])
            left_out = " and ".join(f"not {word}" for word in subject.without)
            files = [test for test in subject.tests if (ROOT / test).exists()]
            pytest.main([*_OPTIONS[:1], *_OPTIONS[2:], *(["-k", left_out] if left_out else []), *files], [plugin])
            ran = {key: sorted(tests - {*plugin.failed}) for key, tests in plugin.ran.items()}
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump((ran, plugin.seconds), pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        found: tuple[Ran, dict[str, float]] = pickle.load(pipe)  # noqa: S301 - from our own child
    os.waitpid(child, 0)
    return found


def _quiet() -> None:
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _warm() -> None:
    """What every test imports and nothing of ours."""
    os.chdir(ROOT)
    for folder in (ROOT / "include", ROOT / "plugins", ROOT):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    for name in ("pytest", "numpy", "pandas", "pydantic", "yaml", "cryptography.hazmat.primitives.asymmetric.ed25519"):
        importlib.import_module(name)
    for name in ("pyarrow.parquet", "boto3", "pypdfium2", "asn1crypto.tsp", "phonenumbers", "hypothesis", "pyrage"):
        importlib.import_module(name)
