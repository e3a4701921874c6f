"""A toy campaign on a real scheduler: what its tests ask of it.  Not a test."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import load_config
from kansho.evidence.events import Actor
from kansho.workspace import Workspace
from kansho_airflow.client import FINISHED, AirflowClient
from kansho_airflow.replay.look import Look
from kansho_airflow.rolenames import ADMIN
from kansho_airflow.services import Airflow

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "include" / "campaigns" / "shinjuku" / "2026.yaml"
CAMPAIGN = "shinjuku_2026"
TODAY = date(2026, 6, 1)
OFFICER, WARD_MANAGER, MANAGER, ENGINEER, PRINTER = "takanashi", "yamanashi", "watanuki", "tsukumo", "mitarai"
STAFF = "teshigawara"
#: Two people as the toy's stage functions know them: whom the boundary holds back, and whom nothing could.
LEAK = {"name_kanji": "見本漏　太郎", "name_kana": "ミホンモレ", "phone": "090-1234-5678"}
SPILT = {"name_kanji": "溢見本　花枝", "name_kana": "アフレミホン", "phone": "080-8765-4321"}


@dataclass
class Toy:
    """The running toy; ``hasty`` is a run whose approval nobody answers."""

    airflow: Airflow
    hasty: tuple[str, str] = ("", "")
    clients: dict[str, AirflowClient] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def admin(self) -> AirflowClient:
        return self.as_user(ADMIN)

    @property
    def look(self) -> Look:
        return Look(self.airflow.installation.database)

    def as_user(self, user: str) -> AirflowClient:
        if user not in self.clients:
            self.clients[user] = AirflowClient(self.airflow.installation.url, user, self.airflow.passwords()[user])
        return self.clients[user]

    def workspace(self) -> Workspace:
        installation = self.airflow.installation
        return Workspace.open(load_config(installation.campaigns[0]), installation.var, TODAY)

    def start(self, stage: str, day: date = TODAY, **conf: Any) -> tuple[str, str]:
        dag_id, run_id = f"{CAMPAIGN}__{stage}", f"test__{next(self.numbers)}"
        body = {"campaign_date": day.isoformat(), "case": run_id.replace("__", "-"), **conf}
        self.admin.trigger(dag_id, run_id, body)
        return dag_id, run_id

    def waiting(self, run: tuple[str, str]) -> dict[str, Any]:
        """The approval that waits in a run."""

        def found() -> dict[str, Any] | None:
            assert self.admin.run(*run)["state"] not in FINISHED
            for detail in self.admin.open_approvals():
                task = detail["task_instance"]
                if (task["dag_id"], task["dag_run_id"]) == run:
                    return dict(detail)
            return None

        return wait_until(found)

    def open_in_desk(self, run: tuple[str, str], name: str, user: str) -> None:
        """What the desk records when a person opens the artefact."""
        ws = self.workspace()
        handler = ws.config.handler_of_user(user)
        assert handler is not None
        assert handler.role is not None
        key = f"{run[0]}/{run[1]}/{name}"
        request = ws.ledger.find("approval_requested", key)
        assert request is not None
        ws.acting_as(Actor(handler.party, user, handler.role.value)).record(
            "artefact_opened", f"{key}/{user}", refs={"digest": request.refs["artefact"]["digest"]}
        )

    def answer(self, run: tuple[str, str], name: str, user: str, option: str = "承認", reason: str = "none") -> int:
        return self.as_user(user).answer(*run, f"ask_{name}", [option], {"reason": reason})

    def approve(self, run: tuple[str, str], name: str, user: str) -> None:
        self.waiting(run)
        self.open_in_desk(run, name, user)
        assert self.answer(run, name, user) == 200

    def ended(self, run: tuple[str, str]) -> str:
        return self.admin.wait(*run, timeout=60)

    def released(self, run: tuple[str, str]) -> bool:
        """Whether what needed approval happened."""
        return self.workspace().ledger.find("document_issued", f"released-{run[1].replace('__', '-')}") is not None


def wait_until(look: Callable[[], Any], timeout: float = 60) -> Any:
    deadline = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
    return found


def toy_airflow(folder: Path) -> Airflow:
    """A toy installation with a config of its own; the same one again in a folder that has one."""
    config = folder / "campaign.yaml"
    if not config.is_file():
        shutil.copyfile(SAMPLE, config)
    return Airflow.at(folder / "var", campaigns=(config,), dags=HERE / "toy" / "dags", replay=True)


def start_toy(airflow: Airflow) -> Toy:
    """Its components, with the toy's own stage module within their reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE / "toy"))
        airflow.start(timeout=120)
    return Toy(airflow)
