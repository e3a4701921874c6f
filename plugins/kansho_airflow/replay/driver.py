"""Playing the year: one occasion after the other, to the end or to a fault that nobody foresaw.

Belongs here: order, waiting, and what follows from a red run.  Does not belong here: starting and stopping
components (`kansho_airflow.replay.year`).

A red run is part of a real year: a refused delivery, a rejected proof, sheets that are missing.  After each
the driver does what the people would do (wait for the redelivery, correct, find the sheet) and starts a
new run.  A red run without such a cause ends the replay.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from kansho.campaign.calendar import Occasion, occasions
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.ledger import Ledger
from kansho_airflow.replay.progress import Display
from kansho_airflow.replay.staff import Staff

#: Without any change of state for so long, the year is stuck.
_STUCK_SECONDS = 300.0
_MAX_TRIES = 4
#: After so many days the ward has sent again what was refused.
_REDELIVERY = timedelta(days=4)
_FINAL = frozenset({"success", "failed"})


class Engine(Protocol):
    """The REST interface as the engineer's user sees it."""

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None: ...

    def runs(self, prefix: str) -> list[dict[str, Any]]: ...

    def pending_asset_events(self) -> int: ...

    def open_approvals(self) -> list[dict[str, Any]]: ...

    def failures(self, dag_id: str, run_id: str) -> list[str]: ...


class OutsideWorld(Protocol):
    """The other parties, up to a day."""

    def advance(self, day: date) -> None: ...

    def remind(self, day: date) -> None: ...


@dataclass
class StageClock:
    """Runs and seconds of one stage."""

    runs: int = 0
    failed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Hands:
    """What people do outside Airflow: enter passwords; anything else a red run asks for."""

    enter_passwords: Callable[[date], int]
    waiting_deliveries: Callable[[], list[str]]
    correct: Callable[[str, date], bool]


class Year:
    """One campaign's replay on a running Airflow."""

    def __init__(
        self,
        config: CampaignConfig,
        ledger: Ledger,
        engine: Engine,
        world: OutsideWorld,
        staff: Staff,
        hands: Hands,
        display: Display,
        opening: dict[str, Any],
    ) -> None:
        self._config = config
        self._opening = opening
        self._ledger = ledger
        self._engine = engine
        self._world = world
        self._staff = staff
        self._hands = hands
        self._display = display
        self._seen_failed: set[str] = set()
        self._told_refused = 0
        self.clocks: dict[str, StageClock] = {}

    def play(self, until: Callable[[Occasion], bool] = lambda occasion: False) -> None:
        """Play every occasion in order; ``until`` is asked before each and stops the year by True.

        Raises:
            KanshoError: ``REPLAY-RED`` naming the failed tasks, ``REPLAY-STUCK``.
        """
        year = self.occasions
        for number, occasion in enumerate(year):
            if until(occasion):
                return
            self._world.advance(occasion.on)
            self._hands.enter_passwords(occasion.on)
            self._stage(occasion.stage, occasion.on, f"{occasion.at:%H}")
            self._aftermath(occasion.on)
            later = occasion.on + _REDELIVERY
            if self._refused_on(occasion.on) and number + 1 < len(year) and later < year[number + 1].on:
                self._world.advance(later)
                self._aftermath(later)

    @property
    def occasions(self) -> tuple[Occasion, ...]:
        """The year in order."""
        return occasions(self._config)

    def leave_waiting(self, occasion: Occasion) -> None:
        """Start an occasion's stage and leave its approvals to a person."""
        self._world.advance(occasion.on)
        self._hands.enter_passwords(occasion.on)
        run_id = f"replay__{occasion.on}T{occasion.at:%H}__1"
        dag_id = f"{self._config.id}__{occasion.stage}"
        self._engine.trigger(dag_id, run_id, {"campaign_date": occasion.on.isoformat()})
        deadline = time.monotonic() + _STUCK_SECONDS
        while not self._engine.open_approvals() and time.monotonic() < deadline:
            time.sleep(0.3)

    def _tell_refused(self) -> None:
        """Say which answers by people not assigned Airflow refused."""
        for attempt in self._staff.refused[self._told_refused :]:
            self._display.say(f"refused: {attempt.user} tried to answer {attempt.name} ({attempt.status})")
        self._told_refused = len(self._staff.refused)

    # -- one stage ---------------------------------------------------------------------------------

    def _stage(self, stage: str, on: date, part: str) -> None:
        for attempt in range(1, _MAX_TRIES + 1):
            dag_id = f"{self._config.id}__{stage}"
            run_id = f"replay__{on}T{part}__{attempt}"
            state = self._run(dag_id, run_id, stage, on)
            if state == "success" or not self._again(dag_id, run_id, on):
                return
        raise KanshoError("REPLAY-RED", "still red after every correction", place=f"{stage} {on}")

    def _run(self, dag_id: str, run_id: str, stage: str, on: date) -> str:
        began = time.monotonic()
        self._display.began(on, stage)
        known = {r["dag_run_id"]: r["state"] for r in self._engine.runs(dag_id) if r["dag_id"] == dag_id}
        if run_id not in known:
            conf: dict[str, Any] = {"campaign_date": on.isoformat()}
            if stage == "campaign_opening":
                conf |= self._opening
            self._engine.trigger(dag_id, run_id, conf)
        state = self._settle(dag_id, run_id)
        seconds = time.monotonic() - began
        clock = self.clocks.setdefault(stage, StageClock())
        clock.runs += 1
        clock.seconds += seconds
        note = ""
        if state != "success":
            clock.failed += 1
            note = " ".join(self._engine.failures(dag_id, run_id)[:3])
        if run_id not in known:
            self._display.ended(on, stage, state, seconds, note)
        return state

    def _settle(self, dag_id: str, run_id: str) -> str:
        """Answer what waits until nothing of the campaign runs; the state of the given run."""
        changed, last = time.monotonic(), ""
        while True:
            runs = self._engine.runs(self._config.id)
            active = [r for r in runs if r["state"] not in _FINAL]
            if active and self._staff.answer_waiting(self._engine.open_approvals()):
                changed = time.monotonic()
                self._tell_refused()
                continue
            if not active and not self._engine.pending_asset_events():
                runs = self._engine.runs(self._config.id)  # an event that has left the queue is a run by now
                if any(r["state"] not in _FINAL for r in runs):
                    continue
                mine = [r["state"] for r in runs if r["dag_id"] == dag_id and r["dag_run_id"] == run_id]
                self._check_others(runs, dag_id, run_id)
                return str(mine[0])
            now = repr(sorted((r["dag_id"], r["dag_run_id"], r["state"]) for r in runs))
            if now != last:
                changed, last = time.monotonic(), now
            if time.monotonic() - changed > _STUCK_SECONDS:
                names = " ".join(f"{r['dag_id']}/{r['dag_run_id']}" for r in active)
                raise KanshoError("REPLAY-STUCK", f"nothing moves: {names or 'asset events'}")
            time.sleep(0.1)

    def _check_others(self, runs: list[dict[str, Any]], dag_id: str, run_id: str) -> None:
        """Runs that an asset woke must not have failed either."""
        for run in runs:
            name = f"{run['dag_id']}/{run['dag_run_id']}"
            if run["state"] == "failed" and run["dag_run_id"].startswith("asset") and name not in self._seen_failed:
                self._seen_failed.add(name)
                told = " ".join(self._engine.failures(run["dag_id"], run["dag_run_id"]))
                raise KanshoError("REPLAY-RED", told, place=name)

    # -- what follows from a red run -------------------------------------------------------------------

    def _again(self, dag_id: str, run_id: str, on: date) -> bool:
        """Whether a red run had a cause of the year, now mended, so that a new run is worth it."""
        failures = self._engine.failures(dag_id, run_id)
        if any(task.startswith("settle_intake") for task in failures):
            return False  # the ward was told; its redelivery comes on another day
        rejected = self._ledger.find("approval_decided", self._rejected_key(dag_id, run_id))
        cause = "rejected" if rejected is not None else " ".join(failures)
        if "STOP-STALE" in cause:
            self._world.remind(on)  # somebody telephones the ward, which had forgotten its delivery
            self._world.advance(on)
            self._aftermath(on)
            return True
        if self._hands.correct(f"{dag_id}/{run_id} {cause}", on):
            return True
        raise KanshoError("REPLAY-RED", " ".join(failures), place=f"{dag_id}/{run_id}", remedy="see the task's log")

    def _rejected_key(self, dag_id: str, run_id: str) -> str:
        return next(
            (
                e.key
                for e in self._ledger.events("approval_decided")
                if e.key.startswith(f"{dag_id}/{run_id}/") and e.codes.get("decision") == "reject"
            ),
            "-",
        )

    def _refused_on(self, on: date) -> bool:
        return any(e.campaign_date == on.isoformat() for e in self._ledger.events("delivery_refused"))

    def _aftermath(self, on: date) -> None:
        """Redeliveries that came, and incidents that are open, on this day."""
        if self._hands.waiting_deliveries():
            self._hands.enter_passwords(on)
            self._stage("extract_intake", on, "13")
        opened = {e.key for e in self._ledger.events("incident_opened")}
        closed = {e.key for e in self._ledger.events("incident_closed")}
        if opened - closed:
            self._stage("incident", on, "19")
