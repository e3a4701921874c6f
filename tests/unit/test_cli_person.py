"""Who may give a command that is recorded under a name: asked once, for all of them."""

from __future__ import annotations

from argparse import Namespace
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.cli_person import campaign_as
from kansho.errors import KanshoError
from tests.conftest import MINI, opened

DAY = date(2027, 6, 10)


@pytest.fixture
def var(mini_as_filed: CampaignConfig, tmp_path: Path) -> Path:
    return opened(mini_as_filed, tmp_path / "var", DAY).layout.var


def _asked(var: Path, user: str) -> Namespace:
    return Namespace(config=str(MINI), var=var, date=DAY, user=user)


def test_the_campaign_is_opened_as_the_person_for_the_purpose(var: Path) -> None:
    ws = campaign_as(_asked(var, "teshigawara"), purpose="incident_desk")
    assert (ws.actor.party, ws.actor.user, ws.actor.role) == ("contractor", "teshigawara", "contractor_staff")
    assert (ws.purpose, ws.today) == ("incident_desk", DAY)


@pytest.mark.parametrize(
    ("user", "roles"), [("nobody", None), ("", None), ("mitarai", {"contractor_staff"}), ("takanashi", {"print_staff"})]
)
def test_nobody_else_gives_a_command(var: Path, user: str, roles: set[str] | None) -> None:
    with pytest.raises(KanshoError, match="CLI-USER"):
        campaign_as(_asked(var, user), roles=roles)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("mitarai", ["handlers", "left", "h06", "--on", "2027-06-09"]),
        ("mitarai", ["oversight", "pack", "audit", "printer"]),
        ("nobody", ["incident", "list"]),
        ("nobody", ["plan", "why"]),
    ],
)
def test_a_command_given_by_the_wrong_person_records_nothing(
    var: Path, user: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(p for p in (var / "kansho").rglob("*") if p.is_file())
    site = ["--user", user, "--date", DAY.isoformat(), "--config", str(MINI), "--var", str(var)]
    assert main([*words, *site]) == 1
    assert "CLI-USER" in capsys.readouterr().err
    assert sorted(p for p in (var / "kansho").rglob("*") if p.is_file()) == before
