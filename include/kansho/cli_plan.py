"""Commands about the plan: why it says of one person what it says.

Belongs here: arguments and printing.  Does not belong here: who may ask, and from which records
(`kansho.targeting.asking`), or the words (`kansho.targeting.why_words`).
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from kansho.cli_person import campaign_as


def add_plan_commands(commands: Any, site: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add ``plan why``; ``site`` adds ``--config`` and ``--var``."""
    plan = commands.add_parser("plan", help="the plan of whom to reach").add_subparsers(required=True)
    told = "why the plan says of a person what it says; the number is asked for, or read from standard input"
    # Without abbreviations, so that no --number is taken for another argument and lands in the shell's history.
    why = plan.add_parser("why", help=told, allow_abbrev=False)
    why.add_argument("--plan", metavar="KEY", help="a plan that was made; the newest by default")
    why.add_argument("--user", required=True, help="a registered handler's user name")
    why.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    site(why)
    why.set_defaults(run=_why)


def _why(arguments: argparse.Namespace) -> int:
    from kansho.bound import bound_config
    from kansho.targeting.asking import PURPOSE, ask_why
    from kansho.targeting.why_words import as_text, sections

    ws = campaign_as(arguments, purpose=PURPOSE)
    asking = replace(ws, config=bound_config(ws))
    # Never an argument, and not shown while it is typed: it stands for a person.
    number = getpass.getpass("number: ") if sys.stdin.isatty() else sys.stdin.readline()
    answer = ask_why(asking, number.strip(), arguments.plan)
    if answer is None:
        print("この番号の方は計画にありません。")
        return 1
    print(as_text(sections(answer)), end="")
    return 0
