"""The DAG files run as they stand, without Airflow: every step at once, in the order of the file.

Not a test.  A stand-in for `kansho_airflow.wiring` executes instead of building a graph; skipping, failing,
merging and asset hops follow the real wiring.  People are played by the replay's own script.
"""

from __future__ import annotations

import importlib
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from kansho.campaign.binding import require_ready
from kansho.campaign.calendar import occasions
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.events import Actor
from kansho.exchange.comments import leave_comment
from kansho.intake.passwords import enter_password, waiting_password
from kansho.intake.stage import open_deliveries
from kansho.oversight.incident_items import PURPOSE, fill_item, still_open
from kansho.oversight.pack import issue_pack, packs_due
from kansho.simulation.actors import Script
from kansho.simulation.world import World
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from kansho_airflow.replay.driver import left_open, unopened

DAGS = Path(__file__).resolve().parent.parent / "dags"
SUCCESS, SKIPPED, FAILED = "success", "skipped", "failed"
#: Codes of a red run that people mend, after which a new run is worth it.
MENDED = frozenset(
    {"APPROVAL-REJECTED", "CUSTODY-OPEN", "CLOSING-NO-RECEIPT", "CLOSING-CERTIFICATES-MISSING", "STOP-STALE"}
)


@dataclass
class Node:
    """A step that has run."""

    name: str
    state: str
    value: Any = None
    code: str = ""


@dataclass
class Run:
    """One run of one stage."""

    stage: str
    number: int
    day: date
    conf: dict[str, Any]
    nodes: list[Node] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    dry: bool = False

    @property
    def codes(self) -> set[str]:
        return {n.code for n in self.nodes if n.code}


class ImmediateYear:
    """A campaign's year in a folder."""

    def __init__(self, config: CampaignConfig, var: Path, people: int, seed: int) -> None:
        self.config, self.var, self.seed = config, var, seed
        self.world = World.open(config, var / "outside-world", people, seed)
        self.script = Script(config)
        self.files = {re.sub(r"^s\d+_", "", path.stem): path for path in sorted(DAGS.glob("s*.py"))}
        self.asked: dict[str, int] = {}
        #: By kind, every table that somebody was asked to approve.
        self.tables: dict[str, list[pd.DataFrame]] = {}
        self.runs: list[Run] = []
        self.wakes: dict[str, list[str]] = {}
        for stage in self.files:
            for asset in self._execute(Run(stage, 0, config.opening_on, {}, dry=True)).triggers:
                self.wakes.setdefault(asset, []).append(stage)

    # -- the year -------------------------------------------------------------------------------------

    def play(self) -> Iterator[date]:
        """Play every occasion; yields its day when everything of it is done."""
        year = occasions(self.config)
        for number, occasion in enumerate(year):
            self.world.advance(occasion.on)
            self.enter_passwords(occasion.on)
            if occasion.stage == "oversight":
                ws = self._as(self.workspace(occasion.on), Role.CONTRACTOR_STAFF)
                for kind, party in packs_due(ws):
                    issue_pack(ws, kind, party)
            self.stage(occasion.stage, occasion.on)
            self.world.advance(occasion.on)
            self.enter_passwords(occasion.on)
            if open_deliveries(self.workspace(occasion.on)):
                self.stage("extract_intake", occasion.on)
            ledger = self.workspace(occasion.on).ledger
            if unopened(ledger.events(), occasion.on):
                self.stage("oversight", occasion.on)
            if left_open(ledger.events(), occasion.on):
                self.fill_incidents(occasion.on)
                self.stage("incident", occasion.on)
            later = occasion.on + timedelta(days=4)
            refused = self.workspace(occasion.on).ledger.events("delivery_refused")
            if any(e.campaign_date == occasion.on.isoformat() for e in refused) and later < year[number + 1].on:
                self.world.advance(later)
                self.enter_passwords(later)
                self.stage("extract_intake", later)
            yield occasion.on

    def stage(self, stage: str, day: date) -> None:
        """Run a stage, again while people mend what made it red."""
        conf = {"simulation": True, "seed": self.seed} if stage == "campaign_opening" else {}
        for _ in range(4):
            codes = self.run(stage, day, conf)
            if not codes or codes == {"INTAKE-REFUSED"}:
                return
            if not codes & MENDED:
                break
            if "STOP-STALE" in codes:
                self.world.remind(day)
                self.world.advance(day)
                self.enter_passwords(day)
                self.stage("extract_intake", day)
            if "CUSTODY-OPEN" in codes:
                self.world.advance(day + timedelta(days=1))
        raise AssertionError(f"{stage} {day} stays red: {sorted(codes)}")

    def run(self, stage: str, day: date, conf: dict[str, Any]) -> set[str]:
        """One run and every run it wakes; the codes that made them red."""
        run = self._execute(Run(stage, len(self.runs) + 1, day, conf))
        self.runs.append(run)
        codes = run.codes
        for asset in dict.fromkeys(run.woken):
            for woken in self.wakes.get(asset, []):
                codes |= self.run(woken, day, {})
        return codes

    def fill_incidents(self, day: date) -> None:
        """From the day after an incident was found, the staff can say what happened."""
        ws = self._as(self.workspace(day, PURPOSE), Role.CONTRACTOR_STAFF)
        closed = {e.key for e in ws.ledger.events("incident_closed")}
        for event in ws.ledger.events("incident_opened"):
            if event.key not in closed and event.campaign_date < day.isoformat():
                for item, text in self.script.incident_items(still_open(ws, event)).items():
                    fill_item(ws, event.key, item, text)

    def enter_passwords(self, day: date) -> int:
        """The contractor's staff enter what came apart from the deliveries."""
        ws = self.workspace(day)
        if not ws.ledger.size:
            return 0
        waiting = [d for d in open_deliveries(ws) if waiting_password(ws, d) is None]
        for delivery in waiting:
            enter_password(self._as(ws, Role.CONTRACTOR_STAFF), delivery, self.passwords[delivery])
        return len(waiting)

    @property
    def passwords(self) -> dict[str, str]:
        """Every password the ward has given so far, by delivery."""
        folder = self.var / "outside-world" / self.config.ward_party.id / "passwords"
        return {path.stem: path.read_text().strip() for path in sorted(folder.glob("*.txt"))}

    def workspace(self, day: date, purpose: str = "") -> Workspace:
        return Workspace.open(self.config, self.var, day, purpose=purpose)

    def _as(self, ws: Workspace, role: Role) -> Workspace:
        handler = self.config.users(role)[0]
        return ws.acting_as(Actor(handler.party, str(handler.user), role.value))

    # -- one run ----------------------------------------------------------------------------------------

    def _execute(self, run: Run) -> Run:
        path = self.files[run.stage]
        with _in_place_of_wiring(_Wiring(self, run)):
            exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), {"__doc__": ""})
        return run


class _Wiring:
    """What a DAG file imports, executing."""

    CALENDAR = "calendar"
    Role = Role

    def __init__(self, year: ImmediateYear, run: Run) -> None:
        self._year, self._run = year, run

    def campaigns(self) -> list[CampaignConfig]:
        return [self._year.config]

    def asset(self, campaign: CampaignConfig, name: str) -> str:
        return name

    @contextmanager
    def stage_dag(
        self,
        campaign: CampaignConfig,
        stage: str,
        doc: Any,
        schedule: Any = None,
        triggers: Sequence[str] = (),
        starters: Sequence[Role] = (),
    ) -> Iterator[None]:
        assert stage == self._run.stage
        self._run.triggers += list(triggers or ())
        yield

    def step(
        self,
        function: str,
        work: Any = None,
        *,
        outlet: Any = None,
        trigger_rule: str = "",
        after: Any = None,
        when: str | None = None,
        **_: Any,
    ) -> Node:
        before = [*_nodes(work), *_nodes(after)]
        any_of = after is not None or "min_one" in str(trigger_rule).lower()
        state = SUCCESS if trigger_rule == "all_done" else _state(before, any_of=any_of)
        if state != SUCCESS:
            return self._add(Node(function, state))
        node = self._call(function, lambda: {"triggered": self._run.conf} if work is None else _merged(work))
        # Airflow would not have called it: what the work says of it must be what it finds itself.
        if when is not None and not self._run.dry and not work.value.get(when):
            assert node.state == SKIPPED, f"{function} had work, though {when} said that there is none"
        if node.state == SUCCESS and outlet is not None:
            self._run.woken += [outlet] if isinstance(outlet, str) else list(outlet)
        return node

    def mapped(self, function: str, work: Node, **_: Any) -> Node:
        if work.state != SUCCESS:
            return self._add(Node(function, work.state))
        rest = {k: v for k, v in work.value.items() if k != "shards"}
        done = [self._call(function, lambda shard=shard: {**rest, **shard}) for shard in work.value["shards"]]
        failed = [n for n in done if n.state == FAILED]
        return failed[0] if failed else Node(function, SUCCESS, {"shards": [n.value for n in done if n.value]})

    def approval(self, name: str, role: Role, *, of: Node, distinct_from: str | None = None, **_: Any) -> Node:
        return self._asked(name, role, of, {"distinct_from": distinct_from} if distinct_from else {})

    def decision(self, name: str, role: Role, *, of: Node, **_: Any) -> Node:
        if of.state == SUCCESS and of.value.get("gate_result") != "hold":
            return self._add(Node(f"guard_{name}", SUCCESS, of.value))
        return self._asked(name, role, of, {"reason_required": "yes"})

    def verdict(self, *leaves: Node) -> Node:
        return Node("verdict", SUCCESS)

    def _call(self, function: str, work: Any) -> Node:
        if self._run.dry:
            return Node(function, SKIPPED)
        module, _, name = function.partition(":")
        try:
            ws = self._year.workspace(self._run.day, self._run.stage)
            require_ready(ws.ledger.events(), self._year.config, self._run.stage)
            value = getattr(importlib.import_module(module), name)(ws, work())
        except KanshoError as error:
            return self._add(Node(function, FAILED, code=error.code))
        return self._add(Node(function, SKIPPED if value is None else SUCCESS, value))

    def _asked(self, name: str, role: Role, of: Node, codes: dict[str, str]) -> Node:
        if of.state != SUCCESS:
            return self._add(Node(f"guard_{name}", of.state))
        ws = self._year.workspace(self._run.day)
        artefact = SnapshotRef.from_json(of.value["artefact"])
        data = ws.for_purpose("approval").read_bytes(artefact)
        if data.startswith(b"PAR1"):
            self._year.tables.setdefault(artefact.kind, []).append(pd.read_parquet(io.BytesIO(data)))
        run = f"{self._year.config.id}__{self._run.stage}/run-{self._run.number}"
        if "distinct_from" in codes:
            codes = {"distinct_from": f"{run}/{codes['distinct_from']}"}
        key = f"{run}/{name}"
        ws.record(
            "approval_requested",
            key,
            counts=of.value.get("counts", {}),
            codes={"role": role.value, "kind": artefact.kind, **codes},
            refs={"artefact": artefact},
        )
        self._year.asked[name] = self._year.asked.get(name, 0) + 1
        decision, reason = self._year.script.decide(name, artefact.kind, artefact.key, self._year.asked[name])
        mine = self._year._as(ws, role)
        shown = {"first": 1, "last": artefact.rows, "of": artefact.rows} if artefact.rows else {}
        mine.record("artefact_opened", f"{key}/{mine.actor.user}", counts=shown, refs={"digest": artefact.digest})
        remark = self._year.script.remark(decision)
        if remark:
            asked = mine.ledger.find("approval_requested", key)
            assert asked is not None
            leave_comment(mine.for_purpose("desk_review"), asked, remark)  # as the desk does
        mine.record(
            "approval_decided", key, codes={"decision": decision, "reason": reason}, refs={"digest": artefact.digest}
        )
        if decision != "approve":
            return self._add(Node(f"guard_{name}", FAILED, code="APPROVAL-REJECTED"))
        return self._add(Node(f"guard_{name}", SUCCESS, of.value))

    def _add(self, node: Node) -> Node:
        self._run.nodes.append(node)
        return node


@contextmanager
def _in_place_of_wiring(wiring: _Wiring) -> Iterator[None]:
    name = "kansho_airflow.wiring"
    stand_in = ModuleType(name)
    for word in (
        "CALENDAR",
        "Role",
        "campaigns",
        "asset",
        "stage_dag",
        "step",
        "mapped",
        "approval",
        "decision",
        "verdict",
    ):
        setattr(stand_in, word, getattr(wiring, word))
    real = sys.modules.get(name)
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        if real is None:
            del sys.modules[name]
        else:
            sys.modules[name] = real


def _nodes(value: Any) -> list[Node]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _state(before: list[Node], *, any_of: bool) -> str:
    states = [n.state for n in before]
    if FAILED in states:
        return FAILED
    if any_of:
        return SUCCESS if SUCCESS in states else SKIPPED
    return SKIPPED if SKIPPED in states else SUCCESS


def _merged(work: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for node in _nodes(work):
        merged |= node.value or {}
    if not merged:
        raise KanshoError("TASK-NO-WORK", "no work")
    return merged
