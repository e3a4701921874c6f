"""A proof as a file of its own: that one event stands in the log, or that one log continues another.

Belongs here: making the JSON and checking it, offline, from what is in it and what the holder has kept.  Does not
belong here: the hashing (`kansho.evidence.merkle`) or the signed note (`kansho.evidence.checkpoint`).  Stands on the
standard library and cryptography, as `kansho verify` does.

A proof carries the public key that it was signed with; whose key that is, only the holder can tell.  So a check without
a key or a checkpoint of one's own says so.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, NoReturn

from kansho.errors import KanshoError
from kansho.evidence.checkpoint import Checkpoint, origin_of, read_checkpoint, read_verifier_key, write_verifier_key
from kansho.evidence.events import Event
from kansho.evidence.merkle import (
    consistency_holds,
    consistency_path,
    inclusion_holds,
    inclusion_path,
    leaf_hash,
    root_of,
)
from kansho.evidence.short import is_digest

SCHEMA = 1
HOW = (
    "kansho ledger check-proof FILE --checkpoint 手元のチェックポイント。道具が無くても確かめられます:"
    " 葉 = SHA-256(0x00 || event の UTF-8)、節 = SHA-256(0x01 || 左 || 右) を RFC 6962 の順に重ね、"
    "checkpoint の3行目の根と比べ、checkpoint の署名 (Ed25519) を public_key で検証します。"
)
_SAME = ("schema", "kind", "log", "path", "public_key", "how")
_FIELDS = {
    "inclusion": frozenset({*_SAME, "index", "event", "checkpoint"}),
    "consistency": frozenset({*_SAME, "old", "checkpoint"}),
}


def signing_key(log: Sequence[Event]) -> bytes:
    """The public key that the log bound at the opening; the key file need not be at hand.

    Raises:
        KanshoError: ``LEDGER-PROOF-UNBOUND`` when the log binds none.
    """
    bound = next((e.codes.get("signing_public", "") for e in log if e.type == "keys_created"), "")
    if not is_digest(bound):
        _refuse("UNBOUND", "台帳に署名の公開鍵が登録されていません", "keys_created")
    return bytes.fromhex(bound)


def prove_inclusion(campaign: str, log: Sequence[Event], index: int, kept: Checkpoint, public: bytes) -> dict[str, Any]:
    """That event ``index`` is in the log that ``kept`` signs.

    Args:
        campaign: the campaign.
        log: all events.
        index: number of the event.
        kept: a checkpoint of this log, verified.
        public: the signing key's public half.

    Raises:
        KanshoError: ``LEDGER-PROOF-RANGE`` when the checkpoint does not reach the event; ``LEDGER-PROOF-FORK`` when
            the checkpoint is not of this log.
    """
    leaves = _leaves(campaign, log, kept)
    if not 0 <= index < kept.size:
        _refuse("RANGE", "この番号の記録はチェックポイントに含まれていません", f"{index}/{kept.size}")
    return _proof("inclusion", campaign, public, inclusion_path(leaves, index), kept) | {
        "index": index,
        "event": log[index].canonical().decode(),
    }


def prove_consistency(
    campaign: str, log: Sequence[Event], old: int | Checkpoint, kept: Checkpoint, public: bytes
) -> dict[str, Any]:
    """That the log of the first ``old`` events, or the one that ``old`` signs, is the beginning of ``kept``'s.

    Raises:
        KanshoError: as `prove_inclusion`.
    """
    leaves = _leaves(campaign, log, kept)
    if isinstance(old, Checkpoint):
        _leaves(campaign, log, old)
        old = old.size
    if not 0 < old <= kept.size:
        _refuse("RANGE", "古い方の件数が新しい方を超えています", f"{old}/{kept.size}")
    return _proof("consistency", campaign, public, consistency_path(leaves, old), kept) | {
        "old": {"size": old, "root": _text(root_of(leaves[:old]))},
    }


def check_proof(value: Any, *, public: bytes | None = None, kept: str | None = None) -> str:
    """Check a proof; what it shows, as a sentence.

    Args:
        value: the parsed JSON.
        public: the key that the holder knows to be the campaign's.
        kept: text of a checkpoint that the holder has kept; it must be signed by the same key and be one of the two
            ends of a consistency proof, or the one that an inclusion proof leads to.

    Raises:
        KanshoError: ``LEDGER-PROOF-FORM`` for another shape, ``LEDGER-PROOF-KEY`` for another key,
            ``LEDGER-PROOF-KEPT`` when the kept checkpoint is another, ``LEDGER-PROOF-PATH`` when the path does not
            lead to the root; codes of `read_checkpoint` and `read_verifier_key`.
    """
    try:
        return _check(value, public, kept)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        _refuse("FORM", "証明の形が違います", "proof")


def _check(value: Any, public: bytes | None, kept: str | None) -> str:
    if not isinstance(value, dict) or value["schema"] != SCHEMA or set(value) != _FIELDS[value["kind"]]:
        raise ValueError
    if not isinstance(value["log"], str):
        raise TypeError
    own = read_verifier_key(value["public_key"].encode("ascii"), value["log"])
    if public is not None and own != public:
        _refuse("KEY", "お持ちの公開鍵と違う鍵で署名されています", "public_key")
    signed = read_checkpoint(value["checkpoint"], own)
    if signed.origin != value["log"]:
        raise ValueError
    path = [_hash(step) for step in value["path"]]
    ends = [(signed.size, signed.root)]
    if value["kind"] == "inclusion":
        index, event = value["index"], value["event"]
        if type(index) is not int or not isinstance(event, str):
            raise ValueError
        holds = inclusion_holds(leaf_hash(event.encode()), index, signed.size, path, signed.root)
        shown = f"{index} 番の記録は、{signed.size} 件の台帳（根 {signed.short_root}）に含まれています"
    else:
        old, root = value["old"]["size"], _hash(value["old"]["root"])
        if type(old) is not int or old < 1:
            raise ValueError
        ends.append((old, root))
        holds = consistency_holds(old, root, signed.size, signed.root, path)
        shown = (
            f"{old} 件の台帳（根 {root.hex()[:16]}）は、{signed.size} 件の台帳（根 {signed.short_root}）の始まりです"
        )
    if not holds:
        _refuse("PATH", "証明が根に届きません（記録か経路が書き換えられています）", value["kind"])
    if kept is not None:
        mine = read_checkpoint(kept, own)
        if mine.origin != signed.origin or (mine.size, mine.root) not in ends:
            _refuse("KEPT", "お持ちのチェックポイントのものではありません", f"{mine.size}")
    return shown


def _proof(kind: str, campaign: str, public: bytes, path: Sequence[bytes], kept: Checkpoint) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": kind,
        "log": origin_of(campaign),
        "path": [_text(step) for step in path],
        "checkpoint": kept.text,
        "public_key": write_verifier_key(origin_of(campaign), public),
        "how": HOW,
    }


def _leaves(campaign: str, log: Sequence[Event], kept: Checkpoint) -> list[bytes]:
    leaves = [leaf_hash(e.canonical()) for e in log[: kept.size]]
    if kept.origin != origin_of(campaign) or len(leaves) != kept.size or root_of(leaves) != kept.root:
        _refuse("FORK", "この台帳のチェックポイントではありません", f"{kept.size}")
    return leaves


def _text(node: bytes) -> str:
    return base64.b64encode(node).decode()


def _hash(text: str) -> bytes:
    node = base64.b64decode(text, validate=True)
    if len(node) != 32:
        raise ValueError
    return node


def _refuse(code: str, message: str, place: str) -> NoReturn:
    raise KanshoError(
        f"LEDGER-PROOF-{code}", message, place=place, remedy="証明書とチェックポイントを作り直して確かめてください"
    )
