"""Every change that a piece of work makes to a disk, and what a machine that dies there leaves.  Not a test.

Belongs here: watching the calls by which a process changes files, and the tree as it stands before each.  Does not
belong here: what a campaign may look like then (`claims`).

A process that is killed does nothing more: no ``finally``, no clean-up.  So the tree before a change *is* what a kill
there leaves, and one run shows them all.
"""

from __future__ import annotations

import builtins
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

_ROOM = f"{os.sep}kansho{os.sep}"
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
#: Path below the root → bytes; None for a folder.
Tree = Mapping[str, bytes | None]


@dataclass(frozen=True)
class Point:
    """One change, before it happens: the call, and who of the library called it, outermost first."""

    call: str
    stack: tuple[tuple[str, str, int], ...]

    @property
    def step(self) -> str:
        """The functions on the way, for a reader."""
        return " > ".join(dict.fromkeys(name for _, name, _ in self.stack)) + f" : {self.call}"

    @property
    def kinds(self) -> frozenset[tuple[object, ...]]:
        """What it is one of: a place from which something is changed, and of an append each of its small steps."""
        names = [name for _, name, _ in self.stack]
        if "append" not in names:
            return frozenset({(self.stack, self.call)})
        return frozenset({(self.stack[: names.index("append")],), (names[-1], self.call)})

    def within(self, function: str) -> bool:
        """Whether a function of that name is on the way."""
        return any(name == function for _, name, _ in self.stack)


@dataclass
class Disk:
    """The files below a root, read again only where they changed."""

    root: Path
    _known: dict[str, tuple[tuple[int, int, int], bytes]] = field(default_factory=dict)

    def tree(self) -> Tree:
        found: dict[str, bytes | None] = {}
        for base, folders, files in os.walk(self.root):
            at = os.path.relpath(base, self.root)
            found.update({os.path.join(at, name): None for name in folders})
            for name in files:
                path = os.path.join(base, name)
                found[os.path.join(at, name)] = self._bytes(path)
        return found

    def _bytes(self, path: str) -> bytes:
        status = os.stat(path)
        mark = (status.st_ino, status.st_mtime_ns, status.st_size)
        known = self._known.get(path)
        if known is None or known[0] != mark:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                known = mark, os.read(descriptor, status.st_size)
            finally:
                os.close(descriptor)
            self._known[path] = known
        return known[1]


def laid_out(tree: Tree, root: Path, before: Tree | None = None) -> Path:
    """A tree as files below ``root``, which holds nothing else afterwards; ``before`` is what is known to lie there."""
    if before is None:
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
    was = before or {}
    for name in sorted(was.keys() - tree.keys(), reverse=True):
        (root / name).rmdir() if was[name] is None else (root / name).unlink()
    for name in sorted(tree):
        data = tree[name]
        if name in was and was[name] == data:
            continue
        if data is None:
            (root / name).mkdir(exist_ok=True)
        else:
            (root / name).write_bytes(data)
    return root


@contextmanager
def watched(root: Path, tell: Callable[[Point, str], None]) -> Iterator[None]:
    """Call ``tell`` with the point and the path before every change below ``root`` that this process makes."""
    inside, telling = f"{root}{os.sep}", False

    def before(call: str, path: str) -> None:
        nonlocal telling
        if telling or not path.startswith(inside):
            return
        telling = True
        try:
            tell(Point(call, stack_of(sys._getframe(2))), path)
        finally:
            telling = False

    def of_path(call: str, real: Callable[..., Any], changes: Callable[..., bool]) -> Callable[..., Any]:
        def called(path: Any, *more: Any, **named: Any) -> Any:
            if not isinstance(path, int) and changes(path, *more, **named):
                full = _full(path, named)
                if call != "mkdir" or not os.path.isdir(full):
                    before(call, full)
            return real(path, *more, **named)

        return called

    def of_file(call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(descriptor: int) -> Any:
            before(call, os.readlink(f"/proc/self/fd/{descriptor}"))
            return real(descriptor)

        return called

    with pytest.MonkeyPatch.context() as patch:
        for name in ("link", "replace", "rename", "unlink", "remove", "rmdir", "mkdir", "truncate"):
            patch.setattr(os, name, of_path(name, getattr(os, name), lambda *_, **__: True))
        patch.setattr(os, "open", of_path("open", os.open, lambda _, flags, *__, **___: bool(flags & _WRITING)))
        patch.setattr(os, "fsync", of_file("fsync", os.fsync))
        opened = of_path("open", builtins.open, lambda _, mode="r", *__, **___: bool(set(mode) & set("wax+")))
        patch.setattr(builtins, "open", opened)
        patch.setattr(io, "open", opened)
        yield


def _full(path: Any, named: Mapping[str, Any]) -> str:
    folder = named.get("dir_fd", named.get("src_dir_fd"))
    if folder is not None:
        return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fspath(path))
    return os.path.abspath(os.fspath(path))


def stack_of(frame: FrameType | None) -> tuple[tuple[str, str, int], ...]:
    """Who of the library called, outermost first."""
    found = []
    while frame is not None:
        code = frame.f_code
        if _ROOM in code.co_filename and f"{os.sep}tests{os.sep}" not in code.co_filename:
            found.append((code.co_filename.rpartition(_ROOM)[2], code.co_name, frame.f_lineno))
        frame = frame.f_back
    return tuple(reversed(found))


@dataclass(frozen=True)
class Crash:
    """What is left by a death at a point; ``unflushed`` when the change would show bytes that may yet be lost."""

    point: Point
    left: Tree
    unflushed: bool = False


def crashes(root: Path, work: Callable[[], object]) -> list[Crash]:
    """Do the work, and return what a death before each of its changes would have left, in order.

    Before a flush there is one more: the file that nobody flushed has lost its second half.
    """
    disk, found, dirty = Disk(root), [], set()

    def tell(point: Point, path: str) -> None:
        left = disk.tree()
        shows = point.call in ("link", "replace", "rename")
        found.append(Crash(point, left, unflushed=shows and path in dirty))
        if point.call == "open":
            dirty.add(path)
        elif point.call == "fsync":
            dirty.discard(path)
        name = os.path.relpath(path, root)
        name = name if os.sep in name else f"./{name}"
        data = left.get(name)
        if point.call == "fsync" and data:
            found.append(Crash(Point("torn", point.stack), {**left, name: data[: len(data) // 2]}))

    with watched(root, tell):
        work()
    return found
