"""Eligibility as a decision table: one outcome for each person of the roster.

Belongs here: the table, which screenings are due, and the pure functions that read them.  Does not belong
here: who may be contacted on a given day (`kansho.standing`).  The table is read from the top; the first
row whose conditions all hold gives the outcome (C2, C3; domain 2.1 and 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from kansho.campaign.ages import contact_over
from kansho.campaign.config import CampaignConfig, Screening
from kansho.campaign.rights import TargetGroup
from kansho.campaign.screenings import settled
from kansho.errors import KanshoError


@dataclass(frozen=True)
class Outcome:
    """One row of the table: ``conditions`` name columns of `conditions_of`; ``!`` negates."""

    code: str
    conditions: tuple[str, ...]
    clause: str
    label: str


#: The decision table.  Who is no longer on the list, or may be another person, comes first; then the stop list;
#: then age; then attendance; then what is due.
TABLE: tuple[Outcome, ...] = (
    Outcome("left", ("left",), "D1", "対象者一覧から除外"),
    Outcome("identity_held", ("identity_held",), "D1", "本人の確認待ち"),
    Outcome("stopped", ("stopped",), "D1", "勧奨停止"),
    Outcome("deferred", ("deferred",), "D1", "勧奨延期"),
    Outcome("under_age", ("under_age",), "C2", "対象年齢未満"),
    Outcome("too_old", ("too_old",), "C2", "対象年齢超過"),
    Outcome("aged_out", ("aged_out",), "C2", "75歳到達（後期高齢者医療）"),
    Outcome("kenshin", ("!attended",), "C2", "特定健診未受診"),
    Outcome("cancer", ("attended", "anything_due"), "C3", "特定健診受診済・がん検診未受診"),
    Outcome("none_due", ("attended", "!anything_due"), "C3", "受診済・対象検診なし"),
)

#: Outcomes whose people get a group, a segment and a place in the order.  A deferred person waits: the
#: exclusion engine keeps them out until the ward's date has passed.
PLANNED = frozenset({"kenshin", "cancer", "deferred"})


def due_kinds(
    sex: str, age: int, config: CampaignConfig, last_years: dict[str, int], tickets: str | None, done: frozenset[str]
) -> tuple[str, ...]:
    """Screenings due this year for one person, as codes of the config's screenings (C3).

    Args:
        sex: '1' or '2'.
        age: 年度末年齢.
        config: the year's screenings.
        last_years: screening code → fiscal year of the last attendance, absent when none is known.
        tickets: the ward's がん検診票の種類 ("03|07"); a screening without its ticket is not due.
        done: codes attended this year.
    """
    sent = sent_kinds(tickets)
    return tuple(
        s.code
        for s in config.targeting.screenings
        if is_due(s, sex, age, _last(s, last_years), year=config.fiscal_year, sent=sent, done=done)
    )


def sent_kinds(tickets: object) -> frozenset[str]:
    """Codes of the screenings that a person has a ticket for; none where the ward names none."""
    return frozenset(tickets.split("|")) if isinstance(tickets, str) and tickets else frozenset()


def is_due(
    screening: Screening,
    sex: str,
    age: int,
    last: int | None,
    *,
    year: int,
    sent: frozenset[str],
    done: frozenset[str],
) -> bool:
    """Whether one screening is due for a person (C3).

    Args:
        screening: of the config.
        sex, age, done: as for `due_kinds`.
        last: fiscal year of the last attendance of it or of one that counts with it, if known.
        year: this one.
        sent: codes with a ticket.
    """
    if screening.code not in sent or screening.code in settled(done, (screening,)):
        return False
    if screening.sex is not None and screening.sex != sex:
        return False
    if age < screening.min_age or (screening.max_age is not None and age > screening.max_age) or last == year:
        return False
    if screening.due_rule == "even_age":
        return age % 2 == 0
    return last is None or year - last >= screening.interval_years


def _last(screening: Screening, years: dict[str, int]) -> int | None:
    known = [years[code] for code in (screening.code, *screening.counts_with) if code in years]
    return max(known, default=None)


def conditions_of(people: pd.DataFrame, config: CampaignConfig, *, on: date) -> pd.DataFrame:
    """The table's conditions (bool) per person.

    Args:
        people: columns ``age_at_year_end`` (text), ``birth_date`` (ISO text), ``left``, ``identity_held``, ``stopped``,
            ``deferred``, ``kenshin_attended`` (bool), ``due_kinds`` ("03|07").
        config: the age rules.
        on: the day of planning.

    Raises:
        KanshoError: ``ELIGIBILITY-AGE`` with a count when an age is not a number (the gate should have held it).
    """
    age = pd.to_numeric(people["age_at_year_end"], errors="coerce")
    if age.isna().any():
        raise KanshoError(
            "ELIGIBILITY-AGE",
            f"年度末年齢を読めない行が {int(age.isna().sum())} 件あります",
            place="roster",
            remedy="検証を確認してください",
        )
    return pd.DataFrame(
        {
            "left": people["left"].eq(True),
            "identity_held": people["identity_held"].eq(True),
            "stopped": people["stopped"].eq(True),
            "deferred": people["deferred"].eq(True),
            "under_age": age.lt(config.targeting.min_age),
            "too_old": age.gt(config.targeting.max_age),
            "aged_out": contact_over(people["birth_date"], on, lead_days=config.targeting.aged_out_lead_days),
            "attended": people["kenshin_attended"].eq(True),
            "anything_due": people["due_kinds"].fillna("").ne(""),
        },
        index=people.index,
    )


def holds(row: Outcome, conditions: pd.DataFrame) -> pd.Series:
    """Whether every condition of one row of the table holds, for each person."""
    hit = pd.Series(True, index=conditions.index)
    for name in row.conditions:
        hit &= ~conditions[name[1:]] if name.startswith("!") else conditions[name]
    return hit


def outcomes(conditions: pd.DataFrame) -> pd.Series:
    """Outcome code per person: the first row of `TABLE` whose conditions hold.

    Raises:
        KanshoError: ``ELIGIBILITY-GAP`` with a count when the table leaves somebody out.
    """
    out = pd.Series("", index=conditions.index, dtype=object)
    for row in TABLE:
        out = out.mask(out.eq("") & holds(row, conditions), row.code)
    left = int(out.eq("").sum())
    if left:
        raise KanshoError(
            "ELIGIBILITY-GAP",
            f"判定できない人が {left} 人います",
            place="eligibility.TABLE",
            remedy="判定の表を直し、計画を作り直してください",
        )
    return out


def group_of(outcome: pd.Series, conditions: pd.DataFrame) -> pd.Series:
    """Target group of planned people ('kenshin' or 'cancer'), None for the rest.

    A deferred person belongs to the group they would be in without the deferral, unless age or
    attendance leaves them without one.
    """
    bare = outcomes(conditions.assign(stopped=False, deferred=False))
    groups = {g.value for g in TargetGroup}
    return bare.where(outcome.isin(PLANNED) & bare.isin(groups), None)
