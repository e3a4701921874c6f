"""Rules about what is called erased, and about a certification while a key is still pending (P11).

Belongs here: pure rules over holdings and keys: ended by a known method and looked for afterwards; when an interim
certification stands, and what may still be told after the contract because of it.  Does not belong here: who approved
and in which order (`kansho.evidence.rules`), or what people erase by hand (`kansho.evidence.hand_rules`).

    key_deletion_scheduled … residue scanned → interim_certified → (contract ends) → keys_destroyed
        → the certificate's papers → campaign_certified
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kansho.evidence.events import Event
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.methods import METHODS, ended_well
from kansho.evidence.past import Past, at
from kansho.vault.classes import PERSONAL_KEYS

#: What the last run of the closing may tell after the contract, besides the keys that were awaited.
_LAST_RUN = frozenset(
    {
        *("interim_certified", "campaign_certified", "deadline_missed", "unfinished_swept", "timestamp_missing"),
        *("paper_refused", "clock_ran_backwards", "protection_changed", "protection_weakened"),
    }
)
#: Kinds of document that it issues.
_LAST_PAPERS = frozenset({"erasure_certificate", "erasure_log"})


def ended_findings(log: Past, facts: ConfigFacts) -> Iterator[Finding]:
    """What was called erased without a look, an interim certification of nothing, and days outside the contract."""
    for type_ in METHODS:
        for event in log.of(type_):
            if not ended_well(event):
                yield Finding(
                    "STATE-UNVERIFIED", at(event), "ended by no method of ours, or not looked for after it (P11)"
                )
    standing = interims(log)
    for event in log.of("interim_certified"):
        if event.sequence not in standing:
            yield Finding(
                "STATE-INTERIM", at(event), "while no key was pending, without a clean scan, or with a key kept"
            )
    yield from _dates(log, facts, standing)


def interims(log: Past) -> Mapping[int, frozenset[str]]:
    """Sequence of each interim certification that stands → the keys that were pending at it.

    It stands after a scan that found nothing and read everything, while the deletion of some key is scheduled and not
    yet done; every other personal key is destroyed by then.
    """
    found: dict[int, frozenset[str]] = {}
    pending: set[str] = set()  # ordered to be deleted, done or not
    gone: set[str] = set()
    clean = False
    for event in _ordered(log):
        match event.type:
            case "key_deletion_scheduled":
                pending.add(event.key)
            case "keys_destroyed":
                gone.add(event.key)
            case "traces_purged":
                clean = False
            case "residue_scanned":
                clean = event.counts.get("hits") == 0 and event.counts.get("unread") == 0
            case "interim_certified" if clean and pending - gone and pending | gone >= set(PERSONAL_KEYS):
                found[event.sequence] = frozenset(pending - gone)
    return found


def first_interim(log: Past) -> Event | None:
    """The first interim certification that stands."""
    standing = interims(log)
    return next((e for e in log.of("interim_certified") if e.sequence in standing), None)


def _ordered(log: Past) -> list[Event]:
    """The events that decide it, in their order."""
    types = ("key_deletion_scheduled", "keys_destroyed", "traces_purged", "residue_scanned", "interim_certified")
    return sorted((e for type_ in types for e in log.of(type_)), key=lambda e: e.sequence)


def _dates(log: Past, facts: ConfigFacts, standing: Mapping[int, frozenset[str]]) -> Iterator[Finding]:
    """Every day lies within the contract (C1), but for what a key service's own waiting days put behind its end."""
    since = min(standing, default=len(log.events))
    awaited = standing.get(since, frozenset())
    for event in log.events:
        behind = event.sequence > since and _belongs_to_the_end(event, awaited)
        if event.campaign_date < facts.contract_start or (event.campaign_date > facts.contract_end and not behind):
            yield Finding("STATE-DATE", at(event), "campaign date outside the contract period (C1)")


def _belongs_to_the_end(event: Event, awaited: frozenset[str]) -> bool:
    if event.type == "keys_destroyed":
        return event.key in awaited
    if event.type == "document_issued":
        return event.codes.get("kind") in _LAST_PAPERS
    return event.type in _LAST_RUN
