"""Commands about where the vault lies: whether an S3 keeps what we rely on.

Belongs here: arguments and printing.  Does not belong here: what is tried (`kansho.vault.conformance`).  Credentials
are never arguments: boto3's own chain, the machine's role, gives them.
"""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_vault_commands(commands: Any) -> None:
    """Add ``vault check`` to ``commands``."""
    vault = commands.add_parser("vault", help="where the vault lies").add_subparsers(required=True)
    check = vault.add_parser(
        "check", help="適合試験: whether an S3 keeps what we rely on; writes below kansho-probe/ and cleans up"
    )
    check.add_argument("--endpoint", required=True, metavar="URL", help="https://host")
    check.add_argument("--region", required=True)
    check.add_argument("--personal-bucket", required=True, metavar="BUCKET", help="versioned, without object lock")
    check.add_argument("--evidence-bucket", required=True, metavar="BUCKET", help="versioned, with object lock")
    check.add_argument("--writers", type=int, default=8, help="how many race for one name")
    check.add_argument("--hold", type=int, default=30, metavar="SECONDS", help="for which an object is locked")
    check.add_argument(
        "--compliance",
        action="store_true",
        help="lock one more object under COMPLIANCE, which nobody can lift before --hold is over; else 確認不能",
    )
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from kansho.evidence.ledger import wall_clock
    from kansho.vault.conformance import as_json, as_text, check

    report = check(
        arguments.endpoint,
        arguments.region,
        arguments.personal_bucket,
        arguments.evidence_bucket,
        clock=wall_clock,
        writers=arguments.writers,
        hold=arguments.hold,
        compliance=arguments.compliance,
    )
    print(json.dumps(as_json(report), ensure_ascii=False, indent=1) if arguments.json else as_text(report), end="")
    return 0 if report.kept else 1
