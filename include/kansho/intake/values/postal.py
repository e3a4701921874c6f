"""郵便番号 as NNN-NNNN.  Six digits have lost one, and nobody can say which: they stay as delivered.

Which town a code belongs to is `kansho.contracts.towns`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kansho.intake.values.cells import Read, Reader
from kansho.intake.values.digits import half_width

_WRITTEN = re.compile(r"[〒〠]?\s*(\d{3})[- ]?(\d{4})", re.ASCII)


def reader(valid: Callable[[str], bool]) -> Reader:
    """Read ``1600022`` and ``〒160-0022``."""

    def read(text: str) -> Read:
        half = half_width(text)
        if valid(half):
            return half, ("values.digits",)
        found = _WRITTEN.fullmatch(half)
        return (f"{found.group(1)}-{found.group(2)}", ("values.postal",)) if found else None

    return read
