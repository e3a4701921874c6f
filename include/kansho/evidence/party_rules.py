"""Rules about who is anybody at all: what left went to a party, and parties, people and places are the ward's (C7, P4).

Belongs here: pure rules that hold receivers and registrations against the configurations that the ward approved, and
what may still be done once the erasure has begun.  Does not belong here: consents and clauses
(`kansho.evidence.opening_rules`), what a copy may be made of (`kansho.evidence.copy_rules`), decisions
(`kansho.evidence.rules`).
"""

from __future__ import annotations

from collections.abc import Iterator

from kansho.evidence.access_rules import ENDED
from kansho.evidence.events import Event
from kansho.evidence.facts import SUBCONTRACTOR, WARD
from kansho.evidence.findings import Finding
from kansho.evidence.order_rules import NEEDLES, begun
from kansho.evidence.past import Past, at
from kansho.evidence.registrations import id_of

#: What goes to 甲: its own rows back, mail that could not be sent or came back, the hand-over.
TO_WARD = frozenset({"handover", "send_back", "mail_unprintable", "mail_returned"})
#: What is done with people's data, and so with nobody's once the erasure has begun.
_USES = (
    *("delivery_accepted", "gate_evaluated", "plan_made", "wave_selected", "cards_prepared", "cards_rendered"),
    *("pulls_listed", "print_reported", "call_list_made", "visit_list_made", "sheets_out", "results_recorded"),
    *("inbound_recorded", "effect_analysed", "package_handed_over", "snapshot_stored"),
)


def party_findings(log: Past) -> Iterator[Finding]:
    """Receivers, parties, people and places that no approved configuration names, and work after the end began."""
    yield from _receivers(log)
    yield from _registered(log)
    yield from _decisions(log)
    yield from _after_the_end(log)


def _receivers(log: Past) -> Iterator[Finding]:
    for package in log.of("package_handed_over"):
        parties, said = log.facts_at(package).parties, package.codes
        kind = parties.get(said.get("party", ""))
        if kind == WARD and said.get("kind") not in TO_WARD:
            yield Finding("FLOW-RECEIVER", at(package), "not of what goes back to 甲 (D6)")
        elif kind not in (WARD, SUBCONTRACTOR):
            yield Finding("FLOW-RECEIVER", at(package), "handed to nobody that the ward consented to (C7)")


def _registered(log: Past) -> Iterator[Finding]:
    known = log.ever()
    for event in log.of("party_registered"):
        if all(facts.parties.get(id_of(event)) != event.codes.get("kind") for facts in known):
            yield Finding("PARTY-UNKNOWN", at(event), "no approved configuration names this party as that (C7)")
    for event in log.of("certificate_received"):
        if event.key not in log.facts_at(event).subcontractors:
            yield Finding("PARTY-UNKNOWN", at(event), "a certificate of nobody that is a 丙 (P12)")
    for event in log.of("handler_registered"):
        said = tuple(event.codes.get(name, "") for name in ("party", "role", "user", "place"))
        if not event.codes.get(ENDED) and all(facts.handlers.get(id_of(event)) != said for facts in known):
            yield Finding("HANDLER-UNKNOWN", at(event), "no approved configuration has this handler so (P4)")
    for event in log.of("place_designated"):
        if all(facts.places.get(id_of(event)) != event.codes.get("party") for facts in known):
            yield Finding("PLACE-UNKNOWN", at(event), "no approved configuration designates this place (P14)")


def _decisions(log: Past) -> Iterator[Finding]:
    """Who decides stands registered that day, and acts for the own party."""
    registered: dict[str, list[Event]] = {}
    for event in log.of("handler_registered"):
        registered.setdefault(event.codes.get("user", ""), []).append(event)
    for decided in log.of("approval_decided"):
        name = decided.actor.get("user", "")
        mine = [e for e in registered.get(name, ()) if e.sequence < decided.sequence]
        user = log.facts_at(decided).users.get(name)
        if user is None:
            continue  # APPROVAL-UNASSIGNED
        ended = mine[-1].codes.get(ENDED, "") if mine else ""
        if not mine or (ended and ended < decided.campaign_date):
            yield Finding("APPROVAL-UNREGISTERED", at(decided), "decided by somebody who was not registered then (P4)")
        elif decided.actor.get("party") != user.party:
            yield Finding("APPROVAL-UNREGISTERED", at(decided), "decided in the name of another party (P4)")


def _after_the_end(log: Past) -> Iterator[Finding]:
    first = begun(log)
    since = first.sequence if first is not None else len(log.events)
    for event in (e for type_ in _USES for e in log.of(type_)):
        if event.sequence > since and not event.key.startswith(NEEDLES):
            yield Finding("CUSTODY-USED-AFTER", at(event), "worked on with people's data after the erasure began (P11)")
    for again in log.of("keys_created")[1:]:
        yield Finding("STATE-KEYS-ANEW", at(again), "keys are made once, at the opening")
