"""Removing versions for good: every version and every delete marker, in bulk, each answered for by name.

Belongs here: listing versions and deleting them.  Does not belong here: which objects.  A plain delete leaves every
version behind a marker, and a bulk delete that failed for some keys answers 200 all the same: its ``Errors`` are read,
what may pass is asked for again, and a locked version is said to be one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from kansho.errors import KanshoError
from kansho.vault.s3_calls import PASSING, Patience, code_of, tried

#: S3's most in one call.
BULK = 1000

Version = tuple[str, str]  # key, version id


def versions_below(client: Any, bucket: str, prefix: str, patience: Patience) -> Iterator[Version]:
    """Every version and delete marker under a prefix."""
    marker: dict[str, str] = {}
    while True:
        asked = {"Bucket": bucket, "Prefix": prefix, **marker}
        page = tried("list versions", partial(client.list_object_versions, **asked), patience)
        for part in ("Versions", "DeleteMarkers"):
            yield from ((entry["Key"], entry["VersionId"]) for entry in page.get(part, ()))
        if not page.get("IsTruncated"):
            return
        marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}


def erase_versions(client: Any, bucket: str, versions: Sequence[Version], patience: Patience) -> None:
    """Remove versions in bulk; run again after any failure, it goes on with what is left.

    Raises:
        KanshoError: ``S3-LOCKED`` naming objects under a lock, ``S3-NOT-ERASED`` for those refused otherwise; all that
            could be removed is removed before.
    """
    locked: list[str] = []
    others: dict[Version, str] = {}
    for start in range(0, len(versions), BULK):
        for (key, version), code in _erased(client, bucket, versions[start : start + BULK], patience).items():
            if is_locked(client, bucket, key, version, patience):
                locked.append(key)
            else:
                others[key, version] = code
    if locked:
        raise KanshoError(
            "S3-LOCKED",
            f"ロックされた版は消去できません（{len(locked)}件）",
            place=" ".join(sorted(set(locked))[:5]),
            remedy="個人情報はロックのないバケットに置きます。事故として扱い、ロックの期限と解除を確かめてください",
        )
    if others:
        raise KanshoError(
            "S3-NOT-ERASED",
            f"消去できない版があります（{len(others)}件: {' '.join(sorted(set(others.values())))}）",
            place=" ".join(sorted({key for key, _ in others})[:5]),
            remedy="権限 (s3:DeleteObjectVersion) と稼働状況を確かめ、やり直してください（続きから行います）",
        )


def is_locked(client: Any, bucket: str, key: str, version: str, patience: Patience) -> bool:
    """Whether a version stands under a retention or a legal hold, as far as we may see."""

    def ask() -> bool:
        try:
            head = client.head_object(Bucket=bucket, Key=key, VersionId=version)
        except ClientError as error:
            if code_of(error) in ("AccessDenied", "403", "405", "MethodNotAllowed", "400"):
                return False  # we may not see it, or it is a delete marker, which cannot be locked
            raise
        return bool(head.get("ObjectLockMode")) or head.get("ObjectLockLegalHoldStatus") == "ON"

    try:
        return tried("head version", ask, patience)
    except ClientError:
        return False


def _erased(client: Any, bucket: str, versions: Sequence[Version], patience: Patience) -> dict[Version, str]:
    """Delete, ask again for what may pass; returns what is left, with the code of each refusal."""
    left = list(versions)
    refused: dict[Version, str] = {}
    for failure in range(patience.tries):
        wanted = {"Objects": [{"Key": key, "VersionId": version} for key, version in left], "Quiet": True}
        delete = partial(client.delete_objects, Bucket=bucket, Delete=wanted)
        answer = tried("delete versions", delete, patience)
        errors = _by_version(answer.get("Errors", ()), left)
        refused |= {version: code for version, code in errors.items() if code not in PASSING}
        left = [version for version, code in errors.items() if code in PASSING]
        if not left:
            return refused
        if failure + 1 < patience.tries:
            patience.pause(failure)
    return {**refused, **{version: errors[version] for version in left}}


def _by_version(errors: Iterable[Mapping[str, str]], asked: Sequence[Version]) -> dict[Version, str]:
    """Code by version; a server that names only the object means any of its versions that were asked for."""
    found: dict[Version, str] = {}
    for error in errors:
        key, version, code = error["Key"], error.get("VersionId"), str(error.get("Code", ""))
        found |= {one: code for one in asked if one[0] == key and version in (None, "", one[1])}
    return found
