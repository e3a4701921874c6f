"""Postage: 日本郵便's tariffs, each from its day on, the discounts that a posting earns, the estimate.  Pure.

Belongs here: the one price of a card's postage.  Does not belong here: which card goes where
(`kansho.mailing.sorting`), which tariff and discounts a campaign's posting has (`kansho.campaign.costs`).  Source:
domain notes 6.1–6.3 (郵便約款, 区分郵便物の料金, カスタマバーコードの割引).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kansho.errors import KanshoError


@dataclass(frozen=True)
class Tariff:
    """Yen of a postcard and the discounts (per cent of it) from a day on.

    ``sorted_from`` (区分郵便物): from how many pieces of one posting how many per cent.  On such a posting come
    ``slack`` (送達余裕, by the days granted) and, handed in at a regional sorting office (地域区分局) from
    ``regional_from`` pieces on, ``regional``.  ``barcoded`` is for the pieces that bear a customer barcode, from
    ``barcoded_from`` of them on, whatever else is earned.
    """

    id: str
    since: date
    postcard: int
    sorted_from: tuple[tuple[int, int], ...] = ((2_000, 3), (10_000, 4), (50_000, 5), (100_000, 6))
    slack: tuple[tuple[int, int], ...] = ((0, 0), (3, 2), (7, 4))
    regional_from: int = 50_000
    regional: int = 1
    barcoded_from: int = 1_000
    barcoded: int = 3


#: Every tariff that we hold, the newest last.
TARIFFS: tuple[Tariff, ...] = (
    Tariff("2019-10", date(2019, 10, 1), 63),
    Tariff("2024-10", date(2024, 10, 1), 85),
)


@dataclass(frozen=True)
class Discount:
    """One class of discount: its per cent, the pieces that earn it, and the yen that it takes off the posting."""

    percent: int
    pieces: int
    yen: int


@dataclass(frozen=True)
class Postage:
    """An estimate: ``yen`` is ``full_yen`` without the yen of every discount, to the yen.

    Per cents are of the full rate.  The whole is rounded down once, and what each class takes off is the difference
    that it makes to that, in the order 区分, 送達余裕, 地域区分局, バーコード.
    """

    tariff: str
    pieces: int
    rate: int
    sorted: Discount
    slack: Discount
    regional: Discount
    barcode: Discount
    yen: int

    @property
    def full_yen(self) -> int:
        """Without any discount."""
        return self.pieces * self.rate

    @property
    def discounts(self) -> dict[str, Discount]:
        """The classes of discount in their order."""
        return {name: getattr(self, name) for name in ("sorted", "slack", "regional", "barcode")}


def tariff_on(day: date) -> Tariff:
    """The tariff of a day.

    Raises:
        KanshoError: ``POSTAGE-RATE`` for a day before the first tariff that we hold.
    """
    known = [tariff for tariff in TARIFFS if tariff.since <= day]
    if not known:
        raise KanshoError(
            "POSTAGE-RATE",
            "この日の郵便料金を持っていません",
            place=day.isoformat(),
            remedy="campaign/postage.py に料金を加えてください",
        )
    return known[-1]


def estimate(pieces: int, barcoded: int, tariff: Tariff, *, slack_days: int = 0, regional: bool = False) -> Postage:
    """Postage of one posting.

    Args:
        pieces: cards posted together, of one shape and weight.
        barcoded: how many of them bear a customer barcode.
        tariff: of the day of posting.
        slack_days: days granted to the post for delivery: 0, 3 or 7.
        regional: whether it is handed in at a regional sorting office.
    """
    earned = percent_of(pieces, tariff.sorted_from)
    classes = (
        (earned, pieces),
        (dict(tariff.slack)[slack_days] if earned else 0, pieces),
        (tariff.regional if earned and regional and pieces >= tariff.regional_from else 0, pieces),
        (tariff.barcoded if barcoded >= tariff.barcoded_from else 0, barcoded),
    )
    hundredths = pieces * tariff.postcard * 100
    found = []
    for percent, bearing in classes:
        less = hundredths - bearing * tariff.postcard * percent
        found.append(Discount(percent, bearing if percent else 0, hundredths // 100 - less // 100))
        hundredths = less
    by_area, by_days, at_office, by_bars = found
    return Postage(tariff.id, pieces, tariff.postcard, by_area, by_days, at_office, by_bars, hundredths // 100)


def percent_of(pieces: int, steps: Iterable[tuple[int, int]]) -> int:
    """The highest step that a number of pieces reaches; 0 below the first."""
    return max((percent for least, percent in steps if pieces >= least), default=0)
