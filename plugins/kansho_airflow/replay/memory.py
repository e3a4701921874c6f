"""The largest resident set of any process of this replay, sampled while it runs."""

from __future__ import annotations

import os
import threading

import psutil

_MB = 1024 * 1024


class MemoryWatch:
    """Samples the resident size of every process that carries our mark in its environment's session.

    The mark is being a descendant of this process or one of the given sessions' leaders.
    """

    def __init__(self, sessions: list[int], every: float = 2.0) -> None:
        self._sessions = set(sessions)
        self._every = every
        self._stop = threading.Event()
        self.peak_mb = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            for process in psutil.process_iter(["pid", "memory_info"]):
                try:
                    ours = process.pid == os.getpid() or os.getsid(process.pid) in self._sessions
                except (ProcessLookupError, PermissionError):
                    continue
                info = process.info["memory_info"]
                if ours and info is not None:
                    self.peak_mb = max(self.peak_mb, info.rss // _MB)
