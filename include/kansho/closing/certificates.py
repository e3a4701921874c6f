"""Erasure certificates of every 丙 (P12): asked for, taken in, checked against each package it got, forwarded to 甲.

Belongs here: 丙's certificates.  Does not belong here: our own (`kansho.closing.certificate`).

    requested (letter) → received, complete → its machines are closed as a target by hand → forwarded to 甲
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kansho import exchange
from kansho.campaign.config import Party
from kansho.closing.manual import ask_parties, close_targets, take_slips
from kansho.closing.packing import is_readable_pdf
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.carried import FIELDS, PAPER, WORDS
from kansho.evidence.events import Event
from kansho.evidence.strict import read_json
from kansho.exchange.copies import record_erased, take_all_copies
from kansho.exchange.slips import Slip
from kansho.leaving import end_those_due
from kansho.vault.disk import write_whole
from kansho.workspace import Workspace

KIND = "erasure_certificate"


def take_certificates(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Ask every 丙 from the hand-over on, take in what has come; what is not there by its day missed its deadline.

    What people closed by hand is taken in with them.

    Raises:
        KanshoError: ``CLOSING-CERTIFICATE`` when one does not fit, ``CLOSING-CERTIFICATES-MISSING`` on the
            day of erasure: the campaign cannot close without every 丙's certificate.
    """
    end_those_due(ws)  # whose last day came after the last look of oversight
    take_all_copies(ws)
    if ws.today >= ws.config.closing.handover_on:
        for party in ws.config.subcontractors:
            _request(ws, party)
        ask_parties(ws)
        take_slips(ws)
    taken = 0
    for party in ws.config.subcontractors:
        for package in exchange.waiting(ws, party.id, KIND):
            _take_one(ws, party.id, package)
            taken += 1
        _forward(ws, party)
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


def _request(ws: Workspace, party: Party) -> None:
    """The letter that asks for the certificate and names each package it must answer for; sent once."""
    from kansho.closing.papers import certificate_request

    if ws.ledger.find("certificate_requested", party.id) is not None:
        return
    packages, due = handed(ws, party.id), ws.config.closing.certificates_due
    name = f"documents/certificate-request-{party.id}.pdf"
    pdf = certificate_request(ws.config, party, packages, ws.today, simulation=ws.is_simulation)
    path = ws.issue_document(name, pdf, title=f"消去証明書の提出依頼（{party.name}）", kind="certificate_request")
    write_whole(ws.layout.received(party.id) / path.name, path.read_bytes())
    codes = {"due": due.isoformat(), "document": name}
    ws.record("certificate_requested", party.id, counts={"packages": len(packages)}, codes=codes)


def _take_one(ws: Workspace, party: str, package: str) -> None:
    try:
        opened = exchange.take(ws, party, KIND, package)
        said = read_json(opened.files.get("certificate.json", b""), "certificate.json")
        pdf = opened.files.get("certificate.pdf", b"")
        slip = _check(ws, party, said, pdf)
    except KanshoError as error:
        exchange.refuse(ws, party, KIND, package, code=error.code)
        raise
    _record_late(ws, party)
    ws.record(
        "certificate_received",
        party,
        counts={"packages": len(said["packages"])},
        codes={"package": package, "late": "yes" if ws.today > ws.config.closing.certificates_due else "no"},
        refs={"sha256": sha256(opened.files["certificate.json"]), "sha256_pdf": sha256(pdf)},
    )
    words = opened.files["certificate.json"]
    ws.issue_document(
        WORDS.format(party), words, title="消去証明書の記載（再委託先）", kind="subcontractor_certificate"
    )
    name = _document(party)
    ws.issue_document(name, pdf, title="消去証明書（再委託先）", kind="subcontractor_certificate")
    close_targets(ws, slip, party, pdf, kept_as=name)
    who = {"place": slip.place, "by": slip.by, "witness": slip.witness}
    told = {"method": slip.method, "on": slip.on.isoformat(), **who}
    for of in handed(ws, party):
        record_erased(ws, party, f"{party}/{of}", told)  # what was erased before stays as it was told
    # Last: a package that was received is not taken again, so whatever follows from it must stand by then.
    exchange.accept(ws, party, KIND, package, counts={"packages": len(handed(ws, party))})


def _check(ws: Workspace, party: str, said: Any, pdf: bytes) -> Slip:
    """Complete and fitting: this campaign and party, each package it got and no other, who, when, where, how.

    What was handed over on a day cannot have been erased before it.
    """
    value = said if isinstance(said, dict) else {}
    if set(value) - FIELDS:  # it stays with the evidence, where nothing stands that nobody asked for
        raise _refusal("消去証明書に、決められた項目以外の記載があります", party)
    if not is_readable_pdf(pdf):  # the residue scan could never look into it
        raise _refusal("消去証明書のPDFを開けません（破損・暗号化、又は大きさの上限超過）", party)
    wrong = value.get("campaign") != ws.config.id or value.get("party") != party
    if wrong or value.get("packages") != handed(ws, party):
        raise _refusal("消去証明書が引き渡した荷と一致しません", party)
    named = {name: value.get(name) for name in ("method", "on", "place", "by", "witness")}
    try:
        slip = Slip.model_validate({**named, "targets": [f"party/{party}"]})
    except ValidationError as error:
        raise _refusal("消去証明書の記載が足りません", " ".join(str(e["loc"][0]) for e in error.errors())) from None
    own = {h.id for h in ws.config.handlers if h.party == party}
    places = {p.id for p in ws.config.places if p.party == party}
    looked_on = {h.id for h in ws.config.handlers} - {slip.by}
    if slip.on.isoformat() != value["on"]:  # as the log will say it, so that anybody can compare
        raise _refusal("消去日は YYYY-MM-DD で記載してください", party)
    since = max([ws.config.contract.start.isoformat(), *(e.campaign_date for e in _given(ws, party))])
    on_a_day = since <= slip.on.isoformat() <= ws.today.isoformat()
    if slip.by not in own or slip.witness not in looked_on or slip.place not in places or not on_a_day:
        raise _refusal("消去証明書の実施者・場所・日付が正しくありません", party)
    return slip


def _refusal(message: str, place: str) -> KanshoError:
    return KanshoError(
        "CLOSING-CERTIFICATE",
        message,
        place=place,
        remedy="引き渡した荷と記載事項を確かめ、再提出を依頼してください",
    )


def handed(ws: Workspace, party: str) -> list[str]:
    """What a 丙 was given: ``<kind>/<package>`` of each package, sorted."""
    return sorted(f"{e.codes['kind']}/{e.codes['package']}" for e in _given(ws, party))


def _given(ws: Workspace, party: str) -> list[Event]:
    return [e for e in ws.ledger.events("package_handed_over") if e.codes.get("party") == party]


def _document(party: str) -> str:
    return PAPER.format(party)


def _forward(ws: Workspace, party: Party) -> None:
    """甲 gets each certificate as it comes (P12: to 甲 and 乙)."""
    received = ws.ledger.find("certificate_received", party.id)
    if received is None or ws.ledger.find("certificate_forwarded", party.id) is not None:
        return
    path = ws.layout.outputs / _document(party.id)
    write_whole(ws.layout.received(ws.config.ward_party.id) / path.name, path.read_bytes())
    codes = {"to": ws.config.ward_party.id, "document": _document(party.id)}
    ws.record("certificate_forwarded", party.id, codes=codes, refs={"sha256": received.refs["sha256_pdf"]})


def _record_late(ws: Workspace, party: str) -> None:
    """The obligation of `kansho.oversight`, under the same key: whoever sees it first records it."""
    due = ws.config.closing.certificates_due
    if ws.today > due:
        ws.record("deadline_missed", f"certificate/{party}", codes={"due": due.isoformat(), "clause": "P12"})
