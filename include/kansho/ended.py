"""Whether a campaign is over: certified, finally or for the interim, so that nothing of it may start again (P11).

Belongs here: a look at what `kansho.closing.finalise` leaves behind, cheap enough for every reading of a DAG file.
Does not belong here: certifying, or checking a certificate (`kansho.evidence.verify`).

The bundle among the outputs says so, or an interim certificate beside it; where they were carried away, the newest
event of a log that this machine keeps.  A file that cannot be read says nothing.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from kansho.evidence.bundle import CERTIFICATE
from kansho.layout import Layout
from kansho.vault.storage import storage_of
from kansho.vault.store import LocalStore

#: Newest event of a log → the campaign is over.
_LAST = frozenset({"campaign_certified", "interim_certified"})
_STATES = frozenset({"final", "interim"})


def has_ended(campaign: str, var: Path) -> bool:
    """Whether the campaign of that id is certified in the deployment under ``var``."""
    layout = Layout(var)
    interim = layout.outputs.glob(f"certificate-{campaign}-interim-*.json")
    found = [_bundled(layout.outputs / f"evidence-{campaign}.zip"), *map(_read, interim)]
    if any(c.get("campaign") == campaign and c.get("state") in _STATES for c in found):
        return True
    return storage_of(layout.kansho) is None and _newest_type(layout.kansho / "ledger" / campaign) in _LAST


def _bundled(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as bundle:
            return _object(bundle.read(CERTIFICATE))
    except (OSError, KeyError, zipfile.BadZipFile):
        return {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return _object(path.read_bytes())
    except OSError:
        return {}


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _newest_type(log: Path) -> str:
    """Type of the newest event, found without reading the others: numbers follow one another without a gap."""
    store = LocalStore(log)
    if not store.exists(_name(0)):
        return ""
    low, high = 0, 1
    while store.exists(_name(high)):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if store.exists(_name(middle)) else (low, middle)
    return str(_object(store.read(_name(low))).get("type", ""))


def _name(sequence: int) -> str:
    return f"events/{sequence:010d}.json"
