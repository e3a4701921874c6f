"""The contracts on the terminal and as JSON: `kansho contracts show`.

Belongs here: text for one's own eyes or tools.  Does not belong here: the reference page (`docs`), arguments.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import REGISTRY
from kansho.contracts.words import TYPES, editions, holders, route, span, years


def overview() -> str:
    """Every kind on one line."""
    return _aligned([(c.kind, c.title, route(c), f"{len(c.columns)}列", c.clause) for c in REGISTRY.values()])


def listing(contract: Contract, fiscal_year: int | None = None) -> str:
    """One contract, a line per column; with a fiscal year only the columns and codes of that year."""
    head = f"{contract.kind}  {contract.title}  {route(contract)}  鍵 {', '.join(contract.key)}  {contract.clause}"
    rows = [
        (
            c.name,
            c.header,
            TYPES[c.type],
            c.unit,
            "空欄可" if c.nullable else "必須",
            holders(c),
            c.clause,
            _values(c, fiscal_year),
        )
        for c in _in_year(contract, fiscal_year)
    ]
    return f"{head}\n{_aligned(rows)}"


def machine_form(contract: Contract, fiscal_year: int | None = None) -> str:
    """One contract as JSON: everything that the registry knows of it, or of it in a fiscal year."""
    whole = {
        "kind": contract.kind,
        "title": contract.title,
        "from": contract.sender.value,
        "to": contract.receiver.value,
        "key": contract.key,
        "clause": contract.clause,
        "yearly": contract.yearly,
        "columns": [_column(c, fiscal_year) for c in _in_year(contract, fiscal_year)],
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def _in_year(contract: Contract, fiscal_year: int | None) -> list[Column]:
    return [c for c in contract.columns if fiscal_year is None or c.in_year(fiscal_year)]


def _values(column: Column, fiscal_year: int | None) -> str:
    if fiscal_year is not None and column.codes:
        return _codes(column.labels_in(fiscal_year).items())
    told = [f"[{years(e)}] {_codes(e.labels)}" if years(e) else _codes(e.labels) for e in editions(column)]
    return " ".join([*told, column.pattern or "", span(column)]).strip()


def _codes(labels: Any) -> str:
    return "、".join(f"{code} {label}" for code, label in labels)


def _column(column: Column, fiscal_year: int | None) -> dict[str, Any]:
    known = [e for e in editions(column) if fiscal_year is None or e.in_year(fiscal_year)]
    return {
        "name": column.name,
        "header": column.header,
        "aliases": column.aliases,
        "type": column.type,
        "unit": column.unit,
        "nullable": column.nullable,
        "codes": [
            {"since": e.since, "until": e.until, "header": e.header, "labels": dict(e.labels), "jlac10": e.jlac10}
            for e in known
        ],
        "pattern": column.pattern,
        "low": column.low,
        "high": column.high,
        "holders": sorted(column.holders),
        "works": sorted(column.works),
        "clause": column.clause,
        "operational": column.operational,
        "since": column.since,
        "until": column.until,
        "jlac10": column.jlac10,
        "serves": column.serves,
        "limits": column.limits,
    }


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    padded = [[cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)] for row in rows]
    return "\n".join("  ".join(row).rstrip() for row in padded)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)
