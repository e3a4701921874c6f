"""Stage functions of media_return_and_erasure, as the DAG calls them.

Belongs here: finding the work.  The functions themselves lie beside: hand-over, certificates, inventory,
erasure.  Each looks at ledger and date itself and returns None when its day has not come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kansho.closing.certificates import take_certificates
from kansho.closing.erasure import execute_erasure, plan_erasure, return_media
from kansho.closing.handover import make_handover, take_handover_receipt
from kansho.closing.inventory import take_inventory
from kansho.closing.key_ends import VAULT_KEYS
from kansho.workspace import Workspace

__all__ = [
    "execute_erasure",
    "find_closing_work",
    "make_handover",
    "plan_erasure",
    "return_media",
    "take_certificates",
    "take_handover_receipt",
    "take_inventory",
]


def find_closing_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """What of the closing is due; None before the hand-over's day and after the keys are gone."""
    closing = ws.config.closing
    destroyed = {e.key for t in ("keys_destroyed", "key_deletion_scheduled") for e in ws.ledger.events(t)}
    if ws.today < closing.handover_on or destroyed.issuperset(VAULT_KEYS):
        return None
    due = [
        name
        for name, day in (
            ("handover", closing.handover_on),
            ("certificates", closing.certificates_due),
            ("erasure", closing.erase_on),
        )
        if ws.today >= day
    ]
    return {"due": "|".join(due)}
