"""Reading a log over a network: what comes next is asked for at once, what was read or written is remembered.

Belongs here: a store in front of a store, for objects that never change (the ledger's events).  Does not belong here:
writing, erasing, or anything of a resident.  Every task reads the whole log, some thousand small objects: one after
the other over a network that is a minute, sixteen at a time a few seconds, and no time at all once a process of this
machine has read or written them (`kansho.vault.nearby`).  And at every step it asks whether anything came after the
last: nearly half the requests of a year asked it again (docs/decisions/0016).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock, get_ident
from typing import BinaryIO

from kansho.errors import KanshoError
from kansho.vault.nearby import Nearby
from kansho.vault.store import ObjectStore

_NUMBERED = re.compile(r"(events/)(\d{10})(\.json)\Z")
_MOST = 16
#: Seconds for which what was not there is not asked for again.  Nobody's reading is fresher than its answer's way here,
#: and no writer relies on it: who creates a number has read what was before it.
FRESH = 0.1


@lru_cache(maxsize=1)
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process that read: begun as they are needed, and not those of whom it was forked from."""
    return ThreadPoolExecutor(_MOST, f"read-ahead-{process}")


class ReadAhead:
    """A store of numbered, immutable objects.

    Args:
        store: where they lie.
        nearby: copies that the processes of this machine share, if they do.
        clock: seconds of a clock that only moves forwards.
    """

    def __init__(
        self, store: ObjectStore, nearby: Nearby | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._nearby = nearby
        self._clock = clock
        self._begun = nearby is None  # whether the newest copy was held against the store
        self._ended = False  # whether the store itself has said once where the log ends
        self._owner = 0  # the thread whose turn it is, while it lost no try: nobody here has anything newer than it
        self._copied: dict[str, bytes] = {}  # given out on the word of a copy alone
        self._confirming = Lock()
        self._absent: tuple[str, float] = "", 0.0  # asked for last and not there, and when it was asked for
        self._written = 0.0  # when this process last wrote, or tried to
        self._known: dict[str, bytes] = {}
        self._run = 0  # how many were read in a row: the longer, the further ahead is asked
        self._guard = Lock()

    def create(self, name: str, data: bytes) -> bool:
        """See `ObjectStore.create`; what this process created need not be read."""
        try:
            created = self._store.create(name, data)
        except BaseException:
            self._ended, self._owner = False, 0  # nobody here knows whether it is there: the store is asked again
            raise
        finally:
            self._written = self._clock()  # also when another was before it: that one is to be read
        if not created and self._owner == get_ident():
            self._owner = 0
        if created and _NUMBERED.match(name):
            self._keep({name: data})
        return created

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Wait for one's turn among the writers of this machine, if it gives any; see `LocalStore.turn`.

        Within it, whose turn it is does not ask for a number that this machine does not know: it learns it by the try
        itself.  Once a try was lost, to a writer elsewhere, the store is asked as ever.
        """
        if self._nearby is None:
            yield False
            return
        with self._nearby.turn() as mine:
            if mine and self._ended:
                self._owner = get_ident()
            try:
                yield mine
            finally:
                if mine:
                    self._owner = 0

    def confirm(self) -> None:
        """Hold against the store whatever was given out on the word of a copy: before a word is signed about it.

        Raises:
            KanshoError: ``LEDGER-COPY``, now and ever after in this process, which has believed what is not so.
        """
        with self._confirming:
            with self._guard:
                given = dict(self._copied)
            for name, data in _pool(os.getpid()).map(self._asked, sorted(given)):
                if data == given[name]:
                    with self._guard:
                        self._copied.pop(name, None)
            wrong = sorted(self._copied.keys() & given.keys())
        if wrong:
            if self._nearby is not None:
                self._nearby.clear()
            raise KanshoError(
                "LEDGER-COPY",
                f"この機械にある台帳の写しが、台帳そのものと違います（{len(wrong)}件）",
                place=wrong[0],
                remedy="写しは捨てました。誰が書き換えたかを調べ、事故として報告してから、もう一度実行してください",
            )

    def read(self, name: str) -> bytes:
        """See `ObjectStore.read`."""
        found = _NUMBERED.match(name)
        if found is None:
            return self._store.read(name)
        known = self._known.get(name)
        if known is not None:
            return known
        copy = self._copy(name)
        if copy is not None:
            return copy
        if self._owner == get_ident():
            raise KeyError(name)
        asked, (absent, since) = self._clock(), self._absent
        if name == absent and self._written < since and asked - since < FRESH:
            raise KeyError(name)
        try:
            data = self._store.read(name)
        except KeyError:
            self._absent, self._ended = (name, asked), True
            raise
        self._keep({name: data})
        with self._guard:
            ahead = min(_MOST, 2 * self._run)
            self._run = ahead or 1
        if ahead:
            first = int(found[2]) + 1
            self._fetch([f"{found[1]}{n:010d}{found[3]}" for n in range(first, first + ahead)])
        return self._known[name]

    def mark(self, name: str) -> bytes:
        """See `LocalStore.mark`: the bytes themselves, for they are here; KeyError when absent."""
        return self.read(name)

    def open(self, name: str) -> BinaryIO:
        """See `ObjectStore.open`."""
        return self._store.open(name)

    def exists(self, name: str) -> bool:
        """See `ObjectStore.exists`."""
        return self._store.exists(name)

    def names(self, prefix: str = "") -> Iterator[str]:
        """See `ObjectStore.names`."""
        return self._store.names(prefix)

    def erase(self, name: str) -> None:
        """See `ObjectStore.erase`."""
        with self._guard:
            self._known.pop(name, None)
            self._copied.pop(name, None)
        if self._nearby is not None:
            self._nearby.drop(name)
        self._store.erase(name)

    def residue(self, name: str) -> int:
        """See `ObjectStore.residue`."""
        return self._store.residue(name)

    def remains(self) -> dict[str, int]:
        """See `ObjectStore.remains`."""
        return self._store.remains()

    def unfinished(self) -> int:
        """See `ObjectStore.unfinished`."""
        return self._store.unfinished()

    def sweep(self) -> int:
        """See `ObjectStore.sweep`."""
        if self._nearby is not None:
            self._nearby.sweep()
        return self._store.sweep()

    def _copy(self, name: str) -> bytes | None:
        """What a copy says; the first that is said of a name is what this process believes."""
        if self._nearby is None:
            return None
        if not self._begun:
            self._begin(self._nearby)
        copy = self._nearby.get(name)
        if copy is None:
            return None
        with self._guard:
            if name not in self._known:
                self._known[name] = self._copied[name] = copy
            return self._known[name]

    def _begin(self, nearby: Nearby) -> None:
        """One look whether these are copies of this log as it stands: no bucket that was emptied since."""
        newest = nearby.newest("events")
        if newest is not None and self._asked(newest)[1] != nearby.get(newest):
            nearby.clear()
        self._begun = True

    def _keep(self, read: dict[str, bytes]) -> None:
        """Remember what the store has."""
        if self._nearby is not None:
            for name, data in read.items():
                self._nearby.put(name, data)
        with self._guard:
            self._known = read | self._known

    def _asked(self, name: str) -> tuple[str, bytes | None]:
        """What the store itself has under a name."""
        try:
            return name, self._store.read(name)
        except KeyError:
            return name, None

    def _fetch(self, names: list[str]) -> None:
        got = {name: data for name, data in _pool(os.getpid()).map(self._asked, names) if data is not None}
        self._keep(got)
        if len(got) < len(names):
            with self._guard:
                self._run = 0
