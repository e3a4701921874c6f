"""What the opening and its amendments ask of the log (C1, P4).

Belongs here: pure rules over events, called by `kansho.evidence.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kansho.campaign.opened import OPENS, opening_approved
from kansho.evidence.events import Event
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.short import is_digest, short

#: The first of these is the moment from which residents' data may be in the house, or leave it.
_WORK = frozenset({"delivery_accepted", "package_handed_over", "plan_made", "wave_selected"})

#: Ways to keep keys, and to lock the log, that a real year may begin with (`kansho.opening.protection`).
_WRAPPED = frozenset({"passphrase", "kms"})
_LASTING = frozenset({"COMPLIANCE", "none"})

#: What an amendment is judged by.
_AMENDS = frozenset({"campaign_opened", "config_amended", "approval_requested", "approval_decided"})


def opening_findings(events: Sequence[Event]) -> Iterator[Finding]:
    """No delivery is taken in and nothing leaves before the ward approved the opening; a real year is protected."""
    yield from _unprotected(events)
    for event in events:
        if event.type in _WORK:
            if not opening_approved(events[: event.sequence]):
                place = f"event {event.sequence} {event.type} {event.key}"
                yield Finding("STATE-UNOPENED", place, "before the ward approved the opening (C1, P4)")
            return


def _unprotected(events: Sequence[Event]) -> Iterator[Finding]:
    """Keys in plain files and a lock that its owner can lift are for rehearsals; which it was stands in the log."""
    if not events or events[0].codes.get("simulation") == "true":
        return
    for event in events:
        if event.type == "keys_created":
            place = f"event {event.sequence} {event.type} {event.key}"
            if event.codes.get("keeper") not in _WRAPPED:
                yield Finding("STATE-UNPROTECTED", place, "a real year whose keys are not said to be wrapped (D3)")
            if event.codes.get("lock") not in _LASTING:
                yield Finding("STATE-UNPROTECTED", place, "a real year whose log stands under a lock for rehearsals")


def amendment_findings(events: Sequence[Event], in_force: Mapping[str, ConfigFacts] | None) -> Iterator[Finding]:
    """A configuration is replaced only by one whose very change the ward approved before (C1).

    ``in_force`` holds every bound configuration; None where only the log is at hand.
    """
    told = [e for e in events if e.type in _AMENDS]
    decided = {e.key: e for e in told if e.type == "approval_decided" and e.codes.get("decision") == "approve"}
    asked = {e.key: e for e in told if e.type == "approval_requested"}
    for event in told:
        if event.type not in ("campaign_opened", "config_amended"):
            continue
        digest = event.codes.get("config_digest", "")
        place = f"event {event.sequence} {event.type}"
        if in_force is not None and digest not in in_force:
            yield Finding("CONFIG-ABSENT", place, "the bundle lacks the configuration that was bound here (C1)")
        if event.type == "campaign_opened":
            continue
        authority = event.codes.get("authority", "")
        decision, request = decided.get(authority), asked.get(authority)
        if decision is None or request is None or not request.sequence < decision.sequence < event.sequence:
            yield Finding("STATE-AMENDMENT-UNAPPROVED", place, "bound without an approved decision before it (C1)")
        elif request.codes.get("role") != OPENS or _key(request) != f"amendment-{short(digest)}":
            yield Finding("STATE-AMENDMENT-OTHER", place, "the decision is not the ward's, or is about another change")


def clause_findings(events: Sequence[Event], in_force: Mapping[str, ConfigFacts] | None) -> Iterator[Finding]:
    """The opening and every amendment bind the clauses: the version that the contract names, by the digest of its data.

    What was bound under a name once is what the name means: the same version with other data is an edited file.
    """
    known: dict[str, str] = {}
    for event in events:
        if event.type not in ("campaign_opened", "config_amended"):
            continue
        place, said = f"event {event.sequence} {event.type}", event.codes
        version, digest = said.get("clauses", ""), said.get("clauses_sha256", "")
        if not version or not said.get("subcontract_clauses") or not is_digest(digest):
            yield Finding("STATE-CLAUSES-UNBOUND", place, "names no version of the clauses with its digest (C1)")
            continue
        if known.setdefault(version, digest) != digest:
            yield Finding("STATE-CLAUSES-OTHER", place, "the same version of the clauses with other data (C1)")
        facts = (in_force or {}).get(said.get("config_digest", ""))
        if facts is not None and facts.clause_version != version:
            yield Finding("STATE-CLAUSES-OTHER", place, "another version of the clauses than the contract's (C1)")


def _key(request: Event) -> str:
    artefact = request.refs.get("artefact")
    return str(artefact.get("key")) if isinstance(artefact, Mapping) else ""
