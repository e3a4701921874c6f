"""Commands about handlers who leave: the registration ends at once, and what they were told is recorded.

Belongs here: arguments and printing.  Does not belong here: any rule (`kansho.leaving`).
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kansho.cli_person import campaign_as
from kansho.errors import KanshoError

_Site = Callable[[argparse.ArgumentParser], None]
#: Who records it.
_ROLES = frozenset({"contractor_manager", "contractor_staff"})


def add_handler_commands(commands: Any, site: _Site) -> None:
    """Add ``handlers left|told`` to ``commands``."""
    handlers = commands.add_parser("handlers", help="取扱者の離任と、離任した者への周知").add_subparsers(required=True)
    left = handlers.add_parser("left", help="somebody left: from now on they read and decide nothing")
    left.add_argument("handler", help="id of the handler")
    _common(left, site, _left, "the last day")
    told = handlers.add_parser("told", help="they were told that secrecy and penalties go on, and signed")
    told.add_argument("handler", help="id of the handler")
    told.add_argument("--by", required=True, metavar="ID", help="id of the handler who told them")
    told.add_argument("--pledge", type=Path, required=True, metavar="FILE", help="the signed paper; its digest is kept")
    _common(told, site, _told, "the day they were told")


def _common(parser: argparse.ArgumentParser, site: _Site, run: Callable[[argparse.Namespace], int], day: str) -> None:
    parser.add_argument("--on", type=date.fromisoformat, required=True, help=day)
    parser.add_argument("--user", required=True, help="user name of whoever records it")
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    site(parser)
    parser.set_defaults(run=run)


def _left(arguments: argparse.Namespace) -> int:
    from kansho.leaving import end_registration

    made = end_registration(campaign_as(arguments, roles=_ROLES), arguments.handler, arguments.on)
    print(f"{arguments.handler}: {'離任を記録しました。' if made else '既に記録されています。'}")
    return 0


def _told(arguments: argparse.Namespace) -> int:
    from kansho.leaving import record_leaver_briefing

    try:
        pledge = hashlib.sha256(arguments.pledge.read_bytes()).hexdigest()
    except OSError:
        raise KanshoError(
            "LEAVER-PLEDGE", "ファイルを読めません", place=arguments.pledge.name, remedy="置き場所を確認してください"
        ) from None
    made = record_leaver_briefing(
        campaign_as(arguments, roles=_ROLES), arguments.handler, on=arguments.on, by=arguments.by, pledge=pledge
    )
    print(f"{arguments.handler}: {'周知を記録しました。' if made else '既に記録されています。'}")
    return 0
