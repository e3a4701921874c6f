"""The object store on S3 (any compatible endpoint), in its simple form: versioned bucket, conditional create.

Belongs here: boto3 and nothing else of the vault.  A plain delete would leave every version behind, so `erase`
removes versions and delete markers one by one and looks again; an object under a lock cannot be erased, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from kansho.errors import KanshoError
from kansho.vault.store import check_name

_TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


class S3Store:
    """Objects of one campaign under ``prefix`` in a bucket.

    Args:
        client: a boto3 S3 client for the endpoint.
        bucket: a bucket with versioning enabled.
        prefix: folder of the campaign, without a trailing slash.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = check_name(prefix)

    def create(self, name: str, data: bytes) -> bool:
        """See `ObjectStore.create`; a lost response is settled by reading what is there."""
        key = self._key(name)
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, IfNoneMatch="*")
        except ClientError as error:
            if _code(error) in _TAKEN:
                return False
            raise _failed("create", error) from None
        return True

    def read(self, name: str) -> bytes:
        """See `ObjectStore.read`."""
        try:
            return bytes(self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read())
        except ClientError as error:
            if _code(error) in _ABSENT:
                raise KeyError(name) from None
            raise _failed("read", error) from None

    def exists(self, name: str) -> bool:
        """See `ObjectStore.exists`."""
        try:
            self._client.head_object(Bucket=self._bucket, Key=self._key(name))
        except ClientError as error:
            if _code(error) in _ABSENT:
                return False
            raise _failed("exists", error) from None
        return True

    def names(self, prefix: str = "") -> Iterator[str]:
        """See `ObjectStore.names`; the listing's prefix ends with a slash, for ``ward1`` is not ``ward10``."""
        root = f"{self._prefix}/"
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=root + prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                yield entry["Key"].removeprefix(root)

    def erase(self, name: str) -> None:
        """See `ObjectStore.erase`.

        Raises:
            KanshoError: ``S3-ERASE`` when a version could not be removed (lock, rights).
        """
        for version in self._versions(name):
            try:
                self._client.delete_object(Bucket=self._bucket, Key=self._key(name), VersionId=version)
            except ClientError as error:
                raise _failed("erase", error) from None

    def residue(self, name: str) -> int:
        """See `ObjectStore.residue`: versions and delete markers that remain."""
        return len(self._versions(name))

    def _versions(self, name: str) -> list[str]:
        key = self._key(name)
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key)
        return [
            entry["VersionId"]
            for page in pages
            for part in ("Versions", "DeleteMarkers")
            for entry in page.get(part, ())
            if entry["Key"] == key
        ]

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{check_name(name)}"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _failed(what: str, error: ClientError) -> KanshoError:
    return KanshoError(
        f"S3-{what.upper()}", f"object store answered {_code(error)}", remedy="check endpoint and rights"
    )
