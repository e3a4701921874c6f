"""Commands for the end of the year: the inventory on any day, what people erased by hand, the last steps.

Belongs here: arguments and printing.  Does not belong here: any rule of the closing (`kansho.closing`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any


def add_close_commands(commands: Any, site: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add ``close finalise``; ``site`` adds ``--config`` and ``--var``."""
    close = commands.add_parser("close", help="the end of the year").add_subparsers(required=True)
    finalise = close.add_parser("finalise", help="purge Airflow's traces, scan, certify (components stopped)")
    people = "a year that is not simulated names all three"
    finalise.add_argument("--operator", metavar="USER", help=f"who erases; {people}")
    finalise.add_argument("--verifier", metavar="USER", help="who checks, another than the operator")
    finalise.add_argument("--witness", metavar="USER", help="who of the ward attends, or none")
    site(finalise)
    finalise.set_defaults(run=_finalise)


def _finalise(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.closing.attended import Attended
    from kansho.closing.finalise import finalise

    given = (arguments.operator, arguments.verifier, arguments.witness)
    attended = Attended(*given) if all(given) else None
    result = finalise(load_config(arguments.config), arguments.var, attended=attended)
    print(json.dumps(result, ensure_ascii=False, indent=2))
    return 0
