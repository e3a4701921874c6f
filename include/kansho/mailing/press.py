"""Files of cards side by side, each laid by a process of its own, which takes its cards through a pipe: no disk.

A process that is killed is started once more: the same cards give the same bytes.  What it used it gives back, so a
print run of any length needs no more memory than the files under way.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from kansho.errors import KanshoError
from kansho.mailing.face import Card
from kansho.mailing.inks import OwnFont
from kansho.mailing.shard import render_shard

_SECONDS = 600
_ATTEMPTS = 2


@dataclass(frozen=True)
class Job:
    """One file: its key, its cards in order, and the PDF of its design's two faces."""

    key: str
    cards: tuple[Card, ...]
    background: bytes


def press(
    jobs: Iterable[Job], own: OwnFont | None = None, *, workers: int | None = None
) -> Iterator[tuple[Job, bytes]]:
    """Each job with its PDF, in order; jobs are taken when a process is free for them.

    Args:
        jobs: any number.
        own: the ward's own font.
        workers: processes at a time; one for each core when not given.

    Raises:
        KanshoError: what `render_shard` refuses, or ``MAILING-PRESS`` when the process died twice.  What it said could
            quote a name and is not passed on.
    """
    workers = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[tuple[Job, Future[bytes]]] = deque()
        for job in jobs:
            under_way.append((job, pool.submit(_laid, job, own)))
            if len(under_way) > workers:
                first, made = under_way.popleft()
                yield first, made.result()
        for first, made in under_way:
            yield first, made.result()


def _laid(job: Job, own: OwnFont | None) -> bytes:
    order = pickle.dumps((job.cards, job.background, own))
    for _ in range(_ATTEMPTS):
        done = subprocess.run(
            [sys.executable, "-m", "kansho.mailing.press"],
            input=order,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode == 0:
            made: bytes | KanshoError = pickle.loads(done.stdout)  # noqa: S301 (from our own child)
            if isinstance(made, KanshoError):
                raise made
            return made
    raise KanshoError(
        "MAILING-PRESS",
        "宛名の組版が途中で止まりました",
        place=job.key,
        remedy="空きメモリを確かめて、やり直してください",
    )


def _child() -> None:
    cards, background, own = pickle.load(sys.stdin.buffer)  # noqa: S301 (from our own parent)
    made: bytes | KanshoError
    try:
        made = render_shard(cards, background, own)
    except KanshoError as refused:
        made = refused
    sys.stdout.buffer.write(pickle.dumps(made))


if __name__ == "__main__":
    _child()
