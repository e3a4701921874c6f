"""Where a campaign's keys lie at rest: as files, or as files that a passphrase opens.

Belongs here: keeping, giving and destroying the bytes of named keys.  Does not belong here: what a key is for
(`kansho.vault.keys`), keys in a key service (`kansho.vault.kms`), where a passphrase comes from (the deployment).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from kansho.errors import KanshoError
from kansho.vault.store import LocalStore

#: Argon2id as RFC 9106 4 recommends where memory is scarce: 64 MiB, three passes, four lanes.
MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 4
_NONCE = 12


class KeyKeeper(Protocol):
    """Named keys of one campaign at rest."""

    def create(self, name: str, key: bytes) -> None:
        """Keep a key durably; one that is there already stays."""
        ...

    def read(self, name: str) -> bytes:
        """The key's bytes; KeyError when absent or destroyed."""
        ...

    def has(self, name: str) -> bool:
        """Whether the key can still be read."""
        ...

    def pending(self, name: str) -> date | None:
        """The day on which the key will be gone; None when there is nothing to wait for."""
        ...

    def destroy(self, name: str) -> None:
        """Destroy the key, or order its destruction; quietly when absent."""
        ...


@dataclass(frozen=True)
class FileKeeper:
    """Keys as plain files in a folder of their own (embedded default)."""

    folder: Path

    @property
    def _store(self) -> LocalStore:
        return LocalStore(self.folder)

    def create(self, name: str, key: bytes) -> None:
        """See `KeyKeeper.create`."""
        self._store.create(name, key)

    def read(self, name: str) -> bytes:
        """See `KeyKeeper.read`."""
        return self._store.read(name)

    def has(self, name: str) -> bool:
        """See `KeyKeeper.has`."""
        return self._store.exists(name)

    def pending(self, name: str) -> date | None:
        """None: a key in a file is gone at once."""
        return None

    def destroy(self, name: str) -> None:
        """Overwrite and remove; on flash media the overwrite proves nothing and is not claimed."""
        path = self.folder / name
        if path.is_file():
            with path.open("r+b") as handle:
                handle.write(os.urandom(path.stat().st_size))
                handle.flush()
                os.fsync(handle.fileno())
        self._store.erase(name)


@dataclass(frozen=True)
class PassphraseKeeper:
    """Key files that open with a passphrase: AES-256-GCM under Argon2id, parameters and salt beside each key.

    Args:
        folder: of the key files.
        campaign: bound to each file with the key's name, so that none passes for another.
        passphrase: as the deployment gave it; never an argument of a command.
    """

    folder: Path
    campaign: str
    passphrase: bytes = field(repr=False)
    _derived: dict[tuple[str, int, int, int], bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def _files(self) -> FileKeeper:
        return FileKeeper(self.folder)

    def create(self, name: str, key: bytes) -> None:
        """See `KeyKeeper.create`."""
        self._files.create(name, self.wrap(name, key))

    def wrap(self, name: str, key: bytes) -> bytes:
        """The file of a key."""
        head = {"kdf": "argon2id", "memory_kib": MEMORY_KIB, "passes": PASSES, "lanes": LANES, "salt": self._salt()}
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._key(head)).encrypt(nonce, key, self._bound(name))
        return json.dumps({**head, "nonce": nonce.hex(), "sealed": sealed.hex()}).encode()

    def read(self, name: str) -> bytes:
        """See `KeyKeeper.read`.

        Raises:
            KanshoError: ``KEY-PASSPHRASE`` for another passphrase, or a file that was changed.
        """
        data = self._files.read(name)
        try:
            head = json.loads(data)
            return AESGCM(self._key(head)).decrypt(
                bytes.fromhex(head["nonce"]), bytes.fromhex(head["sealed"]), self._bound(name)
            )
        except (InvalidTag, ValueError, KeyError, TypeError, MemoryError):
            raise KanshoError(
                "KEY-PASSPHRASE",
                "鍵を開けません（合言葉が違うか、鍵のファイルが変わっています）",
                place=name,
                remedy="合言葉のファイルを確認してください",
            ) from None

    def has(self, name: str) -> bool:
        """See `KeyKeeper.has`."""
        return self._files.has(name)

    def pending(self, name: str) -> date | None:
        """None: as `FileKeeper.pending`."""
        return None

    def destroy(self, name: str) -> None:
        """See `KeyKeeper.destroy`."""
        self._files.destroy(name)

    def _salt(self) -> str:
        """One salt for the campaign's folder, so that a process derives once and not for each key."""
        for path in sorted(self.folder.glob("[a-z]*")) if self.folder.is_dir() else []:
            try:
                return str(json.loads(path.read_bytes())["salt"])
            except (ValueError, KeyError, TypeError):
                continue
        return next((salt for salt, *_ in self._derived), os.urandom(16).hex())

    def _key(self, head: dict[str, Any]) -> bytes:
        wanted = (str(head["salt"]), int(head["passes"]), int(head["lanes"]), int(head["memory_kib"]))
        if not (wanted[1] <= 16 and wanted[2] <= 16 and wanted[3] <= 1024 * 1024):
            raise ValueError  # a file that was changed may not ask for any amount of memory
        if wanted not in self._derived:
            salt, passes, lanes, memory = wanted
            kdf = Argon2id(salt=bytes.fromhex(salt), length=32, iterations=passes, lanes=lanes, memory_cost=memory)
            self._derived[wanted] = kdf.derive(self.passphrase)
        return self._derived[wanted]

    def _bound(self, name: str) -> bytes:
        return f"kansho-key/{self.campaign}/{name}".encode()


def wrap_files(folder: Path, keeper: PassphraseKeeper, names: tuple[str, ...]) -> int:
    """Wrap plain key files in place; how many.  Run again after a kill, it goes on with those still plain.

    The plain bytes are overwritten by the rename's unlink only as a file system does it: on flash media they may stay,
    so a campaign that is to be wrapped is best wrapped before its first delivery.
    """
    done = 0
    for name in names:
        path = folder / name
        if not path.is_file() or path.read_bytes()[:1] == b"{":
            continue
        part = folder / f".tmp-{name}"
        part.touch(mode=0o600)
        part.write_bytes(keeper.wrap(name, path.read_bytes()))
        with part.open("rb") as handle:
            os.fsync(handle.fileno())
        part.replace(path)
        done += 1
    return done
