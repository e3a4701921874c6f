"""The card list of a wave: who gets a card, in which order, under which serial.  Pure over tables.

Serials carry the mailing's number in the year and a running number: ``M1-000001``; nothing of a person.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

import pandas as pd

from kansho.contracts.towns import town_matches
from kansho.errors import KanshoError
from kansho.mailing.addresses import layout
from kansho.mailing.barcode import bars_of, delivery_code, has_barcode, symbols_of
from kansho.mailing.designs import design_for

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
    own: Set[int] = frozenset(),
    postal: Literal["refuse", "without_barcode", "any"] = "refuse",
) -> pd.DataFrame:
    """One row per person of the outreach arm; printable rows first, in postal order within each design.

    Args:
        assigned: outreach rows of kind ``wave_assignment``.
        roster: the roster.
        number: of the mailing in the year, from 1.
        prefecture: written before the address.
        own: private code points that the ward's own font draws.
        postal: what becomes of an address that does not lie in a town of its postal code: ``refuse`` (not printable,
            reason ``postal``), ``without_barcode`` (printed, and posted without that discount); ``any`` is for invented
            addresses of proofs.

    Raises:
        KanshoError: ``MAILING-TWICE`` when a person stands twice in either table.
    """
    if assigned["inquiry_number"].duplicated().any() or roster["inquiry_number"].duplicated().any():
        # Not by merge(validate=...): its message would quote the numbers.
        raise KanshoError(
            "MAILING-TWICE", "同じ方が二度入っています", place="card_list", remedy="選定を確認してください"
        )
    people = assigned.merge(roster, on="inquiry_number", how="left")
    people["design"] = _designs(people)
    laid = [
        layout(_text(code), _text(address), _text(extra) or None, _text(name), prefecture=prefecture, own=own)
        for code, address, extra, name in people[["postal_code", "address", "address_extra", "name_kanji"]].itertuples(
            index=False, name=None
        )
    ]
    people["lines"] = ["\n".join(one.address) for one in laid]
    people["shown_name"] = [one.name for one in laid]
    people["reason"] = [one.reason for one in laid]
    astray = people["reason"].eq("") & ~town_matches(people["postal_code"], people["address"])
    if postal == "refuse":
        people.loc[astray, "reason"] = "postal"
    people["printable"] = people["reason"].eq("")
    barcoded = people["printable"] & (~astray if postal == "without_barcode" else True)
    people["bars"] = [
        _bars(code, address, extra) if fine else None
        for code, address, extra, fine in people.assign(barcoded=barcoded)[
            ["postal_code", "address", "address_extra", "barcoded"]
        ].itertuples(index=False, name=None)
    ]
    order = ["printable", "design", "postal_code", "address", "address_extra", "inquiry_number"]
    people = people.sort_values(order, ascending=[False, True, True, True, True, True], na_position="first")
    people["serial"] = [f"M{number}-{i:06d}" if fine else None for i, fine in enumerate(people["printable"], start=1)]
    return people[list(COLUMNS)].reset_index(drop=True)


def _designs(people: pd.DataFrame) -> list[str]:
    """The design of each person: a segment's, or the one that its manifest has for the person's sex."""
    if "sex" not in people:
        return list(people["design"])
    return [
        design_for(design, _text(sex)) if design else ""
        for design, sex in zip(people["design"], people["sex"], strict=True)
    ]


def _bars(postal: str, address: str, extra: object) -> str | None:
    digits = postal.replace("-", "")
    if not has_barcode(digits):
        return None
    return bars_of(symbols_of(digits, delivery_code(digits, f"{address} {_text(extra)}")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
