"""The object store the vault and the ledger stand on, and its local directory form.

Belongs here: names and bytes, create-if-absent, durable.  Does not belong here: keys or meaning.
The behaviour every store must show is in ``tests/unit/test_store_behaviour.py``.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from kansho.errors import KanshoError
from kansho.vault.disk import disk_errors, refusal, sync_folder

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")

#: What a file is called while it is being written, and the one that writers of a directory wait at.
_TEMPORARY = ".tmp-"
_TURN = ".tmp-turn"

#: See `LocalStore.mark`.
Mark = tuple[str, int, int, int, int]


class ObjectStore(Protocol):
    """Immutable named byte objects."""

    def create(self, name: str, data: bytes) -> bool:
        """Write durably if no object of that name exists; True when this call created it."""
        ...

    def read(self, name: str) -> bytes:
        """The object's bytes; KeyError when absent."""
        ...

    def open(self, name: str) -> BinaryIO:
        """The object's bytes as a stream that can seek, for whoever holds no more than pieces; KeyError when absent."""
        ...

    def exists(self, name: str) -> bool:
        """Whether an object of that name exists."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """Names under a folder prefix ('' or ending with '/'), sorted."""
        ...

    def erase(self, name: str) -> None:
        """Remove the object with every version; quietly when absent."""
        ...

    def residue(self, name: str) -> int:
        """How many copies or versions of the object remain."""
        ...

    def remains(self) -> dict[str, int]:
        """Name → how many copies or versions remain of it, those that no listing of names shows included."""
        ...

    def unfinished(self) -> int:
        """How many writes were begun and neither finished nor removed."""
        ...

    def sweep(self) -> int:
        """Remove unfinished writes, while nobody writes; returns how many there were."""
        ...


def check_name(name: str) -> str:
    """Refuse names that could leave the store or carry anything but our identifiers."""
    if not _NAME.match(name) or ".." in name:
        raise KanshoError("VAULT-NAME", "object name not allowed", remedy="use [A-Za-z0-9_.-] and /")
    return name


class LocalStore:
    """A directory; a file is linked into place, so it is whole or absent."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = str(root)

    def _path(self, name: str) -> Path:
        return self.root / check_name(name)

    def create(self, name: str, data: bytes) -> bool:
        """See `ObjectStore.create`: temporary file, fsync, link, fsync of the folder."""
        path = self._path(name)
        with disk_errors(name):
            return self._create(path, data)

    @staticmethod
    def _create(path: Path, data: bytes) -> bool:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.parent / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
            sync_folder(path.parent)
            return True
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Wait for one's turn among the writers of this directory; a dead writer's turn ends with it.

        It spares writers that want the same name a race, each with its fsync; safety rests on `create` alone.
        """
        with disk_errors(_TURN):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.root / _TURN, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield True
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a process that was forked meanwhile has the file open too
            os.close(descriptor)

    def read(self, name: str) -> bytes:
        """See `ObjectStore.read`."""
        try:
            # every task reads the whole ledger, some thousand objects: a path object would be half of the time
            with open(f"{self._folder}/{check_name(name)}", "rb", buffering=0) as handle:
                return handle.read()
        except FileNotFoundError:
            raise KeyError(name) from None
        except OSError as error:
            raise refusal(error, name) from None

    def mark(self, name: str) -> Mark:
        """What differs once the object is another one, without reading it: path, inode, times and size.

        The time of its last change is the kernel's, and nobody who rewrites a file can set it back.  A store need not
        have it; nothing but speed depends on it.  KeyError when absent.
        """
        path = f"{self._folder}/{check_name(name)}"
        try:
            found = os.stat(path)
        except FileNotFoundError:
            raise KeyError(name) from None
        except OSError as error:
            raise refusal(error, name) from None
        return path, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size

    @staticmethod
    def stands(mark: Mark) -> bool:
        """Whether the object of a `mark` is the one that it was."""
        try:
            found = os.stat(mark[0])
        except OSError:  # gone, or not to be asked: whoever reads it is told
            return False
        return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size) == mark[1:]

    def open(self, name: str) -> BinaryIO:
        """See `ObjectStore.open`."""
        try:
            return self._path(name).open("rb")
        except FileNotFoundError:
            raise KeyError(name) from None
        except OSError as error:
            raise refusal(error, name) from None

    def exists(self, name: str) -> bool:
        """See `ObjectStore.exists`."""
        return self._path(name).is_file()

    def names(self, prefix: str = "") -> Iterator[str]:
        """See `ObjectStore.names`."""
        folder = self.root / prefix if prefix else self.root
        if not folder.is_dir():
            return
        found = (
            (Path(base) / file).relative_to(self.root).as_posix()
            for base, _, files in os.walk(folder, onerror=_unlisted)
            for file in files
            if not file.startswith(_TEMPORARY)
        )
        yield from sorted(found)

    def erase(self, name: str) -> None:
        """See `ObjectStore.erase`; leftovers of interrupted writes in the folder go too."""
        path = self._path(name)
        with disk_errors(name):
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                for leftover in path.parent.glob(f"{_TEMPORARY}*"):
                    leftover.unlink(missing_ok=True)
                sync_folder(path.parent)

    def residue(self, name: str) -> int:
        """See `ObjectStore.residue`."""
        return int(self._path(name).exists())

    def remains(self) -> dict[str, int]:
        """See `ObjectStore.remains`."""
        return dict.fromkeys(self.names(), 1)

    def unfinished(self) -> int:
        """See `ObjectStore.unfinished`."""
        return len(self._leftovers())

    def sweep(self) -> int:
        """See `ObjectStore.sweep`."""
        found = self._leftovers()
        with disk_errors("sweep"):
            for path in found:
                path.unlink(missing_ok=True)
        return len(found)

    def _leftovers(self) -> list[Path]:
        return [path for path in self.root.rglob(f"{_TEMPORARY}*") if path.name != _TURN]


def _unlisted(error: OSError) -> None:
    """A folder that cannot be listed is not empty; one that went meanwhile is."""
    if not isinstance(error, FileNotFoundError):
        raise refusal(error, "") from None
