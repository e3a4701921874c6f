"""Which test runs which line of the mutated modules: only those can see an error planted there.

Belongs here: one run of the tests under a tracer that looks at nothing but those modules.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest


class Lines:
    """A pytest plugin: (path, line) → tests, and how long each test took."""

    def __init__(self, paths: list[Path]) -> None:
        self._known = {str(path): str(path) for path in paths}
        self.ran: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self._test = ""
        self._files: dict[CodeType, str | None] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """Trace one test with its fixtures."""
        self._test, began = item.nodeid, time.process_time()
        sys.settrace(self._call)
        try:
            return (yield)  # type: ignore[return-value]
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - began

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails with nothing planted would see everything."""
        if report.failed:
            self.failed.append(report.nodeid)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename in self._known else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.ran[frame.f_code.co_filename, frame.f_lineno].add(self._test)
        return self._line
