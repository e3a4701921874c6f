"""Commands for cards that come back after the closing: a slip, the ward's receipt, a check of both.

Belongs here: arguments and printing.  Does not belong here: any rule (`kansho.closing.late_mail`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError

_Site = Callable[[argparse.ArgumentParser], None]


def add_late_mail_commands(close: Any, site: _Site) -> None:
    """Add ``late-mail slip|receipt|check`` to ``kansho close``."""
    late = close.add_parser("late-mail", help="cards that come back after the closing").add_subparsers(required=True)
    slip = late.add_parser("slip", help="a numbered slip to hand them over with")
    slip.add_argument("--cards", type=int, required=True, help="how many, unopened")
    slip.add_argument("--first", type=date.fromisoformat, required=True, help="the day the first came back")
    slip.add_argument("--last", type=date.fromisoformat, required=True, help="the day the last came back")
    slip.add_argument("--on", type=date.fromisoformat, required=True, help="the day they are handed over")
    slip.add_argument("--by", required=True, help="id of our handler who hands them over")
    _common(slip, site, _slip)
    receipt = late.add_parser("receipt", help="the ward's receipt: the stamped paper, or its own signature")
    receipt.add_argument("--slip", type=int, required=True, metavar="NUMBER")
    how = receipt.add_mutually_exclusive_group(required=True)
    how.add_argument("--document", type=Path, metavar="PDF", help="the slip as the ward stamped it, scanned")
    how.add_argument("--signature", type=Path, metavar="FILE", help="Ed25519 over the slip's JSON, base64")
    receipt.add_argument("--on", type=date.fromisoformat, help="the day the ward received them (with --document)")
    receipt.add_argument("--received-by", metavar="ID", help="id of the ward's handler (with --document)")
    _common(receipt, site, _receipt)
    check = late.add_parser("check", help="whether every slip holds and is receipted; 1 when not")
    _common(check, site, _check)


def _common(parser: argparse.ArgumentParser, site: _Site, run: Callable[[argparse.Namespace], int]) -> None:
    site(parser)
    parser.set_defaults(run=run)


def _workspace(arguments: argparse.Namespace) -> Any:
    from kansho.campaign.config import load_config
    from kansho.workspace import Workspace

    config = load_config(arguments.config)
    return Workspace.open(config, arguments.var, config.closing.erase_on)


def _slip(arguments: argparse.Namespace) -> int:
    from kansho.campaign.calendar import ZONE
    from kansho.closing.late_mail import LateMail, make_slip
    from kansho.evidence.ledger import wall_clock

    said = LateMail(arguments.cards, arguments.first, arguments.last, arguments.on, arguments.by)
    print(f"→ {make_slip(_workspace(arguments), said, wall_clock().astimezone(ZONE).date())}")
    return 0


def _receipt(arguments: argparse.Namespace) -> int:
    from kansho.closing.late_mail import take_receipt, take_signature

    ws, given = _workspace(arguments), arguments.document or arguments.signature
    if arguments.document and not (arguments.on and arguments.received_by):
        raise KanshoError(
            "LATE-MAIL-FORM",
            "受領日と受領者が必要です",
            place="receipt",
            remedy="--on と --received-by を付けてください",
        )
    try:
        data = given.read_bytes()
    except OSError:
        raise KanshoError(
            "LATE-MAIL-FILE", "ファイルを読めません", place=given.name, remedy="置き場所を確認してください"
        ) from None
    if arguments.document:
        path = take_receipt(ws, arguments.slip, on=arguments.on, received_by=arguments.received_by, stamped=data)
    else:
        path = take_signature(ws, arguments.slip, data)
    print(f"→ {path}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from kansho.closing.late_mail import check, folder_of, ward_key
    from kansho.evidence.proofs import signing_key

    ws = _workspace(arguments)
    found = check(folder_of(ws), signing_key(ws.ledger.events()), ward_key(ws))
    for problem in found:
        print(f"{problem.slip}: {problem.what}")
    if not found:
        print("業務終了後の引渡書：すべて署名が一致し、区が受領しています")
    return 1 if found else 0
