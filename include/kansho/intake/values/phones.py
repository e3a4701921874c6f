"""Telephone numbers in the national form with hyphens, by Google's numbering data (phonenumbers).

A number that lost its leading zero, two numbers in one cell, or one that no Japanese line can have stays as delivered.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import phonenumbers

from kansho.intake.values.cells import Read, Reader
from kansho.intake.values.digits import half_width

_REGION = "JP"
_COUNTRY = 81
_WRITTEN = re.compile(r"\(?(?:0|\+81)[0-9()\-. ]+")


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
    try:
        number = phonenumbers.parse(half, _REGION)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code != _COUNTRY or number.extension or not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))
