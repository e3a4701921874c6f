"""Who attends, and why: a model whose true effects are known exactly.

Each person has one uniform ``u`` per group.  Base reasons own ``[0, base)`` of it; each wave owns a slot of its
channel's effect size directly above, disjoint from every other.  Whoever's ``u`` lies in a wave's slot attends if and
only if that wave's contact was delivered, so effects add up and the sample's true effect of a wave is a count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Channel, TargetGroup
from kansho.simulation.draws import uniforms

#: Attendance by one delivered contact, as shares of people.
EFFECTS: dict[Channel, float] = {Channel.MAIL: 0.03, Channel.CALL: 0.04, Channel.VISIT: 0.05}
#: Attendance without any outreach, by history.
BASE: dict[str, float] = {"never": 0.06, "irregular": 0.26, "lapsed": 0.14, "continuous": 0.68, "new": 0.16}
CANCER_BASE = 0.12


@dataclass(frozen=True)
class Attendances:
    """Days (ISO text) by person, None when they do not attend: 特定健診, and cancer screening after it."""

    kenshin: pd.Series
    cancer: pd.Series


def slots(config: CampaignConfig) -> dict[str, tuple[float, float]]:
    """Per wave the slot above base: (offset, offset + effect)."""
    out: dict[str, tuple[float, float]] = {}
    reached = 0.0
    for wave in config.waves.all():
        out[wave.id] = (reached, reached + EFFECTS[wave.channel])
        reached += EFFECTS[wave.channel]
    return out


def attendances(
    config: CampaignConfig, people: pd.DataFrame, seed: int, contacts: Mapping[str, Mapping[str, date]]
) -> Attendances:
    """Everybody's attendance this year, given the contacts delivered so far.

    Args:
        people: ``inquiry_number``, ``history``.
        contacts: wave → person → day of the delivered contact.
    """
    numbers = list(people["inquiry_number"])
    base = people["history"].map(BASE).to_numpy(dtype=float)
    kenshin = _one_group(config, numbers, base, seed, contacts, TargetGroup.KENSHIN)
    cancer = _one_group(config, numbers, np.full(len(numbers), CANCER_BASE), seed, contacts, TargetGroup.CANCER)
    # Cancer screening is looked at among those who had 特定健診, and never before it.
    cancer = [max(k, c) if k and c else None for k, c in zip(kenshin, cancer, strict=True)]
    index = pd.Index(numbers)
    return Attendances(pd.Series(kenshin, index=index, dtype=object), pd.Series(cancer, index=index, dtype=object))


def in_slot(config: CampaignConfig, people: pd.DataFrame, seed: int, wave: str, group: TargetGroup) -> pd.Series:
    """Whether a wave's contact makes the difference for a person of that group, by inquiry number."""
    numbers = list(people["inquiry_number"])
    base = people["history"].map(BASE).to_numpy(dtype=float) if group is TargetGroup.KENSHIN else CANCER_BASE
    low, high = slots(config)[wave]
    u = uniforms(seed, f"attend-{group.value}", numbers)
    return pd.Series((u >= base + low) & (u < base + high), index=pd.Index(numbers))


def delay_days(seed: int, wave: str, numbers: Sequence[str]) -> np.ndarray:
    """Days from a contact to the attendance it causes: 3 to 45, most of them soon."""
    u = uniforms(seed, f"delay-{wave}", numbers)
    return (3 + 42 * u**2).astype(int)


def _one_group(
    config: CampaignConfig,
    numbers: list[str],
    base: np.ndarray,
    seed: int,
    contacts: Mapping[str, Mapping[str, date]],
    group: TargetGroup,
) -> list[str | None]:
    u = uniforms(seed, f"attend-{group.value}", numbers)
    when = uniforms(seed, f"when-{group.value}", numbers)
    first = date(config.fiscal_year, 6, 1)
    season = (config.fiscal_year_end - first).days
    out: list[str | None] = [
        (first + timedelta(days=int(w * season))).isoformat() if x < b else None
        for x, w, b in zip(u, when, base, strict=True)
    ]
    place = {number: i for i, number in enumerate(numbers)}
    for wave, (low, high) in slots(config).items():
        reached = [(n, day) for n, day in contacts.get(wave, {}).items() if n in place]
        for (number, day), days in zip(reached, delay_days(seed, wave, [n for n, _ in reached]), strict=True):
            i = place[number]
            if base[i] + low <= u[i] < base[i] + high:
                out[i] = (day + timedelta(days=int(days))).isoformat()
    return out


@dataclass(frozen=True)
class SimulatedYear:
    """Per person of a bare experiment: ``household``, whether they attend ``anyway``, and for each wave whether its
    contact ``causes`` them to; at most one of all these is so."""

    household: np.ndarray
    anyway: np.ndarray
    causes: tuple[np.ndarray, ...]


def simulate_year(
    rng: np.random.Generator, *, base: np.ndarray, effects: Sequence[float], reach: float
) -> SimulatedYear:
    """People of several waves before anybody is held out; for statistical tests.

    The members of a household share part of their inclination, so persons are not independent.

    Args:
        base: by household, the share that attends without any outreach.
        effects: one share a wave.
        reach: share of a wave's people whom its contact reaches.
    """
    households = len(base)
    sizes = rng.choice([1, 2, 3], size=households, p=[0.68, 0.27, 0.05])
    household = np.repeat(np.arange(households), sizes)
    shared = rng.random(households)[household]
    own = rng.random(len(household))
    u = np.where(rng.random(len(household)) < 0.3, shared, own)
    above, ends = u - base[household], np.cumsum([0.0, *effects])
    causes = tuple(
        (above >= low) & (above < high) & (rng.random(len(household)) < reach)
        for low, high in zip(ends, ends[1:], strict=False)
    )
    return SimulatedYear(household, above < 0, causes)
