"""Finding the events that an obligation's data names.

Belongs here: the templates and patterns of `kansho.campaign.clauses.Match` applied to a log, with indexes so that a
year of ten thousand events is looked through once.  Does not belong here: any obligation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase

from kansho.campaign.clauses import Match
from kansho.campaign.config import CampaignConfig
from kansho.evidence.access_rules import ENDED
from kansho.evidence.events import Event
from kansho.evidence.registrations import id_of

_WORD = re.compile(r"\{([a-z_]+)\}")


class Log:
    """Events by type, by key and by registered id."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._of: dict[str, list[Event]] = defaultdict(list)
        self._keyed: dict[tuple[str, str], Event] = {}
        self._registered: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in events:
            self._of[event.type].append(event)
            self._keyed[event.type, event.key] = event
            self._registered[event.type, id_of(event)].append(event)

    @staticmethod
    def fill(text: str, words: Mapping[str, str]) -> str:
        """A template with its words; a word that is not known there fits nothing."""
        return _WORD.sub(lambda found: words.get(found[1], "\0"), text)

    def all(self, match: Match, words: Mapping[str, str], after: Event | None = None) -> Iterator[Event]:
        """Every event that fits, in the order of the log."""
        codes = {name: self.fill(text, words).split("|") for name, text in match.codes.items()}
        for event in self._candidates(match, words):
            if match.later and after is not None and event.sequence < after.sequence:
                continue
            if all(
                n in event.codes and any(fnmatchcase(event.codes[n], t) for t in wanted) for n, wanted in codes.items()
            ):
                yield event

    def first(self, match: Match, words: Mapping[str, str], after: Event | None = None) -> Event | None:
        """The first that fits, else None."""
        return next(self.all(match, words, after), None)

    def _candidates(self, match: Match, words: Mapping[str, str]) -> Iterable[Event]:
        if match.id is not None:
            return self._registered.get((match.type, self.fill(match.id, words)), [])
        if match.key is None:
            return self._of.get(match.type, [])
        key = self.fill(match.key, words)
        if "*" in key:
            return (e for e in self._of.get(match.type, []) if fnmatchcase(e.key, key))
        found = self._keyed.get((match.type, key))
        return [found] if found is not None else []

    def handlers(self, config: CampaignConfig) -> list[tuple[str, tuple[str, date | None]]]:
        """(id, (party, day of registration)) of everybody ever registered; before any, of those in the config."""
        first: dict[str, Event] = {}
        for event in self._of.get("handler_registered", []):
            first.setdefault(id_of(event), event)
        if not first:
            return [(h.id, (h.party, None)) for h in config.handlers]
        return [(id_, (e.codes.get("party", ""), date.fromisoformat(e.campaign_date))) for id_, e in first.items()]

    def leavers(self) -> dict[str, tuple[str, date]]:
        """(party, day the registration ended) of everybody whose newest registration has ended."""
        newest = {id_of(e): e for e in self._of.get("handler_registered", [])}
        return {
            id_: (e.codes.get("party", ""), date.fromisoformat(e.codes[ENDED]))
            for id_, e in newest.items()
            if e.codes.get(ENDED)
        }

    def open_incidents(self) -> list[Event]:
        """Incidents that were not closed."""
        return [e for e in self._of.get("incident_opened", []) if ("incident_closed", e.key) not in self._keyed]


def said_day(event: Event) -> date:
    """The day a paper says it was done on, else the day of the event."""
    told = event.codes.get("on") or event.codes.get("attested_on")
    return date.fromisoformat(told or event.campaign_date)
