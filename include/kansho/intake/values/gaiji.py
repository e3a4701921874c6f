"""外字 with a text in the ward's table become that text; the others stay, and mailing prints nobody who has one.

What counts as unprintable is said once, in `kansho.contracts.characters`; glyphs of a supplied font in
`kansho.contracts.glyphs`.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from kansho.campaign.config import Gaiji
from kansho.intake.values.cells import Known, Read, Reader


def table(own: Gaiji) -> dict[int, str]:
    """Code point → text, for `str.translate`."""
    return {int(point, 16): text for point, text in own.characters.items()}


def untouched(own: Gaiji) -> Known:
    """Cells without a character of the table."""
    listed = "".join(f"\\x{{{point:X}}}" for point in table(own))

    def known(values: pa.Array) -> pa.Array:
        return pc.invert(pc.match_substring_regex(values, f"[{listed}]"))

    return known


def reader(own: Gaiji) -> Reader:
    """Characters of the table replaced by their text (with an IVS, where the ward gave one)."""
    texts = table(own)

    def read(text: str) -> Read:
        return text.translate(texts), ("values.gaiji_mapped",)

    return read
