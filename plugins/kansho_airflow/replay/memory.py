"""The largest resident set of any process of a replay: sampled while it runs, and what the kernel itself knows."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

_MB = 1e6


class MemoryWatch:
    """Samples the processes it is given; of our own, and of children that have ended, the kernel knows the peak.

    Args:
        sample: resident size in MB by process id.
        every: seconds between samples.
    """

    def __init__(self, sample: Callable[[], Mapping[int, float]], every: float = 2.0) -> None:
        self._sample = sample
        self._every = every
        self._stop = threading.Event()
        self._peak = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def peak_mb(self) -> int:
        """Peak so far, this process and its ended children included."""
        known = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return int(max(self._peak, *(kib * 1024 / _MB for kib in known)))

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self._peak = max([self._peak, *self._sample().values()])


def children_mb() -> dict[int, float]:
    """Resident size in MB of every living descendant of this process, by process id."""
    page = os.sysconf("SC_PAGE_SIZE")
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: dict[int, float] = {}
    new = {os.getpid()}
    while new := {pid for pid, parent in parents.items() if parent in new and pid not in found}:
        for pid in new:
            found[pid] = 0.0
            with contextlib.suppress(OSError, IndexError, ValueError):
                found[pid] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page / _MB
    return found
