"""The object store on S3 (any compatible endpoint): versioned bucket, conditional create, nothing written twice.

Belongs here: what `ObjectStore` promises, in calls to S3.  Does not belong here: which bucket (`kansho.vault.storage`),
what may be tried again (`kansho.vault.s3_calls`), objects in parts (`kansho.vault.s3_parts`), removing versions
(`kansho.vault.s3_erasing`).

A write whose answer was lost is settled by looking: every object carries the digest of its bytes, so the second try,
told that the name is taken, sees whether it was taken by the first.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from kansho.errors import KanshoError
from kansho.vault.s3_calls import (
    ABSENT,
    DEFAULT,
    NO_ANSWER,
    TAKEN,
    UNDER_WAY,
    Patience,
    code_of,
    passing,
    refused,
    tried,
    unanswered,
)
from kansho.vault.s3_erasing import erase_versions, versions_below
from kansho.vault.s3_parts import PART, abort_uploads, put_in_parts, uploads_below
from kansho.vault.s3_reading import BLOCK, streamed
from kansho.vault.store import check_name

#: Where an object's own metadata keep the SHA-256 (hex) of its bytes.
DIGEST = "sha256"


@dataclass(frozen=True)
class Lock:
    """How long an object of the evidence is kept, whoever asks: mode, and an ISO date (its beginning, UTC)."""

    mode: str
    until: str

    @property
    def arguments(self) -> dict[str, str]:
        """What a write says about it."""
        return {"ObjectLockMode": self.mode, "ObjectLockRetainUntilDate": f"{self.until}T00:00:00Z"}


class S3Store:
    """Objects of one campaign under ``prefix`` in a bucket.

    Args:
        client: of `kansho.vault.s3_calls.client`, which retries nothing by itself.
        bucket: a bucket with versioning enabled.
        prefix: folder of the campaign, without a trailing slash.
        lock: put on every object written (the evidence); None for personal data, always.
        patience: how often a call is tried.
        part: bytes above which an object is written in parts of that size (S3's least is 5 MiB).
    """

    def __init__(
        self,
        client: Any,
        bucket: str,
        prefix: str,
        *,
        lock: Lock | None = None,
        patience: Patience = DEFAULT,
        part: int = PART,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = check_name(prefix)
        self._lock = lock.arguments if lock else {}
        self._patience = patience
        self._part = part

    def create(self, name: str, data: bytes) -> bool:
        """See `ObjectStore.create`: a try whose answer was lost is settled by the digest of what is there.

        Raises:
            KanshoError: ``S3-REFUSED`` or ``S3-UNANSWERED``; in the second case the object may have been written, and
                creating it again with the same bytes finds it.
        """
        key, digest = self._key(name), hashlib.sha256(data)
        lost = False
        for failure in range(self._patience.tries):
            try:
                self._put(key, data, digest.digest())
            except ClientError as error:
                if code_of(error) in TAKEN:
                    return lost and self._digest(key) == digest.hexdigest()
                if not passing(error) and code_of(error) != "NoSuchUpload":
                    raise refused("create", error) from None
                last: Exception = error
                lost = lost or code_of(error) not in UNDER_WAY
            except NO_ANSWER as error:
                last, lost = error, True
            except BotoCoreError as error:
                raise refused("create", error) from None
            else:
                return True
            if failure + 1 < self._patience.tries:
                self._patience.pause(failure)
        raise unanswered("create", last) from None

    def read(self, name: str) -> bytes:
        """See `ObjectStore.read`; the bytes are held against the digest that was written with them.

        Raises:
            KanshoError: ``S3-DAMAGED`` when they are other bytes each time they are read, ``S3-FOREIGN`` when no digest
                was written with them: whatever we write has one.
        """
        key = self._key(name)

        def get() -> tuple[bytes, str | None]:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            return bytes(answer["Body"].read()), answer.get("Metadata", {}).get(DIGEST)

        try:
            for failure in range(self._patience.tries):
                data, digest = tried("read", get, self._patience)
                if digest is None:
                    raise _foreign(name)
                if hashlib.sha256(data).hexdigest() == digest:
                    return data
                if failure + 1 < self._patience.tries:
                    self._patience.pause(failure)
        except ClientError as error:
            if code_of(error) in ABSENT:
                raise KeyError(name) from None
            raise refused("read", error) from None
        raise KanshoError(
            "S3-DAMAGED",
            "読み出した内容が、書いたときの控え値と一致しません",
            place=name,
            remedy="事故として報告し、保管先の状態を確かめてください",
        )

    def open(self, name: str) -> BinaryIO:
        """See `ObjectStore.open`; raises as `kansho.vault.s3_reading` while it is read.

        What has no digest is read all the same: the residue scan looks into whatever lies there.
        """
        key = self._key(name)
        head = self._head(key)
        if head is None:
            raise KeyError(name)
        digest = (head.get("Metadata") or {}).get(DIGEST)
        return io.BufferedReader(streamed(self._client, self._bucket, key, head, digest, self._patience), BLOCK)

    def exists(self, name: str) -> bool:
        """See `ObjectStore.exists`."""
        return self._head(self._key(name)) is not None

    def names(self, prefix: str = "") -> Iterator[str]:
        """See `ObjectStore.names`; the listing's prefix ends with a slash, for ``ward1`` is not ``ward10``."""
        root = f"{self._prefix}/"
        token: dict[str, str] = {}
        while True:
            asked = {"Bucket": self._bucket, "Prefix": root + prefix, **token}
            page = tried("list", partial(self._client.list_objects_v2, **asked), self._patience)
            for entry in page.get("Contents", ()):
                yield entry["Key"].removeprefix(root)
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def erase(self, name: str) -> None:
        """See `ObjectStore.erase`: every version and delete marker, and what was being uploaded under the name.

        Raises:
            KanshoError: ``S3-LOCKED`` when a version stands under a lock, ``S3-REFUSED``, ``S3-UNANSWERED``; what was
                removed stays removed, and erasing again goes on with the rest.
        """
        key = self._key(name)
        abort_uploads(self._client, self._bucket, [u for u in self._uploads(key) if u[0] == key], self._patience)
        erase_versions(self._client, self._bucket, [v for v in self._versions(key) if v[0] == key], self._patience)

    def residue(self, name: str) -> int:
        """See `ObjectStore.residue`: versions, delete markers and unfinished uploads that remain."""
        key = self._key(name)
        return sum(found[0] == key for found in (*self._versions(key), *self._uploads(key)))

    def remains(self) -> dict[str, int]:
        """See `ObjectStore.remains`: also what a delete marker hides, which no listing of names shows."""
        found: dict[str, int] = {}
        for key, _ in self._versions(f"{self._prefix}/"):
            name = key.removeprefix(f"{self._prefix}/")
            found[name] = found.get(name, 0) + 1
        return found

    def lock_of(self, name: str) -> tuple[str, str]:
        """Mode and last day (ISO, UTC) of the retention that an object stands under; '' where none can be seen."""
        head = self._head(self._key(name)) or {}
        until = head.get("ObjectLockRetainUntilDate")
        return str(head.get("ObjectLockMode") or ""), until.date().isoformat() if until is not None else ""

    def unfinished(self) -> int:
        """See `ObjectStore.unfinished`."""
        return len(self._uploads(f"{self._prefix}/"))

    def sweep(self) -> int:
        """See `ObjectStore.sweep`."""
        found = self._uploads(f"{self._prefix}/")
        abort_uploads(self._client, self._bucket, found, self._patience)
        return len(found)

    def _put(self, key: str, data: bytes, digest: bytes) -> None:
        more = {"Metadata": {DIGEST: digest.hex()}, **self._lock}
        if len(data) > self._part:
            put_in_parts(self._client, self._bucket, key, data, more, self._part, self._patience)
            return
        checksum = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": base64.b64encode(digest).decode()}
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, IfNoneMatch="*", **checksum, **more)

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            return dict(tried("head", lambda: self._client.head_object(Bucket=self._bucket, Key=key), self._patience))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise refused("head", error) from None

    def _digest(self, key: str) -> str | None:
        return ((self._head(key) or {}).get("Metadata") or {}).get(DIGEST)

    def _versions(self, prefix: str) -> list[tuple[str, str]]:
        return list(versions_below(self._client, self._bucket, prefix, self._patience))

    def _uploads(self, prefix: str) -> list[tuple[str, str]]:
        return list(uploads_below(self._client, self._bucket, prefix, self._patience))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{check_name(name)}"


def _foreign(name: str) -> KanshoError:
    return KanshoError(
        "S3-FOREIGN",
        "控え値のないオブジェクトがあります（本システムが書いたものではありません）",
        place=name,
        remedy="誰がいつ書いたかを保管先の記録で調べ、事故として報告してください",
    )


def folders_of(client: Any, bucket: str, patience: Patience = DEFAULT) -> list[str]:
    """Folders at the top of a bucket: the campaigns."""
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        asked = {"Bucket": bucket, "Delimiter": "/", **token}
        page = tried("list", partial(client.list_objects_v2, **asked), patience)
        found += [entry["Prefix"].rstrip("/") for entry in page.get("CommonPrefixes", ())]
        if not page.get("IsTruncated"):
            return found
        token = {"ContinuationToken": page["NextContinuationToken"]}
