"""Signed checkpoints of the ledger in the C2SP forms tlog-checkpoint and signed-note (Ed25519).

Text: origin line, tree size, root (base64), blank line, then the signature line
``— origin base64(key id (4 bytes) || signature (64 bytes))``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kansho.errors import KanshoError

_ED25519 = b"\x01"


@dataclass(frozen=True)
class Checkpoint:
    """Size and root of the log at one moment, signed."""

    origin: str
    size: int
    root: bytes
    text: str

    @property
    def short_root(self) -> str:
        """The first 16 hex digits, as printed on every 授受簿."""
        return self.root.hex()[:16]


def origin_of(campaign: str) -> str:
    """The log's name in its checkpoints."""
    return f"kansho/{campaign}"


def key_id(origin: str, public_key: bytes) -> bytes:
    """Key id of a signed note: the first four bytes of SHA-256(name || LF || type || key)."""
    return hashlib.sha256(origin.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def sign_checkpoint(campaign: str, size: int, root: bytes, signer: Ed25519PrivateKey) -> Checkpoint:
    """Make and sign a checkpoint."""
    origin = origin_of(campaign)
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    public = signer.public_key().public_bytes_raw()
    blob = key_id(origin, public) + signer.sign(body.encode())
    text = f"{body}\n— {origin} {base64.b64encode(blob).decode()}\n"
    return Checkpoint(origin, size, root, text)


def read_checkpoint(text: str, public_key: bytes) -> Checkpoint:
    """Parse and verify a checkpoint.

    Raises:
        KanshoError: ``CHECKPOINT-FORM`` when malformed, ``CHECKPOINT-SIGNATURE`` when not signed by the key.
    """
    try:
        body, signatures = text.split("\n\n", 1)
        origin, size_text, root_text = body.split("\n")
        size = int(size_text)
        if size < 0 or str(size) != size_text:
            raise ValueError("size")
        root = base64.b64decode(root_text, validate=True)
        if len(root) != 32 or not origin:
            raise ValueError("root")
        lines = [line for line in signatures.split("\n") if line]
        blobs = [_blob(line, origin) for line in lines]
    except (ValueError, binascii.Error):
        raise KanshoError("CHECKPOINT-FORM", "チェックポイントの形式が正しくありません") from None
    wanted = key_id(origin, public_key)
    for blob in blobs:
        if blob[:4] == wanted:
            try:
                Ed25519PublicKey.from_public_bytes(public_key).verify(blob[4:], (body + "\n").encode())
            except InvalidSignature:
                break
            return Checkpoint(origin, size, root, text)
    raise KanshoError("CHECKPOINT-SIGNATURE", "チェックポイントの署名が一致しません", remedy="公開鍵を確かめてください")


def _blob(line: str, origin: str) -> bytes:
    mark, name, encoded = line.split(" ")
    if mark != "—" or name != origin:
        raise ValueError("signature line")
    return base64.b64decode(encoded, validate=True)
