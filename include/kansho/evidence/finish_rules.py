"""Rules about the end as one course, which nobody walks back: planned once, erased, keys, scanned; nothing left out.

Belongs here: pure rules over what follows what once the erasure has begun, and what a certification leaves unsaid:
copies, the 返却書, the database that the inventory saw, whether what was searched can have held what lay there.
Does not belong here: what comes before the erasure (`kansho.evidence.order_rules`), how one thing ended
(`kansho.evidence.ended_rules`), or who attended (`kansho.evidence.closing_rules`).

    plan → approved → every holding erased → the keys of the data → traces purged → scanned → the needles and their key
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.order_rules import NEEDLES, begun
from kansho.evidence.past import Past, at
from kansho.vault.classes import PERSONAL_KEYS

#: The first word that a key is ended: done, or ordered of a key service.
_KEY_ENDS = ("keys_destroyed", "key_deletion_ordered", "key_deletion_scheduled")
#: The scan's own key, which outlives it.
_SCAN_KEY = "needles"
#: Where the log lay when it was searched: one file, or object, for each event at the least.
_LEDGERS = ("kansho/ledger", "s3:ledger")


def finish_findings(log: Past) -> Iterator[Finding]:
    """A plan or a count after the erasure began, an end in another order, and what a certification left unsaid."""
    yield from _again(log)
    keys = _first_ends(log)
    yield from _keys_last(log, keys)
    certified = log.first("campaign_certified")
    if certified is not None:
        yield from _scanned_last(log, certified, keys)
        yield from _copies(log, certified)
        yield from _said_of_media(log, certified)
        yield from _database(log)


def _again(log: Past) -> Iterator[Finding]:
    """What two people approved is carried to its end: the certificate speaks of the last plan and the last count."""
    first = begun(log)
    if first is None:
        return
    for event in (*log.of("inventory_taken"), *log.of("erasure_planned")):
        if event.sequence > first.sequence:
            yield Finding("STATE-PLAN-AGAIN", at(event), "counted or planned once more after the erasure began (P11)")


def _first_ends(log: Past) -> list[Event]:
    """Of each key of people's data but the scan's own, the first word of its end."""
    found: dict[str, Event] = {}
    for event in (e for type_ in _KEY_ENDS for e in log.of(type_)):
        known = found.get(event.key)
        if event.key in PERSONAL_KEYS and event.key != _SCAN_KEY and (known is None or event.sequence < known.sequence):
            found[event.key] = event
    return sorted(found.values(), key=lambda e: e.sequence)


def _keys_last(log: Past, keys: list[Event]) -> Iterator[Finding]:
    """A holding is looked up and deleted while its key is there; the keys go when nothing is left to open."""
    behind = (e for e in log.of("holding_erased") if keys and e.sequence > keys[0].sequence)
    first = next(behind, None)
    if first is not None:
        yield Finding("STATE-ERASED-ORDER", at(first), "erased after keys of the data had been ended (P11)")


def _scanned_last(log: Past, certified: Event, keys: list[Event]) -> Iterator[Finding]:
    """The scan that the certificate rests on comes after everything that it is to find nothing of."""
    scanned = log.last("residue_scanned", certified)
    if scanned is None:
        return  # STATE-UNSCANNED
    erased = (e for type_ in ("snapshot_erased", "holding_erased") for e in log.of(type_))
    for event in (*(e for e in erased if not e.key.startswith(NEEDLES)), *keys):
        if event.sequence > scanned.sequence:
            yield Finding("STATE-SCAN-EARLY", at(event), "ended after the last scan, which would have found it (P11)")
    places = scanned.refs.get("places")
    for name in _LEDGERS:
        said = places.get(name) if isinstance(places, Mapping) else None
        if isinstance(said, Mapping) and _number(said, "files") < scanned.sequence:
            yield Finding("STATE-SCAN-FEW", at(scanned), f"fewer files searched in {name} than the log had events")
    counted = places.items() if isinstance(places, Mapping) else ()
    for name, said in counted:
        if isinstance(said, Mapping) and _number(said, "files") and not _number(said, "bytes"):
            yield Finding("STATE-SCAN-FEW", at(scanned), f"files without a byte in {str(name)[:80]}")


def _number(said: Mapping[str, object], name: str) -> int:
    value = said.get(name)
    return value if type(value) is int else 0


def _copies(log: Past, certified: Event) -> Iterator[Finding]:
    """What a 丙 was given is told to be gone, by that 丙, of each package: that it was late is another matter (P12)."""
    for package in log.of("package_handed_over"):
        party = package.codes.get("party", "")
        if party not in log.facts.subcontractors:
            continue
        gone = log.find("package_erased", package.key, certified)
        if gone is None:
            yield Finding("STATE-COPY-KEPT", at(package), "certified while nobody told that this copy is gone (P12)")
        elif gone.codes.get("party") != party:
            yield Finding("STATE-COPY-KEPT", at(gone), "told to be gone by another party than it was given to (P12)")


def _said_of_media(log: Past, certified: Event) -> Iterator[Finding]:
    """甲's media went back with a 返却書, which was made when all of them had."""
    returned = log.of("medium_returned")
    papers = [e for e in log.of("document_issued") if e.codes.get("kind") == "media_return"]
    if returned and not any(returned[-1].sequence < e.sequence < certified.sequence for e in papers):
        yield Finding("STATE-RETURN-PAPER", at(returned[-1]), "no 返却書 was issued after the last medium (P11)")


def _database(log: Past) -> Iterator[Finding]:
    """The count says in which database it saw rows, or that it could see none."""
    counted = log.last("inventory_taken")
    if counted is not None and not counted.codes.get("database"):
        yield Finding("STATE-TRACES-DATABASE", at(counted), "the inventory does not tell which database it saw")
