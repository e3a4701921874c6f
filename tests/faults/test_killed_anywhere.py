"""Every task of a year is killed once in the middle of its work and run again; the year must not notice.

The kill falls on a write: before or after an object of the vault, the ledger or a letter box came to be, each time at
another place of the task, so that over a year every order of "written" and "recorded" occurs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing.finalise import finalise
from kansho.evidence.account import reconciliations
from kansho.evidence.verify import verify_bundle
from kansho.vault.store import LocalStore
from tests import immediate
from tests.immediate import ImmediateYear
from tests.unit.closing_year import blank_documents

#: A task's first, second … write is where it dies, in turn.
PLACES = 3


class Killed(BaseException):
    """Like SIGKILL: nothing in the code under test may catch it."""


class Fuse:
    """Kills at the n-th write from now, once; before or after it."""

    def __init__(self) -> None:
        self.left = 0
        self.after = False
        self.kills = 0

    def light(self, number: int) -> None:
        self.left, self.after = number % PLACES + 1, number % 2 == 1

    def put_out(self) -> None:
        self.left = 0

    def around(self, write: Callable[..., bool]) -> Callable[..., bool]:
        def written(*arguments: Any) -> bool:
            self.left -= 1
            if self.left != 0:
                return write(*arguments)
            self.kills += 1
            if self.after:
                write(*arguments)
            raise Killed

        return written


@pytest.mark.timeout(600)
def test_a_year_in_which_every_task_is_killed_once_ends_like_any_other(
    mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank_documents(monkeypatch)  # what papers say has its own tests
    fuse = Fuse()
    steps = 0
    call, created = immediate._Wiring._call, LocalStore.create

    def killed_once(wiring: Any, function: str, work: Any) -> Any:
        nonlocal steps
        steps += 1
        fuse.light(steps)
        try:
            return call(wiring, function, work)
        except Killed:
            return call(wiring, function, work)
        finally:
            fuse.put_out()

    monkeypatch.setattr(immediate._Wiring, "_call", killed_once)
    monkeypatch.setattr(LocalStore, "create", fuse.around(LocalStore.create))
    year = ImmediateYear(mini, tmp_path / "var", 150, 3)
    for _ in year.play():
        pass
    monkeypatch.setattr(LocalStore, "create", created)
    finalise(mini, year.var, also=year.passwords.values())

    assert fuse.kills > 60
    events = year.workspace(mini.closing.erase_on).ledger.events()
    assert [r for r in reconciliations(events) if not r.ok] == []
    outputs = year.var / "kansho" / "outputs"
    assert verify_bundle(outputs / f"evidence-{mini.id}.zip", outputs / "checkpoint.txt") == []
