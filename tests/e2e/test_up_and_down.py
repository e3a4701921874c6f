"""`make up` and `make down`: a real Airflow with requests of two roles and a locked delivery, and nothing left of it.

The calls of this year begin on the day after the first mailing, so that little has to be played before people wait.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kansho.campaign.config import load_config
from kansho_airflow.client import AirflowClient
from kansho_airflow.replay.waiting import what_waits
from kansho_airflow.services import Airflow
from tests.conftest import MINI, REPOSITORY

pytestmark = pytest.mark.timeout(600)


def _replay(program: str, var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "KANSHO"))}
    line = [sys.executable, "-m", f"kansho_airflow.replay.{program}", "--var", str(var), *arguments]
    return subprocess.run(line, capture_output=True, text=True, cwd=REPOSITORY, env=environment, check=False)


def test_up_leaves_each_role_its_work_and_down_leaves_nothing_running(tmp_path: Path) -> None:
    text = MINI.read_text(encoding="utf-8")
    early = text.replace("2027-08-16, 2027-08-23", "2027-06-10, 2027-06-17").replace("2027-08-30", "2027-06-24")
    (tmp_path / "early.yaml").write_text(early, encoding="utf-8")
    config, var = load_config(tmp_path / "early.yaml"), tmp_path / "var"
    waiting = what_waits(config)
    assert ([o.stage for o in waiting.asked], waiting.locked) == (["mailing_production", "call_wave"], "d02")
    airflow = Airflow.at(var)
    year = ("--config", str(tmp_path / "early.yaml"), "--people", "60", "--seed", "7")
    try:
        made = _replay("up", var, *year)
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
        airflow = Airflow.at(var)
        passwords = airflow.passwords()
        for user, task in (("takanashi", "ask_proof"), ("watanuki", "ask_call_list")):
            client = AirflowClient(airflow.installation.url, user, passwords[user])
            mine = [d["task_instance"]["task_id"] for d in client.open_approvals() if user in str(d["assigned_users"])]
            assert mine == [task]
            (told,) = [line for line in made.stdout.splitlines() if f"/{task.removeprefix('ask_')}" in line]
            path = told.rpartition(airflow.installation.url)[2]
            assert client.desk_get(path) == 200
        staff = AirflowClient(airflow.installation.url, "teshigawara", passwords["teshigawara"])
        letter = var / "outside-world" / "ward" / "passwords" / "d02.txt"
        assert str(letter) in made.stdout
        form = {"delivery": "d02", "password": letter.read_text(), "campaign_date": "2027-06-10"}
        assert staff.desk_post(f"/desk/{config.id}/passwords", form) == 303
        assert all(str(handler.user) in made.stdout for handler in config.handlers if handler.role)
        assert not [word for word in passwords.values() if word in made.stdout]

        ended = _replay("down", var)
        assert (ended.returncode, airflow.sessions.names()) == (0, [])
    finally:
        airflow.kill()
