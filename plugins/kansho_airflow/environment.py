"""Airflow's settings as environment variables, and where its run-time files lie.

Belongs here: one function from an installation to the environment of its components.  Does not belong
here: starting them (`kansho_airflow.services`).  Measured reasons stand beside the values.
"""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from kansho_airflow.settings import REPOSITORY


@dataclass(frozen=True)
class Installation:
    """One Airflow: its folders, port and campaigns.

    Args:
        var: root of run-time files (``var``).
        port: of the api-server, on 127.0.0.1.
        campaigns: config files; empty means every one of the checkout.
        dags: the DAG folder.
        replay: whether this Airflow replays a simulated year.
        parallelism: tasks at once.
    """

    var: Path
    port: int
    campaigns: tuple[Path, ...] = ()
    dags: Path = REPOSITORY / "dags"
    replay: bool = False
    parallelism: int = 6

    @property
    def home(self) -> Path:
        """``AIRFLOW_HOME``."""
        return self.var.resolve() / "airflow"

    @property
    def url(self) -> str:
        """Where the api-server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def secrets(self) -> Path:
        """Folder of secrets, 0700."""
        return self.home / "secrets"

    @property
    def logs(self) -> Path:
        """Logs of tasks; ``components/`` holds those of the components."""
        return self.home / "logs"

    @property
    def database(self) -> Path:
        """The embedded metadata database."""
        return self.home / "airflow.db"

    def environment(self) -> dict[str, str]:
        """The environment of every component of this installation (on top of the caller's)."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "_AIRFLOW", "KANSHO_"))}
        path = [str(REPOSITORY / "include"), str(REPOSITORY / "plugins"), inherited.get("PYTHONPATH", "")]
        inherited |= {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")]),
            "PYTHONPATH": os.pathsep.join(part for part in path if part),
            "PYTHONWARNINGS": "ignore",
            "GX_ANALYTICS_ENABLED": "false",
            "MPLBACKEND": "Agg",
            "MPLCONFIGDIR": str(self.home / "cache" / "matplotlib"),
            "OMP_NUM_THREADS": "1",
            "KANSHO_VAR": str(self.var.resolve()),
            "KANSHO_REPLAY": "1" if self.replay else "0",
            "AIRFLOW_HOME": str(self.home),
        }
        if self.campaigns:
            inherited["KANSHO_CAMPAIGNS"] = os.pathsep.join(str(path.resolve()) for path in self.campaigns)
        settings = {f"AIRFLOW__{section}__{key}": value for (section, key), value in self._settings().items()}
        return inherited | settings

    def _settings(self) -> dict[tuple[str, str], str]:
        logs = self.logs
        return {
            ("CORE", "DAGS_FOLDER"): str(self.dags.resolve()),
            ("CORE", "PLUGINS_FOLDER"): str(REPOSITORY / "plugins"),
            ("CORE", "LOAD_EXAMPLES"): "False",
            ("CORE", "EXECUTOR"): "kansho_airflow.executor.PreloadingExecutor",
            ("CORE", "AUTH_MANAGER"): "kansho_airflow.auth.NamedFabAuthManager",
            ("CORE", "XCOM_BACKEND"): "kansho_airflow.xcom_guard.GuardedXCom",
            ("CORE", "EXECUTION_API_SERVER_URL"): f"{self.url}/execution/",
            ("CORE", "PARALLELISM"): str(self.parallelism),
            ("CORE", "MP_START_METHOD"): "fork",
            ("CORE", "DEFAULT_TIMEZONE"): "Asia/Tokyo",
            ("CORE", "MIN_SERIALIZED_DAG_UPDATE_INTERVAL"): "10",
            ("DATABASE", "SQL_ALCHEMY_CONN"): f"sqlite:///{self.database}",
            ("DATABASE", "SQL_ALCHEMY_CONNECT_ARGS"): "kansho_airflow.sqlite.CONNECT_ARGS",
            ("DATABASE", "SQL_ALCHEMY_CONNECT_ARGS_ASYNC"): "kansho_airflow.sqlite.CONNECT_ARGS_ASYNC",
            ("API", "PORT"): str(self.port),
            ("API", "HOST"): "127.0.0.1",
            ("API", "WORKERS"): "1",
            ("API", "BASE_URL"): self.url,
            ("API", "SECRET_KEY"): self.secret("api_secret_key"),
            ("API", "EXPOSE_STACKTRACE"): "False",
            ("API_AUTH", "JWT_SECRET"): self.secret("jwt_secret"),
            ("FAB", "UPDATE_FAB_PERMS"): "False",  # bootstrap made them; 8 s less for the api-server
            ("SCHEDULER", "SCHEDULER_IDLE_SLEEP_TIME"): "0.01",  # the executor waits, and for something (its docstring)
            ("SCHEDULER", "TASK_INSTANCE_HEARTBEAT_TIMEOUT"): "30",  # 6–10 s is not safe under bulk parsing
            ("SCHEDULER", "SCHEDULER_HEALTH_CHECK_THRESHOLD"): "30",
            ("SCHEDULER", "ENABLE_HEALTH_CHECK"): "False",
            ("WORKERS", "MIN_HEARTBEAT_INTERVAL"): "1",  # with 5 a slot stays busy after a short task
            ("DAG_PROCESSOR", "REFRESH_INTERVAL"): "5",
            ("DAG_PROCESSOR", "MIN_FILE_PROCESS_INTERVAL"): "600",  # parsed again when the file changes
            ("DAG_PROCESSOR", "PARSING_PROCESSES"): "2",
            ("LOGGING", "BASE_LOG_FOLDER"): str(logs),
            ("LOGGING", "DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY"): str(logs / "dag_processor"),
            ("LOGGING", "LOGGING_LEVEL"): "WARNING",
        }

    def secret(self, name: str) -> str:
        """A random secret kept in a file (0600), made at the first call."""
        self.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.secrets / name
        if not path.is_file():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_urlsafe(48))
        return path.read_text()
