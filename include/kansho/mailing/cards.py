"""The cards of a card list."""

from __future__ import annotations

import pandas as pd

from kansho.mailing.face import Card


def cards_of(frame: pd.DataFrame) -> list[Card]:
    """Cards of printable rows of kind ``card_list`` in their order."""
    columns = ["serial", "inquiry_number", "postal_code", "lines", "shown_name", "bars"]
    return [
        Card(serial, number, postal, tuple(lines.split("\n")), name, bars if isinstance(bars, str) else "")
        for serial, number, postal, lines, name, bars in frame[columns].itertuples(index=False, name=None)
    ]
