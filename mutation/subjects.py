"""What is mutated, and the tests that may see it.  A new module of a subject is one line here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """Modules under ``include/kansho`` and test files (or single tests) that judge them, the quick ones first."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()


_VERIFIER = (
    *("access_rules", "account", "certified", "checkpoint", "clock_rules", "closing_rules", "countersignatures"),
    *("covered", "custody_rules", "deadline_rules", "decision_rules", "erasure_log", "facts", "log_lines"),
    *("lookalike", "merkle", "methods", "opening_rules", "openings", "oversight_rules", "paper", "past", "proofs"),
    *("registrations", "rules", "scan_log", "signed", "strict", "verdict", "verify", "work_rules"),
)
SUBJECTS: dict[str, Subject] = {
    "verifier": Subject(
        modules=tuple(f"evidence/{name}.py" for name in _VERIFIER),
        tests=(
            *("tests/unit/test_log_lines.py", "tests/unit/test_checkpoint.py", "tests/unit/test_account.py"),
            *("tests/unit/test_access.py", "tests/unit/test_paper.py", "tests/unit/test_proofs.py"),
            *("tests/unit/test_merkle.py", "tests/unit/test_attacks.py", "tests/unit/test_verify.py"),
            *("tests/unit/test_verdict.py", "tests/unit/test_certified.py", "tests/unit/test_verifier_edges.py"),
        ),
        # slow, or about the source and not what it does
        without=("test_no_event_however_odd", "test_the_file_runs_alone", "every_code", "needs_neither"),
    ),
    "erasure": Subject(
        modules=tuple(
            f"closing/{name}.py"
            for name in ("certificates", "erasure", "inventory", "lawful", "manual", "needles", "packing", "searching")
        ),
        tests=(
            *("tests/unit/test_residue.py", "tests/unit/test_residue_index.py", "tests/unit/test_closing_manual.py"),
            *("tests/unit/test_closing_inventory.py", "tests/unit/test_closing_stage.py"),
            *("tests/unit/test_closing_interim.py", "tests/unit/test_closing_finalise.py"),
        ),
    ),
}
