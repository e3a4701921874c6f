"""What the two buckets must be set to: personal data are versioned and never locked, evidence is versioned and locked.

Belongs here: reading a bucket's settings and refusing wrong ones.  Does not belong here: changing them, which is the
work of whoever owns the account.  A lock on personal data would forbid the erasure that the contract orders (P11); an
evidence bucket without one would let its owner shorten the log.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from kansho.errors import KanshoError
from kansho.vault.s3_calls import DEFAULT, Patience, code_of, tried

_NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"})


def require_settings(client: Any, personal: str, evidence: str, patience: Patience = DEFAULT) -> None:
    """Refuse buckets that are not set to what we rely on.

    Raises:
        KanshoError: ``STORAGE-VERSIONING``, ``STORAGE-LOCK`` (the personal bucket has one), ``STORAGE-NO-LOCK`` (the
            evidence bucket has none), ``S3-REFUSED`` when they cannot be read: "could not check" is never a pass.
    """
    for bucket in (personal, evidence):
        if not versioned(client, bucket, patience):
            raise KanshoError(
                "STORAGE-VERSIONING",
                "バケットの版管理が有効ではありません",
                place=bucket,
                remedy="バケットの版管理 (versioning) を有効にしてください",
            )
    if locked(client, personal, patience):
        raise KanshoError(
            "STORAGE-LOCK",
            "個人情報のバケットにオブジェクトロックがあり、契約どおりに消去できません",
            place=personal,
            remedy="オブジェクトロックのない別のバケットを作り、設定してください (P11)",
        )
    if not locked(client, evidence, patience):
        raise KanshoError(
            "STORAGE-NO-LOCK",
            "証跡のバケットにオブジェクトロックがありません",
            place=evidence,
            remedy="オブジェクトロックを有効にして作ったバケットを設定してください",
        )


def versioned(client: Any, bucket: str, patience: Patience = DEFAULT) -> bool:
    """Whether every overwrite and deletion keeps what was there."""
    said = tried("バケットの設定", lambda: client.get_bucket_versioning(Bucket=bucket), patience)
    return bool(said.get("Status") == "Enabled")


def locked(client: Any, bucket: str, patience: Patience = DEFAULT) -> bool:
    """Whether objects of the bucket can be locked."""

    def ask() -> bool:
        try:
            said = client.get_object_lock_configuration(Bucket=bucket)
        except ClientError as error:
            if code_of(error) in _NO_LOCK:
                return False
            raise
        return bool(said.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")

    return tried("バケットの設定", ask, patience)
