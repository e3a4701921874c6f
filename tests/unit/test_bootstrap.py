"""How the components get ready while the database is made: the task API they build, and what they wait for."""

from __future__ import annotations

import os

import pytest
from airflow.api_fastapi.execution_api import versions
from airflow.sdk.api.datamodels._generated import API_VERSION

from kansho_airflow import bootstrap
from kansho_airflow.taskapi import newest_only


def test_a_component_whose_database_is_never_made_ends_without_becoming_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.__main__.main", lambda: pytest.fail("became a component"))
    made, tell = os.pipe()
    os.close(tell)  # as the kernel does when the process that makes it dies
    assert bootstrap._be("dag-processor", ("dag-processor",), made) == 1
    os.close(made)


def test_a_component_goes_on_at_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr("sys.argv", [])
    monkeypatch.setattr("airflow.__main__.main", lambda: became.append([*bootstrap.sys.argv]))
    made, tell = os.pipe()
    os.write(tell, b".")
    assert bootstrap._be("dag-processor", ("dag-processor",), made) == 0
    os.close(tell)
    assert became == [["airflow", "dag-processor"]]


def test_the_task_api_has_the_version_that_our_tasks_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    all_of_them = versions.bundle
    monkeypatch.setattr(versions, "bundle", all_of_them)
    newest_only()
    assert versions.bundle is not all_of_them
    assert versions.bundle.version_values == all_of_them.version_values[:2]
    assert versions.bundle.version_values[0] == API_VERSION


def test_a_release_whose_tasks_speak_another_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        versions,
        "bundle",
        versions.VersionBundle(versions.HeadVersion(), versions.Version("2020-01-01"), versions.Version("2019-01-01")),
    )
    with pytest.raises(RuntimeError, match="build all versions"):
        newest_only()
