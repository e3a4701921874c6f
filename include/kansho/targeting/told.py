"""The shape of a why: what is told of one person of a plan.

Belongs here: types.  Does not belong here: finding it out (`why`), the words for it (`why_words`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kansho.campaign.config import Segment, Wave
from kansho.targeting.eligibility import Outcome

#: Row of the eligibility table, or a segment: it decided; its conditions hold too; they do not; not looked at any more.
DECIDED, ALSO, NO, AFTER = "decided", "also", "no", "after"


@dataclass(frozen=True)
class Condition:
    """One condition of a row of the eligibility table: whether it had to hold, and whether it does."""

    name: str
    wanted: bool
    holds: bool


@dataclass(frozen=True)
class Row:
    """One row of the eligibility table, in its order."""

    outcome: Outcome
    conditions: tuple[Condition, ...]
    state: str


@dataclass(frozen=True)
class Rule:
    """One rule of a segment, what it read of the person (None: nothing known) and whether it holds."""

    column: str
    op: str
    value: Any
    found: str | None
    holds: bool


@dataclass(frozen=True)
class Fit:
    """One segment of the person's group, in the order of the config."""

    segment: Segment
    rules: tuple[Rule, ...]
    state: str


@dataclass(frozen=True)
class Picked:
    """What the selection of a wave made of a person: ``reason`` keeps them out of both arms, else arm and rank.

    Without either, the capacity was used up.
    """

    reason: str = ""
    arm: str = ""
    rank: int | None = None


@dataclass(frozen=True)
class Turn:
    """One wave: ``state`` is an arm of the forecast, or ``unplanned``, ``other_group``, ``no_phone``, ``held_before``.

    ``homes`` and ``homes_held`` are of the person's stratum: how many households were drawn from, how many are held
    out.  ``place`` is against ``wave.capacity``; ``band`` is of the propensity, where it orders this channel.
    ``picked`` is what came of it once the wave was selected.
    """

    wave: Wave
    state: str
    held: bool
    held_before: bool
    stratum: str
    homes: int
    homes_held: int
    priority: int | None
    band: int | None
    place: int | None
    picked: Picked | None


@dataclass(frozen=True)
class Why:
    """Everything that the plan says of one person, and from what."""

    outcome: Outcome
    group: str | None
    segment: Segment | None
    joined_from: Segment | None
    order: int | None
    due: tuple[str, ...]
    age: int
    late_elderly_on: str
    contact_ends_on: str
    stop: tuple[str, ...]
    attended: tuple[str, ...]
    rows: tuple[Row, ...]
    fits: tuple[Fit, ...]
    turns: tuple[Turn, ...]
