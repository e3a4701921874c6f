"""Headings as they are compared: what a municipality writes against what a contract calls a column.

Belongs here: folding, and which column a heading means.  Does not belong here: reading a file (`kansho.intake`).
"""

from __future__ import annotations

import unicodedata

from kansho.contracts.model import Contract


def fold(heading: str) -> str:
    """A heading without what does not matter: full and half width, blanks, case."""
    return "".join(unicodedata.normalize("NFKC", heading).split()).casefold()


def meanings(contract: Contract) -> dict[str, frozenset[str]]:
    """Folded heading → identifiers of the columns it may mean; in a sound contract exactly one each."""
    out: dict[str, frozenset[str]] = {}
    for column in contract.columns:
        for heading in column.headings:
            out[fold(heading)] = out.get(fold(heading), frozenset()) | {column.name}
    return out
