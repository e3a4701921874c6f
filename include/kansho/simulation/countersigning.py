"""The ward signs the checkpoints it is given, with a key of its own that never leaves its desk.

Written from the form's description (C2SP signed note, Ed25519), not with our code: the outside world does not look
into our house.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.simulation.premises import Premises, put

_ED25519 = b"\x01"


def make_key(premises: Premises) -> None:
    """Make the ward's signing key once, and put its public half out as a verifier key."""
    path = premises.desk / "checkpoint-key"
    if not path.is_file():
        put(path, Ed25519PrivateKey.generate().private_bytes_raw())
    name, public = _name(premises), _key(premises).public_key().public_bytes_raw()
    line = f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}\n"
    put(premises.outgoing / "checkpoint-key.txt", line.encode())


def countersign(premises: Premises) -> None:
    """Sign what was received and is not signed yet, and put it out."""
    for given in sorted((premises.received / "checkpoints").glob("*.txt")):
        signed = premises.outgoing / "checkpoints" / given.name
        if signed.is_file():
            continue
        text = given.read_text(encoding="utf-8")
        body = text.partition("\n\n")[0] + "\n"
        name, key = _name(premises), _key(premises)
        blob = _key_id(name, key.public_key().public_bytes_raw()) + key.sign(body.encode())
        put(signed, f"{text}— {name} {base64.b64encode(blob).decode()}\n".encode())


def _name(premises: Premises) -> str:
    return f"kansho/{premises.campaign}/ward"


def _key(premises: Premises) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes((premises.desk / "checkpoint-key").read_bytes())


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]
