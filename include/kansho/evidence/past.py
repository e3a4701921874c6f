"""The log as its rules look at it: by type, by key, before something, under the configuration of its moment.

Belongs here: look-ups alone, built once for a whole judgement.  Does not belong here: any rule.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence

from kansho.evidence.events import Event
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.registrations import id_of


class Past:
    """Events with look-ups that respect order."""

    def __init__(self, events: Sequence[Event], facts: ConfigFacts, in_force: Mapping[str, ConfigFacts]) -> None:
        self.events = events
        self.facts = facts
        self._in_force = in_force
        self._by_key = {(e.type, e.key): e for e in events}
        self._by_type: dict[str, list[Event]] = defaultdict(list)
        self._by_id: dict[str, dict[str, list[Event]]] = {}
        for event in events:
            self._by_type[event.type].append(event)
        bound = sorted(
            (e for type in ("campaign_opened", "config_amended") for e in self.of(type)), key=lambda e: e.sequence
        )
        self._bound = [(e.sequence, e.codes.get("config_digest", "")) for e in bound]
        #: The day up to which the log tells anything; empty for no log.
        self.today = max((e.campaign_date for e in events), default="")

    def of(self, type: str) -> list[Event]:
        """Every event of a type, in order."""
        return self._by_type.get(type, [])

    def registered(self, type: str, id_: str) -> list[Event]:
        """Every registration of an id, in order."""
        if type not in self._by_id:
            ids = self._by_id[type] = defaultdict(list)
            for event in self.of(type):
                ids[id_of(event)].append(event)
        return self._by_id[type].get(id_, [])

    def find(self, type: str, key: str, before: Event | None = None) -> Event | None:
        """The event of that type and key, if it comes before another."""
        found = self._by_key.get((type, key))
        return found if found is None or before is None or found.sequence < before.sequence else None

    def facts_at(self, event: Event) -> ConfigFacts:
        """Facts of the configuration that was bound when the event happened."""
        at = bisect_left(self._bound, (event.sequence, ""))
        return self._in_force.get(self._bound[at - 1][1] if at else "", self.facts)

    def ever(self) -> list[ConfigFacts]:
        """Facts of every configuration that was ever bound."""
        return [self.facts, *self._in_force.values()]

    def first(self, type: str) -> Event | None:
        """The first of a type."""
        return next(iter(self.of(type)), None)

    def last(self, type: str, before: Event | None = None) -> Event | None:
        """The last of a type, if wanted before another."""
        found = [e for e in self.of(type) if before is None or e.sequence < before.sequence]
        return found[-1] if found else None

    def missed(self, kind: str, subject: str) -> bool:
        """Whether the log itself tells that this was missed."""
        return ("deadline_missed", f"{kind}/{subject}") in self._by_key


def at(event: Event) -> str:
    """The place of a finding."""
    return f"event {event.sequence} {event.type} {event.key}"
