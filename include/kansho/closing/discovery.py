"""Looking at the disk for what the ledger does not know: every file under ``var`` belongs to a known class, or stops.

Belongs here: which files there may be, by place.  Does not belong here: what the ledger says is held
(`kansho.closing.inventory`), or what is inside a file (`kansho.closing.residue`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kansho.evidence.ledger import Ledger
from kansho.vault import storage
from kansho.workspace import Layout, Workspace

#: What the end of a year writes to outputs beside issued documents, and the replay's own note.
_EVIDENCE = re.compile(
    r"outputs/(certificate(-interim)?\.(json|sig)|checkpoint\.txt|summary\.json|evidence-[a-z0-9_]+\.zip)\Z"
)
_RUN = re.compile(r"replay\.json\Z")
#: How the deployment keeps keys: names a file or a service, and the word in a service's tags (`kansho.vault.deployed`).
_KEEPER = re.compile(r"keys/[a-z0-9_]+\.(keeper\.json|owner)\Z")
#: Airflow's home: configuration, metadata (with journals), logs, sessions, secrets of its own, caches of libraries.
_AIRFLOW = re.compile(r"(airflow\.cfg|airflow\.db(-wal|-shm|-journal)?|(logs|run|secrets|cache)/.+)\Z")
_UNFINISHED = ".tmp-"


@dataclass(frozen=True)
class Discovery:
    """What lies on the disk.

    Args:
        files: class of file → how many.
        unknown: paths relative to ``var`` of files that belong to no class, sorted; they name no person.
    """

    files: dict[str, int]
    unknown: tuple[str, ...]


def discover(ws: Workspace) -> Discovery:
    """Classify every file under ``var/kansho`` and ``var/airflow``; reads names only."""
    documents = issued_documents(ws.layout)
    files: dict[str, int] = {}
    unknown = []
    for path in _files(ws.layout.kansho):
        kind = _ours(ws, path, documents)
        files[kind or "unknown"] = files.get(kind or "unknown", 0) + 1
        if kind is None:
            unknown.append(f"kansho/{path}")
    for path in _files(ws.layout.airflow):
        known = _AIRFLOW.match(path)
        kind = ("airflow-logs" if path.startswith("logs/") else "airflow") if known else "unknown"
        files[kind] = files.get(kind, 0) + 1
        if not known:
            unknown.append(f"airflow/{path}")
    return Discovery(dict(sorted(files.items())), tuple(sorted(unknown)))


def issued_documents(layout: Layout) -> set[str]:
    """Names of documents that any campaign's ledger here has issued: outputs are shared by the wards."""
    found: set[str] = set()
    for campaign, store in storage.ledgers_of(layout.kansho):
        found |= {e.key for e in Ledger(campaign, store).events("document_issued")}
    return found


def _ours(ws: Workspace, path: str, documents: set[str]) -> str | None:
    """Class of a file under ``var/kansho``; None when it has none.

    Objects of the vault are compared with the ledger by name (`kansho.closing.inventory`), so here they all have one.
    """
    place, _, rest = path.partition("/")
    if place in ("vault", "needles", "keys", "ledger") and "/" in rest:
        if rest.partition("/")[0] != ws.config.id:
            return "other-campaigns"
        return "unfinished" if rest.rpartition("/")[2].startswith(_UNFINISHED) else place
    if place == "outputs" and rest in documents:
        return "documents"
    if _EVIDENCE.match(path):
        return "evidence"
    if path == storage.NAME or _KEEPER.match(path):
        return "deployment"
    return "run" if _RUN.match(path) else None


def _files(root: Path) -> Iterator[str]:
    """Paths of all files under a root, relative to it; links are files, never followed."""
    for base, _, names in os.walk(root, followlinks=False):
        for name in names:
            yield (Path(base) / name).relative_to(root).as_posix()
