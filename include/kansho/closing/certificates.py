"""Erasure certificates of every 丙 (P12): taken in, checked against what was handed over, issued to the file.

Belongs here: 丙's certificates.  Does not belong here: our own (`kansho.closing.certificate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kansho import exchange
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.strict import read_json
from kansho.workspace import Workspace

KIND = "erasure_certificate"


def take_certificates(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in what has come; a certificate that comes after its day, or has not come by then, missed its deadline.

    Raises:
        KanshoError: ``CLOSING-CERTIFICATE`` when one does not fit, ``CLOSING-CERTIFICATES-MISSING`` on the
            day of erasure: the campaign cannot close without every 丙's certificate.
    """
    taken = 0
    for party in ws.config.subcontractors:
        for package in exchange.waiting(ws, party.id, KIND):
            _take_one(ws, party.id, package)
            taken += 1
    missing = missing_certificates(ws)
    for name in missing:
        _record_late(ws, name)
    if missing and ws.today >= ws.config.closing.erase_on:
        require_certificates(ws)
    if not taken and ws.today < ws.config.closing.certificates_due:
        return None
    return {"counts": {"taken": taken, "missing": len(missing)}, "missing": missing}


def missing_certificates(ws: Workspace) -> list[str]:
    """Ids of every 丙 whose certificate has not come, sorted."""
    received = {e.key for e in ws.ledger.events("certificate_received")}
    return sorted(p.id for p in ws.config.subcontractors if p.id not in received)


def require_certificates(ws: Workspace) -> None:
    """Every 丙 has certified.

    Raises:
        KanshoError: ``CLOSING-CERTIFICATES-MISSING``.
    """
    missing = missing_certificates(ws)
    if missing:
        raise KanshoError(
            "CLOSING-CERTIFICATES-MISSING",
            "再委託先の消去証明書が届いていません",
            place=" ".join(missing),
            remedy="再委託先に提出を督促してください。届くまで業務を終了できません (P12)",
        )


def _take_one(ws: Workspace, party: str, package: str) -> None:
    try:
        opened = exchange.take(ws, party, KIND, package)
        said = read_json(opened.files.get("certificate.json", b""), "certificate.json")
        pdf = opened.files.get("certificate.pdf", b"")
        _check(ws, party, said, pdf)
    except KanshoError as error:
        exchange.refuse(ws, party, KIND, package, code=error.code)
        raise
    _record_late(ws, party)
    ws.record(
        "certificate_received",
        party,
        counts={"packages": int(said["packages"])},
        codes={"package": package, "late": "yes" if ws.today > ws.config.closing.certificates_due else "no"},
        refs={"sha256": sha256(opened.files["certificate.json"]), "sha256_pdf": sha256(pdf)},
    )
    ws.issue_document(
        f"documents/certificate-{party}.pdf", pdf, title="消去証明書（再委託先）", kind="subcontractor_certificate"
    )
    # Last: a package that was received is not taken again, so whatever follows from it must stand by then.
    exchange.accept(ws, party, KIND, package, counts={"packages": _handed(ws, party)})


def _check(ws: Workspace, party: str, said: Any, pdf: bytes) -> None:
    value = said if isinstance(said, dict) else {}
    wrong = value.get("campaign") != ws.config.id or value.get("party") != party or not pdf.startswith(b"%PDF")
    if wrong or value.get("packages") != _handed(ws, party):
        raise KanshoError(
            "CLOSING-CERTIFICATE",
            "消去証明書が引き渡した荷と一致しません",
            place=party,
            remedy="引き渡した荷の数と証明書を確かめ、再提出を依頼してください",
        )


def _handed(ws: Workspace, party: str) -> int:
    return sum(e.codes.get("party") == party for e in ws.ledger.events("package_handed_over"))


def _record_late(ws: Workspace, party: str) -> None:
    """The obligation of `kansho.oversight`, under the same key: whoever sees it first records it."""
    due = ws.config.closing.certificates_due
    if ws.today > due:
        ws.record("deadline_missed", f"certificate/{party}", codes={"due": due.isoformat(), "clause": "P12"})
