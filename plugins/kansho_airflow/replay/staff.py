"""The people of a simulated year, at the screen: they enter passwords, open what they approve, and answer.

Belongs here: doing through the desk and the REST interface exactly what a person would do in the browser.
Does not belong here: what they decide (`kansho.simulation.actors`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.approvals import APPROVE, OPTIONS
from kansho.evidence.ledger import Ledger

_LABEL = {code: label for label, code in OPTIONS.items()}


class Client(Protocol):
    """One signed-in user's REST and desk session."""

    def answer(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        options: list[str],
        params: Mapping[str, Any],
        *,
        map_index: int = -1,
    ) -> int: ...

    def desk_get(self, path: str) -> int: ...

    def desk_post(self, path: str, form: Mapping[str, str]) -> int: ...


class Clients(Protocol):
    """A session per user."""

    def __call__(self, user: str) -> Client: ...


class Script(Protocol):
    """What the people of this year decide."""

    def decide(self, name: str, kind: str, subject: str, occurrence: int) -> tuple[str, str]:
        """``(approve|reject, reason code)`` for the n-th time this approval is asked."""
        ...

    def remark(self, decision: str) -> str:
        """What is written in the desk before the answer; '' for nothing."""
        ...

    def intruder(self, name: str, occurrence: int) -> Role | None:
        """Role of somebody not assigned who tries to answer first, if anybody does."""
        ...


@dataclass(frozen=True)
class Attempt:
    """An answer that Airflow refused."""

    name: str
    user: str
    status: int


class Staff:
    """Everybody who answers."""

    def __init__(self, config: CampaignConfig, ledger: Ledger, clients: Clients, script: Script) -> None:
        self._config = config
        self._ledger = ledger
        self._clients = clients
        self._script = script
        self.refused: list[Attempt] = []
        self._answered: set[str] = set()

    def answer_waiting(self, waiting: list[dict[str, Any]]) -> int:
        """Answer every approval that waits; the number answered."""
        return sum(self._answer(detail) for detail in waiting)

    def _answer(self, detail: Mapping[str, Any]) -> bool:
        instance = detail["task_instance"]
        dag_id, run_id, task_id = instance["dag_id"], instance["dag_run_id"], instance["task_id"]
        name = task_id.removeprefix("ask_")
        key = f"{dag_id}/{run_id}/{name}"
        requested = self._ledger.find("approval_requested", key)
        if requested is None or key in self._answered:
            return False  # Airflow takes an answer a moment before it commits it: till then the question seems open
        role = Role(requested.codes["role"])
        occurrence = self._occurrence(name, key)
        intruder = self._script.intruder(name, occurrence)
        if intruder is not None:
            self._try_as(self._user(intruder), dag_id, run_id, task_id, name)
        decision, reason = self._script.decide(name, requested.codes.get("kind", ""), requested.key, occurrence)
        user = self._user(role)
        client = self._clients(user)
        self._open(client, key)
        remark = self._script.remark(decision)
        if remark and client.desk_post(f"/desk/{self._config.id}/comments/{key}", {"text": remark}) != 303:
            raise KanshoError("REPLAY-DESK", "the desk did not keep a comment", place=key)
        status = client.answer(dag_id, run_id, task_id, [_LABEL[decision]], {"reason": reason})
        if status != 200:
            raise KanshoError("REPLAY-ANSWER", f"Airflow answered {status}", place=key)
        self._answered.add(key)
        return True

    def _open(self, client: Client, key: str) -> None:
        """Turn over every page of the thing itself: after the last there is none."""
        number = 1
        while (status := client.desk_get(f"/desk/{self._config.id}/artefacts/{key}?page={number}")) == 200:
            number += 1
        if number == 1 or status != 404:
            raise KanshoError("REPLAY-DESK", f"desk answered {status}", place=key)

    def _try_as(self, user: str, dag_id: str, run_id: str, task_id: str, name: str) -> None:
        status = self._clients(user).answer(dag_id, run_id, task_id, [_LABEL[APPROVE]], {"reason": "as_expected"})
        if status < 400:
            raise KanshoError("REPLAY-INTRUDER", "an answer by a user not assigned was taken", place=name)
        self.refused.append(Attempt(name, user, status))

    def _occurrence(self, name: str, key: str) -> int:
        asked = [e.key for e in self._ledger.events("approval_requested") if e.key.rpartition("/")[2] == name]
        return asked.index(key) + 1

    def _user(self, role: Role) -> str:
        users = self._config.users(role)
        if not users or users[0].user is None:
            raise KanshoError("REPLAY-USER", "no user in this role", place=role.value)
        return users[0].user
