"""The vault: immutable, sealed snapshots of tables and bytes.

Belongs here: put, read, list, erase.  Does not belong here: what may be put (the year's data flow,
see `kansho.workspace`) or who looked (the ledger).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kansho.errors import KanshoError
from kansho.vault.classes import class_of
from kansho.vault.envelope import seal, unseal
from kansho.vault.keys import Keyring
from kansho.vault.store import ObjectStore


@dataclass(frozen=True)
class SnapshotRef:
    """What Airflow and the ledger carry instead of people.

    ``digest`` is SHA-256 (hex) over the sealed bytes; ``rows`` counts a table's rows (0 for bytes).
    """

    kind: str
    key: str
    digest: str
    rows: int

    @property
    def name(self) -> str:
        """Object name in the store."""
        return f"{self.kind}/{self.key}"

    def to_json(self) -> dict[str, Any]:
        """Plain form for XCom and events."""
        return {"kind": self.kind, "key": self.key, "digest": self.digest, "rows": self.rows}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SnapshotRef:
        """Inverse of `to_json`."""
        return cls(str(value["kind"]), str(value["key"]), str(value["digest"]), int(value["rows"]))


class Vault:
    """Sealed objects of one campaign, each under the key of its kind's class of data."""

    def __init__(self, campaign: str, store: ObjectStore, keyring: Keyring) -> None:
        self.campaign = campaign
        self.store = store
        self.keyring = keyring

    def put_bytes(self, kind: str, key: str, data: bytes, *, rows: int = 0) -> SnapshotRef:
        """Seal and write; when the name is taken, the object already there is the result.

        A killed task that runs again thus ends with the object its first attempt wrote.
        """
        name = f"{kind}/{key}"
        sealed = seal(data, key=self._key(kind), campaign=self.campaign, name=name)
        if not self.store.create(name, sealed):
            present = self.store.read(name)
            return SnapshotRef(kind, key, hashlib.sha256(present).hexdigest(), rows)
        return SnapshotRef(kind, key, hashlib.sha256(sealed).hexdigest(), rows)

    def put_table(self, kind: str, key: str, frame: pd.DataFrame) -> SnapshotRef:
        """Seal a table (Parquet in memory; nobody searches in it, so it has no statistics)."""
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False, compression="zstd", write_statistics=False)
        return self.put_bytes(kind, key, buffer.getvalue(), rows=len(frame))

    def read_bytes(self, ref: SnapshotRef) -> bytes:
        """Read, check the digest, unseal.

        Raises:
            KanshoError: ``VAULT-ABSENT``, ``VAULT-DIGEST``, ``VAULT-SEAL``, or ``KEY-ABSENT`` of its class.
        """
        try:
            sealed = self.store.read(ref.name)
        except KeyError:
            raise KanshoError("VAULT-ABSENT", "保管庫に該当の版がありません", place=ref.name) from None
        if hashlib.sha256(sealed).hexdigest() != ref.digest:
            raise KanshoError(
                "VAULT-DIGEST", "保管庫の版が記録と一致しません", place=ref.name, remedy="事故として報告してください"
            )
        return unseal(sealed, key=self._key(ref.kind), campaign=self.campaign, name=ref.name)

    def read_table(self, ref: SnapshotRef, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a table, whole or only some of its columns; text columns are ``str`` dtype, missing text is NaN."""
        return pd.read_parquet(io.BytesIO(self.read_bytes(ref)), columns=None if columns is None else list(columns))

    def names(self) -> list[str]:
        """Every object there is, registered or not (for the inventory's discovery)."""
        return list(self.store.names())

    def erase(self, name: str) -> None:
        """Erase one object with all its versions."""
        self.store.erase(name)

    def _key(self, kind: str) -> bytes:
        return self.keyring.get(class_of(kind))
