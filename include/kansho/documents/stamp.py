"""What a paper prints of the ledger: log, size and root, for people to read and for a camera (P13).

Belongs here: the block's data and its QR code.  Does not belong here: how it is laid out (``forms/stamp.html.j2``) or
signed (`kansho.evidence.checkpoint`).  The code holds the three lines that a checkpoint signs, the root in full:
whoever keeps the paper holds the log to that day, with or without the file.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass


@dataclass(frozen=True)
class Stamp:
    """Size and root of the log when the paper was made."""

    origin: str
    size: int
    root: bytes

    @property
    def printed_root(self) -> str:
        """The short root in groups of four, as a person compares it."""
        short = self.root.hex()[:16]
        return " ".join(short[at : at + 4] for at in range(0, 16, 4))

    @property
    def text(self) -> str:
        """The three lines as a checkpoint signs them."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @property
    def qr(self) -> str:
        """The code as SVG text, without a frame; error level M."""
        import segno

        buffer = io.BytesIO()
        made = segno.make(self.text, error="m", boost_error=False)
        made.save(buffer, kind="svg", border=4, xmldecl=False, nl=False, omitsize=True, light="#fff")
        return buffer.getvalue().decode()
