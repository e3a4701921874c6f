"""One-time passwords of deliveries (D3): entered by a person, sealed, used for one attempt, expired after a day.

Never in a parameter, Variable, Connection, log or ledger; the ledger knows that one was entered, by whom.
"""

from __future__ import annotations

import re
from datetime import timedelta

from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.intake.medium import sealed_files
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

KIND = "one_time_secret"
#: Campaign days after which an unused password is no longer accepted.
VALID_DAYS = 1
_ROLES = frozenset({Role.CONTRACTOR_STAFF.value, Role.CONTRACTOR_MANAGER.value})


def enter_password(ws: Workspace, delivery: str, password: str) -> None:
    """Seal a password for one intake attempt; ``ws.actor`` is the person.

    Raises:
        KanshoError: ``PASSWORD-ROLE`` for anybody but the contractor's registered handlers,
            ``PASSWORD-EMPTY``, ``PASSWORD-DELIVERY`` when no such delivery waits.
    """
    handler = ws.config.handler_of_user(ws.actor.user)
    if handler is None or ws.actor.role not in _ROLES or handler.role is None or handler.role.value != ws.actor.role:
        raise KanshoError("PASSWORD-ROLE", "パスワードを入力できる取扱者ではありません", place=delivery)
    if not password:
        raise KanshoError("PASSWORD-EMPTY", "パスワードが空です", place=delivery, remedy="もう一度入力してください")
    if not sealed_files(ws.layout.outgoing(ws.config.ward_party.id) / delivery):
        raise KanshoError(
            "PASSWORD-DELIVERY", "その番号の提供はありません", place=delivery, remedy="提供番号を確認してください"
        )
    former = waiting_password(ws, delivery)
    if former is not None:  # corrected before it was used: only the last one counts
        ws.erase(former, reason="replaced")
    key = f"{delivery}-{_next_attempt(ws, delivery)}"
    ws.store_bytes(KIND, key, password.encode())
    ws.record("password_entered", key, codes={"delivery": delivery})


def waiting_password(ws: Workspace, delivery: str) -> SnapshotRef | None:
    """The unused, unexpired secret of a delivery."""
    entered = {
        e.key: e.campaign_date for e in ws.ledger.events("password_entered") if e.codes.get("delivery") == delivery
    }
    used = {e.key for e in ws.ledger.events("password_used")}
    limit = (ws.today - timedelta(days=VALID_DAYS)).isoformat()
    for ref in reversed(ws.snapshots(KIND)):
        if ref.key in entered and ref.key not in used and entered[ref.key] >= limit:
            return ref
    return None


def erase_stale(ws: Workspace, settled: frozenset[str]) -> int:
    """Erase secrets that expired or whose delivery is settled (a task killed before it forgot one); how many."""
    entered = {e.key: e.codes.get("delivery", "") for e in ws.ledger.events("password_entered")}
    erased = 0
    for ref in ws.snapshots(KIND):
        delivery = entered.get(ref.key, "")
        if delivery in settled or waiting_password(ws, delivery) != ref:
            ws.erase(ref, reason="expired")
            erased += 1
    return erased


def _next_attempt(ws: Workspace, delivery: str) -> int:
    """The number after every attempt of which anything is left: counted by what was stored, not by what was said.

    Entering may be killed between the seal, its registration and the event; the next attempt must not take a half one
    for its own.
    """
    names = {e.key for e in ws.ledger.events("snapshot_stored")} | set(ws.vault.store.names(f"{KIND}/"))
    numbers = [re.fullmatch(rf"{KIND}/{re.escape(delivery)}-([0-9]+)", name) for name in names]
    return max((int(found[1]) for found in numbers if found), default=0) + 1


def use_password(ws: Workspace, ref: SnapshotRef) -> str:
    """The password itself; the caller must call `forget_password` whatever comes of it."""
    return ws.read_bytes(ref).decode()


def forget_password(ws: Workspace, ref: SnapshotRef) -> None:
    """Record the use and erase the secret."""
    ws.record("password_used", ref.key)
    ws.erase(ref, reason="one_time")
