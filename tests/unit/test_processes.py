"""Processes that lead sessions: known by their pid file at once, outliving who forked them; and one that must not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kansho_airflow.processes import Sessions
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.timeout(60)

FORKS = """
import os, sys, time
from pathlib import Path
from kansho_airflow.processes import Sessions, die_with
if sys.argv[1] == "component":
    if Sessions(Path(sys.argv[2])).fork("scheduler", Path(sys.argv[2]) / "scheduler.log"):
        print("begun", flush=True)
        time.sleep(600)
else:
    ours = os.getpid()
    child = os.fork()
    if child == 0:
        die_with(ours)
        print(os.getpid(), flush=True)
    time.sleep(600)
"""


def _begin(kind: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY / 'include'}"}
    command = [sys.executable, "-c", FORKS, kind, str(folder)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_forked_component_is_known_outlives_its_maker_and_is_stopped_as_a_session(tmp_path: Path) -> None:
    assert _begin("component", tmp_path).wait() == 0
    sessions = Sessions(tmp_path)
    try:
        assert (sessions.names(), sessions.alive("scheduler")) == (["scheduler"], True)
        while not (tmp_path / "scheduler.log").read_bytes():
            time.sleep(0.01)
        assert (tmp_path / "scheduler.log").read_bytes() == b"begun\n"
    finally:
        sessions.kill("scheduler")
    assert (sessions.names(), sessions.alive("scheduler")) == ([], False)
    assert (tmp_path / "scheduler.pid").exists()  # it was killed: its heartbeat is told from a living one's by this
    sessions.kill("scheduler")
    assert not (tmp_path / "scheduler.pid").exists()


def test_a_component_that_ended_by_its_own_account_leaves_no_pid_file(tmp_path: Path) -> None:
    assert _begin("component", tmp_path).wait() == 0
    sessions = Sessions(tmp_path)
    try:
        while not (tmp_path / "scheduler.log").read_bytes():
            time.sleep(0.01)
        sessions.ask_to_end("scheduler")
    finally:
        sessions.wait_ended("scheduler", time.monotonic() + 30)
    assert not (tmp_path / "scheduler.pid").exists()


def test_who_must_die_with_a_parent_does_when_that_is_killed(tmp_path: Path) -> None:
    parent = _begin("orphan", tmp_path)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert _runs(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while _runs(child):
        time.sleep(0.01)
