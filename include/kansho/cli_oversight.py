"""Commands of oversight: what is open on a day, and the pack for an inspection.

Belongs here: arguments and printing.  Does not belong here: any rule (`kansho.oversight`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kansho.cli_person import campaign_as
from kansho.errors import KanshoError

_Site = Callable[[argparse.ArgumentParser], None]


def add_oversight_commands(commands: Any, site: _Site) -> None:
    """Add ``oversight show|custody|pack`` to ``commands``."""
    oversight = commands.add_parser("oversight", help="進行管理: 期限・指摘・写し・媒体").add_subparsers(required=True)
    show = oversight.add_parser("show", help="what is overdue or open on a day; 1 when anything is")
    show.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    site(show)
    show.set_defaults(run=_show)
    custody = oversight.add_parser("custody", help="授受簿, and where each medium, sheet and returned card is")
    custody.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    how = custody.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true")
    how.add_argument("--pdf", type=Path, metavar="FILE")
    site(custody)
    custody.set_defaults(run=_custody)
    pack = oversight.add_parser("pack", help="what an inspector asks for, as JSON and PDF with digests")
    pack.add_argument("kind", choices=("ward_inspection", "ward_check", "audit"))
    pack.add_argument("party", help="id of the inspected party")
    pack.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    pack.add_argument("--user", required=True, help="user name of a registered handler of the contractor or the ward")
    pack.add_argument("--out", type=Path, metavar="FOLDER", help="write it there instead, and record nothing")
    site(pack)
    pack.set_defaults(run=_pack)


def _show(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.oversight.open_items import open_on
    from kansho.workspace import Workspace

    config = load_config(Path(arguments.config))
    log = Workspace.open(config, arguments.var, arguments.date, only_log=True).ledger.events()
    found = open_on(log, config, arguments.date)
    for heading, lines in found.items():
        print(f"■ {heading}（{len(lines)} 件）")
        for line in lines:
            print(f"  {line}")
    return 1 if any(found.values()) else 0


def _custody(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.documents.stamp import Stamp
    from kansho.exchange.timestamping import sign_checkpoint
    from kansho.oversight.custody_book import book, register
    from kansho.oversight.custody_paper import as_text, custody_pdf
    from kansho.vault.disk import write_whole
    from kansho.workspace import Workspace

    config = load_config(Path(arguments.config))
    ws = Workspace.open(config, arguments.var, arguments.date)
    log = [e for e in ws.ledger.events() if e.campaign_date <= arguments.date.isoformat()]
    if arguments.pdf:
        signed = sign_checkpoint(ws)
        stamp = Stamp(signed.origin, signed.size, signed.root)
        made = custody_pdf(log, config, on=arguments.date, simulation=ws.is_simulation, stamp=stamp)
        write_whole(arguments.pdf, made)
        print(f"→ {arguments.pdf}")
    elif arguments.json:
        said = {
            "register": [x.to_json() for x in register(log, config)],
            "book": [x.to_json() for x in book(log, config)],
        }
        print(json.dumps(said, ensure_ascii=False, indent=1))
    else:
        print(as_text(log, config), end="")
    return 0


def _pack(arguments: argparse.Namespace) -> int:
    from kansho.campaign.rights import PartyKind
    from kansho.oversight.pack import issue_pack, pack_of
    from kansho.oversight.pack_paper import pack_pdf
    from kansho.vault.disk import write_whole

    ws = campaign_as(arguments)
    if ws.config.party(ws.actor.party).kind is PartyKind.SUBCONTRACTOR:
        raise KanshoError(
            "CLI-USER",
            "資料を求められる取扱者ではありません",
            place=arguments.user,
            remedy="受託者又は区の利用者名を指定してください",
        )
    if arguments.out:
        made = pack_of(ws.ledger.events(), ws.config, arguments.kind, arguments.party, arguments.date)
        data = made.canonical()
        digest = hashlib.sha256(data).hexdigest()
        stem = arguments.out / f"{made.kind}-{made.party}-{made.on}"
        paths = (stem.with_name(f"{stem.name}.json"), stem.with_name(f"{stem.name}.pdf"))
        for path, part in zip(
            paths, (data, pack_pdf(made, ws.config, digest=digest, simulation=ws.is_simulation)), strict=True
        ):
            write_whole(path, part)
    else:
        paths = issue_pack(ws, arguments.kind, arguments.party)
    for path in paths:
        print(f"→ {path} SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return 0
