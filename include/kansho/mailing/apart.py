"""Work on files of cards side by side, each piece in a process of its own, which gets and gives through pipes: no disk.

A process that is killed is started once more.  What it used it gives back, so a print run of any length needs no more
memory than the files under way.  Not `multiprocessing`: its children load the program that started them anew, and an
Airflow task may not have any.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from kansho.errors import KanshoError

_SECONDS = 600
_ATTEMPTS = 2


class Keyed(Protocol):
    """A piece of work that can be named without naming a person."""

    @property
    def key(self) -> str:
        """Its name."""


Piece = TypeVar("Piece", bound=Keyed)
Made = TypeVar("Made")


def side_by_side(
    work: Callable[..., Made], calls: Iterable[tuple[Piece, tuple[Any, ...]]], *, workers: int | None = None
) -> Iterator[tuple[Piece, Made]]:
    """Each piece with what ``work`` made of its arguments, in order; a piece is taken when a process is free for it.

    Args:
        work: a function of a module, which a child imports; modules that load slowly make every piece slow.
        calls: piece → arguments; any number.
        workers: processes at a time; one for each core when not given.

    Raises:
        KanshoError: what ``work`` refuses, or ``MAILING-PRESS`` when the process died twice.  What it said could
            quote a name and is not passed on.
    """
    workers = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[tuple[Piece, Future[Made]]] = deque()
        for piece, arguments in calls:
            under_way.append((piece, pool.submit(_apart, work, arguments, piece.key)))
            if len(under_way) > workers:
                first, made = under_way.popleft()
                yield first, made.result()
        for first, made in under_way:
            yield first, made.result()


def _apart(work: Callable[..., Made], arguments: tuple[Any, ...], key: str) -> Made:
    order = pickle.dumps((work, arguments))
    for _ in range(_ATTEMPTS):
        done = subprocess.run(
            [sys.executable, "-m", "kansho.mailing.apart"],
            input=order,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode:
            continue
        try:
            made: Made | KanshoError = pickle.loads(done.stdout)  # noqa: S301 (from our own child)
        except (EOFError, pickle.UnpicklingError):
            continue  # it ended before it had told everything
        if isinstance(made, KanshoError):
            raise made
        return made
    raise KanshoError(
        "MAILING-PRESS",
        "印刷データの作成か検査が途中で止まりました",
        place=key,
        remedy="空きメモリを確かめて、やり直してください",
    )


def _child() -> None:
    work, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 (from our own parent)
    made: Any
    try:
        made = work(*arguments)
    except KanshoError as refused:
        made = refused
    sys.stdout.buffer.write(pickle.dumps(made))


if __name__ == "__main__":
    _child()
