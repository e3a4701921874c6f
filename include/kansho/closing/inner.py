"""One thing in a packed file, and what it is when there is no reading it.

Belongs here: the records and bounds that all that opens packed things has in common.  Does not belong here: opening
(`kansho.closing.packing`, `kansho.closing.pdf_parts`).
"""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO, NamedTuple

#: Bytes of what is held whole: one stream of a document, one cell of a table.
HELD = 64 * 1024**2


class Unreadable(Exception):
    """It cannot be checked, and that is never a pass."""


class TooLarge(Unreadable):
    """A packed file comes to more than its bound."""


class Inner(NamedTuple):
    """One thing in a packed file.

    Args:
        stream: its bytes; None for a part that cannot be read.
        deeper: whether it may be packed itself; false for text that was gathered here.
        seen: how many of its first bytes were the end of the part before.
    """

    stream: BinaryIO | None
    deeper: bool = True
    seen: int = 0


def inflated(data: bytes) -> bytes | None:
    """A whole zlib stream unpacked; None when it is none, or a damaged one.

    Raises:
        TooLarge: beyond `HELD`.
    """
    machine = zlib.decompressobj()
    try:
        out = machine.decompress(data, HELD)
    except zlib.error:
        return None
    if machine.unconsumed_tail and not machine.eof:
        raise TooLarge
    return out if machine.eof else None


def text(said: str) -> Inner:
    """A line of text, which is not packed itself."""
    return Inner(io.BytesIO(said.encode("utf-8", "replace") + b"\n"), deeper=False)
