"""The verifier as one file: what an auditor takes away and runs with Python and cryptography, nothing else of ours.

Belongs here: packing.  The modules are those that the command really imports (a test runs the file alone), and the same
modules give the same bytes, so that its digest can be told beforehand.
"""

from __future__ import annotations

from pathlib import Path

from kansho.evidence.strict import write_zip

#: Modules of the verifier, relative to the package's folder.
MODULES = (
    "__init__.py",
    "errors.py",
    "campaign/__init__.py",
    "campaign/handed_back.py",
    "campaign/opened.py",
    "vault/__init__.py",
    "vault/classes.py",
    *(
        f"evidence/{name}.py"
        for name in (
            "__init__",
            "access_rules",
            "account",
            "bundle",
            "carried",
            "certified",
            "checkpoint",
            "clauses",
            "clock_rules",
            "closing_rules",
            "command",
            "conserved",
            "copy_rules",
            "countersignatures",
            "covered",
            "custody_rules",
            "deadline_rules",
            "decision_rules",
            "ended_rules",
            "erasure_log",
            "events",
            "facts",
            "findings",
            "finish_rules",
            "hand_rules",
            "handover_account",
            "handover_rules",
            "incident_rules",
            "incidents_shown",
            "log_lines",
            "lookalike",
            "merkle",
            "methods",
            "opening_rules",
            "openings",
            "order_rules",
            "oversight_rules",
            "paper",
            "papers_rules",
            "party_rules",
            "past",
            "protection_rules",
            "purges",
            "registrations",
            "release_rules",
            "rules",
            "scan_log",
            "scan_rules",
            "short",
            "signed",
            "strict",
            "verdict",
            "verify",
            "whole",
            "work_rules",
        )
    ),
)
_START = "import sys\n\nfrom kansho.evidence.command import main\n\nsys.exit(main())\n"


def single_file() -> bytes:
    """Bytes of ``kansho-verify.pyz``: a zip that Python runs (``python kansho-verify.pyz BUNDLE``)."""
    package = Path(__file__).resolve().parents[1]
    files = {f"kansho/{name}": (package / name).read_bytes() for name in MODULES}
    return b"#!/usr/bin/env python3\n" + write_zip({**files, "__main__.py": _START.encode()})
