"""Copies of keys in files: how a key is known once it is gone, and whether a file is one.

Belongs here: fingerprints of keys, and comparing small files with them.  Does not belong here: which files there are
(`kansho.closing.discovery`), or destroying a key (`kansho.closing.key_ends`).

The inventory writes the fingerprint of every key into the log, for the keys are destroyed before the last look at the
disk.  A key is 256 bits of chance: nobody finds it by its digest, and whoever has a file can tell that it is the key.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from kansho.errors import KanshoError
from kansho.vault.keys import KEY_NAMES
from kansho.workspace import Workspace

#: Bytes of a file that may be a key, however it is written.
LEAST, MOST = 16, 4096
#: Before the key's bytes, so that no other use of its digest is told.
_TAG = b"kansho-key-fingerprint\n"
_HEX = re.compile(rb"(?:0x)?((?:[0-9A-Fa-f]{2})+)\Z")
_BASE64 = re.compile(rb"([A-Za-z0-9+/_-]+)=*\Z")
#: What stands before an event in its copy on this machine (`kansho.vault.nearby`).
_COPY_HEAD = hashlib.sha256().digest_size


def fingerprints(ws: Workspace) -> dict[str, dict[str, str]]:
    """Refs of ``inventory_taken``: of each key that can be read, and of its file where that is not the plain key."""
    keys, kept = {}, {}
    for name in KEY_NAMES:
        try:
            keys[name] = _fingerprint(ws.keyring.get(name))
        except KanshoError as error:
            if error.code != "KEY-ABSENT":
                raise
            continue
        written = _kept(ws, name)
        if written is not None and written != keys[name]:
            kept[name] = written
    return {part: found for part, found in (("keys", keys), ("kept", kept)) if found}


def known_keys(ws: Workspace) -> dict[str, str]:
    """Fingerprint → name of the key, of every key that is there or that an inventory has seen.

    The name is empty where two names stand for the same bytes: one of the two is a copy.
    """
    seen: list[Mapping[str, Any]] = [e.refs for e in ws.ledger.events("inventory_taken")]
    parts = [refs.get(part) for refs in (*seen, fingerprints(ws)) for part in ("keys", "kept")]
    found: dict[str, str] = {}
    for name, digest in (one for part in parts if isinstance(part, Mapping) for one in part.items()):
        found[digest] = name if found.get(digest, name) == name else ""
    return found


def copied_keys(data: bytes, known: Mapping[str, str]) -> set[str]:
    """Names of the keys that a file's bytes are: raw, hexadecimal or base64, with or without white space."""
    if not LEAST <= len(data) <= MOST:
        return set()
    return {known[digest] for digest in map(_fingerprint, _readings(data)) if digest in known}


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(_TAG + key).hexdigest()


def _kept(ws: Workspace, name: str) -> str | None:
    try:
        return _fingerprint((ws.layout.kansho / "keys" / ws.config.id / name).read_bytes())
    except OSError:  # where no file keeps it
        return None


def _readings(data: bytes) -> Iterator[bytes]:
    """What a file may say, each once."""
    yield data
    yield data.rstrip(b"\r\n")
    yield data.strip()
    yield data[_COPY_HEAD:]
    text = b"".join(data.split())
    if (found := _HEX.match(text)) is not None:
        yield bytes.fromhex(found[1].decode())
    if (found := _BASE64.match(text)) is not None:
        digits = found[1].translate(bytes.maketrans(b"-_", b"+/"))
        if len(digits) % 4 != 1:
            yield base64.b64decode(digits + b"=" * (-len(digits) % 4))
