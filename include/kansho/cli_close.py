"""Commands for the end of the year: the inventory on any day, what people erased by hand, the last steps.

Belongs here: arguments and printing.  Does not belong here: any rule of the closing (`kansho.closing`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kansho.cli_late_mail import add_late_mail_commands
from kansho.errors import KanshoError


def add_close_commands(commands: Any, site: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add ``close inventory|manual|late-mail|finalise``; ``site`` adds ``--config`` and ``--var``."""
    close = commands.add_parser("close", help="the end of the year").add_subparsers(required=True)
    inventory = close.add_parser("inventory", help="what is held today, by whom; 1 when ledger and disk differ")
    inventory.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    inventory.add_argument("--json", action="store_true")
    _add_database(inventory)
    site(inventory)
    inventory.set_defaults(run=_inventory)
    _add_manual(close, site)
    add_late_mail_commands(close, site)
    finalise = close.add_parser("finalise", help="purge Airflow's traces, scan, certify (components stopped)")
    people = "a year that is not simulated names all three"
    finalise.add_argument("--operator", metavar="USER", help=f"who erases; {people}")
    finalise.add_argument("--verifier", metavar="USER", help="who checks, another than the operator")
    finalise.add_argument("--witness", metavar="USER", help="who of the ward attends, or none")
    _add_database(finalise).add_argument(
        "--no-database",
        action="store_true",
        help="say that Airflow has no database here: none is searched, and the certificate says that it covers none",
    )
    site(finalise)
    finalise.set_defaults(run=_finalise)


def _add_database(parser: argparse.ArgumentParser) -> Any:
    """A file, never an argument: arguments stand in the process list, and the URL holds a password.

    What is returned takes what may stand instead of it.
    """
    told = "file with the SQLAlchemy URL of Airflow's metadata; the embedded database by default"
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--database-file", type=Path, metavar="FILE", help=told)
    return group


def _database(arguments: argparse.Namespace) -> str | None:
    from kansho.closing.metadata import url_in

    return url_in(arguments.database_file) if arguments.database_file else None


def _add_manual(close: Any, site: Callable[[argparse.ArgumentParser], None]) -> None:
    manual = close.add_parser("manual", help="close what people erased, destroyed or returned by hand")
    manual.add_argument("--target", action="append", required=True, help="as close inventory names it; several at once")
    how = "return, shredding, dissolution, physical_destruction, overwrite, block_erase or crypto_erase"
    manual.add_argument("--method", required=True, help=how)
    manual.add_argument("--on", type=date.fromisoformat, required=True, help="the day it was done")
    manual.add_argument("--place", required=True, help="id of a designated place")
    manual.add_argument("--by", required=True, help="id of the handler who did it")
    manual.add_argument("--witness", required=True, help="id of the handler who looked on, another person")
    manual.add_argument("--document", type=Path, required=True, help="the signed paper as PDF, naming no resident")
    manual.add_argument("--user", required=True, help="user name of the contractor's manager or clerk who enters this")
    manual.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    site(manual)
    manual.set_defaults(run=_manual)


def _inventory(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.closing.holdings_report import as_text, report
    from kansho.workspace import Workspace

    ws = Workspace.open(load_config(arguments.config), arguments.var, arguments.date)
    said = report(ws, _database(arguments))
    print(json.dumps(said, ensure_ascii=False, indent=2) if arguments.json else as_text(ws, said), end="")
    return 1 if said["differences"] else 0


def _manual(arguments: argparse.Namespace) -> int:
    from pydantic import ValidationError

    from kansho.cli_person import campaign_as
    from kansho.closing.manual import MAY_ENTER, enter_by_hand
    from kansho.exchange.slips import Slip

    ws = campaign_as(arguments, roles=MAY_ENTER)
    try:
        fields = {name: getattr(arguments, name) for name in ("method", "on", "place", "by", "witness")}
        slip = Slip.model_validate({**fields, "targets": arguments.target})
    except ValidationError as error:
        where = " ".join(str(e["loc"][0]) for e in error.errors())
        raise KanshoError(
            "PAPER-FORM", "記録の記載が正しくありません", place=where, remedy="指定を直してください"
        ) from None
    try:
        document = arguments.document.read_bytes()
    except OSError:
        raise KanshoError(
            "PAPER-FORM", "書類のファイルを読めません", place="--document", remedy="指定を直してください"
        ) from None
    for event in enter_by_hand(ws, slip, document):
        print(f"{event.key}: {event.codes['method']} {event.codes['on']} を登録しました")
    return 0


def _finalise(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.closing.attended import Attended
    from kansho.closing.finalise import finalise

    given = (arguments.operator, arguments.verifier, arguments.witness)
    if any(given) and not all(given):
        raise KanshoError(
            "CERTIFY-UNATTENDED",
            "実施者・確認者・立会者は、そろえて指定してください",
            remedy="--operator --verifier --witness を付けてください（立会いなしは none）",
        )
    attended = Attended(*given) if all(given) else None
    result = finalise(
        load_config(arguments.config),
        arguments.var,
        database=_database(arguments),
        no_database=arguments.no_database,
        attended=attended,
    )
    print(json.dumps(result, ensure_ascii=False, indent=2))
    return 0
