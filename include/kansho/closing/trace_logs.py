"""Airflow's log files of a campaign (P11).

Belongs here: which they are, counting and removing them.  Does not belong here: its database (`kansho.closing.traces`).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from kansho.vault.disk import disk_errors


def purge_logs(logs: Path, campaign: str) -> int:
    """Remove the campaign's task logs and every component's log; returns how many files.

    Components mix all campaigns in one file and LocalExecutor copies task logs there; what belongs to
    another campaign's tasks (``dag_id=<other>``) stays.

    Raises:
        KanshoError: ``DISK-*``; run again, it goes on with what is left.
    """
    with disk_errors("logs"):
        return _purge_logs(logs, campaign)


def count_logs(logs: Path, campaign: str) -> int:
    """How many files `purge_logs` would remove.

    Raises:
        KanshoError: ``DISK-*`` when a folder cannot be listed.
    """
    with disk_errors("logs"):
        return sum(map(_files, _of_campaign(logs, campaign)))


def _purge_logs(logs: Path, campaign: str) -> int:
    removed = 0
    for entry in _of_campaign(logs, campaign):
        removed += _files(entry)
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return removed


def _of_campaign(logs: Path, campaign: str) -> list[Path]:
    mine = f"dag_id={campaign}__"
    there = sorted(logs.iterdir()) if logs.is_dir() else []
    return [e for e in there if e.name.startswith(mine) or not e.name.startswith("dag_id=")]


def _files(entry: Path) -> int:
    if entry.is_symlink() or not entry.is_dir():
        return 1
    return sum(path.is_symlink() or not path.is_dir() for path in entry.rglob("*"))
