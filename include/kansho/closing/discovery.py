"""Looking at the disk for what the ledger does not know: every file under ``var`` belongs to a known class, or stops.

Only exact names pass, of campaigns whose ledger opens: a folder in which anything may lie is a place to hide a copy of
a key.  And no file passes that is one.  Great Expectations' own ``uncommitted`` folder, which it fills when a person
opens the project with it, is looked at with them; on S3, what lies in the
buckets (`kansho.closing.in_buckets`).

Belongs here: which files there may be, by place.  Does not belong here: what the ledger says is held
(`kansho.closing.inventory`), what outputs must be (`kansho.closing.outputs`), or what is inside a file
(`kansho.closing.residue`).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kansho.campaign.config import load_config
from kansho.campaign.filed import campaign_files
from kansho.closing.in_buckets import in_buckets, in_log
from kansho.closing.key_copies import LEAST, MOST, copied_keys, known_keys
from kansho.closing.neighbours import Neighbour, neighbours
from kansho.closing.outputs import Outputs
from kansho.errors import KanshoError
from kansho.evidence.strict import read_json
from kansho.vault import nearby, storage
from kansho.vault.deployed import read_settings
from kansho.vault.disk import disk_errors, refusal
from kansho.vault.keys import KEY_NAMES
from kansho.workspace import Workspace

#: How the deployment keeps keys: names a file or a service, and the word in a service's tags (`kansho.vault.deployed`).
_KEEPER = re.compile(r"keys/([a-z0-9_]+)\.(keeper\.json|owner)\Z")
_OWNER = re.compile(rb"[0-9a-f]{32}\Z")
#: Airflow's home: configuration, metadata (with journals), its sessions and secrets as our services write them, the
#: list of fonts that Matplotlib keeps.
_AIRFLOW = re.compile(
    r"(airflow\.cfg|airflow\.db(-wal|-shm|-journal)?|run/port"
    r"|run/(api-server|scheduler|dag-processor|triggerer)\.pid"
    r"|secrets/(api_secret_key|jwt_secret|passwords\.json)|cache/matplotlib/fontlist-v\d+(\.\d+)*\.json)\Z"
)
#: Logs of components, and of the processes that read DAG files.
_COMPONENT = re.compile(
    r"logs/(components/(bootstrap|api-server|scheduler|dag-processor|triggerer)\.log"
    r"|dag_processor/\d{4}-\d\d-\d\d/[A-Za-z0-9_.-]+/([A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.py\.log)\Z"
)
#: A link to the folder of the day.
_LATEST = re.compile(r"logs/dag_processor/latest\Z")
#: Of one try of a task: Airflow's ``log_filename_template``, and what a trigger says beside it.
_TASK = re.compile(
    r"logs/dag_id=([a-z0-9_]+)__([a-z0-9_]+)/run_id=[^/]+/task_id=[A-Za-z0-9_.-]+/(map_index=\d+/)?"
    r"attempt=\d+\.log(\.trigger\.\d+\.log)?\Z"
)
#: A write that was killed, and the file at which writers of a folder wait; a key's file that was being replaced.
_UNFINISHED = re.compile(r"(.*/)?\.tmp-\d+-[0-9a-f]{8}\Z")
_TURN = re.compile(r"([a-z0-9_-]+/)?\.tmp-turn\Z")
_REPLACED = re.compile(r"\.tmp-([a-z]+)\Z")
#: Of a log on S3, which the processes of this machine share (`kansho.vault.nearby`).
_COPY = re.compile(r"([0-9a-f]{16})/events/(\d{10})\.json\Z")
#: Of Great Expectations: written when a person opens the project; its other files there show results of checks.
_GX = re.compile(r"config_variables\.yml\Z")
_CHECKOUT = Path(__file__).resolve().parents[3]
#: The project's folder, which Great Expectations fills with ``uncommitted``.
GX_HOME = _CHECKOUT / "great_expectations"
#: Where the stages' DAGs are, one in a file.
DAGS = _CHECKOUT / "dags"
#: Class of a file whose bytes are a key.
KEY_COPY = "key-copy"
#: A key of a campaign, and a write of one that was killed; an event of a log that opens.
_KEY = re.compile(r"keys/([a-z0-9_]+)/(\.tmp-.*|[a-z]+)\Z")
_EVENT = re.compile(r"ledger/[a-z0-9_]+/events/\d{10}\.json\Z")


@dataclass(frozen=True)
class Discovery:
    """What lies on the disk.

    Args:
        files: class of file → how many.
        unknown: paths of files that belong to no class, relative to ``var`` (or ``great_expectations/…``, ``s3:…``),
            sorted.
        key_copies: those of them that are a copy of one of the campaign's keys.
    """

    files: dict[str, int]
    unknown: tuple[str, ...]
    key_copies: tuple[str, ...] = ()


def discover(ws: Workspace) -> Discovery:
    """Classify every file under ``var/kansho``, ``var/airflow`` and ``uncommitted``, and what lies on S3.

    Reads names, what outputs must be, and whether a small file is a key.  What is unknown is looked at twice, for other
    campaigns go on at work meanwhile: they store before they register, and erase before they say so.
    """
    found = _look(ws)
    return _look(ws) if found.unknown else found


def data_docs() -> int:
    """How many files Great Expectations has left in ``uncommitted``, its settings apart: pages, results of checks."""
    return sum(_GX.match(path) is None for path in _files(GX_HOME / "uncommitted"))


def _look(ws: Workspace) -> Discovery:
    home, airflow, uncommitted = ws.layout.kansho, ws.layout.airflow, GX_HOME / "uncommitted"
    # Names first, logs after: what came to be registered in between is known.
    listed = {root: list(_files(root)) for root in (home, airflow, uncommitted)}
    place = _Place(ws)
    shown: dict[Path, tuple[str, Callable[[str], str | None]]] = {
        home: ("kansho", place.ours),
        airflow: ("airflow", place.airflow),
        uncommitted: ("great_expectations/uncommitted", lambda path: "great-expectations" if _GX.match(path) else None),
    }
    files: dict[str, int] = {}
    unknown: dict[str, str] = {}
    for root, (name, class_of) in shown.items():
        for path in listed[root]:
            kind = place.judged(root / path, path, class_of)
            if kind is None:
                continue
            files[kind] = files.get(kind, 0) + 1
            if kind in ("unknown", KEY_COPY):
                unknown[f"{name}/{path}"] = kind
    beside = in_buckets(ws, place.campaigns)
    if beside:
        files["unknown"] = files.get("unknown", 0) + len(beside)
    copies = tuple(sorted(path for path, kind in unknown.items() if kind == KEY_COPY))
    return Discovery(dict(sorted(files.items())), tuple(sorted([*unknown, *beside])), copies)


class _Place:
    """What may lie where, as the ledgers stand at one moment."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._home = ws.layout.kansho
        self._on_s3 = storage.storage_of(self._home) is not None
        self.campaigns = neighbours(ws)
        self._keys = known_keys(ws)
        self._outputs = Outputs(ws.layout.outputs, self.campaigns)

    def judged(self, file: Path, path: str, class_of: Callable[[str], str | None]) -> str | None:
        """Class of a file, ``unknown`` or `KEY_COPY`; None when it has gone since it was listed.

        Raises:
            KanshoError: ``DISK-*`` when it cannot be read.
        """
        try:
            with disk_errors("discovery"):
                found = os.lstat(file)
                if not stat.S_ISREG(found.st_mode):
                    return self._link(file, path)
                kind = class_of(path) or "unknown"
                return KEY_COPY if self._is_copy(file, path, kind, found.st_size) else kind
        except KanshoError:
            if not os.path.lexists(file):
                return None
            raise

    def ours(self, path: str) -> str | None:
        """Class of a file under ``var/kansho``; None when it has none."""
        place, _, rest = path.partition("/")
        id_, _, name = rest.partition("/")
        if place in ("vault", "needles", "keys", "ledger", nearby.FOLDER) and name:
            campaign = self.campaigns.get(id_)
            # Vault, needles and log lie on the disk or on S3, and copies of the log only beside the latter.
            there = place == "keys" or (place == nearby.FOLDER) == self._on_s3
            if campaign is None or not there:
                return None
            kind = self._of_campaign(place, name, campaign)
            return kind if kind is None or id_ == self._ws.config.id else "other-campaigns"
        if place == "outputs":
            return self._outputs.kind(rest)
        if path == storage.NAME or self._is_keeper(path):
            return "deployment"
        if path == "replay.json":
            return "run" if self._is_object(path) else None
        return None

    def airflow(self, path: str) -> str | None:
        """Class of a file under ``var/airflow``; None when it has none.

        Of tasks there are logs where a campaign has such a DAG; a campaign that has not begun is known by its file.
        """
        if not path.startswith("logs/"):
            return "airflow" if _AIRFLOW.match(path) else None
        if _COMPONENT.match(path):
            return "airflow-logs"
        task = _TASK.match(path)
        known = task is not None and task[2] in self._stages and (task[1] in self.campaigns or task[1] in self._filed)
        return "airflow-logs" if known else None

    def _of_campaign(self, place: str, name: str, campaign: Neighbour) -> str | None:
        """Class of a file in a folder of a campaign that exists.

        The names of our vault and needles are compared with the ledger by the inventory, so here all have a class.
        """
        if _UNFINISHED.match(name):
            return None if place == "keys" and campaign.has_ended else "unfinished"
        if place in ("ledger", nearby.FOLDER) and _TURN.match(name):
            return "unfinished" if self._is_empty(f"{place}/{campaign.id}/{name}") else None
        if place == "keys":
            replaced = _REPLACED.match(name)
            if replaced is not None and replaced[1] in KEY_NAMES and not campaign.has_ended:
                return "unfinished"
            return place if name in KEY_NAMES and name not in campaign.destroyed else None
        if place == "ledger":
            return place if in_log(name, campaign) else None
        if place == nearby.FOLDER:
            copy = _COPY.match(name)
            return place if copy is not None and int(copy[2]) < len(campaign.events) else None
        if campaign.id == self._ws.config.id:
            return place
        return place if name in (campaign.stored if place == "vault" else campaign.needles) else None

    def _is_copy(self, file: Path, path: str, kind: str, size: int) -> bool:
        """Whether a file is one of our keys, and lies elsewhere than where that key is kept."""
        if not LEAST <= size <= MOST or (kind != "unknown" and _EVENT.match(path)):
            return False
        found = copied_keys(file.read_bytes(), self._keys)
        place = _KEY.match(path) if kind in ("keys", "unfinished") else None
        if place is not None and place[1] == self._ws.config.id:
            return kind == "keys" and bool(found - {place[2]})
        return bool(found)

    def _link(self, file: Path, path: str) -> str:
        """Class of what is no plain file: one link has its place, to a folder beside it."""
        target = os.readlink(file) if file.is_symlink() else ""
        known = _LATEST.match(path) and re.fullmatch(r"\d{4}-\d\d-\d\d", target)
        return "airflow-logs" if known else "unknown"

    def _is_keeper(self, path: str) -> bool:
        found = _KEEPER.match(path)
        if found is None:
            return False
        if found[2] == "owner":
            return _OWNER.match((self._home / path).read_bytes()) is not None
        try:
            read_settings(self._home / "keys", found[1])
        except KanshoError:
            return False
        return True

    def _is_object(self, path: str) -> bool:
        try:
            return isinstance(read_json((self._home / path).read_bytes(), path, floats=True), dict)
        except KanshoError:
            return False

    def _is_empty(self, path: str) -> bool:
        return (self._home / path).stat().st_size == 0

    @cached_property
    def _stages(self) -> frozenset[str]:
        """Stages that have a DAG: ``s06_call_wave.py`` has that of ``call_wave``."""
        return frozenset(path.stem.partition("_")[2] for path in DAGS.glob("s[0-9][0-9]_*.py"))

    @cached_property
    def _filed(self) -> frozenset[str]:
        """Campaigns that have a file here."""
        return frozenset(id_ for path in campaign_files(_named()) if (id_ := _id_in(path)))


def _named() -> str:
    """The files of the installation, as `kansho_airflow.settings` reads them."""
    return os.environ.get("KANSHO_CAMPAIGNS", "")


def _id_in(path: Path) -> str | None:
    try:
        return load_config(path).id
    except KanshoError:  # it names no campaign, so nothing is known by it
        return None


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
