"""Where a campaign's keys lie at rest: as files, or as files that a passphrase opens.

Belongs here: keeping, giving and destroying the bytes of named keys.  Does not belong here: what a key is for
(`kansho.vault.keys`), keys in a key service (`kansho.vault.kms`), where a passphrase comes from (the deployment).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from kansho.errors import KanshoError
from kansho.vault.disk import disk_errors
from kansho.vault.store import LocalStore

#: Argon2id as RFC 9106 4 recommends where memory is scarce: 64 MiB, three passes, four lanes.
MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 4
_NONCE = 12
_KDF = "argon2id"


class KeyKeeper(Protocol):
    """Named keys of one campaign at rest.

    ``kind`` is the word of `kansho.vault.deployed.Settings` for it, which the ledger and the certificate repeat;
    ``waits`` how many days pass at the least between the order to destroy a key and its end.
    """

    kind: ClassVar[str]
    waits: ClassVar[int]

    def create(self, name: str, key: bytes) -> bool:
        """Keep a key durably; one that is there already stays.  True when this call kept it."""
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

    def names(self) -> list[str]:
        """Names of the keys that are kept, sorted."""
        ...

    def strays(self, name: str) -> list[str]:
        """Ids of what a service holds for the key and nothing names."""
        ...

    def turn(self, name: str, rotation: int) -> bool:
        """Wrap a key anew in the rotation of that number; False when there was nothing to do."""
        ...


@dataclass(frozen=True)
class FileKeeper:
    """Keys as plain files in a folder of their own (embedded default)."""

    kind: ClassVar[str] = "files"
    waits: ClassVar[int] = 0

    folder: Path

    @property
    def _store(self) -> LocalStore:
        return LocalStore(self.folder)

    def create(self, name: str, key: bytes) -> bool:
        """See `KeyKeeper.create`."""
        return self._store.create(name, key)

    def replace(self, name: str, data: bytes) -> None:
        """Put other bytes in a key's file at once: a kill leaves the former ones, or these, never half of either."""
        part = self.folder / f".tmp-{name}"
        with disk_errors(name):
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            part.replace(self.folder / name)

    def names(self) -> list[str]:
        """See `KeyKeeper.names`."""
        return list(self._store.names())

    def strays(self, name: str) -> list[str]:
        """None: there is no service."""
        return []

    def turn(self, name: str, rotation: int) -> bool:
        """False: nothing wraps a plain file."""
        return False

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
            with disk_errors(name), path.open("r+b") as handle:
                handle.write(os.urandom(path.stat().st_size))
                handle.flush()
                os.fsync(handle.fileno())
        self._store.erase(name)


@dataclass(frozen=True)
class PassphraseKeeper:
    """Key files that open with a passphrase: AES-256-GCM under Argon2id, parameters and salt beside each key.

    While a rotation is under way some files open with the passphrase, others still as ``former`` says, so that work
    goes on and a rotation that was killed can.

    Args:
        folder: of the key files.
        campaign: bound to each file with the key's name, so that none passes for another.
        passphrase: as the deployment gave it; never an argument of a command.
        former: the passphrase that is being replaced; empty bytes while plain files are being wrapped.
    """

    kind: ClassVar[str] = "passphrase"
    waits: ClassVar[int] = 0

    folder: Path
    campaign: str
    passphrase: bytes = field(repr=False)
    former: bytes | None = field(default=None, repr=False)
    _derived: dict[tuple[bytes, str, int, int, int], bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def _files(self) -> FileKeeper:
        return FileKeeper(self.folder)

    def create(self, name: str, key: bytes) -> bool:
        """See `KeyKeeper.create`."""
        return self._files.create(name, self._wrap(name, key))

    def read(self, name: str) -> bytes:
        """See `KeyKeeper.read`.

        Raises:
            KanshoError: ``KEY-PASSPHRASE`` for another passphrase, or a file that was changed.
        """
        return self._open(name)[0]

    def has(self, name: str) -> bool:
        """See `KeyKeeper.has`."""
        return self._files.has(name)

    def pending(self, name: str) -> date | None:
        """None: as `FileKeeper.pending`."""
        return None

    def destroy(self, name: str) -> None:
        """See `KeyKeeper.destroy`."""
        self._files.destroy(name)

    def names(self) -> list[str]:
        """See `KeyKeeper.names`."""
        return self._files.names()

    def strays(self, name: str) -> list[str]:
        """None: there is no service."""
        return []

    def turn(self, name: str, rotation: int) -> bool:
        """See `KeyKeeper.turn`: a key that still opens as ``former`` says is wrapped under the passphrase.

        Former bytes are unlinked by the rename: on flash media they may stay, so plain files are best wrapped before
        the first delivery, and a passphrase that became known is no longer a secret of what it once wrapped.
        """
        key, current = self._open(name)
        if not current:
            self._files.replace(name, self._wrap(name, key))
        return not current

    def _open(self, name: str) -> tuple[bytes, bool]:
        """The key, and whether the passphrase in force opened it."""
        data = self._files.read(name)
        head = _head(data)
        if head is None:
            if self.former == b"":
                return data, False
        else:
            for words in (self.passphrase, self.former):
                if words:
                    try:
                        nonce, sealed = bytes.fromhex(head["nonce"]), bytes.fromhex(head["sealed"])
                        opened = AESGCM(self._key(words, head)).decrypt(nonce, sealed, self._bound(name))
                        return opened, words == self.passphrase
                    except (InvalidTag, ValueError, KeyError, TypeError, MemoryError):
                        continue
        raise KanshoError(
            "KEY-PASSPHRASE",
            "鍵を開けません（合言葉が違うか、鍵のファイルが変わっています）",
            place=name,
            remedy="合言葉のファイルを確認してください",
        )

    def _wrap(self, name: str, key: bytes) -> bytes:
        """The file of a key."""
        head = {"kdf": _KDF, "memory_kib": MEMORY_KIB, "passes": PASSES, "lanes": LANES, "salt": self._salt()}
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._key(self.passphrase, head)).encrypt(nonce, key, self._bound(name))
        return json.dumps({**head, "nonce": nonce.hex(), "sealed": sealed.hex()}).encode()

    def _salt(self) -> str:
        """One salt for the campaign's folder, so that a process derives once and not for each key."""
        derived = next((salt for words, salt, *_ in self._derived if words == self.passphrase), None)
        if derived is not None:
            return derived
        heads = (_head(self._files.read(name)) for name in self.names())
        return next((str(head["salt"]) for head in heads if head), os.urandom(16).hex())

    def _key(self, words: bytes, head: Mapping[str, Any]) -> bytes:
        wanted = (words, str(head["salt"]), int(head["passes"]), int(head["lanes"]), int(head["memory_kib"]))
        if wanted not in self._derived:
            _, salt, passes, lanes, memory = wanted
            if not (passes <= 16 and lanes <= 16 and memory <= 1024 * 1024):
                raise ValueError  # a file that was changed may not ask for any amount of memory
            kdf = Argon2id(salt=bytes.fromhex(salt), length=32, iterations=passes, lanes=lanes, memory_cost=memory)
            self._derived[wanted] = kdf.derive(words)
        return self._derived[wanted]

    def _bound(self, name: str) -> bytes:
        return f"kansho-key/{self.campaign}/{name}".encode()


def _head(data: bytes) -> dict[str, Any] | None:
    """What a wrapped file says; None for a plain key."""
    try:
        said = json.loads(data)
    except ValueError:
        return None
    return said if isinstance(said, dict) and said.get("kdf") == _KDF else None
