"""Handlers who leave: the registration ends, the company tells of it, they are told, and each is seen when it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.clauses import clauses_in_force
from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.errors import KanshoError
from kansho.evidence.access_rules import Registered
from kansho.exchange.notices import Leaving, leaving_path
from kansho.exchange.papers import write_paper
from kansho.leaving import end_registration, record_leaver_briefing
from kansho.opening.register import register_handler
from kansho.oversight.clauses import states
from kansho.oversight.handling import handling_on
from kansho.oversight.notices import notices_wait, take_notices
from kansho.oversight.stage import find_oversight_work, record_inspections
from kansho.simulation.leavers import Leavers
from kansho.workspace import Workspace
from tests.conftest import MINI, opened

Open = Callable[[date], Workspace]
LEFT, PLEDGE = date(2027, 9, 7), "0" * 64


@pytest.fixture
def ws(open_workspace: Open, mini: CampaignConfig) -> Workspace:
    """The small campaign with everybody registered, three days after one of the call centre's left by its config."""
    made = open_workspace(date(2027, 9, 10))
    for handler in mini.handlers:
        register_handler(replace(made, today=mini.opening_on), handler)
    return made


def _row(ws: Workspace) -> tuple[str, str]:
    """State of the row on telling those who left."""
    found = states(ws.ledger.events(), ws.config, clauses_in_force(ws.config.contract.start), ws.today)
    return next((i.subject, i.state) for i in found if i.duty.id == "otsu11-left")


def test_who_leaves_by_the_configuration_reads_nothing_from_the_day_after_and_is_to_be_told(ws: Workspace) -> None:
    assert _row(ws) == ("-", "not_applicable")
    assert notices_wait(ws)
    assert take_notices(ws, {}) == {"counts": {"ended": 1, "told": 0, "moved": 0, "erased": 0, "refused": 0}}
    assert take_notices(ws, {}) is None
    last = ws.ledger.events("handler_registered")[-1]
    assert (last.key, last.codes["ended_on"]) == ("h09/2", LEFT.isoformat())
    assert _row(ws) == ("h09", "due")
    assert _row(replace(ws, today=date(2027, 9, 22))) == ("h09", "overdue")
    register_handler(ws, next(h for h in ws.config.handlers if h.id == "h09"))  # an amendment registers everybody anew
    assert ws.ledger.events("handler_registered")[-1].key == "h09/2"
    h = next(h for h in handling_on(ws.ledger.events(), ws.today).handlers if h["id"] == "h09")
    assert (h["left_on"], h["briefed_on"], h["leaver_told_on"]) == (LEFT.isoformat(), "2027-03-27", "")


def test_the_companys_papers_end_and_tell_and_one_without_a_pledge_does_not_count(
    ws: Workspace, mini: CampaignConfig
) -> None:
    company = Leavers(mini, ws.layout.outside, mishaps=True)
    company.act(ws.today)
    take_notices(ws, {})
    assert _row(ws) == ("h09", "due")  # told, as the paper says, and nobody signed
    company.act(date(2027, 9, 15))
    later = replace(ws, today=date(2027, 9, 15))
    assert find_oversight_work(later, {}) is not None
    assert take_notices(later, {}) == {"counts": {"ended": 0, "told": 1, "moved": 0, "erased": 0, "refused": 0}}
    assert _row(later) == ("h09", "done")
    (told,) = [e for e in ws.ledger.events("briefing_recorded") if e.codes.get("of") == "leaver"]
    assert (told.codes["by"], told.codes["on"], len(told.refs["pledge"])) == ("h07", "2027-09-10", 64)
    assert not notices_wait(later)


def test_what_nobody_told_in_time_is_recorded_as_missed(ws: Workspace) -> None:
    take_notices(ws, {})
    record_inspections(replace(ws, today=date(2027, 9, 22)), {})
    assert ws.ledger.find("deadline_missed", "leaver_briefing/h09") is not None


def test_a_paper_about_another_companys_people_ends_nobody(ws: Workspace) -> None:
    paper = Leaving(party="printer", handler="h07", left_on=LEFT)
    write_paper(leaving_path(ws.layout.outgoing("printer"), "h07"), paper)
    assert take_notices(ws, {}) == {"counts": {"ended": 1, "told": 0, "moved": 0, "erased": 0, "refused": 1}}
    assert [e.key for e in ws.ledger.events("handler_registered") if "ended_on" in e.codes] == ["h09/2"]
    (told,) = ws.ledger.events("paper_refused")
    assert told.codes == {"party": "printer", "paper": "leavers", "code": "PAPER-FORM"}


@pytest.mark.parametrize(
    ("handler", "on", "by", "code"),
    [
        ("h99", date(2027, 9, 10), "h07", "LEAVER-UNKNOWN"),
        ("h07", date(2027, 9, 10), "h03", "LEAVER-PRESENT"),
        ("h09", date(2027, 9, 11), "h07", "LEAVER-DAY"),
        ("h09", date(2027, 9, 10), "h09", "LEAVER-BY"),
        ("h09", date(2027, 9, 10), "h06", "LEAVER-BY"),  # of another 丙
    ],
)
def test_what_does_not_fit_tells_nobody(ws: Workspace, handler: str, on: date, by: str, code: str) -> None:
    end_registration(ws, "h09", LEFT)
    with pytest.raises(KanshoError, match=code):
        record_leaver_briefing(ws, handler, on=on, by=by, pledge=PLEDGE)


def test_staff_record_by_command_that_somebody_left_and_was_told(
    mini_as_filed: CampaignConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws = opened(mini_as_filed, tmp_path / "var", date(2027, 6, 2))
    for handler in mini_as_filed.handlers:
        register_handler(ws, handler)
    paper = tmp_path / "pledge.pdf"
    paper.write_bytes(b"signed")

    def run(*words: str, user: str = "teshigawara") -> int:
        site = ["--config", str(MINI), "--var", str(ws.layout.var)]
        return main(["handlers", *words, "--on", "2027-06-01", "--date", "2027-06-02", "--user", user, *site])

    assert run("left", "h06", user="mitarai") == 1  # a 丙's own user records nothing here
    assert run("told", "h06", "--by", "h03", "--pledge", str(paper)) == 1
    assert "LEAVER-PRESENT" in capsys.readouterr().err
    assert run("left", "h06") == run("told", "h06", "--by", "h03", "--pledge", str(paper)) == 0
    assert run("told", "h06", "--by", "h03", "--pledge", str(tmp_path / "none.pdf")) == 1
    gone = {"party": "printer", "user": "mitarai", "role": "print_staff"}
    assert Registered(ws.ledger.events()).refusal(gone, "desk_review", "proof") == "STATE-READ-ROLE"
    assert [e.actor["user"] for e in ws.ledger.events("briefing_recorded")[-1:]] == ["teshigawara"]
