"""Commands for a campaign's keys: where each stands, and wrapping key files with a passphrase.

Belongs here: arguments and printing.  Does not belong here: keys (`kansho.vault`).  No key and no passphrase is ever an
argument or printed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def add_key_commands(commands: Any, site: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add ``keys state|wrap`` to ``commands``."""
    keys = commands.add_parser("keys", help="keys of a campaign").add_subparsers(required=True)
    state = keys.add_parser("state", help="present, pending (until when) or gone, for each key")
    state.set_defaults(run=_state)
    wrap = keys.add_parser("wrap", help="wrap plain key files with a passphrase (Argon2id)")
    wrap.add_argument("--passphrase-file", type=Path, required=True, help="a file that only its owner reads")
    wrap.set_defaults(run=_wrap)
    for parser in (state, wrap):
        site(parser)


def _state(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.vault.deployed import keeper_of
    from kansho.vault.keys import KEY_NAMES, Keyring
    from kansho.workspace import Layout

    config = load_config(arguments.config)
    ring = Keyring(keeper_of(Layout(arguments.var).kansho / "keys", config.id))
    for name in KEY_NAMES:
        until = ring.pending(name)
        said = f"pending until {until.isoformat()}" if until else "present" if ring.has(name) else "gone"
        print(f"{name:10} {said}")
    return 0


def _wrap(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.vault.deployed import passphrase_in, settings_path
    from kansho.vault.keepers import PassphraseKeeper, wrap_files
    from kansho.vault.keys import KEY_NAMES
    from kansho.workspace import Layout

    config = load_config(arguments.config)
    keys = Layout(arguments.var).kansho / "keys"
    keeper = PassphraseKeeper(keys / config.id, config.id, passphrase_in(arguments.passphrase_file))
    told = {"keeper": "passphrase", "passphrase_file": str(arguments.passphrase_file.resolve())}
    done = wrap_files(keys / config.id, keeper, KEY_NAMES)
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings_path(keys, config.id).write_text(json.dumps(told) + "\n", encoding="utf-8")
    print(f"{config.id}: {done}本の鍵を合言葉で封じました。")
    return 0
