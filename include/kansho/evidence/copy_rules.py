"""Rules about the register of copies: each says for which approved purpose it was made, and of what (D6).

Belongs here: pure rules over holdings of ours and packages with 丙, called by `kansho.evidence.rules`.  Does not belong
here: until when they may live (`kansho.evidence.deadline_rules`), parents of our holdings
(`kansho.evidence.custody_rules`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kansho.evidence.access_rules import PURPOSES
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.past import Past, at

#: Work that reads nothing for a purpose of its own (somebody enters a password): the data flow's purpose is all.
BY_FLOW = "data_flow"


def copy_findings(log: Past) -> Iterator[Finding]:
    """Copies without the purpose that the year's data flow has for them, and packages made of nothing registered.

    What the data flow does not name at all (``FLOW-UNAPPROVED``) has no purpose to be judged by.
    """
    for stored in log.of("snapshot_stored"):
        flow = log.facts_at(stored).flows.get(stored.key.partition("/")[0])
        said = stored.codes
        if flow is not None and (flow.holder, flow.place) == (said.get("holder"), said.get("place")):
            yield from _purpose(stored, flow.purpose)
    for package in log.of("package_handed_over"):
        facts, party = log.facts_at(package), package.codes.get("party", "")
        if party not in facts.subcontractors:
            continue
        purpose = facts.copy_purposes.get((package.codes.get("kind", ""), party))
        if purpose is not None:
            yield from _purpose(package, purpose)
        yield from _made_of(log, package)


def _purpose(event: Event, approved: str) -> Iterator[Finding]:
    work = event.codes.get("purpose", "")
    if (work != BY_FLOW and work not in PURPOSES) or event.names.get("purpose") != approved:
        yield Finding("FLOW-PURPOSE", at(event), "not made for the purpose that the year's data flow names (D6)")


def _made_of(log: Past, package: Event) -> Iterator[Finding]:
    told = package.refs.get("parents")
    parents = list(told.values()) if isinstance(told, Mapping) else []
    if not parents:
        yield Finding("FLOW-COPY-ORPHAN", at(package), "a copy with a party that names nothing it was made of (D6)")
    for parent in parents:
        said = parent if isinstance(parent, Mapping) else {}
        stored = log.find("snapshot_stored", f"{said.get('kind')}/{said.get('key')}", package)
        holding = stored.refs.get("holding") if stored is not None else None
        if not isinstance(holding, Mapping) or holding.get("digest") != said.get("digest"):
            yield Finding("FLOW-COPY-PARENT", at(package), "made of what was not registered before it (D6)")
