"""A log as it would be: what is appended stays in memory, so that the end can be judged before it is recorded (P11).

Belongs here: the copy.  Does not belong here: what is appended to it, or the judgement (`kansho.closing.rehearsal`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from kansho.evidence.ledger import Ledger
from kansho.vault.store import ObjectStore


def rehearsed(ledger: Ledger) -> Ledger:
    """A copy of the log as it stands: it grows in memory alone, and sees nothing that others append meanwhile."""
    then = ledger.before(ledger.size)
    store = _InMemory(ledger._store)
    made = _Rehearsed(ledger.campaign, store, ledger._clock)  # type: ignore[arg-type]  # a log creates and reads alone
    made._events, made._leaves, made._by_key = then._events, then._leaves, then._by_key
    return made


class _Rehearsed(Ledger):
    """It is never read again: what it holds is all there is."""

    def refresh(self) -> None:
        """Nothing that came later belongs to it."""


class _InMemory:
    """Objects of a store, and beside them some that are nowhere but here."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._made: dict[str, bytes] = {}

    def create(self, name: str, data: bytes) -> bool:
        """Keep it here."""
        return name not in self._made and not self._store.exists(name) and self._made.setdefault(name, data) is data

    def read(self, name: str) -> bytes:
        """What is here, or else there."""
        return self._made[name] if name in self._made else self._store.read(name)

    def open(self, name: str) -> BinaryIO:
        """The same as a stream."""
        return io.BytesIO(self.read(name))

    def exists(self, name: str) -> bool:
        """Whether it is here or there."""
        return name in self._made or self._store.exists(name)

    def names(self, prefix: str = "") -> Iterator[str]:
        """Names of both."""
        yield from sorted({*self._store.names(prefix), *(n for n in self._made if n.startswith(prefix))})
