"""What reaching the outreach arm of a wave cost: of the waves that its comparison answers for, no others.  Pure.

Belongs here: yen per assigned person.  Does not belong here: forecasts (targeting), or which waves those are
(`kansho.campaign.nesting`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kansho.campaign.config import CampaignConfig, Wave
from kansho.campaign.costs import yen_per_contact
from kansho.campaign.nesting import waves_answered


def yen_per_person(
    config: CampaignConfig,
    wave: Wave,
    assignments: Mapping[str, pd.DataFrame],
    posted: Mapping[str, tuple[int, int]] | None = None,
) -> pd.Series:
    """Yen for each person of a wave's assignment, on its index; nothing for who is held out.

    Where hold-outs are nested the control arm gets nothing of the later waves either, so what these cost for the
    assigned counts with the effect they are part of.

    Args:
        assignments: kind ``wave_assignment`` by wave, of the waves selected so far.
        posted: by mailing, its cards and how many of them bear a barcode, whose discounts make the price of one;
            where they are not known, a card for everybody assigned, and no barcode.
    """
    mine = assignments[wave.id]
    yen = pd.Series(0.0, index=mine.index)
    for answered in waves_answered(config, wave.id):
        if answered.id in assignments:
            reached = assignments[answered.id]
            numbers = reached.loc[reached["arm"].eq("outreach"), "inquiry_number"]
            pieces, barcoded = (posted or {}).get(answered.id, (len(numbers), 0))
            yen += mine["inquiry_number"].isin(numbers) * yen_per_contact(config, answered, pieces, barcoded)
    return yen.where(mine["arm"].eq("outreach"), 0)
