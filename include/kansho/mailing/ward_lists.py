"""Lists for 甲 during the year, sealed to it: whose card cannot be printed, whose card came back.

Belongs here: making and handing over the two lists.  Does not belong here: the results handed over at the end
(`kansho.closing.handover`).  The ward alone can mend an address, so it is told at once, not in January.
"""

from __future__ import annotations

import pandas as pd

from kansho import exchange
from kansho.contracts.registry import HANDOVER_MAIL, MAIL_UNPRINTABLE
from kansho.exchange.tables import to_csv
from kansho.mailing.proof import REASONS
from kansho.workspace import Workspace

UNPRINTABLE, RETURNED = "mail_unprintable", "mail_returned"


def tell_unprintable(ws: Workspace, wave: str, cards: pd.DataFrame) -> None:
    """Hand 甲 the numbers of those without a printable name or address, with the reason; nothing when there are none.

    Args:
        ws: the campaign.
        wave: the mailing.
        cards: kind ``card_list``.
    """
    left = cards.loc[~cards["printable"], ["inquiry_number", "reason"]].assign(wave=wave)
    left["unprintable_reason"] = [REASONS.get(code, code) for code in left["reason"]]
    if len(left):
        _hand_over(ws, UNPRINTABLE, wave, {"unprintable.csv": to_csv(left, MAIL_UNPRINTABLE)}, len(left))


def tell_returned(ws: Workspace, package: str, returned: pd.DataFrame) -> None:
    """Hand 甲 the numbers of those whose card came back, with day and reason.

    Args:
        ws: the campaign.
        package: the list of returned mail that came in.
        returned: kind ``mail_returns``.
    """
    postings = ws.read_all("postings")
    known = {} if postings is None else postings.drop_duplicates("serial").set_index("serial")["posted_on"].to_dict()
    told = returned.assign(posted_on=returned["serial"].map(known))
    _hand_over(ws, RETURNED, package, {"returned.csv": to_csv(told, HANDOVER_MAIL)}, len(told))


def _hand_over(ws: Workspace, kind: str, package: str, files: dict[str, bytes], rows: int) -> None:
    exchange.hand_over(
        ws,
        party=ws.config.ward_party.id,
        work=None,
        package=package,
        kind=kind,
        files=files,
        counts={"rows": rows},
        authority="contract",
    )
