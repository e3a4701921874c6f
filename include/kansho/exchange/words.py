"""What a person wrote, kept in the vault under a number of its own: the ledger says who wrote, never what.

Belongs here: the form of such words and keeping them.  Does not belong here: what they are about, how long they may be
and what may not stand in them (`kansho.exchange.comments`, `kansho.oversight.incident_items`).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from itertools import count

from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


def tidied(text: str) -> str:
    """The text with one kind of line break, nothing before and after it, and no blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))


def holds_odd_characters(text: str) -> bool:
    """Whether control characters, private ones or unassigned ones stand in it; a line break is none."""
    return any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") and c != "\n" for c in text)


def keep_words(
    ws: Workspace, kind: str, prefix: str, said: str, parents: Iterable[SnapshotRef] = ()
) -> tuple[SnapshotRef, int]:
    """Keep words as ``<kind>/<prefix><number>``: the snapshot, and its number.

    A number that holds other words is passed over: those of somebody who wrote at the same moment, or what a process
    left that died before the ledger knew of it.

    Args:
        ws: the campaign, as the person who writes, for a purpose that may read ``kind``.
        kind: of the year's data flow.
        prefix: what the words are about, as codes.
        said: the words.
        parents: what they were written of.
    """
    body = {"user": ws.actor.user, "role": ws.actor.role, "on": ws.today.isoformat(), "text": said}
    data = json.dumps(body, ensure_ascii=False).encode()
    made_of = list(parents)
    known = {event.key for event in ws.ledger.events("snapshot_stored")}
    for number in count(1):
        key = f"{prefix}{number:03d}"
        if f"{kind}/{key}" in known:
            continue
        ref = ws.store_bytes(kind, key, data, parents=made_of)
        if ws.read_bytes(ref) == data:
            return ref, number
    raise AssertionError("unreachable")
