"""Showing the thing itself, decrypted in memory: a PDF as it is, a table as a page, JSON as text."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import pandas as pd

from kansho.contracts.registry import REGISTRY

#: More rows than a person reads at once are paged by the browser's own scroll; this only bounds memory.
MAX_ROWS = 2000


@dataclass(frozen=True)
class Shown:
    """Either ``pdf`` bytes, or ``headings`` and ``rows`` of a table (``total`` rows in all), or ``text``."""

    pdf: bytes | None = None
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    total: int = 0
    text: str = ""


def show(kind: str, data: bytes) -> Shown:
    """What to show of an artefact's bytes."""
    if data.startswith(b"%PDF"):
        return Shown(pdf=data)
    if data.startswith(b"PAR1"):
        frame = pd.read_parquet(io.BytesIO(data))
        names = {c.name: c.header for contract in REGISTRY.values() for c in contract.columns}
        shown = frame.head(MAX_ROWS).astype(object)
        rows = shown.where(shown.notna(), "").astype(str).itertuples(index=False, name=None)
        return Shown(headings=tuple(names.get(c, c) for c in frame.columns), rows=tuple(rows), total=len(frame))
    return Shown(text=json.dumps(json.loads(data), ensure_ascii=False, indent=2))
