"""The door to the vault as tests of one stage alone go through it.  Not a test."""

from __future__ import annotations

from datetime import date

from kansho.admission import admit
from kansho.evidence.events import Actor
from kansho.evidence.ledger import Ledger
from kansho.vault.vault import SnapshotRef


def only_with_purpose(ledger: Ledger, ref: SnapshotRef, actor: Actor, purpose: str, today: date) -> None:
    """In place of ``kansho.workspace.admit``: what states a purpose is judged, what looks on for a test is let in."""
    by_the_door = purpose == "residue_scan" and not ledger.events("handler_registered")  # it erases, and remembers
    if purpose and not by_the_door:
        admit(ledger, ref, actor, purpose, today)
