"""Rules about papers that others signed: each is recorded with its digest, says a day that had come, and something.

Belongs here: pure rules over records of attestations, inspections and audits (P6, P15), called by
`kansho.evidence.rules`.  Does not belong here: whether their day was in time (`kansho.evidence.deadline_rules`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kansho.evidence.deadline_rules import said_day
from kansho.evidence.findings import Finding
from kansho.evidence.past import Past, at
from kansho.evidence.short import is_digest

#: Record → the findings of one without a digest, and of one of a day that it cannot have.
_CODES: Mapping[str, tuple[str, str]] = {
    "attestation_recorded": ("OVERSIGHT-ATTESTATION-PAPER", "OVERSIGHT-ATTESTATION-DAY"),
    "inspection_recorded": ("OVERSIGHT-INSPECTION-PAPER", "OVERSIGHT-INSPECTION-DAY"),
    "audit_recorded": ("OVERSIGHT-INSPECTION-PAPER", "OVERSIGHT-INSPECTION-DAY"),
}
_CORRECTION = "correction/"


def papers_findings(log: Past) -> Iterator[Finding]:
    """Records without their paper's digest, of a day before the contract or to come; attestations of nothing."""
    for type_, (unshown, impossible) in _CODES.items():
        for event in log.of(type_):
            if event.key.startswith(_CORRECTION):
                continue  # OVERSIGHT-CORRECTION-FORM
            if not is_digest(event.refs.get("sha256")):
                yield Finding(unshown, at(event), "recorded without the digest of the paper that says so")
            if not log.facts_at(event).contract_start <= said_day(event) <= event.campaign_date:
                yield Finding(impossible, at(event), "of a day before the contract, or after it was recorded")
    for attested in log.of("attestation_recorded"):
        named = [code for code in attested.codes.get("findings", "").split("|") if code not in ("", "none")]
        items, found = attested.counts.get("items", 0), attested.counts.get("findings", -1)
        if items < 1 or found != len(named) or found > items:
            text = "attests nothing, or names other findings than it counts (P15)"
            yield Finding("OVERSIGHT-ATTESTATION-ITEMS", at(attested), text)
