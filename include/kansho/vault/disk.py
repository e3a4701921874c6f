"""A local disk: a file is written whole and durably or not at all, and a disk that refuses says what to do about it.

Belongs here: that, for the stores and for what others are shown.  Does not belong here: names or meaning of files.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kansho.errors import KanshoError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


@contextmanager
def disk_errors(place: str) -> Iterator[None]:
    """What the operating system refuses within, as a refusal of ours; ``place`` is an object's or a file's name.

    Raises:
        KanshoError: see `refusal`.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, place) from None


def refusal(error: OSError, place: str) -> KanshoError:
    """``DISK-FULL``, ``DISK-READONLY`` or ``DISK-FAILED``, without the path that the error quotes."""
    if error.errno in _FULL:
        return KanshoError(
            "DISK-FULL",
            "保存先に空きがありません",
            place=place,
            remedy="空き容量を増やしてから、もう一度実行してください（続きから行います）",
        )
    if error.errno in _READ_ONLY:
        return KanshoError(
            "DISK-READONLY",
            "保存先を読み書きできません",
            place=place,
            remedy="保存先の権限と、読取り専用でないかを確かめてから、もう一度実行してください（続きから行います）",
        )
    return KanshoError(
        "DISK-FAILED",
        "保存先が応答しません",
        place=f"{place} {errno.errorcode.get(error.errno or 0, 'OSError')}".strip(),
        remedy="装置の状態を確かめてから、もう一度実行してください。読めない場合は事故として扱ってください",
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write a file durably; it shows whole or, after a kill or a refusal, as it was before.

    Raises:
        KanshoError: see `disk_errors`.
    """
    part = path.with_name(f".{path.name}.part")
    with disk_errors(path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make durable what a folder holds; on disks, names are written apart from the files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
