"""The campaign's state machine over the whole log: what must come before what, and by whom.

Belongs here: pure rules over events and the config's facts; each violation has a code of its own.
Does not belong here: numbers (`kansho.evidence.account`), signatures and files (`verify`).

    campaign_opened → … gate passed → approved → handed over … → handed back to 甲, receipted
        → inventory → plan → two approvals → erased → certificates of 丙 → traces purged → scanned
        → campaign_certified (the last event)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from kansho.evidence.access_rules import access_findings
from kansho.evidence.closing_rules import closing_findings
from kansho.evidence.conserved import FILE_OF
from kansho.evidence.copy_rules import copy_findings
from kansho.evidence.custody_rules import custody_findings
from kansho.evidence.deadline_rules import deadline_findings
from kansho.evidence.decision_rules import ERASES, covers, passes_gate
from kansho.evidence.ended_rules import ended_findings
from kansho.evidence.events import Event
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.finish_rules import finish_findings
from kansho.evidence.handover_rules import handover_findings
from kansho.evidence.incident_rules import incident_findings
from kansho.evidence.opening_rules import amendment_findings, clause_findings, opening_findings
from kansho.evidence.openings import left_out, openings
from kansho.evidence.order_rules import begun, order_findings
from kansho.evidence.oversight_rules import oversight_findings
from kansho.evidence.papers_rules import papers_findings
from kansho.evidence.party_rules import party_findings
from kansho.evidence.past import Past, at
from kansho.evidence.protection_rules import protection_findings
from kansho.evidence.registrations import id_of
from kansho.evidence.release_rules import package_of, release_findings
from kansho.evidence.scan_rules import purge_findings, scan_findings
from kansho.evidence.work_rules import work_findings
from kansho.vault.classes import PERSONAL_KEYS

#: A print run after one that the gate stopped (``mailing_1-p02``).
_AGAIN = re.compile(r"-p[0-9]{2,}$")
#: Kinds of package that need an approval and a passed gate of this name before they leave (C6, P1).
RELEASES = {"print_package": "print_release", "call_list": "call_release", "visit_halves": "visit_release"}
#: Items of a full report on an incident (規則 43条).
ITEMS = 9
#: Made of the results where the ward sends no file of it.
_DERIVED = "analysis"


def violations(
    events: Sequence[Event], facts: ConfigFacts, in_force: Mapping[str, ConfigFacts] | None = None
) -> list[Finding]:
    """Everything the log does that the rules do not allow, in the order of the rules.

    Args:
        events: the whole log.
        facts: of the configuration bound last.
        in_force: facts by digest of every configuration ever bound, by which a decision is judged; else by ``facts``.
    """
    log = Past(events, facts, in_force or {})
    return [
        *_frame(log),
        *ended_findings(log, facts),
        *opening_findings(events),
        *protection_findings(events),
        *amendment_findings(events, in_force),
        *clause_findings(events, in_force),
        *access_findings(events),
        *_approvals(log),
        *_intake(log),
        *_releases(log, facts),
        *release_findings(log),
        *_erasure(log),
        *order_findings(log),
        *party_findings(log),
        *handover_findings(log),
        *_certification(log, facts),
        *closing_findings(events, facts),
        *finish_findings(log),
        *custody_findings(events),
        *oversight_findings(log),
        *work_findings(log),
        *incident_findings(log),
        *papers_findings(log),
        *copy_findings(log),
        *deadline_findings(log),
    ]


def _frame(log: Past) -> Iterator[Finding]:
    """Beginning and end of the year, and of what came up in it; its days are `kansho.evidence.ended_rules`."""
    if not log.events or log.events[0].type != "campaign_opened":
        yield Finding("STATE-FIRST", "event 0", "the first event is not campaign_opened")
    certified = log.first("campaign_certified")
    if certified is None:
        yield Finding("STATE-UNCERTIFIED", "events", "the campaign was not certified")
    elif certified.sequence != len(log.events) - 1:
        yield Finding("STATE-AFTER-END", at(log.events[-1]), "events follow the certification")
    for opened in log.of("exception_opened"):
        if certified is not None and log.find("exception_resolved", opened.key, certified) is None:
            yield Finding("STATE-EXCEPTION-OPEN", at(opened), "the exception has no end: not put right or handed back")
    for opened in log.of("incident_opened"):
        if certified is not None and log.find("incident_closed", opened.key, certified) is None:
            yield Finding("STATE-INCIDENT-OPEN", at(opened), "the incident was never closed (P9)")
    for closed in log.of("incident_closed"):
        final = log.find("report_submitted", f"incident_final/{closed.key}", closed)
        if final is None or final.counts.get("items") != ITEMS or final.counts.get("empty_items") != 0:
            yield Finding(
                "STATE-INCIDENT-UNREPORTED", at(closed), "closed without a report that had all nine items (P9)"
            )


def _approvals(log: Past) -> Iterator[Finding]:
    """A decision counts only by a user of the asked role who opened the very thing before, all of it (P8)."""
    for decided in log.of("approval_decided"):
        place = at(decided)
        asked = log.find("approval_requested", decided.key, decided)
        if asked is None:
            yield Finding("APPROVAL-UNREQUESTED", place, "decided without a request before it")
            continue
        name = decided.actor.get("user", "")
        user = log.facts_at(decided).users.get(name)
        if user is None or user.role != asked.codes.get("role") or decided.actor.get("role") != user.role:
            yield Finding("APPROVAL-UNASSIGNED", place, "decided by a user who does not hold the asked role (P4)")
        if decided.codes.get("decision") != "approve":
            continue
        digest = _digest(asked)
        if digest is None or decided.refs.get("digest") != digest:
            yield Finding("APPROVAL-DIGEST", place, "the decision binds another digest than the request")
        if log.find("approval_voided", decided.key, decided) is not None:
            yield Finding("APPROVAL-VOIDED", place, "approved after the request had timed out")
        opened = openings(partial(log.find, before=decided), decided.key, name)
        if left_out(opened, _artefact(asked), name) != []:
            yield Finding("APPROVAL-UNREAD", place, "approved without opening the artefact, every page of it")
        other = asked.codes.get("distinct_from")
        if other:
            yield from _four_eyes(log.find("approval_decided", other, decided), decided)


def _four_eyes(other: Event | None, decided: Event) -> Iterator[Finding]:
    if other is None or other.codes.get("decision") != "approve":
        yield Finding("APPROVAL-FOUR-EYES", at(decided), "the other approval is missing")
    elif other.actor.get("user") == decided.actor.get("user") or other.actor.get("role") == decided.actor.get("role"):
        yield Finding("APPROVAL-FOUR-EYES", at(decided), "one person or one role approved twice")


def _artefact(requested: Event) -> Mapping[str, Any]:
    artefact = requested.refs.get("artefact")
    return artefact if isinstance(artefact, dict) else {}


def _digest(requested: Event) -> str | None:
    digest = _artefact(requested).get("digest")
    return digest if isinstance(digest, str) else None


def _intake(log: Past) -> Iterator[Finding]:
    """Nothing enters the core behind a gate that held or stopped, unless a decision with a reason let it (D1)."""
    for stored in log.of("snapshot_stored"):
        kind, _, delivery = stored.key.partition("/")
        if kind not in FILE_OF:
            continue
        gate = log.find("gate_evaluated", f"{FILE_OF[kind]}/{delivery}", stored)
        if gate is not None and not _passed(log, gate, stored):
            yield Finding("STATE-GATE-BYPASSED", at(gate), "its rows were taken in without a pass or a decision")
        elif (gate is None and kind != _DERIVED) or log.find("delivery_accepted", delivery, stored) is None:
            yield Finding("STATE-UNGATED", at(stored), "taken in with no gate, or of no accepted delivery, before it")


def _releases(log: Past, facts: ConfigFacts) -> Iterator[Finding]:
    """Nothing leaves for 丙 without a consent and a passed gate before it (C7, P1)."""
    for package in log.of("package_handed_over"):
        party, kind = package.codes.get("party", ""), package.codes.get("kind", "")
        if party in facts.subcontractors and log.find("party_registered", party, package) is None:
            yield Finding("STATE-CONSENT", at(package), "no consent to this party was recorded (C7)")
        if kind not in RELEASES:
            continue
        gates = _gates_of(log, package, RELEASES[kind])
        if not gates:
            yield Finding("STATE-RELEASE-UNGATED", at(package), "handed over without a gate of its subject")
        for gate in gates:
            if not _passed(log, gate, package) and not _made_anew(log, gate, gates, package):
                yield Finding("STATE-RELEASE-GATE", at(package), f"gate {gate.key} had not passed")


def _gates_of(log: Past, package: Event, name: str) -> list[Event]:
    """Evaluations of a gate whose subject is the package or the list it is a part of."""
    said = package_of(package)
    return [
        gate
        for gate in log.of("gate_evaluated")
        if gate.sequence < package.sequence
        and gate.key.partition("/")[0] == name
        and covers(_AGAIN.sub("", gate.key.partition("/")[2]), said)
    ]


def _made_anew(log: Past, gate: Event, gates: Sequence[Event], package: Event) -> bool:
    """Whether what the gate stopped is not what left: all was printed again, looked at, and that was packed."""
    later = gates[-1]
    subject = later.key.partition("/")[2]
    again, made = _AGAIN.search(subject), log.find("cards_rendered", subject, later)
    cards = [str(name) for name in package.refs.get("files", ()) if str(name).startswith("cards-")]
    return (
        again is not None
        and made is not None
        and gate.sequence < made.sequence
        and bool(cards)
        and all(name.startswith(f"cards{again.group()}-") for name in cards)
    )


def _passed(log: Past, gate: Event, before: Event) -> bool:
    """A gate passed, or held and a decision that lets its rows through came between it and their use."""
    if gate.codes.get("result") != "hold":
        return gate.codes.get("result") == "pass"
    subject = gate.key.partition("/")[2]
    return any(
        passes_gate(asked, decided, subject, log.facts_at(decided).gate_owner)
        for asked in log.of("approval_requested")
        if gate.sequence < asked.sequence < before.sequence
        for decided in (log.find("approval_decided", asked.key, before),)
        if decided is not None and asked.sequence < decided.sequence
    )


def _erasure(log: Past) -> Iterator[Finding]:
    """Handed back, receipted, planned, approved by two people of two roles; only then erased (P11)."""
    first = begun(log)
    if first is None:
        return
    if not any(e.sequence < first.sequence for e in log.of("handover_receipted")):
        yield Finding("STATE-ERASED-UNRECEIPTED", at(first), "erased before 甲 receipted the hand-over (P11)")
    planned = log.last("erasure_planned", first)
    if planned is None:
        yield Finding("STATE-ERASED-UNPLANNED", at(first), "erased without a plan")
        return
    wanted = [d for d in (planned.refs.get("digest"), _digest(planned)) if isinstance(d, str)]
    approvals = [
        e
        for e in log.of("approval_decided")
        if e.sequence < first.sequence and e.codes.get("decision") == "approve" and e.refs.get("digest") in wanted
    ]
    if len(approvals) < 2:
        yield Finding("STATE-ERASED-UNAPPROVED", at(first), "erased without two approvals of the plan's digest")
    elif len({e.actor.get("user") for e in approvals}) < 2 or len({e.actor.get("role") for e in approvals}) < 2:
        yield Finding("STATE-ERASED-FOUR-EYES", at(first), "one person or one role approved the erasure twice")
    elif not {e.actor.get("role") for e in approvals} >= ERASES:
        yield Finding("STATE-ERASED-ROLE", at(first), "not both of the roles that may approve an erasure (P11)")
    targets = planned.refs.get("targets")
    wanted_names = set(targets) if isinstance(targets, dict) else set()
    for erased in log.of("holding_erased"):
        if erased.codes.get("plan") != planned.refs.get("digest"):
            yield Finding("STATE-ERASED-OTHER-PLAN", at(erased), "erased under another plan than the approved one")
        if erased.key not in wanted_names:
            yield Finding("STATE-ERASED-UNPLANNED", at(erased), "erased although the plan does not name it")
    for name in sorted(wanted_names - {e.key for e in log.of("holding_erased")}):
        yield Finding("STATE-PLAN-UNFINISHED", at(planned), f"planned and not erased: {name[:120]}")


def _certification(log: Past, facts: ConfigFacts) -> Iterator[Finding]:
    """A certificate says only what was verified (P11, P12)."""
    certified = log.first("campaign_certified")
    if certified is None:
        return
    end = at(certified)
    for party in _registered_subcontractors(log, facts):
        if log.find("certificate_received", party, certified) is None:
            yield Finding("STATE-CERTIFICATE-MISSING", party, "certified without this party's certificate (P12)")
    for stored in log.of("snapshot_stored"):
        if log.find("snapshot_erased", stored.key, certified) is None:
            yield Finding("STATE-NOT-ERASED", at(stored), "certified while this holding was not erased")
    for medium in log.of("medium_registered"):
        if log.find("medium_returned", medium.key, begun(log) or certified) is None:
            yield Finding("STATE-NOT-RETURNED", at(medium), "not returned before the erasure began")
    for name in PERSONAL_KEYS:
        if log.find("keys_destroyed", name, certified) is None:
            yield Finding("STATE-KEY-KEPT", end, f"certified while key {name} was not destroyed")
    purged, scanned = log.last("traces_purged", certified), log.last("residue_scanned", certified)
    if purged is None:
        yield Finding("STATE-TRACES", end, "certified without purging Airflow's traces")
    if scanned is None or (purged is not None and scanned.sequence < purged.sequence):
        yield Finding("STATE-UNSCANNED", end, "certified without a residue scan after the purge")
    elif scanned.counts.get("hits", -1) != 0 or scanned.counts.get("unread", 0) != 0:
        yield Finding("STATE-RESIDUE", at(scanned), "certified with residue, or with a file that was not read")
    yield from purge_findings(log.events[: certified.sequence])
    yield from scan_findings(log.events[: certified.sequence], facts)


def _registered_subcontractors(log: Past, facts: ConfigFacts) -> Iterable[str]:
    registered = {id_of(e) for e in log.of("party_registered") if e.codes.get("kind") == "subcontractor"}
    return sorted(registered.union(facts.subcontractors))
