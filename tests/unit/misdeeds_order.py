"""Misdeeds about the order of the end and of the intake: properly signed, and each told exactly.  Not a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kansho.evidence.bundle import sha256
from tests.unit.attacks import Misdeed, all_of, changed, coded, counted, moved_before
from tests.unit.evidence_year import CONTRACTOR, MANAGER, OFFICER, Year

Q = "quarantine/target_list-d01"
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


CARDS = "printer/print_package/mailing_1"
CALLS = "call_centre/call_list/call_1-a1"
ATTESTED = "printer/2027-06"


def refused_while_erasing(year: Year) -> None:
    """Asked once more when the first holding was gone already, 甲 refuses; the rest is erased all the same."""
    refused_again(year)
    for type_ in ("approval_requested", "artefact_opened", "approval_decided"):
        key = "dag/run/erase_ward-2" + (f"/{MANAGER[1]}" if type_ == "artefact_opened" else "")
        moved_before(type_, key, "holding_erased", Q)(year)


def asked_again(artefact: str, by: tuple[str, str, str], before: str, decision: str) -> Misdeed:
    """Before a package leaves on an approval, another revision of what it holds is decided on."""

    def misdeed(year: Year) -> None:
        year.approve("dag/again", by, sha256(artefact.encode()), artefact)
        coded("approval_decided", "dag/again", decision=decision)(year)
        for type_, key in (
            ("approval_requested", "dag/again"),
            ("artefact_opened", f"dag/again/{by[1]}"),
            ("approval_decided", "dag/again"),
        ):
            moved_before(type_, key, "package_handed_over", before)(year)

    return misdeed


def proof_made_after(year: Year) -> None:
    """The design is revised once 甲 has approved it."""
    year.add("proof_made", "mailing_1-r3", refs={"proof": {"digest": "1" * 64}})
    moved_before("proof_made", "mailing_1-r3", "package_handed_over", CARDS)(year)


def without_a_stop_list(year: Year) -> None:
    """No stop list came before the cards were posted."""
    year.drop("gate_evaluated", "stop_list/d01")
    changed("delivery_accepted", "d01", counts={"rows_target_list": 100})(year)


MISDEEDS: dict[str, tuple[Misdeed, set[str]]] = {
    "the plan refused while it was carried out": (
        refused_while_erasing,
        {"STATE-PLAN-APPROVAL [approval_decided dag/run/erase_ward-2]"},
    ),
    "cards sent on an older word than the refusal": (
        asked_again("proof/mailing_1-r3", OFFICER, CARDS, "reject"),
        {f"STATE-RELEASE-UNAPPROVED [package_handed_over {CARDS}]"},
    ),
    "cards sent on the word for an older revision": (
        asked_again("proof/mailing_1-r3", OFFICER, CARDS, "approve"),
        {f"STATE-RELEASE-OTHER [package_handed_over {CARDS}]"},
    ),
    "a call list sent although its next revision was refused": (
        asked_again("call_list/call_1-a1r02", CONTRACTOR, CALLS, "reject"),
        {f"STATE-RELEASE-UNAPPROVED [package_handed_over {CALLS}]"},
    ),
    "the design revised after its approval": (proof_made_after, {f"STATE-RELEASE-OTHER [package_handed_over {CARDS}]"}),
    "a list's gate asked after the request": (
        moved_before("gate_evaluated", "call_release/call_1-a1", "approval_decided", "dag/run/call_list"),
        {f"STATE-RELEASE-UNGATED [package_handed_over {CALLS}]"},
    ),
    "posted and pulled before the cards left": (
        all_of(
            moved_before("print_reported", "mailing_1", "package_handed_over", CARDS),
            moved_before("pulls_listed", "mailing_1", "print_reported", "mailing_1"),
        ),
        {"WORK-UNSENT [print_reported mailing_1]", "WORK-UNSENT [pulls_listed mailing_1]"},
    ),
    "results of calls before the list was released": (
        moved_before("results_recorded", "c1", "gate_evaluated", "call_release/call_1-a1"),
        {"WORK-UNSENT [results_recorded c1]"},
    ),
    "one approval lets out a second package": (
        coded("package_handed_over", CARDS, package="mailing_1-again"),
        {
            f"STATE-RELEASE-OTHER [package_handed_over {CARDS}]",
            "PAPERS-WORDS [printer: packages]",
            "COUNT-GIVEN [printable = handed over [printer/print_package/mailing_1]]",
        },
    ),
    "cards posted without a stop list": (
        without_a_stop_list,
        {
            "WORK-PULLS [pulls_listed mailing_1]",
            "STATE-UNGATED [snapshot_stored stop_facts/d01]",
        },
    ),
    "trained on no day of the calendar": (
        coded("training_recorded", "h04", on="0"),
        {"OVERSIGHT-TRAINING [handler_registered h04]"},
    ),
    "an attestation of no item": (
        counted("attestation_recorded", ATTESTED, items=0),
        {f"OVERSIGHT-ATTESTATION-ITEMS [attestation_recorded {ATTESTED}]"},
    ),
    "an attestation that names more than it counts": (
        coded("attestation_recorded", ATTESTED, findings="doors_open"),
        {f"OVERSIGHT-ATTESTATION-ITEMS [attestation_recorded {ATTESTED}]"},
    ),
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
            "STATE-ERASED-ORDER [holding_erased quarantine/target_list-d01]",
            "STATE-PLAN-AGAIN [erasure_planned plan-1]",
            "STATE-PLAN-AGAIN [inventory_taken inventory]",
            "STATE-NOT-RETURNED [medium_registered d01]",
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
