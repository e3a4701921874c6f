"""Which part of a thing a person has opened before deciding about it (P8): pure, for guard, desk and verifier.

Belongs here: the keys and counts of openings, and what they leave out.  Does not belong here: when an answer counts
(`kansho.evidence.approvals`), or how a thing is cut into pages (the desk's own business: the log speaks of rows).

A long list is opened page by page.  Each opening is an ``artefact_opened`` under ``<request>/<user>``, the further
ones numbered from 2; its counts say what was shown: rows (or sheets of paper) ``first`` to ``last`` ``of`` so many.
An opening without these counts is of a thing in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kansho.evidence.events import Event

TYPE = "artefact_opened"

#: Finds an event by type and key.
Find = Callable[[str, str], Event | None]


def opening_key(request: str, user: str, number: int = 1) -> str:
    """Ledger key of a person's n-th opening of what a request is about."""
    return f"{request}/{user}" + (f"/{number}" if number > 1 else "")


def openings(find: Find, request: str, user: str) -> Iterator[Event]:
    """A person's openings of what a request is about, in the order of their numbers."""
    number = 1
    while (event := find(TYPE, opening_key(request, user, number))) is not None:
        yield event
        number += 1


def left_out(opened: Iterable[Event], artefact: Mapping[str, Any], user: str) -> list[tuple[int, int]] | None:
    """Ranges of rows that a person's openings of this very artefact leave out; None when there is no opening.

    Args:
        opened: the person's openings.
        artefact: the request's reference: its digest, and its rows where it is a table.
        user: whose openings count.
    """
    mine = [e for e in opened if e.actor.get("user") == user and e.refs.get("digest") == artefact.get("digest")]
    if not mine:
        return None
    whole = max([_number(artefact.get("rows"), 0), *(_number(e.counts.get("of"), 1) for e in mine)])
    gaps, seen = [], 0
    for first, last in sorted((_number(e.counts.get("first"), 1), _number(e.counts.get("last"), 1)) for e in mine):
        if first > seen + 1:
            gaps.append((seen + 1, first - 1))
        seen = max(seen, last)
    return gaps if seen >= whole else [*gaps, (seen + 1, whole)]


def _number(value: Any, default: int) -> int:
    return value if type(value) is int else default
