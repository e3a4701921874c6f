"""Shared fixtures: the small campaign and an opened workspace in a temporary folder."""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

from kansho.campaign.config import CampaignConfig, Gaiji, load_config
from kansho.quality.rules import KEY_RULE
from kansho.workspace import Workspace
from tests.doors import only_with_purpose
from tests.kept import Kept

REPOSITORY = Path(__file__).resolve().parent.parent

# Airflow reads these at its first import and must never write into the home of whoever runs the tests.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="kansho-airflow-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
# What a campaign that was played in this checkout left behind decides nothing here.
os.environ["KANSHO_VAR"] = str(Path(os.environ["AIRFLOW_HOME"]) / "var")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(REPOSITORY / "plugins")

# No test asserts a wall-clock time; a slow example on a busy machine is not a failure.  Each run draws so many new
# examples of each property: what needs more says so, and ``make fuzz`` goes on as long as it is told.
settings.register_profile("kansho", deadline=None, max_examples=25)
settings.load_profile("kansho")

MINI = REPOSITORY / "tests" / "campaigns" / "sumida_2027.yaml"
SAMPLE = REPOSITORY / "include" / "campaigns" / "shinjuku" / "2026.yaml"


def without_keys(text: str, *keys: str) -> str:
    """A campaign file's text without these top-level keys."""
    for key in keys:
        text = re.sub(rf"^{key}:.*\n(?:[ \-#].*\n|\n)*", "", text, flags=re.MULTILINE)
    return text


@pytest.fixture(scope="session")
def mini_as_filed() -> CampaignConfig:
    """The small campaign of another ward and year, with the headings, layouts and own characters of that ward."""
    return load_config(MINI)


@pytest.fixture(scope="session")
def mini(mini_as_filed: CampaignConfig) -> CampaignConfig:
    """The small campaign of a ward that writes its files as the contracts have them."""
    return mini_as_filed.model_copy(update={"mappings": (), "gaiji": Gaiji()})


@pytest.fixture(scope="session")
def sample() -> CampaignConfig:
    """The sample campaign."""
    return load_config(SAMPLE)


@pytest.fixture(scope="session", autouse=True)
def _stages_alone_read_without_a_purpose() -> Iterator[None]:
    """A test of one stage alone opens a campaign that registered nobody; what states a purpose is judged everywhere.

    The door itself is tested in ``test_access.py``; played years (`tests.played`) and those of Airflow go through it as
    they stand.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kansho.workspace.admit", only_with_purpose)
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_same_paper_is_set_once() -> Iterator[None]:
    """WeasyPrint sets the same text to the same bytes; many tests walk the same way to where they begin."""
    module = importlib.import_module("kansho.documents.render")  # the package has a function of that name
    real = module.render_html

    def made(html: str) -> tuple[bytes, list[str]]:
        remarks: list[str] = []
        return real(html, remarks=remarks), remarks

    kept = Kept("paper")

    def once(html: str, attachments: Sequence[Any] = (), remarks: list[str] | None = None) -> bytes:
        if attachments:
            return real(html, attachments, remarks)
        pdf, found = kept.answer(html.encode(), lambda: made(html))
        if remarks is not None:
            remarks += found
        return pdf

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "render_html", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_same_values_are_judged_once() -> Iterator[None]:
    """Great Expectations answers the same rule about the same values alike; most of what tests ask was asked before."""
    kept = Kept("values")
    module = importlib.import_module("kansho.quality.expectations")
    real = module._validate

    @wraps(real)  # who breaks the library asks what is wrapped
    def once(suite: Mapping[str, Any], parts: list[tuple[list[dict[str, Any]], pd.DataFrame]]) -> dict[str, bool]:
        questions = [_questions(suite["name"], *part) for part in parts]
        new = [[rule for rule, question in asked.items() if not kept.knows(question)] for asked in questions]
        left = [
            ([e for e in expectations if e["meta"]["rule"] in rules], table)
            for (expectations, table), rules in zip(parts, new, strict=True)
        ]
        found = real(suite, [part for part in left if part[0]]) if any(new) else {}
        return {
            rule: kept.answer(question, partial(found.__getitem__, rule))
            for asked in questions
            for rule, question in asked.items()
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_validate", once)
        yield


def _questions(suite: str, expectations: list[dict[str, Any]], table: pd.DataFrame) -> dict[str, bytes]:
    """What is asked of a table, by rule: of the values that there are; a key is a matter of all rows."""
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for expectation in expectations:
        by_rule.setdefault(expectation["meta"]["rule"], []).append(expectation)
    values = {name: (str(column.dtype), repr(column.drop_duplicates().tolist())) for name, column in table.items()}
    return {
        rule: pickle.dumps(
            (suite, asked, table if rule == KEY_RULE else [values.get(e["kwargs"]["column"]) for e in asked])
        )
        for rule, asked in by_rule.items()
    }


@pytest.fixture
def open_workspace(mini: CampaignConfig, tmp_path: Path) -> Callable[[date], Workspace]:
    """Open the small campaign's workspace on any day, with its keys made and its ledger begun."""

    return lambda today: opened(mini, tmp_path / "var", today)


def opened(config: CampaignConfig, var: Path, today: date) -> Workspace:
    """A campaign under ``var`` with its keys made and its ledger begun."""
    ws = Workspace.open(config, var, today)
    ws.keyring.create()
    codes = {"simulation": "true", "config_digest": config.digest}
    replace(ws, today=config.opening_on).record("campaign_opened", config.id, codes=codes)
    return ws
