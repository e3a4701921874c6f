"""The print run: every file of cards laid, and every file checked, side by side (`kansho.mailing.apart`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kansho.mailing.apart import side_by_side
from kansho.mailing.face import Card
from kansho.mailing.inks import OwnFont
from kansho.mailing.readback import faults
from kansho.mailing.shard import render_shard


@dataclass(frozen=True)
class Job:
    """A file to be laid: its key, its cards in order, and the PDF of its design's two faces."""

    key: str
    cards: tuple[Card, ...]
    background: bytes


@dataclass(frozen=True)
class Printed:
    """A file that was laid, the cards that it should hold, and the PDF of the approved faces under them."""

    key: str
    cards: tuple[Card, ...]
    pdf: bytes
    background: bytes


#: To lay so many cards takes no longer than a process of its own to begin, and no memory that anybody would miss.
FEW = 1_000


def press(
    jobs: Iterable[Job], own: OwnFont | None = None, *, workers: int | None = None, here: bool = False
) -> Iterator[tuple[Job, bytes]]:
    """Each job with its PDF, in order; the same job gives the same bytes, also when its process was killed.

    Args:
        jobs: the files.
        own: the ward's font.
        workers: processes at a time; one for each core when not given.
        here: in this process and no other, for `FEW` cards; an error that is not ours comes out as it is.

    Raises:
        KanshoError: what `render_shard` refuses, ``MAILING-PRESS``.
    """
    if here:
        return ((job, render_shard(job.cards, job.background, own)) for job in jobs)
    return side_by_side(render_shard, ((job, (job.cards, job.background, own)) for job in jobs), workers=workers)


def check(
    files: Iterable[Printed], own: OwnFont | None = None, *, workers: int | None = None, here: bool = False
) -> Counter[str]:
    """Faults of all files together, by rule (`kansho.mailing.readback.faults`); the arguments are those of `press`.

    Raises:
        KanshoError: ``MAILING-PRESS``.
    """
    calls = ((one, (one.pdf, one.cards, own, one.background)) for one in files)
    told = ((one, faults(*given)) for one, given in calls) if here else side_by_side(faults, calls, workers=workers)
    found: Counter[str] = Counter()
    for _, faulty in told:
        found.update(faulty)
    return found
