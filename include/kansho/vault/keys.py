"""The campaign's keys: one for each class of data, HMAC key, signing key, exchange identity.

Belongs here: which keys there are, and what they do.  Does not belong here: encryption of objects (`envelope`), where
keys lie at rest (`keepers`: files, passphrase; `kms`: a key service).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date

import pyrage
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.errors import KanshoError
from kansho.vault.classes import CLASSES
from kansho.vault.keepers import KeyKeeper

KeyName = str
#: Each class of data has the key of its name, so that who holds one opens that class alone; ``needles``, what the
#: residue scan looks for, is such a class and outlives the others by that one scan.  ``hmac`` keys low-entropy
#: digests; ``signing`` (Ed25519) signs checkpoints and certificates and stays with the evidence; ``exchange`` (age
#: X25519) opens what 丙 sends us.
KEY_NAMES: tuple[KeyName, ...] = (*CLASSES, "hmac", "signing", "exchange")


@dataclass(frozen=True)
class Keyring:
    """Keys of one campaign, wherever they are kept."""

    keeper: KeyKeeper

    @property
    def kind(self) -> str:
        """How they are kept: ``files``, ``passphrase`` or ``kms``."""
        return self.keeper.kind

    @property
    def waits(self) -> int:
        """Days between the order to destroy a key and its end, at the least; 0 where a key goes at once."""
        return self.keeper.waits

    def create(self) -> None:
        """Make whatever key is missing; existing keys are never replaced."""
        kept = self.keeper.names()
        for name in KEY_NAMES:
            if name not in kept:
                self.keeper.create(name, _generate(name))

    def get(self, name: KeyName) -> bytes:
        """The key's bytes.

        Raises:
            KanshoError: ``KEY-ABSENT`` when it was never made or has been destroyed.
        """
        try:
            return self.keeper.read(name)
        except KeyError:
            raise KanshoError(
                "KEY-ABSENT", "鍵がありません（未作成または消去済み）", place=name, remedy="開設を確認してください"
            ) from None

    def names(self) -> list[str]:
        """Names of the keys that are kept, sorted."""
        return self.keeper.names()

    def has(self, name: KeyName) -> bool:
        """Whether the key exists; also while a key service only has its deletion scheduled."""
        return self.keeper.has(name)

    def pending(self, name: KeyName) -> date | None:
        """The day on which a key service will have deleted the key; None where nothing is waited for.

        A key in a file is gone at once.
        """
        return self.keeper.pending(name)

    def strays(self, name: KeyName) -> list[str]:
        """Ids of keys in a key service that a killed run made for this one and nothing names."""
        return self.keeper.strays(name)

    def destroy(self, name: KeyName) -> None:
        """Destroy the key; a key service only schedules it (`pending`)."""
        self.keeper.destroy(name)

    def signer(self) -> Ed25519PrivateKey:
        """The signing key."""
        return Ed25519PrivateKey.from_private_bytes(self.get("signing"))

    def public_key(self) -> bytes:
        """The 32 raw bytes of the public signing key."""
        return self.signer().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def recipient(self) -> str:
        """The age recipient (public) that others seal packages to."""
        return str(self._identity().to_public())

    def open_package(self, sealed: bytes) -> bytes:
        """Open an age package sealed to us.

        Raises:
            KanshoError: ``PACKAGE-KEY`` when it is not ours or was damaged.
        """
        return open_package(sealed, str(self._identity()))

    def _identity(self) -> pyrage.x25519.Identity:
        return pyrage.x25519.Identity.from_str(self.get("exchange").decode())


def new_identity() -> str:
    """A new age identity (private) as text."""
    return str(pyrage.x25519.Identity.generate())


def recipient_of(identity: str) -> str:
    """The public recipient of an age identity."""
    return str(pyrage.x25519.Identity.from_str(identity).to_public())


def seal_package(data: bytes, recipient: str) -> bytes:
    """Seal bytes to one recipient in the age format (age-encryption.org/v1)."""
    return bytes(pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(recipient)]))


def open_package(sealed: bytes, identity: str) -> bytes:
    """Open an age package with an identity.

    Raises:
        KanshoError: ``PACKAGE-KEY`` for another's package or a damaged one.
    """
    try:
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)]))
    except pyrage.DecryptError:
        raise KanshoError(
            "PACKAGE-KEY", "この宛先の鍵では開封できません", remedy="送付先の鍵で封緘し直すよう送付元に依頼してください"
        ) from None


def _generate(name: KeyName) -> bytes:
    if name == "signing":
        return Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
    if name == "exchange":
        return new_identity().encode()
    return os.urandom(32)
