"""Every deadline of the year, and whether the ledger shows it kept: the works of the calendar, the clauses' duties.

Pure over config and events.  Belongs here: what is due when.  Does not belong here: doing it, or the duties themselves
(`kansho.oversight.clauses` derives them from data).
A stage that never started is found here too, because its obligation comes from the config, not from a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from kansho.campaign.clauses import clauses_bound
from kansho.campaign.config import CampaignConfig
from kansho.evidence.events import Event
from kansho.oversight.clauses import dated


@dataclass(frozen=True)
class Obligation:
    """One thing to be done by a day.

    ``kind`` and ``subject`` are ASCII codes and together the key; ``clause`` is of requirements.md;
    ``done_on`` is the campaign date of the event that fulfilled it, None while open.
    """

    kind: str
    subject: str
    due: date
    clause: str
    done_on: date | None = None

    @property
    def key(self) -> str:
        """``<kind>/<subject>``."""
        return f"{self.kind}/{self.subject}"

    def is_open(self, today: date) -> bool:
        """Due today or before, and not done."""
        return self.done_on is None and self.due <= today

    def is_overdue(self, today: date) -> bool:
        """The day passed without it."""
        return self.done_on is None and self.due < today


def obligations(events: Iterable[Event], config: CampaignConfig) -> tuple[Obligation, ...]:
    """Every obligation of the year so far known, in the order of their days."""
    log = list(events)
    clauses = clauses_bound(log, config)
    duties = [
        Obligation(i.duty.deadline or "", i.subject, i.due, i.duty.requirements[0], i.done_on)
        for i in dated(log, config, clauses)
        if i.due is not None
    ]
    return tuple(sorted([*duties, *_works(log, config)], key=lambda o: (o.due, o.key)))


def deadlines(events: Iterable[Event], config: CampaignConfig, today: date) -> tuple[Obligation, ...]:
    """What is due or overdue today and not done."""
    return tuple(o for o in obligations(events, config) if o.is_open(today))


def _works(log: list[Event], config: CampaignConfig) -> Iterator[Obligation]:
    """Deliveries taken in, waves selected, printing reported: a run that never started shows here."""
    for expected in config.deliveries:
        wanted = re.compile(re.escape(expected.id) + r"([^0-9].*)?")
        done = next((_on(e) for e in log if e.type == "delivery_accepted" and wanted.fullmatch(e.key)), None)
        yield Obligation("delivery", expected.id, expected.on, "D1", done)
    for wave in config.waves.all():
        yield Obligation("wave_selected", wave.id, wave.select_on, "C4", _day(log, "wave_selected", wave.id))
    for mailing in config.waves.mailings:
        done = _day(log, "print_reported", mailing.id)
        yield Obligation("print_report", mailing.id, mailing.report_on, "C6", done)


def _day(log: list[Event], type: str, key: str) -> date | None:
    return next((_on(e) for e in log if e.type == type and e.key == key), None)


def _on(event: Event) -> date:
    return date.fromisoformat(event.campaign_date)
