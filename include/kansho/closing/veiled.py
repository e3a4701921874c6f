"""What is said of a file that nobody knows: where it lies, never how it is called.

What somebody put down may be called after a resident: by name, romanised or not, by a telephone number, by a number of
ours; and a refusal is kept in a task's log.  So of a path only words of our own layout are told.  Whoever may see the
rest finds it on the operator's terminal by its mark (`kansho close inventory`), which without the campaign's signing
key says nothing: a bare digest of a telephone number is a telephone number.

Belongs here: the words, and the form.  Does not belong here: which files are unknown (`kansho.closing.discovery`).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from datetime import datetime
from pathlib import Path

from kansho.campaign.calendar import ZONE
from kansho.closing import discovery
from kansho.errors import KanshoError
from kansho.vault import nearby
from kansho.vault.classes import CLASSES
from kansho.vault.keys import KEY_NAMES
from kansho.workspace import Workspace

#: Words of the layout that stand for themselves as a folder or a whole name.
WORDS = frozenset(
    {
        *("kansho", "airflow", "great_expectations", "uncommitted", "s3:personal", "s3:evidence"),
        *("vault", "needles", "keys", "ledger", "outputs", nearby.FOLDER, "storage.json", "replay.json"),
        *("events", "checkpoints", "countersigned", "timestamps", "documents", "late-mail", "received"),
        *("logs", "components", "dag_processor", "run", "secrets", "cache", "matplotlib", "airflow.cfg", "airflow.db"),
        *("year", *KEY_NAMES),
        *(kind for kinds in CLASSES.values() for kind in kinds),
    }
)
#: Endings that are told: what sort of file to look for.
ENDINGS = frozenset(
    f".{ending}"
    for ending in (
        *("json", "txt", "pdf", "csv", "xlsx", "xls", "zip", "gz", "7z", "tar", "age", "sig", "tsr", "log", "db"),
        *("sqlite", "parquet", "png", "jpg", "html", "eml", "docx", "bak", "tmp", "cfg", "yml", "yaml", "sql", "bin"),
    )
)
_ENDING = re.compile(r"\.[a-z0-9]{1,7}\Z")
_TAG = b"name of a file that nobody knows\n"
_MARK = 8


def mark(ws: Workspace, path: str) -> str:
    """What a path is told by without being told; empty where no signing key can be read to make it with."""
    try:
        key = ws.keyring.get("signing")
    except KanshoError:
        return ""
    return hmac.new(key, _TAG + path.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:_MARK]


def veiled(ws: Workspace, path: str) -> str:
    """One path as it may stand in a log: known words, ``…`` for others, ending, size, day and mark.

    A path of which every part is a word of ours is told as it is.

    Args:
        ws: whose signing key marks it, and under whose roots it lies.
        path: as `kansho.closing.discovery` names it, or the name of an object in a store.
    """
    known = WORDS | {ws.config.id}
    parts = path.split("/")
    shown = [part if part in known else "…" for part in parts]
    if shown == parts:
        return path
    ending = _ENDING.search(parts[-1])
    if shown[-1] == "…" and ending is not None and ending[0] in ENDINGS:
        shown[-1] += ending[0]
    told = (*_looked_at(ws, path), *([f"#{made}"] if (made := mark(ws, path)) else []))
    return "/".join(shown) + (f"({','.join(told)})" if told else "")


def _looked_at(ws: Workspace, path: str) -> tuple[str, ...]:
    """Size and last day of a file on this machine."""
    root, _, rest = path.partition("/")
    roots = {"kansho": ws.layout.kansho, "airflow": ws.layout.airflow, "great_expectations": discovery.GX_HOME}
    if root not in roots:
        return ()
    try:
        found = os.lstat(Path(roots[root]) / rest)
    except (OSError, ValueError):
        return ()
    return (f"{found.st_size}B", datetime.fromtimestamp(found.st_mtime, ZONE).date().isoformat())
