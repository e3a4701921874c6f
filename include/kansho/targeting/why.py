"""Why the plan says of one person what it says: every rule that was looked at, in order, with what it gave.  Pure.

Belongs here: following the engine's own steps for one person.  Does not belong here: any rule (`eligibility`,
`segments`, `holdout`, `forecast`, `kansho.standing.exclusions` have them), reading the records (`asking`), the
shape of the answer (`told`), the words for it (`why_words`).

What is told is what the engine gave again for the plan's own records; where that is not what the plan holds, nothing is
told (``PLAN-DIFFERS``).  Lots are told as they fell: the seed that would repeat them is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kansho.campaign.ages import LATE_ELDERLY_AGE, birthday, contact_ends
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.targeting import eligibility, segments
from kansho.targeting.forecast import Forecast, forecast, ranked
from kansho.targeting.propensity import BAND, SCARCE
from kansho.targeting.table import Judged, current_segment, strata
from kansho.targeting.told import AFTER, ALSO, DECIDED, NO, Condition, Fit, Picked, Row, Rule, Turn, Why

#: Columns of a plan that follow from the rules alone.
RULED = ("outcome", "group", "segment", "segment_cancer", "matched", "due_kinds")


def require_same(plan: pd.DataFrame, found: Judged) -> None:
    """Refuse to tell anything where the plan's records do not give the plan again.

    Raises:
        KanshoError: ``PLAN-DIFFERS`` with the number of people.
    """
    again = found.rows.set_index("inquiry_number").reindex(plan["inquiry_number"].to_numpy())
    other = np.zeros(len(plan), dtype=bool)
    for column in RULED:
        kept, said = (t[column].astype(object).fillna("").to_numpy() for t in (plan, again))
        other |= kept != said
    differs = int(other.sum())
    if differs or len(plan) != len(found.rows):
        raise KanshoError(
            "PLAN-DIFFERS",
            f"計画の記録から判定し直した結果が、計画と {differs} 人で一致しません",
            place="plan",
            remedy="計画を根拠として使わず、取扱責任者に連絡してください",
        )


@dataclass(frozen=True)
class Looked:
    """A plan looked into: its records judged again, its households with their strata, and the walk of every wave.

    ``fits`` says of each row of the eligibility table whether it fits each person, ``over`` and ``late_elderly`` when
    contact with them ends, and when they are 75.
    """

    plan: pd.DataFrame
    found: Judged
    standing: pd.DataFrame
    config: CampaignConfig
    homes: pd.DataFrame
    walks: Mapping[str, Forecast]
    fits: Mapping[str, pd.Series]
    over: pd.Series
    late_elderly: pd.Series


def look_into(plan: pd.DataFrame, found: Judged, standing: pd.DataFrame, config: CampaignConfig) -> Looked:
    """What the whys of all people of a plan have in common.

    Args:
        plan: as it is stored.
        found: what the rules say of the plan's own records (`judged`).
        standing: output of `kansho.standing.status` that it was said from.
        config: the year, as it was when the plan was made.

    Raises:
        KanshoError: ``PLAN-DIFFERS``.
    """
    require_same(plan, found)
    has_phone = found.people.set_index("inquiry_number")["phone"].notna().reindex(plan["inquiry_number"])
    phone = pd.Series(has_phone.to_numpy(), index=plan.index)
    narrow = plan.drop(columns=["outcome", "matched", "due_kinds"])  # the walk of every wave takes its own copy
    walking = ranked(narrow, config)
    walks = {wave.id: forecast(walking, phone, wave, config) for wave in config.waves.all()}
    homes = plan.drop_duplicates("household_id").set_index("household_id")
    birth, lead = found.people["birth_date"], config.targeting.aged_out_lead_days
    return Looked(
        plan,
        found,
        standing,
        config,
        homes.assign(stratum=strata(plan, config)),
        walks,
        {row.code: eligibility.holds(row, found.conditions) for row in eligibility.TABLE},
        contact_ends(birth, age=LATE_ELDERLY_AGE, lead_days=lead),
        birthday(birth, LATE_ELDERLY_AGE),
    )


def explain(looked: Looked, number: str, picked: Mapping[str, Picked]) -> Why:
    """Follow one person of a plan through every rule.

    Args:
        looked: the plan.
        number: of a person of the plan.
        picked: what the selections that have been made from this plan made of the person, by wave.

    Raises:
        KanshoError: ``PLAN-DIFFERS``.
    """
    plan, found, config = looked.plan, looked.found, looked.config
    at = found.people.index[found.people["inquiry_number"].eq(number)][0]
    row = plan.loc[plan["inquiry_number"].eq(number)].iloc[0]
    outcome = next(o for o in eligibility.TABLE if o.code == row["outcome"])
    fits = _fits(found, at, row, config)
    now = _current(row)
    first = next((f.segment for f in fits if f.state == DECIDED), None)
    segment = next((s for s in config.targeting.segments if s.id == now), None)
    stands = looked.standing.loc[number]
    return Why(
        outcome=outcome,
        group=None if pd.isna(row["group"]) else str(row["group"]),
        segment=segment,
        joined_from=first if segment is not None and first is not None and first.id != segment.id else None,
        order=None if pd.isna(row["order"]) else int(row["order"]),
        due=tuple(filter(None, str(row["due_kinds"]).split("|"))),
        age=int(str(found.people.at[at, "age_at_year_end"])),
        late_elderly_on=_day(looked.late_elderly.at[at]),
        contact_ends_on=_day(looked.over.at[at]),
        stop=tuple(name for name in ("stopped", "refused", "deferred") if bool(stands[name])),
        attended=tuple(filter(None, str(stands["attended_kinds"] or "").split("|"))),
        rows=_rows(looked, at, outcome.code),
        fits=fits,
        turns=_turns(looked, number, picked),
    )


def _rows(looked: Looked, at: Any, decided: str) -> tuple[Row, ...]:
    conditions = looked.found.conditions.loc[at]
    out, over = [], False
    for row in eligibility.TABLE:
        parts = tuple(
            Condition(name.lstrip("!"), not name.startswith("!"), bool(conditions[name.lstrip("!")]))
            for name in row.conditions
        )
        fits = bool(looked.fits[row.code].at[at])
        if fits and not over and row.code != decided:
            raise KanshoError("PLAN-DIFFERS", "判定の表が計画と一致しません", place=row.code)
        out.append(Row(row, parts, AFTER if over else DECIDED if fits else NO))
        over = over or fits
    return tuple(out)


def _fits(found: Judged, at: Any, row: pd.Series, config: CampaignConfig) -> tuple[Fit, ...]:
    if pd.isna(row["group"]):
        return ()
    one, out, decided = found.table.loc[[at]], [], False
    for segment in config.targeting.segments:
        if segment.group.value != row["group"]:
            continue
        rules = tuple(
            Rule(r.column, r.op, r.value, _text(one[r.column].iloc[0]), _holds(one, r, segment.id))
            for r in segment.when
        )
        hit = all(rule.holds for rule in rules)
        out.append(Fit(segment, rules, NO if not hit else ALSO if decided else DECIDED))
        decided = decided or hit
    return tuple(out)


def _holds(one: pd.DataFrame, rule: Any, segment: str) -> bool:
    return bool(segments.matches(one, rule, segment=segment).iloc[0])


def _turns(looked: Looked, number: str, picked: Mapping[str, Picked]) -> tuple[Turn, ...]:
    plan = looked.plan
    at = plan.index[plan["inquiry_number"].eq(number)][0]
    homes = looked.homes
    stratum = str(homes.at[str(plan.at[at, "household_id"]), "stratum"])
    mine = homes[homes["stratum"].eq(stratum)]
    out = []
    for wave in looked.config.waves.all():
        walk = looked.walks[wave.id]
        arms = mine[f"holdout_{wave.id}"]
        drawn_from = arms[~arms.index.isin(plan.loc[walk.before, "household_id"])]
        person = walk.walked.loc[at] if at in walk.walked.index else None
        banded = person is not None and wave.channel in SCARCE and BAND in plan and pd.notna(person[BAND])
        out.append(
            Turn(
                wave=wave,
                state=_state(plan, walk, at),
                held=bool(plan.at[at, f"holdout_{wave.id}"]),
                held_before=bool(walk.before.at[at]),
                stratum=stratum,
                homes=len(drawn_from),
                homes_held=int(drawn_from.sum()),
                priority=None if person is None else int(person["priority"]),
                band=int(person[BAND]) if banded and person is not None else None,
                place=None if person is None else int(person["place"]),
                picked=picked.get(wave.id),
            )
        )
    return tuple(out)


def _state(plan: pd.DataFrame, walk: Forecast, at: Any) -> str:
    if plan["group"].isna().at[at]:
        return "unplanned"
    if not walk.in_group.at[at]:
        return "other_group"
    if not walk.able.at[at]:
        return "no_phone"
    if walk.before.at[at]:
        return "held_before"
    return str(walk.walked.at[at, "arm"])


def _current(row: pd.Series) -> str | None:
    if pd.isna(row["group"]):
        return None
    one = pd.DataFrame([row])
    return str(current_segment(one, one["group"]).iloc[0])


def _text(value: Any) -> str | None:
    if value is None or value is pd.NA or value != value:
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _day(day: Any) -> str:
    return "" if pd.isna(day) else str(day.date().isoformat())
