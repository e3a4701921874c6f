"""Random hold-outs per wave, by household, from the committed seed.

Belongs here: the deterministic uniform numbers and the split.  Does not belong here: who is selected.
Waves are independent of one another; members of a household are always in the same arm (E1).
"""

from __future__ import annotations

import hashlib

import pandas as pd

from kansho.campaign.config import CampaignConfig


def uniform(seed: bytes, label: str, unit: str) -> float:
    """A number in [0, 1), the same for the same seed, label and unit, independent across labels and units."""
    digest = hashlib.blake2b(f"{label}\x1f{unit}".encode(), key=seed[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def held_out(seed: bytes, wave: str, households: pd.Series, share: float) -> pd.Series:
    """Whether each row's household is held out of a wave (bool, on the index of ``households``)."""
    drawn = {h: uniform(seed, f"holdout/{wave}", h) < share for h in set(households)} if share > 0 else {}
    return households.map(lambda h: drawn.get(h, False)).astype(bool)


def holdout_columns(seed: bytes, config: CampaignConfig, households: pd.Series, *, consented: bool) -> pd.DataFrame:
    """Columns ``holdout_<wave>`` for every wave of the year; all False without 甲's consent (E1)."""
    return pd.DataFrame(
        {
            f"holdout_{w.id}": held_out(seed, w.id, households, w.holdout if consented else 0.0)
            for w in config.waves.all()
        },
        index=households.index,
    )
