"""What is mutated, and the tests that may see it.  A new module of a subject is one line here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """Modules under ``include/kansho``, the files of tests that judge them, and words of tests that are not asked."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()
    #: Tests that take more seconds on the processor under the tracer are not asked.
    slow: float = 2.5


_VERIFIER = (
    *("access_rules", "account", "bundle", "carried", "certified", "checkpoint", "clauses", "clock_rules"),
    *("closing_rules", "command", "conserved", "countersignatures", "covered", "custody_rules", "deadline_rules"),
    *("decision_rules", "erasure_log", "order_rules", "party_rules", "protection_rules"),
    *("copy_rules", "ended_rules", "events", "facts", "finish_rules", "hand_rules", "handover_account"),
    *(
        "handover_rules",
        "incident_rules",
        "incidents_shown",
        "log_lines",
        "lookalike",
        "merkle",
        "methods",
        "opening_rules",
        "openings",
    ),
    *("oversight_rules", "paper", "papers_rules", "past", "proofs"),
    *(
        "purges",
        "registrations",
        "release_rules",
        "rules",
        "scan_log",
        "scan_rules",
        "signed",
        "strict",
        "verdict",
        "verify",
        "whole",
    ),
    "work_rules",
)
#: What decides what is erased, what is searched for what is left, and what is certified.
_ERASURE = (
    *("airflow_rows", "attended", "certificate", "certificates", "database_rows", "discovery", "erasure", "finalise"),
    *("handover", "index", "inventory", "key_copies", "key_ends", "last_plan", "lawful", "manual"),
    *("airflow_accounts", "embedded", "inner", "metadata", "needles", "neighbours", "outputs", "packing", "pdf_parts"),
    *("predictors", "purging", "put_aside"),
    *("rehearsal", "residue", "searching", "stopped", "trace_logs", "traces", "views", "written_once"),
)
#: What removes objects and keys for good, and tells what is left of them: stores and keepers.
_VAULT = (
    *("classes", "disk", "keepers", "keys", "kms", "rotation", "s3", "s3_calls", "s3_erasing", "s3_parts"),
    *("s3_reading", "storage", "store", "vault"),
)
SUBJECTS: dict[str, Subject] = {
    "verifier": Subject(
        modules=tuple(f"evidence/{name}.py" for name in _VERIFIER),
        tests=(
            *("tests/unit/test_log_lines.py", "tests/unit/test_checkpoint.py", "tests/unit/test_account.py"),
            *("tests/unit/test_access.py", "tests/unit/test_paper.py", "tests/unit/test_proofs.py"),
            *("tests/unit/test_merkle.py", "tests/unit/test_attacks.py", "tests/unit/test_verify.py"),
            *("tests/unit/test_verdict.py", "tests/unit/test_certified.py", "tests/unit/test_verifier_edges.py"),
            *("tests/unit/test_countersigned.py", "tests/unit/test_ledger.py", "tests/unit/test_clauses_data.py"),
            *("tests/unit/test_custody_and_copies.py", "tests/unit/test_certificate_says.py"),
            *(
                "tests/unit/test_verifier_table.py",
                "tests/unit/test_rule_corners.py",
                "tests/unit/test_rule_edges.py",
                "tests/unit/test_verifier_tables.py",
                "tests/unit/test_finish_rules.py",
                "tests/unit/test_hand_rules.py",
                "tests/unit/test_scan_rules.py",
            ),
        ),
        # in a process of their own, which reads the files as they are; about the source; or 150 bundles long
        without=("test_the_file_runs_alone", "needs_neither", "every_code", "test_no_event_however_odd"),
    ),
    "erasure": Subject(
        modules=tuple(f"closing/{name}.py" for name in _ERASURE),
        tests=(
            *("tests/unit/test_residue.py", "tests/unit/test_residue_index.py", "tests/unit/test_closing_manual.py"),
            *(
                "tests/unit/test_predictors.py",
                "tests/unit/test_residue_views.py",
                "tests/unit/test_closing_last_look.py",
                "tests/unit/test_closing_edges.py",
            ),
            *("tests/unit/test_closing_inventory.py", "tests/unit/test_closing_stage.py"),
            *("tests/unit/test_closing_interim.py", "tests/unit/test_closing_finalise.py"),
            *("tests/unit/test_closing_traces.py", "tests/unit/test_closing_last_plan.py"),
        ),
        slow=4.0,
    ),
    "vault": Subject(
        modules=tuple(f"vault/{name}.py" for name in _VAULT),
        tests=(
            *("tests/unit/test_store_behaviour.py", "tests/unit/test_s3_faults.py", "tests/unit/test_keys.py"),
            *("tests/unit/test_storage.py", "tests/unit/test_envelope.py"),
            *("tests/unit/test_vault_edges.py", "tests/unit/test_key_edges.py"),
        ),
    ),
}
