"""What the erasure certificate says of the log, computed from the log: when certifying, and again when checking.

Belongs here: the parts of the certificate that follow from events alone.  Does not belong here: names of the contract
and the parties (`kansho.closing.certificate`), or the bundle's files (`verify`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.merkle import leaf_hash, root_of


def certified_facts(log: Sequence[Event], leaves: Sequence[bytes] | None = None) -> dict[str, Any]:
    """Fields ``simulation``, ``erased_on``, ``log_size``, ``log_root``, ``erasure`` and ``scan`` of the certified log.

    ``leaves`` are the log's, where they are known already.

    Raises:
        KanshoError: ``CERTIFY-INCOMPLETE`` naming what is missing: nothing certifies what was not verified.
    """
    planned, scanned, purged = (_last(log, t) for t in ("erasure_planned", "residue_scanned", "traces_purged"))
    erased = [e for e in log if e.type == "holding_erased"]
    gone = [e for e in log if e.type == "snapshot_erased"]
    return {
        "simulation": log[0].codes.get("simulation", ""),
        "erased_on": erased[-1].campaign_date if erased else "",
        "log_size": len(log),
        "log_root": root_of(leaves or [leaf_hash(e.canonical()) for e in log]).hex(),
        "erasure": {
            "plan": planned.refs.get("digest", ""),
            "planned": planned.counts.get("targets", 0),
            "erased": len(erased),
            "erased_earlier": sum(e.codes.get("reason") != "closing" for e in gone),
            "by_kind": _by_kind(gone),
            "keys": [e.key for e in log if e.type == "keys_destroyed"],
            "media_returned": sum(e.type == "medium_returned" for e in log),
            "certificates": sorted(e.key for e in log if e.type == "certificate_received"),
            "trace_rows": purged.counts.get("rows", 0),
            "trace_files": purged.counts.get("files", 0),
            "approvals": _approvals(log, planned),
        },
        "scan": {name: scanned.counts.get(name, 0) for name in ("files", "bytes", "needles", "hits")},
    }


def certified_part(events: Sequence[Event]) -> list[Event]:
    """The part of a log that its certificate speaks of: up to the last destroyed key."""
    ends = [e.sequence for e in events if e.type == "keys_destroyed"]
    return [e for e in events if ends and e.sequence <= ends[-1]]


def _by_kind(gone: Sequence[Event]) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for event in gone:
        holding = event.refs.get("holding")
        if isinstance(holding, dict):
            entry = out.setdefault(str(holding.get("kind")), {"count": 0, "rows": 0})
            entry["count"] += 1
            entry["rows"] += int(holding.get("rows", 0))
    return out


def _approvals(log: Sequence[Event], planned: Event) -> list[dict[str, str]]:
    artefact = planned.refs.get("artefact")
    digest = artefact.get("digest") if isinstance(artefact, dict) else None
    return [
        {"role": e.actor["role"], "user": e.actor["user"], "on": e.campaign_date}
        for e in log
        if e.type == "approval_decided" and e.codes.get("decision") == "approve" and e.refs.get("digest") == digest
    ]


def _last(log: Sequence[Event], type: str) -> Event:
    found = [e for e in log if e.type == type]
    if not found:
        raise KanshoError(
            "CERTIFY-INCOMPLETE", "証明に必要な記録がありません", place=type, remedy="前の手順を完了してください"
        )
    return found[-1]
