"""Commands about exceptions: what is open, who accepts it and why, and going on with the stop list in force.

Belongs here: arguments and printing.  Does not belong here: the rules (`kansho.intake.exceptions`) or the states
(`kansho.evidence.register`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError

_STATES = {"open": "未対応", "asked": "差戻し中", "resolved": "解決"}


def add_commands(commands: Any, intake: Any, site: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add ``exceptions list|accept`` to ``commands`` and ``keep-stop-list`` to ``intake``."""
    cases = commands.add_parser("exceptions", help="what was refused, held or quarantined").add_subparsers(
        required=True
    )
    listed = cases.add_parser("list", help="open exceptions; counts and rules, nobody's data")
    listed.add_argument("--all", action="store_true", help="resolved ones too")
    listed.add_argument("--json", action="store_true")
    site(listed)
    listed.set_defaults(run=_list)
    accept = cases.add_parser("accept", help="take an exception as it is, as its owner")
    accept.add_argument("key", help="as listed")
    _decider(accept, site)
    accept.set_defaults(run=_accept)
    keep = intake.add_parser("keep-stop-list", help="go on with the stop list in force although a newer one came")
    keep.add_argument("delivery", help="the newer delivery, which was refused or not accepted")
    _decider(keep, site)
    keep.set_defaults(run=_keep)


def _decider(parser: argparse.ArgumentParser, site: Callable[[argparse.ArgumentParser], None]) -> None:
    parser.add_argument("--user", required=True, help="a registered handler's user name")
    parser.add_argument("--reason", required=True, help="a reason code")
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    site(parser)


def _list(arguments: argparse.Namespace) -> int:
    from kansho.evidence.register import exceptions

    cases = exceptions(_workspace(arguments, None).ledger.events())
    shown = [c for c in cases if arguments.all or c.state != "resolved"]
    if arguments.json:
        print(json.dumps([asdict(c) | {"left": c.left} for c in shown], ensure_ascii=False, indent=1))
        return 0
    for case in shown:
        state = _STATES[case.state] + (f"（{case.how}）" if case.how else "")
        print(f"{case.key}  {state}  残り {case.left:,} 行  期限 {case.due}  担当 {case.owner}")
    print(f"{len(shown)} 件")
    return 0


def _accept(arguments: argparse.Namespace) -> int:
    from kansho.intake.exceptions import accept_exception

    accept_exception(_workspace(arguments, arguments.user), arguments.key, arguments.reason)
    print(f"{arguments.key}: 記録しました。")
    return 0


def _keep(arguments: argparse.Namespace) -> int:
    from kansho.intake.exceptions import keep_stop_list

    keep_stop_list(_workspace(arguments, arguments.user), arguments.delivery, arguments.reason)
    print("前の勧奨停止一覧を継続して使う決定を記録しました。")
    return 0


def _workspace(arguments: argparse.Namespace, user: str | None) -> Any:
    """The campaign, acting as the user; who may decide is read from the bound configuration (C1)."""
    from kansho.bound import bound_config
    from kansho.campaign.config import load_config
    from kansho.evidence.events import Actor
    from kansho.workspace import Workspace

    config = load_config(Path(arguments.config))
    today = getattr(arguments, "date", config.contract.start)
    ws = Workspace.open(config, arguments.var, today, purpose="exception_handling")
    if user is None:
        return ws
    handler = bound_config(ws).handler_of_user(user)
    if handler is None or handler.role is None:
        raise KanshoError(
            "CLI-USER", "登録された取扱者ではありません", place=user, remedy="取扱者の利用者名を指定してください"
        )
    return ws.acting_as(Actor(handler.party, user, handler.role.value))
