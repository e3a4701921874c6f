"""What is fuzzed.  A new reader is one class that has `case` and `trial`, and one line in `TARGETS`."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from fuzz.bundles import Bundles
from fuzz.containers import Containers
from fuzz.cover_note import CoverNotes
from fuzz.packages import Packages, Results
from fuzz.signed import Notes, Proofs, Stamps
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
    "bundles": Bundles,
    "containers": Containers,
    "cover_note": CoverNotes,
    "notes": Notes,
    "packages": Packages,
    "proofs": Proofs,
    "results": Results,
    "stamps": Stamps,
    "tables": Tables,
}
