"""Where a deployment keeps its objects: a local directory unless ``kansho/storage.json`` says S3 (P14, D6).

Belongs here: reading that file, holding it against the campaign's approved places, opening the stores.  Does not belong
here: what a bucket must be set to (`kansho.vault.buckets`), keys, or a credential (boto3's own chain: the machine's
role).  The file lies under ``var``, the one root that every command, task and page is given:

    {"place": "cloud", "endpoint": "https://s3.ap-northeast-1.amazonaws.com", "region": "ap-northeast-1",
     "personal_bucket": "kansho-personal", "evidence_bucket": "kansho-evidence", "lock": "COMPLIANCE"}
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from kansho.campaign.config import CampaignConfig, Frozen
from kansho.errors import KanshoError
from kansho.vault import nearby
from kansho.vault.places import designated, encrypted
from kansho.vault.store import LocalStore, ObjectStore

NAME = "storage.json"
#: How many objects are asked about at once.
_ASKED = 8
_Bucket = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class Storage(Frozen):
    """The deployment's S3: one place, two buckets.

    ``lock`` is the mode in which every object of the evidence is kept until ``evidence_retained_until``; GOVERNANCE,
    which its owner can lift, is for rehearsals (`kansho.opening.protection`).
    """

    place: str
    endpoint: str
    region: str
    personal_bucket: _Bucket
    evidence_bucket: _Bucket
    lock: Literal["COMPLIANCE", "GOVERNANCE"] = "COMPLIANCE"


@dataclass(frozen=True)
class Stores:
    """A campaign's stores: sealed snapshots, the residue scan's needles, the log."""

    vault: ObjectStore
    needles: ObjectStore
    ledger: ObjectStore


def stores_of(config: CampaignConfig, home: Path) -> Stores:
    """Open a campaign's stores as the deployment keeps them; ``home`` is ``var/kansho``.

    Raises:
        KanshoError: ``STORAGE-*`` when the deployment's S3 is not where and what the campaign's config approves.
    """
    storage = storage_of(home)
    if storage is None:
        _require_none_declared(config)
        vault, needles, ledger = (LocalStore(home / part / config.id) for part in ("vault", "needles", "ledger"))
        return Stores(vault, needles, ledger)
    require_approved(storage, config)
    copies = home / nearby.FOLDER / config.id / _word(storage)
    return _on_s3(storage, config.id, config.contract.evidence_retained_until.isoformat(), copies, os.getpid())


def _word(storage: Storage) -> str:
    """What tells copies of one bucket's log from those of another's: a rehearsal's must not pass for the real one's."""
    said = "\n".join((storage.endpoint, storage.region, storage.evidence_bucket))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def log_under(config: CampaignConfig, home: Path, lock: str = "", until: str = "") -> ObjectStore:
    """A campaign's log with no look at the buckets' settings, written to under a lock that may be named.

    For what must be told although the settings are wrong (`kansho.protected`); nothing else is opened so.

    Raises:
        KanshoError: ``STORAGE-*`` when the place is not approved.
    """
    storage = storage_of(home)
    if storage is None:
        _require_none_declared(config)
        return LocalStore(home / "ledger" / config.id)
    from kansho.vault.s3 import Lock, S3Store

    require_approved(storage, config)
    mode = lock if lock in ("COMPLIANCE", "GOVERNANCE") else storage.lock
    kept = Lock(mode, until or config.contract.evidence_retained_until.isoformat())
    return S3Store(_client(storage, os.getpid()), storage.evidence_bucket, f"{config.id}/ledger", lock=kept)


def locks_of_log(config: CampaignConfig, home: Path, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Object of the log → mode and last day of its retention, '' where none can be seen; empty on the local store."""
    storage = storage_of(home)
    if storage is None:
        return {}
    from kansho.vault.s3 import S3Store

    require_approved(storage, config)
    log = S3Store(_client(storage, os.getpid()), storage.evidence_bucket, f"{config.id}/ledger")
    with ThreadPoolExecutor(_ASKED) as pool:
        listed = list(names)
        return dict(zip(listed, pool.map(log.lock_of, listed), strict=True))


def elsewhere(config: CampaignConfig, home: Path) -> dict[str, ObjectStore]:
    """The campaign's stores that are no folder of this machine, by name: nothing that searches folders sees them."""
    if storage_of(home) is None:
        return {}
    stores = stores_of(config, home)
    return {"s3:vault": stores.vault, "s3:needles": stores.needles, "s3:ledger": stores.ledger}


def ledgers_of(home: Path) -> Iterator[tuple[str, ObjectStore]]:
    """The log of every campaign that this deployment keeps.

    Of the other campaigns' configurations nothing is known here, so that no place can be held against them; nothing is
    asked without encryption all the same.

    Raises:
        KanshoError: ``STORAGE-TLS``.
    """
    storage = storage_of(home)
    if storage is None:
        folders = sorted((home / "ledger").iterdir()) if (home / "ledger").is_dir() else []
        yield from ((folder.name, LocalStore(folder)) for folder in folders if folder.is_dir())
        return
    from kansho.vault.s3 import S3Store, folders_of

    require_encrypted(storage.endpoint)
    client = _client(storage, os.getpid())
    for campaign in folders_of(client, storage.evidence_bucket):
        yield campaign, S3Store(client, storage.evidence_bucket, f"{campaign}/ledger")


def in_buckets(config: CampaignConfig, home: Path) -> dict[str, list[str]]:
    """Every name below the campaign's folders on S3, by ``personal`` and ``evidence``; empty on the local store.

    Of personal data that is every version and every unfinished upload; the evidence hides and erases nothing.
    """
    storage = storage_of(home)
    if storage is None:
        return {}
    from kansho.vault.s3 import S3Store
    from kansho.vault.s3_calls import DEFAULT
    from kansho.vault.s3_erasing import versions_below
    from kansho.vault.s3_parts import uploads_below

    require_approved(storage, config)
    client, below = _client(storage, os.getpid()), f"{config.id}/"
    versions = versions_below(client, storage.personal_bucket, below, DEFAULT)
    uploads = uploads_below(client, storage.personal_bucket, below, DEFAULT)
    return {
        "personal": sorted({key.removeprefix(below) for found in (versions, uploads) for key, _ in found}),
        "evidence": list(S3Store(client, storage.evidence_bucket, config.id).names()),
    }


def tops_of_buckets(config: CampaignConfig, home: Path, campaign: str = "") -> dict[str, list[str]]:
    """What lies at the top of each bucket, or of a campaign's folder in it, by ``personal`` and ``evidence``.

    Folders end with a slash, and are not looked into; empty on the local store.
    """
    storage = storage_of(home)
    if storage is None:
        return {}
    from kansho.vault.s3_folders import level

    require_approved(storage, config)
    client, below = _client(storage, os.getpid()), f"{campaign}/" if campaign else ""
    return {
        "personal": level(client, storage.personal_bucket, below, uploads=True),
        "evidence": level(client, storage.evidence_bucket, below),  # which hides no uploads of persons
    }


def storage_of(home: Path) -> Storage | None:
    """What the deployment says; None where it says nothing, which means the local directory.

    Raises:
        KanshoError: ``STORAGE-SETTINGS``.
    """
    path = home / NAME
    try:
        return Storage.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        raise KanshoError(
            "STORAGE-SETTINGS",
            "保管先の設定が読めません",
            place=path.name,
            remedy="docs/how-to/run-on-s3.md の形にしてください",
        ) from None


def require_approved(storage: Storage, config: CampaignConfig) -> None:
    """The endpoint is encrypted and is one of an approved place of ours, where the data flow says the data lie.

    Raises:
        KanshoError: ``STORAGE-TLS``, ``STORAGE-PLACE``, ``STORAGE-FLOW``, ``STORAGE-UNDECLARED``,
            ``STORAGE-ONE-BUCKET``.
    """
    require_encrypted(storage.endpoint)
    place = designated(config, storage.place, storage.endpoint, storage.region)
    if place is None:
        raise KanshoError(
            "STORAGE-PLACE",
            "保管先の接続先・地域が、区の指定した取扱場所にありません",
            place=f"places.{storage.place}",
            remedy="取扱場所の endpoints と regions に載せて区の指定を受けるか、接続先を改めてください (P14)",
        )
    elsewhere = sorted(f.kind for f in config.data_flow if f.holder == config.contractor.id and f.place != place.id)
    if elsewhere:
        raise KanshoError(
            "STORAGE-FLOW",
            f"承認された情報の流れでは、別の場所に置く作業ファイルがあります（{len(elsewhere)}件）",
            place=" ".join(elsewhere[:5]),
            remedy="data_flow の place を保管先の場所に改め、区の承認を得てください (D6)",
        )
    declared = {s.serial for s in config.closing.storage if s.kind == "object_storage" and s.place == place.id}
    if storage.personal_bucket not in declared:
        raise KanshoError(
            "STORAGE-UNDECLARED",
            "保管先のバケットが、消去証明書に記載する装置にありません",
            place="closing.storage",
            remedy="kind: object_storage、serial: バケット名として設定に加え、区の承認を得てください",
        )
    if storage.personal_bucket == storage.evidence_bucket:
        raise KanshoError(
            "STORAGE-ONE-BUCKET",
            "個人情報と証跡が同じバケットになっています",
            place=NAME,
            remedy="版管理のみのバケットと、オブジェクトロックのバケットを分けてください",
        )


def require_encrypted(endpoint: str) -> None:
    """TLS everywhere but on this machine's loopback.

    Raises:
        KanshoError: ``STORAGE-TLS``.
    """
    if not encrypted(endpoint):
        raise KanshoError(
            "STORAGE-TLS",
            "保管先との通信が暗号化されないか、接続先の書き方が違います",
            place="endpoint",
            remedy="https://ホスト名 の形にしてください",
        )


def _require_none_declared(config: CampaignConfig) -> None:
    """A worker without the deployment's file must not begin a second vault on its own disk."""
    if any(s.kind == "object_storage" for s in config.closing.storage):
        raise KanshoError(
            "STORAGE-UNSAID",
            "設定はオブジェクトストレージを届け出ていますが、この機械には保管先の設定がありません",
            place=NAME,
            remedy="docs/how-to/run-on-s3.md のとおり保管先の設定を置いてください",
        )


@lru_cache(maxsize=32)
def _on_s3(storage: Storage, campaign: str, retained_until: str, copies: Path, process: int) -> Stores:
    """Checked once per process: a bucket's settings are looked at when work begins, not at each object."""
    from kansho.vault.ahead import ReadAhead
    from kansho.vault.buckets import require_settings
    from kansho.vault.s3 import Lock, S3Store

    client = _client(storage, process)
    require_settings(client, storage.personal_bucket, storage.evidence_bucket)
    lock = Lock(storage.lock, retained_until)
    return Stores(
        vault=S3Store(client, storage.personal_bucket, f"{campaign}/vault"),
        needles=S3Store(client, storage.personal_bucket, f"{campaign}/needles"),
        ledger=ReadAhead(
            S3Store(client, storage.evidence_bucket, f"{campaign}/ledger", lock=lock), nearby.Nearby(copies)
        ),
    )


@lru_cache(maxsize=8)
def _client(storage: Storage, process: int) -> Any:
    """One client per process: connections do not survive a fork."""
    from kansho.vault.s3_calls import client

    return client(storage.endpoint, storage.region)
