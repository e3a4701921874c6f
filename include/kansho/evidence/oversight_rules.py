"""Rules about people, parties and places: trained before assigned, consented to before handed anything, designated.

Belongs here: pure rules over events (P5, P7, P10, P14 and the works of C7), called by `kansho.evidence.rules`.  Does
not belong here: what was due on a day (`kansho.evidence.deadline_rules`), who may read
(`kansho.evidence.access_rules`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kansho.evidence.access_rules import ENDED
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.past import Past, at
from kansho.evidence.registrations import id_of
from kansho.evidence.short import is_digest

#: Precautions of a visiting day (P10): strap, chain, net in the basket, locked cabinet.
PRECAUTIONS = ("strap", "chain", "net", "cabinet")
#: What a handler must have had before being registered → the finding (P5).
_BEFORE_WORK = {"training_recorded": "OVERSIGHT-TRAINING", "briefing_recorded": "OVERSIGHT-BRIEFING"}
#: What happens somewhere, and says where.
_SOMEWHERE = ("snapshot_stored", "handler_registered", "manual_target_closed")
_NEVER = 1 << 62
#: Days are compared as text: only in this form may they be.
_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\Z")


def oversight_findings(log: Past) -> Iterator[Finding]:
    """Handlers, 丙, visiting days and places that the log does not show in order."""
    yield from _handlers(log)
    yield from _leavers(log)
    yield from _corrections(log)
    yield from _subcontractors(log)
    yield from _visiting_days(log)
    yield from _places(log)


def _handlers(log: Past) -> Iterator[Finding]:
    """Trained and briefed on the day of the registration at the latest (P5); each change of one registers anew."""
    seen: set[str] = set()
    for registered in log.of("handler_registered"):
        handler = id_of(registered)
        if handler in seen:
            continue
        seen.add(handler)
        for type_, code in _BEFORE_WORK.items():
            days = [e.codes.get("on", "") for e in log.registered(type_, handler) if e.codes.get("of") != "leaver"]
            if not any(_DAY.match(day) and day <= registered.campaign_date for day in days):
                yield Finding(code, at(registered), f"no {type_} by the day of the registration (P5)")


def _leavers(log: Past) -> Iterator[Finding]:
    """Whoever left by the configuration is registered as gone, and told by a person, with a paper (P5, 乙11)."""
    newest = {id_of(e): e for e in log.of("handler_registered")}
    certified = log.first("campaign_certified") is not None
    for handler, day in sorted(log.facts.leaves.items()):
        last = newest.get(handler)
        if certified and last is not None and not "" < last.codes.get(ENDED, "") <= day:
            yield Finding("OVERSIGHT-LEAVER", at(last), f"left on {day}, and the registration goes on (P5)")
    for told in log.of("briefing_recorded"):
        last = newest.get(id_of(told))
        if told.codes.get("of") != "leaver":
            continue
        by = newest.get(told.codes.get("by", ""))
        pledged = is_digest(told.refs.get("pledge"))
        if last is None or not last.codes.get(ENDED) or by is None or by is last or not pledged:
            yield Finding(
                "OVERSIGHT-LEAVER-FORM", at(told), "a leaver told by nobody, without a paper, or not gone (P5)"
            )


def _corrections(log: Past) -> Iterator[Finding]:
    """A correction says what was done, by whom, when, with a paper; and it is of something that was found (P6)."""
    for made in log.of("inspection_recorded"):
        of, _, rest = made.key.partition("/")
        if of != "correction":
            continue
        inspection, _, code = rest.rpartition("/")
        found = log.find("inspection_recorded", inspection, made) or log.find("audit_recorded", inspection, made)
        asked = found is not None and f"{code}=" in found.codes.get("findings", "")
        if found is None or not asked or not found.codes.get("on", "") <= made.codes.get("on", ""):
            yield Finding("OVERSIGHT-CORRECTION", at(made), "a correction of nothing that was found before (P6)")
        elif not all(map(made.codes.get, ("action", "done_by", "on"))) or not is_digest(made.refs.get("evidence")):
            yield Finding("OVERSIGHT-CORRECTION-FORM", at(made), "what was done, by whom, when or its paper lacks (P6)")


def _subcontractors(log: Past) -> Iterator[Finding]:
    """Each 丙: consented to for this work, under the clauses in force, before it is handed anything (C7, P7)."""
    for package in log.of("package_handed_over"):
        party = package.codes.get("party", "")
        if party not in log.facts_at(package).subcontractors:
            continue
        before = [e for e in log.registered("party_registered", party) if e.sequence < package.sequence]
        if not before:
            continue  # STATE-CONSENT
        said = before[-1].codes
        if package.codes.get("work", "") not in said.get("works", "").split("|"):
            yield Finding("STATE-CONSENT-WORK", at(package), "handed over for a work that was not consented to (C7)")
        carried = said.get("clauses", "")
        bound = carried and carried == _subcontract_clauses(log, package, carried)
        if not "" < said.get("consented_on", "") <= package.campaign_date or not bound:
            text = "the party was not bound by the clauses in force, with consent, on that day (P7)"
            yield Finding("STATE-CONSENT-CLAUSES", at(package), text)


def _subcontract_clauses(log: Past, before: Event, unbound: str) -> str:
    """The version of the clauses for 丙 bound last before an event; ``unbound`` where none was.

    That none was is told by ``STATE-CLAUSES-UNBOUND``, or by a log that does not begin with the opening.
    """
    bound = [
        e for type_ in ("campaign_opened", "config_amended") for e in log.of(type_) if e.sequence < before.sequence
    ]
    newest = max(bound, key=lambda e: e.sequence, default=None)
    return newest.codes.get("subcontract_clauses", unbound) if newest is not None else unbound


def _visiting_days(log: Past) -> Iterator[Finding]:
    """A checklist for each team and visiting day, all of it kept (P10)."""
    for out in log.of("sheets_out"):
        answers = log.find("checklist_recorded", out.key)
        if answers is None or any(answers.codes.get(name) not in ("yes", "no") for name in PRECAUTIONS):
            yield Finding("OVERSIGHT-CHECKLIST", at(out), "no whole checklist of this team's day (P10)")


def _places(log: Past) -> Iterator[Finding]:
    """Nothing is stored, handled, closed or handed over but at places that 甲 designated (P14).

    The opening registers people and makes its secrets before it comes to the places: its approval is the moment.
    """
    approved = log.first("approval_decided")
    opened = approved.sequence if approved is not None else len(log.events)
    designated: dict[str, int] = {}
    with_place: dict[str, int] = {}
    for event in log.of("place_designated"):
        designated.setdefault(id_of(event), event.sequence)
        with_place.setdefault(event.codes.get("party", ""), event.sequence)
    for type_ in _SOMEWHERE:
        for event in log.of(type_):
            if designated.get(event.codes.get("place", ""), _NEVER) > max(event.sequence, opened):
                yield Finding("PLACE-UNDESIGNATED", at(event), "at a place that 甲 had not designated (P14)")
    for event in log.of("package_handed_over"):
        party = event.codes.get("party", "")
        if party in log.facts_at(event).subcontractors and with_place.get(party, _NEVER) > event.sequence:
            yield Finding("PLACE-UNDESIGNATED", at(event), "handed to a party with no designated place (P14)")
