"""Which test runs which line of the mutated modules: only those can see an error planted there.

Belongs here: one run of the tests under a tracer that looks at nothing but those modules, and keeping what it saw for
each file of tests until the sources, that file or what it leans on change.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "include" / "kansho"
KEPT = ROOT / "var" / "mutation"


@dataclass
class Known:
    """Of each test the lines that it runs in each module, its seconds on the processor, and whether it failed."""

    lines: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def without(self, tests: Iterable[str]) -> Known:
        """The same without some tests."""
        out = {*tests}
        kept = {t: s for t, s in self.seconds.items() if t not in out}
        return Known({t: self.lines.get(t, {}) for t in kept}, kept, self.failed - out)

    def by_line(self) -> dict[tuple[str, int], set[str]]:
        """(module, line) → tests."""
        found: dict[tuple[str, int], set[str]] = defaultdict(set)
        for test, modules in self.lines.items():
            for module, lines in modules.items():
                for line in lines:
                    found[module, line].add(test)
        return found


class Tracer:
    """A pytest plugin that fills a `Known`."""

    def __init__(self, modules: Sequence[str]) -> None:
        self.known = Known()
        self._modules = {str(LIBRARY / module): module for module in modules}
        self._ran: dict[str, set[int]] = defaultdict(set)
        self._left: dict[CodeType, int] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """Trace one test with its fixtures."""
        self._ran, self._left, began = defaultdict(set), {}, time.process_time()
        threading.settrace(self._call)
        sys.settrace(self._call)
        try:
            return (yield)  # type: ignore[return-value]
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            self.known.seconds[item.nodeid] = round(time.process_time() - began, 3)
            self.known.lines[item.nodeid] = {self._modules[p]: sorted(lines) for p, lines in self._ran.items()}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails with nothing planted would see everything."""
        if report.failed:
            self.known.failed.add(report.nodeid)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in self._modules or self._left.get(code) == 0:
            return None
        return self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        ran = self._ran[frame.f_code.co_filename]
        if event == "line" and frame.f_lineno not in ran:
            ran.add(frame.f_lineno)
            self._count(frame.f_code, ran)
        return self._line

    def _count(self, code: CodeType, ran: set[int]) -> None:
        """How many lines of a function are still to come; of one that has no more nothing is traced."""
        lines = {line for _, _, line in code.co_lines() if line is not None and line != code.co_firstlineno}
        self._left[code] = len(lines - ran)


def load(folder: Path, digests: Mapping[str, str]) -> tuple[Known, list[str]]:
    """What is kept of these files of tests, and those of which nothing (that still holds) is."""
    known, missing = Known(), []
    for file, digest in digests.items():
        kept = folder / _name(file)
        said: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {"of": ""}
        if said["of"] != digest:
            missing.append(file)
            continue
        known.lines |= said["lines"]
        known.seconds |= said["seconds"]
        known.failed |= {*said["failed"]}
    return known, missing


def keep(folder: Path, digests: Mapping[str, str], known: Known, files: Sequence[str]) -> None:
    """Keep what a run over ``files`` saw."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        tests = [t for t in known.seconds if t.partition("::")[0] == file]
        said = {
            "of": digests[file],
            "seconds": {t: known.seconds[t] for t in tests},
            "lines": {t: known.lines[t] for t in tests},
            "failed": sorted(known.failed & {*tests}),
        }
        (folder / _name(file)).write_text(json.dumps(said), encoding="utf-8")


def digests_of(modules: Sequence[str], files: Sequence[str], root: Path = ROOT) -> dict[str, str]:
    """File of tests → digest of all that decides which lines its tests run."""
    tests = root / "tests"
    sources = [*_files(root / "include"), *_files(root / "plugins"), root / "pyproject.toml"]
    shared = [p for p in _files(tests) if not p.name.startswith("test_")]
    base = hashlib.sha256("\n".join(modules).encode())
    for path in (*sources, *shared):
        _add(base, path, root)
    found = {}
    for file in files:
        digest = base.copy()
        text = _add(digest, root / file, root)
        for name in sorted({*re.findall(r"\btests\.([a-z_]+\.test_\w+)", text)}):  # leans on another file of tests
            _add(digest, tests / f"{name.replace('.', '/')}.py", root)
        found[file] = digest.hexdigest()
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _add(digest: Any, path: Path, root: Path) -> str:
    data = path.read_bytes() if path.exists() else b""
    digest.update(f"{path.relative_to(root)} {len(data)}\n".encode() + data)
    return data.decode("utf-8", "replace")


def _name(file: str) -> str:
    return f"{Path(file).stem}.json"
