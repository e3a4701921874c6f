"""An object on S3 as a stream: read in ranges as it is asked for, never held whole.

Belongs here: the stream alone.  Does not belong here: who reads so (the residue scan), or `ObjectStore.read`, which the
vault uses: what is opened with a key is held whole anyway.

Every range is of the object that was there at the opening (its ETag); bytes that were read from the first to the last
in turn are held against the digest that was written with them.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from kansho.errors import KanshoError
from kansho.vault.s3_calls import Patience, refused, tried

#: Bytes asked for at a time.
BLOCK = 4 * 1024**2


class Ranged(io.RawIOBase):
    """Bytes of one object, by calls for ranges of it."""

    def __init__(self, get: Callable[[int, int], bytes], size: int, damaged: Callable[[bytes], None]) -> None:
        super().__init__()
        self._get, self._size, self._damaged = get, size, damaged
        self._at = self._hashed = 0
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def seekable(self) -> bool:
        """In any order."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there; nothing is asked for yet."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        """The next bytes, as many as come in one answer."""
        wanted = min(len(buffer), BLOCK, self._size - self._at)
        if wanted <= 0:
            return 0
        part = self._get(self._at, wanted)
        if len(part) != wanted:
            raise KanshoError("S3-DAMAGED", "読み出した長さが違います", place="read", remedy="やり直してください")
        if self._at == self._hashed:
            self._hash.update(part)
            self._hashed += wanted
            if self._hashed == self._size:
                self._damaged(self._hash.digest())
        buffer[:wanted] = part
        self._at += wanted
        return wanted


def streamed(
    client: Any, bucket: str, key: str, head: dict[str, Any], digest: str | None, patience: Patience
) -> Ranged:
    """The stream of an object whose head was read.

    Raises:
        KanshoError: while it is read: ``S3-DAMAGED`` for other bytes than were written, ``S3-REFUSED`` where the object
            is another by then, ``S3-UNANSWERED``.
    """

    def get(at: int, wanted: int) -> bytes:
        asked = {"Bucket": bucket, "Key": key, "Range": f"bytes={at}-{at + wanted - 1}", "IfMatch": head["ETag"]}

        def part() -> bytes:
            return bytes(client.get_object(**asked)["Body"].read())

        try:
            return tried("read", part, patience)
        except ClientError as error:
            raise refused("read", error) from None

    def damaged(found: bytes) -> None:
        if digest is not None and found.hex() != digest:
            raise KanshoError(
                "S3-DAMAGED",
                "読み出した内容が、書いたときの控え値と一致しません",
                place="read",
                remedy="事故として報告し、保管先の状態を確かめてください",
            )

    return Ranged(get, int(head["ContentLength"]), damaged)
