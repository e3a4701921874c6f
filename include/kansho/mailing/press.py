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


def press(
    jobs: Iterable[Job], own: OwnFont | None = None, *, workers: int | None = None
) -> Iterator[tuple[Job, bytes]]:
    """Each job with its PDF, in order; the same job gives the same bytes, also when its process was killed.

    Raises:
        KanshoError: what `render_shard` refuses, ``MAILING-PRESS``.
    """
    return side_by_side(render_shard, ((job, (job.cards, job.background, own)) for job in jobs), workers=workers)


def check(files: Iterable[Printed], own: OwnFont | None = None, *, workers: int | None = None) -> Counter[str]:
    """Faults of all files together, by rule (`kansho.mailing.readback.faults`).

    Raises:
        KanshoError: ``MAILING-PRESS``.
    """
    found: Counter[str] = Counter()
    for _, faulty in side_by_side(
        faults, ((one, (one.pdf, one.cards, own, one.background)) for one in files), workers=workers
    ):
        found.update(faulty)
    return found
