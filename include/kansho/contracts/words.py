"""What a contract says about a column, in short Japanese: shared by the reference page and the terminal.

Belongs here: words for types, parties, ranges, years.  Does not belong here: how they are laid out.
"""

from __future__ import annotations

from kansho.campaign.rights import PartyKind
from kansho.contracts.model import Column, Contract, Edition

TYPES = {"text": "文字", "date": "日付", "int": "整数", "float": "数値", "code": "符号", "flag": "有無"}
_PARTIES = {PartyKind.WARD: "甲", PartyKind.CONTRACTOR: "乙", PartyKind.SUBCONTRACTOR: "丙"}


def route(contract: Contract) -> str:
    """Between whom the file goes."""
    return f"{_PARTIES[contract.sender]}→{_PARTIES[contract.receiver]}"


def holders(column: Column) -> str:
    """Who may hold the column; 丙* for some of its works only (D2).  甲 may hold everything."""
    told = "甲" + "".join(_PARTIES[p] for p in (PartyKind.CONTRACTOR, PartyKind.SUBCONTRACTOR) if p in column.holders)
    return told + ("丙*" if column.works else "")


def span(column: Column) -> str:
    """The input range of a number, '' for anything else."""
    if column.type not in ("int", "float"):
        return ""
    if column.low is None or column.high is None:
        return "制限なし"
    return f"{column.low:g}–{column.high:g}" + "".join(f"、{letter}" for letter in column.limits)


def years(part: Column | Edition) -> str:
    """Fiscal years in which it exists, '' for all."""
    if part.since is None and part.until is None:
        return ""
    return f"{part.since or ''}–{part.until or ''}"


def editions(column: Column) -> tuple[Edition, ...]:
    """The editions of a column with codes; one without years where its codes never changed."""
    if column.editions or not column.codes:
        return column.editions
    return (Edition(column.header, tuple(zip(column.codes, column.labels, strict=True)), column.jlac10),)
