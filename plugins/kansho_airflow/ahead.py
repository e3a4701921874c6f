"""What a worker reads before it forks the process of a task: the logs of the campaigns, which every task reads anew.

Belongs here: reading ahead.  Does not belong here: importing ahead (`kansho_airflow.executor`); anything that a task
must have done: what cannot be read here is read, and told, by the task itself.

A log only grows, and `kansho.evidence.ledger` keeps what it has read of a directory that is unchanged.  So a worker
reads an event once, and its tasks, some hundred a day in a replay, find it in memory.
"""

from __future__ import annotations

import logging
import os

from kansho.errors import KanshoError
from kansho.evidence.ledger import Ledger
from kansho.layout import Layout
from kansho.vault.storage import storage_of
from kansho.vault.store import LocalStore
from kansho_airflow import settings

log = logging.getLogger(__name__)


def read_before_every_fork() -> None:
    """From now on, in this process and in those that it forks."""
    os.register_at_fork(before=read_logs)


def read_logs() -> None:
    """Read what is new in the log of every campaign that lies on this machine."""
    layout = Layout(settings.var_dir())
    try:
        if storage_of(layout.kansho) is not None:
            return
        for config in settings.all_campaigns():
            Ledger(config.id, LocalStore(layout.kansho / "ledger" / config.id)).refresh()
    except (KanshoError, OSError, ValueError) as error:
        log.debug("not read ahead: %s", type(error).__name__)
