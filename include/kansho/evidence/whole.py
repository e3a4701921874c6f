"""The whole erasure certificate, derived from bound configuration and log: made once, and made again to compare.

Belongs here: putting its parts together, and telling a certificate that says anything else.  Does not belong here: the
parts (`kansho.evidence.certified`, `kansho.evidence.methods`, `kansho.evidence.account`), its signature and its digest
in the log (`kansho.evidence.verify`), or its files (`kansho.closing.certificate`).

A certificate has no field that somebody could fill in: what it adds to config and log would be a claim of ours alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence import bundle as names
from kansho.evidence.account import counts
from kansho.evidence.certified import certified_facts
from kansho.evidence.events import Event
from kansho.evidence.facts import CONTRACTOR, ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.methods import how_it_was_done
from kansho.evidence.scan_rules import scan_findings

SCHEMA = 2
#: Fields whose difference has a code of its own.
_CODES = {"log_root": "CERTIFICATE-ROOT", "log_size": "CERTIFICATE-ROOT", "counts": "CERTIFICATE-COUNTS"}


def whole_certificate(
    log: Sequence[Event], config: Mapping[str, Any], leaves: Sequence[bytes] | None = None
) -> dict[str, Any]:
    """Every field of the certificate over the certified part of a log.

    Args:
        log: that part (`kansho.evidence.certified.certified_part`).
        config: the bound configuration as JSON.
        leaves: the log's, where they are known already.

    Raises:
        KanshoError: ``CERTIFY-INCOMPLETE`` naming what is missing, open or not verified, or a scan that left something
            out; ``CONFIG-FORM`` when the configuration has another shape.
    """
    facts, said = ConfigFacts.from_json(config), certified_facts(log, leaves)
    left_out = scan_findings(log, facts)
    if left_out:
        raise KanshoError(
            "CERTIFY-INCOMPLETE",
            f"残存検査が及んでいない場所・値があります（{len(left_out)}件）",
            place="residue_scanned",
            remedy="残存検査の記録を確認してください",
        )
    return {
        **_contract(config, facts),
        "counts": counts(log, facts),
        **how_it_was_done(config, said["erasure"]),
        **said,
    }


def differences(data: bytes, said: Any, expected: Mapping[str, Any]) -> Iterator[Finding]:
    """What a certificate says otherwise than config and log, leaves out, or adds.

    Args:
        data: its bytes.
        said: the same, read.
        expected: `whole_certificate`.
    """
    value = said if isinstance(said, dict) else {}
    found = False
    for name, right in expected.items():
        if name not in value or _written(value[name]) != _written(right):
            found = True
            text = "not what config and log say" if name in value else "the certificate lacks this"
            yield Finding(_CODES.get(name, "CERTIFICATE-FACTS"), f"{names.CERTIFICATE} {name}", text)
    for name in sorted(set(value) - set(expected)):
        found = True
        told = name if name.isascii() and name.isidentifier() and len(name) < 40 else "name"
        text = "a claim that neither config nor log bears out"
        yield Finding("CERTIFICATE-EXTRA", f"{names.CERTIFICATE} {told}", text)
    if not found and data != _canonical(expected):
        yield Finding("CERTIFICATE-FORM", names.CERTIFICATE, "not the canonical form")


def _canonical(value: Any) -> bytes:
    """As `kansho.evidence.events.canonical_json` writes it; never an error, whatever a forged config holds."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _written(value: Any) -> str:
    """A value as JSON, in which a truth value is no number; never an error, whatever somebody wrote."""
    return json.dumps(value, sort_keys=True)


def _contract(config: Mapping[str, Any], facts: ConfigFacts) -> dict[str, Any]:
    """What the certificate says of contract and parties."""
    try:
        contractor = next(p for p in config["parties"] if p["kind"] == CONTRACTOR)
        contract = config["contract"]
        return {
            "schema": SCHEMA,
            "campaign": facts.campaign,
            "ward": config["ward"]["name"],
            "contract": {"number": contract["number"], "title": contract["title"]},
            "contractor": contractor["name"],
            "contact": contractor.get("contact", ""),
            "places": [p["name"] for p in config["places"] if p["party"] == contractor["id"]],
            "evidence_retained_until": contract["evidence_retained_until"],
        }
    except (KeyError, TypeError, AttributeError, StopIteration):
        raise KanshoError("CONFIG-FORM", "設定の形が違います", place="config.json") from None
