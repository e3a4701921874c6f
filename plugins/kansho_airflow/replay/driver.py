"""Playing the year: one occasion after the other, to the end or to a fault that nobody foresaw.

Belongs here: order, waiting, and what follows from a red run.  Does not belong here: starting and stopping
components (`kansho_airflow.replay.year`).

A red run is part of a real year: a refused delivery, a rejected proof, sheets that are missing.  After each
the driver does what the people would do (wait for the redelivery, correct, find the sheet) and starts a
new run.  A red run without such a cause ends the replay.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from kansho.campaign.calendar import OVERSIGHT, Occasion, occasions
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.ledger import Ledger
from kansho.oversight.incidents import suspicions
from kansho_airflow.replay.clocks import FINAL, StageClock, clocks_of, seconds_of, stage_of
from kansho_airflow.replay.progress import Display
from kansho_airflow.replay.staff import Staff

#: Without any change of state for so long, the year is stuck.
_STUCK_SECONDS = 300.0
_MAX_TRIES = 4
#: Seconds between two looks.
_LOOK = 0.05
#: After so many days the ward has sent again what was refused.
_REDELIVERY = timedelta(days=4)


class Engine(Protocol):
    """The REST interface as the engineer's user sees it."""

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None: ...

    def failures(self, dag_id: str, run_id: str) -> list[str]: ...


class Eyes(Protocol):
    """What can be seen of Airflow at any moment (`kansho_airflow.replay.look`)."""

    def runs(self, prefix: str) -> list[dict[str, Any]]: ...

    def pending_asset_events(self) -> int: ...

    def open_approvals(self) -> list[dict[str, Any]]: ...


class OutsideWorld(Protocol):
    """The other parties, up to a day."""

    def advance(self, day: date) -> None: ...

    def remind(self, day: date) -> None: ...


@dataclass(frozen=True)
class Hands:
    """What people do outside Airflow: enter passwords; anything else a red run asks for."""

    enter_passwords: Callable[[date], int]
    waiting_deliveries: Callable[[], list[str]]
    correct: Callable[[str, date], bool]
    fill_incidents: Callable[[date], None]
    prepare_packs: Callable[[date], None]


class Year:
    """One campaign's replay on a running Airflow.

    Args:
        left: (DAG, run) that are left for a person: nobody of the replay answers them, and nothing waits for them.
    """

    def __init__(
        self,
        config: CampaignConfig,
        ledger: Ledger,
        engine: Engine,
        eyes: Eyes,
        world: OutsideWorld,
        staff: Staff,
        hands: Hands,
        display: Display,
        opening: dict[str, Any],
        left: Collection[tuple[str, str]] = (),
    ) -> None:
        self._config = config
        self._opening = opening
        self._ledger = ledger
        self._engine = engine
        self._eyes = eyes
        self._world = world
        self._staff = staff
        self._hands = hands
        self._display = display
        self._left = frozenset(left)
        self._began: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str]] = set()
        self._told_refused = 0

    def play(self, until: Callable[[Occasion], bool] = lambda occasion: False) -> None:
        """Play every occasion in order; ``until`` is asked before each and stops the year by True.

        Raises:
            KanshoError: ``REPLAY-RED`` naming the failed tasks, ``REPLAY-STUCK``.
        """
        year = self.occasions
        # One that an asset woke and that is still red stops the year again, until somebody has mended and cleared it.
        self._told |= {
            _name(r) for r in self._runs() if r["state"] == "success" or (r["state"] == "failed" and not _woken(r))
        }
        self._display.known(self.clocks)
        for number, occasion in enumerate(year):
            if until(occasion):
                return
            self._world.advance(occasion.on)
            self._hands.enter_passwords(occasion.on)
            if occasion.stage == OVERSIGHT:
                self._hands.prepare_packs(occasion.on)
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

    @property
    def clocks(self) -> dict[str, StageClock]:
        """What every stage came to so far, in this sitting and those before."""
        return clocks_of(self._runs(), self._config.id)

    def leave_waiting(self, occasion: Occasion) -> None:
        """Start an occasion's stage and leave its approval to a person.

        Raises:
            KanshoError: ``REPLAY-NOT-ASKED`` when it asks nobody.
        """
        self._world.advance(occasion.on)
        self._hands.enter_passwords(occasion.on)
        dag_id, run_id = first_run(self._config, occasion)
        self._display.began(occasion.on, occasion.stage)
        self._engine.trigger(dag_id, run_id, {"campaign_date": occasion.on.isoformat()})
        deadline = time.monotonic() + _STUCK_SECONDS
        while True:
            asked = {(d["task_instance"]["dag_id"], d["task_instance"]["dag_run_id"]) for d in self._approvals()}
            if (dag_id, run_id) in asked:
                return
            ended = [r for r in self._runs() if _name(r) == (dag_id, run_id) and r["state"] in FINAL]
            if ended or time.monotonic() > deadline:
                raise KanshoError("REPLAY-NOT-ASKED", "no approval waits", place=f"{dag_id}/{run_id}")
            time.sleep(_LOOK)

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
        if (dag_id, run_id) not in {_name(r) for r in self._runs()}:
            conf: dict[str, Any] = {"campaign_date": on.isoformat()}
            if stage == "campaign_opening":
                conf |= self._opening
            self._engine.trigger(dag_id, run_id, conf)
        return self._settle(dag_id, run_id, on)

    def _settle(self, dag_id: str, run_id: str, on: date) -> str:
        """Answer what waits until nothing of the campaign runs; the state of the given run."""
        changed, last = time.monotonic(), ""
        while True:
            runs = self._runs()
            self._tell(runs, on)
            active = [r for r in runs if r["state"] not in FINAL and _name(r) not in self._left]
            # The api-server may answer a moment before it commits: a run that it has taken is there soon.
            there = any(_name(r) == (dag_id, run_id) for r in runs)
            if active and self._staff.answer_waiting(self._approvals(but=self._left)):
                changed = time.monotonic()
                self._tell_refused()
                continue
            if there and not active and not self._eyes.pending_asset_events():
                runs = self._runs()  # an event that has left the queue is a run by now
                if any(r["state"] not in FINAL and _name(r) not in self._left for r in runs):
                    continue
                self._tell(runs, on)
                return next(str(r["state"]) for r in runs if _name(r) == (dag_id, run_id))
            now = repr(sorted((r["dag_id"], r["dag_run_id"], r["state"]) for r in runs))
            if now != last:
                changed, last = time.monotonic(), now
            if time.monotonic() - changed > _STUCK_SECONDS:
                names = " ".join(f"{r['dag_id']}/{r['dag_run_id']}" for r in active)
                raise KanshoError("REPLAY-STUCK", f"nothing moves: {names or 'asset events'}")
            time.sleep(_LOOK)

    def _tell(self, runs: list[dict[str, Any]], on: date) -> None:
        """Show every run that began or ended since the last look, also those that an asset woke.

        Raises:
            KanshoError: ``REPLAY-RED`` when a run that an asset woke has failed.
        """
        for run in runs:
            name, stage = _name(run), stage_of(run, self._config.id)
            if run["state"] not in FINAL and name not in self._began | self._left:
                self._began.add(name)
                self._display.began(on, stage)
            if run["state"] in FINAL and name not in self._told:
                self._told.add(name)
                failures = self._engine.failures(*name) if run["state"] == "failed" else []
                self._display.ended(on, stage, str(run["state"]), seconds_of(run), " ".join(failures[:3]))
                if run["state"] == "failed" and _woken(run):
                    raise KanshoError("REPLAY-RED", " ".join(failures), place="/".join(name))

    def _runs(self) -> list[dict[str, Any]]:
        return self._eyes.runs(f"{self._config.id}__")

    def _approvals(self, but: Collection[tuple[str, str]] = ()) -> list[dict[str, Any]]:
        return [d for d in self._eyes.open_approvals() if _name(d["task_instance"]) not in but]

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
        if unopened(self._ledger.events(), on):
            self._stage(OVERSIGHT, on, "19")  # which opens it, tells the ward and wakes whoever reports
        if left_open(self._ledger.events(), on):
            self._hands.fill_incidents(on)
            self._stage("incident", on, "19")


def unopened(events: Sequence[Event], on: date) -> bool:
    """Whether oversight has an incident to open that only the log shows: on such a day something is due."""
    return bool(suspicions(events, on))


def left_open(events: Sequence[Event], on: date) -> bool:
    """Whether people have an incident of an earlier day before them; whoever opened today's has woken the stage."""
    closed = {e.key for e in events if e.type == "incident_closed"}
    opened = (e for e in events if e.type == "incident_opened" and e.key not in closed)
    return any(e.campaign_date < on.isoformat() for e in opened)


def first_run(config: CampaignConfig, occasion: Occasion) -> tuple[str, str]:
    """DAG and run by which an occasion's stage is started first."""
    return f"{config.id}__{occasion.stage}", f"replay__{occasion.on}T{occasion.at:%H}__1"


def _woken(run: dict[str, Any]) -> bool:
    return str(run["dag_run_id"]).startswith("asset")


def _name(run: dict[str, Any]) -> tuple[str, str]:
    return str(run["dag_id"]), str(run["dag_run_id"])
