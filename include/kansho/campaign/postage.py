"""Postage: the rate of a day, the discounts that a posting earns, and the estimate.  Pure.

Belongs here: 日本郵便's rates and discounts as data with their dates.  Does not belong here: which card goes where
(`kansho.mailing.sorting`), or what a ward pays for anything else (the campaign's config).  Source: domain notes
6.1–6.3 (郵便約款, 区分郵便物の料金, カスタマバーコードの割引).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kansho.errors import KanshoError

#: From which day a postcard costs how many yen.
RATES: tuple[tuple[date, int], ...] = ((date(2019, 10, 1), 63), (date(2024, 10, 1), 85))
#: 区分郵便物: from how many pieces of one posting how many per cent.
SORTED: tuple[tuple[int, int], ...] = ((2_000, 3), (10_000, 4), (50_000, 5), (100_000, 6))
#: 送達余裕: days granted → per cent more, on a sorted posting.
SLACK = {0: 0, 3: 2, 7: 4}
#: カスタマバーコード: per cent for the pieces that bear one, from so many of them.
BARCODED_FROM, BARCODED = 1_000, 3


@dataclass(frozen=True)
class Postage:
    """An estimate: per cents are of the full rate; ``yen`` is rounded down once, over the whole posting."""

    pieces: int
    barcoded: int
    rate: int
    sorted_percent: int
    slack_percent: int
    barcode_percent: int
    yen: int

    @property
    def full_yen(self) -> int:
        """Without any discount."""
        return self.pieces * self.rate


def rate_on(day: date) -> int:
    """Yen of one postcard.

    Raises:
        KanshoError: ``POSTAGE-RATE`` for a day before the first rate that we hold.
    """
    known = [yen for since, yen in RATES if since <= day]
    if not known:
        raise KanshoError(
            "POSTAGE-RATE",
            "この日の郵便料金を持っていません",
            place=day.isoformat(),
            remedy="campaign/postage.py に料金を加えてください",
        )
    return known[-1]


def estimate(pieces: int, barcoded: int, day: date, slack_days: int = 0) -> Postage:
    """Postage of one posting.

    Args:
        pieces: cards posted together, of one shape and weight.
        barcoded: how many of them bear a customer barcode.
        day: of posting.
        slack_days: days granted to the post for delivery: 0, 3 or 7.
    """
    earned = percent_of(pieces, SORTED)
    slack = SLACK[slack_days] if earned else 0
    barcode = BARCODED if barcoded >= BARCODED_FROM else 0
    rate = rate_on(day)
    hundredths = pieces * rate * (100 - earned - slack) - barcoded * rate * barcode
    return Postage(pieces, barcoded, rate, earned, slack, barcode, hundredths // 100)


def percent_of(pieces: int, steps: Iterable[tuple[int, int]]) -> int:
    """The highest step that a number of pieces reaches; 0 below the first."""
    return max((percent for least, percent in steps if pieces >= least), default=0)
