"""What the ledger says of the opening: which configuration is bound, and whether the ward approved.  Pure.

Belongs here: what the offline verifier and a running stage judge alike, on the standard library alone.  Does not
belong here: refusing to work (`binding`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

#: Key of the 取扱者届 whose approval is the opening's; a later one carries a digest behind it.
HANDLER_REPORT = "handler-report"
#: Who may approve the opening and its amendments (P4).
OPENS = "ward_officer"


class Recorded(Protocol):
    """What of an event is needed here."""

    @property
    def type(self) -> str:
        """What happened."""
        ...

    @property
    def key(self) -> str:
        """Of what."""
        ...

    @property
    def codes(self) -> Mapping[str, str]:
        """Closed codes."""
        ...

    @property
    def refs(self) -> Mapping[str, Any]:
        """What it refers to."""
        ...


def bound_digest(events: Iterable[Recorded]) -> str | None:
    """Digest of the configuration bound last; None before the opening."""
    digest: str | None = None
    for event in events:
        if event.type in ("campaign_opened", "config_amended"):
            digest = event.codes["config_digest"]
    return digest


def bound_clauses(events: Iterable[Recorded]) -> tuple[str, str] | None:
    """(version, SHA-256) of the clauses bound last; None while the log binds none."""
    bound: tuple[str, str] | None = None
    for event in events:
        if event.type in ("campaign_opened", "config_amended") and event.codes.get("clauses"):
            bound = event.codes["clauses"], event.codes.get("clauses_sha256", "")
    return bound


def opening_approved(events: Iterable[Recorded]) -> bool:
    """Whether the ward has approved the opening: its newest decision on the 取扱者届 is an approval (C1, P4)."""
    asked: set[str] = set()
    decision: str | None = None
    for event in events:
        if event.type == "approval_requested" and event.codes.get("role") == OPENS:
            artefact = event.refs.get("artefact")
            if isinstance(artefact, Mapping) and str(artefact.get("key")).startswith(HANDLER_REPORT):
                asked.add(event.key)
        elif event.type == "approval_decided" and event.key in asked:
            decision = event.codes.get("decision")
    return decision == "approve"
