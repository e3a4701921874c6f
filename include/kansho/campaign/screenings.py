"""Which cancer screenings an attendance settles: its own, and those that count with it (胃: Ｘ線 or 内視鏡).  Pure.

Belongs here: the one rule that planning, selection and the lists share.  Does not belong here: what is due for whom
(`kansho.targeting.eligibility`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kansho.campaign.config import Screening


def settled(attended: Iterable[str], screenings: Sequence[Screening]) -> frozenset[str]:
    """Codes of all screenings that nobody needs any more who attended these.

    Args:
        attended: codes of this year's attendances.
        screenings: of the config.
    """
    had = frozenset(attended)
    return had | {s.code for s in screenings if not had.isdisjoint(s.counts_with)}
