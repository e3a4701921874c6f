"""Which keeper holds a campaign's keys on this machine: what the deployment wrote beside them.

Belongs here: reading ``keys/<campaign>.keeper.json``; without the file, keys are plain files.  Does not belong here:
the keepers.  The file names where a passphrase lies and where KMS answers; it holds neither secret nor credential
(those are boto3's own chain: the machine's role).

    {"keeper": "passphrase", "passphrase_file": "/run/secrets/kansho"}
    {"keeper": "kms", "region": "ap-northeast-1", "endpoint": "https://kms.ap-northeast-1.amazonaws.com"}
"""

from __future__ import annotations

import json
import stat
from pathlib import Path

from kansho.errors import KanshoError
from kansho.vault.keepers import FileKeeper, KeyKeeper, PassphraseKeeper

#: A passphrase shorter than this is guessed.
SHORTEST = 12


def settings_path(keys: Path, campaign: str) -> Path:
    """Where the deployment says how a campaign's keys are kept."""
    return keys / f"{campaign}.keeper.json"


def keeper_of(keys: Path, campaign: str) -> KeyKeeper:
    """The keeper of a campaign's keys under ``keys``.

    Raises:
        KanshoError: ``KEY-SETTINGS`` when the file is not one of the two forms, ``KEY-PASSPHRASE-FILE``.
    """
    path, folder = settings_path(keys, campaign), keys / campaign
    if not path.is_file():
        return FileKeeper(folder)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        match told:
            case {"keeper": "passphrase", "passphrase_file": str(file)} if len(told) == 2:
                return PassphraseKeeper(folder, campaign, passphrase_in(Path(file)))
            case {"keeper": "kms", "region": str(region), "endpoint": str(endpoint)} if len(told) == 3:
                import boto3

                from kansho.vault.kms import KmsKeeper

                client = boto3.client("kms", region_name=region, endpoint_url=endpoint)
                return KmsKeeper(client, FileKeeper(folder), campaign)
    except (OSError, ValueError):
        pass
    raise KanshoError(
        "KEY-SETTINGS",
        "鍵の保管方法の設定が読めません",
        place=path.name,
        remedy="docs/how-to/keys.md の形にしてください",
    )


def passphrase_in(path: Path) -> bytes:
    """The passphrase in a file that only its owner reads.

    Raises:
        KanshoError: ``KEY-PASSPHRASE-FILE``.
    """
    try:
        open_to_others = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        words = path.read_bytes().strip()
    except OSError:
        open_to_others, words = 0, b""
    if open_to_others or len(words) < SHORTEST:
        raise KanshoError(
            "KEY-PASSPHRASE-FILE",
            "合言葉のファイルがないか、短いか、他の利用者が読めます",
            place=path.name,
            remedy=f"{SHORTEST}文字以上を書き、権限を 0600 にしてください",
        )
    return words
