"""Airflow's components die and come back: nothing is lost, nothing is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import requests

from kansho_airflow.bootstrap import COMPONENTS
from kansho_airflow.rolenames import ADMIN
from kansho_airflow.services import Airflow
from tests.e2e.toys import OFFICER, Toy, start_toy, toy_airflow

pytestmark = pytest.mark.timeout(300)


def test_an_approval_survives_the_death_of_every_component(toy: Toy) -> None:
    run = toy.start("plan")
    toy.waiting(run)
    _the_plugin_is_there(toy)

    leaders = [toy.airflow.sessions.leader(name) for name in COMPONENTS]
    for leader in leaders:
        assert leader is not None
        os.kill(leader, signal.SIGKILL)
    folder = toy.airflow.installation.var.parent
    again = toy_airflow(folder)
    try:
        answering = start_toy(again)
        assert again.installation.port == toy.airflow.installation.port
        answering.approve(run, "plan", OFFICER)
        assert answering.ended(run) == "success"
        assert answering.released(run)
    finally:
        again.stop(grace=5)
    assert not _processes_that_name(folder)
    with pytest.raises(requests.ConnectionError):
        requests.get(again.installation.url, timeout=2)


def test_secrets_lie_in_files_that_only_the_owner_reads(tmp_path: Path) -> None:
    installation = Airflow.at(tmp_path, port=1).installation
    assert installation.secret("jwt_secret") == installation.secret("jwt_secret")
    assert (installation.secrets / "jwt_secret").stat().st_mode & 0o777 == 0o600
    assert installation.secrets.stat().st_mode & 0o777 == 0o700


def _the_plugin_is_there(toy: Toy) -> None:
    plugins = toy.as_user(ADMIN).call("GET", "/plugins").json()["plugins"]
    ours = next(plugin for plugin in plugins if plugin["name"] == "kansho")
    assert [view["href"] for view in ours["external_views"]] == ["/desk/"]
    assert toy.as_user(ADMIN).call("GET", "/plugins/importErrors").json()["total_entries"] == 0
    assert toy.as_user(OFFICER).desk_get("/desk/") != 404


def _processes_that_name(folder: Path) -> list[int]:
    """Processes that still have a file of the installation open, or stand in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            links = [os.readlink(link) for link in (entry / "fd").iterdir()]
        except OSError:
            continue
        if any(link.startswith(str(folder)) for link in links):
            found.append(int(entry.name))
    return found
