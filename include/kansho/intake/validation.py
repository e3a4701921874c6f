"""Stage functions of validation: raw snapshots through their gates into accepted facts and quarantine.

States of a raw delivery: raw → checked (pass | hold → decided by the gate's owner) → validated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.intake.row_rules import (
    attendance_rules,
    born_on_first_of_april,
    known_number_rules,
    stop_list_rules,
    target_list_rules,
)
from kansho.quality.gate import GateResult, run_gate
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: File kind → kind of the accepted snapshot; the target list first, the others refer to its numbers.
ACCEPTED = {
    "target_list": "roster",
    "analysis_items": "analysis",
    "stop_list": "stop_facts",
    "attendance_update": "attendance_facts",
}
SUMMARY_KIND = "quarantine"


def find_raw(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Accepted deliveries whose raw tables have not all become facts; None when there are none."""
    open_ones = [e.key for e in ws.ledger.events("delivery_accepted") if not _validated(ws, e)]
    return {"deliveries": open_ones} if open_ones else None


def check_raw(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Run every gate; the artefact of a hold is a table of rules and counts, without a person."""
    rows: list[dict[str, Any]] = []
    counts = {"rows": 0, "accepted": 0, "quarantined": 0}
    hold = False
    for delivery, kind in _tables(ws, work["deliveries"]):
        found = _gate(ws, delivery, kind)
        hold = hold or found.result == "hold"
        for name in counts:
            counts[name] += found.counts[name]
        rows += [{"delivery": delivery, "table": kind, "rule": rule, "rows": n} for rule, n in found.broken.items()]
    summary = pd.DataFrame(rows, columns=["delivery", "table", "rule", "rows"])
    key = f"summary-{'-'.join(work['deliveries'])}"
    artefact = ws.store_table(SUMMARY_KIND, key, summary)
    return {
        "deliveries": list(work["deliveries"]),
        "gate_result": "hold" if hold else "pass",
        "artefact": artefact.to_json(),
        "counts": counts,
    }


def accept_validated(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Write accepted rows as facts and the others to quarantine; delivered = accepted + quarantined.

    Raises:
        KanshoError: ``STOP-SHRUNK`` when a stop list lost more rows than the config allows.
    """
    totals = {"accepted": 0, "quarantined": 0}
    for delivery, kind in _tables(ws, work["deliveries"]):
        raw = _raw(ws, delivery, kind)
        frame = ws.read_table(raw)
        found = _gate(ws, delivery, kind)
        if kind == "stop_list":
            _require_not_shrunk(ws, delivery, int(found.accepted.sum()))
        rejected = frame[~found.accepted].assign(reason=found.reasons[~found.accepted])
        if len(rejected):
            ws.store_table("quarantine", f"{kind}-{delivery}", rejected, parents=[raw])
        counts = {"born_1_april": born_on_first_of_april(frame["birth_date"])} if kind == "target_list" else None
        ref = ws.store_table(ACCEPTED[kind], delivery, frame[found.accepted], parents=[raw], counts=counts)
        totals["accepted"] += ref.rows
        totals["quarantined"] += len(rejected)
        if kind == "stop_list":
            issued = _delivered(ws, delivery).codes["issued_on"]
            ws.record("stop_list_accepted", delivery, counts={"rows": ref.rows}, codes={"issued_on": issued})
    return {"deliveries": list(work["deliveries"]), "counts": totals}


def _gate(ws: Workspace, delivery: str, kind: str) -> GateResult:
    frame = ws.read_table(_raw(ws, delivery, kind))
    return run_gate(ws, kind, delivery, frame, contract(kind), extra=_extra(ws, frame, kind))


def _extra(ws: Workspace, frame: pd.DataFrame, kind: str) -> dict[str, pd.Series]:
    if kind == "target_list":
        return target_list_rules(frame, ws.config)
    if kind == "stop_list":
        return stop_list_rules(frame)
    if kind == "analysis_items":
        return known_number_rules(frame, _known(ws))
    return attendance_rules(frame, _known(ws), ws.config, ws.today)


def _known(ws: Workspace) -> set[str]:
    """Numbers of every target list ever accepted, quarantined rows included: the ward did deliver them.

    Accepted and quarantined rows together outlive the raw tables, which retention erases.
    """
    frames = [ws.read_table(r) for r in ws.snapshots("raw_target_list") + ws.snapshots("roster")]
    frames += [ws.read_table(r) for r in ws.snapshots("quarantine") if r.key.startswith("target_list-")]
    return {number for frame in frames for number in frame["inquiry_number"].dropna()}


def _tables(ws: Workspace, deliveries: list[str]) -> list[tuple[str, str]]:
    found = [(delivery, kind) for delivery in deliveries for kind in ACCEPTED if _has(ws, delivery, kind)]
    return sorted(found, key=lambda pair: (list(ACCEPTED).index(pair[1]), deliveries.index(pair[0])))


def _has(ws: Workspace, delivery: str, kind: str) -> bool:
    return kind in _delivered(ws, delivery).codes["kinds"].split("|")


def _delivered(ws: Workspace, delivery: str) -> Event:
    event = ws.ledger.find("delivery_accepted", delivery)
    if event is None:
        raise KanshoError(
            "VALIDATION-DELIVERY", "受領していない提供です", place=delivery, remedy="受領からやり直してください"
        )
    return event


def _raw(ws: Workspace, delivery: str, kind: str) -> SnapshotRef:
    return SnapshotRef.from_json(_delivered(ws, delivery).refs[kind])


def _validated(ws: Workspace, delivered: Event) -> bool:
    kinds = delivered.codes["kinds"].split("|")
    done = all(ws.ledger.find("snapshot_stored", f"{ACCEPTED[k]}/{delivered.key}") is not None for k in kinds)
    if "stop_list" in kinds:
        done = done and ws.ledger.find("stop_list_accepted", delivered.key) is not None
    return done


def _require_not_shrunk(ws: Workspace, delivery: str, rows: int) -> None:
    earlier = [e for e in ws.ledger.events("stop_list_accepted") if e.key != delivery]
    if not earlier:
        return
    last = earlier[-1].counts["rows"]
    if rows < last * ws.config.stop_list.min_share_of_last:
        raise KanshoError(
            "STOP-SHRUNK",
            f"勧奨停止一覧の件数が前回より大きく減っています（前回 {last}、今回 {rows}）",
            place=delivery,
            remedy="区に確認し、正しい一覧の再提供を依頼してください",
        )
