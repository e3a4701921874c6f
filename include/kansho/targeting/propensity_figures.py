"""The figures of an estimated propensity for the plan document: aggregates, small cells suppressed.  Pure.

Belongs here: what of a fit may be shown.  Does not belong here: the fit (`propensity`), layout (`kansho.documents`).
"""

from __future__ import annotations

import math
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.campaign.small_cells import suppress, suppress_parts
from kansho.targeting.features import FEATURES
from kansho.targeting.logistic import CalibrationBin
from kansho.targeting.propensity import INTERCEPT, Propensity


def propensity_figures(fitted: Propensity | None, config: CampaignConfig) -> dict[str, Any] | None:
    """Everything that the plan says about the estimate, as plain values; None where the config wants none.

    Returns:
        ``reason`` (empty when it is used), ``people`` and ``attended`` of the year before with what is needed of
        each, and when used ``coefficients``, ``dropped``, ``auc``, ``brier``, ``brier_of_mean`` and ``bins``.  A
        bin's people or share is None where it would tell about fewer than ``min_cell``.
    """
    rule = config.targeting.propensity
    if fitted is None or rule is None:
        return None
    cell = config.disclosure.min_cell
    of = suppress_parts({"attended": fitted.attended, "absent": fitted.people - fitted.attended}, cell)
    return {
        "reason": fitted.reason,
        "people": suppress(fitted.people, cell),
        "attended": of["attended"],
        "min_people": rule.min_people,
        "min_attended": rule.min_attended,
        "folds": fitted.folds,
        "prefer": fitted.prefer,
        "coefficients": [
            {
                "name": "定数項" if c.feature == INTERCEPT else FEATURES[c.feature],
                "value": c.value,
                "error": c.error,
                "odds_ratio": math.exp(c.value),
            }
            for c in fitted.coefficients
        ],
        "dropped": [{"name": FEATURES[name], "why": why} for name, why in fitted.dropped],
        "auc": fitted.auc,
        "brier": fitted.brier,
        "brier_of_mean": fitted.brier_of_mean,
        "bins": _bins(fitted.bins, cell),
    }


def _bins(bins: tuple[CalibrationBin, ...], cell: int) -> list[dict[str, Any]]:
    """A share is hidden where those who attended, or who did not, are few; with the next, as the sum is known."""
    people = suppress_parts({str(n): b.people for n, b in enumerate(bins)}, cell)
    came = suppress_parts({str(n): b.attended for n, b in enumerate(bins)}, cell)
    stayed = suppress_parts({str(n): b.people - b.attended for n, b in enumerate(bins)}, cell)
    rows = []
    for n, b in enumerate(bins):
        shown = None not in (people[str(n)], came[str(n)], stayed[str(n)])
        rows.append(
            {
                "predicted": b.predicted,
                "people": people[str(n)],
                "observed": b.attended / b.people if shown else None,
            }
        )
    return rows
