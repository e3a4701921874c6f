"""Commands about incidents: what is open, the nine items, filling one, and whether a 確報 can be made.

Belongs here: arguments and printing.  Does not belong here: any rule (`kansho.oversight.incident_items`), or the desk's
page for the same (`campaign_desk.incidents`).  The words
come on standard input, never as an argument: arguments stand in the process list and in the shell's history.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

from kansho.cli_person import campaign_as

_Site = Callable[[argparse.ArgumentParser], None]


def add_incident_commands(commands: Any, site: _Site) -> None:
    """Add ``incident list|show|fill|final`` to ``commands``."""
    found = commands.add_parser("incident", help="事故報告書の九つの項目").add_subparsers(required=True)
    listed = found.add_parser("list", help="every incident, its state and how many items are open")
    _user(listed, site, _list)
    show = found.add_parser("show", help="the nine items of one as they would be reported, and which are open")
    show.add_argument("incident", help="as listed")
    _user(show, site, _show)
    fill = found.add_parser("fill", help="fill one item; the words are read from standard input")
    fill.add_argument("incident", help="as listed")
    fill.add_argument("item", help="a code as shown")
    _user(fill, site, _fill)
    final = found.add_parser("final", help="whether the next report can be the 確報; 1 while an item is open")
    final.add_argument("incident", help="as listed")
    _user(final, site, _final)


def _user(parser: argparse.ArgumentParser, site: _Site, run: Callable[[argparse.Namespace], int]) -> None:
    parser.add_argument("--user", required=True, help="user name of a registered handler of the contractor")
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    site(parser)
    parser.set_defaults(run=run)


def _list(arguments: argparse.Namespace) -> int:
    from kansho.oversight.incident_items import PURPOSE, still_open
    from kansho.oversight.incidents import STATES, state

    ws = campaign_as(arguments, purpose=PURPOSE)
    opened = ws.ledger.events("incident_opened")
    for event in opened:
        now = state(ws.ledger.events(), event.key)
        left = "" if now == "closed" else f"  未確定の項目 {len(still_open(ws, event))}"
        print(f"{event.key}  {event.campaign_date}  {STATES[now]}{left}")
    print(f"{len(opened)} 件")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from kansho.oversight.incident_items import PURPOSE, filled_items, opened_one
    from kansho.oversight.incident_report import ITEM_STATES, nine_items, open_items

    ws = campaign_as(arguments, purpose=PURPOSE)
    opened = opened_one(ws, arguments.incident, closed_too=True)
    items = nine_items(ws.config, ws.ledger.events(), opened, filled_items(ws, opened.key))
    for item in items:
        print(f"{item.code:<12}{item.name}　［{ITEM_STATES[item.state]}］\n    {item.text}")
    left = open_items(items)
    print(f"未確定 {len(left)} 件：{' '.join(i.code for i in left)}" if left else "九つの項目は全て記載しました。")
    return 0


def _fill(arguments: argparse.Namespace) -> int:
    from kansho.oversight.incident_items import PURPOSE, fill_item

    if sys.stdin.isatty():
        print("内容を入力し、Ctrl-D で終えてください（住民の氏名・住所・電話・番号は書かない）")
    event = fill_item(campaign_as(arguments, purpose=PURPOSE), arguments.incident, arguments.item, sys.stdin.read())
    print(f"{event.key}: 保管庫に記録しました。")
    return 0


def _final(arguments: argparse.Namespace) -> int:
    from kansho.oversight.incident_items import PURPOSE, opened_one, require_full

    ws = campaign_as(arguments, purpose=PURPOSE)
    require_full(ws, opened_one(ws, arguments.incident))
    print('確報にできます。incident を {"final": "' + arguments.incident + '"} で実行してください。')
    return 0
