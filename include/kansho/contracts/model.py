"""The shape of a contract: columns, who may hold them, and the projection to a holder.

Belongs here: the types and pure functions over them.  The contracts themselves are
data in `kansho.contracts.registry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from kansho.campaign.rights import PartyKind
from kansho.errors import KanshoError

ColumnType = Literal["text", "date", "int", "float", "code", "flag"]

BOTH = frozenset({PartyKind.CONTRACTOR, PartyKind.SUBCONTRACTOR})
CONTRACTOR_ONLY = frozenset({PartyKind.CONTRACTOR})


@dataclass(frozen=True)
class Column:
    """One column: its English identifier, the Japanese header, and what its values may be.

    ``low``/``high`` are the input range (typo guard, not a medical limit); ``pattern`` is a
    full-match regular expression; ``operational`` marks our own fields (serial, wave, token),
    which are a closed list beside the contract's items (D2).  ``aliases`` are other headings that
    municipalities write; ``since``/``until`` the first and last fiscal year of the column;
    ``jlac10`` the item codes (17 digits) it is delivered under, of which the first present wins.
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

    def in_year(self, fiscal_year: int) -> bool:
        """Whether the contract knows the column in that fiscal year."""
        return (self.since is None or self.since <= fiscal_year) and (self.until is None or fiscal_year <= self.until)


@dataclass(frozen=True)
class Contract:
    """One file kind. ``key`` names the columns that identify a row."""

    kind: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    clause: str

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

    def allowed(self, holder: PartyKind) -> tuple[str, ...]:
        """Identifiers that a kind of party may hold (D1, D2)."""
        return tuple(c.name for c in self.columns if holder in c.holders or holder is PartyKind.WARD)


def project(frame: pd.DataFrame, contract: Contract, holder: PartyKind) -> pd.DataFrame:
    """The frame restricted to what ``holder`` may hold, in the contract's order.

    Raises:
        KanshoError: ``CONTRACT-COLUMNS`` when the frame lacks an allowed column or carries one
            the contract does not know.
    """
    unknown = sorted(set(frame.columns) - set(contract.names))
    missing = sorted(set(contract.allowed(holder)) - set(frame.columns))
    if unknown or missing:
        raise KanshoError(
            "CONTRACT-COLUMNS",
            f"列が契約と一致しません unknown={unknown} missing={missing}",
            place=contract.kind,
            remedy="contracts/registry.py の契約どおりの列にしてください",
        )
    return frame[list(contract.allowed(holder))]
