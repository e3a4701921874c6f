"""The pack for an inspection: what a party was given, holds and erased, its people, consent, incidents and findings.

Belongs here: what is in it on a day, from the ledger alone, and issuing it.  Does not belong here: how it looks
(`kansho.oversight.pack_paper`).  Nothing of a resident: counts, codes, digests, and staff by name.

    ward_inspection   甲 inspects 乙        ward_check   甲 checks a 丙        audit   乙 audits a 丙
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import PartyKind
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.registrations import newest
from kansho.oversight.finding_paper import INSPECTIONS as KINDS
from kansho.oversight.findings import findings
from kansho.oversight.handling import Handling, handling_on
from kansho.workspace import Workspace

_OF = {
    "ward_inspection": PartyKind.CONTRACTOR,
    "ward_check": PartyKind.SUBCONTRACTOR,
    "audit": PartyKind.SUBCONTRACTOR,
}


@dataclass(frozen=True)
class Pack:
    """One pack; ``handling`` is the party's state at the end of the day."""

    kind: str
    party: str
    on: str
    size: int
    handling: Handling
    consent: dict[str, str]
    attestations: tuple[dict[str, str], ...]
    incidents: tuple[dict[str, str], ...]
    findings: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain form; the bytes of `canonical` are what the digest is of."""
        handling = {k: v for k, v in self.handling.to_json().items() if k != "incidents"}
        return {
            "schema": 1,
            "kind": self.kind,
            "party": self.party,
            "on": self.on,
            "log_size": self.size,
            "handling": handling,
            "consent": self.consent,
            "attestations": list(self.attestations),
            "incidents": list(self.incidents),
            "findings": list(self.findings),
            "findings_open": sum(f["state"] == "open" for f in self.findings),
        }

    def canonical(self) -> bytes:
        """The JSON as it is issued."""
        return canonical_json(self.to_json())


def pack_of(log: Iterable[Event], config: CampaignConfig, kind: str, party: str, on: date) -> Pack:
    """The pack as it stands at the end of a day.

    Raises:
        KanshoError: ``PACK-KIND``, ``PACK-PARTY`` for a party that is not inspected so, and what `handling_on` refuses.
    """
    if kind not in KINDS:
        raise KanshoError("PACK-KIND", "調査の種類がありません", place="kind", remedy=" ".join(KINDS))
    inspected = [p.id for p in config.parties if p.kind is _OF[kind]]
    if party not in inspected:
        raise KanshoError("PACK-PARTY", "この調査の対象ではない会社です", place=party, remedy=" ".join(inspected))
    events = [e for e in log if e.campaign_date <= on.isoformat()]
    handling = handling_on(events, on, party)
    with_party = {e.key for e in events if e.type == "incident_opened" and e.codes.get("party") == party}
    of_all = _OF[kind] is PartyKind.CONTRACTOR
    return Pack(
        kind=kind,
        party=party,
        on=on.isoformat(),
        size=len(events),
        handling=handling,
        consent=_consent(events, party),
        attestations=tuple(_attestations(events, party)),
        incidents=tuple(i for i in handling.incidents if of_all or i["incident"] in with_party),
        findings=tuple(f.to_json() for f in findings(events, party)),
    )


def issue_pack(ws: Workspace, kind: str, party: str) -> tuple[Path, Path]:
    """Issue today's pack as JSON and PDF, each with its digest in the ledger; asked again on the same log, the same.

    Raises:
        KanshoError: as `pack_of`; ``PACK-ENDED`` when the campaign is certified and nothing more is recorded.
    """
    from kansho.oversight.pack_paper import pack_pdf

    ws.ledger.confirm()
    if ws.ledger.events("campaign_certified"):
        raise KanshoError(
            "PACK-ENDED", "業務は終了しており、記録を追加できません", place=party, remedy="--out で台帳に記録せずに作成"
        )
    known = ws.ledger.events()
    stem = f"documents/packs/{kind}-{party}-{ws.today.isoformat()}"
    # Its own documents are no news: a pack asked for again on the same log is the one that was issued.
    if known and known[-1].key.startswith(stem) and known[-1].key.endswith(".pdf"):
        name = known[-1].key.removesuffix(".pdf")
        return ws.layout.outputs / f"{name}.json", ws.layout.outputs / f"{name}.pdf"
    made = pack_of(known, ws.config, kind, party, ws.today)
    data = made.canonical()
    pdf = pack_pdf(made, ws.config, digest=sha256(data), simulation=ws.is_simulation)
    name = f"{stem}-{made.size}"
    title = f"{KINDS[kind]}の資料"
    return (
        ws.issue_document(f"{name}.json", data, title=title, kind="inspection_pack"),
        ws.issue_document(f"{name}.pdf", pdf, title=title, kind="inspection_pack"),
    )


def packs_due(ws: Workspace) -> list[tuple[str, str]]:
    """(kind, party) of the inspections that the year plans for today, or planned before, and that had no pack."""
    config, ready = ws.config, {e.key for e in ws.ledger.events("document_issued")}
    planned = [("ward_inspection", config.contractor.id, config.oversight.ward_inspection_on)]
    for party in config.subcontractors:
        planned += [("ward_check", party.id, party.ward_check_on)] if party.ward_check_on else []
        planned += [("audit", party.id, party.audit_on)] if party.audit_on else []
    return [
        (kind, party)
        for kind, party, on in planned
        if on <= ws.today and not any(name.startswith(f"documents/packs/{kind}-{party}-") for name in ready)
    ]


def _consent(events: list[Event], party: str) -> dict[str, str]:
    """Works, 甲's consent and the version of the clauses that the party is bound by (P7)."""
    found = newest((e for e in events if e.type == "party_registered"), party)
    if found is None:
        return {}
    said = {name: found.codes.get(name, "") for name in ("works", "consented_on", "clauses")}
    return {**said, "document": found.names.get("consent", ""), "contract": found.names.get("contract", "")}


def _attestations(events: list[Event], party: str) -> Iterable[dict[str, str]]:
    for event in events:
        of, _, month = event.key.partition("/")
        if event.type == "attestation_recorded" and of == party:
            yield {
                "month": month,
                "attested_on": event.codes.get("attested_on", ""),
                "attested_by": event.codes.get("attested_by", ""),
                "findings": event.codes.get("findings", ""),
            }
