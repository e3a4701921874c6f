"""Full-width digits, letters and hyphens in typed columns; numbers as spreadsheets and people write them.

Names and addresses are not typed: their full-width digits stay (`kansho.intake.values.names`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kansho.contracts.model import SHAPES
from kansho.intake.values.cells import Read, Reader

INT, FLOAT = SHAPES["int"], SHAPES["float"]
#: A code whose list the contract does not have.
ASCII = r"[ -~]*"

#: What stands for a hyphen between digits, the long vowel mark of either width included.
HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\uff0d\u30fc\uff70"
_HALF = {n: n - 0xFEE0 for n in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " "} | {ord(c): "-" for c in HYPHENS}
_ZERO_FRACTION = re.compile(r"(-?\d+)\.0+", re.ASCII)
_GROUPED = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+", re.ASCII)
#: 1,234 alone could be a decimal comma; two groups, or a point behind the group, could not.
_GROUPED_FLOAT = re.compile(r"-?[1-9]\d{0,2}(,\d{3}){2,}(\.\d+)?|-?[1-9]\d{0,2},\d{3}\.\d+", re.ASCII)


def half_width(text: str) -> str:
    """Digits, Latin letters, signs, blanks and hyphens in half width, blanks around taken off."""
    return text.translate(_HALF).strip()


def fits(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches a contract's pattern as a whole."""
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def reader(valid: Callable[[str], bool]) -> Reader:
    """Half width, where that gives a valid text."""

    def read(text: str) -> Read:
        half = half_width(text)
        return (half, ("values.digits",)) if valid(half) else None

    return read


_is_int, _is_float = fits(INT), fits(FLOAT)


def read_int(text: str) -> Read:
    """``２５``, ``25.0``, ``1,234``."""
    half = half_width(text)
    if _is_int(half):
        return half, ("values.digits",)
    zero = _ZERO_FRACTION.fullmatch(half)
    if zero:
        return zero.group(1), ("values.numeric",)
    if _GROUPED.fullmatch(half):
        return half.replace(",", ""), ("values.numeric",)
    return None


def float_reader(limits: tuple[str, ...]) -> Reader:
    """`read_float`, and the letters that may stand for a value beyond the input range, in half width."""

    def read(text: str) -> Read:
        half = half_width(text)
        return (half, ("values.digits",)) if half in limits else read_float(text)

    return read


def read_float(text: str) -> Read:
    """``２３．４``, ``1,234.5``; a single group (``1,234``) is not read."""
    half = half_width(text)
    if _is_float(half):
        return half, ("values.digits",)
    if _GROUPED_FLOAT.fullmatch(half):
        return half.replace(",", ""), ("values.numeric",)
    return None
