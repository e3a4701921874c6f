"""What a person has opened of a thing, and what is left: derived from the ledger, so that nothing else remembers it.

Belongs here: recording an opening before it is shown, and the pages left.  Does not belong here: when an approval
counts (`kansho.evidence.approvals`), or cutting into pages (`artefacts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from campaign_desk.artefacts import Span, size_of
from kansho.evidence.events import Event
from kansho.evidence.openings import TYPE, left_out, opening_key, openings
from kansho.workspace import Workspace


@dataclass(frozen=True)
class Progress:
    """How far a person has come: ``begun``, and the pages not yet opened (none when all of it was shown)."""

    begun: bool
    left: tuple[int, ...]
    pages: int

    @property
    def whole(self) -> bool:
        """Whether nothing is left."""
        return self.begun and not self.left


def progress(ws: Workspace, asked: Event) -> Progress:
    """Of the thing that a request is about, for the workspace's actor."""
    artefact, user = asked.refs["artefact"], ws.actor.user
    opened = list(openings(ws.ledger.find, asked.key, user))
    of = max([artefact.get("rows") or 1, *(e.counts.get("of", 1) for e in opened)])
    span = Span(1, of, size_of(artefact))
    gaps = left_out(opened, artefact, user)
    if gaps is None:
        return Progress(False, tuple(range(1, span.pages + 1)), span.pages)
    return Progress(True, tuple(dict.fromkeys(_pages(gaps, span.size))), span.pages)


def has_opened(ws: Workspace, asked: Event, item: int) -> bool:
    """Whether the actor has opened the page with that row or sheet."""
    digest = asked.refs["artefact"]["digest"]
    return any(
        e.refs.get("digest") == digest and e.counts.get("first", 1) <= item <= e.counts.get("last", 1)
        for e in openings(ws.ledger.find, asked.key, ws.actor.user)
    )


def record_opening(ws: Workspace, asked: Event, span: Span) -> None:
    """Every opening of a page is an event; two that come at once do not take one another's place."""
    counts, digest = span.counts, asked.refs["artefact"]["digest"]
    number = 1 + sum(1 for _ in openings(ws.ledger.find, asked.key, ws.actor.user))
    while (
        ws.record(TYPE, opening_key(asked.key, ws.actor.user, number), counts=counts, refs={"digest": digest}).counts
        != counts
    ):
        number += 1


def _pages(gaps: list[tuple[int, int]], size: int) -> Iterator[int]:
    for first, last in gaps:
        yield from range((first - 1) // size + 1, (last - 1) // size + 2)
