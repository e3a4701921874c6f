"""お問い合わせ番号 as NNNN-NNNN-NN.  Its check digit is the gate's matter."""

from __future__ import annotations

import re
from collections.abc import Callable

from kansho.intake.values.cells import Read, Reader
from kansho.intake.values.digits import half_width

_WRITTEN = re.compile(r"(\d{4})([- ]?)(\d{4})\2(\d{2})", re.ASCII)


def reader(valid: Callable[[str], bool]) -> Reader:
    """Read ten digits, or groups of them separated by blanks."""

    def read(text: str) -> Read:
        half = half_width(text)
        if valid(half):
            return half, ("values.digits",)
        found = _WRITTEN.fullmatch(half)
        return (f"{found.group(1)}-{found.group(3)}-{found.group(4)}", ("values.number",)) if found else None

    return read
