"""Which class of data each kind of working file holds: data, for the keys and for who may read.

Belongs here: the closed list of classes and the class of every kind.  Does not belong here: who may read a class
(`kansho.evidence.access_rules`), how its key is kept (`kansho.vault.keys`).
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
            "raw_attendance_update",
            "analysis",
            "checkup_facts",
            "past_attendance_facts",
            "screening_facts",
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
            "inbound_records",
            "visit_list",
            "visit_half_a",
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
            "incident_report",
            "plan_document",
            "proof",
        }
    ),
    "secrets": frozenset({"one_time_secret", "randomisation_seed"}),
    "needles": frozenset({"residue_needles"}),
}
_OF_KIND: dict[str, DataClass] = {kind: name for name, kinds in CLASSES.items() for kind in kinds}


def class_of(kind: str) -> DataClass:
    """The class of a kind; one that nobody has classed counts as ``residents``."""
    return _OF_KIND.get(kind, "residents")
