"""The end of a campaign's keys: destroyed and looked for, or scheduled by the service that holds them (P11).

Belongs here: ending keys and what is recorded of it.  Does not belong here: when that may be (`kansho.closing.erasure`,
`kansho.closing.finalise`), or how a keeper does it (`kansho.vault.keepers`, `kansho.vault.kms`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from kansho.closing.inventory import holdings, require_no_difference
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.methods import ABSENT, KEY_SERVICE, OVERWRITE, PRESENT
from kansho.vault.classes import PERSONAL_KEYS
from kansho.vault.keys import KeyName
from kansho.workspace import Workspace

#: What is recorded before a key service is asked to delete a key.
ORDERED = "key_deletion_ordered"
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
    What says so is written before the service is asked, as an order, and again when it has answered: a run that is
    killed between the two leaves its order in the log.

    Raises:
        KanshoError: ``KEY-KEPT``, ``KEY-UNSCHEDULED``.
    """
    found = PRESENT if ws.keyring.has(name) else ABSENT  # absent: destroyed by a run that was killed
    if ws.keyring.pending(name) is None:
        if not ws.keyring.has(name):
            _require_due(ws, name)  # before what names it is removed
        elif ws.keyring.waits:
            _order(ws, name)
        ws.keyring.destroy(name)  # quietly when absent; of a key that a service forgot, what named it
    due = ws.keyring.pending(name)
    if due is not None:
        ws.record("key_deletion_scheduled", name, codes={"method": "scheduled", "until": due.isoformat()})
        return
    if ws.keyring.has(name):
        raise KanshoError("KEY-KEPT", "鍵を消去できません", place=name, remedy="鍵の保管場所を確認してください")
    asked = _require_due(ws, name)
    if asked is None:
        ws.record("keys_destroyed", name, codes={"found": found, "method": OVERWRITE, "verified": ABSENT})
        return
    # A simulated year ends before the waiting days of a key service are over; its clock goes on to the day itself.
    day = max(ws.today, date.fromisoformat(asked.codes["until"])) if ws.is_simulation else ws.today
    # It was there when the service was asked: neither order nor answer is written of a key that is not.
    codes = {"found": PRESENT, "method": KEY_SERVICE, "verified": ABSENT, "by": asked.type}
    replace(ws, today=day).record("keys_destroyed", name, codes=codes)


def _order(ws: Workspace, name: KeyName) -> None:
    """Say that the service is about to be asked; ``until`` is the first day on which it may have done it."""
    until = ws.today + timedelta(days=ws.keyring.waits)
    ws.record(ORDERED, name, codes={"method": "ordered", "until": until.isoformat()})


def _require_due(ws: Workspace, name: KeyName) -> Event | None:
    """What the log holds of a key's deletion by a service, whose day has come; None where no service was asked.

    It is the service's answer, or else the order alone, of a run that did not live to read the answer.  What vanished
    from a service before anybody ordered it, or before its day, went by no doing of ours.
    """
    asked = ws.ledger.find("key_deletion_scheduled", name) or ws.ledger.find(ORDERED, name)
    if asked is None and not ws.keyring.waits:
        return None
    due = asked.codes["until"] if asked is not None else ""
    if asked is None or (not ws.is_simulation and ws.today.isoformat() < due):
        raise KanshoError(
            "KEY-UNSCHEDULED",
            "鍵の管理サービスに鍵がありませんが、台帳に消去の指示・予約がないか、その日の前です",
            place=" ".join([name, due]).strip(),
            remedy="消去済みとはしません。接続先・アカウントと鍵の管理サービスの記録を調べ、事故として報告してください",
        )
    return asked
