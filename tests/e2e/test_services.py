"""Airflow's components as they run for the toy, and nothing of them once they are stopped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import requests

from kansho_airflow.rolenames import ADMIN
from kansho_airflow.services import Airflow
from tests.e2e.toys import OFFICER, Toy

pytestmark = pytest.mark.timeout(300)


def test_the_plugin_is_there_and_the_desk_answers(toy: Toy) -> None:
    plugins = toy.as_user(ADMIN).call("GET", "/plugins").json()["plugins"]
    ours = next(plugin for plugin in plugins if plugin["name"] == "kansho")
    assert [view["href"] for view in ours["external_views"]] == ["/desk/"]
    assert toy.as_user(ADMIN).call("GET", "/plugins/importErrors").json()["total_entries"] == 0
    assert toy.as_user(OFFICER).desk_get("/desk/") != 404


def test_secrets_lie_in_files_that_only_the_owner_reads(tmp_path: Path) -> None:
    installation = Airflow.at(tmp_path, port=1).installation
    assert installation.secret("jwt_secret") == installation.secret("jwt_secret")
    assert (installation.secrets / "jwt_secret").stat().st_mode & 0o777 == 0o600
    assert installation.secrets.stat().st_mode & 0o777 == 0o700


def test_stopped_it_leaves_no_process(toy: Toy) -> None:
    """The last that is asked of the toy.  What is killed and started again is in ``test_year.py``."""
    folder = toy.airflow.installation.var
    assert _processes_that_name(folder)
    toy.airflow.stop(grace=5)
    assert not _processes_that_name(folder)
    with pytest.raises(requests.ConnectionError):
        requests.get(toy.airflow.installation.url, timeout=2)


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
