"""The ledger: an append-only Merkle log on a create-if-absent store, safe under parallel writers.

Belongs here: append, read, checkpoint.  Does not belong here: what events mean.
States of an append: draft → (object ``events/NNNNNNNNNN.json`` created) → event.  A writer that
loses the race for a number reads what won, and either finds its own draft there (a lost response,
a second attempt) or tries the next number.  A store that can give turns (among the writers of one
machine) spares the races; nothing but speed depends on it.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.errors import KanshoError
from kansho.evidence.checkpoint import Checkpoint, sign_checkpoint
from kansho.evidence.events import Draft, Event, day_in_japan
from kansho.evidence.known_events import Entry, broken, event_name, event_of, known_event, read_at
from kansho.evidence.merkle import leaf_hash, root_of
from kansho.vault.store import LocalStore, ObjectStore

#: What every log begins with.
OPENING = "campaign_opened"
#: What is recorded before an event whose clock stands before the newest event's.
BACKWARDS = "clock_ran_backwards"
#: Clocks of several machines never agree wholly; within this the later time is taken, beyond it is a fact.
SKEW = timedelta(seconds=2)
#: A writer that goes on losing pauses at most so many seconds before it reads to the end and tries again.
_LONGEST = 1.0
_COUNTERSIGNED = "countersigned/"
_CHANCE = secrets.SystemRandom()  # a generator of our own would draw the same in each process forked from this one

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The real time, UTC; the only place that reads it."""
    return datetime.now(UTC)


def pause_at_most(seconds: float) -> None:
    """Wait for some part of it, by chance, so that not all who wait end at once."""
    time.sleep(seconds * _CHANCE.random())


class Ledger:
    """One campaign's log."""

    def __init__(
        self,
        campaign: str,
        store: ObjectStore,
        clock: Clock = wall_clock,
        pause: Callable[[float], None] = pause_at_most,
    ) -> None:
        self.campaign = campaign
        self._store = store
        self._clock = clock
        self._pause = pause
        self._events: list[Event] = []
        self._leaves: list[bytes] = []
        self._by_key: dict[tuple[str, str], Event] = {}
        self._mark: Callable[[str], Any] | None = getattr(store, "mark", None)
        # What any log of this process has read before, where an object can be seen to stand unchanged.
        self._before = read_at(str(store.root)) if isinstance(store, LocalStore) and self._mark else None

    def append(self, draft: Draft) -> Event:
        """Append once per ``(type, key)``; the event already there is returned otherwise.

        Raises:
            KanshoError: ``LEDGER-EVENT`` when the draft carries what it must not; ``LEDGER-UNOPENED`` when anything
                but the opening would be the first event (C1).
        """
        draft.check()
        turn = getattr(self._store, "turn", None)
        with turn() if turn is not None else nullcontext(False) as in_turn:
            if in_turn or not self._events:
                self.refresh()
            return self._append(draft)

    def _append(self, draft: Draft) -> Event:
        """Try number after number: whoever creates a number has read everything before it, so no key comes twice."""
        lost = 0
        while True:
            known = self._by_key.get((draft.type, draft.key))
            if known is not None:
                return known
            if not self._events and draft.type != OPENING:
                raise KanshoError(
                    "LEDGER-UNOPENED",
                    "業務開始の前です",
                    place=f"{draft.type}/{self.campaign}",
                    remedy="先に業務開始 (campaign_opening) を実行してください (C1)",
                )
            now = self._clock().astimezone(UTC)
            stepped = self._backwards(now)
            if timedelta(0) < stepped <= SKEW:
                now += stepped
            # What is told of a step is what its own time shows: the clock is read once for both.
            telling = stepped > SKEW
            event = self._event(self._clock_draft(draft, stepped) if telling else draft, now)
            began = time.monotonic()
            if self._store.create(event_name(event.sequence), event.canonical()):
                self._take(event, leaf_hash(event.canonical()))
                if telling:
                    continue
                return event
            lost += 1
            # What won the number must be read; what follows it shows itself at the next try.
            if lost == 1:
                self._read_next()
                continue
            # Of many who write at once all but one lose to the same one, and what they ask of the store meanwhile (a
            # try and a reading for each event that is not theirs) holds that one up: each pause is twice as long.
            self._pause(min(_LONGEST, (time.monotonic() - began) * 2**lost))
            self.refresh()

    def _event(self, draft: Draft, now: datetime) -> Event:
        """The event as recorded: on the clock's day, whatever day somebody gives, but in a declared simulation."""
        opening = self._events[0].codes if self._events else draft.codes
        day = draft.campaign_date if opening.get("simulation") == "true" else day_in_japan(now)
        return Event(
            sequence=len(self._events),
            campaign=self.campaign,
            type=draft.type,
            key=draft.key,
            recorded_at=now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            campaign_date=day.isoformat(),
            actor=draft.actor.to_json(),
            counts=dict(draft.counts),
            codes=dict(draft.codes),
            refs=dict(draft.refs),
            names=dict(draft.names),
        )

    def _backwards(self, now: datetime) -> timedelta:
        """By how much the clock stands before the newest event."""
        if not self._events:
            return timedelta(0)
        return datetime.fromisoformat(self._events[-1].recorded_at) - now

    def _clock_draft(self, draft: Draft, stepped: timedelta) -> Draft:
        """The fact that the clock ran backwards, by whom and when it was noticed."""
        counts = {"seconds": math.ceil(stepped.total_seconds())}
        return Draft(BACKWARDS, f"after-{len(self._events) - 1}", draft.campaign_date, draft.actor, counts)

    def refresh(self) -> None:
        """Read what others have appended."""
        if not self._events and self._before:
            # As below, for half the price: every task begins with it, thousands of events long.  One by one, since what
            # this process wrote itself it may never have read.
            while (known := self._before.get(len(self._events))) is not None and LocalStore.stands(known[0]):
                self._take(*known[1:])
        while self._read_next():
            pass

    def _read_next(self) -> bool:
        """Read one more event; False when there is none (yet)."""
        number = len(self._events)
        name = event_name(number)
        try:
            # The mark first: an object that is exchanged while it is read differs from its mark ever after.
            mark = self._mark(name) if self._mark else None
            event, leaf = (
                event_of(self._store.read(name), name) if mark is None else known_event(Entry(mark, self._store, name))
            )
        except KeyError:
            return False
        self._take(event, leaf)
        if self._before is not None and mark is not None:
            self._before[number] = mark, event, leaf
        return True

    def events(self, type: str | None = None) -> list[Event]:
        """All events, or those of one type, in order."""
        self.refresh()
        return [e for e in self._events if type is None or e.type == type]

    def find(self, type: str, key: str) -> Event | None:
        """The event of that type and key, if any; one that was read once is not asked for again, for it stays."""
        if (type, key) not in self._by_key:
            self.refresh()
        return self._by_key.get((type, key))

    @property
    def first(self) -> Event | None:
        """What the log begins with, if anything; once read it is not asked for again, for it stays."""
        if not self._events:
            self.refresh()
        return self._events[0] if self._events else None

    @property
    def size(self) -> int:
        """How many events there are."""
        self.refresh()
        return len(self._events)

    def before(self, sequence: int) -> Ledger:
        """The log as it stood before the event of that number: to look into, as nothing can be appended to it."""
        self.refresh()
        then = _Then(self.campaign, self._store, self._clock)
        then._events, then._leaves = self._events[:sequence], self._leaves[:sequence]
        for event in then._events:
            then._by_key.setdefault((event.type, event.key), event)
        return then

    def confirm(self) -> None:
        """Hold what was read of this machine's copies against the store: before a word is signed, or anything erased.

        Raises:
            KanshoError: ``LEDGER-COPY``.
        """
        self.refresh()
        getattr(self._store, "confirm", lambda: None)()

    def checkpoint(self, signer: Ed25519PrivateKey) -> Checkpoint:
        """Sign the present size and root, and keep the text beside the events; first as `confirm`."""
        self.confirm()
        made = sign_checkpoint(self.campaign, len(self._leaves), root_of(self._leaves), signer)
        self._store.create(f"checkpoints/{made.size:010d}.txt", made.text.encode())
        return made

    def checkpoints(self) -> list[str]:
        """Texts of every checkpoint ever signed, oldest first."""
        return [self._store.read(n).decode() for n in self._store.names("checkpoints/")]

    def keep_countersigned(self, size: int, text: str) -> None:
        """Keep the note of that size with the ward's signature beside ours; the first one stays."""
        self._store.create(f"{_COUNTERSIGNED}{size:010d}.txt", text.encode())

    def countersigned(self) -> list[str]:
        """Texts of every checkpoint that the ward has countersigned, oldest first."""
        return [self._store.read(n).decode() for n in self._store.names(_COUNTERSIGNED)]

    def keep_timestamp(self, size: int, answer: bytes) -> None:
        """Keep an authority's answer about the checkpoint of that size; the first one stays."""
        self._store.create(_stamp(size), answer)

    def timestamp(self, size: int) -> bytes | None:
        """The kept answer about the checkpoint of that size."""
        try:
            return self._store.read(_stamp(size))
        except KeyError:
            return None

    def timestamps(self) -> dict[int, bytes]:
        """Every kept answer, by the size of its checkpoint."""
        sizes = [int(name.rpartition("/")[2].removesuffix(".tsr")) for name in self._store.names("timestamps/")]
        return {size: self._store.read(_stamp(size)) for size in sizes}

    def _take(self, event: Event, leaf: bytes) -> None:
        if event.sequence != len(self._events) or event.campaign != self.campaign:
            raise broken(event_name(len(self._events)))
        self._events.append(event)
        self._leaves.append(leaf)
        self._by_key.setdefault((event.type, event.key), event)


class _Then(Ledger):
    """A log at an earlier size: it neither grows nor is written."""

    def refresh(self) -> None:
        """Nothing that came later belongs to it."""

    def append(self, draft: Draft) -> Event:
        """Refused.

        Raises:
            KanshoError: ``LEDGER-PAST``.
        """
        raise KanshoError(
            "LEDGER-PAST",
            "過去の時点の台帳には記録できません",
            place=draft.type,
            remedy="現在の台帳で実行してください",
        )


def _stamp(size: int) -> str:
    return f"timestamps/{size:010d}.tsr"
