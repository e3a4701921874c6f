"""The erasure certificate: what was verified, derived from the log, signed; and the bundle around it.

Belongs here: its signature and files.  Does not belong here: its content, which the verifier derives again
(`kansho.evidence.whole`), erasing or scanning.
The certificate binds the log up to the destruction of the last key, so that making it again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from kansho.bound import bound_configs
from kansho.closing.certificate_paper import erasure_certificate
from kansho.closing.pdf_signature import pdf_signature_holds, sign_pdf
from kansho.errors import KanshoError
from kansho.evidence.bundle import make_bundle, sha256, sign_detached
from kansho.evidence.carried import PRINTED as PDF
from kansho.evidence.carried import carried
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.strict import read_json
from kansho.evidence.whole import whole_certificate
from kansho.exchange.timestamping import sign_checkpoint
from kansho.vault.disk import write_whole
from kansho.workspace import Workspace

KEY = "certificate"


def certificate_of(ws: Workspace, log: Sequence[Event]) -> bytes:
    """Canonical JSON of the certificate over the given part of the log.

    Raises:
        KanshoError: ``CERTIFY-INCOMPLETE`` naming what is missing: nothing certifies what was not verified.
    """
    return canonical_json(whole_certificate(log, ws.config.model_dump(mode="json")))


def issue_paper(ws: Workspace, certificate: bytes, last: Event) -> Path:
    """The certificate as a PDF signed by the campaign's key at the moment of ``last``, the last certified event.

    Raises:
        KanshoError: ``CERTIFY-SIGNATURE`` when the signature does not read back as this campaign's.
    """
    value = read_json(certificate, "certificate.json")
    name, title = PDF, "消去証明書"
    if value["state"] == "interim":
        size = value["log_size"]
        name, title = f"documents/erasure-certificate-{ws.config.id}-interim-{size}.pdf", "消去証明書（中間）"
    path = ws.layout.outputs / name
    issued = ws.ledger.find("document_issued", name)
    if issued is not None and path.is_file() and sha256(path.read_bytes()) == issued.refs["sha256"]:
        return path
    plain = erasure_certificate(ws.config, value, sha256(certificate), simulation=ws.is_simulation)
    signed = sign_pdf(
        plain,
        ws.keyring.signer(),
        name=f"{ws.config.id} {ws.config.contractor.name}",
        moment=datetime.fromisoformat(last.recorded_at),
        until=ws.config.contract.evidence_retained_until,
    )
    if not pdf_signature_holds(signed, ws.keyring.public_key()):
        raise KanshoError(
            "CERTIFY-SIGNATURE", "証明書の署名を確認できません", place=name, remedy="署名鍵を確認してください"
        )
    return ws.issue_document(name, signed, title=title, kind="erasure_certificate")


def state_of(certificate: bytes) -> str:
    """``final``, or ``interim`` while the deletion of a key is only scheduled."""
    return str(read_json(certificate, "certificate.json")["state"])


def write_interim(ws: Workspace, certificate: bytes, document: Path, size: int) -> dict[str, Any]:
    """Write the interim certificate and its signature, and a checkpoint; the campaign is not certified by it.

    Each file is named by the campaign and the length of the log: wards share the outputs, and a campaign may come by
    several interim states, each of which somebody may have been given.

    Args:
        ws: the campaign.
        certificate: canonical JSON.
        document: the signed PDF.
        size: how many events it speaks of.
    """
    signer, out = ws.keyring.signer(), ws.layout.outputs
    ws.record("interim_certified", f"interim-{size}", refs={"certificate": sha256(certificate)})
    last = sign_checkpoint(ws)
    path = out / f"certificate-{ws.config.id}-interim-{size}.json"
    checkpoint = out / f"checkpoint-{ws.config.id}-interim-{last.size}.txt"
    files = {path: certificate, path.with_suffix(".sig"): sign_detached(certificate, signer)}
    for to, data in {**files, checkpoint: last.text.encode()}.items():
        write_whole(to, data)
    write_whole(ws.layout.received(ws.config.ward_party.id) / "checkpoint.txt", last.text.encode())
    named = {"certificate": str(path), "checkpoint": str(checkpoint)}
    return {"state": "interim", **named, "document": str(document), "events": last.size}


def write_files(ws: Workspace, certificate: bytes) -> dict[str, Any]:
    """Certify in the log, sign the last checkpoint, and write certificate, checkpoint and bundle to outputs.

    Whether they verify is asked before (`kansho.closing.rehearsal`).

    Returns:
        Paths (as text) of what was written, and the number of events.
    """
    certify(ws, certificate)
    last = sign_checkpoint(ws)
    out = ws.layout.outputs
    files = {
        out / "certificate.json": certificate,
        out / "certificate.sig": sign_detached(certificate, ws.keyring.signer()),
        out / "checkpoint.txt": last.text.encode(),
        out / f"evidence-{ws.config.id}.zip": bundle_of(ws, certificate),
    }
    for path, data in files.items():
        write_whole(path, data)
    return {
        "state": "final",
        "certificate": str(out / "certificate.json"),
        "document": str(out / PDF),
        "bundle": str(out / f"evidence-{ws.config.id}.zip"),
        "checkpoint": str(out / "checkpoint.txt"),
        "events": last.size,
    }


def certify(ws: Workspace, certificate: bytes) -> None:
    """Record the certification, the log's last event.

    Raises:
        KanshoError: ``CERTIFY-CHANGED`` when another certificate was recorded.
    """
    event = ws.record("campaign_certified", KEY, refs={"certificate": sha256(certificate)})
    if event.refs["certificate"] != sha256(certificate):
        raise KanshoError("CERTIFY-CHANGED", "証明済みの内容と違います", place=KEY, remedy="台帳を確認してください")


def bundle_of(ws: Workspace, certificate: bytes, papers: Mapping[str, bytes] | None = None) -> bytes:
    """The evidence bundle over the log as it stands, a checkpoint of its size included once one is signed.

    ``papers`` are documents that are not issued yet, by name, whatever a run that was killed left in their places; all
    others are read as they were issued.

    Raises:
        KanshoError: ``BUNDLE-PAPER`` when one of them is not there, ``CERTIFY-PAPER`` when it was changed.
    """
    events = ws.ledger.events()
    return make_bundle(
        campaign=ws.config.id,
        events=events,
        checkpoints=ws.ledger.checkpoints(),
        public_key=ws.keyring.public_key(),
        config_dump=ws.config.model_dump(mode="json"),
        certificate=certificate,
        signature=sign_detached(certificate, ws.keyring.signer()),
        earlier_configs=[c.model_dump(mode="json") for c in bound_configs(ws) if c.digest != ws.config.digest],
        timestamps=ws.ledger.timestamps(),
        countersigned=ws.ledger.countersigned(),
        papers={**_papers(ws, events, frozenset(papers or ())), **(papers or {})},
    )


def _papers(ws: Workspace, events: Sequence[Event], without: frozenset[str]) -> dict[str, bytes]:
    """What a bundle carries of the documents that lie among the outputs, each as it was issued."""
    found = {}
    for name, digest in carried(events).items():
        path = ws.layout.outputs / name
        if name not in without and path.is_file():
            found[name] = path.read_bytes()
            if sha256(found[name]) != digest:
                raise KanshoError(
                    "CERTIFY-PAPER",
                    "発行した文書が、台帳の要約値と一致しません",
                    place=name,
                    remedy="誰がいつ変えたかを調べ、発行したときの控えに戻して、再実行してください",
                )
    return found


def give_checkpoint(ws: Workspace, checkpoint: Path) -> None:
    """The ward keeps the last checkpoint it received; with it a cut or rewritten log is found."""
    write_whole(ws.layout.received(ws.config.ward_party.id) / "checkpoint.txt", checkpoint.read_bytes())
