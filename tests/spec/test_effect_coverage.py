"""The interval covers the true effect in 95 of 100 simulated years, and the formulas match published values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from kansho.analysis.effect import Effect, effect_of, newcombe
from kansho.campaign.config import CampaignConfig
from kansho.campaign.nesting import waves_answered
from kansho.simulation.effects import simulate_year
from kansho.targeting.holdout import held_before, holdout_columns

#: Segments of a year: share of the households, and attendance without any outreach.  One holds some twenty households.
STRATA = {"often": (0.30, 0.40), "seldom": (0.48, 0.20), "never": (0.20, 0.10), "few": (0.02, 0.25)}
HOUSEHOLDS = 1000
#: Of each wave of the sample's year, one of which brings nobody.
SAMPLE_EFFECTS = (0.04, 0.0, 0.03, 0.03, 0.05, 0.05)
#: Six waves each, so 1,020 intervals: at 500 the count itself strays by a percentage point either way.
SAMPLE_SEEDS = 170
#: Of each wave of the small campaign's year, nested: a mailing, calls, visits.
NESTED_EFFECTS = (0.04, 0.03, 0.05)
NESTED_SEEDS = 500

#: By wave, what the comparison found and the truth.
Years = dict[str, list[tuple[Effect, float]]]


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


def years_of(config: CampaignConfig, effects: Sequence[float], seeds: int) -> Years:
    """Years drawn by the engine itself, in strata, as the config's design has it."""
    waves = [w.id for w in config.waves.all()]
    shares = [w.holdout for w in config.waves.all()]
    out: Years = {wave: [] for wave in waves}
    homes = pd.Index([str(n) for n in range(HOUSEHOLDS)], dtype=object)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        segment = rng.choice(list(STRATA), HOUSEHOLDS, p=[share for share, _ in STRATA.values()])
        strata = pd.Series(segment, index=homes, dtype=object)
        base = strata.map({name: attend for name, (_, attend) in STRATA.items()}).to_numpy(dtype=float)
        year = simulate_year(rng, base=base, effects=effects, reach=0.8)
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
            # This wave's own effect; going on from it, also each later one's for those it does not hold out.
            answered = len(waves_answered(config, wave))
            ahead = np.cumprod([1.0, *(1 - share for share in shares[n + 1 : n + answered])])
            truth = sum(c[who].mean() * left for c, left in zip(year.causes[n : n + answered], ahead, strict=True))
            out[wave].append((found, float(100 * truth)))
    return out


@pytest.fixture(scope="module")
def sample_years(sample: CampaignConfig) -> Years:
    assert sample.targeting.holdout_design == "independent"
    return years_of(sample, SAMPLE_EFFECTS, SAMPLE_SEEDS)


@pytest.fixture(scope="module")
def nested_years(mini: CampaignConfig) -> Years:
    nested = mini.targeting.model_copy(update={"holdout_design": "nested"})
    return years_of(mini.model_copy(update={"targeting": nested}), NESTED_EFFECTS, NESTED_SEEDS)


def test_in_the_samples_year_ninety_five_of_a_hundred_intervals_cover_the_waves_own_effect(sample_years: Years) -> None:
    intervals = [pair for years in sample_years.values() for pair in years]
    assert 0.93 <= np.mean([found.low_pp <= truth <= found.high_pp for found, truth in intervals]) <= 0.97


def test_in_the_samples_year_no_wave_answers_for_another(sample_years: Years) -> None:
    for years, effect in zip(sample_years.values(), SAMPLE_EFFECTS, strict=True):
        assert np.mean([truth for _, truth in years]) == pytest.approx(100 * 0.8 * effect, abs=0.6)
        assert np.mean([found.estimate_pp - truth for found, truth in years]) == pytest.approx(0, abs=0.9)


@pytest.mark.parametrize("wave", ["mailing_1", "call_1", "visit_1"])
def test_in_a_nested_year_the_intervals_cover_the_effect_of_going_on(nested_years: Years, wave: str) -> None:
    years = nested_years[wave]
    assert 0.93 <= np.mean([found.low_pp <= truth <= found.high_pp for found, truth in years]) <= 0.97
    assert np.mean([found.estimate_pp - truth for found, truth in years]) == pytest.approx(0, abs=0.4)


def test_in_a_nested_year_a_comparison_answers_for_all_that_follows(
    nested_years: Years,
) -> None:
    means = [np.mean([found.estimate_pp for found, _ in years]) for years in nested_years.values()]
    assert means == sorted(means, reverse=True)
    assert means[0] > 100 * 0.8 * NESTED_EFFECTS[0] * 1.5


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
