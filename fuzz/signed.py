"""Signed notes, proofs, papers and time stamps: small texts that anybody may bring, in bytes and structure changed."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fuzz.bundles import signed_year, spoil
from fuzz.mutate import mutate
from kansho.errors import KanshoError
from kansho.evidence.checkpoint import (
    cosign,
    cosigner_of,
    origin_of,
    read_checkpoint,
    read_cosigned,
    read_verifier_key,
    write_verifier_key,
)
from kansho.evidence.paper import read_paper
from kansho.evidence.proofs import check_proof, prove_consistency, prove_inclusion
from kansho.evidence.strict import read_json
from kansho.evidence.timestamps import read_timestamp, request_timestamp
from tests.unit.timestamp_authority import Authority

#: Put into texts: huge numbers, separators, characters of other alphabets.
_PIECES = (b"\n\n", b"\n", b" ", b"+", b"=", b"-", b"0" * 5000, b"9" * 5000, b"\xe2\x80\x94 ", b"\xd0\xb0", b"/", b"\0")


class Notes:
    """Checkpoints, verifier keys and papers under fuzz; the first byte of a case says which."""

    def __init__(self, rng: random.Random) -> None:
        year = signed_year(rng)
        ward = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
        self._public, self._ward = year.public, ward.public_key().public_bytes_raw()
        note, self._name = year.checkpoint(9), origin_of(year.config.id)
        root = read_checkpoint(note, self._public).root
        key = write_verifier_key(cosigner_of(self._name), self._ward)
        self._texts = {note.encode(), cosign(note, ward).encode()}
        self._papers = (f"9 {root.hex()[:16]}", f"{self._name} 9 {base64.b64encode(root).decode()}")
        self._corpus = [*((0, text) for text in sorted(self._texts)), (1, key.encode())]
        self._corpus += [(2, paper.encode()) for paper in self._papers]
        for kind, text in self._corpus:
            self.trial(bytes([kind]) + text)

    def case(self, rng: random.Random) -> bytes:
        """A changed text."""
        kind, text = rng.choice(self._corpus)
        return bytes([kind]) + _changed(text, rng)

    def trial(self, data: bytes) -> None:
        """Read it; a note that is signed by our key, or by the ward's, is one that they signed."""
        text = data[1:].decode("utf-8", "replace")
        if data[0] == 2:
            paper = read_paper(text)
            if not (16 <= len(paper.root) <= 64 and 0 <= paper.size < 10**10):
                raise AssertionError("no root, or no size")
        elif data[0] == 1:
            if read_verifier_key(data[1:], cosigner_of(self._name)) != self._ward:
                raise AssertionError("another key under its name")
        else:
            self._note(text)

    def _note(self, text: str) -> None:
        with suppress(KanshoError):
            read_cosigned(text, self._ward)
        signed = read_checkpoint(text, self._public)
        if not any(known.startswith("\n".join(text.split("\n")[:3]).encode()) for known in self._texts):
            raise AssertionError(f"a note of {signed.size} events that nobody signed")


class Proofs:
    """Proofs that an event is in a log, or that one log continues another."""

    def __init__(self, rng: random.Random) -> None:
        year = signed_year(rng)
        self._public, self._note = year.public, year.checkpoint(60)
        kept = read_checkpoint(self._note, year.public)
        inclusion = prove_inclusion(year.config.id, year.events, 33, kept, year.public)
        consistency = prove_consistency(year.config.id, year.events, 21, kept, year.public)
        self._corpus = [json.dumps(v, ensure_ascii=False).encode() for v in (inclusion, consistency)]
        self._events = {e.canonical().decode() for e in year.events[:60]}
        for proof in self._corpus:
            self.trial(proof)

    def case(self, rng: random.Random) -> bytes:
        """A changed proof."""
        data = rng.choice(self._corpus)
        if rng.random() < 0.4:
            return _changed(data, rng)
        value = json.loads(data)
        for _ in range(rng.randint(1, 2)):
            spoil(value, rng)
        return json.dumps(value).encode()

    def trial(self, data: bytes) -> None:
        """Check it; what holds speaks of an event that is there."""
        value = read_json(data, "proof")
        check_proof(value, public=self._public, kept=self._note)
        if value["kind"] == "inclusion" and value["event"] not in self._events:
            raise AssertionError("an event that is not in the log was proven")


class Stamps:
    """Answers of a time-stamp authority (RFC 3161)."""

    def __init__(self, rng: random.Random) -> None:
        self._authority, self._answer = _answered()

    def case(self, rng: random.Random) -> bytes:
        """A changed answer, or the authority's certificate in its place."""
        return mutate(self._answer if rng.random() < 0.95 else self._authority.root, rng)

    def trial(self, data: bytes) -> None:
        """Check it for these bytes."""
        read_timestamp(data, _SAID, self._authority.root)


_SAID = b"checkpoint"


@cache
def _answered() -> tuple[Authority, bytes]:
    """One for a process: its keys take their time, and are no part of a seed."""
    authority = Authority()
    return authority, authority.answer(request_timestamp(_SAID, 2**63))


def _changed(text: bytes, rng: random.Random) -> bytes:
    changes: tuple[Callable[[bytes, random.Random], bytes], ...] = (mutate, _piece, _line)
    for _ in range(rng.randint(1, 3)):
        text = rng.choice(changes)(text, rng)
    return text


def _piece(text: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(_PIECES) + text[at + rng.randrange(3) :]


def _line(text: bytes, rng: random.Random) -> bytes:
    lines = text.split(b"\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    if rng.random() < 0.5:
        del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)
