"""Work on files of cards side by side, in processes of their own, which get and give through pipes: no disk.

A process does one piece after the other, because to load what it needs takes as long as a piece does.  One that is
killed is followed by another, and one that has grown gives its memory back: a print run of any length needs no more
than the files under way.  Not `multiprocessing`: its children load the program that started them anew, and an Airflow
task may not have any.
"""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, TypeVar

from kansho.errors import KanshoError

_SECONDS = 600
_ATTEMPTS = 2
#: Bytes that a process may keep between two pieces; it begins with some 80 MB.
_KEEPS = 256 * 2**20
_LENGTH = struct.Struct(">Q")
_COMMAND = (sys.executable, "-m", "kansho.mailing.apart")


class Keyed(Protocol):
    """A piece of work that can be named without naming a person."""

    @property
    def key(self) -> str:
        """Its name."""


Piece = TypeVar("Piece", bound=Keyed)
Made = TypeVar("Made")


class Hand:
    """A process that does what it is asked, one piece at a time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def ask(self, order: bytes) -> bytes | None:
        """Its answer; None when it ended before it had told everything, or was ended because it took too long."""
        end = threading.Timer(_SECONDS, self.process.kill)
        end.start()
        try:
            _put(self.process.stdin, order)
            return _got(self.process.stdout)
        except BrokenPipeError:
            return None
        finally:
            end.cancel()

    def end(self) -> None:
        """Let it go; one that waits for an order ends at once."""
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except BrokenPipeError:  # it was killed with an order half given
                pass
        self.process.wait(_SECONDS)


class _Hands:
    """Processes that wait for the next piece."""

    def __init__(self) -> None:
        self._idle: deque[Hand] = deque()

    def __enter__(self) -> _Hands:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        while self._idle:
            self._idle.pop().end()

    def ask(self, order: bytes) -> Any:
        """What a process made of the order, in a tuple; None when it died."""
        try:
            hand = self._idle.pop()
        except IndexError:
            hand = Hand()
        answer = hand.ask(order)
        made, grown = pickle.loads(answer) if answer is not None else (None, True)  # noqa: S301 (from our own child)
        if grown:
            hand.end()
        else:
            self._idle.append(hand)
        return made


def side_by_side(
    work: Callable[..., Made], calls: Iterable[tuple[Piece, tuple[Any, ...]]], *, workers: int | None = None
) -> Iterator[tuple[Piece, Made]]:
    """Each piece with what ``work`` made of its arguments, in order; a piece is taken when a process is free for it.

    Args:
        work: a function of a module, which a child imports; the same arguments give the same answer, whatever the
            process did before.
        calls: piece → arguments; any number.
        workers: processes at a time; one for each core when not given.

    Raises:
        KanshoError: what ``work`` refuses, or ``MAILING-PRESS`` when the process died twice.  What it said could
            quote a name and is not passed on.
    """
    workers = workers or os.cpu_count() or 1
    with _Hands() as hands, ThreadPoolExecutor(workers) as pool:
        under_way: deque[tuple[Piece, Future[Made]]] = deque()
        for piece, arguments in calls:
            under_way.append((piece, pool.submit(_apart, hands, work, arguments, piece.key)))
            if len(under_way) > workers:
                first, made = under_way.popleft()
                yield first, made.result()
        for first, made in under_way:
            yield first, made.result()


def _apart(hands: _Hands, work: Callable[..., Made], arguments: tuple[Any, ...], key: str) -> Made:
    order = pickle.dumps((work, arguments))
    for _ in range(_ATTEMPTS):
        told: tuple[Made | KanshoError] | None = hands.ask(order)
        if told is None:
            continue
        (made,) = told
        if isinstance(made, KanshoError):
            raise made
        return made
    raise KanshoError(
        "MAILING-PRESS",
        "印刷データの作成か検査が途中で止まりました",
        place=key,
        remedy="空きメモリを確かめて、やり直してください",
    )


def _put(pipe: IO[bytes] | None, data: bytes) -> None:
    if pipe is None:
        raise BrokenPipeError
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _got(pipe: IO[bytes] | None) -> bytes | None:
    """What the other side put, whole; None when it ended."""
    head = pipe.read(_LENGTH.size) if pipe is not None else b""
    if pipe is None or len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    return data if len(data) == length else None


def _child() -> None:
    while (order := _got(sys.stdin.buffer)) is not None:
        work, arguments = pickle.loads(order)  # noqa: S301 (from our own parent)
        made: Any
        try:
            made = work(*arguments)
        except KanshoError as refused:
            made = refused
        del work, arguments, order
        _put(sys.stdout.buffer, pickle.dumps(((made,), _resident() > _KEEPS)))


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    _child()
