"""What a campaign's files claim, held against what lies there: for a tree as a death left it.  Not a test.

Belongs here: every claim of ledger and papers that a look at the disk can refute.  Does not belong here: whether the
work goes on from there (the tests).
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from kansho.campaign.config import CampaignConfig
from kansho.evidence.events import Event
from kansho.evidence.purges import attempts, summed
from kansho.evidence.verify import verify_bundle
from kansho.vault.classes import PERSONAL_KEYS, class_of
from kansho.vault.envelope import unseal
from kansho.workspace import Workspace


@dataclass(frozen=True)
class Left:
    """A campaign as a death left it; ``keys`` are the bytes of the keys before anything began."""

    config: CampaignConfig
    var: Path
    keys: dict[str, bytes]
    resident: str

    def events(self) -> list[Event]:
        """The log; every object in it is whole, or this raises."""
        return self._ws().ledger.events()

    def log(self) -> list[bytes]:
        """The log's bytes, one object an event; a hidden file of a dead writer is none."""
        folder = self.var / "kansho" / "ledger" / self.config.id / "events"
        return [p.read_bytes() for p in sorted(folder.glob("[0-9]*.json"))]

    def lies(self) -> list[str]:
        """Every claim that is not so."""
        ws, found = self._ws(), []
        events = ws.ledger.events()
        erased = {e.key for e in events if e.type == "snapshot_erased"}
        planned = {name for e in events if e.type == "erasure_planned" for name in e.refs["targets"]}
        approved = sum(e.type == "approval_decided" for e in events) >= 3  # the opening, and two of the plan
        for event in events:
            match event.type:
                case "snapshot_stored" if event.key not in erased:
                    found += self._stored(ws, event, may_be_gone=approved and event.key in planned)
                case "snapshot_erased" | "holding_erased":
                    vaults = (ws.vault, ws.needles)
                    found += [f"erased, and there: {event.key}" for v in vaults if v.store.exists(event.key)]
                case "keys_destroyed":
                    found += [f"destroyed, and there: {event.key}" for _ in self._copies(event.key)]
                case "document_issued":
                    found += self._document(ws.layout.outputs / event.key, event)
                case "traces_purged":
                    found += self._traces(ws, event)
                case "residue_scanned" if not event.counts["hits"]:
                    found += self._residue()
        found += self._half_written(ws, {e.key for e in events if e.type == "keys_destroyed"})
        found += self._certified(ws, events)
        return sorted(set(found))

    def _ws(self) -> Workspace:
        return Workspace.open(self.config, self.var, self.config.closing.erase_on)

    def _stored(self, ws: Workspace, event: Event, *, may_be_gone: bool) -> list[str]:
        vault = ws._vault_for(event.refs["holding"]["kind"])
        if not vault.store.exists(event.key):
            needles_scanned = event.key.startswith("residue_needles/") and ws.ledger.events("residue_scanned")
            return [] if may_be_gone or needles_scanned else [f"stored, and lost: {event.key}"]
        same = hashlib.sha256(vault.store.read(event.key)).hexdigest() == event.refs["holding"]["digest"]
        return [] if same else [f"stored with other bytes: {event.key}"]

    def _copies(self, name: str) -> list[Path]:
        """Files that still hold the key, under whatever name."""
        folder, key = self.var / "kansho" / "keys" / self.config.id, self.keys.get(name)
        files = (p for p in folder.glob("*") if p.is_file())
        return [p for p in files if p.name == name or (key is not None and key in p.read_bytes())]

    def _document(self, path: Path, event: Event) -> list[str]:
        if not path.is_file():
            return [f"issued, and lost: {event.key}"]
        same = hashlib.sha256(path.read_bytes()).hexdigest() == event.refs["sha256"]
        return [] if same else [f"issued with other bytes: {event.key}"]

    def _traces(self, ws: Workspace, purged: Event) -> list[str]:
        """What an attempt says it left may be gone by now; there is no more than that."""
        folders = (ws.layout.airflow / "logs").glob(f"dag_id={self.config.id}__*")
        if sum(path.is_file() for folder in folders for path in folder.rglob("*")) > purged.counts["logs.left"]:
            return ["purged, and logs are there"]
        if not (ws.layout.airflow / "airflow.db").is_file():
            return []
        base = sqlite3.connect(ws.layout.airflow / "airflow.db")
        rows = base.execute("SELECT count(*) FROM import_error").fetchone()[0]
        base.close()
        return ["purged, and rows are there"] if rows > purged.counts["rows.left"] else []

    def _residue(self) -> list[str]:
        forms = [self.resident.encode(encoding) for encoding in ("utf-8", "cp932", "utf-16-le")]
        places = (p for room in ("kansho", "airflow") for p in (self.var / room).rglob("*") if p.is_file())
        return [f"scanned clean: {p.name}" for p in places if any(form in p.read_bytes() for form in forms)]

    def _half_written(self, ws: Workspace, destroyed: set[str]) -> list[str]:
        """Every object that shows in a store opens as what it is, as long as its key is there."""
        found = []
        for vault in (ws.vault, ws.needles):
            for name in vault.names():
                key = class_of(name.partition("/")[0])
                if key in destroyed or not ws.keyring.has(key) or ws.keyring.pending(key) is not None:
                    continue
                if ws.keyring.get(key) != self.keys[key]:
                    continue
                try:
                    unseal(vault.store.read(name), key=self.keys[key], campaign=self.config.id, name=name)
                except Exception as error:  # whatever it is, it is a half-written object
                    found.append(f"does not open: {name} {type(error).__name__}")
        return found

    def _certified(self, ws: Workspace, events: list[Event]) -> list[str]:
        """What lies in the outputs to be shown to others is whole and true on its own."""
        out, found = ws.layout.outputs, []
        types = {e.type for e in events}
        if "campaign_certified" in types:
            gone = {e.key for e in events if e.type == "keys_destroyed"}
            done = {"erasure_planned", "holding_erased", "traces_purged", "residue_scanned"} <= types
            if not done or gone != set(PERSONAL_KEYS):
                found.append("certified before it was done")
        certificate = out / "certificate.json"
        if certificate.is_file():
            said = [e.refs["certificate"] for e in events if e.type == "campaign_certified"]
            if said != [hashlib.sha256(certificate.read_bytes()).hexdigest()]:
                found.append("a certificate that the log does not know")
            json.loads(certificate.read_bytes())
        bundle = out / f"evidence-{self.config.id}.zip"
        if bundle.is_file():
            found += [f"a bundle that does not verify: {f.code}" for f in verify_bundle(bundle, out / "checkpoint.txt")]
        return found


#: How much there was to search: papers that tell the time, and a log that a death makes longer.
_SEARCHED = frozenset({"files", "bytes"})


def named(left: Left) -> list[tuple[str, str, str]]:
    """What happened and how much of it; a scan that was not known to have ended clean is lawfully done again: the last
    tells.

    So is a purge, whose attempts are told together: what they removed, which no death may make less, and what is left.
    An interim certificate is named after the length of the log, which such a scan makes longer.
    """
    events = left.events()
    again = [e.key for e in events if e.type == "residue_scanned"][:-1]
    told = [e for e in events if e.key not in again and e.type not in ("traces_found", "traces_purged")]
    purged = summed(attempts(events))
    del purged["attempts"]
    return sorted([("traces", "", json.dumps(purged, sort_keys=True)), *((e.type, _key(e), _counts(e)) for e in told)])


def _key(event: Event) -> str:
    return "the last" if event.type == "residue_scanned" else re.sub(r"interim-\d+", "interim", event.key)


def _counts(event: Event) -> str:
    unlike = _SEARCHED if event.type == "residue_scanned" else frozenset()
    return json.dumps({name: n for name, n in event.counts.items() if name not in unlike}, sort_keys=True)
