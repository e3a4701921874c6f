"""What a residue scan must have searched before it shows that nothing is left (P11).

Belongs here: pure rules over the scan that a certification stands on: asked when certifying, and again when checking.
Does not belong here: whether there was a scan at all, and what it found (`kansho.evidence.rules`), or the scanning
(`kansho.closing.residue`).

    a scan of no place, or for no value, finds nothing: that is not the same as nothing being left
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kansho.evidence.conserved import rows_of
from kansho.evidence.events import Event
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.past import at
from kansho.evidence.purges import COUNTED, UNSEEN, attempts

#: What is counted for each place, and over all of them.
_BY_PLACE = ("files", "bytes", "hits", "unread")
#: Each of these people has an お問い合わせ番号, which alone is one value to search for.
_PEOPLE = "roster"
#: Folders in which people would stand although they hold none of ours: Airflow's home, and where checks are drafted.
_ROOTS = ("airflow", "great_expectations")
#: The signing key never leaves the first, and nobody is given a document that did not lie in the second.
_KEYS, _OUTPUTS, _LEDGER = "kansho/keys", "kansho/outputs", "kansho/ledger"
#: The same campaign where its objects lie in a store that is no folder of the machine (`kansho.vault.storage`).
_FAR = ("s3:ledger", "s3:needles", "s3:vault")
#: Where Airflow's metadata was, as `traces_purged` says; a log that does not say had it in Airflow's home.
_HOME = "airflow"
#: Where it can have been (`kansho.closing.metadata.place_of`).
_BASES = frozenset({_HOME, "database"})


def scan_findings(log: Sequence[Event], facts: ConfigFacts) -> list[Finding]:
    """What the last scan of a log, or of the part of it that is certified, left out; nothing when there was none."""
    scanned = next((e for e in reversed(log) if e.type == "residue_scanned"), None)
    if scanned is None:
        return []
    return [*_form(scanned), *_needles(scanned, log), *_places(scanned, log, facts)]


def _form(scanned: Event) -> Iterator[Finding]:
    """Everything is counted, place by place, and the whole is the sum of its places."""
    places = _told(scanned)
    for name in _BY_PLACE:
        parts = [said.get(name) if isinstance(said, Mapping) else None for said in places.values()]
        numbers = [part for part in parts if type(part) is int and part >= 0]
        whole = scanned.counts.get(name)
        if whole is None or len(numbers) != len(parts) or whole != sum(numbers):
            yield Finding("STATE-SCAN-FORM", at(scanned), f"{name} is not counted, or not the sum of its places")


def purge_findings(log: Sequence[Event]) -> Iterator[Finding]:
    """The database that was purged is the one that the inventory saw, and had no fewer rows than there were then."""
    for event in log:
        if event.type in ("traces_found", "traces_purged") and event.codes.get("place", _HOME) not in _BASES:
            yield Finding("STATE-TRACES-PLACE", at(event), "Airflow's metadata is never kept at this place")
    seen = next((e for e in reversed(log) if e.type == "inventory_taken"), None)
    made = attempts(log)
    if seen is None or not made or seen.codes.get("database", UNSEEN) == UNSEEN:
        return
    kind = seen.codes["database"]
    if made[-1].database != kind:
        yield Finding("STATE-TRACES-OTHER", at(seen), "another kind of database was purged than the inventory saw")
    elif max(a.found["rows"] for a in made if a.database == kind) < seen.counts.get(f"{COUNTED}rows", 0):
        yield Finding("STATE-TRACES-FEWER", at(seen), "every attempt found fewer rows than the inventory counted")


def _needles(scanned: Event, log: Sequence[Event]) -> Iterator[Finding]:
    """At least one value for each person: of the most that the gate, the roster's holding or the plan tell of."""
    people = max((_people(e) for e in log), default=0)
    if scanned.counts.get("needles", 0) < people:
        yield Finding("STATE-SCAN-NEEDLES", at(scanned), "searched for fewer values than there were people")


def _places(scanned: Event, log: Sequence[Event], facts: ConfigFacts) -> Iterator[Finding]:
    """Every place that the configuration and the log imply was searched, and where something must lie, it was seen."""
    places = _told(scanned)
    for root in _ROOTS:
        if not any(_within(place, root) for place in places):
            yield _unsearched(scanned, root)
    for place in _FAR if facts.object_stores else ():
        if place not in places:
            yield _unsearched(scanned, place)
    for place in _full(log, facts):
        files = [said.get("files") for name, said in places.items() if _within(name, place) and _is_counted(said)]
        if not any(files):
            yield _unsearched(scanned, place)


def _full(log: Sequence[Event], facts: ConfigFacts) -> Iterator[str]:
    """Places that cannot have been empty."""
    yield _KEYS
    yield _FAR[0] if facts.object_stores else _LEDGER
    if any(e.type == "document_issued" for e in log):
        yield _OUTPUTS
    purged = [e for e in log if e.type == "traces_purged"]
    place = purged[-1].codes.get("place", _HOME) if purged else ""
    if place in _BASES and any(attempt.found["rows"] for attempt in attempts(log)):
        yield place


def _told(scanned: Event) -> Mapping[str, Any]:
    places = scanned.refs.get("places")
    return places if isinstance(places, Mapping) else {}


def _is_counted(said: Any) -> bool:
    return isinstance(said, Mapping) and type(said.get("files")) is int


def _within(place: str, root: str) -> bool:
    return place == root or place.startswith(f"{root}/")


def _people(event: Event) -> int:
    """How many people an event tells of; what one of them says too low, another says as it is."""
    if event.type == "gate_evaluated" and event.key.startswith("target_list/"):
        return event.counts.get("accepted", 0)
    if event.type == "plan_made":
        return event.counts.get(_PEOPLE, 0)
    if event.type != "snapshot_stored":
        return 0
    holding = event.refs.get("holding")
    kind = holding.get("kind") if isinstance(holding, Mapping) else None
    return max(rows_of(event), event.counts.get("rows", 0)) if _PEOPLE in (kind, event.key.partition("/")[0]) else 0


def _unsearched(scanned: Event, place: str) -> Finding:
    return Finding("STATE-SCAN-PLACES", at(scanned), f"certified although this place was not searched: {place[:80]}")
