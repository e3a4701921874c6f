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
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.merkle import leaf_hash, root_of
from kansho.workspace import Workspace

KEY = "certificate"
PDF = "documents/erasure-certificate.pdf"


def certificate_of(ws: Workspace, log: Sequence[Event]) -> bytes:
    """Canonical JSON of the certificate over the given part of the log.

    Raises:
        KanshoError: ``CERTIFY-INCOMPLETE`` naming what is missing: nothing certifies what was not verified.
    """
    planned, scanned, purged = (_last(log, t) for t in ("erasure_planned", "residue_scanned", "traces_purged"))
    erased = [e for e in log if e.type == "holding_erased"]
    facts = ConfigFacts.from_json(ws.config.model_dump(mode="json"))
    by_kind: dict[str, dict[str, int]] = {}
    for event in log:
        if event.type == "snapshot_erased":
            holding = event.refs["holding"]
            entry = by_kind.setdefault(holding["kind"], {"count": 0, "rows": 0})
            entry["count"] += 1
            entry["rows"] += holding["rows"]
    value = {
        "schema": 1,
        "campaign": ws.config.id,
        "ward": ws.config.ward.name,
        "contract": {"number": ws.config.contract.number, "title": ws.config.contract.title},
        "contractor": ws.config.contractor.name,
        "places": [p.name for p in ws.config.places if p.party == ws.config.contractor.id],
        "simulation": log[0].codes.get("simulation", ""),
        "erased_on": erased[-1].campaign_date if erased else "",
        "evidence_retained_until": ws.config.contract.evidence_retained_until.isoformat(),
        "log_size": len(log),
        "log_root": root_of([leaf_hash(e.canonical()) for e in log]).hex(),
        "counts": counts(log, facts),
        "erasure": {
            "method": "crypto-erase; overwriting is not claimed",
            "plan": planned.refs["digest"],
            "planned": planned.counts["targets"],
            "erased": len(erased),
            "erased_earlier": sum(e.type == "snapshot_erased" and e.codes.get("reason") != "closing" for e in log),
            "by_kind": by_kind,
            "keys": [e.key for e in log if e.type == "keys_destroyed"],
            "media_returned": sum(e.type == "medium_returned" for e in log),
            "certificates": sorted(e.key for e in log if e.type == "certificate_received"),
            "trace_rows": purged.counts["rows"],
            "trace_files": purged.counts["files"],
            "approvals": _approvals(log, planned),
        },
        "scan": {name: scanned.counts[name] for name in ("files", "bytes", "needles", "hits")},
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
    last = ws.ledger.checkpoint(signer)
    bundle = make_bundle(
        campaign=ws.config.id,
        events=ws.ledger.events(),
        checkpoints=ws.ledger.checkpoints(),
        public_key=ws.keyring.public_key(),
        config_dump=ws.config.model_dump(mode="json"),
        certificate=certificate,
        signature=signature,
        earlier_configs=[c.model_dump(mode="json") for c in bound_configs(ws) if c.digest != ws.config.digest],
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


def _last(log: Sequence[Event], type: str) -> Event:
    found = [e for e in log if e.type == type]
    if not found:
        raise KanshoError(
            "CERTIFY-INCOMPLETE", "証明に必要な記録がありません", place=type, remedy="前の手順を完了してください"
        )
    return found[-1]


def _approvals(log: Sequence[Event], planned: Event) -> list[dict[str, str]]:
    digest = planned.refs["artefact"]["digest"]
    return [
        {"role": e.actor["role"], "user": e.actor["user"], "on": e.campaign_date}
        for e in log
        if e.type == "approval_decided" and e.codes.get("decision") == "approve" and e.refs.get("digest") == digest
    ]
