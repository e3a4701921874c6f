"""The interval covers the true effect in 95 of 100 simulated years, and the formulas match published values."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from kansho.analysis.effect import effect_of, newcombe
from kansho.simulation.effects import simulate_wave

#: Four times the 500 that were asked for: at 500 the count itself strays by a percentage point either way.
SEEDS = 2000


@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "low", "high"),
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090)],
)
def test_the_interval_matches_the_published_values(x1: int, n1: int, x2: int, n2: int, low: float, high: float) -> None:
    assert newcombe(x1 / n1, n1, x2 / n2, n2) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("x1", "n1", "x2", "n2"), [(0, 10, 0, 20), (10, 10, 0, 10), (310, 1000, 25, 90)])
def test_the_interval_matches_statsmodels(x1: int, n1: int, x2: int, n2: int) -> None:
    theirs = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff")
    assert newcombe(x1 / n1, n1, x2 / n2, n2) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("effect", "reach"), [(0.05, 0.8), (0.0, 1.0)])
def test_ninety_five_of_a_hundred_intervals_cover_the_truth(effect: float, reach: float) -> None:
    covered = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        wave = simulate_wave(rng, households=3000, holdout=0.1, base=0.25, effect=effect, reach=reach)
        found = effect_of(wave.attended, wave.held, wave.household)
        assert found is not None
        covered += found.low_pp <= wave.true_pp <= found.high_pp
    assert 0.93 <= covered / SEEDS <= 0.97


def test_shared_households_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    household = np.repeat(np.arange(2000), 2)
    attended = (rng.random(2000) < 0.3)[household]
    held = (rng.random(2000) < 0.1)[household]
    together = effect_of(attended, held, household)
    apart = effect_of(attended, held, np.arange(4000))
    assert together is not None
    assert apart is not None
    assert together.design_effect == pytest.approx(2, abs=0.05)
    assert together.high_pp - together.low_pp > 1.3 * (apart.high_pp - apart.low_pp)


def test_no_hold_out_gives_no_effect() -> None:
    assert effect_of(np.array([True, False]), np.array([False, False]), np.array([1, 2])) is None
