"""The estimated propensity to attend: right on a known truth, refused without history, and no more than an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pypdfium2 import PdfDocument

from kansho.campaign.config import CampaignConfig, Flow, PropensityRule
from kansho.campaign.rights import Channel
from kansho.documents.plan_propensity import propensity_rows, propensity_section
from kansho.targeting.features import FEATURES, features
from kansho.targeting.logistic import BANDS, CalibrationBin, tenths
from kansho.targeting.plan import find_plan_work, make_plan, make_plan_document, release_plan
from kansho.targeting.propensity import BAND, Propensity, estimate, in_walk_order, with_bands
from kansho.targeting.propensity_figures import propensity_figures
from kansho.targeting.release import check_plan
from kansho.targeting.table import priorities
from kansho.targeting.waves import OUTREACH, select_wave
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.unit.outreach_people import SEED, analysis, approve, fill, on, roster, stop

PLANNED_ON = date(2027, 4, 20)
RULE = PropensityRule(min_people=500, min_attended=50, folds=5, prefer="likely")
SMALL = PropensityRule(min_people=100, min_attended=20, folds=3, prefer="likely")
#: Log odds of the simulated truth.
TRUTH = {"intercept": -1.2, "came_last": 1.2, "share": 1.0, "never": -0.7, "female": 0.4, "age_65": 0.6, "age_70": -0.5}

Opener = Callable[[date], Workspace]


def _truth(table: pd.DataFrame) -> pd.Series:
    odds = TRUTH["intercept"] + sum(value * table[name] for name, value in TRUTH.items() if name != "intercept")
    return 1 / (1 + np.exp(-odds))


def simulated(count: int = 8000, seed: int = 1) -> pd.DataFrame:
    """People whose attendance last year followed `TRUTH`; one year in ten of the years before is unknown."""
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(
        {"age_at_year_end": rng.integers(41, 76, count).astype(str), "sex": rng.choice(["1", "2"], count)}
    )
    habit = rng.normal(size=count)
    for year in range(5, 1, -1):
        came = np.where(rng.random(count) < 1 / (1 + np.exp(1 - 2 * habit)), "1", "0").astype(object)
        came[rng.random(count) < 0.1] = None
        people[f"attended_{year}y_ago"] = came
    came_last_year = rng.random(count) < _truth(features(people, ago=1))
    return people.assign(attended_1y_ago=np.where(came_last_year, "1", "0").astype(object))


def homes(people: pd.DataFrame) -> pd.Series:
    return pd.Series([f"h{n // 2}" for n in range(len(people))], index=people.index)


def fitted(people: pd.DataFrame, rule: PropensityRule = RULE, seed: bytes = SEED) -> tuple[Propensity, pd.Series]:
    return estimate(people, homes(people), rule, seed=seed, least=10)


def test_a_known_truth_is_found_again() -> None:
    found, _ = fitted(simulated())
    assert found.reason == ""
    assert {c.feature for c in found.coefficients} >= set(TRUTH)
    for one in found.coefficients:
        assert abs(one.value - TRUTH.get(one.feature, 0.0)) < 4 * one.error, one.feature
        assert one.feature not in TRUTH or one.value * TRUTH[one.feature] > 0, one.feature
    assert found.auc is not None
    assert found.auc > 0.7
    assert found.brier is not None
    assert found.brier_of_mean is not None
    assert found.brier < found.brier_of_mean


def test_what_is_predicted_comes_true() -> None:
    people = simulated()
    found, predicted = fitted(people)
    assert sum(b.people for b in found.bins) == found.people == len(people)
    assert sum(b.attended for b in found.bins) == found.attended
    for part in found.bins:
        spread = 4 * np.sqrt(part.predicted * (1 - part.predicted) / part.people)
        assert abs(part.attended / part.people - part.predicted) < spread
    # This year: the same truth, seen one year on.
    assert np.abs(predicted - _truth(features(people, ago=0))).quantile(0.95) < 0.06


def test_chance_is_not_taken_for_skill() -> None:
    people = simulated()
    people["attended_1y_ago"] = np.random.default_rng(2).permutation(people["attended_1y_ago"])
    found, predicted = fitted(people)
    assert found.reason == "no_skill"
    assert predicted.isna().all()
    assert found.auc is not None
    assert abs(found.auc - 0.5) < 0.03
    assert not found.coefficients


def _without(people: pd.DataFrame, *years: int) -> pd.DataFrame:
    return people.drop(columns=[f"attended_{n}y_ago" for n in years])


def _nobody_known_before(people: pd.DataFrame) -> pd.DataFrame:
    return people.assign(**{f"attended_{n}y_ago": None for n in range(2, 6)})


def _only_first(people: pd.DataFrame, count: int, value: str) -> pd.DataFrame:
    rest = "0" if value == "1" else "1"
    return people.assign(attended_1y_ago=[value] * count + [rest] * (len(people) - count))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda p: _without(p, 1, 2, 3, 4, 5), "no_history"),
        (lambda p: _without(p, 1), "no_history"),
        (_nobody_known_before, "no_history"),
        (lambda p: p.head(499), "too_few_people"),
        (lambda p: p.head(500), ""),
        (lambda p: _only_first(p, 49, "1"), "too_few_attended"),
        (lambda p: _only_first(p, 49, "0"), "too_few_attended"),
        (lambda p: p.assign(attended_2y_ago=p["attended_1y_ago"]), "not_converged"),
    ],
)
def test_without_enough_history_it_says_why(spoil: Callable[[pd.DataFrame], pd.DataFrame], reason: str) -> None:
    people = spoil(simulated(2000))
    found, predicted = fitted(people)
    assert found.reason == reason
    assert predicted.isna().all() == bool(reason)
    assert bool(found.coefficients) == (reason == "")
    assert Propensity.from_bytes(found.to_bytes()) == found


def test_features_that_say_nothing_are_left_out_and_named() -> None:
    people = simulated(3000).assign(sex="2", attended_3y_ago=None, attended_4y_ago=None)
    # With one year known, its share is whether they came in it.
    old = people.index[people["age_at_year_end"].astype(int) > 70]
    people.loc[old[5:], "age_at_year_end"] = "55"
    found, predicted = fitted(people)
    assert dict(found.dropped) == {"share": "collinear", "female": "constant", "age_70": "few"}
    assert [c.feature for c in found.coefficients if c.feature in dict(found.dropped)] == []
    assert predicted.notna().all()


def test_the_same_people_and_seed_give_the_same_estimate_in_any_order() -> None:
    people = simulated(2000)
    once, predicted = fitted(people)
    assert fitted(people)[0].to_bytes() == once.to_bytes()
    turned = people.iloc[::-1]
    again, same = estimate(turned, homes(people).reindex(turned.index), RULE, seed=SEED, least=10)
    pd.testing.assert_series_equal(same.reindex(people.index), predicted)
    assert again.auc == once.auc
    other, _ = fitted(people, seed=b"t" * 32)
    assert other.coefficients == once.coefficients
    assert other.auc != once.auc


def test_a_household_is_never_on_both_sides_of_a_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    monkeypatch.setattr(
        "kansho.targeting.propensity.out_of_fold", lambda x, y, fold: seen.append(fold) or np.full(len(y), 0.5)
    )
    people = simulated(2000)
    fitted(people)
    assert pd.Series(seen[0]).groupby(homes(people)).nunique().eq(1).all()
    assert set(seen[0]) == set(range(RULE.folds))


def test_a_year_is_explained_by_the_years_before_it_alone() -> None:
    people = simulated(500)
    for ago in (0, 1):
        changed = people.assign(**{f"attended_{n}y_ago": "1" for n in range(ago + 1)}, attendance_date="2027-04-10")
        pd.testing.assert_frame_equal(features(changed, ago=ago), features(people, ago=ago))
    assert list(features(people, ago=1)) == list(FEATURES)


def test_unknown_age_or_sex_is_no_prediction() -> None:
    people = simulated(2000)
    people.loc[0, "age_at_year_end"] = None
    people.loc[1, "sex"] = None
    _, predicted = fitted(people)
    assert predicted.isna().tolist() == [True, True, *[False] * 1998]


def configured(config: CampaignConfig, rule: PropensityRule | None) -> CampaignConfig:
    flow = Flow(kind="propensity", purpose="推定", holder="contractor", place=config.flow("plan").place)  # type: ignore[union-attr]
    return config.model_copy(
        update={
            "data_flow": (*config.data_flow, flow),
            "targeting": config.targeting.model_copy(update={"propensity": rule}),
        }
    )


def _plan(people: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "inquiry_number": people["inquiry_number"],
            "household_id": homes(people),
            "group": ["cancer" if n % 9 == 0 else "kenshin" for n in range(len(people))],
            "order": range(len(people), 0, -1),
        }
    )


def test_nothing_that_happened_this_year_moves_a_band(mini: CampaignConfig) -> None:
    config, people = configured(mini, RULE), simulated(2000)
    people["inquiry_number"] = [f"n{n}" for n in range(len(people))]
    items = people.drop(columns=["age_at_year_end", "sex"])
    before, found = with_bands(_plan(people), people, items, config, seed=SEED)
    assert found is not None
    assert before[BAND].isna().equals(before["group"].eq("cancer"))
    later = people.assign(attendance_date="2027-04-10", outreach_result="1")
    after, _ = with_bands(_plan(people), later, items.assign(attended_0y_ago="1"), config, seed=SEED)
    pd.testing.assert_frame_equal(after, before)


def test_the_ward_says_who_goes_first(mini: CampaignConfig) -> None:
    people = simulated(2000)
    people["inquiry_number"] = [f"n{n}" for n in range(len(people))]
    _, predicted = fitted(people)
    means = {}
    for prefer in ("likely", "unlikely"):
        config = configured(mini, RULE.model_copy(update={"prefer": prefer}))
        table, _ = with_bands(_plan(people), people, people, config, seed=SEED)
        means[prefer] = predicted.groupby(table[BAND]).mean()
        assert table[BAND].dropna().between(1, BANDS).all()
    assert means["likely"].is_monotonic_decreasing
    assert means["unlikely"].is_monotonic_increasing


@given(st.lists(st.sampled_from([0.1, 0.2, 0.25, 0.5, 0.9]) | st.floats(0, 1), max_size=80))
def test_equal_predictions_share_a_band_and_higher_ones_are_never_lower(values: list[float]) -> None:
    found = pd.DataFrame({"value": values, "band": tenths(pd.Series(values, dtype=float))}).sort_values("value")
    assert found["band"].between(1, BANDS).all()
    assert found["band"].is_monotonic_increasing
    assert found.groupby("value")["band"].nunique().le(1).all()


_PERSON = st.tuples(st.integers(1, 4), st.none() | st.integers(1, BANDS), st.sampled_from(["kenshin", "cancer"]))


@given(rows=st.lists(_PERSON, max_size=40), channel=st.sampled_from(list(Channel)))
def test_the_walk_is_a_permutation_that_keeps_the_priorities(
    rows: list[tuple[int, int | None, str]], channel: Channel
) -> None:
    people = pd.DataFrame(rows, columns=["priority", BAND, "group"]).astype({BAND: "Int64"})
    people["order"] = range(len(people))
    walked = in_walk_order(people, channel)
    assert sorted(walked["order"]) == list(range(len(rows)))
    assert walked["priority"].is_monotonic_increasing
    if channel is Channel.MAIL:
        declared = people.sort_values(["priority", "order"])["order"]
        assert walked["order"].tolist() == declared.tolist()
        return
    for _, same in walked.groupby("priority"):
        counts = same[BAND].where(same["group"].eq("kenshin")).fillna(BANDS + 1)
        assert counts.is_monotonic_increasing
        # Within a band it stays the lot.
        assert all(part["order"].is_monotonic_increasing for _, part in same.groupby(counts))


def with_habits(ws: Workspace) -> None:
    """400 people, three in four of whom did last year as the year before."""
    people = fill(ws, 400)
    items = analysis(people)
    other = items["attended_2y_ago"].map({"0": "1", "1": "0"}).astype(object)
    kept = pd.Series([n % 4 != 3 for n in range(len(items))])
    ws.store_table("analysis", "d02", items.assign(attended_1y_ago=items["attended_2y_ago"].where(kept, other)))


def _selected(ws: Workspace, wave: str, day: date) -> pd.DataFrame:
    then = on(ws, day)
    stop(then, f"stop-{wave}", [])
    made = select_wave(then, {"wave": wave})
    assert made is not None
    return ws.read_table(SnapshotRef.from_json(made["assignment"])).sort_values("rank")


def _planned(ws: Workspace) -> pd.DataFrame:
    made = make_plan(ws, find_plan_work(ws, {}) or {}) or {}
    approve(ws, ws.store_bytes("plan_document", made["key"], b"%PDF"), "plan", role="ward_officer")
    return ws.read_table(SnapshotRef.from_json(made["plan"]))


@pytest.mark.parametrize(
    ("wave", "day", "banded"),
    [("mailing_1", date(2027, 6, 9), False), ("call_1", date(2027, 8, 16), True), ("visit_1", date(2027, 10, 6), True)],
)
def test_calls_and_visits_go_by_band_within_the_priority_and_mailings_do_not(
    open_workspace: Opener, wave: str, day: date, banded: bool
) -> None:
    ws = open_workspace(PLANNED_ON)
    ws = replace(ws, config=configured(ws.config, SMALL))
    with_habits(ws)
    plan = _planned(ws)
    assert plan[BAND].nunique() > 3
    listed = _selected(ws, wave, day).merge(plan[["inquiry_number", BAND, "order"]], on="inquiry_number")
    listed["priority"] = listed["segment"].map(priorities(ws.config))
    by = ["priority", BAND, "order"] if banded else ["priority", "order"]
    assert len(listed) > 50
    assert listed.sort_values(by)["rank"].is_monotonic_increasing
    if banded:
        assert not listed.sort_values(["priority", "order"])["rank"].is_monotonic_increasing
    # The hold-out is met on the way, all along the bands: it stays a random part of the walk.
    held = listed[listed["arm"].ne(OUTREACH)]
    assert held[BAND].nunique() > 1


def test_only_who_is_reached_by_call_or_visit_depends_on_the_estimate(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    with_habits(ws)
    declared = make_plan(ws, {"key": "declared"}) or {}
    with_estimate = replace(ws, config=configured(ws.config, SMALL))
    ordered = make_plan(with_estimate, {"key": "ordered"}) or {}
    one, other = (ws.read_table(SnapshotRef.from_json(m["plan"])) for m in (declared, ordered))
    assert one[BAND].isna().all()
    pd.testing.assert_frame_equal(one.drop(columns=BAND), other.drop(columns=BAND))


def test_the_plan_shows_the_estimate_or_why_there_is_none(open_workspace: Opener) -> None:
    texts = {}
    for name, rule in {"used": SMALL, "few": RULE, "none": None}.items():
        ws = open_workspace(PLANNED_ON)
        ws = replace(ws, config=configured(ws.config, rule))
        if not ws.snapshots("roster"):
            with_habits(ws)
        shown = make_plan_document(ws, make_plan(ws, {"key": name}) or {}) or {}
        pages = PdfDocument(ws.read_bytes(SnapshotRef.from_json(shown["artefact"])))
        texts[name] = "".join(page.get_textpage().get_text_range() for page in pages).replace("\r\n", "")
    assert all("受診見込みの推定" in text for text in texts.values())
    assert all(
        word in texts["used"] for word in ("オッズ比", "AUC", "ブライアスコア", "標準誤差", "電話と訪問の順番だけ")
    )
    assert "必要な500人に満たない" in texts["few"]
    assert "推定を用いません" in texts["none"]
    assert not any("オッズ比" in texts[name] for name in ("few", "none"))


@pytest.mark.parametrize(("rule", "said"), [(SMALL, "あり"), (None, "なし（設定）")])
def test_the_released_table_is_the_one_that_was_approved(
    open_workspace: Opener, rule: PropensityRule | None, said: str
) -> None:
    ws = open_workspace(PLANNED_ON)
    ws = replace(ws, config=configured(ws.config, rule))
    with_habits(ws)
    shown = make_plan_document(ws, make_plan(ws, {"key": "p1"}) or {}) or {}
    shown = check_plan(ws, shown)
    approve(ws, SnapshotRef.from_json(shown["artefact"]), "plan", role="ward_officer")
    ws.store_table("roster", "d09", roster(7))  # what came after the approval changes nothing of it
    release_plan(ws, shown)
    rows = (ws.layout.outputs / "p1.csv").read_text(encoding="utf-8-sig").splitlines()
    (used,) = [row for row in rows if row.split(",")[2] == "利用" or ",利用," in row]
    assert said in used
    assert "総数,対象者一覧,人数,7" not in rows


@pytest.mark.parametrize("reason", ["no_history", "too_few_people", "too_few_attended", "not_converged", "no_skill"])
def test_every_reason_has_its_sentence(mini: CampaignConfig, reason: str) -> None:
    found = Propensity(reason, 800, 7, 5, "likely", auc=0.5, brier=0.25, brier_of_mean=0.25)
    said = propensity_section(propensity_figures(found, configured(mini, RULE)))
    assert "推定は用いません" in said.paragraphs[0]
    assert "宣言した順" in said.paragraphs[0]
    assert said.tables == ()


def test_small_cells_of_the_calibration_are_hidden_with_the_next(mini: CampaignConfig) -> None:
    cell = mini.disclosure.min_cell
    bins = (CalibrationBin(100, cell - 1, 0.05), CalibrationBin(100, 40, 0.4), CalibrationBin(100, 90, 0.8))
    found = replace(Propensity("", 300, 139, 5, "likely"), auc=0.8, brier=0.1, brier_of_mean=0.2, bins=bins)
    shown = propensity_figures(found, configured(mini, RULE))
    assert shown is not None
    assert [b["observed"] for b in shown["bins"]] == [None, None, 0.9]
    assert "＊" in propensity_section(shown).tables[1].rows[0]
    table = {(row, item): value for row, item, value in propensity_rows(shown)}
    assert [table[f"段階{n}", "実際(%)"] for n in (1, 2, 3)] == [None, None, "90.0"]
    assert table["検証", "AUC"] == "0.8000"
    assert propensity_rows(None) == [("推定", "利用", "なし（設定）")]


def test_the_sample_ward_orders_by_it_and_names_the_file_that_it_makes(sample: CampaignConfig) -> None:
    assert sample.targeting.propensity is not None
    without = [f.model_dump() for f in sample.data_flow if f.kind != "propensity"]
    with pytest.raises(ValidationError, match="data_flow"):
        CampaignConfig.model_validate(sample.model_dump() | {"data_flow": without})


def test_analysis_without_attendance_is_no_history(mini: CampaignConfig) -> None:
    people = roster(60)
    items = analysis(people)[["inquiry_number", "systolic"]]
    table, found = with_bands(_plan(people), people, items, configured(mini, RULE), seed=SEED)
    assert found is not None
    assert (found.reason, found.people) == ("no_history", 0)
    assert table[BAND].isna().all()
