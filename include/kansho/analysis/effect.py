"""Intention-to-treat difference of two shares with a 95 % interval, respecting households.  Pure.

Interval: Newcombe's hybrid score for the difference of two independent proportions (R. G. Newcombe,
"Interval estimation for the difference between independent proportions", Statistics in Medicine 17 (1998)
873–890, method 10), built from two Wilson score intervals.

Households were drawn, not persons, so each arm's size is divided by Kish's design effect
``1 + (m - 1) * rho``: m is the person-weighted mean household size, rho the intra-household correlation
of attendance by one-way analysis of variance (L. Kish, Survey Sampling, 1965; A. Donner, N. Klar, 2000).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

#: Two-sided 95 % quantile of the normal distribution.
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Arm:
    """Persons of one arm: size, attended, and the size after division by the design effect."""

    size: int
    attended: int
    effective: float

    @property
    def share(self) -> float:
        """Share attended, 0 to 1."""
        return self.attended / self.size


@dataclass(frozen=True)
class Effect:
    """Assigned minus held-out in percentage points, with its 95 % interval."""

    assigned: Arm
    held_out: Arm
    design_effect: float
    estimate_pp: float
    low_pp: float
    high_pp: float


def effect_of(attended: np.ndarray, held: np.ndarray, household: np.ndarray) -> Effect | None:
    """The effect of being assigned; None when an arm is empty.

    Args:
        attended, held: booleans by person.
        household: label by person.
    """
    if held.all() or not held.any():
        return None
    rho = intra_household_correlation(attended, held, household)
    arms = []
    for mask in (~held, held):
        sizes = np.unique(household[mask], return_counts=True)[1]
        deff = max(1.0, 1 + (float((sizes**2).sum() / sizes.sum()) - 1) * rho)
        arms.append((Arm(int(mask.sum()), int(attended[mask].sum()), mask.sum() / deff), deff))
    (one, deff_one), (zero, _) = arms
    low, high = newcombe(one.share, one.effective, zero.share, zero.effective)
    return Effect(one, zero, deff_one, 100 * (one.share - zero.share), 100 * low, 100 * high)


def newcombe(p1: float, n1: float, p2: float, n2: float) -> tuple[float, float]:
    """95 % interval of ``p1 - p2``; sizes may be fractional (effective sizes)."""
    low1, high1 = wilson(p1, n1)
    low2, high2 = wilson(p2, n2)
    difference = p1 - p2
    return (
        difference - math.hypot(p1 - low1, high2 - p2),
        difference + math.hypot(high1 - p1, p2 - low2),
    )


def wilson(p: float, n: float) -> tuple[float, float]:
    """95 % score interval of one proportion (E. B. Wilson, JASA 22 (1927) 209–212)."""
    z2 = Z95 * Z95
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def intra_household_correlation(attended: np.ndarray, held: np.ndarray, household: np.ndarray) -> float:
    """ANOVA estimate of the correlation of attendance inside a household, arms apart; 0 to 1."""
    between = within = 0.0
    groups = people = 0
    squared = 0.0
    for mask in (held, ~held):
        y = attended[mask].astype(float)
        if not len(y):
            continue
        labels, inverse = np.unique(household[mask], return_inverse=True)
        sizes = np.bincount(inverse).astype(float)
        means = np.bincount(inverse, weights=y) / sizes
        between += float((sizes * (means - y.mean()) ** 2).sum())
        within += float(((y - means[inverse]) ** 2).sum())
        groups += len(labels) - 1
        people += len(y) - len(labels)
        squared += float(len(y) - (sizes**2).sum() / len(y))
    if groups <= 0 or people <= 0:
        return 0.0
    mean_between, mean_within = between / groups, within / people
    size = squared / groups
    total = mean_between + (size - 1) * mean_within
    return float(min(max((mean_between - mean_within) / total, 0.0), 1.0)) if total > 0 else 0.0
