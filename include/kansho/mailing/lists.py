"""The card list of a wave: who gets a card, in which order, under which serial.  Pure over tables.

Serials carry the mailing's number in the year and a running number: ``M1-000001``; nothing of a person.
"""

from __future__ import annotations

import pandas as pd

from kansho.mailing.addresses import layout
from kansho.mailing.barcode import address_code, bars_of, has_barcode, symbols_of

COLUMNS = (
    "serial", "inquiry_number", "group", "due_kinds", "design", "segment", "postal_code", "address", "address_extra",
    "name_kanji", "lines", "shown_name", "bars", "printable", "reason",
)  # fmt: skip


def card_list(assigned: pd.DataFrame, roster: pd.DataFrame, *, number: int, prefecture: str, ward: str) -> pd.DataFrame:
    """One row per person of the outreach arm; printable rows first, in postal order within each design.

    Args:
        assigned: outreach rows of kind ``wave_assignment``.
        roster: the roster.
        number: of the mailing in the year, from 1.
        prefecture: written before the address.
        ward: its name, which the barcode's extraction passes over.
    """
    people = assigned.merge(roster, on="inquiry_number", how="left", validate="one_to_one")
    laid = [
        layout(
            postal or "", address or "", extra if isinstance(extra, str) else None, name or "", prefecture=prefecture
        )
        for postal, address, extra, name in people[
            ["postal_code", "address", "address_extra", "name_kanji"]
        ].itertuples(index=False, name=None)
    ]
    people["lines"] = ["\n".join(one.address) for one in laid]
    people["shown_name"] = [one.name for one in laid]
    people["reason"] = [one.reason for one in laid]
    people["printable"] = people["reason"].eq("")
    people["bars"] = [
        _bars(postal, address, extra, ward) if fine else None
        for postal, address, extra, fine in people[["postal_code", "address", "address_extra", "printable"]].itertuples(
            index=False, name=None
        )
    ]
    order = ["printable", "design", "postal_code", "address", "address_extra", "inquiry_number"]
    people = people.sort_values(order, ascending=[False, True, True, True, True, True], na_position="first")
    people["serial"] = [f"M{number}-{i:06d}" if fine else None for i, fine in enumerate(people["printable"], start=1)]
    return people[list(COLUMNS)].reset_index(drop=True)


def _bars(postal: str, address: str, extra: object, ward: str) -> str | None:
    digits = postal.replace("-", "")
    if not has_barcode(digits):
        return None
    # Only what follows the town is read; a town's own numerals (三番町) must not leak into the code.
    head, found, rest = address.removeprefix(ward).partition("丁目")
    tail = "".join(c for c in head if c.isdigit()) + found + rest if found else _from_first_digit(head)
    return bars_of(symbols_of(digits, address_code(f"{tail} {extra if isinstance(extra, str) else ''}")))


def _from_first_digit(text: str) -> str:
    start = next((i for i, c in enumerate(text) if c.isdigit()), len(text))
    return text[start:]
