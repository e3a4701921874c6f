"""A propensity to attend, fitted on the years before and cross-validated; or the reason why there is none.  Pure.

Belongs here: when it may be fitted, the record of what was, and the bands by which calls and visits are ordered.
Does not belong here: the features (`features`), the regression (`logistic`), the plan's section (`propensity_figures`).

Last year's attendance is explained by the years before it; this year's is predicted by the same features one year on.
Nothing that happened in the campaign's own year is read.  Who is contacted at all is never decided by it: within a
segment it says who goes first while a scarce channel lasts (docs/decisions/0015).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kansho.campaign.config import CampaignConfig, PropensityRule
from kansho.campaign.rights import Channel, TargetGroup
from kansho.targeting.features import FEATURES, YEARS, attended, features, past
from kansho.targeting.holdout import uniform
from kansho.targeting.logistic import (
    DIGITS,
    CalibrationBin,
    Numbers,
    auc,
    calibration,
    explained,
    fit,
    out_of_fold,
    probability,
    tenths,
    with_intercept,
)

#: Channels that the bands order; mailings keep the declared order.
SCARCE = frozenset({Channel.CALL, Channel.VISIT})
BAND, INTERCEPT = "propensity_band", "intercept"


@dataclass(frozen=True)
class Coefficient:
    """Log odds of one feature and its standard error, by household."""

    feature: str
    value: float
    error: float


@dataclass(frozen=True)
class Propensity:
    """What was fitted and how good it is.

    ``reason`` is empty when it orders the calls and visits, else ``no_history``, ``too_few_people``,
    ``too_few_attended``, ``not_converged`` or ``no_skill``; then only ``people`` and ``attended`` (last year's) are
    set, and for ``no_skill``, whose prediction of people unseen is no better than the mean, the scores that say so.
    ``dropped`` are features that were left out and why: ``constant``, ``few`` (people) or ``collinear``.
    AUC and Brier scores are out of fold; ``brier_of_mean`` is what the mean alone would score.
    """

    reason: str
    people: int
    attended: int
    folds: int
    prefer: str
    coefficients: tuple[Coefficient, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    auc: float | None = None
    brier: float | None = None
    brier_of_mean: float | None = None
    bins: tuple[CalibrationBin, ...] = ()

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Propensity:
        """What `to_bytes` wrote."""
        value: dict[str, Any] = json.loads(data)
        value["coefficients"] = tuple(Coefficient(**c) for c in value["coefficients"])
        value["bins"] = tuple(CalibrationBin(**b) for b in value["bins"])
        value["dropped"] = tuple((name, why) for name, why in value["dropped"])
        return cls(**value)


def with_bands(
    plan: pd.DataFrame, roster: pd.DataFrame, analysis: pd.DataFrame, config: CampaignConfig, *, seed: bytes
) -> tuple[pd.DataFrame, Propensity | None]:
    """The plan with column ``propensity_band`` (1 goes first, missing without an estimate), and what was fitted.

    Bands are tenths of the people planned for 特定健診, whose attendance it is that was estimated; people of one
    prediction share a band.

    Args:
        plan: output of `plan_table`.
        roster: the 13 items, of which only age and sex are read.
        analysis: the year's analysis items.
        config: the year; without ``targeting.propensity`` nothing is fitted and every band is missing.
        seed: the committed seed, which makes the folds.
    """
    rule = config.targeting.propensity
    nobody = pd.Series(pd.NA, index=plan.index, dtype="Int64")
    if rule is None:
        return plan.assign(**{BAND: nobody}), None
    items = ["inquiry_number", *(item for item in map(past, YEARS) if item in analysis)]
    people = roster[["inquiry_number", "age_at_year_end", "sex"]].merge(
        analysis[items], on="inquiry_number", how="left"
    )
    people = people.set_index("inquiry_number").reindex(plan["inquiry_number"].to_numpy())
    people.index = plan.index
    found, predicted = estimate(people, plan["household_id"], rule, seed=seed, least=config.disclosure.min_cell)
    planned = predicted[plan["group"].eq(TargetGroup.KENSHIN.value)].dropna()
    band = tenths(-planned if rule.prefer == "likely" else planned)
    return plan.assign(**{BAND: band.reindex(plan.index)}), found


def in_walk_order(people: pd.DataFrame, channel: Channel) -> pd.DataFrame:
    """People in the order in which a wave takes them.

    That is segment priority, then for calls and visits the band of whoever is in the group 特定健診, then the plan's
    order.  A band that is missing comes last; a plan made without bands has none.

    Args:
        people: ``group`` today, ``priority`` of the segment, ``order``, perhaps ``propensity_band``.
        channel: of the wave.
    """
    banded = channel in SCARCE and BAND in people
    band = people[BAND].where(people["group"].eq(TargetGroup.KENSHIN.value)) if banded else 0
    keys = people[["priority", "order"]].assign(band=band)
    return people.loc[keys.sort_values(["priority", "band", "order"]).index]


def estimate(
    people: pd.DataFrame, homes: pd.Series, rule: PropensityRule, *, seed: bytes, least: int
) -> tuple[Propensity, pd.Series]:
    """Fit on last year, validate across folds of households, predict this year.

    Args:
        people: what `features` takes.
        homes: household id per person; a household is never on both sides of a fold.
        rule: how much history is enough, and how many folds.
        seed: the committed seed.
        least: a feature that fewer people have, or lack, among either outcome is left out.

    Returns:
        The record, and per person the probability of attending this year; NaN throughout without an estimate.
    """
    nothing = pd.Series(float("nan"), index=people.index)
    before = features(people, ago=1)
    outcome = attended(people, 1)
    known = outcome.notna() & before.notna().all(axis=1)
    y, x = outcome[known].to_numpy(), before[known]
    said = Propensity("", len(y), int(y.sum()), rule.folds, rule.prefer)
    reason = _too_little(x, y, rule)
    if reason:
        return replace(said, reason=reason), nothing
    kept, dropped = _usable(x, y, least)
    if not kept:
        return replace(said, reason="no_history"), nothing
    matrix, home = with_intercept(x[kept]), homes[known]
    whole = fit(matrix, y, groups=pd.factorize(home)[0])
    unseen = out_of_fold(matrix, y, _folds(seed, home, rule.folds))
    if whole is None or unseen is None:
        return replace(said, reason="not_converged"), nothing
    score, of_mean = (round(float(np.mean((p - y) ** 2)), DIGITS) for p in (unseen, y.mean()))
    said = replace(said, auc=auc(unseen, y), brier=score, brier_of_mean=of_mean)
    if score >= of_mean:
        return replace(said, reason="no_skill"), nothing
    value, error = whole
    now = features(people, ago=0)[kept]
    predicted = pd.Series(probability(with_intercept(now), value), index=people.index)
    record = replace(
        said,
        coefficients=tuple(
            Coefficient(name, round(float(b), DIGITS), round(float(s), DIGITS))
            for name, b, s in zip((INTERCEPT, *kept), value, error, strict=True)
        ),
        dropped=dropped,
        bins=calibration(unseen, y),
    )
    return record, predicted


def _too_little(x: pd.DataFrame, y: Numbers, rule: PropensityRule) -> str:
    if not len(y) or x["unknown"].eq(1).all():
        return "no_history"
    if len(y) < rule.min_people:
        return "too_few_people"
    if min(y.sum(), len(y) - y.sum()) < rule.min_attended:
        return "too_few_attended"
    return ""


def _usable(x: pd.DataFrame, y: Numbers, least: int) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Features that can be estimated, in their order, and those left out."""
    kept: list[str] = []
    dropped: list[tuple[str, str]] = []
    for name in FEATURES:
        column = x[name].to_numpy()
        has, came = column > 0, y > 0
        cells = [int((a & b).sum()) for a in (has, ~has) for b in (came, ~came)]
        if column.min() == column.max():
            dropped.append((name, "constant"))
        elif min(cells) < least and not _separates(cells):
            # An estimate from a handful of people is none, and would tell about them.
            dropped.append((name, "few"))
        elif explained(column, with_intercept(x[kept])):
            dropped.append((name, "collinear"))
        else:
            kept.append(name)
    return kept, tuple(dropped)


def _separates(cells: list[int]) -> bool:
    """Whether a feature alone tells who attended: no fit can have a maximum then, and it says so."""
    has_came, has_not, lacks_came, lacks_not = cells
    return has_not == lacks_came == 0 or has_came == lacks_not == 0


def _folds(seed: bytes, homes: pd.Series, folds: int) -> Numbers:
    drawn = {home: int(folds * uniform(seed, "propensity-fold", str(home))) for home in homes.unique()}
    return homes.map(drawn).to_numpy()
