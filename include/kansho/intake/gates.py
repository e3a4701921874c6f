"""The gates of the ward's tables: which rules need which other table, and what a gate decided.

Belongs here: preparing a raw table, its masks and doubts, and keeping what a gate found until it is acted upon.
Does not belong here: the rules (`row_rules`, `history_rules`, `kansho.quality`) or writing facts (`validation`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.intake.core import same_person
from kansho.intake.history_rules import (
    attendance_history_rules,
    checkup_rules,
    outreach_history_rules,
    screening_history_rules,
)
from kansho.intake.row_rules import attendance_rules, known_number_rules, stop_list_rules, target_list_rules
from kansho.intake.values import Normalised, normalise
from kansho.quality.cross_rules import same_table
from kansho.quality.gate import GateResult, run_gate
from kansho.quality.profiles import drift_of
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: File kind → kind of the accepted snapshot; the target list first, the others refer to its numbers.
ACCEPTED: dict[str, str] = {
    "target_list": "roster",
    "analysis_items": "analysis",
    "checkup_results": "checkup_facts",
    "past_attendance": "past_attendance_facts",
    "screening_history": "screening_facts",
    "past_outreach": "past_outreach_facts",
    "stop_list": "stop_facts",
    "attendance_update": "attendance_facts",
}
MARKS = "gate_marks"
#: Kinds that must differ from the delivery before: a correction repeats rows, a new extraction never all of them.
_NEVER_TWICE = frozenset({"target_list", "checkup_results", "past_attendance", "screening_history", "past_outreach"})


def check_table(ws: Workspace, delivery: str, kind: str) -> GateResult:
    """Run the gate of one delivered table and keep which rows break what (kind ``gate_marks``)."""
    frame = prepared(ws, delivery, kind).frame
    found = run_gate(
        ws,
        kind,
        delivery,
        frame,
        contract(kind),
        extra=_masks(ws, delivery, frame, kind),
        doubts=_doubts(ws, delivery, frame, kind),
    )
    at = found.reasons.ne("").to_numpy()
    if at.any():
        marks = pd.DataFrame({"row": [str(n) for n in at.nonzero()[0]], "reason": found.reasons[at].to_numpy()})
        ws.store_table(MARKS, f"{kind}-{delivery}", marks.astype(object), parents=[raw(ws, delivery, kind)])
    return found


def prepared(ws: Workspace, delivery: str, kind: str, columns: Sequence[str] | None = None) -> Normalised:
    """A raw table in the contract's form, whole or only some of its columns, and what was changed in them.

    The raw snapshot keeps what was delivered.
    """
    table = ws.read_table(raw(ws, delivery, kind), columns)
    return normalise(table.reset_index(drop=True), contract(kind), ws.config)


def reasons_of(ws: Workspace, delivery: str, kind: str, frame: pd.DataFrame) -> pd.Series:
    """Per row of a prepared table the rule it was found to break, '' for none.

    What was decided upon is what is acted upon: nothing is checked a second time.
    """
    reasons = np.full(len(frame), "", dtype=object)
    ref = ws.find(MARKS, f"{kind}-{delivery}")
    if ref is not None:
        marks = ws.read_table(ref)
        reasons[marks["row"].astype(int).to_numpy()] = marks["reason"].to_numpy(dtype=object)
    return pd.Series(reasons, index=frame.index, dtype=object)


def gate_event(ws: Workspace, delivery: str, kind: str) -> Event:
    """What the gate of one table said.

    Raises:
        KanshoError: ``GATE-UNCHECKED`` when it was never run (never a pass).
    """
    event = ws.ledger.find("gate_evaluated", f"{kind}/{delivery}")
    if event is None:
        raise KanshoError(
            "GATE-UNCHECKED", "検証していない表です", place=f"{kind}/{delivery}", remedy="検証からやり直し"
        )
    return event


def delivered(ws: Workspace, delivery: str) -> Event:
    """The acceptance of a delivery.

    Raises:
        KanshoError: ``VALIDATION-DELIVERY``.
    """
    event = ws.ledger.find("delivery_accepted", delivery)
    if event is None:
        raise KanshoError(
            "VALIDATION-DELIVERY", "受領していない提供です", place=delivery, remedy="受領からやり直してください"
        )
    return event


def raw(ws: Workspace, delivery: str, kind: str) -> SnapshotRef:
    """The raw snapshot of one delivered table."""
    return SnapshotRef.from_json(delivered(ws, delivery).refs[kind])


def tables_of(ws: Workspace, deliveries: list[str]) -> list[tuple[str, str]]:
    """(delivery, kind) of every table, target lists first, then as the deliveries came."""
    found = [
        (delivery, kind)
        for delivery in deliveries
        for kind in delivered(ws, delivery).codes["kinds"].split("|")
        if kind in ACCEPTED
    ]
    order = list(ACCEPTED)
    return sorted(found, key=lambda pair: (order.index(pair[1]), deliveries.index(pair[0])))


def sent_back(ws: Workspace) -> frozenset[str]:
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
        if artefact.get("kind") == "gate_summary" and decided.get(asked.key) == "reject":
            named |= set(str(artefact["key"]).split("."))
    return frozenset(named & held)


def stop_list_doubts(numbers: pd.Series, known: set[str], last: int | None, min_share: float) -> dict[str, int]:
    """What makes a stop list doubtful as a whole: it shrank, or names people the ward never listed (0: it does not).

    A person decides; rows with unknown numbers are kept, since a stop too many harms nobody (fails closed).

    Args:
        numbers: inquiry numbers of the list.
        known: numbers of every target list delivered.
        last: rows of the stop list before, None for the first.
        min_share: of those, how many must be left (`config.stop_list`).
    """
    doubts = {"STOP-UNKNOWN": int((~numbers.isin(known)).sum())}
    if last is not None:
        doubts["STOP-SHRUNK"] = last - len(numbers) if len(numbers) < last * min_share else 0
    return doubts


def _doubts(ws: Workspace, delivery: str, frame: pd.DataFrame, kind: str) -> dict[str, int]:
    """Table rules asked about this table; how it moved since the last whole one is asked of whole ones only."""
    only = delivered(ws, delivery).codes.get("changes_only", "").split("|")
    drift = {} if kind in only else drift_of(ws, delivery, frame, contract(kind))[1]
    return drift | _listed_doubts(ws, delivery, frame, kind)


def _listed_doubts(ws: Workspace, delivery: str, frame: pd.DataFrame, kind: str) -> dict[str, int]:
    if kind == "stop_list":
        last = _rows_before(ws, delivery)
        return stop_list_doubts(frame["inquiry_number"], _known(ws), last, ws.config.stop_list.min_share_of_last)
    if kind in _NEVER_TWICE:
        earlier = _table_before(ws, delivery, kind, len(frame))
        return {"identity.same_file": len(frame) if same_table(frame, earlier) else 0}
    return {}


def _masks(ws: Workspace, delivery: str, frame: pd.DataFrame, kind: str) -> dict[str, pd.Series]:
    if kind == "target_list":
        answers = delivered(ws, delivery).codes.get("answers", "")
        return {**target_list_rules(frame, ws.config), "identity.confusion": same_person(ws, delivery, frame, answers)}
    if kind == "stop_list":
        return stop_list_rules(frame)
    known = _known(ws)
    if kind == "analysis_items":
        return known_number_rules(frame, known)
    if kind == "past_outreach":
        return outreach_history_rules(frame, known, ws.config)
    if kind == "attendance_update":
        return attendance_rules(frame, known, ws.config, ws.today)
    people = _people(ws)
    if kind == "checkup_results":
        return checkup_rules(frame, people, known, ws.config, ws.today)
    if kind == "past_attendance":
        return attendance_history_rules(frame, people, known, ws.config)
    return screening_history_rules(frame, people, known, ws.config)


def _known(ws: Workspace) -> set[str]:
    """Numbers of every target list ever accepted, quarantined rows included: the ward did deliver them.

    Accepted and quarantined rows together outlive the raw tables, which retention erases.
    """
    number = ["inquiry_number"]
    frames = _lists_kept(ws, number)
    frames += [ws.read_table(r, number) for r in ws.snapshots("roster")]
    frames += [ws.read_table(r, number) for r in ws.snapshots("quarantine") if r.key.startswith("target_list-")]
    return {known for frame in frames for known in frame["inquiry_number"].dropna().unique().tolist()}


def _people(ws: Workspace) -> pd.DataFrame:
    """Sex, age and birth date of everybody listed: the core, and the list that came in the same delivery."""
    columns = ["inquiry_number", "sex", "age_at_year_end", "birth_date"]
    frames = _lists_kept(ws, columns)
    frames += [ws.read_table(ref, columns) for ref in ws.snapshots("roster")]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns, dtype=object)


def _lists_kept(ws: Workspace, columns: list[str]) -> list[pd.DataFrame]:
    """Columns of every target list whose raw table is kept, as the deliveries came."""
    return [
        prepared(ws, e.key, "target_list", columns).frame
        for e in ws.ledger.events("delivery_accepted")
        if "target_list" in e.codes["kinds"].split("|") and ws.find("raw_target_list", e.key) is not None
    ]


def _rows_before(ws: Workspace, delivery: str) -> int | None:
    """Rows of the stop list delivered before this one, without those sent back."""
    returned = sent_back(ws)
    last: int | None = None
    for event in ws.ledger.events("delivery_accepted"):
        if event.key == delivery:
            return last
        if event.key not in returned:
            last = event.counts.get("rows_stop_list", last)
    return last


def _table_before(ws: Workspace, delivery: str, kind: str, rows: int) -> pd.DataFrame | None:
    """The table of that kind delivered before this one, while it is kept and if it has so many rows."""
    last: str | None = None
    for event in ws.ledger.events("delivery_accepted"):
        if event.key == delivery:
            break
        if kind in event.codes["kinds"].split("|") and ws.find(f"raw_{kind}", event.key) is not None:
            last = event.key
    return prepared(ws, last, kind).frame if last and raw(ws, last, kind).rows == rows else None
