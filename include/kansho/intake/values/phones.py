"""Telephone numbers in the national form with hyphens, by Google's numbering data (phonenumbers).

A number that lost its leading zero, two numbers in one cell, or one that no Japanese line can have stays as delivered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate

import phonenumbers

from kansho.intake.values.cells import Read, Reader
from kansho.intake.values.digits import half_width

_REGION = "JP"
_COUNTRY = 81
_WRITTEN = re.compile(r"\(?(?:0|\+81)[0-9()\-. ]+")
_SIGNS = re.compile(r"[()\-. ]")
_DOMESTIC = re.compile(r"0[1-9][0-9]{8,9}")
_SUBSCRIBER = 4


def reader(valid: Callable[[str], bool]) -> Reader:
    """Read into the contract's form (``valid``); numbers begin with 0 or +81."""

    def read(text: str) -> Read:
        half = half_width(text)
        if valid(half):
            return half, ("values.digits",)
        national = _national(half)
        return (national, ("values.phone",)) if national is not None and valid(national) else None

    return read


def _national(half: str) -> str | None:
    if not _WRITTEN.fullmatch(half):
        return None
    digits = _SIGNS.sub("", half)
    if not _DOMESTIC.fullmatch(digits):
        return by_library(half)
    groups = _groups(digits[:-_SUBSCRIBER])
    if groups is None:
        return None
    ends = list(accumulate(groups))
    return "-".join(digits[end - size : end] for size, end in zip(groups, ends, strict=True))


@lru_cache(maxsize=100_000)
def _groups(head: str) -> tuple[int, ...] | None:
    """Lengths of the groups of a number, None for one that no line can have.

    In the Japanese plan the last four digits are the subscriber's and decide nothing: the library, which needs some
    60 µs for a number, is asked once for all numbers that begin alike.
    """
    found = by_library(head + "0" * _SUBSCRIBER)
    return None if found is None else tuple(map(len, found.split("-")))


def by_library(text: str) -> str | None:
    """The national form of one number as the library has it, None for a number it does not know."""
    try:
        number = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code != _COUNTRY or number.extension or not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))
