"""What was due when, and whether the log shows it done by then, or tells itself that it was missed.

Belongs here: every day that the bound configuration, the contract and the holdings themselves set: erase-by dates,
monthly reports and attestations, inspections, audits and corrections, what an incident asks, hand-over, certificates,
leavers.  Does not belong here: reminding (`kansho.oversight.deadlines`), or who did it.

    done by its day                         nothing
    missed, and recorded as missed          no finding: the log is honest, and the clause's row says that it failed
    missed, and the log is silent           a finding

A day is judged once the log tells of a later one; what is still not there when the year is certified never comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from kansho.evidence.access_rules import ENDED
from kansho.evidence.ended_rules import first_interim
from kansho.evidence.events import Event
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.handover_rules import is_handover, ward_of
from kansho.evidence.incidents_shown import known_day
from kansho.evidence.past import Past, at
from kansho.evidence.registrations import id_of

#: Days after an incident within which 甲 has the written report (``include/law/incident_reports.toml``).
WRITTEN_REPORT_DAYS = 3
#: Days after a handler of a 丙 left within which they were told that secrecy goes on (乙11).
LEAVER_DAYS = 14
#: Name under which a miss is recorded → (code of one that was not, clause whose row the miss fails).
KINDS: Mapping[str, tuple[str, str]] = {
    "erase_by": ("DEADLINE-ERASE-BY", "P11"),
    "handover": ("DEADLINE-HANDOVER", "P11"),
    "medium_return": ("DEADLINE-MEDIUM", "P11"),
    "erasure": ("DEADLINE-ERASURE", "P11"),
    "certificate": ("DEADLINE-CERTIFICATE", "P12"),
    "copy_erase": ("DEADLINE-COPY", "P12"),
    "monthly_report": ("DEADLINE-REPORT", "P13"),
    "attestation": ("DEADLINE-ATTESTATION", "P15"),
    "ward_inspection": ("DEADLINE-INSPECTION", "P6"),
    "ward_check": ("DEADLINE-INSPECTION", "P6"),
    "audit": ("DEADLINE-AUDIT", "P6"),
    "correction": ("DEADLINE-CORRECTION", "P6"),
    "leaver_briefing": ("DEADLINE-LEAVER", "P5"),
    "incident_notice": ("DEADLINE-INCIDENT", "P9"),
    "incident_report": ("DEADLINE-INCIDENT", "P9"),
    "incident_preliminary": ("DEADLINE-INCIDENT", "P9"),
    "incident_final": ("DEADLINE-INCIDENT", "P9"),
    "wave_selected": ("DEADLINE-WAVE", "C6"),
    "print_report": ("DEADLINE-PRINT", "C6"),
    "effect_report": ("DEADLINE-EFFECT", "E1"),
}
#: Records of papers that others signed, with the day they name.
_PAPERS = frozenset(
    {"attestation_recorded", "inspection_recorded", "audit_recorded", "briefing_recorded", "package_erased"}
)
#: What the key of a second inspection of the year has behind that of the first.
_NEXT = re.compile(r"/n[1-9][0-9]?")
#: What the certification itself does.
_LAST = "erasure"
#: What 甲 itself brings late breaks no clause of 乙's.
WARDS_OWN = frozenset({"delivery"})


@dataclass(frozen=True)
class Due:
    """One thing to be done by a day: its name, the day, and the event that shows it, if any."""

    kind: str
    subject: str
    by: str
    shown: Event | None

    def kept(self) -> bool:
        """Whether it was done, and on a day that is not too late."""
        return self.shown is not None and said_day(self.shown) <= self.by


def deadline_findings(log: Past) -> Iterator[Finding]:
    """What was missed and not recorded as missed."""
    for due in missed(log, today=log.today, over=log.first("campaign_certified") is not None):
        if not log.missed(due.kind, due.subject):
            code, clause = KINDS[due.kind]
            place = at(due.shown) if due.shown is not None else f"{due.kind}/{due.subject}"
            yield Finding(code, place, f"not done by {due.by}, and not recorded as missed ({clause})")
    yield from _flow(log)
    yield from _copy_flow(log)


def missed(log: Past, *, today: str, over: bool) -> Iterator[Due]:
    """What was not done by its day, recorded or not; with ``over`` the year ends and nothing more comes."""
    for due in dues(log):
        if not due.kept() and (due.by < today or (over and due.kind != _LAST)):
            yield due


def dues(log: Past) -> Iterator[Due]:
    """Everything that had a day."""
    facts = log.facts
    yield from _holdings(log)
    yield from _copies(log)
    yield from _months(log, facts)
    yield from _inspections(log, facts)
    yield from _corrections(log)
    yield from _leavers(log, facts)
    yield from _incidents(log)
    yield from _work(log, facts)
    yield from _closing(log, facts)


def report_months(facts: ConfigFacts) -> list[tuple[str, str]]:
    """(month, day its report is due), as `kansho.oversight.clauses.report_months` has them."""
    month, last = date.fromisoformat(facts.contract_start).replace(day=1), facts.days.handover_on
    found: list[tuple[str, str]] = []
    while True:
        following = (month + timedelta(days=32)).replace(day=1)
        by = following.replace(day=facts.days.report_day).isoformat()
        if by > last:
            return found
        found.append((month.isoformat()[:7], by))
        month = following


def said_day(event: Event) -> str:
    """The day that another's paper says it was done on; of what we did ourselves the day of the event."""
    told = (event.codes.get("on") or event.codes.get("attested_on")) if event.type in _PAPERS else ""
    return told or event.campaign_date


def _holdings(log: Past) -> Iterator[Due]:
    for stored in log.of("snapshot_stored"):
        by = stored.codes.get("erase_by", "")
        yield Due("erase_by", stored.key, by, log.find("snapshot_erased", stored.key))


def _copies(log: Past) -> Iterator[Due]:
    """What a 丙 was given is gone by the day that went with it (丙12)."""
    for package in log.of("package_handed_over"):
        if package.codes.get("party") in log.facts_at(package).subcontractors:
            yield Due(
                "copy_erase", package.key, package.codes.get("erase_by", ""), log.find("package_erased", package.key)
            )


def _months(log: Past, facts: ConfigFacts) -> Iterator[Due]:
    for month, by in report_months(facts):
        yield Due("monthly_report", month, by, log.find("report_submitted", f"monthly/{month}"))
        before = _after(by, -1)
        for party in (facts.contractor, *facts.subcontractors):
            subject = f"{party}/{month}"
            shown = log.find("attestation_recorded", subject)
            early = shown is not None and said_day(shown) < f"{month}-01"  # nobody attests what is to come
            yield Due("attestation", subject, before, None if early else shown)


def _inspections(log: Past, facts: ConfigFacts) -> Iterator[Due]:
    """乙 by 甲 once within the contract; each 丙 by 甲, and by 乙, once a year (丙16, 19)."""
    days, last = facts.days, facts.contract_end
    key = f"ward_inspection/{facts.contractor}"
    yield Due("ward_inspection", facts.contractor, days.inspection_due, _within(log, "inspection_recorded", key))
    for party in facts.subcontractors:
        check, audit = days.checks.get(party, last), days.audits.get(party, last)
        yield Due("ward_check", party, check, _within(log, "inspection_recorded", f"ward_check/{party}"))
        yield Due("audit", party, audit, _within(log, "audit_recorded", f"audit/{party}"))


def _within(log: Past, type_: str, key: str) -> Event | None:
    """The first that was held of those not before the contract began: ``<key>``, or a later ``<key>/n2``, …"""
    held = (e for e in log.of(type_) if e.key == key or _NEXT.fullmatch(e.key.removeprefix(key)))
    within = (e for e in held if said_day(e) >= log.facts.contract_start)
    return min(within, key=lambda e: (said_day(e), e.sequence), default=None)


def _corrections(log: Past) -> Iterator[Due]:
    for type_ in ("inspection_recorded", "audit_recorded"):
        for event in log.of(type_):
            for part in event.codes.get("findings", "").split("|"):
                finding, equals, by = part.partition("=")
                if equals:
                    subject = f"{event.key}/{finding}"
                    shown = log.find("inspection_recorded", f"correction/{subject}")
                    yield Due("correction", subject, by, shown)


def _leavers(log: Past, facts: ConfigFacts) -> Iterator[Due]:
    newest = {id_of(e): e for e in log.of("handler_registered")}
    for handler, event in newest.items():
        left = event.codes.get(ENDED, "")
        if left and event.codes.get("party") in facts.subcontractors:
            told = [e for e in log.registered("briefing_recorded", handler) if e.codes.get("of") == "leaver"]
            yield Due("leaver_briefing", handler, _after(left, LEAVER_DAYS), told[0] if told else None)


def _incidents(log: Past) -> Iterator[Due]:
    for opened in log.of("incident_opened"):
        known = known_day(opened)
        yield Due("incident_notice", opened.key, known, log.find("report_submitted", f"incident_notice/{opened.key}"))
        written = _after(known, WRITTEN_REPORT_DAYS)
        yield Due("incident_report", opened.key, written, log.find("incident_reported", opened.key))


def _work(log: Past, facts: ConfigFacts) -> Iterator[Due]:
    """Each wave selected, its cards reported, its effect analysed by the day of the calendar."""
    for wave, by in facts.days.selections.items():
        yield Due("wave_selected", wave, by, log.find("wave_selected", wave))
    for wave, by in facts.days.print_reports.items():
        yield Due("print_report", wave, by, log.find("print_reported", wave))
    analysed: dict[str, Event] = {}
    for figure in log.of("effect_analysed"):
        analysed.setdefault(figure.key.partition("/")[0], figure)
    for day in facts.days.effects:
        yield Due("effect_report", day, day, analysed.get(day))


def _closing(log: Past, facts: ConfigFacts) -> Iterator[Due]:
    """Handed back to 甲 by its day; the receipt for it may come later (STATE-ERASED-UNRECEIPTED)."""
    ward = ward_of(facts.parties)
    back = (e for e in log.of("package_handed_over") if is_handover(e, ward))
    yield Due("handover", "ward", facts.days.handover_on, next(back, None))
    for party in facts.subcontractors:
        yield Due("certificate", party, facts.days.certificates_due, log.find("certificate_received", party))
    end = first_interim(log) or log.first("campaign_certified")  # a key service's waiting days are its own
    yield Due(_LAST, facts.contractor, facts.contract_end, end)
    for medium in log.of("medium_registered"):
        yield Due("medium_return", medium.key, facts.days.erase_on, log.find("medium_returned", medium.key))


def _flow(log: Past) -> Iterator[Finding]:
    """A holding is of an approved kind, with its holder and place, and lives no longer than the flow allows (D6)."""
    for stored in log.of("snapshot_stored"):
        facts, said = log.facts_at(stored), stored.codes
        flow = facts.flows.get(stored.key.partition("/")[0])
        if flow is None or (flow.holder, flow.place) != (said.get("holder"), said.get("place")):
            yield Finding("FLOW-UNAPPROVED", at(stored), "no such kind, holder and place in the year's data flow (D6)")
            continue
        last = facts.days.erase_on
        if flow.days is not None:
            last = min(last, _after(stored.campaign_date, flow.days))
        if not "" < said.get("erase_by", "") <= last:
            yield Finding("FLOW-ERASE-BY", at(stored), f"its erase-by day is after {last}, which the flow allows (D6)")


def _copy_flow(log: Past) -> Iterator[Finding]:
    """A copy with a 丙 is of an approved kind, and lives no longer than the flow allows (D6)."""
    for package in log.of("package_handed_over"):
        facts, said = log.facts_at(package), package.codes
        party = said.get("party", "")
        if party not in facts.subcontractors:
            continue
        of = (said.get("kind", ""), party)
        if of not in facts.copies:
            yield Finding("FLOW-UNAPPROVED", at(package), "no such copy with this party in the year's data flow (D6)")
            continue
        last, days = facts.days.certificates_due, facts.copies[of]
        if days is not None:
            last = min(last, _after(package.campaign_date, days))
        if not "" < said.get("erase_by", "") <= last:
            yield Finding("FLOW-ERASE-BY", at(package), f"its erase-by day is after {last}, which the flow allows (D6)")


def _after(day: str, days: int) -> str:
    """So many days later; a text that is no day, or falls off the calendar, stays as it is."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return day
