"""Opening and resolving exceptions, wherever one is found: the two ledger facts and the day it is due.

Belongs here: the facts' form, for every room that holds something back.  Does not belong here: the state of a case
(`kansho.evidence.register`), or what the intake does with its own (`kansho.intake.exceptions`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from kansho.evidence.register import open_exceptions
from kansho.workspace import Workspace

How = Literal["redelivery", "accepted", "handed_back"]


def open_case(ws: Workspace, key: str, level: str, rule: str, *, rows: int, owner: str) -> None:
    """Record ``exception_opened``, due in the configured days and never after the hand-over.

    Args:
        ws: the campaign at work.
        key: ``<delivery or package>/<table>/<rule>``.
        level: ``delivery``, ``table`` or ``rows``.
        rule: id of the rule, or code of the refusal.
        rows: how many rows are meant; 0 for a whole delivery.
        owner: role that decides.
    """
    due = min(ws.today + timedelta(days=ws.config.exceptions.due_days), ws.config.closing.handover_on)
    codes = {"level": level, "rule": rule, "owner": owner, "due": due.isoformat()}
    ws.record("exception_opened", key, counts={"rows": rows}, codes=codes)


def resolve_case(ws: Workspace, key: str, how: How, **codes: str) -> None:
    """Record ``exception_resolved``: by which delivery or package, or why a person accepted it."""
    ws.record("exception_resolved", key, codes={"how": how, **codes})


def hand_back_open_cases(ws: Workspace, package: str) -> int:
    """What is still open when 甲 has receipted the hand-over goes back with it; how many."""
    left = open_exceptions(ws.ledger.events())
    for case in left:
        resolve_case(ws, case.key, "handed_back", by=package)
    return len(left)
