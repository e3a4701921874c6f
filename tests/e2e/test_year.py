"""A whole small year on a real scheduler, killed on the way, to the signed certificate.

One year serves every test of this file.  Running tasks of it are SIGKILLed, then, while somebody is asked to approve,
the scheduler with all of Airflow in mid-year, and the command is asked to end (SIGTERM).  Resumed, it is SIGKILLed
itself while it closes the year, and resumed again.  While nothing runs, every byte under our folders is searched for
residents.  Its final counts are compared with those of the same year played without Airflow and killed elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.calendar import occasions
from kansho.campaign.config import CampaignConfig
from kansho.closing.needles import needles_of, secret_forms
from kansho.closing.residue import ScanResult, scan
from kansho.evidence.account import counts
from kansho.evidence.events import Event
from kansho.evidence.ledger import Ledger
from kansho.simulation.world import World
from kansho.vault.store import LocalStore
from kansho.workspace import Workspace
from kansho_airflow.replay.parameters import read
from kansho_airflow.services import Airflow
from tests.conftest import MINI, REPOSITORY
from tests.played import PEOPLE, SEED, Played, printed_files

#: Events in the ledger at which a running task is killed; then one of the jobs that print side by side.
TASK_KILL_AT, JOB = 90, "print_job"
#: So many events later, the cards checked, the year is interrupted at the next question.
INTERRUPT_AFTER = 20
#: So many events after that its answer is looked for.
ANSWERED_AFTER = 140
LIMIT = 1500


#: Before what each of the three processes says.
STARTED = "\n== started ==\n"


@dataclass
class PlayedYear:
    """A year that was killed, interrupted, and played to its end."""

    config: CampaignConfig
    var: Path
    log: str
    exit_codes: list[int]
    scans: list[ScanResult]
    killed: list[tuple[Any, ...]]
    printed: dict[str, str]
    #: The approval that was asked for when all died: how it stood before that and after the year had gone on.
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    ports: set[str] = field(default_factory=set)

    @property
    def outputs(self) -> Path:
        return self.var / "kansho" / "outputs"

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.outputs / "summary.json").read_text(encoding="utf-8"))

    @property
    def events(self) -> list[Event]:
        return Ledger(self.config.id, LocalStore(self.var / "kansho" / "ledger" / self.config.id)).events()

    def world(self) -> World:
        known = (self.var / "outside-world" / "taken.txt").read_text(encoding="utf-8").splitlines()
        return World.open(self.config, self.var / "outside-world", PEOPLE, SEED, taken=known)

    def search(self) -> ScanResult:
        passwords = (self.var / "outside-world" / "ward" / "passwords").glob("*.txt")
        secrets = {form for path in passwords for form in secret_forms(path.read_text().strip())}
        return scan([self.var / "kansho", self.var / "airflow"], sorted({*needles_of(self.world().people), *secrets}))


def _start(var: Path, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kansho_airflow.replay", "--config", str(MINI), "--var", str(var)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "KANSHO"))}
    with log.open("ab") as output:
        output.write(STARTED.encode())
        output.flush()
        return subprocess.Popen(
            [*command, "--people", str(PEOPLE), "--seed", str(SEED)],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=REPOSITORY,
            env=environment,
        )


def _wait(process: subprocess.Popen[bytes], events: Path, at: int | None) -> None:
    """Until the ledger has so many events, or the process has ended."""
    deadline = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        if at is not None and events.is_dir() and len(os.listdir(events)) >= at:
            return
        time.sleep(0.2)
    if process.poll() is None:
        process.kill()


def _kill_a_task(var: Path, task: str = "%", within: float = 120) -> tuple[Any, ...]:
    """SIGKILL the process of a task that runs and may be tried again; its name (DAG, run, task, index)."""
    running = "from task_instance where state = 'running' and max_tries > 0 and task_id like ?"
    query = f"select dag_id, run_id, task_id, map_index {running} and replace(id, '-', '') = ?"
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        time.sleep(0.03)
        if not _asked_of_database(var, f"select 1 {running}", task):
            continue  # to read the titles of all processes costs a hundred times as much
        for process in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
            with contextlib.suppress(OSError, sqlite3.Error):  # it has ended, or the database is busy
                title = Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ").strip()
                found = re.fullmatch(r"airflow worker -- ([0-9a-f-]{36})", title)
                if found is None or os.getsid(process) != Airflow.at(var).sessions.leader("scheduler"):
                    continue
                name = _asked_of_database(var, query, task, found.group(1).replace("-", ""))
                if name:
                    os.kill(process, signal.SIGKILL)
                    return name[0]
    raise AssertionError("no task ran")


def _asked_of_database(var: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{var / 'airflow' / 'airflow.db'}?mode=ro", uri=True)) as database:
        return database.execute(query, values).fetchall()


def _was_tried_again(var: Path, task: tuple[Any, ...]) -> bool:
    found = _asked_of_database(
        var,
        "select state, try_number from task_instance where dag_id = ? and run_id = ? and task_id = ? and map_index = ?",
        *task,
    )
    return [(state, number > 1) for state, number in found] == [("success", True)]


def _until_asked(var: Path, driver: subprocess.Popen[bytes]) -> tuple[Any, ...]:
    """The next question that nobody has answered (DAG, run, task): who would answer it is held still from before it."""
    deadline = time.monotonic() + 300
    coming = (
        "select 1 from task_instance where state in ('queued', 'running') and task_id like 'request\\_%' escape '\\'"
    )
    waiting = "select dag_id, run_id, task_id from task_instance where state = 'awaiting_input'"
    held = False
    while time.monotonic() < deadline:
        time.sleep(0.03)
        if not held and _asked_of_database(var, coming):
            driver.send_signal(signal.SIGSTOP)
            held = True
        if held and (found := _asked_of_database(var, waiting)):
            return found[0]
    raise AssertionError("nobody was asked")


def _until_closing(var: Path, driver: subprocess.Popen[bytes]) -> None:
    """Airflow has ended, and the year is being closed: purged, searched, certified."""
    deadline = time.monotonic() + LIMIT
    while driver.poll() is None and time.monotonic() < deadline:
        progress = read(var / "kansho" / "replay.json")
        if progress is not None and progress.phase == "finalise":
            return
        time.sleep(0.2)
    raise AssertionError(f"the year was not closed: exit {driver.poll()}")


def _stands(var: Path, question: tuple[Any, ...]) -> tuple[Any, ...]:
    """State and number of the try of a task."""
    query = "select state, try_number from task_instance where dag_id = ? and run_id = ? and task_id = ?"
    (found,) = _asked_of_database(var, query, *question)
    return found


def _port(var: Path) -> str:
    return (var / "airflow" / "run" / "port").read_text()


@pytest.fixture(scope="module")
def year(mini_as_filed: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedYear]:
    root = tmp_path_factory.mktemp("year")
    var, log = root / "var", root / "replay.log"
    events = var / "kansho" / "ledger" / mini_as_filed.id / "events"
    played = PlayedYear(mini_as_filed, var, "", [], [], [], {})
    try:
        first = _start(var, log)
        _wait(first, events, TASK_KILL_AT)
        played.killed.append(_kill_a_task(var))
        played.killed.append(_kill_a_task(var, JOB, within=LIMIT))
        _wait(first, events, len(os.listdir(events)) + INTERRUPT_AFTER)
        # Before the next question the cards may be gone with their retention.
        played.printed = printed_files(Workspace.open(mini_as_filed, var, mini_as_filed.waves.mailings[0].pull_on))
        question = _until_asked(var, first)
        Airflow.at(var).kill()
        first.send_signal(signal.SIGTERM)
        first.send_signal(signal.SIGCONT)
        played.exit_codes.append(first.wait(timeout=120))
        played.asked.append(_stands(var, question))
        played.ports.add(_port(var))
        played.killed = [task for task in played.killed if _was_tried_again(var, task)]
        played.scans.append(played.search())

        second = _start(var, log)
        _wait(second, events, len(os.listdir(events)) + ANSWERED_AFTER)
        played.asked.append(_stands(var, question))
        played.ports.add(_port(var))
        _until_closing(var, second)
        second.kill()
        played.exit_codes.append(second.wait())
        played.scans.append(played.search())

        third = _start(var, log)
        _wait(third, events, None)
        played.exit_codes.append(third.wait())
        played.log = log.read_text(encoding="utf-8", errors="replace")
        yield played
    finally:
        if (var / "airflow").is_dir():
            Airflow.at(var).kill()
        shutil.rmtree(root, ignore_errors=True)


pytestmark = pytest.mark.timeout(LIMIT + 300)


def test_the_year_ends_well_after_a_kill_and_an_interruption(year: PlayedYear) -> None:
    *_, second, third = year.log.split(STARTED)
    assert year.exit_codes == [130, -signal.SIGKILL, 0], f"{second[-4000:]}\n\n{third[-2000:]}"


def test_every_reconciliation_holds_and_nothing_is_left(year: PlayedYear) -> None:
    summary = year.summary
    assert [r for r in summary["reconciliations"] if not r["ok"]] == []
    assert len(summary["reconciliations"]) > 30
    assert summary["erasure"]["residue_hits"] == 0


def test_the_summary_says_everything_it_should(year: PlayedYear) -> None:
    wanted = {
        *("campaign", "people", "stages", "counts", "reconciliations", "effect", "incidents", "approvals"),
        *("documents", "evidence", "erasure", "seconds", "peak_rss_mb"),
    }
    assert set(year.summary) >= wanted
    assert all(Path(path).is_file() for path in year.summary["documents"])
    assert {e["wave"] for e in year.summary["effect"]} == {w.id for w in year.config.waves.all()}
    assert all(e["true_pp"] is not None for e in year.summary["effect"])


def test_tasks_that_were_killed_were_tried_again(year: PlayedYear) -> None:
    _, (*_, job, number) = year.killed
    assert (job, number >= 0) == (JOB, True)


def test_what_was_asked_when_all_died_was_answered_by_its_own_run_at_the_same_address(year: PlayedYear) -> None:
    (before, number), after = year.asked
    assert (before, after) == ("awaiting_input", ("success", number))
    assert len(year.ports) == 1


def test_every_run_is_counted_once_however_often_the_year_was_resumed(year: PlayedYear) -> None:
    """Whatever was red before, an occasion of the calendar ends in one good run; a delivery wakes at most one each."""
    stages = {stage["stage"]: stage for stage in year.summary["stages"]}
    good = {name: stage["runs"] - stage["failed"] for name, stage in stages.items()}
    wanted = Counter(o.stage for o in occasions(year.config) if o.stage != "extract_intake")
    assert {name: good[name] for name in wanted} == wanted
    accepted = sum(e.type == "delivery_accepted" for e in year.events)
    # Wake-ups coalesce: two deliveries may share a run, none has two.
    woken = {name: good[name] for name in ("validation", "segmentation", "attendance_refresh")}
    assert {name: n for name, n in woken.items() if not accepted // 2 < n <= accepted} == {}
    assert stages["mailing_production"]["failed"] == 1
    assert [name for name, stage in stages.items() if stage["seconds"] <= 0] == []
    assert {stage["state"] for stage in stages.values()} <= {"success", "nothing to do"}
    told = re.findall(r"^\[ *[\d.]+s\] \d{4}-\d\d-\d\d  (\w+) +(?:success|failed) ", year.log, re.MULTILINE)
    assert set(told) == set(stages)


def test_counts_and_printed_bytes_are_those_of_the_same_year_without_airflow_killed_elsewhere(
    year: PlayedYear, played: Played
) -> None:
    assert played.year.world.people.equals(year.world().people)
    assert counts(year.events) == counts(played.events)
    assert len(played.printed) > 3
    assert year.printed == played.printed


def test_no_resident_is_outside_the_vault_while_the_year_runs(year: PlayedYear) -> None:
    assert [s.by_file for s in year.scans] == [{}, {}]
    assert all(s.files > 100 for s in year.scans)


def test_no_resident_is_anywhere_after_the_year(year: PlayedYear) -> None:
    found = year.search()
    assert found.by_file == {}
    assert found.files > 50


def test_the_evidence_verifies_alone_and_fails_on_one_flipped_byte(year: PlayedYear, tmp_path: Path) -> None:
    bundle = Path(year.summary["evidence"]["bundle"])
    checkpoint = year.summary["evidence"]["checkpoint"]
    kansho = Path(sys.executable).with_name("kansho")
    # No network, no Airflow, no database: an empty home and an empty environment.
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    good = subprocess.run([kansho, "verify", bundle, "--checkpoint", checkpoint], env=bare, cwd=tmp_path, check=False)
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.zip").write_bytes(data)
    bad = subprocess.run([kansho, "verify", tmp_path / "flipped.zip"], env=bare, cwd=tmp_path, check=False)
    assert (good.returncode, bad.returncode) == (0, 1)


def test_every_mishap_of_the_year_was_handled(year: PlayedYear) -> None:
    of: dict[str, list[Event]] = {}
    for event in year.events:
        of.setdefault(event.type, []).append(event)
    assert [e.codes["code"] for e in of["delivery_refused"]] == ["INTAKE-COLUMN-FORBIDDEN"]
    assert "d01-r2" in {e.key for e in of["delivery_accepted"]}
    assert [e for e in of["gate_evaluated"] if e.codes["result"] == "hold"]
    assert "refused: domeki tried to answer plan (403)" in year.log
    rejected = [e.key.rpartition("/")[2] for e in of["approval_decided"] if e.codes["decision"] == "reject"]
    assert rejected == ["proof"]
    assert [e.codes["of"].partition("/")[0] for e in of["comment_left"]] == ["proof"]
    assert of["design_revised"]
    assert {e.key for e in of["incident_opened"]} == {e.key for e in of["incident_closed"]}
    assert "sheet_missing" in {e.codes["kind"] for e in of["incident_opened"]}
    assert "visitors" in {e.key for e in of["certificate_received"] if e.codes["late"] == "yes"}
    assert sum(e.refs["reasons"].get("stopped", 0) for e in of["pulls_listed"]) > 0
    assert sum(e.counts.get("refused", 0) for e in of["results_recorded"]) > 0
