"""Stage functions of validation: raw snapshots through their gates into accepted facts and quarantine.

States of a raw delivery: raw → checked (pass | hold → decided by the gate's owner) → validated → the ward is asked
for what stayed behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho.campaign.ages import differs_by_rule
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.register import unasked
from kansho.exchange.authority import authority_of
from kansho.intake.core import record_changes
from kansho.intake.derive import SOURCES, analysis_items
from kansho.intake.exceptions import ease, open_for_rows
from kansho.intake.gates import (
    ACCEPTED,
    check_table,
    delivered,
    gate_event,
    prepared,
    raw,
    reasons_of,
    sent_back,
    stop_list_doubts,
    tables_of,
)
from kansho.intake.history_rules import of_other_report
from kansho.quality.drift import profile
from kansho.quality.listed_rules import DRIFT
from kansho.quality.profiles import store_profile
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

__all__ = ["ACCEPTED", "accept_validated", "check_raw", "find_raw", "owner_of", "stop_list_doubts"]

SUMMARY_KIND = "gate_summary"


def find_raw(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Accepted deliveries whose raw tables have not all become facts; None when there are none.

    What its gate held and the owner sent back is set aside: the ward delivers it again.
    """
    returned = sent_back(ws)
    events = ws.ledger.events("delivery_accepted")
    open_ones = [e.key for e in events if not _validated(ws, e) and e.key not in returned]
    return {"deliveries": open_ones} if open_ones else None


def check_raw(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Run every gate; the artefact of a hold is a table of rules and counts, without a person.

    ``gate_result`` is the worst of the gates: a ``stop`` fails the decision that follows.
    """
    rows: list[dict[str, Any]] = []
    counts = {"rows": 0, "accepted": 0, "quarantined": 0}
    results = set()
    for delivery, kind in tables_of(ws, work["deliveries"]):
        found = check_table(ws, delivery, kind)
        results.add(found.result)
        for name in counts:
            counts[name] += found.counts[name]
        told = {"delivery": delivery, "table": kind, "result": found.result}
        rows += [{**told, "rule": rule, "rows": n} for rule, n in found.broken.items()]
    summary = pd.DataFrame(rows, columns=["delivery", "table", "result", "rule", "rows"])
    looked_at = [raw(ws, delivery, kind) for delivery, kind in tables_of(ws, work["deliveries"])]
    artefact = ws.store_table(SUMMARY_KIND, ".".join(work["deliveries"]), summary, parents=looked_at)
    return {
        "deliveries": list(work["deliveries"]),
        "gate_result": next(r for r in ("stop", "hold", "pass") if r in results),
        "artefact": artefact.to_json(),
        "counts": counts,
    }


def accept_validated(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Write accepted rows as facts and the others to quarantine; delivered = accepted + quarantined.

    Raises:
        KanshoError: ``GATE-STOPPED`` behind a gate that stopped, ``EXCHANGE-AUTHORITY`` behind one that
            held without the owner's decision, ``GATE-UNCHECKED`` for a table without a gate.
    """
    totals = {"accepted": 0, "quarantined": 0}
    tables = tables_of(ws, work["deliveries"])
    _require_decision(ws, [gate_event(ws, delivery, kind) for delivery, kind in tables], work)
    for delivery, kind in tables:
        counts = _accept(ws, delivery, kind)
        totals = {name: totals.get(name, 0) + counts.get(name, 0) for name in {**totals, **counts}}
    for delivery in work["deliveries"]:
        _derive_analysis(ws, delivery)
    log = ws.ledger.events()
    still_open = sum(len(unasked(log, delivery)) for delivery in work["deliveries"])
    return {"deliveries": list(work["deliveries"]), "open": still_open, "counts": totals}


def owner_of(config: CampaignConfig, kind: str) -> str:
    """Who decides about a file kind's exceptions: the owner of its gate, else the contractor's manager."""
    gate = config.gate(kind)
    return (gate.owner if gate else Role.CONTRACTOR_MANAGER).value


def _accept(ws: Workspace, delivery: str, kind: str) -> dict[str, int]:
    source = raw(ws, delivery, kind)
    ready = prepared(ws, delivery, kind)
    frame = ready.frame
    reasons = reasons_of(ws, delivery, kind, frame)
    kept = reasons.eq("")
    counts: dict[str, int] = {}
    if not kept.all():
        rejected = _lawful_to_keep(kind, frame[~kept]).assign(reason=reasons[~kept])
        ws.store_table("quarantine", f"{kind}-{delivery}", rejected, parents=[source])
    told = dict(ready.counts)
    if kind == "target_list":
        changes = record_changes(ws, delivery, frame, kept, source, whole=_is_whole(ws, delivery, kind))
        counts = {f"roster_{name}": n for name, n in changes.items()}
        told |= {"born_1_april": int(differs_by_rule(frame["birth_date"], ws.config.fiscal_year_end).sum())}
    ref = ws.store_table(ACCEPTED[kind], delivery, frame[kept], parents=[source], counts=told)
    if kind == "stop_list":
        issued = delivered(ws, delivery).codes["issued_on"]
        ws.record("stop_list_accepted", delivery, counts={"rows": ref.rows}, codes={"issued_on": issued})
    if kind in DRIFT and _is_whole(ws, delivery, kind):
        store_profile(ws, delivery, profile(frame, contract(kind)), [ref])
    _settle_exceptions(ws, delivery, kind, reasons)
    return {"accepted": ref.rows, "quarantined": len(frame) - ref.rows, **counts}


def _lawful_to_keep(kind: str, rejected: pd.DataFrame) -> pd.DataFrame:
    """Rows for the quarantine; of one that may hold results of 人間ドック only what names the row (D4)."""
    if kind != "checkup_results":
        return rejected
    beside = [c for c in rejected.columns if c not in (*contract(kind).key, "report_kind")]
    out = rejected.copy()
    out.loc[of_other_report(rejected), beside] = None
    return out


def _derive_analysis(ws: Workspace, delivery: str) -> None:
    """Analysis items of a delivery that brings results and histories instead of them."""
    kinds = [k for k in delivered(ws, delivery).codes["kinds"].split("|") if k in SOURCES]
    refs = {k: ws.find(ACCEPTED[k], delivery) for k in kinds}
    found = {k: ref for k, ref in refs.items() if ref is not None}
    if found:
        items = analysis_items({k: ws.read_table(ref, _needed(k, ws.config)) for k, ref in found.items()}, ws.config)
        ws.store_table("analysis", delivery, items, parents=list(found.values()))


def _needed(kind: str, config: CampaignConfig) -> list[str]:
    """Columns that analysis items follow from, of those that the year's approved list lets in."""
    permitted = contract(kind).permitted(config.approved_analysis_items)
    return [name for name in SOURCES[kind] if name in permitted]


def _settle_exceptions(ws: Workspace, delivery: str, kind: str, reasons: pd.Series) -> None:
    """Exceptions that this table opens, and those of earlier deliveries that it puts right."""
    open_for_rows(ws, delivery, kind, reasons, owner_of(ws.config, kind))
    core = ws.read_all(ACCEPTED[kind], ["inquiry_number"])
    if core is not None:
        ease(ws, delivery, kind, set(core["inquiry_number"].unique().tolist()))


def _is_whole(ws: Workspace, delivery: str, kind: str) -> bool:
    return kind not in delivered(ws, delivery).codes.get("changes_only", "").split("|")


def _require_decision(ws: Workspace, gates: list[Event], work: Mapping[str, Any]) -> None:
    stopped = [e.key for e in gates if e.codes["result"] == "stop"]
    if stopped:
        raise KanshoError(
            "GATE-STOPPED",
            "受け入れられる行がありません",
            place=" ".join(stopped),
            remedy="区に再提供を依頼してください",
        )
    if any(e.codes["result"] == "hold" for e in gates):
        authority_of(ws, SnapshotRef.from_json(work["artefact"]))


def _validated(ws: Workspace, event: Event) -> bool:
    kinds = event.codes["kinds"].split("|")
    done = all(ws.ledger.find("snapshot_stored", f"{ACCEPTED[k]}/{event.key}") is not None for k in kinds)
    if any(k in SOURCES for k in kinds):
        done = done and ws.ledger.find("snapshot_stored", f"analysis/{event.key}") is not None
    if "stop_list" in kinds:
        done = done and ws.ledger.find("stop_list_accepted", event.key) is not None
    return done
