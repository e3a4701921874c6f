"""Misdeeds about the order of the end and of the intake: properly signed, and each told exactly.  Not a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.unit.attacks import Misdeed, all_of, coded, moved_before
from tests.unit.evidence_year import MANAGER, Year

Q = "quarantine/d01"
PLANNED = "erasure_planned plan-1"


def planned(**changes: Any) -> Misdeed:
    """The plan's refs are others."""
    return lambda year: year.edit("erasure_planned", lambda e: replace(e, refs={**e.refs, **changes}))


def targets(change: Mapping[str, str | None]) -> Misdeed:
    """The plan names other targets, or other bytes of them."""

    def misdeed(year: Year) -> None:
        named = {**next(e for e in year.events if e.type == "erasure_planned").refs["targets"], **change}
        planned(targets={name: digest for name, digest in named.items() if digest is not None})(year)

    return misdeed


def refused_again(year: Year) -> None:
    """甲 approved the plan, was asked once more, and refused it; it was carried out all the same."""
    plan = next(e for e in year.events if e.type == "erasure_planned")
    year.approve("dag/run/erase_ward-2", MANAGER, plan.refs["artefact"]["digest"])
    coded("approval_decided", "dag/run/erase_ward-2", decision="reject")(year)
    for type_ in ("approval_requested", "artefact_opened", "approval_decided"):
        key = "dag/run/erase_ward-2" + (f"/{MANAGER[1]}" if type_ == "artefact_opened" else "")
        moved_before(type_, key, "snapshot_erased", Q)(year)


def holding_of(name: str, **change: Any) -> Misdeed:
    """What was erased is told as another holding than was stored."""

    def misdeed(year: Year) -> None:
        year.edit("snapshot_erased", lambda e: replace(e, refs={"holding": {**e.refs["holding"], **change}}), name)

    return misdeed


def counted_again(year: Year) -> None:
    """Once more between the plan and the first erasure."""
    event = next(e for e in year.events if e.type == "inventory_taken")
    year.add("inventory_taken", "inventory-2", counts=event.counts, codes=event.codes, refs={"digest": "f" * 64})
    moved_before("inventory_taken", "inventory-2", "snapshot_erased", Q)(year)


MISDEEDS: dict[str, tuple[Misdeed, set[str]]] = {
    "a gate that stopped told after its rows were used": (
        all_of(
            coded("gate_evaluated", "target_list/d01", result="stop"),
            moved_before("gate_evaluated", "target_list/d01", "plan_made", "plan-1"),
        ),
        {"STATE-UNGATED [snapshot_stored roster/d01]"},
    ),
    "a key destroyed before the receipt": (
        moved_before("keys_destroyed", "residents", "handover_receipted", "handover-1"),
        {
            "STATE-ERASED-UNPLANNED [keys_destroyed residents]",
            "STATE-ERASED-UNRECEIPTED [keys_destroyed residents]",
            "CUSTODY-USED-AFTER [snapshot_stored plan_document/erasure-1]",
        },
    ),
    "a plan that names other bytes": (
        targets({Q: "0" * 64}),
        {f"STATE-PLAN-TARGETS [{PLANNED}]"},
    ),
    "a plan that names what is gone": (
        targets({"raw_target_list/d01": "0" * 64}),
        {
            "CERTIFY-INCOMPLETE [raw_target_list/d01]",
            f"STATE-PLAN-TARGETS [{PLANNED}]",
            f"STATE-PLAN-UNFINISHED [{PLANNED}]",
        },
    ),
    "a plan made of another inventory": (planned(inventory_digest="0" * 64), {f"STATE-PLAN-INVENTORY [{PLANNED}]"}),
    "a plan that names no inventory": (planned(inventory_digest=None), {f"STATE-PLAN-INVENTORY [{PLANNED}]"}),
    "counted again after the plan": (
        counted_again,
        {f"STATE-PLAN-INVENTORY [{PLANNED}]"},
    ),
    "approved before it was planned": (
        all_of(
            moved_before("approval_requested", "dag/run/erase_contractor", "erasure_planned", "plan-1"),
            moved_before("artefact_opened", "dag/run/erase_contractor/watanuki", "erasure_planned", "plan-1"),
            moved_before("approval_decided", "dag/run/erase_contractor", "erasure_planned", "plan-1"),
        ),
        {"STATE-PLAN-APPROVAL [approval_decided dag/run/erase_contractor]"},
    ),
    "a plan that was refused later, and carried out": (
        refused_again,
        {"STATE-PLAN-APPROVAL [approval_decided dag/run/erase_ward-2]"},
    ),
    "erased as other bytes than were stored": (
        holding_of("roster/d01", digest="0" * 64),
        {"STATE-ERASED-HOLDING [snapshot_erased roster/d01]"},
    ),
    "erased as fewer rows than were stored": (
        holding_of("roster/d01", rows=1),
        {"STATE-ERASED-HOLDING [snapshot_erased roster/d01]"},
    ),
    "erased for a reason that nobody knows": (
        coded("snapshot_erased", "raw_target_list/d01", reason="tidying"),
        {"STATE-ERASED-REASON [snapshot_erased raw_target_list/d01]"},
    ),
    "people erased as a password is": (
        coded("snapshot_erased", "raw_target_list/d01", reason="one_time"),
        {"STATE-ERASED-REASON [snapshot_erased raw_target_list/d01]"},
    ),
    "erased long before its day": (
        moved_before("snapshot_erased", "raw_target_list/d01", "plan_made", "plan-1"),
        {"STATE-ERASED-REASON [snapshot_erased raw_target_list/d01]"},
    ),
}
