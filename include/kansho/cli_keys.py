"""Commands for a campaign's keys: where each stands, and wrapping all of them anew.

Belongs here: arguments, printing, the record that keys were turned.  Does not belong here: keys (`kansho.vault`).  No
key and no passphrase is ever an argument or printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError


def add_key_commands(commands: Any, site: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add ``keys status|rotate`` to ``commands``."""
    keys = commands.add_parser("keys", help="keys of a campaign").add_subparsers(required=True)
    status = keys.add_parser("status", help="present, pending (until when) or gone, for each key")
    status.set_defaults(run=_status)
    rotate = keys.add_parser("rotate", help="wrap every key anew: another passphrase, other KMS keys; again: go on")
    rotate.add_argument(
        "--passphrase-file",
        default="",
        help="of the new passphrase: a file that only its owner reads, /dev/fd/N, or 'ask'; not with KMS",
    )
    rotate.add_argument("--user", required=True, help="a registered handler's user name")
    rotate.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    rotate.set_defaults(run=_rotate)
    for parser in (status, rotate):
        site(parser)


def _status(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.layout import Layout
    from kansho.vault.deployed import keeper_of, read_settings
    from kansho.vault.keys import KEY_NAMES, Keyring

    config, keys = load_config(arguments.config), Layout(arguments.var).kansho / "keys"
    said, ring = read_settings(keys, config.id), Keyring(keeper_of(keys, config))
    print(f"keeper {said.keeper}, rotation {said.rotation}{' (under way)' if said.under_way else ''}")
    for name in sorted({*KEY_NAMES, *ring.names()}):
        until, strays = ring.pending(name), ring.strays(name)
        state = f"pending until {until.isoformat()}" if until else "present" if ring.has(name) else "gone"
        told = f" ({len(strays)} KMS key(s) that a killed run left: {' '.join(strays)})" if strays else ""
        print(f"{name:20} {state}{told}")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.evidence.events import Actor
    from kansho.layout import Layout
    from kansho.vault.deployed import ASK
    from kansho.vault.rotation import Rotated, rotate
    from kansho.workspace import Workspace

    config, file = load_config(arguments.config), arguments.passphrase_file
    handler = config.handler_of_user(arguments.user)
    if handler is None or handler.role is None or handler.party != config.contractor.id:
        raise KanshoError(
            "CLI-USER",
            "受託者の登録された取扱者ではありません",
            place=arguments.user,
            remedy="取扱者の利用者名を指定してください",
        )
    actor = Actor(handler.party, arguments.user, handler.role.value)
    if file not in ("", ASK) and not file.startswith("/dev/fd/"):
        file = str(Path(file).resolve())

    def record(rotated: Rotated) -> None:
        ws = Workspace.open(config, arguments.var, arguments.date, actor=actor)
        if not ws.ledger.events():
            return  # before the opening there is no log, and no key either: it begins with this passphrase
        codes = {"keeper": rotated.keeper}
        ws.record("keys_rotated", f"rotation/{rotated.number}", counts={"keys": rotated.keys}, codes=codes)

    done = rotate(Layout(arguments.var).kansho / "keys", config, file, record)
    print(f"{config.id}: {done.keys}本の鍵を封じ直しました（{done.number}回目）。")
    return 0
