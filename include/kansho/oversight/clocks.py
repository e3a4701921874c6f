"""The clocks of an incident: when 甲, and by law the commission, must know what (P9).

Source: 個人情報保護法 第68条, 施行規則 第43条・第44条, and the contract's own, stricter clause (乙22).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kansho.evidence.events import Event

#: 甲 is told at once; the written report follows (the contract says 速やかに: three days is our measure of it).
WRITTEN_REPORT_DAYS = 3
#: 速報: 概ね3–5日以内.
PRELIMINARY_DAYS = 5
#: 確報: 30 days, 60 when wrongful purpose is likely.
FINAL_DAYS = 30
FINAL_DAYS_WRONGFUL = 60
#: Reportable by number alone above this (行政機関等: 100 人を超える).
REPORTABLE_PERSONS = 100

#: Kinds that may come from outside the contract's own faults, with a wrongful purpose.
WRONGFUL = frozenset({"media_lost", "theft_suspected", "intrusion"})


@dataclass(frozen=True)
class Clocks:
    """Days of an incident, counted from the day it became known."""

    known_on: date
    tell_ward: date
    written_report: date
    preliminary: date
    final: date


def clocks(known_on: date, kind: str) -> Clocks:
    """The clocks of an incident of that kind known on that day."""
    final = FINAL_DAYS_WRONGFUL if kind in WRONGFUL else FINAL_DAYS
    return Clocks(
        known_on=known_on,
        tell_ward=known_on,
        written_report=known_on + timedelta(days=WRITTEN_REPORT_DAYS),
        preliminary=known_on + timedelta(days=PRELIMINARY_DAYS),
        final=known_on + timedelta(days=final),
    )


def clocks_of(opened: Event) -> Clocks:
    """The clocks of an ``incident_opened`` event."""
    return clocks(date.fromisoformat(opened.campaign_date), opened.codes.get("kind", ""))
