"""Copies of a log's events on this machine, and turns of its writers, where the log itself lies over a network.

Belongs here: keeping bytes that never change so that the next process need not ask for them, and telling when a copy
is not what was kept.  Does not belong here: deciding what is asked for (`kansho.vault.ahead`); anything of a resident:
what is kept here is of the ledger, which carries none (docs/decisions/0001).

Nothing depends on it but speed.  A copy is written without waiting for the disk, so one that a power cut tore is told
by its digest and asked for again; a copy that somebody wrote with a digest of its own is found before anything is
signed (`ReadAhead.confirm`).  A disk that refuses is left alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kansho.vault.store import check_name

#: Where they lie under ``var/kansho``, a folder for each campaign.
FOLDER = "log-copies"
_TURN = ".tmp-turn"
_DIGEST = hashlib.sha256().digest_size


class Nearby:
    """One log's copies.

    Args:
        folder: of this log alone; made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def get(self, name: str) -> bytes | None:
        """What was kept under a name; None when nothing was, or not what lies there."""
        try:
            with open(f"{self._folder}/{check_name(name)}", "rb", buffering=0) as handle:
                kept = handle.read()
        except OSError:
            return None
        data = kept[_DIGEST:]
        return data if hashlib.sha256(data).digest() == kept[:_DIGEST] else None

    def put(self, name: str, data: bytes) -> None:
        """Keep a copy; whoever reads finds it whole or not at all."""
        path = f"{self._folder}/{check_name(name)}"
        temporary = f"{os.path.dirname(path)}/.tmp-{os.getpid()}-{secrets.token_hex(4)}"
        with suppress(OSError):
            try:
                descriptor = self._new(temporary)
                with os.fdopen(descriptor, "wb") as handle:
                    handle.write(hashlib.sha256(data).digest() + data)
                os.replace(temporary, path)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(temporary)

    def drop(self, name: str) -> None:
        """Forget a copy."""
        with suppress(OSError):
            os.unlink(f"{self._folder}/{check_name(name)}")

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Wait for one's turn among the writers of this machine; False where the disk gives none."""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            descriptor = os.open(f"{self._folder}/{_TURN}", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # the kernel ends a dead writer's turn
            yield True
        finally:
            os.close(descriptor)

    @staticmethod
    def _new(path: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            return os.open(path, flags, 0o600)
