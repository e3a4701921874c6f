"""Arms at their stages: kept by a plan made anew, apart or nested at selection, counted in the plan's document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.account import reconciliations
from kansho.standing import exclusions
from kansho.targeting.figures import HOUSEHOLD_CORRELATION, plan_figures, smallest_effect_pp
from kansho.targeting.plan import approved_plan, find_plan_work, make_plan, make_plan_document
from kansho.targeting.waves import HOLDOUT, select_wave
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.conftest import opened
from tests.unit.outreach_people import analysis, approve, fill, on, roster, stop
from tests.unit.test_targeting_holdout import designed

PLANNED_ON = date(2027, 4, 20)
WAVES = {"mailing_1": date(2027, 6, 9), "call_1": date(2027, 8, 16), "visit_1": date(2027, 10, 6)}

Opener = Callable[[date], Workspace]


def under(ws: Workspace, design: str, share: float = 0.2) -> Workspace:
    """The same workspace under another design of the hold-outs."""
    return replace(ws, config=designed(ws.config, design, share))


def plan(ws: Workspace, *, decision: str = "approve") -> pd.DataFrame:
    made = make_plan(ws, find_plan_work(ws, {}) or {}) or {}
    document = ws.store_bytes("plan_document", made["key"], b"%PDF")
    approve(ws, document, "plan", role="ward_officer", decision=decision)
    return ws.read_table(SnapshotRef.from_json(made["plan"]))


def deliver(ws: Workspace, people: pd.DataFrame) -> None:
    """Another roster than the one that was planned."""
    key = f"d{2 + len(ws.snapshots('roster')):02d}"
    ws.store_table("roster", key, people)
    ws.store_table("analysis", key, analysis(people))


def arms(table: pd.DataFrame) -> pd.DataFrame:
    columns = [c for c in table.columns if c.startswith("holdout_")]
    return table.drop_duplicates("household_id").set_index("household_id")[columns].sort_index()


@pytest.mark.parametrize("design", ["independent", "nested"])
def test_a_plan_made_anew_keeps_the_approved_arms_and_draws_the_newcomers(open_workspace: Opener, design: str) -> None:
    ws = under(open_workspace(PLANNED_ON), design)
    fill(ws, 100)
    first = arms(plan(ws))
    deliver(ws, roster(240))
    again = arms(plan(ws))
    both = first.index.intersection(again.index)
    assert len(both) > 40
    pd.testing.assert_frame_equal(again.loc[both], first.loc[both])
    newcomers = again.loc[again.index.difference(first.index)]
    assert newcomers.any().all()
    assert not newcomers.all().any()


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_only_an_approved_plan_binds_anybody_to_an_arm(mini: CampaignConfig, tmp_path: Path, decision: str) -> None:
    drawn = []
    for earlier in (100, None):
        ws = opened(designed(mini, "independent"), tmp_path / str(earlier), PLANNED_ON)
        if earlier:
            fill(ws, earlier)
            plan(ws, decision=decision)
            deliver(ws, roster(240))
        else:
            fill(ws, 240)
        drawn.append(arms(plan(ws)))
    # As if there had never been an earlier plan, unless the ward had approved it.
    assert drawn[0].equals(drawn[1]) == (decision == "reject")


def test_another_design_is_another_draw_and_needs_another_approval(open_workspace: Opener) -> None:
    ws = under(open_workspace(PLANNED_ON), "independent")
    fill(ws, 120)
    first = arms(plan(ws))
    nested = under(ws, "nested")
    later = on(nested, WAVES["mailing_1"])
    stop(later, "d02", [])
    with pytest.raises(KanshoError, match="PLAN-DESIGN"):
        select_wave(later, {"wave": "mailing_1"})
    deliver(nested, roster(120))
    again = arms(plan(nested))
    assert not again.equals(first)
    assert again.loc[again["holdout_mailing_1"], "holdout_visit_1"].all()
    assert select_wave(later, {"wave": "mailing_1"}) is not None


@pytest.mark.parametrize("design", ["independent", "nested"])
def test_neither_arm_of_a_nested_wave_has_whom_an_earlier_wave_held_out(open_workspace: Opener, design: str) -> None:
    ws = under(open_workspace(PLANNED_ON), design)
    fill(ws, 240)
    table = plan(ws).set_index("inquiry_number")
    earlier = pd.Series(False, index=table.index)
    for wave, day in WAVES.items():
        ws = on(ws, day)
        stop(ws, f"stops-{wave}", [])
        made = select_wave(ws, {"wave": wave}) or {}
        chosen = ws.read_table(SnapshotRef.from_json(made["assignment"]))
        assert "held_before" not in chosen
        assert set(chosen.loc[chosen["arm"].eq(HOLDOUT), "inquiry_number"]) <= set(
            table.index[table[f"holdout_{wave}"]]
        )
        assert chosen["arm"].eq(HOLDOUT).any()
        selected = ws.ledger.find("wave_selected", wave)
        assert selected is not None
        met = earlier[chosen["inquiry_number"]]
        if design == "nested":
            assert not met.any()
            assert bool(selected.refs["reasons"].get("held_out")) == earlier.any()
        else:
            assert met.any() == earlier.any()
            assert "held_out" not in selected.refs["reasons"]
        earlier |= table[f"holdout_{wave}"]
    assert all(r.ok for r in reconciliations(ws.ledger.events()))


def test_a_wave_goes_by_the_plan_it_was_selected_from(open_workspace: Opener) -> None:
    ws = under(open_workspace(PLANNED_ON), "independent")
    fill(ws, 120)
    table = plan(ws)
    deliver(ws, roster(120))
    # A later plan that nobody approved says that everybody is held out.
    unapproved = table.assign(holdout_mailing_1=True)
    ws = on(ws, WAVES["mailing_1"])
    stop(ws, "d02", [])
    select_wave(ws, {"wave": "mailing_1"})
    ws.store_table("plan", "plan-later", unapproved)
    listed = ws.read_table(ws.latest("wave_assignment"))
    channel = ws.config.wave("mailing_1").channel
    reason = exclusions(ws, listed, channel, wave="mailing_1", spacing=False)
    assert reason.eq("held_out").tolist() == listed["arm"].eq(HOLDOUT).tolist()


def test_the_document_counts_the_arms_that_will_be_compared(open_workspace: Opener) -> None:
    ws = under(open_workspace(PLANNED_ON), "nested", 0.3)
    people = fill(ws, 240)
    table = plan(ws)
    rows = {w["id"]: w for w in plan_figures(table, people, ws.config)["waves"]}
    assert rows["mailing_1"]["held_out_before"] == 0
    before = table["holdout_mailing_1"] & table["group"].eq("kenshin")
    now = table["holdout_call_1"] & ~table["holdout_mailing_1"] & table["group"].eq("kenshin")
    phone = table["inquiry_number"].isin(people.loc[people["phone"].notna(), "inquiry_number"])
    assert rows["call_1"]["held_out_before"] == (before & phone).sum()
    assert rows["call_1"]["held_out"] == (now & phone).sum()
    call = rows["call_1"]
    assert call["outreach"] + call["held_out"] + call["held_out_before"] <= call["able"]
    assert rows["visit_1"]["held_out_before"] > call["held_out_before"]


#   people in the arms, size of a household, smallest effect in points
POWER = [
    (3840, 3840, 1.0, 3.2),
    (3840, 3840, 2.0, 3.2 * (1 + HOUSEHOLD_CORRELATION) ** 0.5),
    (9000, 1000, 1.0, 4.7),
]


@pytest.mark.parametrize(("outreach", "held_out", "size", "points"), POWER)
def test_the_smallest_effect_grows_with_the_households(
    outreach: int, held_out: int, size: float, points: float
) -> None:
    assert smallest_effect_pp(outreach, held_out, household_size=size) == pytest.approx(points, abs=0.06)
    assert smallest_effect_pp(outreach, 0, household_size=size) is None


@pytest.mark.parametrize(
    ("design", "said"), [("independent", "改めて無作為に"), ("nested", "今年度の勧奨を何も受けません")]
)
def test_the_document_says_what_being_held_out_means(open_workspace: Opener, design: str, said: str) -> None:
    from pypdfium2 import PdfDocument

    ws = under(open_workspace(PLANNED_ON), design)
    fill(ws, 60)
    shown = make_plan_document(ws, make_plan(ws, find_plan_work(ws, {}) or {}) or {}) or {}
    pages = PdfDocument(ws.read_bytes(SnapshotRef.from_json(shown["artefact"])))
    text = "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)
    assert said in text
    assert ("以前から保留" in text) == (design == "nested")


def test_the_sample_draws_each_wave_apart(sample: CampaignConfig) -> None:
    assert sample.targeting.holdout_design == "independent"


def amended(ws: Workspace, **change: object) -> Workspace:
    """The same workspace after an approved amendment of whom to target."""
    targeting = ws.config.targeting.model_copy(update=change)
    approve(ws, ws.store_bytes("plan_document", "amendment-0123", b"%PDF"), "amendment", role="ward_officer")
    return replace(ws, config=ws.config.model_copy(update={"targeting": targeting}))


def test_another_paper_that_the_ward_approved_hides_no_plan(open_workspace: Opener) -> None:
    ws = under(open_workspace(PLANNED_ON), "independent")
    fill(ws, 60)
    plan(ws)
    approved = approved_plan(ws)
    ws = amended(ws)
    assert approved is not None
    assert approved_plan(ws) == approved
    assert find_plan_work(ws, {}) is None


def test_segments_that_were_amended_in_mid_year_are_planned_and_approved_anew(open_workspace: Opener) -> None:
    ws = under(open_workspace(PLANNED_ON), "independent")
    fill(ws, 120)
    first = arms(plan(ws))
    ws = on(ws, WAVES["mailing_1"])
    stop(ws, "d02", [])
    assert select_wave(ws, {"wave": "mailing_1"}) is not None
    assert find_plan_work(ws, {}) is None
    before = ws.config.targeting.segments
    ws = amended(ws, segments=(before[0].model_copy(update={"intent": "another intent"}), *before[1:]))
    call = on(ws, WAVES["call_1"])
    stop(call, "d03", [])
    with pytest.raises(KanshoError, match="PLAN-BASIS"):
        select_wave(call, {"wave": "call_1"})
    again = arms(plan(call))
    pd.testing.assert_frame_equal(again, first)
    made = select_wave(call, {"wave": "call_1"})
    assert made is not None
    selected = {e.key: e.codes["plan"] for e in call.ledger.events("wave_selected")}
    assert selected == {"mailing_1": "plan-2027-04-20", "call_1": f"plan-{WAVES['call_1']}"}
    assert all(r.ok for r in reconciliations(call.ledger.events()))
