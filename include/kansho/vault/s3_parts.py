"""Large objects in parts, and the uploads that somebody began and nobody finished.

Belongs here: multipart upload, listing and aborting.  Does not belong here: when an object is large, or whether its
name was free.  Parts of an unfinished upload are bytes that no listing of objects shows and that are kept and paid for
until aborted: a failed upload is aborted at once, and the inventory looks for those of killed processes.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kansho.errors import KanshoError
from kansho.vault.s3_calls import ABSENT, Patience, code_of, refused, tried

PART = 16 * 2**20


def put_in_parts(
    client: Any, bucket: str, key: str, data: bytes, more: Mapping[str, Any], part: int, patience: Patience
) -> None:
    """Upload in parts, each with its checksum; the object comes to be at the end, if the name is still free.

    Raises:
        ClientError: the name is taken, or the completion's answer was lost; the upload is aborted.
    """
    begun = tried(
        "begin parts",
        lambda: client.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="SHA256", **more),
        patience,
    )
    upload = {"Bucket": bucket, "Key": key, "UploadId": begun["UploadId"]}
    try:
        done = [
            _part(client, upload, number, data[start : start + part], patience)
            for number, start in enumerate(range(0, len(data), part), start=1)
        ]
        client.complete_multipart_upload(**upload, MultipartUpload={"Parts": done}, IfNoneMatch="*")
    except (ClientError, BotoCoreError, KanshoError):
        # Where a lost answer hides a completed upload, there is nothing to abort any more.
        with contextlib.suppress(ClientError, BotoCoreError, KanshoError):
            abort_uploads(client, bucket, [(key, upload["UploadId"])], patience)
        raise


def uploads_below(client: Any, bucket: str, prefix: str, patience: Patience) -> Iterator[tuple[str, str]]:
    """(key, upload id) of every unfinished upload under a prefix."""
    marker: dict[str, str] = {}
    while True:
        asked = {"Bucket": bucket, "Prefix": prefix, **marker}
        page = tried("list uploads", partial(client.list_multipart_uploads, **asked), patience)
        for entry in page.get("Uploads", ()):
            if entry["Key"].startswith(prefix):
                yield entry["Key"], entry["UploadId"]
        if not page.get("IsTruncated"):
            return
        marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}


def abort_uploads(client: Any, bucket: str, uploads: Iterable[tuple[str, str]], patience: Patience) -> None:
    """Abort unfinished uploads; one that is gone by now is as wanted."""
    for key, upload in uploads:
        wanted = {"Bucket": bucket, "Key": key, "UploadId": upload}
        try:
            tried("abort parts", partial(client.abort_multipart_upload, **wanted), patience)
        except ClientError as error:
            if code_of(error) not in ABSENT:
                raise refused("abort parts", error) from None


def _part(client: Any, upload: Mapping[str, str], number: int, data: bytes, patience: Patience) -> dict[str, Any]:
    checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
    answer = tried(
        "put part",
        lambda: client.upload_part(**upload, PartNumber=number, Body=data, ChecksumSHA256=checksum),
        patience,
    )
    return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}
