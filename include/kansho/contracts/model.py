"""The shape of a contract: columns, who may hold them, and the projection to a holder.

Belongs here: the types and pure functions over them.  Does not belong here: the contracts themselves, which are
data in the files that `kansho.contracts.registry` collects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from kansho.campaign.rights import PartyKind, Work
from kansho.errors import KanshoError

ColumnType = Literal["text", "date", "int", "float", "code", "flag"]

#: The form of numbers and days; ASCII digits only, whichever engine matches (full-width ones are not contract form).
SHAPES: Mapping[ColumnType, str] = {
    "int": r"-?[0-9]+",
    "float": r"-?[0-9]+(\.[0-9]+)?",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
}

BOTH = frozenset({PartyKind.CONTRACTOR, PartyKind.SUBCONTRACTOR})
CONTRACTOR_ONLY = frozenset({PartyKind.CONTRACTOR})


@dataclass(frozen=True)
class Edition:
    """What a column was in some fiscal years: its heading, its codes with their labels, its item codes.

    Results of five years come in one file: the fiscal year of the examination decides what a code means.
    """

    header: str
    labels: tuple[tuple[str, str], ...]
    jlac10: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    def in_year(self, fiscal_year: int) -> bool:
        """Whether it holds in that fiscal year."""
        return _within(self.since, self.until, fiscal_year)


@dataclass(frozen=True)
class Column:
    """One column: its English identifier, the Japanese header, and what its values may be.

    ``low``/``high`` are the input range (typo guard, not a medical limit); ``pattern`` is a
    full-match regular expression (digits as ``[0-9]``); ``operational`` marks our own fields (serial, wave, token),
    which are a closed list beside the contract's items (D2).  ``aliases`` are other headings that
    municipalities write; ``since``/``until`` the first and last fiscal year of the column;
    ``jlac10`` the item codes (17 digits) it is delivered under, of which the first present wins.
    ``labels`` say in Japanese what each of ``codes`` means; where that changed between fiscal years, ``codes`` is
    what any year has and ``editions`` say which year has what.  ``works`` are works for which a 丙 may hold the
    column though it is not one of its items (D2: approved analysis items, where its work needs them).
    ``limits`` are the letters that may stand for a value at or beyond the range, lowest first (domain 1.3).
    ``serves`` names analysis items that are derived from the column: what approves one of them approves it.
    """

    name: str
    header: str
    type: ColumnType = "text"
    nullable: bool = False
    codes: tuple[str, ...] = ()
    pattern: str | None = None
    low: float | None = None
    high: float | None = None
    holders: frozenset[PartyKind] = BOTH
    clause: str = "D1"
    operational: bool = False
    aliases: tuple[str, ...] = ()
    unit: str = ""
    since: int | None = None
    until: int | None = None
    jlac10: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    editions: tuple[Edition, ...] = ()
    works: frozenset[Work] = frozenset()
    serves: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def in_year(self, fiscal_year: int) -> bool:
        """Whether the contract knows the column in that fiscal year."""
        return _within(self.since, self.until, fiscal_year)

    def approved_by(self, items: Collection[str]) -> bool:
        """Whether the items approved for the year ask for the column, by its name or by what it serves."""
        return self.name in items or not set(self.serves).isdisjoint(items)

    @property
    def shape(self) -> str | None:
        """The form of a number or a day as a full-match regular expression, None for other types."""
        form = SHAPES.get(self.type)
        return None if form is None else "|".join((form, *self.limits))

    @property
    def headings(self) -> tuple[str, ...]:
        """Everything it may be called in a file: the header first, then the aliases."""
        return (self.header, *self.aliases)

    def labels_in(self, fiscal_year: int) -> dict[str, str]:
        """Code → Japanese label in a fiscal year; empty for a column without codes, or in a year that has none."""
        if not self.in_year(fiscal_year):
            return {}
        if not self.editions:
            return dict(zip(self.codes, self.labels, strict=True))
        return next((dict(e.labels) for e in self.editions if e.in_year(fiscal_year)), {})


def coded(column: Column, labels: Mapping[str, str]) -> Column:
    """The column with a closed list of codes and what each means."""
    return replace(column, codes=tuple(labels), labels=tuple(labels.values()))


def edited(column: Column, *editions: Edition) -> Column:
    """The column with editions, oldest first: its codes and item codes are what any of them has, the newest first."""
    newest_first = editions[::-1]
    codes = {code for edition in editions for code, _ in edition.labels}
    items = dict.fromkeys(item for edition in newest_first for item in edition.jlac10)
    return replace(column, codes=tuple(sorted(codes)), jlac10=tuple(items) or column.jlac10, editions=editions)


def _within(since: int | None, until: int | None, fiscal_year: int) -> bool:
    return (since is None or since <= fiscal_year) and (until is None or fiscal_year <= until)


@dataclass(frozen=True)
class Contract:
    """One file kind.

    ``key`` names the columns that identify a row.  ``sender`` and ``receiver`` say between whom the file goes (where
    乙 does a 丙's work itself, it stands in its place).  With ``yearly`` the columns beside the key are items of
    資料23-3 and 23-4: only those the campaign approves for the year may come (D1).
    """

    kind: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    clause: str
    sender: PartyKind = PartyKind.WARD
    receiver: PartyKind = PartyKind.CONTRACTOR
    yearly: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Identifiers in order."""
        return tuple(c.name for c in self.columns)

    @property
    def headers(self) -> tuple[str, ...]:
        """Japanese headers in order."""
        return tuple(c.header for c in self.columns)

    def column(self, name: str) -> Column:
        """The column of that identifier."""
        return next(c for c in self.columns if c.name == name)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Input ranges (least, greatest, in the column's unit) of the columns that have both."""
        return {c.name: (c.low, c.high) for c in self.columns if c.low is not None and c.high is not None}

    def allowed(self, holder: PartyKind, works: Collection[Work] = ()) -> tuple[str, ...]:
        """Identifiers that a kind of party may hold (D1, D2), a 丙 also by the works assigned to it."""
        return tuple(
            c.name
            for c in self.columns
            if holder in c.holders
            or holder is PartyKind.WARD
            or (holder is PartyKind.SUBCONTRACTOR and not c.works.isdisjoint(works))
        )

    def permitted(self, approved: Collection[str]) -> tuple[str, ...]:
        """Identifiers that a delivery may hold, given the items approved for the year (D1)."""
        return tuple(c.name for c in self.columns if not self.yearly or c.name in self.key or c.approved_by(approved))

    def is_permitted(self, approved: Collection[str]) -> bool:
        """Whether any item of the file is approved for the year: a key alone already tells who attended (D1)."""
        return not self.yearly or any(c.approved_by(approved) for c in self.columns)


def project(frame: pd.DataFrame, contract: Contract, holder: PartyKind, works: Collection[Work] = ()) -> pd.DataFrame:
    """The frame restricted to what ``holder`` may hold, in the contract's order.

    Raises:
        KanshoError: ``CONTRACT-COLUMNS`` when the frame lacks an allowed column or carries one
            the contract does not know.
    """
    unknown = sorted(set(frame.columns) - set(contract.names))
    allowed = contract.allowed(holder, works)
    missing = sorted(set(allowed) - set(frame.columns))
    if unknown or missing:
        raise KanshoError(
            "CONTRACT-COLUMNS",
            f"列が契約と一致しません unknown={unknown} missing={missing}",
            place=contract.kind,
            remedy="docs/reference/contracts.md の契約どおりの列にしてください",
        )
    return frame[list(allowed)]
