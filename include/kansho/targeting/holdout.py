"""Random hold-outs per wave, by household, in strata, from the committed seed.

Belongs here: the deterministic uniform numbers, the strata and the draw.  Does not belong here: who is selected.
Members of a household are always in the same arm (E1).  Waves are drawn each for itself, or nested
(`kansho.campaign.nesting`); decision 0006 says what each costs.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.campaign.nesting import waves_before

#: Stratum of households of which nobody is planned; no segment's id can be this.
UNPLANNED = "-"
#: Wave → household → whether an approved plan held it out.
Arms = Mapping[str, Mapping[str, bool]]


def uniform(seed: bytes, label: str, unit: str) -> float:
    """A number in [0, 1), the same for the same seed, label and unit, independent across labels and units."""
    digest = hashlib.blake2b(f"{label}\x1f{unit}".encode(), key=seed[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def household_strata(people: pd.DataFrame) -> pd.Series:
    """The stratum of each household: the segment of its planned member who comes first.

    Args:
        people: ``household_id``, ``inquiry_number``, ``segment`` (missing for people not planned) and ``priority``
            of the segment; first is the lowest priority number, then the lowest inquiry number.

    Returns:
        Segment ids, `UNPLANNED` where nobody is planned, indexed by household id.
    """
    planned = people[people["segment"].notna()].sort_values(["priority", "inquiry_number"])
    first = planned.drop_duplicates("household_id").set_index("household_id")["segment"]
    homes = pd.Index(people["household_id"].unique(), name="household_id")
    return first.reindex(homes).fillna(UNPLANNED)


def draw(seed: bytes, wave: str, strata: pd.Series, share: float, kept: Mapping[str, bool]) -> frozenset[str]:
    """Households held out of one wave.

    Of the n households of a stratum ⌊share·n + u⌋ are held out, the first in the order of a keyed hash; u is a seeded
    uniform number.  So the expected share is exact, and the number differs from share·n by less than one.

    Args:
        strata: stratum by household id.
        share: 0 to below 1.
        kept: arms that stay as they are; only households without one are drawn, and fill up what is missing.
    """
    if share <= 0:
        return frozenset()
    homes_of: dict[str, list[str]] = {}
    for home, stratum in strata.items():
        homes_of.setdefault(str(stratum), []).append(str(home))
    held: set[str] = set()
    for stratum, homes in homes_of.items():
        wanted = math.floor(share * len(homes) + uniform(seed, f"holdout-count/{wave}", stratum))
        stay = {home for home in homes if kept.get(home, False)}
        lots = sorted((uniform(seed, f"holdout/{wave}", home), home) for home in homes if home not in kept)
        held |= stay | {home for _, home in lots[: max(0, wanted - len(stay))]}
    return frozenset(held)


def holdout_columns(
    seed: bytes, config: CampaignConfig, strata: pd.Series, *, consented: bool, kept: Arms | None = None
) -> pd.DataFrame:
    """Columns ``holdout_<wave>`` for every wave of the year, by household; all False without 甲's consent (E1).

    In the nested design a column holds who was held out of an earlier wave too, and each wave draws its share among
    those only whom no earlier wave held out.

    Args:
        strata: output of `household_strata`.
        kept: `arms_of` the plan that the ward approved before, whose arms nobody changes.
    """
    kept = kept or {}
    held: dict[str, frozenset[str]] = {}
    for wave in config.waves.all():
        out = frozenset().union(*(held[w.id] for w in waves_before(config, wave.id)))
        open_homes = strata[~strata.index.isin(out)]
        held[wave.id] = out | draw(seed, wave.id, open_homes, wave.holdout if consented else 0.0, kept.get(wave.id, {}))
    return pd.DataFrame(
        {f"holdout_{wave}": strata.index.isin(list(homes)) for wave, homes in held.items()}, index=strata.index
    )


def arms_of(plan: pd.DataFrame) -> dict[str, dict[str, bool]]:
    """The arms of every household of a plan, by wave."""
    homes = plan.drop_duplicates("household_id").set_index("household_id")
    return {
        str(c).removeprefix("holdout_"): {str(home): bool(held) for home, held in homes[c].items()}
        for c in homes.columns
        if str(c).startswith("holdout_")
    }


def held_before(plan: pd.DataFrame, config: CampaignConfig, wave: str) -> pd.Series:
    """Whether an earlier wave holds each person out of this one too; they are in neither of its arms."""
    columns = [f"holdout_{w.id}" for w in waves_before(config, wave)]
    return plan[columns].eq(True).any(axis=1) if columns else pd.Series(False, index=plan.index)
