"""Every obligation of the contract with its day, and whether the ledger shows it done.

Pure over config and events.  Belongs here: what is due when.  Does not belong here: doing it.
A stage that never started is found here too, because its obligation comes from the config, not from a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from kansho.campaign.calendar import oversight_days
from kansho.campaign.config import CampaignConfig
from kansho.evidence.events import Event
from kansho.oversight.clocks import clocks_of


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
    made = [*_monthly(log, config), *_inspections(log, config), *_works(log, config), *_end(log, config)]
    made += [*_media(log, config), *_incidents(log)]
    return tuple(sorted(made, key=lambda o: (o.due, o.key)))


def deadlines(events: Iterable[Event], config: CampaignConfig, today: date) -> tuple[Obligation, ...]:
    """What is due or overdue today and not done."""
    return tuple(o for o in obligations(events, config) if o.is_open(today))


def report_months(config: CampaignConfig) -> tuple[tuple[str, date], ...]:
    """(month YYYY-MM, day its report is due), from the calendar; the last report of a month in the contract."""
    return tuple(
        ((day.replace(day=1) - timedelta(days=1)).strftime("%Y-%m"), day)
        for day, reason in oversight_days(config)
        if reason == "monthly"
    )


def _monthly(log: list[Event], config: CampaignConfig) -> Iterator[Obligation]:
    """The report (P13), and the day before it the attestation of 乙 and of every 丙 (P15)."""
    for month, due in report_months(config):
        yield Obligation("monthly_report", month, due, "P13", _day(log, "report_submitted", f"monthly/{month}"))
        for party in (config.contractor, *config.subcontractors):
            subject = f"{party.id}/{month}"
            done = _day(log, "attestation_recorded", subject)
            yield Obligation("attestation", subject, due - timedelta(days=1), "P15", done)


def _inspections(log: list[Event], config: CampaignConfig) -> Iterator[Obligation]:
    """甲 inspects 乙 (P6) and checks each 丙; 乙 audits each 丙; findings are corrected by their day."""
    contractor = config.contractor.id
    done = _day(log, "inspection_recorded", f"ward_inspection/{contractor}")
    yield Obligation("ward_inspection", contractor, config.oversight.ward_inspection_due, "P6", done)
    for party in config.subcontractors:
        if party.ward_check_on:
            done = _day(log, "inspection_recorded", f"ward_check/{party.id}")
            yield Obligation("ward_check", party.id, party.ward_check_on, "P6", done)
        if party.audit_on:
            done = _day(log, "audit_recorded", f"audit/{party.id}")
            yield Obligation("audit", party.id, party.audit_on, "P6", done)
    for event in log:
        if event.type in ("inspection_recorded", "audit_recorded"):
            for code, due in corrections_due(event):
                subject = f"{event.key}/{code}"
                done = _day(log, "inspection_recorded", f"correction/{subject}")
                yield Obligation("correction", subject, due, "P6", done)


def corrections_due(event: Event) -> list[tuple[str, date]]:
    """(finding code, day to be corrected by) of an inspection event."""
    told = event.codes.get("findings", "")
    pairs = [part.split("=") for part in told.split("|") if "=" in part]
    return [(code, date.fromisoformat(day)) for code, day in pairs]


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


def _end(log: list[Event], config: CampaignConfig) -> Iterator[Obligation]:
    """Hand-over, certificates of 丙, erasure (P11, P12)."""
    closing = config.closing
    handed = next((_on(e) for e in log if e.type == "handover_receipted"), None)
    yield Obligation("handover", "ward", closing.handover_on, "P11", handed)
    for party in config.subcontractors:
        done = _day(log, "certificate_received", party.id)
        yield Obligation("certificate", party.id, closing.certificates_due, "P12", done)
    certified = next((_on(e) for e in log if e.type == "campaign_certified"), None)
    yield Obligation("erasure", config.contractor.id, config.contract.end, "P11", certified)


def _media(log: list[Event], config: CampaignConfig) -> Iterator[Obligation]:
    for event in log:
        if event.type == "medium_registered":
            done = _day(log, "medium_returned", event.key)
            yield Obligation("medium_return", event.key, config.closing.erase_on, "P11", done)


def _incidents(log: list[Event]) -> Iterator[Obligation]:
    """The written report of an incident (P9)."""
    for event in log:
        if event.type == "incident_opened":
            done = _day(log, "incident_reported", event.key)
            yield Obligation("incident_report", event.key, clocks_of(event).written_report, "P9", done)


def _day(log: list[Event], type: str, key: str) -> date | None:
    """The day a paper says it was done on, else the day of the event."""
    return next((_said(e) or _on(e) for e in log if e.type == type and e.key == key), None)


def _said(event: Event) -> date | None:
    told = event.codes.get("on") or event.codes.get("attested_on")
    return date.fromisoformat(told) if told else None


def _on(event: Event) -> date:
    return date.fromisoformat(event.campaign_date)
