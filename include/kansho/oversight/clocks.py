"""The clocks of an incident: when 甲, and by law the commission, must know what (P9).

Source: the law in force on the day it became known (`kansho.campaign.incident_law`), and the contract's own, stricter
clause (乙22): 甲 is told at once, in writing soon after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kansho.campaign.incident_law import incident_laws
from kansho.evidence.events import Event
from kansho.evidence.incidents_shown import known_day

#: Kinds that may come from outside the contract's own faults, with a wrongful purpose.
WRONGFUL = frozenset({"media_lost", "theft_suspected", "intrusion"})


@dataclass(frozen=True)
class Clocks:
    """Days of an incident, counted from the day it became known; None where that day's law sets none."""

    known_on: date
    tell_ward: date
    written_report: date
    preliminary: date | None
    final: date | None
    law: str
    reportable_over: int | None


def clocks(known_on: date, kind: str) -> Clocks:
    """The clocks of an incident of that kind known on that day."""
    laws = incident_laws()
    law = laws.on(known_on)

    def after(days: int | None) -> date | None:
        return None if days is None else known_on + timedelta(days=days)

    return Clocks(
        known_on=known_on,
        tell_ward=known_on,
        written_report=known_on + timedelta(days=laws.written_report_days),
        preliminary=after(law.preliminary_days),
        final=after(law.final_days_wrongful if kind in WRONGFUL else law.final_days),
        law=law.name,
        reportable_over=law.reportable_over_persons,
    )


def clocks_of(opened: Event) -> Clocks:
    """The clocks of an ``incident_opened`` event, from the day it names as known, else from its own."""
    return clocks(date.fromisoformat(known_day(opened)), opened.codes.get("kind", ""))
