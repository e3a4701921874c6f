"""What is fuzzed.  A new reader is one class that has `case` and `trial`, and one line in `TARGETS`."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from fuzz.containers import Containers
from fuzz.cover_note import CoverNotes
from fuzz.tables import Tables


class Target(Protocol):
    """One reader under fuzz."""

    def case(self, rng: random.Random) -> bytes:
        """An input, by ``rng`` alone: the same state gives the same bytes."""
        ...

    def trial(self, data: bytes) -> None:
        """Read it.

        Raises:
            KanshoError: the input was refused; nothing else may come out.
            AssertionError: it was read, but wrongly.
        """
        ...


#: By name: builds the target with its corpus, by the seed of the run alone.
TARGETS: dict[str, Callable[[random.Random], Target]] = {
    "containers": Containers,
    "cover_note": CoverNotes,
    "tables": Tables,
}
