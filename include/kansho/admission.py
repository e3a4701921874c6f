"""Who is let in to read a snapshot: refused and recorded, or recorded and let in (P8).

Belongs here: the effect before each reading, called by the one door (`kansho.workspace`).  Does not belong here: the
decision itself (`kansho.evidence.access_rules`), the reading (`kansho.vault`).
"""

from __future__ import annotations

from datetime import date

from kansho.errors import KanshoError
from kansho.evidence.access_rules import Registered, reading_key
from kansho.evidence.events import Actor, Draft
from kansho.evidence.ledger import Ledger
from kansho.vault.vault import SnapshotRef


def admit(ledger: Ledger, ref: SnapshotRef, actor: Actor, purpose: str, today: date) -> None:
    """Let nobody read unseen: events ``snapshot_read`` or ``read_refused``, once for each snapshot, who and purpose.

    Raises:
        KanshoError: ``READ-*`` when this actor may not read it for this purpose, ``VAULT-ABSENT`` when it was erased.
    """
    who = actor.to_json()
    key = reading_key(ref.name, who, purpose)
    events = ledger.events()  # one look at the log for both questions
    unlawful = Registered(events).refusal(who, purpose, ref.kind)
    if unlawful is not None:
        code = unlawful.removeprefix("STATE-")
        if events:
            codes = {"code": code, "purpose": purpose}
            ledger.append(Draft("read_refused", key, today, actor, codes=codes))
        raise _refused(code, key)
    if any(e.type == "snapshot_erased" and e.key == ref.name for e in events):
        raise KanshoError("VAULT-ABSENT", "保管庫に該当の版がありません", place=ref.name)
    codes = {"purpose": purpose}
    ledger.append(Draft("snapshot_read", key, today, actor, codes=codes, refs={"digest": ref.digest}))


def _refused(code: str, key: str) -> KanshoError:
    match code:
        case "READ-PURPOSE":
            return KanshoError(
                "READ-PURPOSE",
                "閲覧の目的が決まっていません",
                place=key,
                remedy="工程または承認ページから行ってください",
            )
        case "READ-ROLE":
            return KanshoError(
                "READ-ROLE",
                "その目的で閲覧できる役割ではありません",
                place=key,
                remedy="その役割の取扱者が行ってください",
            )
        case "READ-CLASS":
            return KanshoError(
                "READ-CLASS", "その目的では使わない情報です", place=key, remedy="必要なら区の承認を得てください (D6)"
            )
        case "READ-ENDED":
            return KanshoError(
                "READ-ENDED", "取扱者の登録は終了しています", place=key, remedy="登録中の取扱者が行ってください (P4)"
            )
        case _:
            return KanshoError(
                "READ-UNREGISTERED",
                "取扱者として登録されていません",
                place=key,
                remedy="取扱者を届け出てから行ってください (P4)",
            )
