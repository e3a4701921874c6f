"""The interval covers the true effect in 95 of 100 simulated years, and the formulas match published values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from kansho.analysis.effect import Effect, effect_of, newcombe
from kansho.campaign.config import CampaignConfig
from kansho.simulation.effects import simulate_wave, simulate_year
from kansho.targeting.holdout import held_before, holdout_columns

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


#: Of each wave of the nested year: a mailing, calls, visits.
EFFECTS = (0.04, 0.03, 0.05)
NESTED_SEEDS = 500


@pytest.fixture(scope="module")
def nested_years(mini: CampaignConfig) -> dict[str, list[tuple[Effect, float]]]:
    """By wave, what the comparison found and the truth, in years drawn by the engine itself."""
    config = mini.model_copy(
        update={"targeting": mini.targeting.model_copy(update={"holdout_design": "nested"})},
    )
    waves = [w.id for w in config.waves.all()]
    shares = [w.holdout for w in config.waves.all()]
    out: dict[str, list[tuple[Effect, float]]] = {wave: [] for wave in waves}
    for seed in range(NESTED_SEEDS):
        rng = np.random.default_rng(seed)
        year = simulate_year(rng, households=1000, base=0.25, effects=EFFECTS, reach=0.8)
        strata = pd.Series(rng.choice(["a", "b", "c"], 1000), index=[str(n) for n in range(1000)])
        columns = holdout_columns(rng.bytes(32), config, strata, consented=True)
        held = [columns[f"holdout_{wave}"].to_numpy()[year.household] for wave in waves]
        came = [causes & ~out_of for causes, out_of in zip(year.causes, held, strict=True)]
        attended = year.anyway | np.any(came, axis=0)
        plan = columns.rename_axis("household_id").reset_index().iloc[year.household].reset_index(drop=True)
        for n, wave in enumerate(waves):
            # Who came for an earlier wave is no candidate of this one any more, nor whom an earlier one held out.
            gone = np.any([np.zeros_like(attended), *came[:n]], axis=0)
            who = ~gone & ~held_before(plan, config, wave).to_numpy()
            found = effect_of(attended[who], held[n][who], year.household[who])
            assert found is not None
            # Going on from this wave: its own effect, and each later one's for those it does not hold out.
            ahead = np.cumprod([1.0, *(1 - share for share in shares[n + 1 :])])
            truth = sum(c[who].mean() * left for c, left in zip(year.causes[n:], ahead, strict=True))
            out[wave].append((found, float(100 * truth)))
    return out


@pytest.mark.parametrize("wave", ["mailing_1", "call_1", "visit_1"])
def test_in_a_nested_year_the_intervals_cover_the_effect_of_going_on(
    nested_years: dict[str, list[tuple[Effect, float]]], wave: str
) -> None:
    years = nested_years[wave]
    assert 0.93 <= np.mean([found.low_pp <= truth <= found.high_pp for found, truth in years]) <= 0.97
    assert np.mean([found.estimate_pp - truth for found, truth in years]) == pytest.approx(0, abs=0.4)


def test_in_a_nested_year_a_comparison_answers_for_all_that_follows(
    nested_years: dict[str, list[tuple[Effect, float]]],
) -> None:
    means = [np.mean([found.estimate_pp for found, _ in years]) for years in nested_years.values()]
    assert means == sorted(means, reverse=True)
    assert means[0] > 100 * 0.8 * EFFECTS[0] * 1.5


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
