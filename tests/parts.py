"""``python -m tests.parts [PART ...]``: all tests and the checks before them, two parts at a time.  Not a test.

Belongs here: which files make a part, in which order parts begin, and what all of them import.  Does not belong here:
what a test needs (``conftest.py``).

A part is a process of pytest's, copied from this one when this one has imported what is slow to import; Airflow is not
among it, for it reads its settings when it is imported, and each part has its own.  Whole years come first, for nothing
is as long, and beside them the checks, then what needs no server; what starts an Airflow for a moment comes when the
years are over.  Two, one for each core: a third only takes their caches away.
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
#: Arguments of pytest for each part, in the order of their beginnings; every test file is in exactly one.
PARTS: dict[str, tuple[str, ...]] = {
    "years": ("tests/e2e", "--ignore-glob=tests/e2e/test_[!y]*"),
    "rooms": ("tests/unit", "--ignore-glob=tests/unit/test_[!m-z]*"),
    "services": ("tests/browser", "tests/e2e", "--ignore-glob=tests/e2e/test_y*"),
    "units": ("tests/unit", "--ignore-glob=tests/unit/test_[m-z]*"),
    "spec": ("tests/spec", "tests/dags"),
    "faults": ("tests/faults",),
}
#: ruff, import-linter and mypy: within the first minute.
CHECKS = "lint"
AT_ONCE = 2
#: Seconds of processor that each part would spend anew.
_SLOW = (
    "great_expectations",
    "weasyprint",
    "matplotlib.figure",
    "statsmodels.api",
    "pyarrow.parquet",
    "pikepdf",
    "pypdfium2",
    "openpyxl",
    "boto3",
    "pytest",
)


@dataclass(frozen=True)
class Running:
    """A part under way."""

    name: str
    began: float
    output: Path


def main(wanted: Sequence[str]) -> int:
    """Run the parts of these names, all without a name; tell the output of each when it has ended.

    Returns:
        0 when every part passed.
    """
    waiting = [name for name in (CHECKS, *PARTS) if not wanted or name in wanted]
    if unknown := set(wanted) - set(waiting):
        print(f"no such part: {' '.join(sorted(unknown))}; there are {CHECKS} {' '.join(PARTS)}", file=sys.stderr)
        return 2
    ours, folder = os.getpid(), Path(tempfile.mkdtemp(prefix="kansho-parts-"))
    # What slow libraries answered in one part, they need not be asked in another (`tests.kept`).
    os.environ["KANSHO_TESTS_KEPT"] = str(folder / "kept")
    (folder / "kept").mkdir()
    running: dict[int, Running] = {}
    told: list[tuple[str, int, float]] = []
    prepared = False
    try:
        while waiting or running:
            if waiting and len(running) < AT_ONCE:
                if waiting[0] != CHECKS and not prepared:
                    _prepare()
                    prepared = True
                part = Running(waiting[0], time.monotonic(), folder / waiting.pop(0))
                running[_begin(part)] = part
                continue
            pid, status = os.wait()
            if (ended := running.pop(pid, None)) is not None:
                told.append((ended.name, os.waitstatus_to_exitcode(status), time.monotonic() - ended.began))
                sys.stdout.write(f"\n== {ended.name}\n{ended.output.read_text(errors='replace')}")
                sys.stdout.flush()
    finally:
        if os.getpid() == ours:
            shutil.rmtree(folder, ignore_errors=True)
    for name, code, seconds in told:
        print(f"{name:10} {'passed' if code == 0 else f'failed ({code})':12} {seconds:5.0f} s")
    return int(any(code for _, code, _ in told))


def _prepare() -> None:
    for name in _SLOW:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what all have in common nobody's collector looks at


def _begin(part: Running) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    with part.output.open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    if part.name == CHECKS:
        os.execvp("make", ["make", "--no-print-directory", CHECKS])  # noqa: S606, S607
    import pytest

    sys.exit(int(pytest.main(["-p", "no:cacheprovider", *PARTS[part.name]])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
