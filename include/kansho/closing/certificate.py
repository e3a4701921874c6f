"""The erasure certificate: what was verified, derived from the log, signed; and the bundle around it.

Belongs here: its content (pure over events), signature and files.  Does not belong here: erasing or scanning.
The certificate binds the log up to the destruction of the last key, so that making it again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kansho.bound import bound_configs
from kansho.errors import KanshoError
from kansho.evidence.account import counts
from kansho.evidence.bundle import make_bundle, sha256, sign_detached
from kansho.evidence.certified import certified_facts
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.facts import ConfigFacts
from kansho.exchange.timestamping import sign_checkpoint
from kansho.workspace import Workspace

KEY = "certificate"
PDF = "documents/erasure-certificate.pdf"


def certificate_of(ws: Workspace, log: Sequence[Event]) -> bytes:
    """Canonical JSON of the certificate over the given part of the log.

    Raises:
        KanshoError: ``CERTIFY-INCOMPLETE`` naming what is missing: nothing certifies what was not verified.
    """
    value = {
        "schema": 1,
        "campaign": ws.config.id,
        "ward": ws.config.ward.name,
        "contract": {"number": ws.config.contract.number, "title": ws.config.contract.title},
        "contractor": ws.config.contractor.name,
        "places": [p.name for p in ws.config.places if p.party == ws.config.contractor.id],
        "evidence_retained_until": ws.config.contract.evidence_retained_until.isoformat(),
        "counts": counts(log, ConfigFacts.from_json(ws.config.model_dump(mode="json"))),
        "method": "crypto-erase; overwriting is not claimed",
        **certified_facts(log),
    }
    return canonical_json(value)


def write_files(ws: Workspace, certificate: bytes) -> dict[str, Any]:
    """Certify in the log, sign the last checkpoint, and write certificate, checkpoint and bundle to outputs.

    Returns:
        Paths (as text) of what was written, and the number of events.
    """
    signer = ws.keyring.signer()
    signature = sign_detached(certificate, signer)
    event = ws.record("campaign_certified", KEY, refs={"certificate": sha256(certificate)})
    if event.refs["certificate"] != sha256(certificate):
        raise KanshoError("CERTIFY-CHANGED", "証明済みの内容と違います", place=KEY, remedy="台帳を確認してください")
    last = sign_checkpoint(ws)
    bundle = make_bundle(
        campaign=ws.config.id,
        events=ws.ledger.events(),
        checkpoints=ws.ledger.checkpoints(),
        public_key=ws.keyring.public_key(),
        config_dump=ws.config.model_dump(mode="json"),
        certificate=certificate,
        signature=signature,
        earlier_configs=[c.model_dump(mode="json") for c in bound_configs(ws) if c.digest != ws.config.digest],
        timestamps=ws.ledger.timestamps(),
        countersigned=ws.ledger.countersigned(),
    )
    out = ws.layout.outputs
    files = {
        out / "certificate.json": certificate,
        out / "certificate.sig": signature,
        out / "checkpoint.txt": last.text.encode(),
        out / f"evidence-{ws.config.id}.zip": bundle,
    }
    for path, data in files.items():
        put(path, data)
    # The ward keeps the last checkpoint it received; with it a cut or rewritten log is found.
    put(ws.layout.received(ws.config.ward_party.id) / "checkpoint.txt", last.text.encode())
    return {
        "certificate": str(out / "certificate.json"),
        "document": str(out / PDF),
        "bundle": str(out / f"evidence-{ws.config.id}.zip"),
        "checkpoint": str(out / "checkpoint.txt"),
        "events": last.size,
    }


def put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
