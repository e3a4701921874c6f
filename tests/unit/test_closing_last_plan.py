"""What a year's plan came to is what the next year's configuration takes, and no small cell is in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from kansho.campaign.config import LastPlan
from kansho.closing.last_plan import last_plan
from kansho.workspace import Workspace

Opener = Callable[[date], Workspace]


def test_a_year_without_a_selection_has_nothing_to_tell(open_workspace: Opener) -> None:
    ws = open_workspace(date(2027, 4, 20))
    ws.record("plan_made", "plan-1", counts={"roster": 100, "kenshin": 90})
    assert last_plan(ws.ledger.events(), ws.config) is None


def test_the_plan_that_counted_and_what_every_channel_reached(open_workspace: Opener) -> None:
    ws = open_workspace(date(2027, 6, 9))
    few = ws.config.disclosure.min_cell - 1
    counts = {"roster": 96 + few, "kenshin": 90, "stopped": few, "deferred": 6, "left": 0, "held_out": 8}
    ws.record("plan_made", "plan-1", counts={"roster": 1, "kenshin": 1})
    ws.record("plan_made", "plan-2", counts=counts)
    for wave, channel, assigned in (
        ("mailing_1", "mail", 60),
        ("mailing_2", "mail", 30),
        ("call_1", "call", 7),
        ("visit_1", "visit", 5),
    ):
        ws.record("wave_selected", wave, counts={"assigned": assigned}, codes={"channel": channel, "plan": "plan-2"})
    told = last_plan(ws.ledger.events(), ws.config)
    assert told is not None
    assert LastPlan.model_validate(told) == LastPlan(
        fiscal_year=2027, roster=96 + few, outcomes={"kenshin": 90, "left": 0}, cards=90, calls=7, visits=5
    )
