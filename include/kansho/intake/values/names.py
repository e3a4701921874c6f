"""Blanks in names, addresses and 方書.  Letters and digits there are the person's: they stay as delivered.

A line break inside a cell stays too: it is no blank but a sign of something wrong, and no card can show it.
"""

from __future__ import annotations

import re

import pyarrow as pa

from kansho.intake.values.cells import Read, shaped

_BLANKS = "\t \u00a0\u2000-\u200a\u202f\u205f\u3000"
_RUN = re.compile(f"[{_BLANKS}]+")
_STRANGE_RUN = re.compile(f"[{_BLANKS}]{{2,}}|[\t\u00a0\u2000-\u200a\u202f\u205f]")
_EDGE = "".join(c for c in map(chr, (9, 32, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
#: No blank at either end, single full-width blanks between.
_tidy_name = shaped(f"[^{_BLANKS}]+(?:\u3000[^{_BLANKS}]+)*")
#: No blank at either end, single blanks of either width between.
_tidy_address = shaped(f"[^{_BLANKS}]+(?:[ \u3000][^{_BLANKS}]+)*")


def tidy_name(values: pa.Array) -> pa.Array:
    """Names whose blanks are single and full width."""
    return _tidy_name(values)


def tidy_address(values: pa.Array) -> pa.Array:
    """Addresses whose blanks are single."""
    return _tidy_address(values)


def read_name(text: str) -> Read:
    """One full-width blank between the parts of a name, none around it."""
    return _RUN.sub("\u3000", text.strip(_EDGE)), ("values.spaces",)


def read_address(text: str) -> Read:
    """No blank around, several as one full-width blank; a single half-width blank stays (ＡＢＣ ＭＡＮＳＩＯＮ)."""
    return _STRANGE_RUN.sub("\u3000", text.strip(_EDGE)), ("values.spaces",)
