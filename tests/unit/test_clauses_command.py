"""`kansho clauses`: what it prints of a campaign's ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest

from kansho.cli import main
from kansho.workspace import Workspace
from tests.conftest import MINI

Open = Callable[[date], Workspace]


@pytest.fixture
def site(open_workspace: Open) -> list[str]:
    ws = open_workspace(date(2027, 4, 20))
    ws.record("campaign_opened", ws.config.id, codes={"simulation": "true"})
    ws.record("incident_opened", "media_lost-1", codes={"kind": "media_lost", "subject": "1"})
    return ["--config", str(MINI), "--var", str(ws.layout.var)]


def test_the_day_of_a_simulated_year_is_its_newest(site: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clauses", *site]) == 0
    out = capsys.readouterr().out
    assert out.startswith("特記事項の履行状況　2027-04-20 の終わり　台帳 2 件\n")
    assert "× 乙16　取扱責任者及び取扱者を区に報告する（取扱者届）" in out


def test_a_clause_a_state_and_a_day_are_chosen_and_told_as_json(
    site: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clauses", *site, "--clause", "乙22", "--only", "overdue", "--on", "2027-04-22", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["id"], found["subject"], found["due"], found["events"]) == (
        "otsu22-notice",
        "media_lost-1",
        "2027-04-20",
        [],
    )


def test_a_party_that_is_not_registered_is_refused(site: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clauses", *site, "--party", "nobody"]) == 1
    assert "CLAUSES-PARTY" in capsys.readouterr().err
