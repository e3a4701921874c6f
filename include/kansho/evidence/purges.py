"""What the log tells of Airflow's traces: attempt by attempt and class by class what was found, removed and left.

An attempt is two events of one key: ``traces_found`` says what there was before anything was removed, ``traces_purged``
what was removed and what a second count found.  So a run that was killed in between has not lost its numbers.

Belongs here: reading them; pure.  Does not belong here: counting and removing (`kansho.closing.purging`), or what the
certificate makes of it (`kansho.evidence.certified`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kansho.evidence.events import Event

#: Name of a class in counts → as papers and refusals call it.
CLASSES: Mapping[str, str] = {"rows": "airflow-metadata", "logs": "airflow-logs", "pages": "data-docs"}
#: Kinds of database that Airflow's metadata may lie in, and the word for one that somebody said there is not.
KINDS = frozenset({"sqlite", "postgresql"})
NO_DATABASE = "none"
#: What an inventory says where nobody looked at one.
UNSEEN = "unseen"
#: How counts of ``inventory_taken`` begin that are numbers of traces; they are no holdings.
COUNTED = "traces."


@dataclass(frozen=True)
class Attempt:
    """One attempt at removing the traces.

    Args:
        key: what both events are called.
        database: kind of the database; ``none`` where somebody said that there is none, '' where nothing is said.
        found: class → how many before anything was removed.
        removed: class → how many are gone.
        left: class → how many a count found afterwards.
        counted: whether both events are there, in their order.
    """

    key: str
    database: str
    found: Mapping[str, int]
    removed: Mapping[str, int]
    left: Mapping[str, int]
    counted: bool


def attempts(events: Iterable[Event]) -> list[Attempt]:
    """Every attempt, in the order of its first event."""
    pairs: dict[str, dict[str, Event]] = {}
    for event in events:
        if event.type in ("traces_found", "traces_purged"):
            pairs.setdefault(event.key, {}).setdefault(event.type, event)
    return [_attempt(key, pair.get("traces_found"), pair.get("traces_purged")) for key, pair in pairs.items()]


def _attempt(key: str, before: Event | None, after: Event | None) -> Attempt:
    said = next(e for e in (after, before) if e is not None)
    found, ended = (before.counts if before else {}), (after.counts if after else {})
    return Attempt(
        key,
        said.codes.get("database", ""),
        {name: found.get(name, 0) for name in CLASSES},
        {name: ended.get(f"{name}.removed", 0) for name in CLASSES},
        {name: ended.get(f"{name}.left", 0) for name in CLASSES},
        before is not None and after is not None and before.sequence < after.sequence,
    )


def equations(events: Iterable[Event]) -> Iterator[tuple[str, int, int]]:
    """What must hold of every attempt; whether anything was left at the end is a rule (`closing_rules`)."""
    for made in attempts(events):
        for name, called in CLASSES.items():
            right = made.removed[name] + made.left[name]
            yield f"traces found = removed + left [{made.key}/{called}]", made.found[name], right


def left_over(made: Sequence[Attempt]) -> list[str]:
    """Classes of which the last attempt left something; of one whose end nobody counted, every class."""
    if not made:
        return []
    last = made[-1]
    return [called for name, called in CLASSES.items() if last.left[name] or not last.counted]


def summed(made: Sequence[Attempt]) -> dict[str, object]:
    """For the certificate: kind of database, attempts, and found, removed and left by class over all of them.

    What an attempt left the next one found again, so it counts once.
    """
    return {
        "database": made[-1].database if made else "",
        "attempts": len(made),
        "found": {c: sum(a.found[c] for a in made) - sum(a.left[c] for a in made[:-1]) for c in CLASSES},
        "removed": {c: sum(a.removed[c] for a in made) for c in CLASSES},
        "left": {c: made[-1].left[c] if made else 0 for c in CLASSES},
    }


def sum_of_kinds(inventory: Mapping[str, int]) -> int:
    """Of an inventory's counts, those of kinds of holdings; numbers of traces are no holdings."""
    return sum(n for name, n in inventory.items() if name != "holdings" and not name.startswith(COUNTED))


def seen_before(events: Iterable[Event]) -> bool:
    """Whether the inventory or an attempt has seen a database of Airflow's metadata."""
    told = ("inventory_taken", "traces_found", "traces_purged")
    return any(e.codes.get("database") in KINDS for e in events if e.type in told)
