"""`kansho clauses`: what it prints of a campaign's ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.filed import campaign_files, file_of
from kansho.cli import main
from kansho.errors import KanshoError
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


def test_a_campaign_of_the_installation_is_named_by_its_id(
    site: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KANSHO_CAMPAIGNS", str(MINI))
    for command in (["clauses"], ["ledger", "show"]):
        assert main([*command, *site]) == 0
        by_file = capsys.readouterr().out
        assert main([*command, "--campaign", "sumida_2027", *site[2:]]) == 0
        assert capsys.readouterr().out == by_file


def test_a_campaign_that_is_not_here_is_refused_with_those_that_are(
    site: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KANSHO_CAMPAIGNS", str(MINI))
    assert main(["clauses", "--campaign", "sumida_1999", *site[2:]]) == 1
    told = capsys.readouterr().err
    assert "CONFIG-UNKNOWN" in told
    assert "sumida_2027" in told


def test_a_file_and_a_campaign_together_are_wrong_usage(
    site: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KANSHO_CAMPAIGNS", str(MINI))
    with pytest.raises(SystemExit) as left:
        main(["clauses", "--campaign", "sumida_2027", *site])
    assert left.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_another_file_that_cannot_be_read_stops_nobody_but_its_own_does(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    broken, whole = folder / "2001.yaml", folder / "2027.yaml"
    broken.write_text("ward: {", encoding="utf-8")
    whole.write_bytes(MINI.read_bytes())
    assert campaign_files("", tmp_path) == (broken, whole)
    assert file_of("sumida_2027", (broken, whole)) == whole
    with pytest.raises(KanshoError, match="CONFIG-INVALID"):
        file_of("elsewhere_2001", (whole, broken))
