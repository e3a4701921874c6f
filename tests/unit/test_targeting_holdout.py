"""Hold-outs: exact shares by stratum, whole households, arms that stay, and waves apart or nested."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.campaign.config import CampaignConfig
from kansho.campaign.nesting import waves_answered, waves_before
from kansho.targeting.holdout import UNPLANNED, arms_of, draw, held_before, holdout_columns, household_strata

SEED = b"s" * 32


def strata(sizes: dict[str, int], prefix: str = "h") -> pd.Series:
    """Households ``<prefix>-<stratum>-<n>`` of each stratum."""
    homes = {f"{prefix}-{name}-{n}": name for name, size in sizes.items() for n in range(size)}
    return pd.Series(homes, dtype=object)


def designed(config: CampaignConfig, design: str, share: float = 0.2) -> CampaignConfig:
    """The campaign under a design, every wave with the same share."""
    waves = {
        kind: tuple(w.model_copy(update={"holdout": share}) for w in getattr(config.waves, kind))
        for kind in ("mailings", "calls", "visits")
    }
    return config.model_copy(
        update={
            "waves": config.waves.model_copy(update=waves),
            "targeting": config.targeting.model_copy(update={"holdout_design": design}),
        }
    )


def plan_of(columns: pd.DataFrame) -> pd.DataFrame:
    """One person for each household."""
    return columns.rename_axis("household_id").reset_index()


SIZES = st.dictionaries(st.sampled_from(["flagged", "never", "new", UNPLANNED]), st.integers(1, 60), min_size=1)
SHARES = st.floats(0, 0.95)
SEEDS = st.binary(min_size=16, max_size=64)


@given(SIZES, SHARES, SEEDS)
def test_each_stratum_holds_out_its_share_to_within_one_household(
    sizes: dict[str, int], share: float, seed: bytes
) -> None:
    homes = strata(sizes)
    held = draw(seed, "w", homes, share, {})
    assert held <= set(homes.index)
    for name, size in sizes.items():
        assert abs(sum(homes[home] == name for home in held) - share * size) < 1
    assert held == draw(seed, "w", homes, share, {})
    assert held == draw(seed, "w", homes.sample(frac=1, random_state=1), share, {})


def test_the_share_is_exact_on_average_and_every_household_has_the_same_chance() -> None:
    homes, years = strata({"a": 7, "b": 3}), 4000
    times = Counter(home for n in range(years) for home in draw(n.to_bytes(16), "w", homes, 0.25, {}))
    assert set(times) == set(homes.index)
    assert sum(times.values()) / years == pytest.approx(2.5, abs=0.03)
    # Four standard errors of a share of 0.25 in 4,000 draws.
    assert max(abs(n / years - 0.25) for n in times.values()) < 0.028


def test_waves_are_drawn_independently_of_one_another() -> None:
    homes = strata({"a": 20_000})
    one, two = (draw(SEED, w, homes, 0.1, {}) for w in ("w1", "w2"))
    assert len(one) in (2000, 2001)
    assert len(one & two) == pytest.approx(200, abs=55)


@given(SIZES, SIZES, SHARES, SEEDS)
def test_arms_once_approved_stay_and_newcomers_fill_up_what_is_missing(
    before: dict[str, int], joined: dict[str, int], share: float, seed: bytes
) -> None:
    old = strata(before)
    first = draw(seed, "w", old, share, {})
    both = pd.concat([old, strata(joined, prefix="new")])
    again = draw(seed, "w", both, share, {home: home in first for home in old.index})
    assert again & set(old.index) == first
    for name, size in both.value_counts().items():
        kept = sum(old[home] == name for home in first)
        free = joined.get(str(name), 0)
        held = sum(both[home] == name for home in again)
        # As near to the share as the arms that stay allow.
        assert held == kept or held - share * size < 1
        assert held == kept + free or held - share * size > -1


def test_households_that_left_take_no_arm_with_them() -> None:
    old = strata({"a": 40})
    first = draw(SEED, "w", old, 0.25, {})
    left = old[20:]
    again = draw(SEED, "w", left, 0.25, {home: home in first for home in old.index})
    assert again == first & set(left.index)


def test_a_wave_without_a_share_holds_nobody_whatever_was_approved() -> None:
    homes = strata({"a": 10})
    assert draw(SEED, "w", homes, 0.0, dict.fromkeys(homes.index, True)) == frozenset()


# fmt: off
#    member, segment, priority          another member               the household's stratum
STRATA = [
    (("1", "never",   4),               ("2", "flagged", 1),         "flagged"),   # the better priority
    (("1", "flagged", 1),               ("2", "never",   4),         "flagged"),
    (("1", "new",     3),               ("2", "lapsed",  3),         "new"),       # else the lower inquiry number
    (("2", "new",     3),               ("1", "lapsed",  3),         "lapsed"),
    (("1", None,      None),            ("2", "never",   4),         "never"),     # who is not planned does not count
    (("1", None,      None),            ("2", None,      None),      UNPLANNED),
]
# fmt: on


@pytest.mark.parametrize(("one", "other", "stratum"), STRATA)
def test_the_stratum_of_a_household(one: tuple, other: tuple, stratum: str) -> None:
    people = pd.DataFrame([one, other], columns=["inquiry_number", "segment", "priority"]).assign(household_id="h")
    assert household_strata(people).to_dict() == {"h": stratum}


@pytest.mark.parametrize("design", ["independent", "nested"])
def test_without_consent_nobody_is_held_out(mini: CampaignConfig, design: str) -> None:
    config, homes = designed(mini, design), strata({"a": 500})
    assert not holdout_columns(SEED, config, homes, consented=False).any(axis=None)
    assert holdout_columns(SEED, config, homes, consented=True).any().all()


@given(SIZES, st.floats(0.01, 0.6), SEEDS)
def test_nested_waves_draw_their_share_among_those_no_earlier_wave_held_out(
    mini: CampaignConfig, sizes: dict[str, int], share: float, seed: bytes
) -> None:
    config, homes = designed(mini, "nested", share), strata(sizes)
    columns = holdout_columns(seed, config, homes, consented=True)
    plan = plan_of(columns)
    before = pd.Series(False, index=homes.index)
    for wave in config.waves.all():
        held = columns[f"holdout_{wave.id}"]
        assert held[before].all()
        assert held_before(plan, config, wave.id).tolist() == before.tolist()
        for name, home in homes[~before].groupby(homes[~before]).groups.items():
            assert abs(held[home].sum() - share * len(home)) < 1, name
        before = held


@given(SIZES, SIZES, SEEDS, st.sampled_from(["independent", "nested"]))
def test_a_plan_made_anew_keeps_the_arms_of_every_wave(
    mini: CampaignConfig, before: dict[str, int], joined: dict[str, int], seed: bytes, design: str
) -> None:
    config, old = designed(mini, design), strata(before)
    first = holdout_columns(seed, config, old, consented=True)
    both = pd.concat([old, strata(joined, prefix="new")])
    again = holdout_columns(seed, config, both, consented=True, kept=arms_of(plan_of(first)))
    pd.testing.assert_frame_equal(again.loc[old.index], first)
    for earlier, later in zip(config.waves.all(), config.waves.all()[1:], strict=False):
        assert design == "independent" or again.loc[again[f"holdout_{earlier.id}"], f"holdout_{later.id}"].all()


def test_which_waves_a_comparison_answers_for(mini: CampaignConfig) -> None:
    ids = [w.id for w in mini.waves.all()]
    alone, nested = designed(mini, "independent"), designed(mini, "nested")
    for n, wave in enumerate(ids):
        assert waves_before(alone, wave) == ()
        assert [w.id for w in waves_before(nested, wave)] == ids[:n]
        assert [w.id for w in waves_answered(alone, wave)] == [wave]
        assert [w.id for w in waves_answered(nested, wave)] == ids[n:]
    assert not held_before(
        plan_of(holdout_columns(SEED, alone, strata({"a": 90}), consented=True)), alone, ids[1]
    ).any()
