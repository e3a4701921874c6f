"""The card list of a wave: who gets a card, in which order, under which serial.  Pure over tables.

Serials carry the mailing's number in the year and a running number: ``M1-000001``; nothing of a person.
"""

from __future__ import annotations

from collections.abc import Set

import pandas as pd

from kansho.errors import KanshoError
from kansho.mailing.addresses import layout
from kansho.mailing.barcode import address_code, after_town, bars_of, has_barcode, symbols_of

COLUMNS = (
    "serial", "inquiry_number", "group", "due_kinds", "design", "segment", "postal_code", "address", "address_extra",
    "name_kanji", "lines", "shown_name", "bars", "printable", "reason",
)  # fmt: skip


def card_list(
    assigned: pd.DataFrame,
    roster: pd.DataFrame,
    *,
    number: int,
    prefecture: str,
    ward: str,
    own: Set[int] = frozenset(),
) -> pd.DataFrame:
    """One row per person of the outreach arm; printable rows first, in postal order within each design.

    Args:
        assigned: outreach rows of kind ``wave_assignment``.
        roster: the roster.
        number: of the mailing in the year, from 1.
        prefecture: written before the address.
        ward: its name, which the barcode's extraction passes over.
        own: private code points that the ward's own font draws.

    Raises:
        KanshoError: ``MAILING-TWICE`` when a person stands twice in either table.
    """
    if assigned["inquiry_number"].duplicated().any() or roster["inquiry_number"].duplicated().any():
        # Not by merge(validate=...): its message would quote the numbers.
        raise KanshoError(
            "MAILING-TWICE", "同じ方が二度入っています", place="card_list", remedy="選定を確認してください"
        )
    people = assigned.merge(roster, on="inquiry_number", how="left")
    laid = [
        layout(_text(postal), _text(address), _text(extra) or None, _text(name), prefecture=prefecture, own=own)
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
    where = after_town(address.removeprefix(ward))
    return bars_of(symbols_of(digits, address_code(f"{where} {_text(extra)}")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
