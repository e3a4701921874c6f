"""What a returned card says of its person, and of the address it was sent to (返戻, domain notes 6.5).

Belongs here: pure derivation.  Does not belong here: taking returns in (`kansho.mailing.returns`).
"""

from __future__ import annotations

import pandas as pd

from kansho.standing.facts import Facts
from kansho.standing.household import household_key

#: Return reasons that say the address is no use: the card did not find the person there.
BAD_ADDRESS = frozenset({"1", "2", "3"})
_ADDRESS = frozenset({"postal_code", "address", "address_extra"})


def returned(facts: Facts) -> pd.DataFrame:
    """Returned cards that still count: one row per card, ``inquiry_number`` and ``return_reason``.

    A card counts until the ward's list names another address than the card bore, that is, until a change of the
    address that came after the card was posted.
    """
    back = facts.mail_returns
    if back.empty:
        return back[["inquiry_number", "return_reason"]]
    sent = back["returned_on"]
    if "serial" in back and "serial" in facts.postings:
        posted = facts.postings.drop_duplicates("serial").set_index("serial")["posted_on"]
        sent = back["serial"].map(posted).fillna(sent)
    mended = back["inquiry_number"].map(_corrected_on(facts.roster_changes)).fillna("")
    return back.loc[~mended.gt(sent.astype(str)), ["inquiry_number", "return_reason"]]


def at_a_bad_address(facts: Facts, numbers: pd.Series) -> frozenset[str]:
    """Everybody of the roster who lives where a card of one of ``numbers`` did not find its person."""
    roster = facts.roster.reindex(columns=["inquiry_number", "postal_code", "address", "address_extra"])
    bad = roster["inquiry_number"].isin(set(numbers)) & roster["address"].notna()
    if not bad.any():
        return frozenset()
    near = roster[roster["postal_code"].isin(set(roster.loc[bad, "postal_code"])) & roster["address"].notna()]
    keys = pd.Series(
        [
            household_key(a, e if isinstance(e, str) else None)
            for a, e in zip(near["address"], near["address_extra"], strict=True)
        ],
        index=near.index,
        dtype=object,
    )
    homes = set(keys[near["inquiry_number"].isin(set(numbers))])
    return frozenset(near.loc[keys.isin(homes), "inquiry_number"])


def _corrected_on(changes: pd.DataFrame) -> pd.Series:
    """Day of the last change of each person's address, by inquiry number (ISO text)."""
    if changes.empty or "told_on" not in changes:
        return pd.Series(dtype=object)
    moved = [bool(_ADDRESS & set(str(f).split("|"))) for f in changes["fields"].fillna("")]
    told = changes[moved].dropna(subset="told_on").sort_values("told_on", kind="stable")
    return told.drop_duplicates("inquiry_number", keep="last").set_index("inquiry_number")["told_on"]
