"""Small pieces of the work of a year, each as one process does it.  Not a test."""

from __future__ import annotations

import pandas as pd

from kansho.closing import stage
from kansho.workspace import Workspace
from tests.unit.closing_year import paper


def append(ws: Workspace) -> None:
    """Two events and a checkpoint."""
    for number in range(2):
        ws.record("call_list_made", f"list-{number}", counts={"listed": number})
    ws.ledger.checkpoint(ws.keyring.signer())


def write(ws: Workspace) -> None:
    """A table, an object, a document, and a package handed over."""
    called = pd.DataFrame({"inquiry_number": ["4821-7390-66"]})
    ws.store_table("inbound_records", "i9", called, parents=ws.snapshots("roster"))
    ws.store_bytes("plan_document", "p9", b"%PDF-1.7 plan")
    ws.issue_document("documents/p9.pdf", paper("report"), title="報告", kind="plan")
    stage.make_handover(ws, {})
