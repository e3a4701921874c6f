"""Which keeper holds a campaign's keys on this machine: what the deployment wrote beside them.

Belongs here: reading and writing ``keys/<campaign>.keeper.json``; without the file, keys are plain files, with which no
real year opens (`kansho.opening.protection`).  Does not belong here: the keepers, or turning keys
(`kansho.vault.rotation`).  The file names where a passphrase lies and where KMS answers; it holds neither secret nor
credential (those are boto3's own chain: the machine's role).

    {"keeper": "passphrase", "passphrase_file": "/run/secrets/kansho"}
    {"keeper": "kms", "place": "cloud", "region": "ap-northeast-1",
     "endpoint": "https://kms.ap-northeast-1.amazonaws.com"}

Beside it ``keys/<campaign>.owner``, made with the first KMS key: a random word that the tags of our KMS keys repeat, so
that a rehearsal of the same campaign in the same account never takes another deployment's keys for its own.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
import stat
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.vault.keepers import FileKeeper, KeyKeeper, PassphraseKeeper
from kansho.vault.places import designated, encrypted
from kansho.vault.store import LocalStore

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
        place: of KMS, an id of the campaign's approved places.
        region: of KMS, one that is designated there.
        endpoint: of KMS, one that is designated there.
        rotation: number of the last rotation that began.
        under_way: whether that rotation is not at its end.
        former_file: the passphrase being replaced; empty while plain files are being wrapped.
    """

    keeper: Literal["files", "passphrase", "kms"] = "files"
    passphrase_file: str = ""
    place: str = ""
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
        texts = (said.passphrase_file, said.place, said.region, said.endpoint, said.former_file)
        right = all(isinstance(t, str) for t in texts) and type(said.rotation) is int and type(said.under_way) is bool
        service = (said.place, said.region, said.endpoint)
        if right and said.keeper == "passphrase" and said.passphrase_file and not any(service):
            return said
        if right and said.keeper == "kms" and all(service) and not said.passphrase_file:
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


def keeper_of(keys: Path, config: CampaignConfig) -> KeyKeeper:
    """The keeper of a campaign's keys under ``keys``; a key service only where the campaign's config approves it.

    Raises:
        KanshoError: ``KEY-TLS``, ``KEY-PLACE``; else as `read_settings` and `passphrase_in`.
    """
    said, folder = read_settings(keys, config.id), keys / config.id
    if said.keeper == "files":
        return FileKeeper(folder)
    if said.keeper == "kms":
        require_approved(said, config)
        from kansho.vault.kms import KmsKeeper

        client = _client(said.endpoint, said.region, os.getpid())
        return KmsKeeper(client, FileKeeper(folder), config.id, _owner(keys, config.id))
    former = None if not said.under_way else passphrase_in(said.former_file) if said.former_file else b""
    return PassphraseKeeper(folder, config.id, passphrase_in(said.passphrase_file), former)


def require_approved(said: Settings, config: CampaignConfig) -> None:
    """KMS answers over TLS, at an endpoint and in a region of an approved place of ours (P14).

    Raises:
        KanshoError: ``KEY-TLS``, ``KEY-PLACE``.
    """
    if not encrypted(said.endpoint):
        raise KanshoError(
            "KEY-TLS",
            "鍵の管理サービスとの通信が暗号化されないか、接続先の書き方が違います",
            place="endpoint",
            remedy="https://ホスト名 の形にしてください（docs/how-to/keep-keys.md）",
        )
    if designated(config, said.place, said.endpoint, said.region) is None:
        raise KanshoError(
            "KEY-PLACE",
            "鍵の管理サービスの接続先・地域が、区の指定した取扱場所にありません",
            place=f"places.{said.place}",
            remedy="取扱場所の endpoints と regions に載せて区の指定を受けるか、接続先を改めてください (P14)",
        )


@cache
def _client(endpoint: str, region: str, process: int) -> Any:
    """One client per process: connections do not survive a fork."""
    from kansho.vault.kms import client

    return client(endpoint, region)


def _owner(keys: Path, campaign: str) -> str:
    """The word that tells this deployment's KMS keys from others'; whoever needs it first makes it."""
    name, store = f"{campaign}.owner", LocalStore(keys)
    store.create(name, secrets.token_hex(16).encode())
    return store.read(name).decode()


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
