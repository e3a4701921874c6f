"""Finding the events that an obligation's data names.

Belongs here: the templates and patterns of `kansho.campaign.clauses.Match` applied to a log, with indexes so that a
year of ten thousand events is looked through once.  Does not belong here: any obligation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase

from kansho.campaign.clauses import Match
from kansho.campaign.config import CampaignConfig
from kansho.evidence.access_rules import ENDED
from kansho.evidence.events import Event
from kansho.evidence.registrations import id_of

#: Records of inspections, which come again under ``<key>/n2``, ``<key>/n3``, … (`kansho.oversight.inspections`).
INSPECTIONS = frozenset({"inspection_recorded", "audit_recorded"})
#: And deeds on paper, which comes again through the year (`kansho.evidence.hand_rules.of_deed`).
_SERIES = INSPECTIONS | {"manual_target_closed"}
_NEXT = re.compile(r"/n[1-9][0-9]?\Z")
_WORD = re.compile(r"\{([a-z_]+)\}")


class Log:
    """Events by type, by key and by registered id."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._of: dict[str, list[Event]] = defaultdict(list)
        self._keyed: dict[tuple[str, str], Event] = {}
        self._registered: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self._series: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in events:
            self._of[event.type].append(event)
            self._keyed[event.type, event.key] = event
            self._registered[event.type, id_of(event)].append(event)
            if event.type in _SERIES:
                self._series[event.type, _NEXT.sub("", event.key)].append(event)

    @staticmethod
    def fill(text: str, words: Mapping[str, str]) -> str:
        """A template with its words; a word that is not known there fits nothing."""
        return _WORD.sub(lambda found: words.get(found[1], "\0"), text)

    def all(self, match: Match, words: Mapping[str, str], after: Event | None = None) -> Iterator[Event]:
        """Every event that fits, in the order of the log; ``after`` is the trigger."""
        for event in self._candidates(match, words):
            if match.later and after is not None and event.sequence <= after.sequence:
                continue
            if self._is_about(match, event, words) and _says(match, event, words, after):
                yield event

    def first(self, match: Match, words: Mapping[str, str], after: Event | None = None) -> Event | None:
        """The first that fits, else None."""
        return next(self.all(match, words, after), None)

    def shown(self, match: Match, words: Mapping[str, str], trigger: Event | None = None) -> tuple[Event, ...]:
        """The events that show what ``match`` asks for, by itself or by one of its other ways; none when it is not so.

        With ``for_each`` every part of that code of the trigger must be shown; a trigger without it shows nothing.
        """
        if match.for_each is None:
            return self._by_a_way(match, words, trigger)
        told = trigger.codes.get(match.for_each, "") if trigger is not None else ""
        each = [self._by_a_way(match, {**words, "one": part}, trigger) for part in told.split("|")]
        return tuple(e for found in each for e in found) if all(each) else ()

    def denied(self, match: Match, words: Mapping[str, str], trigger: Event | None = None) -> Event | None:
        """The first event at the very place that is asked for, which says something else than is asked for.

        Only where the place is certain (a key, an id, an artefact) and the codes asked for are told at all.
        """
        if match.key is None and match.id is None and match.about is None:
            return None
        parts = trigger.codes.get(match.for_each, "").split("|") if match.for_each and trigger is not None else [""]
        for part in parts:
            said = {**words, "one": part}
            if not self._by_a_way(match, said, trigger):
                place = match.model_copy(update={"codes": dict.fromkeys(match.codes, "*"), "without": {}, "by": None})
                found = next((e for e in self.all(place, said, trigger) if not _says(match, e, said, trigger)), None)
                if found is not None:
                    return found
        return None

    def _by_a_way(self, match: Match, words: Mapping[str, str], trigger: Event | None) -> tuple[Event, ...]:
        if match.type in INSPECTIONS and match.key is not None:  # the last of a year counts, all are the evidence
            held = sorted(self._candidates(match, words), key=lambda e: (said_day(e), e.sequence))
            return tuple(held) if held and _says(match, held[-1], words, trigger) else ()
        for way in ((match,), *match.ways):
            found = [self.first(part, words, trigger) for part in way]
            if all(found):
                return tuple(e for e in found if e is not None)
        return ()

    def _is_about(self, match: Match, event: Event, words: Mapping[str, str]) -> bool:
        """Whether the request of a decision bound the artefact that is asked for."""
        if match.about is None:
            return True
        asked = self._keyed.get(("approval_requested", event.key))
        artefact = asked.refs.get("artefact") if asked is not None else None
        if not isinstance(artefact, Mapping):
            return False
        name = f"{artefact.get('kind')}/{artefact.get('key')}"
        return any(fnmatchcase(name, text) for text in self.fill(match.about, words).split("|"))

    def _candidates(self, match: Match, words: Mapping[str, str]) -> Iterable[Event]:
        if match.id is not None:
            return self._registered.get((match.type, self.fill(match.id, words)), [])
        if match.key is None:
            return self._of.get(match.type, [])
        key = self.fill(match.key, words)
        if "*" in key:
            return (e for e in self._of.get(match.type, []) if fnmatchcase(e.key, key))
        if match.type in _SERIES:
            return self._series.get((match.type, key), [])
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

    def incidents(self, kinds: Collection[str], party: str | None) -> list[tuple[Event, Event | None]]:
        """(opened, closed or None) of every incident of these kinds, of one party where one is named."""
        return [
            (e, self._keyed.get(("incident_closed", e.key)))
            for e in self._of.get("incident_opened", [])
            if e.codes.get("kind") in kinds and party in (None, e.codes.get("party"))
        ]


def _says(match: Match, event: Event, words: Mapping[str, str], trigger: Event | None) -> bool:
    """Whether an event says what is asked: its codes, its counts, who did it."""
    if match.by is not None and event.actor.get("role") != match.by:
        return False
    if match.some is not None and not event.counts.get(match.some):
        return False
    mine, its = (e.counts.get(match.same or "") if e is not None else None for e in (event, trigger))
    if match.same is not None and trigger is not None and mine != its:
        return False
    for name, text in match.codes.items():
        wanted = Log.fill(text, words).split("|")
        if name not in event.codes or not any(fnmatchcase(event.codes[name], t) for t in wanted):
            return False
    for name, text in match.without.items():
        if any(fnmatchcase(part, Log.fill(text, words)) for part in event.codes.get(name, "").split("|")):
            return False
    return True


def said_day(event: Event) -> date:
    """The day a paper says it was done on, else the day of the event."""
    told = event.codes.get("on") or event.codes.get("attested_on")
    return date.fromisoformat(told or event.campaign_date)
