"""The end of a campaign's keys: destroyed and looked for, or scheduled by the service that holds them (P11).

Belongs here: ending keys and what is recorded of it.  Does not belong here: when that may be (`kansho.closing.erasure`,
`kansho.closing.finalise`), or how a keeper does it (`kansho.vault.keepers`, `kansho.vault.kms`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kansho.closing.inventory import holdings, require_no_difference
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.methods import ABSENT, KEY_SERVICE, OVERWRITE
from kansho.vault.classes import PERSONAL_KEYS
from kansho.vault.keys import KeyName
from kansho.workspace import Workspace

#: Destroyed with the vault: a key for each class of data, and two more; the needles' key outlives them by the scan.
VAULT_KEYS: tuple[KeyName, ...] = tuple(name for name in PERSONAL_KEYS if name != "needles")


def destroy_vault_keys(ws: Workspace) -> None:
    """Destroy the keys that opened the vault and the packages; each is looked for afterwards."""
    require_no_difference(ws, holdings(ws))
    for name in VAULT_KEYS:
        destroy_key(ws, name)


def destroy_key(ws: Workspace, name: KeyName) -> None:
    """Destroy one key and record it once it is gone; what a key service only scheduled is recorded as that.

    A scheduled deletion can be cancelled until its day, so it is no destruction; a later run looks again.  Of a key in
    a service it is not enough that the service knows it no more: the log says when it was to go, and the day has come.

    Raises:
        KanshoError: ``KEY-KEPT``, ``KEY-UNSCHEDULED``.
    """
    if ws.keyring.pending(name) is None:
        if not ws.keyring.has(name):
            _require_due(ws, name)  # before what names it is removed
        ws.keyring.destroy(name)  # quietly when absent; of a key that a service forgot, what named it
    due = ws.keyring.pending(name)
    if due is not None:
        ws.record("key_deletion_scheduled", name, codes={"method": "scheduled", "until": due.isoformat()})
        return
    if ws.keyring.has(name):
        raise KanshoError("KEY-KEPT", "鍵を消去できません", place=name, remedy="鍵の保管場所を確認してください")
    scheduled = _require_due(ws, name)
    if scheduled is None:
        ws.record("keys_destroyed", name, codes={"method": OVERWRITE, "verified": ABSENT})
        return
    # A simulated year ends before the waiting days of a key service are over; its clock goes on to the day itself.
    day = max(ws.today, date.fromisoformat(scheduled.codes["until"])) if ws.is_simulation else ws.today
    codes = {"method": KEY_SERVICE, "verified": ABSENT}
    replace(ws, today=day).record("keys_destroyed", name, codes=codes)


def _require_due(ws: Workspace, name: KeyName) -> Event | None:
    """The order to delete a key that a service holds, whose day has come; None where no service was asked.

    What vanished from a service before anybody ordered it, or before its day, went by no doing of ours.
    """
    scheduled = ws.ledger.find("key_deletion_scheduled", name)
    if scheduled is None and ws.keyring.kind != "kms":
        return None
    due = scheduled.codes["until"] if scheduled is not None else ""
    if scheduled is None or (not ws.is_simulation and ws.today.isoformat() < due):
        raise KanshoError(
            "KEY-UNSCHEDULED",
            "鍵の管理サービスに鍵がありませんが、台帳に消去の予約がないか、予約の日の前です",
            place=" ".join([name, due]).strip(),
            remedy="消去済みとはしません。接続先・アカウントと鍵の管理サービスの記録を調べ、事故として報告してください",
        )
    return scheduled
