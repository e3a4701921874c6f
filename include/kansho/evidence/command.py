"""``kansho verify`` as a command, also from the single file that an auditor takes away.

Belongs here: arguments, printing, the exit code.  Stands on the standard library, cryptography and this room alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from kansho.evidence.verdict import as_json, as_lines, verdict
from kansho.evidence.verify import judge_bundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("bundle", type=Path, help="evidence-<campaign>.zip")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        action="append",
        default=[],
        help="a checkpoint that the ward kept (again for each): shows a log that was cut or written anew",
    )
    parser.add_argument(
        "--paper",
        action="append",
        default=[],
        metavar="'SIZE ROOT'",
        help="the same from paper (again for each): 件数 and 根 as printed on a 授受簿, or the text of its QR code",
    )
    parser.add_argument("--ward-key", type=Path, help="the ward's public key, as the ward itself gave it")
    parser.add_argument("--json", action="store_true", help="the whole answer as JSON")


def verify_command(
    bundle: Path,
    checkpoints: Sequence[Path] = (),
    *,
    papers: Sequence[str] = (),
    ward_key: Path | None = None,
    in_json: bool = False,
    say: Callable[[str], None] = print,
) -> int:
    """Print the findings and the table by clause; 0 when everything holds, else 1."""
    events, findings = judge_bundle(bundle, checkpoints, ward_key, papers)
    said = verdict(events, findings, len(checkpoints) + len(papers))
    if in_json:
        say(json.dumps(as_json(said), ensure_ascii=False, indent=1))
    else:
        for line in as_lines(said, bundle.name):
            say(line)
    return 0 if said.holds else 1


def run(arguments: argparse.Namespace) -> int:
    """`verify_command` with the arguments of `add_arguments`."""
    return verify_command(
        arguments.bundle,
        arguments.checkpoint,
        papers=arguments.paper,
        ward_key=arguments.ward_key,
        in_json=arguments.json,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The single file's entry."""
    parser = argparse.ArgumentParser(prog="kansho-verify", description="check an evidence bundle, offline and alone")
    add_arguments(parser)
    arguments = parser.parse_args(argv)
    return run(arguments)
