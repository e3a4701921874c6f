"""Stage functions of validation: raw snapshots through their gates into accepted facts and quarantine.

States of a raw delivery: raw → checked (pass | hold → decided by the gate's owner) → validated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.exchange.authority import authority_of
from kansho.intake.core import record_changes, same_person
from kansho.intake.exceptions import ease, open_for_rows
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
SUMMARY_KIND = "gate_summary"


def find_raw(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Accepted deliveries whose raw tables have not all become facts; None when there are none.

    What its gate held and the owner sent back is set aside: the ward delivers it again.
    """
    sent_back = rejected_deliveries(ws)
    events = ws.ledger.events("delivery_accepted")
    open_ones = [e.key for e in events if not _validated(ws, e) and e.key not in sent_back]
    return {"deliveries": open_ones} if open_ones else None


def check_raw(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Run every gate; the artefact of a hold is a table of rules and counts, without a person.

    ``gate_result`` is the worst of the gates: a ``stop`` fails the decision that follows.
    """
    rows: list[dict[str, Any]] = []
    counts = {"rows": 0, "accepted": 0, "quarantined": 0}
    results = set()
    for delivery, kind in _tables(ws, work["deliveries"]):
        found = _gate(ws, delivery, kind)
        results.add(found.result)
        for name in counts:
            counts[name] += found.counts[name]
        told = {"delivery": delivery, "table": kind, "result": found.result}
        rows += [{**told, "rule": rule, "rows": n} for rule, n in found.broken.items()]
    summary = pd.DataFrame(rows, columns=["delivery", "table", "result", "rule", "rows"])
    artefact = ws.store_table(SUMMARY_KIND, ".".join(work["deliveries"]), summary)
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
            held without the owner's decision.
    """
    totals = {"accepted": 0, "quarantined": 0}
    gates = [(delivery, kind, _gate(ws, delivery, kind)) for delivery, kind in _tables(ws, work["deliveries"])]
    _require_decision(ws, gates, SnapshotRef.from_json(work["artefact"]))
    for delivery, kind, found in gates:
        raw = _raw(ws, delivery, kind)
        frame = ws.read_table(raw)
        rejected = frame[~found.accepted].assign(reason=found.reasons[~found.accepted])
        if len(rejected):
            ws.store_table("quarantine", f"{kind}-{delivery}", rejected, parents=[raw])
        if kind == "target_list":
            changes = record_changes(ws, delivery, frame, found.accepted, raw, whole=_is_whole(ws, delivery, kind))
            totals |= {f"roster_{name}": totals.get(f"roster_{name}", 0) + n for name, n in changes.items()}
        counts = {"born_1_april": born_on_first_of_april(frame["birth_date"])} if kind == "target_list" else None
        ref = ws.store_table(ACCEPTED[kind], delivery, frame[found.accepted], parents=[raw], counts=counts)
        totals["accepted"] += ref.rows
        totals["quarantined"] += len(rejected)
        if kind == "stop_list":
            issued = _delivered(ws, delivery).codes["issued_on"]
            ws.record("stop_list_accepted", delivery, counts={"rows": ref.rows}, codes={"issued_on": issued})
        _settle_exceptions(ws, delivery, kind, found)
    return {"deliveries": list(work["deliveries"]), "counts": totals}


def rejected_deliveries(ws: Workspace) -> frozenset[str]:
    """Deliveries that a gate held or stopped, and whose summary the gate's owner sent back."""
    decided = {e.key: e.codes["decision"] for e in ws.ledger.events("approval_decided")}
    held = {
        e.key.partition("/")[2]
        for e in ws.ledger.events("gate_evaluated")
        if e.key.partition("/")[0] in ACCEPTED and e.codes["result"] != "pass"
    }
    named: set[str] = set()
    for asked in ws.ledger.events("approval_requested"):
        artefact = asked.refs.get("artefact", {})
        if artefact.get("kind") == SUMMARY_KIND and decided.get(asked.key) == "reject":
            named |= set(str(artefact["key"]).split("."))
    return frozenset(named & held)


def stop_list_doubts(numbers: pd.Series, known: set[str], last: int | None, min_share: float) -> dict[str, int]:
    """What makes a stop list doubtful as a whole: it shrank, or names people the ward never listed.

    A person decides; rows with unknown numbers are kept, since a stop too many harms nobody (fails closed).

    Args:
        numbers: inquiry numbers of the list.
        known: numbers of every target list delivered.
        last: rows of the stop list before, None for the first.
        min_share: of those, how many must be left (`config.stop_list`).
    """
    doubts: dict[str, int] = {}
    if last is not None and len(numbers) < last * min_share:
        doubts["STOP-SHRUNK"] = last - len(numbers)
    unknown = int((~numbers.isin(known)).sum())
    if unknown:
        doubts["STOP-UNKNOWN"] = unknown
    return doubts


def _settle_exceptions(ws: Workspace, delivery: str, kind: str, found: GateResult) -> None:
    """Exceptions that this table opens, and those of earlier deliveries that it puts right."""
    owner = owner_of(ws.config, kind)
    open_for_rows(ws, delivery, kind, found.reasons, owner)
    core = ws.read_all(ACCEPTED[kind])
    if core is not None:
        ease(ws, delivery, kind, set(core["inquiry_number"]))


def owner_of(config: CampaignConfig, kind: str) -> str:
    """Who decides about a file kind's exceptions: the owner of its gate, else the contractor's manager."""
    gate = config.gate(kind)
    return (gate.owner if gate else Role.CONTRACTOR_MANAGER).value


def _is_whole(ws: Workspace, delivery: str, kind: str) -> bool:
    return kind not in _delivered(ws, delivery).codes.get("changes_only", "").split("|")


def _require_decision(ws: Workspace, gates: list[tuple[str, str, GateResult]], summary: SnapshotRef) -> None:
    stopped = [f"{kind}/{delivery}" for delivery, kind, found in gates if found.result == "stop"]
    if stopped:
        raise KanshoError(
            "GATE-STOPPED",
            "受け入れられる行がありません",
            place=" ".join(stopped),
            remedy="区に再提供を依頼してください",
        )
    if any(found.result == "hold" for _, _, found in gates):
        authority_of(ws, summary)


def _gate(ws: Workspace, delivery: str, kind: str) -> GateResult:
    frame = ws.read_table(_raw(ws, delivery, kind))
    doubts: dict[str, int] = {}
    if kind == "stop_list":
        last = _rows_before(ws, delivery)
        doubts = stop_list_doubts(frame["inquiry_number"], _known(ws), last, ws.config.stop_list.min_share_of_last)
    return run_gate(ws, kind, delivery, frame, contract(kind), extra=_extra(ws, delivery, frame, kind), doubts=doubts)


def _rows_before(ws: Workspace, delivery: str) -> int | None:
    """Rows of the stop list delivered before this one, without those sent back."""
    sent_back = rejected_deliveries(ws)
    last: int | None = None
    for event in ws.ledger.events("delivery_accepted"):
        if event.key == delivery:
            return last
        if event.key not in sent_back:
            last = event.counts.get("rows_stop_list", last)
    return last


def _extra(ws: Workspace, delivery: str, frame: pd.DataFrame, kind: str) -> dict[str, pd.Series]:
    if kind == "target_list":
        answers = _delivered(ws, delivery).codes.get("answers", "")
        return {**target_list_rules(frame, ws.config), "identity.confusion": same_person(ws, delivery, frame, answers)}
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
