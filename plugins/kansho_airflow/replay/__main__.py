"""``python -m kansho_airflow.replay``: the main job of `make campaign`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from kansho.errors import KanshoError
from kansho.layout import Layout
from kansho_airflow.replay.parameters import arguments_of
from kansho_airflow.replay.progress import display
from kansho_airflow.replay.year import Interrupted, run


def main(argv: Sequence[str] | None = None) -> int:
    """0 when the year ended and everything reconciled, 1 when not, 2 for an argument, 130 when interrupted."""
    arguments = arguments_of("kansho_airflow.replay").parse_args(argv)
    try:
        with closing(display()) as shown:
            summary = run(arguments.config, arguments.var, arguments.people, arguments.seed, shown)
    except (Interrupted, KeyboardInterrupt):
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    except KanshoError as error:
        print(error.text, file=sys.stderr)
        return 1
    return 0 if _print(summary, Layout(arguments.var.resolve()).outputs / "summary.json") else 1


def _print(summary: dict[str, Any], path: Path) -> bool:
    """The closing summary; whether everything reconciled and nothing was left."""
    console = Console(width=None if sys.stdout.isatty() else 120, soft_wrap=True)
    broken = [r for r in summary["reconciliations"] if not r["ok"]]
    console.print(
        f"\n{summary['campaign']}  people {summary['people']:,}  {summary['seconds']:.0f} s  "
        f"peak {summary['peak_rss_mb']} MB"
    )
    table = Table("wave", "estimate pp", "95 % interval", "true pp")
    for effect in summary["effect"]:
        table.add_row(
            str(effect["wave"]),
            _shown(effect["estimate_pp"]),
            f"{_shown(effect['low_pp'])} … {_shown(effect['high_pp'])}",
            _shown(effect["true_pp"]),
        )
    console.print(table)
    console.print(f"reconciliations  {len(summary['reconciliations'])}, broken {len(broken)}")
    for row in broken:
        console.print(f"  {row['name']}: {row['left']} != {row['right']}", markup=False)
    console.print(f"residue hits     {summary['erasure']['residue_hits']}")
    for name, told in (
        ("summary", str(path)),
        ("evidence", summary["evidence"]["bundle"]),
        ("checkpoint", summary["evidence"]["checkpoint"]),
        *(("document", document) for document in summary["documents"]),
    ):
        console.print(f"{name:<16} {told}", markup=False, highlight=False)
    return not broken and summary["erasure"]["residue_hits"] == 0


def _shown(value: Any) -> str:
    return "—" if value is None else f"{float(value):+.2f}"


if __name__ == "__main__":
    sys.exit(main())
