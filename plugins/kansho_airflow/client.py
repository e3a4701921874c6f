"""Airflow's REST API as a named user: start runs, wait, list and answer approvals.

Belongs here: requests and their repetition.  Does not belong here: what to start when (the replay), or
the desk's pages.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import requests

from kansho.errors import KanshoError

#: In the past on every machine: such a run starts at once (a default start waits up to a second).
RUN_AFTER = "2020-01-01T00:00:00Z"

FINISHED = frozenset({"success", "failed"})

#: How a sanitised failure begins: ``INTAKE-PASSWORD …`` or ``TASK-FAILED …``.
_CODE = re.compile(r"\b([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+) ")


class AirflowClient:
    """One user's session with the API; repeats what failed for the server's own reasons."""

    def __init__(self, url: str, user: str, password: str, *, patience: float = 60) -> None:
        self._url = url
        self._user = user
        self._password = password
        self._patience = patience
        self._session = requests.Session()
        self._signed_in = False

    def sign_in(self) -> str:
        """Take a token; returns it (the desk accepts it as a Bearer, too)."""
        answer = self._send("POST", "/auth/token", {"username": self._user, "password": self._password})
        token = str(answer.json()["access_token"])
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._signed_in = True
        return token

    def call(self, method: str, path: str, body: Any = None, *, accept: tuple[int, ...] = ()) -> requests.Response:
        """One request under ``/api/v2``; repeats on 5xx and broken connections, signs in again on 401.

        Raises:
            KanshoError: ``AIRFLOW-API`` with method, path and status; statuses in ``accept`` are returned.
        """
        if not self._signed_in:
            self.sign_in()
        answer = self._send(method, f"/api/v2{path}", body)
        if answer.status_code == 401:
            self.sign_in()
            answer = self._send(method, f"/api/v2{path}", body)
        if not answer.ok and answer.status_code not in accept:
            raise KanshoError("AIRFLOW-API", f"{method} {answer.status_code}", place=path.partition("?")[0])
        return answer

    # -- DAGs ----------------------------------------------------------------------------------

    def dag_ids(self) -> list[str]:
        """Every DAG this user may read."""
        found: list[str] = []
        while True:
            page = self.call("GET", f"/dags?limit=100&offset={len(found)}&exclude_stale=true").json()
            found += [d["dag_id"] for d in page["dags"]]
            if not page["dags"] or len(found) >= page["total_entries"]:
                return found

    def wait_for_dags(self, wanted: set[str], *, timeout: float = 60) -> None:
        """Wait until the DAG processor has found every one of ``wanted``.

        Raises:
            KanshoError: ``AIRFLOW-PARSE`` naming what is missing and the files that do not import.
        """
        deadline = time.monotonic() + timeout
        while missing := wanted.difference(self.dag_ids()):
            if time.monotonic() > deadline:
                broken = [e["filename"] for e in self.call("GET", "/importErrors").json()["import_errors"]]
                raise KanshoError("AIRFLOW-PARSE", " ".join(sorted(missing)), place=" ".join(broken))
            time.sleep(0.1)

    def delete_dag(self, dag_id: str) -> None:
        """Delete a DAG's rows (its file must be gone); quietly when there is none."""
        self.call("DELETE", f"/dags/{dag_id}", accept=(404,))

    # -- runs ----------------------------------------------------------------------------------

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any] | None = None) -> None:
        """Start a run without a logical date; the same ``run_id`` again changes nothing.

        In a replay ``conf`` carries ``campaign_date``.
        """
        body = {"dag_run_id": run_id, "logical_date": None, "run_after": RUN_AFTER, "conf": dict(conf or {})}
        self.call("POST", f"/dags/{dag_id}/dagRuns", body, accept=(409,))

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One run."""
        return dict(self.call("GET", f"/dags/{dag_id}/dagRuns/{_part(run_id)}").json())

    def wait(self, dag_id: str, run_id: str, *, timeout: float = 300) -> str:
        """Wait until a run has ended; returns ``success`` or ``failed``.

        Raises:
            KanshoError: ``AIRFLOW-SLOW``.
        """
        deadline = time.monotonic() + timeout
        while (state := str(self.run(dag_id, run_id)["state"])) not in FINISHED:
            if time.monotonic() > deadline:
                raise KanshoError("AIRFLOW-SLOW", state, place=f"{dag_id}/{run_id}")
            time.sleep(0.05)
        return state

    # -- tasks ---------------------------------------------------------------------------------

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Task instances of a run."""
        path = f"/dags/{dag_id}/dagRuns/{_part(run_id)}/taskInstances?limit=1000"
        return list(self.call("GET", path).json()["task_instances"])

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """State by task id (mapped ones as ``task.index``)."""
        return {
            t["task_id"] + (f".{t['map_index']}" if t["map_index"] >= 0 else ""): str(t["state"])
            for t in self.tasks(dag_id, run_id)
        }

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task by hand, as a data engineer may (and no guard believes)."""
        self.call("PATCH", f"/dags/{dag_id}/dagRuns/{_part(run_id)}/taskInstances/{task_id}", {"new_state": state})

    def clear(self, dag_id: str, run_id: str, task_ids: list[str]) -> None:
        """Run tasks again, with what follows them."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": task_ids,
            "include_downstream": True,
            "only_failed": False,
        }
        self.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)

    def failures(self, dag_id: str, run_id: str) -> list[str]:
        """``<task> <CODE>`` of every task that failed by itself, in order of their ends."""
        failed = [t for t in self.tasks(dag_id, run_id) if t["state"] == "failed"]
        return [
            f"{t['task_id']} {self.failure_code(t)}".strip()
            for t in sorted(failed, key=lambda t: (t["task_id"] == "verdict", str(t["end_date"])))
        ]

    def failure_code(self, task: Mapping[str, Any]) -> str:
        """The code by which a task failed, read from its log; empty when the log has none (killed)."""
        path = (
            f"/dags/{task['dag_id']}/dagRuns/{_part(task['dag_run_id'])}/taskInstances/{task['task_id']}"
            f"/logs/{task['try_number']}?full_content=true&map_index={task['map_index']}"
        )
        answer = self.call("GET", path, accept=(403, 404))
        if not answer.ok:
            return ""
        texts = [
            str(detail.get("exc_value"))
            for line in answer.json().get("content", ())
            if isinstance(line, dict)
            for detail in line.get("error_detail") or ()
        ]
        codes = [match.group(1) for text in texts if (match := _CODE.search(text + " "))]
        return codes[-1] if codes else ""

    # -- approvals -----------------------------------------------------------------------------

    def open_approvals(self) -> list[dict[str, Any]]:
        """Approvals that wait for an answer, as far as this user may see them (Airflow's HITL details)."""
        path = "/dags/~/dagRuns/~/hitlDetails?response_received=false&state=awaiting_input&limit=100"
        return list(self.call("GET", path).json()["hitl_details"])

    def answer(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        options: Sequence[str],
        params: Mapping[str, Any],
        *,
        map_index: int = -1,
    ) -> int:
        """Answer as this user; the status: 200, 403 when not assigned, 409 when answered already, 422 for prose."""
        path = f"/dags/{dag_id}/dagRuns/{_part(run_id)}/taskInstances/{task_id}/{map_index}/hitlDetails"
        body = {"chosen_options": list(options), "params_input": dict(params)}
        return self.call("PATCH", path, body, accept=(400, 403, 404, 409, 422)).status_code

    # -- the desk --------------------------------------------------------------------------------

    def desk_get(self, path: str) -> int:
        """Open a page of the desk as this user; its status."""
        return self._desk("GET", path, None)

    def desk_post(self, path: str, form: Mapping[str, str]) -> int:
        """Send a form of the desk as this user; its status."""
        return self._desk("POST", path, form)

    def _desk(self, method: str, path: str, form: Mapping[str, str] | None) -> int:
        if not self._signed_in:
            self.sign_in()
        answer = self._session.request(
            method, f"{self._url}{path}", data=form, timeout=60, allow_redirects=False, headers={"Origin": self._url}
        )
        return answer.status_code

    # -- inside --------------------------------------------------------------------------------

    def _send(self, method: str, path: str, body: Any) -> requests.Response:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                answer = self._session.request(method, f"{self._url}{path}", json=body, timeout=30)
                if answer.status_code < 500 or time.monotonic() > deadline:
                    return answer
            except requests.ConnectionError:
                if time.monotonic() > deadline:
                    raise KanshoError("AIRFLOW-AWAY", "no answer", place=path.partition("?")[0]) from None
            except requests.Timeout:
                if time.monotonic() > deadline:
                    raise KanshoError("AIRFLOW-AWAY", "no answer in time", place=path.partition("?")[0]) from None
            time.sleep(0.3)


def _part(run_id: str) -> str:
    return quote(run_id, safe="~")
