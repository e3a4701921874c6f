"""Whoever a wave holds out stands in none of its lists: through the whole engine, in either design of the hold-outs.

From validated data to what 丙 finds in its letter box, with the real vault, ledger and sealed packages: cards and the
reminder's, each round of calls, the visit list, its halves and the sheets of every day; then each gate before a
release, which must refuse a list into which a held-out person was put.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from kansho.campaign.config import CampaignConfig
from kansho.contracts.registry import CALL_LIST, VISIT_HALF_A, VISIT_HALF_B
from kansho.errors import KanshoError
from kansho.exchange.tables import from_csv
from kansho.mailing import production, proofing
from kansho.outreach import calls, custody, visits
from kansho.targeting import waves
from kansho.targeting.plan import find_plan_work, make_plan, require_approved_plan
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.conftest import opened
from tests.unit.outreach_people import analysis, approve, fill, on, roster, stop
from tests.unit.test_mailing_stage import rendered_cards
from tests.unit.test_outreach_stage import received

PLANNED_ON = date(2027, 4, 20)
DESIGNS = ("independent", "nested")
#: The year's waves in the order of their dates, and the day on which each is selected.
WAVES = {
    "mailing_1": date(2027, 6, 9),
    "call_1": date(2027, 8, 16),
    "mailing_2": date(2027, 9, 8),
    "visit_1": date(2027, 10, 6),
}
REMINDER = {
    "id": "mailing_2", "select_on": WAVES["mailing_2"], "pull_on": date(2027, 9, 21), "report_on": date(2027, 9, 24),
    "returns_on": (date(2027, 10, 8),),
}  # fmt: skip
RETRY_ON = date(2027, 8, 23)


def designed(mini: CampaignConfig, design: str, share: float) -> CampaignConfig:
    """The campaign with a reminder, a design of the hold-outs, one share for every wave, and segments of any size."""
    (first,) = mini.waves.mailings
    year = {"mailings": (first, first.model_copy(update=REMINDER)), "calls": mini.waves.calls}
    # So few to a team that the sheets go out on several days.
    year["visits"] = tuple(w.model_copy(update={"teams": 1, "visits_per_team_day": 40}) for w in mini.waves.visits)
    shared = {k: tuple(w.model_copy(update={"holdout": share}) for w in waves) for k, waves in year.items()}
    return mini.model_copy(
        update={
            "waves": mini.waves.model_copy(update=shared),
            "targeting": mini.targeting.model_copy(update={"holdout_design": design, "min_segment_size": 1}),
        }
    )


def plan(ws: Workspace) -> None:
    made = make_plan(ws, find_plan_work(ws, {}) or {}) or {}
    approve(ws, ws.store_bytes("plan_document", made["key"], b"%PDF"), "plan", role="ward_officer")


def held_out(ws: Workspace, wave: str) -> set[str]:
    """Everybody whose household the wave, or in the nested design an earlier one, holds out; from the plan alone."""
    table = ws.read_table(require_approved_plan(ws))
    order = list(WAVES)
    nested = ws.config.targeting.holdout_design == "nested"
    columns = [f"holdout_{w}" for w in (order[: order.index(wave) + 1] if nested else [wave])]
    homes = table.loc[table[columns].any(axis=1), "household_id"]
    return set(table.loc[table["household_id"].isin(homes), "inquiry_number"])


def mailed(ws: Workspace) -> set[str]:
    """Who has a card."""
    work = production.prepare_cards(ws, waves.select_wave(ws, production.find_mailing_work(ws, {}) or {}) or {})
    return set() if work is None else set(ws.read_table(SnapshotRef.from_json(work["list"]))["inquiry_number"])


def called(ws: Workspace) -> set[str]:
    """Whom the call centre finds in its letter box, in the first round and when those not reached are tried again."""
    first = one_round(ws, 1)
    talked = {n: ("14" if place % 3 == 0 else "30") for place, n in enumerate(sorted(first))}
    said = {"wave": "call_1", "attempt": "1", "called_on": WAVES["call_1"].isoformat(), "answered_by": "none"}
    rows = [{"inquiry_number": n, "outcome": outcome, **said} for n, outcome in talked.items()]
    ws.store_table("call_results", "call_1-a1", pd.DataFrame(rows, dtype=object)) if rows else None
    again = one_round(on(ws, RETRY_ON), 2)
    assert again == {n for n, outcome in talked.items() if outcome == "30"}
    return first | again


def one_round(ws: Workspace, attempt: int) -> set[str]:
    work = {"wave": "call_1", "attempt": attempt}
    assert calls.find_call_work(ws, {}) == {"packages": [], **work}
    waves.select_wave(ws, work)
    listed = calls.build_call_list(ws, work)
    if listed is None:
        return set()
    checked = calls.check_call_release(ws, listed) or {}
    approve(ws, SnapshotRef.from_json(checked["artefact"]), "call_list", role="contractor_manager")
    calls.hand_over_call_list(ws, checked)
    package = received(ws, "call_centre", "call_list")[-1]
    return set(from_csv(package.files["call_list.csv"], CALL_LIST)["inquiry_number"])


def visited(ws: Workspace) -> set[str]:
    """Everybody of the list that the ward checks; behind each token of its halves and of the sheets is one of them."""
    listed = visits.build_visit_list(ws, waves.select_wave(ws, visits.find_visit_work(ws, {}) or {}) or {})
    if listed is None:
        return set()
    checked = visits.check_visit_release(ws, listed) or {}
    ref = SnapshotRef.from_json(checked["artefact"])
    approve(ws, ref, "visit_list", role="ward_officer")
    visits.release_visit_list(ws, checked)
    frame = ws.read_table(ref)
    goes = set(frame.loc[frame["status"].eq("listed"), "token"])
    for half in ("visit_half_a", "visit_half_b"):
        assert set(ws.read_table(ws.latest(half))["token"]) == goes
    sheets = [sheets_of(on(ws, day)) for day in ws.config.wave("visit_1").days]
    assert sum(map(len, sheets)) == len(goes) == len(set().union(*sheets))
    assert set().union(*sheets) == goes
    return set(frame["inquiry_number"])


def sheets_of(ws: Workspace) -> set[str]:
    """The tokens on the sheets that the visitors find in the morning, on both halves; all came back the day before."""
    for out in ws.ledger.events("sheets_out"):
        ws.record("sheets_in", out.key, counts={"returned": out.counts["sheets"], "short": 0})
    if custody.issue_sheets(ws, visits.find_visit_day_work(ws, {}) or {}) is None:
        return set()
    package = received(ws, "visitors", "visit_halves")[-1]
    one = from_csv(package.files["half_a.csv"], VISIT_HALF_A)["token"]
    other = from_csv(package.files["half_b.csv"], VISIT_HALF_B)["token"]
    assert set(one) == set(other)
    return set(one)


LISTS: dict[str, Callable[[Workspace], set[str]]] = {
    "mailing_1": mailed,
    "call_1": called,
    "mailing_2": mailed,
    "visit_1": visited,
}


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[pd.DataFrame, int]:
    """A roster in which households are large and small, and how many of it were in the first delivery."""
    # Even the plainest example is a varied one: what is drawn is where everything else begins.
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311
    people = roster(draw(st.integers(20, 40)))
    homes = [chance.randrange(len(people) // 2) for _ in range(len(people))]
    people["address"] = [f"墨田区見本{n % 2 + 1}丁目{n // 2 % 3 + 1}番1号" for n in homes]
    people["address_extra"] = [f"見本荘{101 + n}号室" if n % 3 else None for n in homes]
    silent = chance.sample(range(len(people)), 5)
    people["phone"] = people["phone"].mask(people.index.isin(silent), None)
    return people, draw(st.integers(len(people) // 2, len(people)))


@pytest.fixture(scope="module", autouse=True)
def _no_custody_paper() -> Iterator[None]:
    """The paper that goes with the sheets holds counts alone; it is drawn elsewhere."""

    def undrawn(ws: Workspace, wave: str, day: str, key: str, *_: object) -> SnapshotRef:
        return ws.store_bytes("visit_sheets", key, b"%PDF")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(custody, "_custody_sheet", undrawn)
        yield


@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(
    design=st.sampled_from(DESIGNS[::-1]),
    delivery=deliveries(),
    drawn=st.binary(min_size=32, max_size=32),
    share=st.floats(0.2, 0.6),
)
def test_nobody_held_out_is_in_a_list(
    mini: CampaignConfig, design: str, delivery: tuple[pd.DataFrame, int], drawn: bytes, share: float
) -> None:
    people, first = delivery
    with tempfile.TemporaryDirectory() as folder:
        ws = opened(designed(mini, design, share), Path(folder) / "var", PLANNED_ON)
        fill(ws, people=people[:first], drawn=drawn, stopped=(1,))
        plan(ws)
        if first < len(people):
            ws.store_table("roster", "d02", people)
            ws.store_table("analysis", "d02", analysis(people))
            plan(ws)
        listed_at_all = 0
        for wave, day in WAVES.items():
            ws = on(ws, day)
            stop(ws, f"stops-{wave}", [])
            listed = LISTS[wave](ws)
            assert listed.isdisjoint(held_out(ws, wave)), wave
            assert listed <= set(people["inquiry_number"])
            listed_at_all += len(listed)
        event(f"listed: {listed_at_all > 0}")


@pytest.fixture(scope="module", params=DESIGNS)
def made(request: pytest.FixtureRequest, mini: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A campaign with an approved plan that holds every third household out of each wave."""
    ws = opened(designed(mini, request.param, 0.3), tmp_path_factory.mktemp("held") / "var", PLANNED_ON)
    fill(ws, 90)
    plan(ws)
    return ws


@pytest.fixture
def year(made: Workspace, tmp_path: Path) -> Workspace:
    """A copy of that campaign."""
    shutil.copytree(made.layout.var, tmp_path / "var")
    return Workspace.open(made.config, tmp_path / "var", PLANNED_ON)


def smuggled(ws: Workspace, wave: str) -> list[str]:
    """Two people to put into a list: held out of this wave, and, in the nested design, of the first."""
    table = ws.read_table(require_approved_plan(ws))
    able = table[table["group"].eq("kenshin") & table[f"holdout_{wave}"]]
    earlier = able[f"holdout_{next(iter(WAVES))}"]
    return [able.loc[earlier, "inquiry_number"].iloc[0], able.loc[~earlier, "inquiry_number"].iloc[0]]


def on_the_day(ws: Workspace, wave: str) -> Workspace:
    ws = on(ws, WAVES[wave])
    stop(ws, f"stops-{wave}", [])
    return ws


def select_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A selection that forgot the hold-outs."""
    real = waves.candidates

    def forgetful(*args: Any) -> pd.DataFrame:
        return real(*args).assign(arm=waves.OUTREACH, held_before=False)

    monkeypatch.setattr(waves, "candidates", forgetful)


def test_the_gate_of_the_print_run_refuses_the_held_out(year: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = on_the_day(year, "mailing_1")
    select_everybody(monkeypatch)
    cards = production.prepare_cards(ws, waves.select_wave(ws, {"wave": "mailing_1"}) or {}) or {}
    proof = proofing.make_proof(ws, cards)
    approve(ws, SnapshotRef.from_json(proof["artefact"]), "proof", role="ward_officer")
    rendered = rendered_cards(ws, proof)
    printable = ws.read_table(SnapshotRef.from_json(cards["list"])).query("printable")["inquiry_number"]
    wrong = len(set(printable) & held_out(ws, "mailing_1"))
    assert wrong > 0
    with pytest.raises(KanshoError, match=rf"GATE-PRINT-RELEASE.*（held_out:{wrong}）"):
        production.check_print_run(ws, rendered)
    assert received(ws, "printer", "print_package") == []


@pytest.mark.parametrize("wave", ["call_1", "visit_1"])
def test_a_selection_that_forgot_the_hold_outs_still_lists_nobody_of_them(
    year: Workspace, monkeypatch: pytest.MonkeyPatch, wave: str
) -> None:
    ws = on_the_day(year, wave)
    select_everybody(monkeypatch)
    assigned = ws.read_table(SnapshotRef.from_json((waves.select_wave(ws, {"wave": wave}) or {})["assignment"]))
    assert not held_out(ws, wave).isdisjoint(assigned.loc[assigned["arm"].eq("outreach"), "inquiry_number"])
    if wave == "call_1":
        assert held_out(ws, wave).isdisjoint(called(ws))
        return
    listed = visits.build_visit_list(ws, {"wave": wave}) or {}
    frame = ws.read_table(SnapshotRef.from_json(listed["list"]))
    assert held_out(ws, wave).isdisjoint(frame.loc[frame["status"].eq("listed"), "inquiry_number"])
    assert visits.check_visit_release(ws, listed) is not None


def test_the_gate_of_the_call_list_refuses_the_held_out(year: Workspace) -> None:
    ws = on_the_day(year, "call_1")
    work = {"wave": "call_1", "attempt": 1}
    waves.select_wave(ws, work)
    listed = calls.build_call_list(ws, work) or {}
    frame = ws.read_table(SnapshotRef.from_json(listed["list"]))
    for which, number in enumerate(smuggled(ws, "call_1")):
        ref = ws.store_table(
            "call_list",
            f"call_1-a1x{which}",
            frame.assign(inquiry_number=frame["inquiry_number"].mask(frame.index == 0, number)),
        )
        with pytest.raises(KanshoError, match="GATE-CALL-RELEASE.*held_out"):
            calls.check_call_release(ws, {**listed, "list": ref.to_json()})
    assert calls.check_call_release(ws, listed) is not None


def test_the_gate_of_the_visit_list_refuses_the_held_out(year: Workspace) -> None:
    ws = on_the_day(year, "visit_1")
    listed = visits.build_visit_list(ws, waves.select_wave(ws, {"wave": "visit_1"}) or {}) or {}
    frame = ws.read_table(SnapshotRef.from_json(listed["list"]))
    first = frame.index[frame["status"].eq("listed")][0]
    for which, number in enumerate(smuggled(ws, "visit_1")):
        ref = ws.store_table(
            "visit_list",
            f"visit_1x{which}",
            frame.assign(inquiry_number=frame["inquiry_number"].mask(frame.index == first, number)),
        )
        with pytest.raises(KanshoError, match="GATE-VISIT-RELEASE.*（held_out）"):
            visits.check_visit_release(ws, {**listed, "list": ref.to_json()})
    assert visits.check_visit_release(ws, listed) is not None
