"""Signing a checkpoint, and having its time stamped by the authority of the year's config, if there is one (RFC 3161).

Belongs here: the one call that goes out for it.  Does not belong here: what an answer proves
(`kansho.evidence.timestamps`).  An authority that does not answer never stops the year: a checkpoint without a stamp
is still signed, and the event ``timestamp_missing`` tells which and why.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

import requests

from kansho.errors import KanshoError
from kansho.evidence.checkpoint import Checkpoint
from kansho.evidence.timestamps import MAX_ANSWER, read_timestamp, request_timestamp
from kansho.workspace import Workspace

#: Sends a request's bytes to a URL; the answer's bytes.
Post = Callable[[str, bytes], bytes]
_SECONDS = 10


def sign_checkpoint(ws: Workspace, post: Post | None = None) -> Checkpoint:
    """Sign the present size and root; keep the authority's answer beside it when there is one."""
    made = ws.ledger.checkpoint(ws.keyring.signer())
    rule = ws.config.timestamps
    if rule is None or ws.ledger.timestamp(made.size) is not None:
        return made
    nonce = secrets.randbits(64)
    stamped = made.text.encode()
    try:
        answer = (post or _post)(rule.url, request_timestamp(stamped, nonce))
        read_timestamp(answer, stamped, rule.certificate.encode(), nonce=nonce)
    except KanshoError as error:
        if not error.code.startswith("TIMESTAMP-"):
            raise
        _record_missing(ws, made, error.code)
        return made  # what cannot be checked is not kept
    ws.ledger.keep_timestamp(made.size, answer)
    return made


def _record_missing(ws: Workspace, made: Checkpoint, code: str) -> None:
    """That this checkpoint has no stamp, and why; the certification is the log's last event, nothing comes after it."""
    if not ws.ledger.events("campaign_certified"):
        ws.record("timestamp_missing", str(made.size), counts={"size": made.size}, codes={"code": code})


def _post(url: str, data: bytes) -> bytes:
    """One HTTP call; no redirect is followed, for only the registered place may be called (P14)."""
    kind = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with requests.post(
            url, data=data, headers=kind, timeout=_SECONDS, allow_redirects=False, stream=True
        ) as answer:
            if answer.status_code == requests.codes.ok:
                return bytes(answer.raw.read(MAX_ANSWER + 1, decode_content=True))
    except (requests.RequestException, OSError):
        pass
    raise KanshoError(
        "TIMESTAMP-UNREACHABLE", "時刻認証局が答えません", remedy="接続先を確かめてください。年度の作業は続けられます"
    )
