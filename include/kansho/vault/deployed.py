"""Which keeper holds a campaign's keys on this machine: what the deployment wrote beside them.

Belongs here: reading and writing ``keys/<campaign>.keeper.json``; without the file, keys are plain files.  Does not
belong here: the keepers, or turning keys (`kansho.vault.rotation`).  The file names where a passphrase lies and where
KMS answers; it holds neither secret nor credential (those are boto3's own chain: the machine's role).

    {"keeper": "passphrase", "passphrase_file": "/run/secrets/kansho"}
    {"keeper": "kms", "region": "ap-northeast-1", "endpoint": "https://kms.ap-northeast-1.amazonaws.com"}
"""

from __future__ import annotations

import getpass
import json
import os
import stat
import sys
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from kansho.errors import KanshoError
from kansho.vault.keepers import FileKeeper, KeyKeeper, PassphraseKeeper

#: A passphrase shorter than this is guessed.
SHORTEST = 12
#: Instead of a file: asked for on the terminal, once for each process.
ASK = "ask"


@dataclass(frozen=True)
class Settings:
    """How a campaign's keys are kept.

    Args:
        keeper: plain files, files behind a passphrase, or KMS.
        passphrase_file: path, ``/dev/fd/N``, or ``ask``.
        region: of KMS.
        endpoint: of KMS, an approved place.
        rotation: number of the last rotation that began.
        under_way: whether that rotation is not at its end.
        former_file: the passphrase being replaced; empty while plain files are being wrapped.
    """

    keeper: Literal["files", "passphrase", "kms"] = "files"
    passphrase_file: str = ""
    region: str = ""
    endpoint: str = ""
    rotation: int = 0
    under_way: bool = False
    former_file: str = ""


def settings_path(keys: Path, campaign: str) -> Path:
    """Where the deployment says how a campaign's keys are kept."""
    return keys / f"{campaign}.keeper.json"


def read_settings(keys: Path, campaign: str) -> Settings:
    """What is written; plain files where nothing is.

    Raises:
        KanshoError: ``KEY-SETTINGS`` for any other form: it never falls back to plain files.
    """
    path = settings_path(keys, campaign)
    if not path.is_file():
        return Settings()
    try:
        said = Settings(**json.loads(path.read_text(encoding="utf-8")))
        texts = (said.passphrase_file, said.region, said.endpoint, said.former_file)
        right = all(isinstance(t, str) for t in texts) and type(said.rotation) is int and type(said.under_way) is bool
        if right and said.keeper == "passphrase" and said.passphrase_file and not (said.region or said.endpoint):
            return said
        if right and said.keeper == "kms" and said.region and said.endpoint and not said.passphrase_file:
            return said
    except (OSError, ValueError, TypeError):
        pass
    raise KanshoError(
        "KEY-SETTINGS",
        "鍵の保管方法の設定が読めません",
        place=path.name,
        remedy="docs/how-to/keep-keys.md の形にしてください",
    )


def write_settings(keys: Path, campaign: str, said: Settings) -> None:
    """Write the settings at once; what is as by default is left out."""
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    plain = asdict(Settings())
    value = {name: told for name, told in asdict(said).items() if told != plain[name]}
    FileKeeper(keys).replace(settings_path(keys, campaign).name, json.dumps(value).encode() + b"\n")


def keeper_of(keys: Path, campaign: str) -> KeyKeeper:
    """The keeper of a campaign's keys under ``keys``.

    Raises:
        KanshoError: as `read_settings` and `passphrase_in`.
    """
    said, folder = read_settings(keys, campaign), keys / campaign
    if said.keeper == "files":
        return FileKeeper(folder)
    if said.keeper == "kms":
        from kansho.vault.kms import KmsKeeper

        return KmsKeeper(_kms(said.region, said.endpoint, os.getpid()), FileKeeper(folder), campaign)
    former = None if not said.under_way else passphrase_in(said.former_file) if said.former_file else b""
    return PassphraseKeeper(folder, campaign, passphrase_in(said.passphrase_file), former)


@lru_cache(maxsize=8)
def _kms(region: str, endpoint: str, process: int) -> Any:
    """One client per process, as for S3: making one takes longer than asking KMS."""
    import boto3

    return boto3.client("kms", region_name=region, endpoint_url=endpoint)


def passphrase_in(place: str) -> bytes:
    """The passphrase in a file that only its owner reads, in an open descriptor, or typed.

    Raises:
        KanshoError: ``KEY-PASSPHRASE-FILE``.
    """
    try:
        words = _once(place) if place == ASK or place.startswith("/dev/fd/") else _private(Path(place))
    except (OSError, ValueError):
        words = b""
    if len(words) < SHORTEST:
        raise KanshoError(
            "KEY-PASSPHRASE-FILE",
            "合言葉のファイルがないか、短いか、他の利用者が読めます",
            place=Path(place).name,
            remedy=f"{SHORTEST}文字以上を書き、権限を 0600 にしてください",
        )
    return words


def _private(path: Path) -> bytes:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return b""
    return path.read_bytes().strip()


@cache
def _once(place: str) -> bytes:
    """A descriptor can be read and a person asked only once."""
    if place != ASK:
        return Path(place).read_bytes().strip()
    if not sys.stdin.isatty():
        raise ValueError
    return getpass.getpass("合言葉: ").encode()
