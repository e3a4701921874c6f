"""The replay without an Airflow: what it counts, shows, remembers, and says in the end."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from kansho.campaign.calendar import occasions
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.events import Actor, Draft
from kansho.evidence.ledger import Ledger
from kansho.vault.store import LocalStore
from kansho_airflow.replay import __main__ as command
from kansho_airflow.replay import up
from kansho_airflow.replay import year as whole_year
from kansho_airflow.replay.clocks import StageClock, clocks_of
from kansho_airflow.replay.driver import Hands, Year, left_open
from kansho_airflow.replay.memory import MemoryWatch, children_mb
from kansho_airflow.replay.parameters import Parameters, Progress, read, resumable, write
from kansho_airflow.replay.progress import LiveDisplay, PlainDisplay
from kansho_airflow.replay.site import Site
from kansho_airflow.replay.staff import Staff
from kansho_airflow.replay.waiting import ASKS, what_waits
from kansho_airflow.replay.year import Interrupted
from kansho_airflow.services import Airflow
from tests.conftest import MINI

DAY = date(2027, 4, 20)


def _run(stage: str, run_id: str, state: str, seconds: float = 2.0) -> dict[str, Any]:
    ended = f"2027-01-01T00:00:{seconds:06.3f}Z" if state in ("success", "failed") else None
    return {
        "dag_id": f"sumida_2027__{stage}",
        "dag_run_id": run_id,
        "state": state,
        "start_date": "2027-01-01T00:00:00Z",
        "end_date": ended,
    }


class _Engine:
    """An Airflow whose runs are given; a triggered run ends at once and wakes what it wakes."""

    def __init__(self, *runs: dict[str, Any], wakes: dict[str, dict[str, Any]] | None = None) -> None:
        self.known = list(runs)
        self.wakes = wakes or {}
        self.waiting: list[dict[str, Any]] = []
        #: So many looks after it was triggered a run is not yet committed.
        self.late = 0

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        stage = dag_id.partition("__")[2]
        self.known.append(_run(stage, run_id, "success", 3.0))
        if stage in self.wakes:
            self.known.append(self.wakes.pop(stage))

    def runs(self, prefix: str) -> list[dict[str, Any]]:
        if self.known and self.late:
            self.late -= 1
            return []
        return [r for r in self.known if r["dag_id"].startswith(prefix)]

    def pending_asset_events(self) -> int:
        return 0

    def open_approvals(self) -> list[dict[str, Any]]:
        return self.waiting

    def failures(self, dag_id: str, run_id: str) -> list[str]:
        return ["check_raw GATE-STOP"]


class _World:
    def advance(self, day: date) -> None: ...

    def remind(self, day: date) -> None: ...


class _Told(PlainDisplay):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(" ".join(text.split()))


def _year(config: CampaignConfig, engine: _Engine, tmp_path: Path, told: _Told, **more: Any) -> Year:
    ledger = Ledger(config.id, LocalStore(tmp_path / "ledger"))
    hands = Hands(lambda on: 0, list, lambda cause, on: False, lambda on: None, lambda on: None)

    class Nobody(Staff):
        def answer_waiting(self, waiting: list[dict[str, Any]]) -> int:
            assert waiting == []
            return 0

    staff = Nobody(config, ledger, None, None)  # type: ignore[arg-type]
    return Year(config, ledger, engine, engine, _World(), staff, hands, told, {}, **more)


def test_a_run_that_airflow_has_taken_and_not_yet_committed_is_waited_for(mini: CampaignConfig, tmp_path: Path) -> None:
    engine, told = _Engine(), _Told()
    engine.late = 3
    first = occasions(mini)[0]
    _year(mini, engine, tmp_path, told).play(lambda occasion: occasion != first)
    assert [r["dag_id"] for r in engine.known] == [f"{mini.id}__{first.stage}"]
    assert [line for line in told.lines if "success" in line]


def test_stages_are_counted_from_the_runs_that_airflow_knows() -> None:
    runs = [
        _run("extract_intake", "replay__1", "failed", 4.5),
        _run("validation", "asset__1", "success", 1.25),
        _run("extract_intake", "replay__2", "success", 2.0),
        _run("oversight", "replay__1", "running"),
        _run("call_wave", "replay__1", "failed", 1.0),
    ]
    assert clocks_of(runs, "sumida_2027") == {
        "extract_intake": StageClock(2, 1, 6.5, "success"),
        "validation": StageClock(1, 0, 1.25, "success"),
        "call_wave": StageClock(1, 1, 1.0, "failed"),
    }


def test_a_resumed_year_counts_and_tells_what_it_knows_once(mini: CampaignConfig, tmp_path: Path) -> None:
    first = Year.occasions.fget(_year(mini, _Engine(), tmp_path, _Told()))[0]  # type: ignore[attr-defined]
    known = _run(first.stage, f"replay__{first.on}T{first.at:%H}__1", "success", 7.0)
    woken = _run("validation", "asset__1", "success", 1.5)
    engine, told = _Engine(known, wakes={"extract_intake": woken}), _Told()
    year = _year(mini, engine, tmp_path, told)
    year.play(lambda occasion: occasion.on > DAY)
    assert year.clocks[first.stage] == StageClock(1, 0, 7.0, "success")
    assert year.clocks["validation"] == StageClock(1, 0, 1.5, "success")
    assert not [line for line in told.lines if first.stage in line]
    assert f"{DAY} validation success 1.5s" in told.lines


def test_a_red_run_that_an_asset_woke_stops_the_year_however_often_it_is_resumed(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    engine, told = _Engine(wakes={"extract_intake": _run("validation", "asset__1", "failed")}), _Told()
    for _ in range(2):
        with pytest.raises(KanshoError, match="REPLAY-RED"):
            _year(mini, engine, tmp_path, told).play()
    assert f"{DAY} validation failed 2.0s check_raw GATE-STOP" in told.lines


def test_what_is_left_for_a_person_is_neither_answered_nor_waited_for(mini: CampaignConfig, tmp_path: Path) -> None:
    left = ("sumida_2027__call_wave", "replay__2027-08-23T09__1")
    engine, told = _Engine(_run("call_wave", left[1], "running")), _Told()
    engine.waiting = [{"task_instance": {"dag_id": left[0], "dag_run_id": left[1], "task_id": "ask_call_list"}}]
    _year(mini, engine, tmp_path, told, left=[left]).play(lambda occasion: occasion.on > DAY)
    assert any("extract_intake success" in line for line in told.lines)
    assert not any("call_wave" in line for line in told.lines)


def test_an_incident_that_only_the_log_shows_makes_a_day_of_oversight_and_one_of_today_is_not_started_twice(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    engine, told = _Engine(), _Told()
    year = _year(mini, engine, tmp_path, told)
    ledger = Ledger(mini.id, LocalStore(tmp_path / "ledger"))
    task = Actor("contractor", "system", "system")
    codes = {"code": "INTAKE-MYNUMBER", "delivery": "d01"}
    ledger.append(Draft("campaign_opened", mini.id, DAY, task, {}, {"simulation": "true"}))
    ledger.append(Draft("delivery_refused", "d01", DAY, task, {}, codes))
    year.play(lambda occasion: occasion.on > DAY)
    assert f"replay__{DAY}T19__1" in {r["dag_run_id"] for r in engine.known if r["dag_id"].endswith("__oversight")}
    assert not [r for r in engine.known if r["dag_id"].endswith("__incident")]
    ledger.append(Draft("incident_opened", "delivery-d01", DAY, task, {}, {"kind": "my_number_received"}))
    assert not left_open(ledger.events(), DAY)  # whoever opened it has woken the stage
    assert left_open(ledger.events(), DAY + timedelta(days=1))
    ledger.append(Draft("incident_closed", "delivery-d01", DAY, task, {}, {}))
    assert not left_open(ledger.events(), DAY + timedelta(days=1))


def test_a_request_that_nobody_is_asked_is_told(mini: CampaignConfig, tmp_path: Path) -> None:
    year = _year(mini, _Engine(), tmp_path, _Told())
    with pytest.raises(KanshoError, match="REPLAY-NOT-ASKED"):
        year.leave_waiting(year.occasions[0])


def test_a_terminal_gets_a_table_of_all_stages_with_their_states() -> None:
    shown = io.StringIO()
    live = LiveDisplay(Console(file=shown, force_terminal=True, width=100))
    live.known({"validation": StageClock(3, 1, 9.0, "success")})
    live.began(DAY, "extract_intake")
    live.ended(DAY, "extract_intake", "failed", 4.25, "settle_intake INTAKE-REFUSED")
    live.close()
    live.close()
    last = shown.getvalue().split("\x1b[?25h")[0].rpartition("kansho")[2]
    assert [line.split()[1:-1] for line in last.splitlines() if "extract_intake" in line] == [
        ["extract_intake", "│", "1", "│", "2027-04-20", "│", "failed", "│", "4.2"]
    ]
    assert "INTAKE-REFUSED" in shown.getvalue()
    assert shown.getvalue().rstrip().endswith("\x1b[?25h")  # the cursor is back


def _on_a_terminal(arguments: list[str]) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    line = [sys.executable, "-m", "kansho_airflow.replay", *arguments]
    process = subprocess.Popen(line, stdout=theirs, stderr=theirs, stdin=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # the terminal ends with its last process
        while chunk := os.read(ours, 4096):
            said += chunk
    os.close(ours)
    return process.wait(), said.decode()


def test_a_campaign_file_that_is_invalid_is_told_and_leaves_the_terminal_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.yaml").write_text("ward: 1\n", encoding="utf-8")
    arguments = ["--config", str(tmp_path / "bad.yaml"), "--var", str(tmp_path / "var")]
    code, said = _on_a_terminal(arguments)
    assert (code, "CONFIG-" in said, "Traceback" in said) == (1, True, False)
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h") == 1  # live there, and the cursor is back
    assert command.main(arguments) == 1
    plain = capsys.readouterr()
    assert "CONFIG-" in plain.err
    assert "\x1b" not in plain.out + plain.err


@pytest.mark.parametrize("people", ["abc", "0", "-5", "12.5", "", "５００"])
@pytest.mark.parametrize("program", [command.main, up.main])
def test_people_that_are_no_number_are_told(program: Any, people: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program(["--config", str(MINI), f"--people={people}"])
    assert ended.value.code == 2
    assert "PEOPLE is a number from 1, or full" in capsys.readouterr().err


def _summary(tmp_path: Path, *, ok: bool = True, hits: int = 0) -> dict[str, Any]:
    return {
        "campaign": "sumida_2027",
        "people": 300,
        "seconds": 61.0,
        "peak_rss_mb": 400,
        "effect": [{"wave": "mailing_1", "estimate_pp": 4.5, "low_pp": -1.0, "high_pp": 9.0, "true_pp": None}],
        "reconciliations": [{"name": "printed = posted [m1]", "left": 3, "right": 4, "ok": ok}],
        "erasure": {"residue_hits": hits},
        "evidence": {"bundle": str(tmp_path / "e.zip"), "checkpoint": str(tmp_path / "checkpoint.txt")},
        "documents": [str(tmp_path / "plan-1.pdf")],
    }


@pytest.mark.parametrize(("ok", "hits", "code"), [(True, 0, 0), (False, 0, 1), (True, 2, 1)])
def test_the_end_names_every_paper_and_the_exit_code_whether_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ok: bool, hits: int, code: int
) -> None:
    monkeypatch.setattr(command, "run", lambda *_: _summary(tmp_path, ok=ok, hits=hits))
    assert command.main(["--config", str(MINI), "--var", str(tmp_path)]) == code
    said = capsys.readouterr().out
    for name in ("e.zip", "checkpoint.txt", "plan-1.pdf", "kansho/outputs/summary.json"):
        assert f"{tmp_path}/{name}" in said
    assert "+4.50" in said
    assert ("printed = posted [m1]: 3 != 4" in said) != ok


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [(Interrupted(), 130, "goes on from here"), (KanshoError("REPLAY-STUCK", "nothing moves"), 1, "REPLAY-STUCK")],
)
def test_a_year_that_ends_early_says_so_after_the_display_is_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    closed = []

    class Display(PlainDisplay):
        def close(self) -> None:
            closed.append(True)

    def ends(*_: object) -> None:
        raise error

    monkeypatch.setattr(command, "display", Display)
    monkeypatch.setattr(command, "run", ends)
    assert command.main(["--config", str(MINI)]) == code
    assert closed == [True]
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_what_was_started_once_and_keeps_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    stopped = []

    def start(airflow: Airflow, **_: object) -> None:
        os.kill(os.getpid(), number)

    def stop(airflow: Airflow, **_: object) -> None:
        os.kill(os.getpid(), number)  # an impatient person: what is being stopped is stopped to its end
        stopped.append(True)

    monkeypatch.setattr(Airflow, "start", start)
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    with monkeypatch.context() as running:
        running.setattr(Site, "clear", lambda site: None)
        running.setattr(Airflow, "stop", stop)
        try:
            assert command.main(["--config", str(MINI), "--var", str(tmp_path)]) == 130
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
    assert stopped == [True]
    assert "goes on from here" in capsys.readouterr().err
    found = read(tmp_path / "kansho" / "replay.json")
    assert found is not None
    assert resumable(found, found.parameters) is not None


class _AtItsEnd:
    """A year in phase ``finalise`` whose parts are stand-ins; what was called, and what was cleared."""

    def __init__(self, config: CampaignConfig, var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.var, self.called = var, []
        self.state = var / "kansho" / "replay.json"
        wanted = Parameters(str(MINI), config.digest, "300", 7)
        write(self.state, Progress(wanted, "finalise", 100.0, 50, {"oversight": vars(StageClock(2, 1, 3.0, "failed"))}))
        (var / "outside-world").mkdir()
        (var / "outside-world" / "truth.json").write_text("{}")
        monkeypatch.setattr(Site, "clear", lambda site: self.called.append("clear"))
        monkeypatch.setattr(whole_year, "finalise", lambda *_, **__: self.called.append("finalise"))
        monkeypatch.setattr(whole_year, "_stop_on_signals", lambda: None)

    def go_on(self) -> dict[str, Any]:
        return whole_year.run(MINI, self.var, "300", 7, PlainDisplay())


def test_a_year_that_died_before_its_summary_goes_on_with_it(
    mini_as_filed: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = _AtItsEnd(mini_as_filed, tmp_path, monkeypatch)
    with monkeypatch.context() as dies:

        def die(*_: object, **__: object) -> None:
            raise MemoryError

        dies.setattr(whole_year, "write_summary", die)
        with pytest.raises(MemoryError):
            year.go_on()
    found = read(year.state)
    assert found is not None
    assert found.phase == "summary"
    assert resumable(found, found.parameters) is not None
    summary = year.go_on()
    assert year.called == ["finalise"]  # not again, and nothing was cleared
    assert json.loads((tmp_path / "kansho" / "outputs" / "summary.json").read_text()) == summary
    assert summary["stages"] == [
        {
            "stage": "oversight",
            "dag_id": "sumida_2027__oversight",
            "runs": 2,
            "failed": 1,
            "state": "failed",
            "seconds": 3.0,
        }
    ]
    assert summary["seconds"] >= 100
    done = read(year.state)
    assert done is not None
    assert resumable(done, done.parameters) is None


def test_the_peak_counts_children_while_they_run_and_after() -> None:
    own = int(MemoryWatch(dict).peak_mb)
    size = (own + 150) * 10**6
    line = [sys.executable, "-c", f"x = b'1' * {size}; print(1, flush=True); input()"]
    child = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    assert children_mb()[child.pid] > own + 100
    child.communicate(b"\n")
    assert MemoryWatch(dict).peak_mb > own + 100


def test_what_waits_is_of_two_roles_near_each_other_and_a_locked_delivery(sample: CampaignConfig) -> None:
    found = what_waits(sample)
    assert [(str(o.on), ASKS[o.stage]) for o in found.asked] == [
        ("2026-12-07", Role.WARD_OFFICER),
        ("2026-12-16", Role.CONTRACTOR_MANAGER),
    ]
    assert found.locked == "d09"


def test_no_delivery_stays_locked_whose_stop_list_is_needed(sample: CampaignConfig, mini: CampaignConfig) -> None:
    strict = sample.model_copy(update={"stop_list": sample.stop_list.model_copy(update={"max_age_days": 41})})
    assert what_waits(strict).locked == ""
    assert what_waits(mini).locked == ""
    assert replace(what_waits(strict), locked="d09") == what_waits(sample)
