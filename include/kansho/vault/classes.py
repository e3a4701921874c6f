"""Which class of data each kind of working file holds: data, for the keys and for who may read.

Belongs here: the closed list of classes and the class of every kind.  Does not belong here: who may read a class
(`kansho.evidence.access_rules`), how its key is kept (`kansho.vault.keys`).  Standard library only: the verifier that
an auditor takes away reads it.

A class is also the name of the key that seals its objects.  So a kind keeps its class while a campaign that holds
objects of it is open; a new kind gets one before its first object.
"""

from __future__ import annotations

from typing import Literal

DataClass = Literal["residents", "health", "contacts", "papers", "secrets", "needles"]

#: ``residents``: who somebody is; ``health``: examinations and what is derived from them; ``contacts``: who was
#: written to, called, visited, and what came of it; ``papers``: what people are shown and decide about;
#: ``secrets``: passwords and the seed of the draws; ``needles``: what the residue scan looks for.
CLASSES: dict[DataClass, frozenset[str]] = {
    "residents": frozenset(
        {
            "sealed_delivery",
            "raw_target_list",
            "raw_stop_list",
            "quarantine",
            "gate_marks",
            "roster",
            "roster_changes",
            "stop_facts",
            "handover",
        }
    ),
    "health": frozenset(
        {
            "raw_analysis_items",
            "raw_checkup_results",
            "raw_past_attendance",
            "raw_screening_history",
            "raw_past_outreach",
            "raw_attendance_update",
            "analysis",
            "checkup_facts",
            "past_attendance_facts",
            "screening_facts",
            "past_outreach_facts",
            "attendance_facts",
            "plan",
            "propensity",
        }
    ),
    "contacts": frozenset(
        {
            "wave_assignment",
            "card_list",
            "print_pdf",
            "print_package",
            "pull_list",
            "postings",
            "mail_returns",
            "call_list",
            "call_results",
            "call_withdrawal",
            "inbound_records",
            "visit_list",
            "visit_half_a",
            "visit_halves",
            "visit_half_b",
            "visit_sheets",
            "visit_results",
            "note_review",
        }
    ),
    "papers": frozenset(
        {
            "artwork",
            "comment",
            "effect_table",
            "gate_profile",
            "gate_summary",
            "incident_item",
            "incident_report",
            "plan_document",
            "proof",
        }
    ),
    "secrets": frozenset({"one_time_secret", "randomisation_seed"}),
    "needles": frozenset({"residue_needles"}),
}
#: Kinds that may be made of nothing else in the vault, with what they are made of instead.  Every other holding names
#: its parents (`kansho.evidence.custody_rules`).
ORIGINALS: dict[str, str] = {
    "sealed_delivery": "what the ward delivered",
    "one_time_secret": "what the ward told and a person typed",
    "randomisation_seed": "chance",
    "artwork": "the design's files; it names nobody",
    "incident_item": "what a person wrote",
    "incident_report": "the ledger, and what people filled in, once they did",
    "plan_document": "the configuration and counts of the ledger (report of handlers, amendment, erasure plan)",
}
#: Classes whose keys are destroyed with the vault; that of the needles outlives them by the residue scan.
VAULT_CLASSES: tuple[DataClass, ...] = tuple(name for name in CLASSES if name != "needles")
#: Every key whose destruction is part of erasure, in its order; the signing key stays with the evidence.
PERSONAL_KEYS: tuple[str, ...] = (*VAULT_CLASSES, "hmac", "exchange", "needles")
_OF_KIND: dict[str, DataClass] = {kind: name for name, kinds in CLASSES.items() for kind in kinds}


def class_of(kind: str) -> DataClass:
    """The class of a kind; one that nobody has classed counts as ``residents``."""
    return _OF_KIND.get(kind, "residents")
