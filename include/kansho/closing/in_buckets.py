"""What lies in the buckets and no campaign accounts for: of ours every name, of the rest the folders.

Belongs here: which names there may be on S3.  Does not belong here: files (`kansho.closing.discovery`), or the objects
of our vault, which the inventory holds against the ledger (`kansho.closing.inventory`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kansho.closing.neighbours import Neighbour
from kansho.vault import storage
from kansho.workspace import Workspace

_LEDGER = re.compile(r"(events/(\d{10})\.json|(checkpoints|countersigned)/(\d{10})\.txt|timestamps/(\d{10})\.tsr)\Z")
#: Folders of a campaign in each bucket (`kansho.vault.storage.stores_of`).
_STORES = {"personal": frozenset({"vault/", "needles/"}), "evidence": frozenset({"ledger/"})}


def in_buckets(ws: Workspace, campaigns: Mapping[str, Neighbour]) -> list[str]:
    """What lies below the campaign's folders on S3 and in none of its stores, and folders that no campaign has.

    Other campaigns' objects may be millions: of their folders only the names of the next level are looked at.
    """
    return [*_of_ours(ws, campaigns[ws.config.id]), *_of_others(ws, campaigns)]


def _of_ours(ws: Workspace, ours: Neighbour) -> Iterator[str]:
    found = storage.in_buckets(ws.config, ws.layout.kansho)
    for name in found.get("personal", ()):
        if not name.startswith(("vault/", "needles/")):
            yield f"s3:personal/{ws.config.id}/{name}"
    for name in found.get("evidence", ()):
        if not name.startswith("ledger/") or not in_log(name.removeprefix("ledger/"), ours):
            yield f"s3:evidence/{ws.config.id}/{name}"


def _of_others(ws: Workspace, campaigns: Mapping[str, Neighbour]) -> Iterator[str]:
    known = {f"{id_}/" for id_ in campaigns}
    for part, names in storage.tops_of_buckets(ws.config, ws.layout.kansho).items():
        yield from (f"s3:{part}/{name}".rstrip("/") for name in names if name not in known)
    for id_ in sorted(campaigns.keys() - {ws.config.id}):
        for part, names in storage.tops_of_buckets(ws.config, ws.layout.kansho, id_).items():
            yield from (f"s3:{part}/{id_}/{name}".rstrip("/") for name in names if name not in _STORES[part])


def in_log(name: str, campaign: Neighbour) -> bool:
    """Whether a log as long as this has an object of that name."""
    found = _LEDGER.match(name)
    if found is None:
        return False
    number = int(found[2] or found[4] or found[5])
    return number < len(campaign.events) + (found[2] is None)
