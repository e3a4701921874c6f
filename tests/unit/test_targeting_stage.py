"""Segmentation and selection against a real vault and ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdfium2 import PdfDocument

from kansho.analysis import stage as effect_stage
from kansho.analysis.release import check_effect_report
from kansho.analysis.stage import analyse, find_effect_work, make_effect_report, release_effect_report
from kansho.campaign.config import CampaignConfig, LastPlan, Rule, load_config
from kansho.campaign.costs import postage_of
from kansho.campaign.small_cells import Row
from kansho.closing.summary import effects
from kansho.documents.plan import PlanComparison, plan_csv, plan_document
from kansho.errors import KanshoError
from kansho.standing.facts import _EMPTY, Facts
from kansho.standing.status import status
from kansho.targeting.comparison import changes, with_last_year
from kansho.targeting.eligibility import TABLE
from kansho.targeting.figures import plan_figures
from kansho.targeting.plan import (
    approved_plan,
    find_plan_work,
    make_plan,
    make_plan_document,
    plan_counts,
    release_plan,
)
from kansho.targeting.release import broken_rules, check_plan
from kansho.targeting.table import plan_table
from kansho.targeting.waves import HOLDOUT, OUTREACH, select_wave, walk
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.conftest import MINI, opened
from tests.unit.outreach_people import SEED, analysis, approve, fill, on, roster, stop, stops
from tests.unit.table_sums import assert_tells_nothing_small

PLANNED_ON = date(2027, 4, 20)
SELECT_ON = date(2027, 6, 9)

Opener = Callable[[date], Workspace]


def planned(ws: Workspace) -> SnapshotRef:
    """An approved plan (the document's bytes do not matter here)."""
    made = make_plan(ws, find_plan_work(ws, {}) or {})
    assert made is not None
    document = ws.store_bytes("plan_document", made["key"], b"%PDF")
    approve(ws, document, "plan", role="ward_officer")
    return SnapshotRef.from_json(made["plan"])


def test_the_plan_waits_for_validated_data(open_workspace: Opener) -> None:
    assert find_plan_work(open_workspace(PLANNED_ON), {}) is None


def test_the_plan_needs_a_fresh_stop_list(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    fill(ws)
    with pytest.raises(KanshoError, match="STOP-STALE"):
        find_plan_work(on(ws, PLANNED_ON + timedelta(days=100)), {})


def test_every_person_has_one_outcome(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    people = fill(ws)
    made = make_plan(ws, find_plan_work(ws, {}) or {})
    assert made is not None
    counts = made["counts"]
    assert counts["roster"] == len(people) == sum(counts[row.code] for row in TABLE)
    assert counts["stopped"] == 2
    assert counts["kenshin"] > 0
    assert counts["cancer"] > 0
    plan = ws.read_table(SnapshotRef.from_json(made["plan"]))
    assert plan["group"].notna().equals(plan["order"].notna())
    assert sorted(plan["order"].dropna()) == list(range(1, int(plan["group"].notna().sum()) + 1))
    assert make_plan(ws, {"key": made["key"]}) == made


def test_a_rejected_plan_is_followed_by_a_revision(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    fill(ws)
    work = find_plan_work(ws, {})
    assert work == {"key": "plan-2027-04-20"}
    make_plan(ws, work)
    document = ws.store_bytes("plan_document", work["key"], b"%PDF")
    assert find_plan_work(ws, {}) == work
    approve(ws, document, "plan", role="ward_officer", decision="reject")
    assert approved_plan(ws) is None
    assert find_plan_work(ws, {}) == {"key": "plan-2027-04-20-r02"}
    ref = planned(ws)
    assert ref.key == "plan-2027-04-20-r02"
    assert approved_plan(ws) == ref
    assert find_plan_work(ws, {}) is None


def test_a_seed_that_is_not_the_committed_one_is_refused(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    seed = ws.store_bytes("randomisation_seed", "seed", b"another")
    ws.record("seed_committed", "seed", codes={"sha256": "00"}, refs={"seed": seed})
    fill_without_seed = pytest.raises(KanshoError, match="SEED-CHANGED")
    ws.store_table("roster", "d01", roster(4))
    ws.store_table("analysis", "d01", analysis(roster(4)))
    stop(ws, "d01", [])
    with fill_without_seed:
        make_plan(ws, find_plan_work(ws, {}) or {})


def test_a_wave_needs_the_approved_plan(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    fill(ws)
    make_plan(ws, find_plan_work(ws, {}) or {})
    with pytest.raises(KanshoError, match="PLAN-UNAPPROVED"):
        select_wave(on(ws, SELECT_ON), {"wave": "mailing_1"})


def test_selection_reconciles_and_repeats(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    people = fill(ws)
    plan = ws.read_table(planned(ws))
    ws = on(ws, SELECT_ON)
    stopped_later = people["inquiry_number"][4]
    stop(ws, "d02", [stopped_later, *people["inquiry_number"][1:3]])
    made = select_wave(ws, {"wave": "mailing_1"})
    assert made is not None
    counts = made["counts"]
    assert counts["candidates"] == sum(n for name, n in counts.items() if name != "candidates")
    chosen = ws.read_table(SnapshotRef.from_json(made["assignment"]))
    assert chosen["inquiry_number"].is_unique
    assert stopped_later not in set(chosen["inquiry_number"])
    held = set(plan.loc[plan["holdout_mailing_1"], "inquiry_number"])
    assert set(chosen.loc[chosen["arm"].eq(HOLDOUT), "inquiry_number"]) <= held
    assert held.isdisjoint(chosen.loc[chosen["arm"].eq(OUTREACH), "inquiry_number"])
    assert set(chosen["group"]) == {"kenshin"}
    assert chosen["design"].notna().all()
    assert select_wave(on(ws, SELECT_ON + timedelta(days=3)), {"wave": "mailing_1"}) == made


@pytest.mark.parametrize(
    ("wave", "day"), [("mailing_1", SELECT_ON), ("call_1", date(2027, 8, 16)), ("visit_1", date(2027, 10, 6))]
)
def test_in_every_wave_the_held_out_are_left_alone(open_workspace: Opener, wave: str, day: date) -> None:
    ws = open_workspace(PLANNED_ON)
    fill(ws, 240)
    plan = ws.read_table(planned(ws))
    ws = on(ws, day)
    stop(ws, "d02", [])
    made = select_wave(ws, {"wave": wave})
    assert made is not None
    chosen = ws.read_table(SnapshotRef.from_json(made["assignment"]))
    held = set(plan.loc[plan[f"holdout_{wave}"], "household_id"])
    arm = chosen["arm"].eq(OUTREACH)
    assert chosen["inquiry_number"].is_unique
    assert held.isdisjoint(chosen.loc[arm, "household_id"])
    assert set(chosen.loc[~arm, "household_id"]) <= held
    assert arm.sum() == made["counts"]["assigned"] <= ws.config.wave(wave).capacity
    assert made["counts"]["candidates"] == sum(n for k, n in made["counts"].items() if k != "candidates")


def test_results_only_selects_nobody(open_workspace: Opener) -> None:
    assert select_wave(open_workspace(SELECT_ON), {"packages": []}) is None


def test_a_wave_is_not_selected_before_its_day(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    fill(ws)
    planned(ws)
    with pytest.raises(KanshoError, match="WAVE-EARLY"):
        select_wave(ws, {"wave": "mailing_1"})


def test_calls_take_only_people_with_a_telephone(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    people = fill(ws).set_index("inquiry_number")
    planned(ws)
    ws = on(ws, date(2027, 8, 16))
    stop(ws, "d04", [])
    made = select_wave(ws, {"wave": "call_1"})
    assert made is not None
    chosen = ws.read_table(SnapshotRef.from_json(made["assignment"]))
    assert people.loc[chosen["inquiry_number"], "phone"].notna().all()


def test_attendance_moves_people_out_of_the_first_group(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    fill(ws)
    plan = ws.read_table(planned(ws))
    came = plan.loc[plan["group"].eq("kenshin"), "inquiry_number"].head(10)
    ws = on(ws, SELECT_ON)
    stop(ws, "d02", [])
    facts = pd.DataFrame(
        {"inquiry_number": came, "screening_kind": "90", "attendance_date": "2027-05-10"}, dtype=object
    )
    ws.store_table("attendance_facts", "d02", facts)
    made = select_wave(ws, {"wave": "mailing_1"})
    assert made is not None
    chosen = ws.read_table(SnapshotRef.from_json(made["assignment"]))
    assert set(came).isdisjoint(chosen["inquiry_number"])


def _plan(config: CampaignConfig, count: int, seed: bytes = SEED, stopped: tuple[int, ...] = ()) -> pd.DataFrame:
    people = roster(count)
    tables = {k: pd.DataFrame({c: pd.Series(dtype=object) for c in v}) for k, v in _EMPTY.items()}
    tables["roster"] = people
    tables["stop_facts"] = stops([people["inquiry_number"][n] for n in stopped])
    standing = status(Facts(**tables), PLANNED_ON)
    free = config.targeting.model_copy(update={"min_segment_size": 0})
    config = config.model_copy(update={"targeting": free})
    return plan_table(people, analysis(people), standing, config, on=PLANNED_ON, seed=seed, consented=True)


@cache
def _planned(count: int, stopped: tuple[int, ...] = ()) -> pd.DataFrame:
    """The plan of the small campaign, made once: what may be shown of a plan decides nothing in it."""
    return _plan(load_config(MINI), count, stopped=stopped)


_FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FEW
@given(count=st.integers(1, 60), seed=st.binary(min_size=16, max_size=32), stopped=st.sets(st.integers(0, 59)))
def test_counts_reconcile_and_the_plan_repeats(
    mini: CampaignConfig, count: int, seed: bytes, stopped: set[int]
) -> None:
    out = tuple(n for n in stopped if n < count)
    plan = _plan(mini, count, seed, out)
    counts = plan_counts(plan)
    assert counts["roster"] == count == sum(counts[row.code] for row in TABLE)
    assert counts["stopped"] == len(out)
    pd.testing.assert_frame_equal(plan, _plan(mini, count, seed, out))
    assert plan["inquiry_number"].is_unique


@given(arms=st.lists(st.sampled_from([OUTREACH, HOLDOUT]), max_size=60), capacity=st.integers(0, 40))
def test_the_walk_fills_the_capacity_and_no_more(arms: list[str], capacity: int) -> None:
    people = pd.DataFrame({"inquiry_number": [str(n) for n in range(len(arms))], "arm": pd.Series(arms, dtype=object)})
    got = walk(people, capacity)
    assert got["arm"].eq(OUTREACH).sum() == min(capacity, arms.count(OUTREACH))
    assert got["inquiry_number"].tolist() == people["inquiry_number"].tolist()[: len(got)]
    if len(got) < len(people):
        assert got.empty or got["arm"].iloc[-1] == OUTREACH
    assert got["rank"].tolist() == list(range(1, len(got) + 1))


def _telling_from(mini: CampaignConfig, cell: int) -> CampaignConfig:
    return mini.model_copy(update={"disclosure": mini.disclosure.model_copy(update={"min_cell": cell})})


def test_figures_suppress_small_cells(mini: CampaignConfig) -> None:
    mini = _telling_from(mini, 4)
    plan = _plan(mini, 60, stopped=(1, 2))
    figures = plan_figures(plan, roster(60), mini)
    stopped = next(o for o in figures["outcomes"] if o["code"] == "stopped")
    assert stopped["people"] is None
    wave = next(w for w in figures["waves"] if w["id"] == "mailing_1")
    posted = postage_of(mini, mini.waves.mailings[0], 48, 48)
    assert wave["cost_yen"] == 48 * mini.costs.card_print + posted.yen


def test_the_postage_of_a_plan_is_told_by_class_and_the_classes_are_the_whole(mini: CampaignConfig) -> None:
    plan, people = _plan(mini, 60), roster(60)
    many = pd.concat([plan.assign(inquiry_number=plan["inquiry_number"] + str(n)) for n in range(60)])
    those = pd.concat([people.assign(inquiry_number=people["inquiry_number"] + str(n)) for n in range(60)])
    wave = mini.waves.mailings[0].model_copy(update={"capacity": 50_000, "slack_days": 3, "holdout": 0.0})
    config = mini.model_copy(update={"waves": mini.waves.model_copy(update={"mailings": (wave,)})})
    figures = plan_figures(many.reset_index(drop=True), those.reset_index(drop=True), config)
    (mail,) = (w for w in figures["waves"] if w["channel"] == "mail")
    postage = mail["postage"]
    taken_off = [postage[f"{name}_yen"] for name in ("sorted", "slack", "regional", "barcode")]
    assert [yen < 0 for yen in taken_off] == [True, True, False, True]
    assert postage["full_yen"] + sum(taken_off) == postage["yen"] == mail["cost_yen"] - postage["print_yen"]
    rows = [row.split(",") for row in plan_csv(figures).decode("utf-8-sig").split("\r\n")]
    told = {row[2]: row[3] for row in rows if row[0] == "郵便料金"}
    names = ("割引前(円)", "区分(円)", "送達余裕(円)", "地域区分局(円)", "バーコード(円)")
    assert sum(int(told[name]) for name in names) == int(told["料金(円)"]) == postage["yen"]
    pdf = plan_document(config, "plan-1", figures, PlanComparison(), simulation=True, issued_on=mini.contract.start)
    text = "".join("".join(page.get_textpage().get_text_range().split()) for page in PdfDocument(pdf))
    for percent, yen in zip(("sorted", "slack", "barcode"), (taken_off[0], taken_off[1], taken_off[3]), strict=True):
        assert f"{yen:,}（{postage[f'{percent}_percent']}%）" in text


def test_a_cost_never_tells_a_number_of_people_that_is_hidden(mini: CampaignConfig) -> None:
    figures = plan_figures(_plan(mini, 4), roster(4), mini)
    hidden = [w for w in figures["waves"] if w["outreach"] is None]
    assert hidden
    assert not [w for w in hidden if w["cost_yen"] is not None or w["postage"] is not None]
    shown = [w["cost_yen"] for w in figures["waves"] if w["cost_yen"] is not None]
    assert figures["totals"]["cost_yen"] == sum(shown)
    document = plan_document(mini, "plan-1", figures, PlanComparison(), simulation=True, issued_on=mini.contract.start)
    assert document.startswith(b"%PDF")
    rows = plan_csv(figures).decode("utf-8-sig").split("\r\n")
    assert f"実施回,{hidden[0]['name']},費用(円),＊" in rows
    assert not [row for row in rows if row.startswith(f"郵便料金,{hidden[0]['name']}")]


@pytest.mark.parametrize("cell", [2, 4, 5, 9])
@pytest.mark.parametrize("count", [25, 60, 90])
def test_no_small_segment_can_be_computed_from_the_plan(mini: CampaignConfig, count: int, cell: int) -> None:
    mini = _telling_from(mini, cell)
    figures, free = plan_figures(_planned(count), roster(count), mini), _telling_from(mini, 1)
    told = plan_figures(_planned(count), roster(count), free)
    whole = Row("all", "", (told["totals"]["planned"],) * 2)
    of = {s["id"]: (s["people"], s["fits"] - s["taken"]) for s in told["segments"]}
    group = {s["id"]: s["group"] for s in told["segments"]}
    groups = [
        Row(g, "all", tuple(sum(cells[n] for name, cells in of.items() if group[name] == g) for n in (0, 1)))
        for g in ("kenshin", "cancer")
    ]
    shown = {s["id"] for s in figures["segments"] if s["people"] is not None}
    # Whose outcome is told, that group is told, as nobody is deferred here; so is one whose wave is told.
    shown |= {o["code"] for o in figures["outcomes"] if o["people"] is not None} & {"kenshin", "cancer"}
    shown |= {"kenshin" for w in figures["waves"] if w["channel"] == "mail" and w["able"] is not None}
    assert_tells_nothing_small([whole, *groups, *(Row(s, group[s], of[s]) for s in of)], {*shown, "all"}, cell)
    for wave, known in zip(figures["waves"], told["waves"], strict=True):
        arms = ("outreach", "held_out", "left")
        rows = [Row(s["name"], "wave", tuple(s[a] for a in arms)) for s in known["by_segment"]]
        names = {s["name"] for s in wave["by_segment"] if s["outreach"] is not None}
        if None not in (wave[a] for a in arms):
            assert_tells_nothing_small(
                [Row("wave", "", tuple(known[a] for a in arms)), *rows], {*names, "wave"} if rows else set(), cell
            )
        else:
            assert (names, wave["smallest_effect_pp"]) == (set(), None)


def test_a_few_who_are_deferred_are_not_the_rest_of_what_is_planned(mini: CampaignConfig) -> None:
    people = _plan(mini, 60)
    group, outcome = people["group"].copy(), people["outcome"].copy()
    one_group = people[people["group"].isna() | people["group"].eq("kenshin")].index[:50]
    plan = people.loc[one_group].assign(outcome=outcome, group=group)
    plan.loc[plan.index[:3], "outcome"] = "deferred"
    figures = plan_figures(plan, roster(60), _telling_from(mini, 5))
    shown = {o["code"]: o["people"] for o in figures["outcomes"]}
    assert (shown["deferred"], shown["kenshin"]) == (None, None)
    assert figures["waves"][0]["able"] == 50


def test_every_candidate_of_a_wave_is_reached_held_out_or_over_the_capacity(mini: CampaignConfig) -> None:
    free = mini.model_copy(update={"disclosure": mini.disclosure.model_copy(update={"min_cell": 1})})
    few = tuple(w.model_copy(update={"capacity": 20}) for w in free.waves.mailings)
    free = free.model_copy(update={"waves": free.waves.model_copy(update={"mailings": few})})
    figures = plan_figures(_plan(free, 60), roster(60), free)
    for wave in figures["waves"]:
        assert wave["able"] == sum(wave[part] for part in ("outreach", "held_out", "left", "held_out_before"))
        for part in ("outreach", "held_out", "left"):
            assert wave[part] == sum(s[part] for s in wave["by_segment"])
    mail = figures["waves"][0]
    assert (mail["outreach"], mail["left"] > 0) == (20, True)
    reached = [s["priority"] for s in mail["by_segment"] if s["outreach"]]
    left = [s["priority"] for s in mail["by_segment"] if s["left"]]
    assert max(reached) <= min(left)


def test_the_segments_tell_what_fits_what_was_taken_before_and_what_joined(mini: CampaignConfig) -> None:
    free = mini.model_copy(update={"disclosure": mini.disclosure.model_copy(update={"min_cell": 1})})
    plan = _plan(free, 60)
    planned = plan[plan["group"].notna()]
    figures = plan_figures(plan, roster(60), free)
    for s in figures["segments"]:
        fits = [s["id"] in one.split("|") for one in planned["matched"]]
        first = [one.split("|")[0] == s["id"] for one in planned["matched"]]
        assert (s["fits"], s["taken"]) == (sum(fits), sum(fits) - sum(first))
    assert sum(s["people"] for s in figures["segments"]) == len(planned)


def test_a_changed_plan_shows_what_changed_and_a_year_what_the_last_one_did(mini: CampaignConfig) -> None:
    mini = mini.model_copy(update={"disclosure": mini.disclosure.model_copy(update={"min_cell": 1})})
    before = plan_figures(_plan(mini, 60), roster(60), mini)
    now = plan_figures(_plan(mini, 60, stopped=tuple(range(20))), roster(60), mini)
    rows = {name: told for name, *told in changes(before, now)}
    assert rows["判定: 勧奨停止"] == [0, 20, 20]
    assert "対象者一覧の人数" not in rows
    assert changes(now, now) == ()
    assert with_last_year(now, mini) == ()
    last = LastPlan(fiscal_year=2026, roster=50, outcomes={"stopped": 7}, cards=40, calls=20, visits=6)
    compared = with_last_year(now, mini.model_copy(update={"last_plan": last}))
    assert ("対象者一覧", 50, 60, 10) in compared
    assert ("勧奨停止", 7, 20, 13) in compared
    assert {name for name, *_ in compared} >= {"通知（枚）", "電話（件）", "訪問（件）"}


@pytest.mark.parametrize("out", [(), (1,), (1, 2, 3), tuple(range(8)), tuple(range(0, 40, 2))])
@pytest.mark.parametrize("cell", [2, 5, 9])
def test_no_small_change_can_be_computed_from_two_plans_side_by_side(
    mini: CampaignConfig, out: tuple[int, ...], cell: int
) -> None:
    mini, free = _telling_from(mini, cell), _telling_from(mini, 1)
    was, now = _planned(90), _planned(90, out)
    rows = changes(plan_figures(was, roster(90), mini), plan_figures(now, roster(90), mini))
    known = {n: d for n, _, _, d in changes(plan_figures(was, roster(90), free), plan_figures(now, roster(90), free))}
    told = {name: difference for name, _, _, difference in rows if difference is not None}
    assert not [d for d in told.values() if isinstance(d, int) and 0 < abs(d) < cell]
    assert not [name for name, old, new, d in rows if d is None and isinstance(old, int) and isinstance(new, int)]
    sides = {name: (old, new) for name, old, new, _ in rows}
    figures = [plan_figures(p, roster(90), mini) for p in (was, now)]
    for start, total, kind, label in (
        ("判定", "対象者一覧の人数", "outcomes", "label"),
        ("グループ", "勧奨対象者数", "segments", "name"),
    ):
        of = [{f"{start}: {row[label]}": row["people"] for row in f[kind]} for f in figures]
        unknown = [n for n in of[0] if (n in sides and n not in told) or None in (of[0][n], of[1][n])]
        if unknown and (total in told or total not in sides):
            assert len(unknown) > 1
            assert not 0 < abs(sum(known.get(n, 0) for n in unknown)) < cell
    if any(name not in told for name, *_ in rows if name.endswith((": 勧奨", ": 保留"))):
        assert "見込費用（円）" not in told


def test_the_sample_year_is_shown_beside_the_one_before(sample: CampaignConfig, mini: CampaignConfig) -> None:
    config = mini.model_copy(update={"last_plan": sample.last_plan})
    figures = plan_figures(_plan(mini, 60), roster(60), config)
    compared = PlanComparison(last_year=with_last_year(figures, config))
    pdf = plan_document(config, "plan-1", figures, compared, simulation=True, issued_on=mini.contract.start)
    text = "".join("".join(page.get_textpage().get_text_range().split()) for page in PdfDocument(pdf))
    assert sample.last_plan is not None
    assert sample.last_plan.fiscal_year == sample.fiscal_year - 1
    assert sum(sample.last_plan.outcomes.values()) == sample.last_plan.roster
    assert f"対象者一覧{sample.last_plan.roster:,}60{60 - sample.last_plan.roster:,}" in text
    assert set(sample.last_plan.outcomes) <= {row.code for row in TABLE}


def test_beside_last_year_a_channel_with_a_hidden_wave_is_not_told(mini: CampaignConfig) -> None:
    last = LastPlan(fiscal_year=2026, roster=100, outcomes={"kenshin": 58, "cancer": 20}, cards=40, calls=20, visits=6)
    config = _telling_from(mini, 9).model_copy(update={"last_plan": last})
    figures = plan_figures(_plan(config, 60), roster(60), config)
    (mail,) = (w for w in figures["waves"] if w["channel"] == "mail")
    compared = {name: told for name, *told in with_last_year(figures, config)}
    assert compared["対象者一覧"] == [100, 60, -40]
    assert (compared["通知（枚）"][1] is None) == (mail["outreach"] is None)
    hidden = with_last_year({**figures, "waves": [{**w, "outreach": None} for w in figures["waves"]]}, config)
    assert {name: told for name, *told in hidden}["通知（枚）"] == [40, None, None]


def test_a_plan_that_meanwhile_names_somebody_on_the_stop_list_is_not_shown_to_the_ward_but_made_anew(
    open_workspace: Opener,
) -> None:
    ws = open_workspace(PLANNED_ON)
    people = fill(ws)
    made = make_plan(ws, find_plan_work(ws, {}) or {}) or {}
    shown = make_plan_document(ws, made) or {}
    plan = ws.read_table(SnapshotRef.from_json(made["plan"]))
    planned = plan.loc[plan["group"].notna(), "inquiry_number"]
    stop(ws, "d09", list(planned[:2]))
    with pytest.raises(KanshoError, match="stopped:2") as refused:
        check_plan(ws, shown)
    assert refused.value.code == "GATE-PLAN-RELEASE"
    assert not any(number in str(refused.value) for number in people["inquiry_number"])
    again = find_plan_work(ws, {}) or {}
    assert again["key"] == f"{made['key']}-r02"
    assert check_plan(ws, make_plan_document(ws, make_plan(ws, again) or {}) or {})


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        ("person_twice", lambda plan: pd.concat([plan, plan.iloc[:1]], ignore_index=True)),
        ("not_in_plan", lambda plan: plan.iloc[1:]),
        ("no_segment", lambda plan: plan.assign(segment=None, segment_cancer=None)),
        ("no_order", lambda plan: plan.assign(order=plan["order"].mask(plan["order"].eq(1)))),
        ("home_split", lambda plan: plan.assign(household_id="one", holdout_call_1=[True] + [False] * (len(plan) - 1))),
        ("held_unconsented", lambda plan: plan.assign(holdout_call_1=True)),
        ("counts", lambda plan: plan.assign(outcome=plan["outcome"].mask(plan["outcome"].eq("kenshin"), "cancer"))),
        ("unknown", lambda plan: plan.assign(inquiry_number=plan["inquiry_number"].str.replace("-", "x"))),
    ],
)
def test_the_gate_of_a_plan_names_each_rule_it_breaks(
    mini: CampaignConfig, rule: str, spoil: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    people = roster(40)
    plan = _plan(mini, 40)
    tables = {k: pd.DataFrame({c: pd.Series(dtype=object) for c in v}) for k, v in _EMPTY.items()}
    standing = status(Facts(**(tables | {"roster": people})), PLANNED_ON)
    told = plan_counts(plan)

    def broken(frame: pd.DataFrame, consented: bool) -> dict[str, int]:
        found = broken_rules(frame, people, standing, mini, on=PLANNED_ON, told=told, consented=consented)
        return {name: n for name, n in found.items() if n}

    assert broken(plan, consented=True) == {}
    assert rule in broken(spoil(plan.copy()), consented=rule != "held_unconsented")


def test_without_consent_to_hold_outs_nobody_is_held_out_and_nothing_is_claimed(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    kinds = ("mailings", "calls", "visits")
    whole = {k: tuple(w.model_copy(update={"holdout": 0.0}) for w in getattr(mini.waves, k)) for k in kinds}
    targeting = mini.targeting.model_copy(update={"holdout_consent": None})
    config = mini.model_copy(update={"targeting": targeting, "waves": mini.waves.model_copy(update=whole)})
    ws = opened(config, tmp_path / "var", PLANNED_ON)
    people = fill(ws)
    planned(ws)
    ws = on(ws, SELECT_ON)
    stop(ws, "d02", [])
    assert (select_wave(ws, {"wave": "mailing_1"}) or {})["counts"]["held_out"] == 0
    assigned = ws.read_table(ws.latest("wave_assignment"))["inquiry_number"].sort_values()
    cards = {"inquiry_number": assigned, "printable": ~assigned.isin(assigned.iloc[:6]), "bars": None}
    ws.store_table("card_list", "mailing_1", pd.DataFrame(cards, dtype=object))
    ws.store_table("postings", "mailing_1", pd.DataFrame({"inquiry_number": assigned.iloc[14:]}))
    counts = {"withdrawn": 2, "pulled": 6, "printed": len(assigned) - 8, "posted": len(assigned) - 14}
    ws.record("print_reported", "mailing_1", counts=counts, codes={"posted_on": "2027-06-25"})
    came = {"inquiry_number": people["inquiry_number"][4::5], "screening_kind": "90", "attendance_date": "2027-07-10"}
    ws.store_table("attendance_facts", "d04", pd.DataFrame(came, dtype=object))
    ws.record("delivery_accepted", "d06", codes={"kinds": "attendance_update", "issued_on": "2028-01-11"})
    ws = on(ws, date(2028, 1, 20))
    work = make_effect_report(ws, analyse(ws, find_effect_work(ws, {}) or {}))
    approve(ws, SnapshotRef.from_json(work["artefact"]), "report", role="contractor_manager")
    release_effect_report(ws, check_effect_report(ws, work))
    pdf, table = (ws.layout.outputs / f"reports/effect-2028-01-20.{kind}" for kind in ("pdf", "csv"))
    text = "".join("".join(page.get_textpage().get_text_range().split()) for page in PdfDocument(pdf.read_bytes()))
    assert "区の承諾に基づく保留群を設けていないため、勧奨の効果についての判断はしません。" in text
    claims = ("差(pt)", "区間", "追加受診", "無作為", "保留群と", "受診（保留）", "ポイント")
    assert not [claim for claim in claims if claim in text]
    lines = pd.read_csv(table)
    assert lines.loc[lines["segment"].eq("all"), "attended_assigned"].gt(0).all()
    assert lines[["estimate_pp", "low_pp", "high_pp", "cost_per_additional_yen"]].isna().all(axis=None)
    whole = lines[lines["segment"].eq("all")].iloc[0]
    assert whole["cost_yen"] == (len(assigned) - 8) * 38 + (len(assigned) - 14) * 85
    told = effects(ws.ledger.events(), {})
    assert [(e["estimate_pp"], e["low_pp"], e["high_pp"]) for e in told] == [(None, None, None)]


def test_a_segment_may_ask_the_questionnaire(mini: CampaignConfig) -> None:
    asked = {"id": "smokers", "name": "喫煙", "when": (Rule(column="smoking", op="eq", value="1"),)}
    smokers = mini.targeting.segments[0].model_copy(update={**asked, "merge_into": None})
    targeting = mini.targeting.model_copy(
        update={"segments": (smokers, *mini.targeting.segments), "min_segment_size": 0}
    )
    people = roster(60)
    tables = {k: pd.DataFrame({c: pd.Series(dtype=object) for c in v}) for k, v in _EMPTY.items()}
    standing = status(Facts(**(tables | {"roster": people})), PLANNED_ON)
    answers = pd.Series(["1", "2", None] * 20, dtype=object)
    config = mini.model_copy(update={"targeting": targeting})
    items = analysis(people).assign(smoking=answers)
    plan = plan_table(people, items, standing, config, on=PLANNED_ON, seed=SEED, consented=True)
    planned = plan["group"].eq("kenshin")
    assert plan["segment"].eq("smokers").equals(planned & answers.eq("1"))
    assert (planned & answers.isna()).any()
    both = plan.loc[plan["segment"].eq("smokers"), "matched"]
    assert both.str.startswith("smokers|").all()


def test_the_document_is_made_approved_and_issued(open_workspace: Opener) -> None:
    ws = open_workspace(PLANNED_ON)
    people = fill(ws, 40)
    made = make_plan(ws, find_plan_work(ws, {}) or {})
    shown = make_plan_document(ws, made or {})
    assert shown is not None
    artefact = SnapshotRef.from_json(shown["artefact"])
    text = "".join(page.get_textpage().get_text_range() for page in PdfDocument(ws.read_bytes(artefact)))
    assert "勧奨計画書" in text
    assert not any(number in text for number in people["inquiry_number"])
    with pytest.raises(KanshoError, match="GATE-ABSENT"):
        release_plan(ws, shown)
    assert check_plan(ws, shown) == shown
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        release_plan(ws, shown)
    approve(ws, artefact, "plan", role="ward_officer")
    assert release_plan(ws, shown) is not None
    assert (ws.layout.outputs / "plan-2027-04-20.pdf").is_file()
    table = (ws.layout.outputs / "plan-2027-04-20.csv").read_bytes().decode("utf-8-sig")
    assert "総数,対象者一覧,人数,40\r\n" in table
    assert not any(number in table for number in people["inquiry_number"])


def test_an_effect_report_passes_its_gate_before_it_is_approved_and_issued(
    open_workspace: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kansho.analysis.stage.effect_pdf", lambda *_, **__: b"%PDF")
    ws = open_workspace(PLANNED_ON)
    people = fill(ws)
    planned(ws)
    assert select_wave(on(ws, SELECT_ON), {"wave": "mailing_1"})
    later = on(ws, report_day(ws))
    work = find_effect_work(later, {}) or {}
    made = make_effect_report(later, analyse(later, work))
    artefact = SnapshotRef.from_json(made["artefact"])
    approve(later, artefact, "effect_report", role="contractor_manager")
    with pytest.raises(KanshoError, match="GATE-ABSENT"):
        release_effect_report(later, made)
    assert check_effect_report(later, made) == made
    assert release_effect_report(later, made) == {"report": made["report"]}
    issued = (later.layout.outputs / f"reports/effect-{made['report']}.csv").read_text(encoding="utf-8-sig")
    assert issued.startswith("wave,segment,")
    assert not any(number in issued for number in people["inquiry_number"])


def test_an_effect_report_that_shows_other_counts_than_were_selected_is_stopped(
    open_workspace: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kansho.analysis.stage.effect_pdf", lambda *_, **__: b"%PDF")
    ws = open_workspace(PLANNED_ON)
    fill(ws)
    planned(ws)
    select_wave(on(ws, SELECT_ON), {"wave": "mailing_1"})
    later = on(ws, report_day(ws))
    lines = effect_stage.lines_of
    monkeypatch.setattr(
        effect_stage, "lines_of", lambda *given: [replace(x, assigned=x.assigned + 20) for x in lines(*given)]
    )
    made = make_effect_report(later, analyse(later, find_effect_work(later, {}) or {}))
    with pytest.raises(KanshoError, match="counts:") as refused:
        check_effect_report(later, made)
    assert refused.value.code == "GATE-EFFECT-RELEASE"
    with pytest.raises(KanshoError, match="GATE-ABSENT"):
        release_effect_report(later, made)


def report_day(ws: Workspace) -> date:
    """The year's report day."""
    return ws.config.effect_reports.on[-1]
