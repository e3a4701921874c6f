"""The evidence bundle: everything a third party needs to check a campaign offline, and no resident.

Belongs here: the names and bytes of ``evidence-<campaign>.zip``; the same ledger gives the same bytes.
Does not belong here: checking it (`kansho.evidence.verify`) or making the certificate (closing).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kansho.errors import KanshoError
from kansho.evidence.carried import CERTIFICATE, carried, name_in_bundle
from kansho.evidence.checkpoint import origin_of, write_verifier_key
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.strict import write_zip

README = "README.txt"
EVENTS = "events.jsonl"
CHECKPOINTS = "checkpoints/"
PUBLIC_KEY = "public-key.txt"
CONFIG = "config.json"
#: Configurations bound before the last one: ``configs/<sha256>.json``.
EARLIER = "configs/"
#: Answers of the time-stamp authority about checkpoints: ``timestamps/<size>.tsr`` (RFC 3161).
TIMESTAMPS = "timestamps/"
SIGNATURE = "certificate.sig"
DOCUMENTS = "documents.json"

#: Checkpoints with the ward's signature beside ours: ``countersigned/<size>.txt``.
COUNTERSIGNED = "countersigned/"

FIXED = frozenset({README, EVENTS, PUBLIC_KEY, CONFIG, CERTIFICATE, SIGNATURE, DOCUMENTS})

README_TEXT = """勧奨事業 証跡一式

この一式に住民の情報は記載しません。年度の全ての出来事（件数・符号・要約値）と、その署名が入っています。

  events.jsonl       台帳：1行が1件。RFC 6962 の Merkle 木の葉
  checkpoints/       署名付きチェックポイント（C2SP tlog-checkpoint, Ed25519）
  public-key.txt     署名の公開鍵（C2SP signed-note の検証鍵の形）
  config.json        その年の設定。要約値は開設時に台帳へ記録済み
  configs/           変更前の設定（年度中に変更を承認した場合のみ）
  countersigned/     区が連署したチェックポイント（区が鍵を登録した場合のみ）
  timestamps/        チェックポイントへの時刻の証明（RFC 3161。時刻認証局を設定した場合のみ）
  documents.json     発行した文書の要約値
  certificate.json   消去証明書（正本）と certificate.sig（分離署名）
  papers/            消去証明書の書面と別紙、再委託先の消去証明書、提供媒体返却書、手作業による消去・返却の記録

検証:  kansho verify 証跡.zip --checkpoint 区が受け取った最後のチェックポイント.txt
区が保管するチェックポイントを添えると、末尾の切落しや書換えが分かります。
"""


def verifier_key(campaign: str, public_key: bytes) -> str:
    """The public key as C2SP signed-note verifier key: ``name+hash+base64(type || key)``."""
    return write_verifier_key(origin_of(campaign), public_key)


def config_json(config_dump: Mapping[str, Any]) -> bytes:
    """The bytes whose SHA-256 is the config's digest (``CampaignConfig.digest``)."""
    return json.dumps(config_dump, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def documents_json(events: Iterable[Event]) -> bytes:
    """Every issued document with its digest, in the order of issue."""
    return canonical_json(
        [
            {"name": e.key, "kind": e.codes.get("kind", ""), "sha256": e.refs.get("sha256", "")}
            for e in events
            if e.type == "document_issued"
        ]
    )


def sign_detached(data: bytes, signer: Ed25519PrivateKey) -> bytes:
    """Detached Ed25519 signature as one base64 line."""
    return base64.b64encode(signer.sign(data)) + b"\n"


def signature_holds(data: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether a detached signature is by this key over these bytes."""
    try:
        raw = base64.b64decode(signature.removesuffix(b"\n"), validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(raw, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def make_bundle(
    *,
    campaign: str,
    events: Iterable[Event],
    checkpoints: Iterable[str],
    public_key: bytes,
    config_dump: Mapping[str, Any],
    certificate: bytes,
    signature: bytes,
    earlier_configs: Iterable[Mapping[str, Any]] = (),
    timestamps: Mapping[int, bytes] | None = None,
    countersigned: Iterable[str] = (),
    papers: Mapping[str, bytes] | None = None,
) -> bytes:
    """The bytes of ``evidence-<campaign>.zip``.

    Args:
        campaign: id of the campaign, which names the log.
        events: the whole log in order.
        checkpoints: texts of the signed checkpoints, oldest first.
        public_key: 32 raw bytes of the signing key's public half.
        config_dump: ``CampaignConfig.model_dump(mode="json")``.
        certificate: canonical JSON of the erasure certificate.
        signature: detached signature over the certificate's bytes.
        earlier_configs: dumps of the configurations that amendments replaced; who decided then is judged by them.
        timestamps: answers of the time-stamp authority, by the size of the checkpoint.
        countersigned: texts of the checkpoints that the ward has signed too.
        papers: document → bytes of each that a bundle carries (`kansho.evidence.carried`).

    Raises:
        KanshoError: ``BUNDLE-PAPER`` when one of them is not given.
    """
    log = list(events)
    files = {
        README: README_TEXT.encode(),
        EVENTS: b"".join(e.canonical() + b"\n" for e in log),
        PUBLIC_KEY: verifier_key(campaign, public_key).encode(),
        CONFIG: config_json(config_dump),
        DOCUMENTS: documents_json(log),
        CERTIFICATE: certificate,
        SIGNATURE: signature,
    }
    for dump in earlier_configs:
        text_of = config_json(dump)
        files[f"{EARLIER}{sha256(text_of)}.json"] = text_of
    for text in checkpoints:
        files[f"{CHECKPOINTS}{int(text.split(chr(10))[1]):010d}.txt"] = text.encode()
    for text in countersigned:
        files[f"{COUNTERSIGNED}{int(text.split(chr(10))[1]):010d}.txt"] = text.encode()
    files |= {f"{TIMESTAMPS}{size:010d}.tsr": answer for size, answer in (timestamps or {}).items()}
    given = papers or {}
    for document in carried(log):
        if document not in given:
            raise KanshoError(
                "BUNDLE-PAPER",
                "証跡一式に入れる文書がありません",
                place=document,
                remedy="控えから outputs/documents へ戻して、再実行してください",
            )
        files[name_in_bundle(document)] = given[document]
    return write_zip(files)


def sha256(data: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()
