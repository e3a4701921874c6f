"""Copies of a log's events on this machine, and turns of its writers, where the log itself lies over a network.

Belongs here: keeping bytes that never change so that the next process need not ask for them, and telling when a copy
is not what was kept.  Does not belong here: deciding what is asked for (`kansho.vault.ahead`); anything of a resident:
what is kept here is of the ledger, which carries none (docs/decisions/0001).

A copy is kept only of what the store itself has.  It is written without waiting for the disk, so one that a power cut
tore is told by its digest and asked for again; a copy that somebody wrote with a digest of its own is found before
anything is signed (`ReadAhead.confirm`).  A disk that refuses is left alone, and a turn is waited for a moment only:
neither is needed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kansho.vault.store import check_name

#: Where they lie under ``var/kansho``, a folder for each campaign.
FOLDER = "log-copies"
_TURN = ".tmp-turn"
_TEMPORARY = ".tmp-"
_DIGEST = hashlib.sha256().digest_size
#: Seconds after which a writer goes on without its turn: whoever has it may wait for a service that does not answer.
_PATIENCE = 2.0
_GLANCE = 0.001


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

    def newest(self, folder: str) -> str | None:
        """The last name of a folder of names that sort as they came; None when nothing is kept."""
        try:
            found = [name for name in os.listdir(f"{self._folder}/{folder}") if not name.startswith(_TEMPORARY)]
        except OSError:
            return None
        return f"{folder}/{max(found)}" if found else None

    def clear(self) -> None:
        """Forget all; whoever holds the turn keeps it."""
        for entry in self._entries():
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what killed writers left, while nobody writes."""
        for folder in [entry.path for entry in self._entries() if entry.is_dir(follow_symlinks=False)]:
            with suppress(OSError):
                for name in os.listdir(folder):
                    if name.startswith(_TEMPORARY):
                        os.unlink(f"{folder}/{name}")

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Wait for one's turn among the writers of this machine; False where the disk gives none, or none in time."""
        try:
            self._make(self._folder)
            descriptor = os.open(f"{self._folder}/{_TURN}", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield False
            return
        mine = _locked(descriptor)  # the kernel ends a dead writer's turn
        try:
            yield mine
        finally:
            if mine:  # not by closing alone: a process that was forked meanwhile has the file open too
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            return list(os.scandir(self._folder))
        except OSError:
            return []

    def _new(self, path: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            self._make(os.path.dirname(path))
            return os.open(path, flags, 0o600)

    def _make(self, folder: str) -> None:
        """A folder, with those above it that are ours, for their owner alone."""
        if os.path.isdir(folder):
            return
        if FOLDER in folder.split(os.sep)[:-1]:
            self._make(os.path.dirname(folder))
        os.makedirs(folder, mode=0o700, exist_ok=True)


def _locked(descriptor: int) -> bool:
    """Whether the turn came in time."""
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                return False
            time.sleep(_GLANCE)
        except OSError:  # a disk that knows no locks
            return False
        else:
            return True
