"""Airflow's components as plain processes: start, wait until healthy, stop; also after a crash.

Belongs here: their order and their life.  Does not belong here: settings (`kansho_airflow.environment`), the
REST client (`kansho_airflow.client`), or the year's replay.

No triggerer: approvals wait in ``awaiting_input`` and nothing else defers.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from kansho.errors import KanshoError
from kansho_airflow.bootstrap import COMPONENTS
from kansho_airflow.environment import Installation
from kansho_airflow.processes import Sessions

Say = Callable[[str], None]


def free_port() -> int:
    """A TCP port that is free on 127.0.0.1 at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Airflow:
    """The components of one installation."""

    installation: Installation

    @classmethod
    def at(
        cls,
        var: Path,
        *,
        campaigns: tuple[Path, ...] = (),
        dags: Path | None = None,
        replay: bool = False,
        port: int | None = None,
        parallelism: int = 6,
    ) -> Airflow:
        """An installation under ``var``.

        The port is chosen once, kept in ``var/airflow/run/port``, and chosen again only when somebody else has it.
        """
        run = var.resolve() / "airflow" / "run"
        if port is None:
            kept = int((run / "port").read_text()) if (run / "port").is_file() else None
            ours = Sessions(run).alive("api-server")
            port = kept if kept is not None and (ours or _becomes_free(kept)) else free_port()
        made = Installation(var, port, campaigns, replay=replay, parallelism=parallelism)
        return cls(replace(made, dags=dags) if dags else made)

    @property
    def sessions(self) -> Sessions:
        """The processes."""
        return Sessions(self.installation.home / "run")

    def start(self, *, timeout: float = 120, say: Say = lambda text: None) -> None:
        """Stop leftovers, bring the database up to date, start every component, wait until all are healthy.

        Raises:
            KanshoError: ``AIRFLOW-START`` naming the component and its log.
        """
        self.stop(grace=2)
        if not _port_is_free(self.installation.port):
            raise KanshoError("AIRFLOW-PORT", "the port is taken", place=str(self.installation.port), remedy="free it")
        deadline = time.monotonic() + timeout
        run = self.sessions.run
        run.mkdir(parents=True, exist_ok=True)
        (run / "port").write_text(str(self.installation.port))
        say("database")
        self._bootstrap(timeout)
        say("components")
        self.wait_healthy(deadline)
        say("ready")

    def wait_healthy(self, deadline: float) -> None:
        """Wait until the api-server, the scheduler and the DAG processor report healthy.

        ``deadline`` is in `time.monotonic` seconds.
        """
        built = False
        while True:
            dead = next((name for name in COMPONENTS if not self.sessions.alive(name)), None)
            if dead is not None:
                raise _start_failed(dead, "ended", self.log_of(dead))
            health = self.health()
            waiting = [part for part in ("metadatabase", "scheduler", "dag_processor") if health.get(part) != "healthy"]
            if health and not built:
                built = self._answers_tasks()  # while the others still start
            if not waiting and built:
                return
            if time.monotonic() > deadline:
                raise _start_failed(" ".join(waiting) or "execution", "not healthy in time", self.log_of("api-server"))
            time.sleep(0.3)

    def health(self) -> dict[str, str]:
        """State of each part as ``/api/v2/monitor/health`` reports it; empty when it does not answer."""
        try:
            answer = requests.get(f"{self.installation.url}/api/v2/monitor/health", timeout=5)
            parsed: dict[str, Any] = answer.json() if answer.ok else {}
        except (requests.RequestException, ValueError):
            return {}
        return {name: str(part.get("status")) for name, part in parsed.items() if isinstance(part, dict)}

    def _answers_tasks(self) -> bool:
        """Whether the part of the api-server that tasks speak to is built; its first request builds it, in seconds."""
        try:
            return requests.get(f"{self.installation.url}/execution/health", timeout=30).ok
        except requests.RequestException:
            return False

    def stop(self, *, grace: float = 15) -> None:
        """Stop every component that runs or ever ran here.

        The scheduler ends first, because its running tasks report to the api-server; they get ``grace`` seconds.
        """
        sessions = self.sessions
        for name in ("scheduler", "dag-processor"):
            sessions.ask_to_end(name)
        sessions.wait_ended("scheduler", time.monotonic() + grace)
        sessions.ask_to_end("api-server")
        for name in ("dag-processor", "api-server"):
            sessions.wait_ended(name, time.monotonic() + 3)

    def kill(self) -> None:
        """End every component at once."""
        for name in reversed(list(COMPONENTS)):
            self.sessions.kill(name)

    def running(self) -> bool:
        """Whether every component runs."""
        return all(self.sessions.alive(name) for name in COMPONENTS)

    def log_of(self, name: str) -> Path:
        """A component's output."""
        return self.installation.logs / "components" / f"{name}.log"

    def passwords(self) -> dict[str, str]:
        """Passwords by user, for the replay's people and the administrator; never print them."""
        found: dict[str, str] = json.loads((self.installation.secrets / "passwords.json").read_text())
        return found

    def _bootstrap(self, timeout: float) -> None:
        log = self.log_of("bootstrap")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            done = subprocess.run(
                [sys.executable, "-m", "kansho_airflow.bootstrap", str(log.parent)],
                env=self.installation.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=timeout,
                check=False,
            )
        if done.returncode:
            raise _start_failed("bootstrap", f"exit {done.returncode}", log)


def _becomes_free(port: int) -> bool:
    """Whether a port is free, or is so soon: one that was killed a moment ago may still hold it."""
    deadline = time.monotonic() + 3
    while not (free := _port_is_free(port)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return free


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _start_failed(name: str, what: str, log: Path) -> KanshoError:
    return KanshoError("AIRFLOW-START", what, place=name, remedy=f"see {log}")
