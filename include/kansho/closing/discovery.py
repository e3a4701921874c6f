"""Looking at the disk for what the ledger does not know: every file under ``var`` belongs to a known class, or stops.

Only exact names pass: a folder in which anything may lie is a place to hide a copy of a key.  Great Expectations' own
``uncommitted`` folder, which it fills when a person opens the project with it, is looked at with them.

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
from kansho.layout import Layout
from kansho.vault import nearby, storage
from kansho.vault.disk import refusal
from kansho.vault.keys import KEY_NAMES
from kansho.workspace import Workspace

#: What the end of a year writes to outputs beside issued documents, and the replay's own note.
_EVIDENCE = re.compile(
    r"outputs/(certificate\.(json|sig)|checkpoint\.txt|summary\.json|evidence-[a-z0-9_]+\.zip"
    r"|certificate-[a-z0-9_]+-interim-\d+\.(json|sig)|checkpoint-[a-z0-9_]+-interim-\d+\.txt"
    r"|late-mail/[a-z0-9_]+/\d{4}(\.(json|sig|pdf)|-receipt\.(json|sig|pdf)|-ward\.sig))\Z"
)
_RUN = re.compile(r"replay\.json\Z")
#: How the deployment keeps keys: names a file or a service, and the word in a service's tags (`kansho.vault.deployed`).
_KEEPER = re.compile(r"keys/[a-z0-9_]+\.(keeper\.json|owner)\Z")
#: Airflow's home: configuration, metadata (with journals), logs (the purge removes all but other campaigns'),
#: its sessions and secrets as our services write them, the list of fonts that Matplotlib keeps.
_AIRFLOW = re.compile(
    r"(airflow\.cfg|airflow\.db(-wal|-shm|-journal)?|logs/.+|run/port"
    r"|run/(api-server|scheduler|dag-processor|triggerer)\.pid"
    r"|secrets/(api_secret_key|jwt_secret|passwords\.json)|cache/matplotlib/fontlist-v\d+(\.\d+)*\.json)\Z"
)
#: A write that was killed, and the file at which writers of a folder wait.
_UNFINISHED = re.compile(r"(.*/)?\.tmp-([a-z]+|\d+-[0-9a-f]{8})\Z")
_LEDGER = re.compile(r"(events/\d{10}\.json|(checkpoints|countersigned)/\d{10}\.txt|timestamps/\d{10}\.tsr)\Z")
#: Of a log on S3, which the processes of this machine share (`kansho.vault.nearby`).
_COPY = re.compile(r"[0-9a-f]{16}/events/\d{10}\.json\Z")
#: Of Great Expectations: written when a person opens the project; its other files there show results of checks.
_GX = re.compile(r"config_variables\.yml\Z")
#: The project's folder, which Great Expectations fills with ``uncommitted``.
GX_HOME = Path(__file__).resolve().parents[3] / "great_expectations"


@dataclass(frozen=True)
class Discovery:
    """What lies on the disk.

    Args:
        files: class of file → how many.
        unknown: paths of files that belong to no class, relative to ``var`` (or ``great_expectations/…``), sorted.
    """

    files: dict[str, int]
    unknown: tuple[str, ...]


def discover(ws: Workspace) -> Discovery:
    """Classify every file under ``var/kansho``, ``var/airflow`` and ``uncommitted``; reads names only."""
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
    for path in _files(GX_HOME / "uncommitted"):
        kind = "great-expectations" if _GX.match(path) else "unknown"
        files[kind] = files.get(kind, 0) + 1
        if kind == "unknown":
            unknown.append(f"great_expectations/uncommitted/{path}")
    return Discovery(dict(sorted(files.items())), tuple(sorted(unknown)))


def data_docs() -> int:
    """How many files Great Expectations has left in ``uncommitted``, its settings apart: pages, results of checks."""
    return sum(_GX.match(path) is None for path in _files(GX_HOME / "uncommitted"))


def issued_documents(layout: Layout) -> set[str]:
    """Names of documents that any campaign's ledger here has issued: outputs are shared by the wards."""
    found: set[str] = set()
    for campaign, store in storage.ledgers_of(layout.kansho):
        found |= {e.key for e in Ledger(campaign, store).events("document_issued")}
    return found


def _ours(ws: Workspace, path: str, documents: set[str]) -> str | None:
    """Class of a file under ``var/kansho``; None when it has none.

    Objects of vault and needles are compared with the ledger by name (`kansho.closing.inventory`), so here they all
    have one.  Keys and ledgers of other campaigns have the same names as ours.
    """
    place, _, rest = path.partition("/")
    campaign, _, name = rest.partition("/")
    if place in ("vault", "needles", "keys", "ledger", nearby.FOLDER) and name:
        known = {
            "keys": name in KEY_NAMES,
            "ledger": _LEDGER.match(name) is not None,
            nearby.FOLDER: _COPY.match(name) is not None,
        }.get(place, True)
        if _UNFINISHED.match(name):
            return "unfinished" if campaign == ws.config.id else "other-campaigns"
        if not known:
            return None
        return place if campaign == ws.config.id else "other-campaigns"
    if place == "outputs" and rest in documents:
        return "documents"
    if _EVIDENCE.match(path):
        return "evidence"
    if path == storage.NAME or _KEEPER.match(path):
        return "deployment"
    return "run" if _RUN.match(path) else None


def _files(root: Path) -> Iterator[str]:
    """Paths of all files under a root, relative to it; links, of folders too, are files, never followed.

    Raises:
        KanshoError: ``DISK-*`` when a folder cannot be listed: it may hold anything.
    """
    for base, folders, names in os.walk(root, onerror=_unlisted, followlinks=False):
        for name in (*names, *(f for f in folders if (Path(base) / f).is_symlink())):
            yield (Path(base) / name).relative_to(root).as_posix()


def _unlisted(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise refusal(error, "discovery") from None
