"""The ledger's checkpoints between us and the ward: given out, countersigned, taken in (P13).

Belongs here: where the files lie, what is believed of them, the events.  Does not belong here: the note itself
(`kansho.evidence.checkpoint`) or proofs (`kansho.evidence.proofs`).

    received(<ward>)/checkpoints/0000000042.txt     we give: the signed note, and the proof that it continues the one
    received(<ward>)/checkpoints/0000000042.json    that the ward signed last (`kansho ledger check-proof` reads it)
    outgoing(<ward>)/checkpoint-key.txt             the ward's own key, registered at the opening; without it, nothing
    outgoing(<ward>)/checkpoints/0000000042.txt     is expected back, else: the same note with the ward's line

States of one: given → countersigned, or refused with a code.  A file that is wrong is a recorded fact: it stays where
it lies and stops nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from kansho.errors import KanshoError
from kansho.evidence.checkpoint import (
    Checkpoint,
    cosigner_of,
    origin_of,
    read_checkpoint,
    read_cosigned,
    read_verifier_key,
)
from kansho.evidence.proofs import prove_consistency
from kansho.evidence.registrations import newest, next_key
from kansho.evidence.short import short
from kansho.vault.disk import write_whole
from kansho.workspace import Workspace

KEY_FILE = "checkpoint-key.txt"
FOLDER = "checkpoints"
_NAME = re.compile(r"\d{10}\.txt\Z")
_MAX_BYTES = 4096


def register_cosigner(ws: Workspace) -> None:
    """Register the key with which the ward countersigns: event ``cosigner_registered``, none while it gives no key.

    Raises:
        KanshoError: ``KEY-FORM`` when the file is not a verifier key of this log's countersigner.
    """
    ward = ws.config.ward_party.id
    given = ws.layout.outgoing(ward) / KEY_FILE
    if not given.is_file():
        return
    public = read_verifier_key(_read(given).encode(), cosigner_of(origin_of(ws.config.id)))
    codes = {"public": public.hex()}
    key = next_key(ws.ledger.events("cosigner_registered"), ward, codes, {})
    if key is not None:
        ws.record("cosigner_registered", key, codes=codes)


def ward_key(ws: Workspace) -> bytes | None:
    """The registered key; None when the ward countersigns nothing."""
    event = newest(ws.ledger.events("cosigner_registered"), ws.config.ward_party.id)
    return bytes.fromhex(event.codes["public"]) if event else None


def give(ws: Workspace, made: Checkpoint) -> None:
    """Lay a checkpoint into the ward's letter box, with the proof that it continues what the ward signed last."""
    folder = ws.layout.received(ws.config.ward_party.id) / FOLDER
    before = [e.counts["size"] for e in ws.ledger.events("checkpoint_countersigned") if e.counts["size"] <= made.size]
    if before:
        proof = prove_consistency(ws.config.id, ws.ledger.events(), max(before), made, ws.keyring.public_key())
        write_whole(folder / f"{made.size:010d}.json", json.dumps(proof, ensure_ascii=False, indent=1).encode())
    write_whole(folder / f"{made.size:010d}.txt", made.text.encode())


def take_countersigned(ws: Workspace) -> int:
    """Take in what the ward has countersigned; how many were new.

    Events ``checkpoint_countersigned`` (key: the size) or ``countersignature_refused`` with the code, once for each
    file's content.
    """
    public = ward_key(ws)
    folder = ws.layout.outgoing(ws.config.ward_party.id) / FOLDER
    if public is None or not folder.is_dir():
        return 0
    taken = 0
    for path in sorted(p for p in folder.iterdir() if _NAME.match(p.name)):
        size = int(path.stem)
        if ws.ledger.find("checkpoint_countersigned", str(size)) is not None:
            continue
        try:
            text = _read(path)
            read = _believed(ws, text, size, public)
        except KanshoError as error:
            digest = hashlib.sha256(path.read_bytes()[: _MAX_BYTES + 1]).hexdigest()
            ws.record("countersignature_refused", f"{size}/{short(digest)}", codes={"code": error.code})
            continue
        ws.ledger.keep_countersigned(size, text)
        codes = {"root": read.root.hex(), "by": ws.config.ward_party.id}
        refs = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
        ws.record("checkpoint_countersigned", str(size), counts={"size": size}, codes=codes, refs=refs)
        taken += 1
    return taken


def _believed(ws: Workspace, text: str, size: int, public: bytes) -> Checkpoint:
    """Both signatures hold, and what they sign is a checkpoint that we made."""
    ours = read_checkpoint(text, ws.keyring.public_key())
    read_cosigned(text, public)
    known = {int(t.split("\n")[1]): t for t in ws.ledger.checkpoints()}.get(size, "")
    if ours.size != size or not known or not text.startswith(known):
        raise KanshoError(
            "LEDGER-COUNTERSIGNED-OTHER",
            "当社が渡したチェックポイントではありません",
            place=str(size),
            remedy="区に渡したものと照合し、事故として扱ってください",
        )
    return ours


def _read(path: Path) -> str:
    data = path.read_bytes()[: _MAX_BYTES + 1]
    try:
        if len(data) <= _MAX_BYTES:
            return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise KanshoError("CHECKPOINT-FORM", "チェックポイントの形式が正しくありません", place=path.name)
