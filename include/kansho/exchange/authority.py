"""On what a hand-over stands: the approval that bound the very artefact that leaves.

Belongs here: finding that approval in the ledger.  Does not belong here: when an answer counts
(`kansho.evidence.approvals` decides, before it is recorded).
"""

from __future__ import annotations

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


def decision_on(ws: Workspace, artefact: SnapshotRef) -> Event | None:
    """The newest ``approval_decided`` whose request bound this artefact's digest; None while there is none."""
    asked = {
        e.key
        for e in ws.ledger.events("approval_requested")
        if e.refs.get("artefact", {}).get("digest") == artefact.digest
    }
    decided = [e for e in ws.ledger.events("approval_decided") if e.key in asked]
    return decided[-1] if decided else None


def authority_of(ws: Workspace, artefact: SnapshotRef) -> str:
    """Key of the approval on which the artefact may leave.

    Raises:
        KanshoError: ``EXCHANGE-AUTHORITY`` when it was not approved, or rejected last.
    """
    decided = decision_on(ws, artefact)
    if decided is None or decided.codes.get("decision") != "approve":
        raise KanshoError(
            "EXCHANGE-AUTHORITY", "承認のない引渡しです", place=artefact.name, remedy="承認を得てから実行してください"
        )
    return decided.key
