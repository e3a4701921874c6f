"""A campaign opened for work: its config, vault, ledger and the campaign date.

Belongs here: the one door through which stages read and write, so that the data flow is enforced
and every holding is registered.  Does not belong here: any stage's own rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from kansho.admission import admit
from kansho.campaign.config import CampaignConfig, Flow
from kansho.errors import KanshoError
from kansho.evidence.copy_rules import BY_FLOW
from kansho.evidence.events import Actor, Draft, Event
from kansho.evidence.ledger import Ledger
from kansho.evidence.methods import ABSENT, DELETE, PRESENT
from kansho.layout import Layout
from kansho.protected import require_as_bound, tell_bucket
from kansho.remembered import may_name_people, values_in
from kansho.vault.classes import CLASSES
from kansho.vault.deployed import keeper_of
from kansho.vault.disk import write_whole
from kansho.vault.keys import Keyring
from kansho.vault.storage import stores_of
from kansho.vault.vault import SnapshotRef, Vault

#: Needles of the residue scan have a store of their own, as they have a key: they outlive the rest by one scan.
NEEDLE_KINDS = CLASSES["needles"]


@dataclass(frozen=True)
class Workspace:
    """The campaign at work on one campaign date, for one actor and one purpose (without a purpose nothing is read)."""

    config: CampaignConfig
    layout: Layout
    vault: Vault
    needles: Vault
    ledger: Ledger
    today: date
    actor: Actor
    purpose: str = ""

    @classmethod
    def open(
        cls,
        config: CampaignConfig,
        var: Path,
        today: date,
        *,
        actor: Actor | None = None,
        purpose: str = "",
        only_log: bool = False,
    ) -> Workspace:
        """Open on what the deployment keeps under ``var/kansho``: local directory and key files, unless it says else.

        ``purpose`` is one of `kansho.evidence.access_rules.PURPOSES`; with ``only_log`` nothing but the log is read,
        and it may be read whatever the settings are.  Raises as `require_as_bound`, `stores_of`, `keeper_of`.
        """
        layout = Layout(var)
        home, who = layout.kansho, actor or Actor(config.contractor.id, "system", "system")
        keyring = Keyring(keeper_of(home / "keys", config))
        try:
            stores = stores_of(config, home)
        except KanshoError as error:
            tell_bucket(error, config, home, who)
            raise
        ledger = Ledger(config.id, stores.ledger)
        if not only_log:
            require_as_bound(ledger, config, home, keyring.kind, who)
        return cls(
            config=config,
            layout=layout,
            vault=Vault(config.id, stores.vault, keyring),
            needles=Vault(config.id, stores.needles, keyring),
            ledger=ledger,
            today=today,
            actor=who,
            purpose=purpose,
        )

    @property
    def keyring(self) -> Keyring:
        """The campaign's keys."""
        return self.vault.keyring

    @property
    def is_simulation(self) -> bool:
        """Whether the ledger's first event declares a simulation; then every document is marked as one."""
        first = self.ledger.first
        return first is not None and first.codes.get("simulation") == "true"

    def acting_as(self, actor: Actor) -> Workspace:
        """The same workspace for another actor."""
        return replace(self, actor=actor)

    def for_purpose(self, purpose: str) -> Workspace:
        """The same workspace for another purpose of reading."""
        return replace(self, purpose=purpose)

    # -- facts -------------------------------------------------------------------------------

    def record(
        self,
        type: str,
        key: str,
        *,
        counts: Mapping[str, int] | None = None,
        codes: Mapping[str, str] | None = None,
        refs: Mapping[str, SnapshotRef | str | Mapping[str, Any]] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Event:
        """Append one event (once per type and key)."""
        plain = {k: v.to_json() if isinstance(v, SnapshotRef) else v for k, v in (refs or {}).items()}
        return self.ledger.append(
            Draft(type, key, self.today, self.actor, dict(counts or {}), dict(codes or {}), plain, dict(names or {}))
        )

    # -- holdings ----------------------------------------------------------------------------

    def store_table(
        self,
        kind: str,
        key: str,
        frame: pd.DataFrame,
        *,
        parents: Iterable[SnapshotRef] = (),
        counts: Mapping[str, int] | None = None,
    ) -> SnapshotRef:
        """Seal a table into the vault and register the holding.

        ``key`` is deterministic for the piece of work, so that a task run again finds its result.

        Raises:
            KanshoError: ``FLOW-UNAPPROVED`` when the year's data flow does not name ``kind`` (D6);
                ``SNAPSHOT-ERASED`` when a holding of that name was erased: it does not come back.
        """
        self._require_storable(kind, key)
        return self._register(self._vault_for(kind).put_table(kind, key, frame), parents, counts)

    def store_bytes(
        self,
        kind: str,
        key: str,
        data: bytes,
        *,
        rows: int = 0,
        parents: Iterable[SnapshotRef] = (),
        counts: Mapping[str, int] | None = None,
    ) -> SnapshotRef:
        """Seal bytes into the vault and register the holding; see `store_table`."""
        self._require_storable(kind, key)
        return self._register(self._vault_for(kind).put_bytes(kind, key, data, rows=rows), parents, counts)

    def read_table(self, ref: SnapshotRef, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a registered table, whole or only some of its columns.

        Raises:
            KanshoError: ``READ-*`` when this actor may not read it for this purpose (P8); the refusal is recorded.
        """
        admit(self.ledger, ref, self.actor, self.purpose, self.today)
        return self._vault_for(ref.kind).read_table(ref, columns)

    def read_bytes(self, ref: SnapshotRef) -> bytes:
        """Read registered bytes; refused as in `read_table`."""
        admit(self.ledger, ref, self.actor, self.purpose, self.today)
        return self._vault_for(ref.kind).read_bytes(ref)

    def erase(self, ref: SnapshotRef, *, reason: str) -> Event:
        """Erase one holding, look for it, and record both, and that it was late (``reason``: such as ``retention``).

        ``found`` in the record: a run that was killed may have erased it already.  The closing has gathered what the
        residue scan looks for; before it, that is kept from every table of people that goes (`kansho.remembered`).
        """
        vault = self._vault_for(ref.kind)
        found = PRESENT if vault.store.residue(ref.name) else ABSENT
        if reason != "closing" and may_name_people(ref.kind) and vault.store.exists(ref.name):
            self._remember(ref)
        vault.erase(ref.name)
        if vault.store.residue(ref.name):
            raise KanshoError(
                "VAULT-RESIDUE", "消去後も版が残っています", place=ref.name, remedy="保管庫の版とロックを確認"
            )
        due = stored.codes.get("erase_by", "") if (stored := self.ledger.find("snapshot_stored", ref.name)) else ""
        if "" < due < self.today.isoformat():
            self.record("deadline_missed", f"erase_by/{ref.name}", codes={"due": due, "clause": "P11"})
        codes = {"reason": reason, "found": found, "method": DELETE, "verified": ABSENT}
        return self.record("snapshot_erased", ref.name, codes=codes, refs={"holding": ref})

    def snapshots(self, kind: str) -> list[SnapshotRef]:
        """Registered, not erased, oldest first."""
        events = self.ledger.events()  # one look: what was stored and erased between two would seem to be there
        erased = {e.key for e in events if e.type == "snapshot_erased"}
        return [
            SnapshotRef.from_json(e.refs["holding"])
            for e in events
            if e.type == "snapshot_stored" and e.refs["holding"]["kind"] == kind and e.key not in erased
        ]

    def find(self, kind: str, key: str) -> SnapshotRef | None:
        """The snapshot of that kind and key, if registered and not erased."""
        return next((s for s in self.snapshots(kind) if s.key == key), None)

    def latest_or_none(self, kind: str) -> SnapshotRef | None:
        """The newest snapshot of a kind."""
        found = self.snapshots(kind)
        return found[-1] if found else None

    def latest(self, kind: str) -> SnapshotRef:
        """The newest snapshot of a kind.

        Raises:
            KanshoError: ``SNAPSHOT-MISSING``.
        """
        found = self.latest_or_none(kind)
        if found is None:
            raise KanshoError(
                "SNAPSHOT-MISSING", "必要な版がまだありません", place=kind, remedy="前の段階を完了してください"
            )
        return found

    def read_all(self, kind: str, columns: Sequence[str] | None = None) -> pd.DataFrame | None:
        """Every snapshot of a kind, concatenated in order; None when there is none."""
        frames = [self.read_table(ref, columns) for ref in self.snapshots(kind)]
        return pd.concat(frames, ignore_index=True) if frames else None

    # -- documents without residents ----------------------------------------------------------

    def issue_document(self, name: str, data: bytes, *, title: str, kind: str) -> Path:
        """Write a document that holds no resident to ``outputs`` and record its digest.

        ``name`` is relative to outputs, ASCII; ``title`` is the Japanese title; ``kind`` a code such as
        ``plan`` or ``monthly_report``.  Writing again with other bytes is refused.
        """
        path = self.layout.outputs / name
        digest = hashlib.sha256(data).hexdigest()
        known = self.ledger.find("document_issued", name)
        if known is not None:
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == known.refs["sha256"]:
                return path
            _require_same(known, digest)  # before anything is written over what others were shown
        write_whole(path, data)
        refs, names = {"sha256": digest}, {"title": title}
        _require_same(self.record("document_issued", name, codes={"kind": kind}, refs=refs, names=names), digest)
        return path

    # -- inside --------------------------------------------------------------------------------

    def _remember(self, ref: SnapshotRef) -> None:
        """Keep, under the needles' key, the values of a table that is about to be erased."""
        (kind,) = NEEDLE_KINDS
        key = f"{ref.kind}/{ref.key}"
        if self.find(kind, key) is None:
            task = Actor(self.config.contractor.id, "system", "system")  # whoever erases, nobody is shown anything
            values = values_in(self.acting_as(task).for_purpose("residue_scan").read_bytes(ref))
            if values is not None:
                self.store_table(kind, key, values, parents=[ref])

    def _vault_for(self, kind: str) -> Vault:
        return self.needles if kind in NEEDLE_KINDS else self.vault

    def _require_storable(self, kind: str, key: str) -> None:
        self._require_flow(kind)
        if self.ledger.find("snapshot_erased", f"{kind}/{key}") is not None:
            raise KanshoError(
                "SNAPSHOT-ERASED",
                "消去済みの版と同じ名前では保存できません",
                place=f"{kind}/{key}",
                remedy="消去した情報から作り直すことはできません。新しい提供から実行してください",
            )

    def _require_flow(self, kind: str) -> Flow:
        flow = self.config.flow(kind)
        if flow is None:
            raise KanshoError(
                "FLOW-UNAPPROVED",
                "承認された情報の流れにない作業ファイルです",
                place=kind,
                remedy="設定 data_flow に加え、区の承認を得てください (D6)",
            )
        return flow

    def _register(
        self, ref: SnapshotRef, parents: Iterable[SnapshotRef], counts: Mapping[str, int] | None
    ) -> SnapshotRef:
        flow = self._require_flow(ref.kind)
        erase_by = (
            self.config.closing.erase_on
            if flow.erase_after_days is None
            else min(self.today + timedelta(days=flow.erase_after_days), self.config.closing.erase_on)
        )
        event = self.record(
            "snapshot_stored",
            ref.name,
            counts={"rows": ref.rows, **(counts or {})},
            codes={
                "holder": flow.holder,
                "place": flow.place,
                "erase_by": erase_by.isoformat(),
                "purpose": self.purpose or BY_FLOW,
            },
            refs={"holding": ref, "parents": {str(i): p.to_json() for i, p in enumerate(parents)}},
            names={"purpose": flow.purpose},
        )
        return SnapshotRef.from_json(event.refs["holding"])


def _require_same(issued: Event, digest: str) -> None:
    if issued.refs["sha256"] != digest:
        raise KanshoError(
            "DOCUMENT-CHANGED", "発行済みの文書と内容が違います", place=issued.key, remedy="別名で発行してください"
        )
