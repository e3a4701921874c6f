"""Which bundles the printer ties, by 郵便区: the sorting plan of a mailing.  Pure over the card list.

Belongs here: counting cards by design and postal area in the order of their serials.  Does not belong here: postage
(`kansho.campaign.postage`).  A 郵便区 of the sample wards is the first three digits of the code (160, 169, 130 …);
its bundles follow the order in which the cards are printed, so that nobody has to sort by hand.
"""

from __future__ import annotations

import pandas as pd

#: Cards in one bundle (把束); the last of an area may be smaller.
BUNDLE = 100
#: Column → heading of the file that the printer gets; it names no person, so it is no contract of residents' data.
HEADINGS = {
    "wave": "回",
    "design": "デザイン",
    "postal_area": "郵便区番号",
    "cards": "通数",
    "barcoded": "バーコードあり",
    "bundles": "把数",
    "first_serial": "最初の連番",
    "last_serial": "最後の連番",
}


def sorting_plan(cards: pd.DataFrame, wave: str) -> pd.DataFrame:
    """One row for each design and area: cards, barcodes, bundles, and the range of serials.

    Args:
        cards: printable rows of kind ``card_list``.
        wave: the mailing.
    """
    ordered = cards.sort_values("serial")
    area = ordered["postal_code"].str.replace("-", "", regex=False).str[:3]
    groups = ordered.assign(postal_area=area, barcoded=ordered["bars"].notna()).groupby(
        ["design", "postal_area"], sort=False
    )
    rows = groups.agg(
        cards=("serial", "size"),
        barcoded=("barcoded", "sum"),
        first_serial=("serial", "first"),
        last_serial=("serial", "last"),
    ).reset_index()
    rows["bundles"] = -(-rows["cards"] // BUNDLE)
    rows["wave"] = wave
    return rows.astype(dict.fromkeys(("cards", "barcoded", "bundles"), "int64"))[list(HEADINGS)]


def plan_csv(plan: pd.DataFrame) -> bytes:
    """The plan as the printer opens it: UTF-8 with a mark, CRLF."""
    return str(plan.rename(columns=HEADINGS).to_csv(index=False, lineterminator="\r\n")).encode("utf-8-sig")
