"""The register of exceptions on the command line: counts and rules, decided by owners, with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.casework import hand_back_open_cases, open_case
from kansho.cli import main
from kansho.evidence.register import exceptions
from kansho.workspace import Workspace
from tests.conftest import MINI

DAY = date(2027, 4, 20)
KEY = "d01/target_list/age.rule"


@pytest.fixture
def mini(mini_as_filed: CampaignConfig) -> CampaignConfig:
    """The campaign as the command line reads it from its file."""
    return mini_as_filed


@pytest.fixture
def ws(open_workspace: Callable[[date], Workspace]) -> Workspace:
    opened = open_workspace(DAY)
    open_case(opened, KEY, "rows", "age.rule", rows=3, owner="contractor_manager")
    open_case(opened, "d02/-/INTAKE-DIGEST", "delivery", "INTAKE-DIGEST", rows=0, owner="contractor_manager")
    return opened


def _run(ws: Workspace, *arguments: str) -> int:
    return main([*arguments, "--config", str(MINI), "--var", str(ws.layout.var)])


def test_open_exceptions_are_listed_with_rows_due_day_and_owner(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(ws, "exceptions", "list") == 0
    said = capsys.readouterr().out
    assert KEY in said
    assert "残り 3 行" in said
    assert "2 件" in said
    assert _run(ws, "exceptions", "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(c["key"], c["state"], c["left"]) for c in listed] == [(KEY, "open", 3), ("d02/-/INTAKE-DIGEST", "open", 0)]


# who, with what reason                                    exit, what is said
DECISIONS = [
    ("watanuki", "not_needed", 0, ""),
    ("watanuki", "because", 1, "EXCEPTION-REASON"),
    ("teshigawara", "not_needed", 1, "EXCEPTION-OWNER"),
    ("nobody", "not_needed", 1, "CLI-USER"),
]


@pytest.mark.parametrize(("user", "reason", "code", "said"), DECISIONS)
def test_its_owner_accepts_an_exception_with_a_reason(
    ws: Workspace, capsys: pytest.CaptureFixture[str], user: str, reason: str, code: int, said: str
) -> None:
    told = ["--user", user, "--reason", reason, "--date", DAY.isoformat()]
    assert _run(ws, "exceptions", "accept", KEY, *told) == code
    assert said in capsys.readouterr().err
    state = {c.key: c.state for c in exceptions(ws.ledger.events())}[KEY]
    assert state == ("resolved" if code == 0 else "open")


def test_the_stop_list_in_force_goes_on_by_the_decision_of_a_named_person(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--user", "watanuki", "--reason", "ward_confirmed", "--date", DAY.isoformat()]
    assert _run(ws, "intake", "keep-stop-list", "d09", *told) == 1
    assert "EXCEPTION-UNKNOWN" in capsys.readouterr().err
    ws.record("delivery_refused", "d09", codes={"code": "STOP-EMPTY", "delivery": "d09"})
    assert _run(ws, "intake", "keep-stop-list", "d09", *told) == 0
    (decided,) = ws.ledger.events("stop_list_decided")
    assert (decided.actor["user"], decided.codes["reason"]) == ("watanuki", "ward_confirmed")


def test_what_is_still_open_at_the_end_is_handed_back(ws: Workspace) -> None:
    assert hand_back_open_cases(ws, "handover-1") == 2
    assert {(c.state, c.how) for c in exceptions(ws.ledger.events())} == {("resolved", "handed_back")}
    assert {e.codes["by"] for e in ws.ledger.events("exception_resolved")} == {"handover-1"}
    assert hand_back_open_cases(ws, "handover-1") == 0
