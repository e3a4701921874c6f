"""Commands about the contract's clauses: the state of every obligation on a day.

Belongs here: arguments and printing.  Does not belong here: states (`kansho.oversight.clauses`) or their words
(`kansho.oversight.clause_paper`).  All of them only read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError

_Site = Callable[[argparse.ArgumentParser], None]


def add_clause_commands(commands: Any, site: _Site, today: Callable[[], date]) -> None:
    """Add ``clauses`` to ``commands``; ``today`` gives the day when none is named."""
    clauses = commands.add_parser("clauses", help="特記事項の履行状況: every obligation of 乙 and 丙 with its state")
    clauses.add_argument("--clause", default="", metavar="P9|乙22", help="of a requirement, or of a clause's number")
    clauses.add_argument("--only", default="", choices=("done", "due", "overdue", "not_applicable"))
    clauses.add_argument("--party", default="", help="only this party's")
    clauses.add_argument("--json", action="store_true", help="one object for each party, month, handler or event")
    _common(clauses, site, today, _clauses)


def _common(
    parser: argparse.ArgumentParser,
    site: _Site,
    today: Callable[[], date],
    run: Callable[[argparse.Namespace], int],
) -> None:
    day = "campaign date; today by default, of a simulated year its newest"
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help=day)
    site(parser)
    parser.set_defaults(run=run, real_day=today)


def _clauses(arguments: argparse.Namespace) -> int:
    from kansho.campaign.clauses import clauses_bound
    from kansho.oversight.clause_paper import as_text, choose, to_json
    from kansho.oversight.clauses import states

    config, log, day = _campaign(arguments)
    found = states(log, config, clauses_bound(log, config), day)
    chosen = choose(found, arguments.clause, arguments.only, arguments.party)
    if arguments.json:
        print(json.dumps([to_json(i) for i in chosen], ensure_ascii=False, indent=1))
    else:
        print(
            f"特記事項の履行状況　{day.isoformat()} の終わり　台帳 {len(log):,} 件\n{as_text(chosen, config)}", end=""
        )
    return 0


def _campaign(arguments: argparse.Namespace) -> tuple[Any, list[Any], date]:
    """The config, its log, and the day that is asked for."""
    from kansho.campaign.config import load_config
    from kansho.workspace import Workspace

    config = load_config(Path(arguments.config))
    if getattr(arguments, "party", "") and arguments.party not in {p.id for p in config.parties}:
        raise KanshoError(
            "CLAUSES-PARTY",
            "登録された関係者ではありません",
            place=arguments.party,
            remedy=" ".join(p.id for p in config.parties),
        )
    log = list(Workspace.open(config, arguments.var, config.contract.start).ledger.events())
    if arguments.on:
        return config, log, arguments.on
    simulated = bool(log) and log[0].codes.get("simulation") == "true"
    return config, log, date.fromisoformat(max(e.campaign_date for e in log)) if simulated else arguments.real_day()
