"""Every holding of the campaign, from the ledger and from looking (P11, D6).

Belongs here: what is held, by whom, and how it will end.  Does not belong here: ending it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kansho.closing import neighbours
from kansho.closing.airflow_rows import count_traces
from kansho.closing.certificates import require_certificates
from kansho.closing.discovery import discover
from kansho.closing.handover import require_receipt
from kansho.closing.key_copies import fingerprints
from kansho.closing.manual import manual_targets
from kansho.closing.metadata import READER, Metadata, for_reading
from kansho.closing.veiled import veiled
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.purges import COUNTED
from kansho.evidence.short import short
from kansho.vault.classes import PERSONAL_KEYS
from kansho.vault.store import ObjectStore
from kansho.vault.vault import SnapshotRef
from kansho.workspace import NEEDLE_KINDS, Workspace

#: How many names a refusal tells.
_SHOWN = 5
#: Kind of the deliveries' one-time passwords.
SECRETS = "one_time_secret"
#: Key of the one object that holds everything the residue scan looks for.
NEEDLES_KEY = neighbours.NEEDLES_KEY


@dataclass(frozen=True)
class Holdings:
    """What is held at one moment.

    Args:
        vault: registered snapshots that are not erased.
        keys: names of the keys that open personal data and still exist.
        media: keys of registered media not yet returned.
        packages: keys of packages at 丙 (their certificates answer for them).
        manual: keys of what people erase or return, media aside, open or closed.
    """

    vault: tuple[SnapshotRef, ...]
    keys: tuple[str, ...]
    media: tuple[str, ...]
    packages: tuple[str, ...]
    manual: tuple[str, ...]

    def counts(self, traces: Mapping[str, int]) -> dict[str, int]:
        """Counts of ``inventory_taken``: ``holdings`` is the sum of the rest, numbers of traces apart.

        Args:
            traces: how many there are of each class (`kansho.closing.airflow_rows.count_traces`); of these, which only
                `kansho close finalise` can purge, each class of which there is any is one holding.
        """
        parts = {
            "vault": len(self.vault),
            "keys": len(self.keys),
            "media": len(self.media),
            "packages": len(self.packages),
            "manual": len(self.manual),
            "traces": sum(number > 0 for number in traces.values()),
        }
        numbers = {f"{COUNTED}{name}": number for name, number in traces.items()}
        return {"holdings": sum(parts.values()), **parts, **numbers}

    @property
    def digest(self) -> str:
        """Digest of the list."""
        listed = [r.to_json() for r in self.vault]
        value = {"vault": listed, "keys": self.keys, "media": self.media, "packages": self.packages}
        return sha256(canonical_json({k: list(v) for k, v in {**value, "manual": self.manual}.items()}))


def take_inventory(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Count every holding and compare the ledger with what lies in the vault.

    None before the day of erasure.  Once erasure has begun, the inventory it stands on is returned again.

    Raises:
        KanshoError: ``CLOSING-NO-RECEIPT``, ``CLOSING-CERTIFICATES-MISSING``, ``CLOSING-UNREGISTERED``,
            ``CLOSING-VANISHED``, ``CLOSING-KEY-COPY`` or ``CLOSING-UNKNOWN``: a difference stops, it is never passed
            over; ``TRACES-*`` when Airflow's own traces cannot be counted, or nobody looks at them in a real year.
    """
    if ws.today < ws.config.closing.erase_on:
        return None
    taken = ws.ledger.events("inventory_taken")
    if taken and ws.ledger.events("holding_erased"):
        return {"inventory": taken[-1].key, "digest": taken[-1].refs["digest"], "counts": dict(taken[-1].counts)}
    require_receipt(ws)
    require_certificates(ws)
    _adopt_secrets(ws)
    swept = sweep(ws, "vault", ws.vault.store)
    held = holdings(ws)
    require_no_difference(ws, held)
    require_nothing_unknown(ws)
    base = _metadata(ws)
    traces = count_traces(ws.config.id, ws.layout.airflow, base.url if base is not None else None)
    refs: dict[str, str | Mapping[str, Any]] = {"digest": held.digest, **fingerprints(ws)}
    event = ws.record(
        "inventory_taken",
        f"{ws.today}-{short(held.digest)}",
        counts=held.counts(traces),
        codes={"database": base.kind if base is not None else "unseen"},
        refs=refs,
    )
    counts = {**event.counts, **({"swept": swept} if swept else {})}
    return {"inventory": event.key, "digest": held.digest, "counts": counts}


def _metadata(ws: Workspace) -> Metadata | None:
    """Airflow's database, which is there in every deployment; a year played without Airflow has none."""
    base = for_reading(ws.layout.airflow)
    if base is None and not ws.is_simulation:
        raise KanshoError(
            "TRACES-UNSEEN",
            "Airflow のデータベースを棚卸しできません",
            place=READER,
            remedy="読み取り専用の接続先を書いたファイルを、環境変数で指定してください（docs/how-to/run-on-compose.md）",
        )
    return base


def sweep(ws: Workspace, place: str, store: ObjectStore) -> int:
    """Remove what killed tasks began to write, and tell it: it is no holding, and nobody would ever find it again."""
    swept = store.sweep()
    if swept:
        number = len(ws.ledger.events("unfinished_swept")) + 1
        ws.record("unfinished_swept", f"{place}/{number}", counts={"writes": swept}, codes={"place": place})
    return swept


def _adopt_secrets(ws: Workspace) -> None:
    """Register passwords whose entering was killed before the ledger knew of them: they are erased with the rest.

    Anything else that the ledger does not know of is an incident (`require_no_difference`).
    """
    for name in list(ws.vault.store.names(f"{SECRETS}/")):
        if ws.ledger.find("snapshot_stored", name) is None:
            ws.store_bytes(SECRETS, name.partition("/")[2], b"")  # what lies there stays, and is registered


def holdings(ws: Workspace, before: Event | None = None) -> Holdings:
    """What the ledger says is held; of the vault, what was stored before an event if one is given."""
    stored = [e for e in open_snapshots(ws) if before is None or e.sequence < before.sequence]
    return Holdings(
        vault=tuple(SnapshotRef.from_json(e.refs["holding"]) for e in stored),
        keys=tuple(name for name in PERSONAL_KEYS if ws.ledger.find("keys_destroyed", name) is None),
        media=tuple(e.key for e in open_media(ws, before)),
        manual=tuple(t.key for t in manual_targets(ws.ledger.events(), ws.config) if t.kind != "medium"),
        packages=tuple(
            e.key
            for e in ws.ledger.events("package_handed_over")
            if e.codes.get("party") in {p.id for p in ws.config.subcontractors}
        ),
    )


def open_snapshots(ws: Workspace) -> list[Event]:
    """``snapshot_stored`` events whose holding is not erased, without the needles of the residue scan."""
    erased = {e.key for e in ws.ledger.events("snapshot_erased")}
    return [
        e
        for e in ws.ledger.events("snapshot_stored")
        if e.key not in erased and e.refs["holding"]["kind"] not in NEEDLE_KINDS
    ]


def open_media(ws: Workspace, before: Event | None = None) -> list[Event]:
    """``medium_registered`` events whose medium is not returned, or was not before an event."""
    found = ws.ledger.events("medium_returned")
    returned = {e.key for e in found if before is None or e.sequence < before.sequence}
    return [e for e in ws.ledger.events("medium_registered") if e.key not in returned]


def differences(ws: Workspace, held: Holdings) -> dict[str, list[str]]:
    """Names of objects that lie in the vault and are not registered, and of those registered that do not lie there.

    What a versioned store hides behind a delete marker lies there too.  The needles of the residue scan have the names
    that their making gives them, registered or (after a kill) not yet, and no others; whether any is left at the end is
    looked at then.
    """
    there, said = set(ws.vault.store.remains()), {r.name for r in held.vault}
    strange = set(ws.needles.store.remains()) - neighbours.needles_of(ws.ledger.events())
    return {"unregistered": sorted((there - said) | strange), "vanished": sorted(said - there)}


def require_no_difference(ws: Workspace, held: Holdings) -> None:
    """Look into the vault: everything there is registered, everything registered is there.

    Raises:
        KanshoError: ``CLOSING-UNREGISTERED`` or ``CLOSING-VANISHED``, naming objects; what the ledger
            does not know in known words alone (`kansho.closing.veiled`).
    """
    found = differences(ws, held)
    _refuse("CLOSING-UNREGISTERED", "台帳にない保有物が保管庫にあります", _veiled(ws, found["unregistered"]))
    _refuse("CLOSING-VANISHED", "台帳にある保有物が保管庫にありません", found["vanished"])


def require_nothing_unknown(ws: Workspace) -> None:
    """Look at the disk: every file of ours and of Airflow's home belongs to a known class, and none is a key's copy.

    Raises:
        KanshoError: ``CLOSING-KEY-COPY`` or ``CLOSING-UNKNOWN``, naming files in known words alone.
    """
    found = discover(ws)
    _refuse("CLOSING-KEY-COPY", "鍵の写しがあります", _veiled(ws, found.key_copies))
    _refuse("CLOSING-UNKNOWN", "どの区分にも当たらないファイルがあります", _veiled(ws, found.unknown))


def require_nothing_left(ws: Workspace) -> None:
    """Look once more, after everything is erased and right before it is certified: anybody may have come meanwhile.

    Raises:
        KanshoError: ``CLOSING-UNREGISTERED`` for anything in the vault or among the needles; as
            `require_nothing_unknown`.
    """
    left = {**ws.vault.store.remains(), **ws.needles.store.remains()}
    _refuse("CLOSING-UNREGISTERED", "台帳にない保有物が保管庫にあります", _veiled(ws, sorted(left)))
    require_nothing_unknown(ws)


def _veiled(ws: Workspace, names: Sequence[str]) -> list[str]:
    """What somebody put down may be called after a resident, and a refusal is kept in a task's log."""
    return [*(veiled(ws, name) for name in names[:_SHOWN]), *names[_SHOWN:]]  # the rest is counted, never shown


def _refuse(code: str, message: str, names: Sequence[str]) -> None:
    if names:
        more = len(names) - _SHOWN
        shown = " ".join(names[:_SHOWN]) + (f" ほか{more}件" if more > 0 else "")
        raise KanshoError(
            code,
            f"{message}（{len(names)}件）",
            place=shown,
            remedy="事故として扱い、原因を確かめてから、消去又は登録してやり直してください"
            "（#の印のものの名前は、担当者の端末で kansho close inventory が示します）",
        )
