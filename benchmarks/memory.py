"""Memory that a process and its children really take together: a page that they share counts once (Linux's Pss)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: Runs in an interpreter of its own, so that it shares no page with what it watches; the peak in MiB, when told to end.
_WATCH = """
import pathlib, select, sys
def taken(pid):
    try:
        said = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        inner = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = sum(int(line.split()[1]) for line in said.splitlines() if line.startswith("Pss:"))
    return own + sum(taken(int(child)) for child in inner if int(child) != me)
import os
me, peak = os.getpid(), 0
while not select.select([sys.stdin], [], [], 0.5)[0]:
    peak = max(peak, taken(int(sys.argv[1])))
print(peak // 1024)
"""


@contextmanager
def watched(pid: int) -> Iterator[list[int]]:
    """While the body runs, look twice a second; the list then holds the peak in MiB."""
    peak: list[int] = []
    command = [sys.executable, "-c", _WATCH, str(pid)]
    watcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield peak
    finally:
        peak.append(int(watcher.communicate("\n")[0]))
