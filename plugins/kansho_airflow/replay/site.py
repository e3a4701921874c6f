"""A replay's site: Airflow, the outside world and the people, joined.

Belongs here: putting the parts together for `year` (a whole year) and `up` (for a person).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.events import Actor
from kansho.evidence.ledger import Ledger
from kansho.intake.passwords import waiting_password
from kansho.intake.stage import open_deliveries
from kansho.layout import Layout
from kansho.oversight.incident_items import PURPOSE, fill_item, still_open
from kansho.oversight.pack import issue_pack, packs_due
from kansho.simulation.actors import Script
from kansho.simulation.population import build
from kansho.simulation.world import World
from kansho.vault.storage import stores_of
from kansho.workspace import Workspace
from kansho_airflow.client import AirflowClient
from kansho_airflow.replay.baseline import keep, to_draw_again
from kansho_airflow.replay.driver import Hands, Year
from kansho_airflow.replay.look import Look
from kansho_airflow.replay.progress import Display
from kansho_airflow.replay.staff import Staff
from kansho_airflow.rolenames import ADMIN
from kansho_airflow.services import Airflow
from kansho_airflow.settings import REPOSITORY

#: One file per stage lies there; every campaign has a DAG of each.
STAGE_FILES = REPOSITORY / "dags"


@dataclass(frozen=True)
class Site:
    """Everything a replay needs."""

    config: CampaignConfig
    config_path: Path
    layout: Layout
    people: str
    seed: int
    airflow: Airflow

    @classmethod
    def at(cls, config: CampaignConfig, config_path: Path, var: Path, people: str, seed: int) -> Site:
        """A site under ``var``."""
        layout = Layout(var.resolve())
        airflow = Airflow.at(layout.var, campaigns=(config_path.resolve(),), replay=True)
        return cls(config, config_path, layout, people, seed, airflow)

    def clear(self) -> None:
        """Stop what runs and remove everything of an earlier year."""
        self.airflow.stop(grace=2)
        for folder in (self.layout.kansho, self.layout.airflow, self.layout.outside):
            shutil.rmtree(folder, ignore_errors=True)

    def world(self) -> World:
        """The outside world; before its first opening the baseline scan decides who is drawn again."""
        taken = self.layout.outside / "taken.txt"
        people: int | str = self.people if self.people == "full" else int(self.people)
        if not taken.is_file():
            roots = [self.layout.kansho, self.layout.airflow]
            keep(taken, to_draw_again(lambda known: build(self.config, people, self.seed, taken=known).people, roots))
        known = taken.read_text(encoding="utf-8").splitlines()
        return World.open(self.config, self.layout.outside, people, self.seed, taken=known)

    def ledger(self) -> Ledger:
        """The campaign's log, for reading."""
        return Ledger(self.config.id, stores_of(self.config, self.layout.kansho).ledger)

    def client(self, user: str) -> AirflowClient:
        """A session of one user."""
        passwords = self.airflow.passwords()
        return AirflowClient(self.airflow.installation.url, user, passwords[user])

    def year(
        self,
        world: World,
        display: Display,
        *,
        left: Collection[tuple[str, str]] = (),
        locked: Collection[str] = (),
    ) -> Year:
        """The driver, with everybody in place; waits until every DAG is there.

        Args:
            left: (DAG, run) whose approvals wait for a person.
            locked: deliveries whose passwords wait for a person.
        """
        engine = self.client(ADMIN)
        stages = {p.stem.split("_", 1)[1] for p in STAGE_FILES.glob("s*.py")}
        engine.wait_for_dags({f"{self.config.id}__{stage}" for stage in stages}, timeout=300)
        sessions: dict[str, AirflowClient] = {}

        def client_of(user: str) -> AirflowClient:
            if user not in sessions:
                sessions[user] = self.client(user)
            return sessions[user]

        ledger = self.ledger()
        staff = Staff(self.config, ledger, client_of, Script(self.config))
        hands = Hands(
            enter_passwords=lambda on: self._enter_passwords(client_of, on, locked),
            waiting_deliveries=lambda: self._openable(self.workspace(self.config.contract.start), locked),
            correct=self._correct,
            fill_incidents=self._fill_incidents,
            prepare_packs=self._prepare_packs,
        )
        opening = {"simulation": True, "seed": self.seed}
        return Year(
            self.config,
            ledger,
            engine,
            Look(self.airflow.installation.database),
            world,
            staff,
            hands,
            display,
            opening,
            left,
        )

    def workspace(self, today: date, role: Role | None = None) -> Workspace:
        """The campaign's workspace, as a task or as the first user of a role."""
        actor = None
        if role is not None:
            handler = self.config.users(role)[0]
            actor = Actor(handler.party, str(handler.user), role.value)
        return Workspace.open(self.config, self.layout.var, today, actor=actor)

    @staticmethod
    def _openable(ws: Workspace, locked: Collection[str]) -> list[str]:
        return [delivery for delivery in open_deliveries(ws) if delivery not in locked]

    def _enter_passwords(
        self, client_of: Callable[[str], AirflowClient], on: date, locked: Collection[str] = ()
    ) -> int:
        """The contractor's staff type every password that came apart from its delivery, on the desk's page."""
        ws = self.workspace(on)
        if not ws.ledger.size:
            return 0
        entered = 0
        staff = self.config.users(Role.CONTRACTOR_STAFF)[0].user
        for delivery in self._openable(ws, locked):
            if waiting_password(ws, delivery) is not None:
                continue
            path = self.layout.outside / self.config.ward_party.id / "passwords" / f"{delivery}.txt"
            form = {"delivery": delivery, "password": path.read_text(), "campaign_date": on.isoformat()}
            status = client_of(str(staff)).desk_post(f"/desk/{self.config.id}/passwords", form)
            if status not in (200, 303):
                raise KanshoError("REPLAY-PASSWORD", f"desk answered {status}", place=delivery)
            entered += 1
        return entered

    def _fill_incidents(self, on: date) -> None:
        """From the day after an incident was found, the staff can say what happened (``kansho incident fill``)."""
        ws = self.workspace(on, Role.CONTRACTOR_STAFF).for_purpose(PURPOSE)
        closed = {e.key for e in ws.ledger.events("incident_closed")}
        for event in ws.ledger.events("incident_opened"):
            if event.key not in closed and event.campaign_date < on.isoformat():
                for item, text in Script(self.config).incident_items(still_open(ws, event)).items():
                    fill_item(ws, event.key, item, text)

    def _prepare_packs(self, on: date) -> None:
        """Before an inspection the staff make its pack (``kansho oversight pack``)."""
        ws = self.workspace(on, Role.CONTRACTOR_STAFF)
        for kind, party in packs_due(ws):
            issue_pack(ws, kind, party)

    def _correct(self, cause: str, on: date) -> bool:
        """What people do about a red run; whether a new run is worth it.

        A rejected proof or list is made anew by the next run; missing sheets are found by the visitors (the
        world moves on a day); a late certificate is waited for.
        """
        return any(
            sign in cause for sign in ("rejected", "CUSTODY-OPEN", "CLOSING-NO-RECEIPT", "CLOSING-CERTIFICATES-MISSING")
        )
