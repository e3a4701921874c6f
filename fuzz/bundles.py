"""The evidence bundle under fuzz: its bytes, its files, values at any depth of its events, signed anew or not.

What an auditor has beside it (checkpoint, paper, the ward's key) is changed too.  A case is a zip of those four.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fuzz.mutate import mutate
from kansho.campaign.config import load_config
from kansho.errors import KanshoError
from kansho.evidence.checkpoint import cosigner_of, origin_of, read_checkpoint, sign_checkpoint, write_verifier_key
from kansho.evidence.events import plain_json
from kansho.evidence.findings import Finding
from kansho.evidence.merkle import leaf_hash, root_of
from kansho.evidence.strict import read_zip, write_zip
from kansho.evidence.verdict import as_json, as_lines, verdict
from kansho.evidence.verify import judge_files
from tests.conftest import MINI
from tests.unit.evidence_year import Year, lawful_year

_WARD = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
#: What stands where something else should, in events, in the configuration and in the certificate.
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2**53 - 1,
        -(2**53),
        10**30,
        "",
        "0",
        "none",
        "yes",
        "a/b",
        "2027-02-30",
        "9999-12-31",
    ),
    *("0001-01-01", "x" * 400, "\u0430dmin", "\ud800", "a|b=|=c", [], {}, [[]], ["a"], {"a": {"b": []}}, [None] * 3),
    *({"kind": "roster", "key": "d01", "digest": 3, "rows": "many"}, {"rows": {}}, {"digest": []}),
)


class Bundles:
    """`judge_files` and its verdict under fuzz, as a `fuzz.targets.Target`."""

    def __init__(self, rng: random.Random) -> None:
        year = signed_year(rng)
        certificate = year.finish()
        self._signer, self._campaign = year.signer, year.config.id
        self._bundle = year.files(certificate)
        self._files = read_zip(self._bundle)
        self._kept = year.checkpoint(7)
        self._paper = f"7 {read_checkpoint(self._kept, year.public).root.hex()[:16]}"
        self._key = write_verifier_key(cosigner_of(origin_of(self._campaign)), _WARD.public_key().public_bytes_raw())
        if self._judged(self._bundle, self._kept.encode(), self._paper, b""):
            raise AssertionError("the invented bundle is not lawful")

    def case(self, rng: random.Random) -> bytes:
        """A bundle with something changed, and what lies beside it."""
        makers: tuple[Callable[[random.Random], bytes], ...] = (
            *(self._bytes, self._file, self._event, self._event, self._signed_anew, self._signed_anew, self._json),
        )
        data = rng.choice(makers)(rng)
        kept = mutate(self._kept.encode(), rng) if rng.random() < 0.2 else self._kept.encode()
        paper = mutate(self._paper.encode(), rng) if rng.random() < 0.2 else self._paper.encode()
        key = mutate(self._key.encode(), rng) if rng.random() < 0.2 else b""
        return write_zip({"bundle": data, "kept": kept, "paper": paper, "key": key})

    def trial(self, data: bytes) -> None:
        """Judge it; whatever was changed and not signed anew must be found."""
        given = read_zip(data)
        found = self._judged(given["bundle"], given["kept"], given["paper"].decode("utf-8", "replace"), given["key"])
        if found:
            raise KanshoError(found[0].code, found[0].text, place=found[0].place)
        if given["bundle"] != self._bundle and not self._is_signed_anew(given["bundle"]):
            raise AssertionError("a change that nobody signed was not found")

    def _judged(self, bundle: bytes, kept: bytes, paper: str, key: bytes) -> list[Finding]:
        files = read_zip(bundle)
        beside = [("kept.txt", kept.decode("utf-8", "replace"))]
        events, found = judge_files(files, beside, key or None, [paper])
        said = verdict(events, found, 1)
        if not "\n".join(as_lines(said, "bundle.zip")) or not json.dumps(as_json(said)):
            raise AssertionError("no verdict")
        return found

    def _is_signed_anew(self, bundle: bytes) -> bool:
        return read_zip(bundle)["events.jsonl"] != self._files["events.jsonl"]

    def _bytes(self, rng: random.Random) -> bytes:
        return mutate(self._bundle, rng)

    def _file(self, rng: random.Random) -> bytes:
        """One file changed, and all of them packed properly."""
        name = rng.choice(sorted(self._files))
        return write_zip({**self._files, name: mutate(self._files[name], rng)})

    def _json(self, rng: random.Random) -> bytes:
        """A value of the configuration or the certificate, which stays JSON."""
        name = rng.choice(("config.json", "certificate.json"))
        value = json.loads(self._files[name])
        spoil(value, rng)
        return write_zip({**self._files, name: json.dumps(value, sort_keys=True, separators=(",", ":")).encode()})

    def _spoilt(self, rng: random.Random) -> list[bytes]:
        events = [json.loads(line) for line in self._files["events.jsonl"][:-1].split(b"\n")]
        for _ in range(rng.randint(1, 3)):
            match rng.randrange(6):
                case 0:
                    del events[rng.randrange(len(events))]
                case 1:
                    events.insert(rng.randrange(len(events)), json.loads(json.dumps(rng.choice(events))))
                case _:
                    spoil(rng.choice(events), rng)
        if rng.random() < 0.8:
            events = [{**e, "sequence": n} if isinstance(e, dict) else e for n, e in enumerate(events)]
        return [plain_json(_whole(e)) for e in events]

    def _event(self, rng: random.Random) -> bytes:
        return write_zip({**self._files, "events.jsonl": b"\n".join(self._spoilt(rng)) + b"\n"})

    def _signed_anew(self, rng: random.Random) -> bytes:
        """By the campaign's own key: a misdeed, not a forgery."""
        lines = self._spoilt(rng)
        leaves = [leaf_hash(line) for line in lines]
        files = {n: d for n, d in self._files.items() if not n.startswith("checkpoints/")}
        for size in (3, len(leaves)):
            made = sign_checkpoint(self._campaign, size, root_of(leaves[:size]), self._signer)
            files[f"checkpoints/{size:010d}.txt"] = made.text.encode()
        return write_zip({**files, "events.jsonl": b"\n".join(lines) + b"\n"})


def signed_year(rng: random.Random) -> Year:
    """A lawful year, not certified yet, whose key is the seed's."""
    year = lawful_year(load_config(MINI))
    year.signer = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
    year.edit("keys_created", lambda e: replace(e, codes={"signing_public": year.public.hex()}))
    return year


def spoil(value: Any, rng: random.Random) -> None:
    """Change one value, at any depth of a JSON text."""
    inside = [(value, key) for key in value] if isinstance(value, dict) else [(value, at) for at in range(len(value))]
    if not inside:
        return
    holder, key = rng.choice(inside)
    if isinstance(holder[key], dict | list) and holder[key] and rng.random() < 0.75:
        spoil(holder[key], rng)
        return
    match rng.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice((*holder, "more", "sha256", "size", "first"))] = json.loads(json.dumps(rng.choice(ODD)))
        case _:
            holder[key] = json.loads(json.dumps(rng.choice(ODD)))


def _whole(value: Any) -> Any:
    """Without halves of characters, which have no UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(k): _whole(v) for k, v in value.items()}
    return [_whole(v) for v in value] if isinstance(value, list) else value


__all__ = ["ODD", "Bundles", "signed_year", "spoil"]
