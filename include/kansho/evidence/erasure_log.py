"""The erasure log beside the certificate: one row per target with what was found, how it ended and how that was seen.

Belongs here: the rows, derived from the ledger; pure.  Does not belong here: the certificate (`certificate`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from kansho.evidence.events import Event
from kansho.evidence.methods import CRYPTO_ERASE, DELETE
from kansho.evidence.purges import CLASSES, NO_DATABASE, Attempt, attempts
from kansho.vault.classes import class_of

NAME = "documents/erasure-log.csv"
HEADINGS = ("対象", "区分", "要約値 (SHA-256)", "行数・点数", "発見", "方法", "消去・登録の日時 (UTC)", "確認")
_OF_A_PROGRAM = {"retention": "data-flow date"}


def erasure_log(log: Sequence[Event]) -> bytes:
    """CSV (UTF-8 with mark, CRLF) over the certified part of the log, in its order; names no resident."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    writer.writerows(_rows(log))
    return buffer.getvalue().encode("utf-8-sig", "replace")


def _rows(log: Sequence[Event]) -> Iterator[tuple[str, ...]]:
    """Odd events give odd rows, never an error: the rules judge them (`kansho.evidence.rules`)."""
    closing = {e.key: e for e in log if e.type == "holding_erased"}
    purges = {made.key: made for made in attempts(log)}
    destroyed = _destroyed(log)
    for event in log:
        when, codes = event.recorded_at, event.codes
        if event.type == "snapshot_erased":
            yield _holding(event, closing.get(event.key), destroyed)
        elif event.type == "manual_target_closed":
            digest, items = str(event.refs.get("sha256", "")), str(event.counts.get("items", ""))
            kind, found, method, verified, witness = (
                codes.get(name, "") for name in ("kind", "found", "method", "verified", "witness")
            )
            yield (event.key, kind, digest, items, found, method, when, f"{verified}: {witness}")
        elif event.type == "keys_destroyed":
            found, method, verified = (codes.get(name, "") for name in ("found", "method", "verified"))
            yield (event.key, "key", "", "", found, method, when, verified)
        elif event.type == "key_deletion_scheduled":
            yield (event.key, "key", "", "", "present", "scheduled", when, f"pending until {codes.get('until', '')}")
        elif event.type == "key_deletion_ordered":
            yield (event.key, "key", "", "", "present", "ordered", when, f"not before {codes.get('until', '')}")
        elif event.type == "traces_purged":
            yield from _traces(purges[event.key], when)


def _traces(made: Attempt, when: str) -> Iterator[tuple[str, ...]]:
    """A row for each class: how many are gone, how many there were before, how many a second count found."""
    how = {"rows": f"deleted, database compacted ({made.database})", "logs": "deleted", "pages": "looked for"}
    for name, called in CLASSES.items():
        target = f"{called}/{made.key}"
        if name == "rows" and made.database == NO_DATABASE:
            yield (target, "traces", "", "", "not looked for", "said to have no database", when, "not covered")
            continue
        found, removed, left = (str(of[name]) for of in (made.found, made.removed, made.left))
        yield (target, "traces", "", removed, found, how[name], when, f"counted again: {left}")


def _destroyed(log: Sequence[Event]) -> frozenset[str]:
    """Keys that are gone at the end of the log; one whose deletion was scheduled after that was still there."""
    gone: set[str] = set()
    for event in log:
        if event.type == "keys_destroyed":
            gone.add(event.key)
        elif event.type == "key_deletion_scheduled":
            gone.discard(event.key)
    return frozenset(gone)


def _holding(gone: Event, end: Event | None, destroyed: AbstractSet[str]) -> tuple[str, ...]:
    """One object of the vault, erased by the closing (``end``) or before it by the data flow's dates.

    What the closing ends is deleted first and its key last: while that key is there (a key service waits for days),
    nothing was erased by it.
    """
    holding = gone.refs.get("holding")
    said = holding if isinstance(holding, dict) else {}
    why = gone.codes.get("reason", "")
    found, method, verified = ((end or gone).codes.get(name, "") for name in ("found", "method", "verified"))
    if method == CRYPTO_ERASE and class_of(gone.key.partition("/")[0]) not in destroyed:
        method = DELETE
    how = method if end else f"{method} ({_OF_A_PROGRAM.get(why, why)})"
    digest, rows = str(said.get("digest", "")), str(said.get("rows", ""))
    return (gone.key, "vault", digest, rows, found, how, gone.recorded_at, verified)
