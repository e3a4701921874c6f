"""Signed checkpoints of the ledger in the C2SP forms tlog-checkpoint and signed-note (Ed25519).

Text: origin line, tree size, root (base64), blank line, then the signature line
``— origin base64(key id (4 bytes) || signature (64 bytes))``, and behind it, once the ward has countersigned, a second
one whose name is ``origin/ward``.

Belongs here: making, signing and reading the note.  Does not belong here: when one is made (`kansho.evidence.ledger`),
how the ward's comes back (`kansho.exchange.countersigned`).
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
    """Parse a checkpoint and verify our signature; the ward's beside it is passed over.

    Raises:
        KanshoError: ``CHECKPOINT-FORM`` when malformed, ``CHECKPOINT-SIGNATURE`` when not signed by the key.
    """
    parsed, body, lines = _parse(text)
    if not _signed(body, lines, parsed.origin, public_key):
        raise KanshoError(
            "CHECKPOINT-SIGNATURE", "チェックポイントの署名が一致しません", remedy="公開鍵を確かめてください"
        )
    return parsed


def cosigner_of(origin: str) -> str:
    """The name under which the ward signs the log's checkpoints."""
    return f"{origin}/ward"


def cosign(text: str, ward: Ed25519PrivateKey) -> str:
    """The same note with the ward's signature line behind ours (what the ward does; it has verified ours before).

    Raises:
        KanshoError: ``CHECKPOINT-FORM``.
    """
    parsed, body, _ = _parse(text)
    name = cosigner_of(parsed.origin)
    blob = key_id(name, ward.public_key().public_bytes_raw()) + ward.sign(body)
    return f"{text}— {name} {base64.b64encode(blob).decode()}\n"


def read_cosigned(text: str, ward_public: bytes) -> Checkpoint:
    """Parse a checkpoint and verify the ward's signature; ours is another question (`read_checkpoint`).

    Raises:
        KanshoError: ``CHECKPOINT-FORM`` when malformed, ``CHECKPOINT-COSIGNATURE`` when the ward's key did not sign.
    """
    parsed, body, lines = _parse(text)
    if not _signed(body, lines, cosigner_of(parsed.origin), ward_public):
        raise KanshoError(
            "CHECKPOINT-COSIGNATURE",
            "チェックポイントに区の署名がないか、一致しません",
            remedy="区の公開鍵を確かめてください",
        )
    return parsed


def read_verifier_key(data: bytes, name: str) -> bytes:
    """The raw key of a signed-note verifier key (``name+hash+base64(type || key)``) that bears this name.

    Raises:
        KanshoError: ``KEY-FORM``.
    """
    try:
        found, digest, encoded = data.decode("ascii").removesuffix("\n").split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        if len(raw) != 33 or raw[:1] != _ED25519 or found != name or key_id(name, raw[1:]).hex() != digest:
            raise ValueError
    except (ValueError, binascii.Error):
        raise KanshoError("KEY-FORM", "公開鍵の形式か名前が違います", place=name) from None
    return raw[1:]


def write_verifier_key(name: str, public_key: bytes) -> str:
    """Inverse of `read_verifier_key`, as one line."""
    return f"{name}+{key_id(name, public_key).hex()}+{base64.b64encode(_ED25519 + public_key).decode()}\n"


def _parse(text: str) -> tuple[Checkpoint, bytes, list[tuple[str, bytes]]]:
    """The checkpoint, the bytes that are signed, and (name, key id with signature) of each signature line."""
    try:
        body, signatures = text.split("\n\n", 1)
        origin, size_text, root_text = body.split("\n")
        size = int(size_text)
        if size < 0 or str(size) != size_text:
            raise ValueError("size")
        root = base64.b64decode(root_text, validate=True)
        if len(root) != 32 or not origin:
            raise ValueError("root")
        lines = [_blob(line, origin) for line in signatures.split("\n") if line]
    except (ValueError, binascii.Error):
        raise KanshoError("CHECKPOINT-FORM", "チェックポイントの形式が正しくありません") from None
    return Checkpoint(origin, size, root, text), (body + "\n").encode(), lines


def _signed(body: bytes, lines: list[tuple[str, bytes]], name: str, public_key: bytes) -> bool:
    """Whether the first line that claims to be by this key is."""
    wanted = key_id(name, public_key)
    for signer, blob in lines:
        if signer == name and blob[:4] == wanted:
            try:
                Ed25519PublicKey.from_public_bytes(public_key).verify(blob[4:], body)
            except (InvalidSignature, ValueError):  # or no key at all: anybody can name one
                return False
            return True
    return False


def _blob(line: str, origin: str) -> tuple[str, bytes]:
    mark, name, encoded = line.split(" ")
    if mark != "—" or name not in (origin, cosigner_of(origin)):
        raise ValueError("signature line")
    return name, base64.b64decode(encoded, validate=True)
