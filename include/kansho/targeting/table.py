"""The plan as a table: one row per person of the roster, pure and reproducible from the seed.

Belongs here: putting eligibility, due screenings, segments, households, hold-outs and order together.
Does not belong here: reading the vault or asking the ward (`plan`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import TargetGroup
from kansho.standing.household import household_ids
from kansho.targeting import eligibility, segments
from kansho.targeting.holdout import Arms, holdout_columns, household_strata, uniform

KENSHIN, CANCER = TargetGroup.KENSHIN.value, TargetGroup.CANCER.value
#: Columns of a plan before the arms of its waves.
COLUMNS = (
    "inquiry_number",
    "household_id",
    "outcome",
    "group",
    "segment",
    "segment_cancer",
    "matched",
    "due_kinds",
    "order",
)


@dataclass(frozen=True)
class Judged:
    """What the rules say of everybody, with what they were said from; all on one index, a row a person.

    ``people`` is the roster with the analysis items and the standing, ``conditions`` those of the eligibility table,
    ``table`` what the segments' rules read, ``rows`` the columns of the plan that follow.
    """

    people: pd.DataFrame
    conditions: pd.DataFrame
    table: pd.DataFrame
    rows: pd.DataFrame


def plan_table(
    roster: pd.DataFrame,
    analysis: pd.DataFrame,
    standing: pd.DataFrame,
    config: CampaignConfig,
    *,
    on: date,
    seed: bytes,
    consented: bool,
    kept: Arms | None = None,
) -> pd.DataFrame:
    """Plan every person of the roster.

    Args:
        roster: the 13 items, one row per person.
        analysis: the year's analysis items; people without a row count as unknown.
        standing: output of `kansho.standing.status`, indexed by inquiry number.
        config: the year.
        on: the day of planning.
        seed: the committed seed; it keys the household ids too, so that the same seed gives the same plan.
        consented: whether 甲 consented to hold-outs (E1).
        kept: arms of households in the plan approved before, which stay as they are.

    Returns:
        Columns ``inquiry_number``, ``household_id``, ``outcome`` (see `eligibility.TABLE`), ``group``, ``segment`` (of
        the 特定健診 group), ``segment_cancer`` (where the person is or would go after attendance), ``matched`` (every
        segment of the group whose rules hold), ``due_kinds`` ("03|07"), ``order`` (1 first; missing for people not
        planned) and ``holdout_<wave>`` (bool) for each wave.
    """
    found = judged(roster, analysis, standing, config, on=on)
    out = found.rows.assign(
        household_id=household_ids(found.people["address"], found.people["address_extra"], key=seed)
    )
    out["order"] = _order(out, config, seed)
    arms = holdout_columns(seed, config, strata(out, config), consented=consented, kept=kept)
    return out[list(COLUMNS)].join(arms, on="household_id")


def judged(
    roster: pd.DataFrame, analysis: pd.DataFrame, standing: pd.DataFrame, config: CampaignConfig, *, on: date
) -> Judged:
    """Everything of a plan that no lot decides: outcome, group, due screenings and segment of every person.

    Args:
        roster, analysis, standing, config, on: as for `plan_table`.
    """
    people = roster.merge(analysis, on="inquiry_number", how="left", suffixes=("", "_analysis"))
    at = standing.reindex(people["inquiry_number"].to_numpy())
    at.index = people.index
    people["left"] = at["left"].eq(True)
    people["identity_held"] = at["identity_held"].eq(True)
    people["stopped"] = at["stopped"].eq(True) | at["refused"].eq(True)
    people["deferred"] = at["deferred"].eq(True)
    people["kenshin_attended"] = at["kenshin_attended"].eq(True)
    people["due_kinds"] = due_of(people, at["attended_kinds"].fillna(""), config)

    conditions = eligibility.conditions_of(people, config, on=on)
    outcome = eligibility.outcomes(conditions)
    group = eligibility.group_of(outcome, conditions)
    # The last results are of the fiscal year before: its thresholds apply.
    table = segments.with_derived(people, judged_on=date(config.fiscal_year, 3, 31))
    rules = config.targeting.segments
    planned = group.notna()
    smallest = config.targeting.min_segment_size
    matched = segments.matched(table, group.eq(KENSHIN), rules, of=KENSHIN)
    matched_cancer = segments.matched(table, planned & people["due_kinds"].ne(""), rules, of=CANCER)
    segment = segments.merged(segments.first_of(matched), rules, smallest=smallest, of=KENSHIN)
    segment_cancer = segments.merged(segments.first_of(matched_cancer), rules, smallest=smallest, of=CANCER)
    rows = pd.DataFrame(
        {
            "inquiry_number": people["inquiry_number"],
            "outcome": outcome,
            "group": group,
            "segment": segment,
            "segment_cancer": segment_cancer,
            "matched": matched_cancer.where(group.eq(CANCER), matched),
            "due_kinds": people["due_kinds"],
        }
    )
    return Judged(people, conditions, table, rows)


def current_segment(plan: pd.DataFrame, group: pd.Series) -> pd.Series:
    """The segment that counts while a person is in ``group``."""
    return plan["segment_cancer"].where(group.eq(CANCER), plan["segment"])


def priorities(config: CampaignConfig) -> dict[str, int]:
    """Segment id → priority; 1 goes first when a channel is scarce."""
    return {s.id: s.priority for s in config.targeting.segments}


def strata(plan: pd.DataFrame, config: CampaignConfig) -> pd.Series:
    """The stratum in which each household of a plan is drawn (`household_strata`)."""
    now = current_segment(plan, plan["group"]).where(plan["group"].notna())
    people = plan[["household_id", "inquiry_number"]].assign(segment=now, priority=now.map(priorities(config)))
    return household_strata(people)


def _order(plan: pd.DataFrame, config: CampaignConfig, seed: bytes) -> pd.Series:
    """Rank of planned people: segment priority, then a seeded lot; explicit and recorded (C4)."""
    planned = plan[plan["group"].notna()]
    keys = pd.DataFrame(
        {
            "priority": current_segment(planned, planned["group"]).map(priorities(config)),
            "lot": [uniform(seed, "order", number) for number in planned["inquiry_number"]],
            "number": planned["inquiry_number"],
        },
        index=planned.index,
    ).sort_values(["priority", "lot", "number"])
    return pd.Series(range(1, len(keys) + 1), index=keys.index, dtype="Int64").reindex(plan.index)


def due_of(people: pd.DataFrame, attended: pd.Series, config: CampaignConfig) -> pd.Series:
    """Due screenings of everybody ("03|07"); each is asked once for people who are alike in all that it looks at.

    Args:
        people: ``sex``, ``age_at_year_end``, ``screening_kinds`` (the tickets) and what there is of ``last_fy_<code>``.
        attended: screenings attended this year ("03|90"), '' where none is known.
        config: the year.
    """
    age = pd.to_numeric(people["age_at_year_end"], errors="coerce").fillna(-1).astype(int)
    looked_at = (people["sex"], people["screening_kinds"], age, attended)
    sexes, tickets, ages, done = (column.to_numpy(dtype=object) for column in looked_at)
    alike = pd.Series(_alike(*looked_at))
    found: dict[str, np.ndarray] = {}
    for screening in config.targeting.screenings:
        names = [f"last_fy_{code}" for code in (screening.code, *screening.counts_with)]
        known = people.reindex(columns=names).apply(pd.to_numeric, errors="coerce")
        last = known.max(axis=1).to_numpy(dtype=float)
        _, first, of = np.unique(_alike(alike, pd.Series(last)), return_index=True, return_inverse=True)
        due = [
            eligibility.is_due(
                screening,
                sexes[n],
                ages[n],
                None if np.isnan(last[n]) else int(last[n]),
                year=config.fiscal_year,
                sent=eligibility.sent_kinds(tickets[n]),
                done=frozenset(done[n].split("|")),
            )
            for n in first
        ]
        found[screening.code] = np.array(due, dtype=bool)[of]
    return segments.listed(found, people.index)


def _alike(*columns: pd.Series) -> np.ndarray:
    """A number for each row, the same for rows that are the same in all columns."""
    out = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes, values = pd.factorize(column)
        _, out = np.unique(out * (len(values) + 1) + codes + 1, return_inverse=True)
    return out
