"""A PostgreSQL server of the tests' own, on a Unix socket in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: PostgreSQL refuses to be root; Debian's package makes this account.
ACCOUNT = "postgres"


def program(name: str) -> str:
    """Debian keeps the server's programs out of the PATH."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    assert found, f"{name} of PostgreSQL is missing: run bash scripts/setup.sh --tests"
    return found


@contextmanager
def server() -> Iterator[tuple[Path, str]]:
    """(data directory, SQLAlchemy URL of an empty database); stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kansho-pg-"))
    account = ACCOUNT if os.geteuid() == 0 else None
    if account:
        os.chown(folder, pwd.getpwnam(ACCOUNT).pw_uid, -1)
    data = folder / "data"
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c autovacuum=off"

    def run(*command: str) -> None:
        subprocess.run(
            command, user=account, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=120,
        )  # fmt: skip

    try:
        run(program("initdb"), "-D", str(data), "-U", "airflow", "-A", "trust", "-E", "UTF8", "--no-sync")
        run(program("pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield data, f"postgresql+psycopg2://airflow@/postgres?host={folder}"
        finally:
            run(program("pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
