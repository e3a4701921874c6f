"""Why the plan says of a person what it says: told by the engine's own rules, to the right people, with a trace."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.cli import main
from kansho.earlier import before
from kansho.errors import KanshoError
from kansho.evidence.access_rules import access_findings
from kansho.evidence.events import Actor, Event
from kansho.opening.register import register_handler
from kansho.targeting.asking import PURPOSE, ROLES, ask_why, picks
from kansho.targeting.eligibility import TABLE
from kansho.targeting.figures import plan_figures
from kansho.targeting.plan import find_plan_work, make_plan, records, require_approved_plan
from kansho.targeting.table import current_segment, judged
from kansho.targeting.told import AFTER, ALSO, DECIDED, NO, Picked, Why
from kansho.targeting.waves import select_wave
from kansho.targeting.why import Looked, explain, look_into
from kansho.targeting.why_words import as_text, sections
from kansho.workspace import Workspace
from tests.conftest import MINI, opened
from tests.unit.outreach_people import analysis, approve, fill, on, roster, stop

PLANNED_ON = date(2027, 4, 20)
WAVES = {"mailing_1": date(2027, 6, 9), "call_1": date(2027, 8, 16), "visit_1": date(2027, 10, 6)}
COUNT = 40

Opener = Callable[[date], Workspace]


def narrow(mini: CampaignConfig, design: str, capacity: int, smallest: int = 3) -> CampaignConfig:
    """The campaign with too little room in every wave, large hold-outs, and every count shown."""
    kinds = ("mailings", "calls", "visits")
    few = {"capacity": capacity, "holdout": 0.3}
    waves = {k: tuple(w.model_copy(update=few) for w in getattr(mini.waves, k)) for k in kinds}
    targeting = {"holdout_design": design, "min_segment_size": smallest}
    return mini.model_copy(
        update={
            "waves": mini.waves.model_copy(update=waves),
            "targeting": mini.targeting.model_copy(update=targeting),
            "disclosure": mini.disclosure.model_copy(update={"min_cell": 1}),
        }
    )


def planned(ws: Workspace) -> None:
    made = make_plan(ws, find_plan_work(ws, {}) or {}) or {}
    approve(ws, ws.store_bytes("plan_document", made["key"], b"%PDF"), "plan", role="ward_officer")


def a_year(ws: Workspace, people: pd.DataFrame, deferred: int) -> Workspace:
    """Every wave selected, with what happens between them; returns the workspace of the last day."""
    numbers = people["inquiry_number"]
    until = pd.DataFrame({"inquiry_number": [numbers[deferred]], "stop_kind": ["2"], "until": ["2027-07-01"]})
    ws.store_table("stop_facts", "d01b", pd.concat([ws.read_table(ws.latest("stop_facts")), until]))
    planned(ws)
    for n, (wave, day) in enumerate(WAVES.items()):
        ws = on(ws, day)
        stop(ws, f"stops-{wave}", [numbers[1], numbers[10 + n]])
        select_wave(ws, {"wave": wave})
        came = {"inquiry_number": [numbers[20 + n]], "screening_kind": ["90"], "attendance_date": [day.isoformat()]}
        ws.store_table("attendance_facts", f"after-{wave}", pd.DataFrame(came))
        posted = {"inquiry_number": [numbers[30 + n]], "serial": ["x"], "wave": [wave], "posted_on": [day.isoformat()]}
        ws.store_table("postings", f"after-{wave}", pd.DataFrame(posted))
    return ws


@settings(max_examples=2, phases=[Phase.generate], deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    design=st.sampled_from(["nested", "independent"]),
    drawn=st.binary(min_size=32, max_size=32),
    capacity=st.sampled_from([4, 9, 100]),
    smallest=st.sampled_from([6, 1]),
)
def test_the_why_of_every_person_is_what_the_engine_gave(
    mini: CampaignConfig, design: str, drawn: bytes, capacity: int, smallest: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ws = opened(narrow(mini, design, capacity, smallest), Path(folder) / "var", PLANNED_ON)
        people = fill(ws, COUNT, drawn=drawn, stopped=(1, 2))
        ws = a_year(ws, people, deferred=5)
        plan = ws.read_table(require_approved_plan(ws))
        facts = records(before(ws, ws.ledger.events("plan_made")[0]))
        looked = look_into(plan, judged(*facts, ws.config, on=PLANNED_ON), facts[2], ws.config)
        assigned = {w: ws.read_table(r) for w in WAVES if (r := ws.find("wave_assignment", w)) is not None}
        tallies = {wave: Counter[str]() for wave in WAVES}
        forecasts = {wave: Counter[str]() for wave in WAVES}
        made_of = {e.key: picks(ws, e, plan, ws.config) for e in _chosen(ws)}
        for _, row in plan.iterrows():
            number = row["inquiry_number"]
            picked = {wave: of[number] for wave, of in made_of.items()}
            why = _agrees(looked, row, picked, assigned)
            for wave, one in picked.items():
                tallies[wave][one.reason or one.arm or "over_capacity"] += 1
            for turn in why.turns:
                forecasts[turn.wave.id][turn.state] += 1
        for event in _chosen(ws):
            told, tally = event.counts, tallies[event.key]
            assert tally["outreach"] == told["assigned"]
            assert tally["holdout"] == told["held_out"]
            assert tally["over_capacity"] == told["over_capacity"]
            assert COUNT - tally["no_candidate"] == told["candidates"]
            others = set(tally) - {"outreach", "holdout", "over_capacity", "no_candidate"}
            assert {reason: tally[reason] for reason in others} == event.refs["reasons"]
        for wave in plan_figures(plan, people, ws.config)["waves"]:
            said = forecasts[wave["id"]]
            assert (said["outreach"], said["held_out"], said["left"], said["held_before"]) == (
                wave["outreach"],
                wave["held_out"],
                wave["left"],
                wave["held_out_before"],
            )


def _chosen(ws: Workspace) -> list[Event]:
    return ws.ledger.events("wave_selected")


def _agrees(looked: Looked, row: pd.Series, picked: dict[str, Picked], assigned: dict[str, pd.DataFrame]) -> Why:
    """One person's why against the plan's row and the stored assignments."""
    why = explain(looked, row["inquiry_number"], picked)
    states = [r.state for r in why.rows]
    decided = states.index(DECIDED)
    assert [r.outcome for r in why.rows] == list(TABLE)
    assert why.outcome.code == row["outcome"] == why.rows[decided].outcome.code
    assert (states[:decided], states[decided + 1 :]) == ([NO] * decided, [AFTER] * (len(TABLE) - decided - 1))
    assert all(c.holds is c.wanted for c in why.rows[decided].conditions)
    assert all(any(c.holds is not c.wanted for c in r.conditions) for r in why.rows[:decided])
    if pd.isna(row["group"]):
        assert (why.group, why.segment, why.fits, why.order) == (None, None, (), None)
    else:
        one = pd.DataFrame([row])
        now = current_segment(one, one["group"]).iloc[0]
        hits = [f.segment.id for f in why.fits if f.state in (DECIDED, ALSO)]
        assert (why.group, why.order) == (row["group"], row["order"])
        assert why.segment is not None
        assert why.segment.id == now
        assert hits == row["matched"].split("|")
        assert [f.state for f in why.fits if f.state != NO][0] == DECIDED
        assert (why.joined_from.id if why.joined_from else now) == hits[0]
    for turn in why.turns:
        wave = turn.wave.id
        assert turn.held == row[f"holdout_{wave}"]
        mine = assigned[wave][assigned[wave]["inquiry_number"].eq(row["inquiry_number"])]
        of = picked[wave]
        assert (of.arm, of.rank) == ((mine["arm"].iloc[0], mine["rank"].iloc[0]) if len(mine) else ("", None))
        assert turn.place is None or (turn.place <= turn.wave.capacity) == (turn.state != "left")
        assert turn.homes_held <= turn.homes
    return why


# -- asked by a person, through the door ------------------------------------------------------------


@pytest.fixture(scope="module")
def made(mini: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign whose handlers are registered, with an approved plan, and what later deliveries brought."""
    var = tmp_path_factory.mktemp("why") / "var"
    ws = opened(mini, var, PLANNED_ON)
    for handler in mini.handlers:
        register_handler(ws, handler)
    people = fill(ws, COUNT, stopped=(1, 2))
    planned(ws)
    later = on(ws, WAVES["mailing_1"])
    later.store_table("roster", "d02", people.assign(age_at_year_end="39"))
    later.store_table("analysis", "d02", analysis(people).assign(attended_1y_ago="1"))
    stop(later, "d02", list(people["inquiry_number"]))
    return var


@pytest.fixture
def ws(mini: CampaignConfig, made: Path, tmp_path: Path) -> Workspace:
    """A copy of that campaign, on the day of the first mailing."""
    shutil.copytree(made, tmp_path / "var")
    return Workspace.open(mini, tmp_path / "var", WAVES["mailing_1"])


def asking(ws: Workspace, role: Role = Role.WARD_OFFICER) -> Workspace:
    handler = next(h for h in ws.config.handlers if h.role is role)
    return ws.acting_as(Actor(handler.party, str(handler.user), role.value)).for_purpose(PURPOSE)


def test_it_is_told_from_the_records_of_the_plan_whatever_came_later(ws: Workspace) -> None:
    plan = ws.read_table(require_approved_plan(ws))
    for _, row in plan.groupby("outcome").head(1).head(3).iterrows():
        answer = ask_why(asking(ws), row["inquiry_number"])
        assert answer is not None
        assert answer.why.outcome.code == row["outcome"]
        assert (answer.plan, answer.state, answer.digest) == (
            "plan-2027-04-20",
            "approved",
            require_approved_plan(ws).digest,
        )


def test_only_who_answers_for_the_plan_may_ask(ws: Workspace) -> None:
    number = roster(COUNT)["inquiry_number"][4]
    assert {Role.WARD_OFFICER, Role.WARD_MANAGER, Role.CONTRACTOR_MANAGER} == ROLES
    for role in set(Role) - ROLES:
        with pytest.raises(KanshoError, match="READ-ROLE"):
            ask_why(asking(ws, role), number)
    assert ws.ledger.events("number_looked_up") == []


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_question_and_each_reading_are_recorded_as_the_persons_who_asks(ws: Workspace, role: Role) -> None:
    number, asks = roster(COUNT)["inquiry_number"][4], asking(ws, role)
    assert ask_why(asks, number) is not None
    assert ask_why(asks, roster(COUNT + 1)["inquiry_number"][COUNT]) is None
    asked = ws.ledger.events("number_looked_up")
    assert [(e.actor["user"], e.codes["known"], e.codes["about"]) for e in asked] == [
        (asks.actor.user, "yes", PURPOSE),
        (asks.actor.user, "no", PURPOSE),
    ]
    read = ws.ledger.events("snapshot_read")
    assert {(e.actor["user"], e.codes["purpose"]) for e in read} == {(asks.actor.user, PURPOSE)}
    assert {e.key.partition("@")[0] for e in read} >= {"plan/plan-2027-04-20", "roster/d01", "analysis/d01"}
    assert not [e for e in read if e.key.startswith(("randomisation_seed/", "roster/d02@"))]
    assert list(access_findings(ws.ledger.events())) == []
    assert number.replace("-", "") not in str([e.to_json() for e in ws.ledger.events()]).replace("-", "")


def test_a_plan_that_its_records_do_not_give_again_explains_nobody(ws: Workspace) -> None:
    ref = require_approved_plan(ws)
    spoilt = ws.read_table(ref)
    at = spoilt.index[spoilt["outcome"].eq("kenshin")][0]
    spoilt.loc[at, "outcome"] = "cancer"
    kept = ws.store_table("plan", "plan-x", spoilt)
    made = ws.ledger.find("plan_made", ref.key)
    assert made is not None
    ws.record("plan_made", "plan-x", counts=made.counts, codes=made.codes, refs={"plan": kept})
    with pytest.raises(KanshoError, match=r"PLAN-DIFFERS.*\d+ 人"):
        ask_why(asking(ws), spoilt["inquiry_number"].iloc[0], "plan-x")


@pytest.mark.parametrize(
    ("number", "plan", "code"),
    [("1234", None, "PLAN-NUMBER"), ("", None, "PLAN-NUMBER"), ("1000-0000-09", "plan-z", "PLAN-MISSING")],
)
def test_what_cannot_be_asked_is_refused_without_being_repeated(
    ws: Workspace, number: str, plan: str | None, code: str
) -> None:
    number = number or roster(1)["inquiry_number"][0][:-1]
    if plan:
        number = roster(1)["inquiry_number"][0]
    with pytest.raises(KanshoError, match=code) as refused:
        ask_why(asking(ws), number, plan)
    assert number not in refused.value.text


def test_a_plan_made_before_an_amendment_is_told_by_the_rules_of_its_time(ws: Workspace) -> None:
    targeting = ws.config.targeting.model_copy(update={"min_age": 60})
    amended = replace(ws, config=ws.config.model_copy(update={"targeting": targeting}))
    with pytest.raises(KanshoError, match="AMENDMENT-BASE|PLAN-BASIS"):
        ask_why(asking(amended), roster(COUNT)["inquiry_number"][4])


def test_the_words_hold_everything_and_name_nobody(ws: Workspace) -> None:
    people = roster(COUNT)
    plan = ws.read_table(require_approved_plan(ws)).set_index("inquiry_number")
    number = plan.index[plan["matched"].fillna("").str.contains("|", regex=False)][0]
    answer = ask_why(asking(ws), number)
    assert answer is not None
    text = as_text(sections(answer))
    for told in (
        "特定健診未受診（kenshin",
        "該当（この行で決定）",
        "該当（最初に合ったため決定）",
        "先のグループに決定済み",
        "選定前",
    ):
        assert told in text
    assert answer.digest in text
    assert [w.name for w in ws.config.waves.all() if w.name not in text] == []
    mine = people[people["inquiry_number"].eq(number)].iloc[0]
    assert not [v for v in mine[["inquiry_number", "name_kanji", "name_kana", "address", "birth_date"]] if v in text]


# -- the command -----------------------------------------------------------------------------------


def test_the_command_reads_the_number_from_its_input_and_prints_why(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["plan", "why", "--user", "takanashi", "--date", ws.today.isoformat(), "--config", str(MINI)]
    argv += ["--var", str(ws.layout.var)]
    number = roster(COUNT)["inquiry_number"][1]
    monkeypatch.setattr("kansho.campaign.config.load_config", lambda path: ws.config)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{number}\n"))
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert "勧奨停止（stopped" in out
    assert number not in out
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
    assert main(argv) == 1
    assert "PLAN-NUMBER" in capsys.readouterr().err
    for wrong in ([number], ["--number", number]):
        with pytest.raises(SystemExit):
            main([*argv, *wrong])
