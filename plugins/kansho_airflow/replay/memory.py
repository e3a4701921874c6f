"""The largest resident set of any process of a replay, sampled while it runs."""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Mapping


class MemoryWatch:
    """Samples the components' processes; our own peak the kernel knows.

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
        """Peak so far, this process included."""
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return int(max(self._peak, own))

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self._peak = max([self._peak, *self._sample().values()])
