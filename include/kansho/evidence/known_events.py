"""Events as a process has read them: an object becomes an event once, and what is no event is told.

Belongs here: names of events' objects, reading one, remembering it while its object stands unchanged.  Does not belong
here: their order, or appending (`kansho.evidence.ledger`).
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.merkle import leaf_hash
from kansho.vault.store import Mark, ObjectStore


@dataclass(frozen=True)
class Entry:
    """An event's object, told from others and from itself once changed by its mark."""

    mark: Hashable
    store: ObjectStore = field(compare=False)
    name: str = field(compare=False)


@lru_cache(maxsize=8192)
def known_event(entry: Entry) -> tuple[Event, bytes]:
    """An event that a process, or the one that it was forked from, has read before and that lies there unchanged."""
    return event_of(entry.store.read(entry.name), entry.name)


@lru_cache(maxsize=32)
def read_at(folder: str) -> dict[int, tuple[Mark, Event, bytes]]:
    """Each event read of a directory by its number; of threads that read at once each puts the same there."""
    return {}


def event_of(data: bytes, name: str) -> tuple[Event, bytes]:
    """An event and its leaf; what is no event is never taken for one that is not there.

    Raises:
        KanshoError: ``LEDGER-BROKEN``.
    """
    try:
        return Event.from_json(json.loads(data)), leaf_hash(data)
    except (KeyError, TypeError, ValueError):
        raise broken(name) from None


def broken(name: str) -> KanshoError:
    """What is said of an object that is not the event which belongs there."""
    return KanshoError("LEDGER-BROKEN", "台帳の並びが壊れています", place=name, remedy="事故として報告してください")


def event_name(sequence: int) -> str:
    """The object of the event of that number."""
    return f"events/{sequence:010d}.json"
