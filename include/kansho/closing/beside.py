"""The same work on several shares at once, in processes that share this one's memory.

Belongs here: forking, and noticing a process that died.  Does not belong here: what the work is
(`kansho.closing.residue`).  A fork and not a fresh interpreter, because what is searched for must be
in memory only and once: the children read the parent's pages and never copy them.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import TypeVar

Share = TypeVar("Share")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Share], Result], shares: Sequence[Share]) -> list[Result | None]:
    """``work`` on each share; None in the place of one whose process ended without an answer.

    One share is worked on here, without any process.  The caller has no other threads.
    """
    if len(shares) <= 1:
        return [work(share) for share in shares]
    fork = multiprocessing.get_context("fork")
    running = []
    for share in shares:
        ours, theirs = fork.Pipe(duplex=False)
        process = fork.Process(target=_answer, args=(work, share, theirs), daemon=True)
        process.start()
        theirs.close()
        running.append((process, ours))
    answers: list[Result | None] = []
    for process, ours in running:
        try:
            answers.append(ours.recv())
        except EOFError:
            answers.append(None)
        process.join()
    return answers


def _answer(work: Callable[[Share], Result], share: Share, pipe: Connection) -> None:
    pipe.send(work(share))
    pipe.close()
