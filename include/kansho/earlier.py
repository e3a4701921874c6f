"""The campaign as it stood before an event of its ledger: what had been stored and recorded by then.

Belongs here: the view.  Does not belong here: what anybody concludes from it.  It is read through the door of today:
who may read is decided by today's registrations, every reading is recorded in today's ledger, and what was erased
since stays erased.  Nothing can be recorded or stored in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kansho.evidence.events import Event
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Earlier(Workspace):
    """A workspace whose ledger ends before an event; ``now`` is the one that reads."""

    now: Workspace

    def read_table(self, ref: SnapshotRef, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """As `Workspace.read_table`, asked of today's ledger."""
        return self.now.read_table(ref, columns)

    def read_bytes(self, ref: SnapshotRef) -> bytes:
        """As `Workspace.read_bytes`, asked of today's ledger."""
        return self.now.read_bytes(ref)


def before(ws: Workspace, event: Event) -> Earlier:
    """The campaign before that event, on its campaign date, for the same actor and purpose."""
    return Earlier(
        config=ws.config,
        layout=ws.layout,
        vault=ws.vault,
        needles=ws.needles,
        ledger=ws.ledger.before(event.sequence),
        today=date.fromisoformat(event.campaign_date),
        actor=ws.actor,
        purpose=ws.purpose,
        now=ws,
    )
