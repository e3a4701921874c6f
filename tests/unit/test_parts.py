"""The parts of ``make test``: what fails in one of them fails the whole, and is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

RUN = "import sys, tests.parts as parts; parts._SLOW = (); parts.PARTS = {parts_}; sys.exit(parts.main({wanted}))"


def run(parts: dict[str, tuple[str, ...]], wanted: list[str]) -> subprocess.CompletedProcess[str]:
    """`tests.parts` with other parts, in a process of its own."""
    command = [sys.executable, "-c", RUN.format(parts_=parts, wanted=wanted)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603


def test_a_part_that_fails_fails_the_whole_and_each_is_told(tmp_path: Path) -> None:
    for name, body in {"good": "pass", "bad": "assert False", "killed": "import os; os.kill(os.getpid(), 9)"}.items():
        (tmp_path / f"test_{name}.py").write_text(f"def test_it():\n    {body}\n")
    parts = {name: (str(tmp_path / f"test_{name}.py"),) for name in ("good", "bad", "killed")}
    parts["empty"] = (str(tmp_path / "nowhere"),)
    passed = run(parts, ["good"])
    assert passed.returncode == 0
    assert "1 passed" in passed.stdout
    assert run(parts, ["good", "bad"]).returncode == 1
    told = run(parts, ["bad", "killed", "empty", "good"])
    assert told.returncode == 1
    ends = [line.split()[:2] for line in told.stdout.splitlines() if line.endswith(" s") and line.split()[0] in parts]
    assert sorted(ends) == [["bad", "failed"], ["empty", "failed"], ["good", "passed"], ["killed", "failed"]]


def test_a_part_that_there_is_not_is_named() -> None:
    told = run({"good": ()}, ["god"])
    assert told.returncode == 2
    assert "no such part: god" in told.stderr
