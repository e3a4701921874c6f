"""Removing Airflow's traces, attempt by attempt: counted, recorded, removed, counted again, recorded (P11).

What was there is in the log before anything goes: a run that is killed between the two has not lost its numbers, and
the next one tells what became of them.

Belongs here: this order and what is recorded of it.  Does not belong here: what traces are (`kansho.closing.traces`),
or what the log means (`kansho.evidence.purges`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kansho.closing import traces
from kansho.closing.airflow_rows import count_traces
from kansho.closing.metadata import Metadata, place_of, there
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.purges import CLASSES, NO_DATABASE, seen_before
from kansho.workspace import Workspace


def require_none_seen(ws: Workspace, base: Metadata) -> None:
    """Who says that there is no database must not have had one.

    Raises:
        KanshoError: ``TRACES-DATABASE-THERE`` when the log says that a database was seen.
    """
    if base.kind == NO_DATABASE and seen_before(ws.ledger.events()):
        raise there()


def purge_traces(ws: Workspace, airflow: Path, base: Metadata) -> None:
    """One attempt, as two events of its number; run again, it is another one.

    Raises:
        KanshoError: ``TRACES-LEFT`` when anything is left, once that is recorded; ``TRACES-*``, ``DISK-*``.
    """
    found = count_traces(ws.config.id, airflow, base.url)
    begun = ws.ledger.events("traces_found")
    if begun and ws.ledger.find("traces_purged", begun[-1].key) is None:
        _end_killed(ws, begun[-1], found, base)
    # What was purged is searched: the scan names its place by the same word.
    key, codes = f"attempt-{len(begun) + 1}", {"database": base.kind, "place": place_of(airflow, base)}
    ws.record("traces_found", key, counts=found, codes=codes)
    without = base.kind == NO_DATABASE
    done = traces.purge(ws.config.id, airflow, base.url, no_database=without, expected=found["rows"])
    left = count_traces(ws.config.id, airflow, base.url)
    removed = {"rows": done.rows, "logs": done.files, "pages": 0}  # a page is somebody's: people remove it
    ws.record("traces_purged", key, counts=_counts(removed, left), codes=codes)
    _require_none_left(left)


def _end_killed(ws: Workspace, begun: Event, there_now: Mapping[str, int], base: Metadata) -> None:
    """Tell what a killed attempt removed: what it had found and is there no more.

    Of another database nothing is known, and what is not known to be gone is left.
    """
    found = {name: begun.counts.get(name, 0) for name in CLASSES}
    left = {name: min(found[name], there_now[name]) for name in CLASSES}
    if begun.codes.get("database") != base.kind:
        left["rows"] = found["rows"]
    removed = {name: found[name] - left[name] for name in CLASSES}
    codes = {"database": begun.codes.get("database", ""), "interrupted": "yes"}
    ws.record("traces_purged", begun.key, counts=_counts(removed, left), codes=codes)


def _counts(removed: Mapping[str, int], left: Mapping[str, int]) -> dict[str, int]:
    return {f"{name}.{what}": of[name] for name in CLASSES for what, of in (("removed", removed), ("left", left))}


def _require_none_left(left: Mapping[str, int]) -> None:
    named = [f"{CLASSES[name]}({number})" for name, number in left.items() if number]
    if named:
        raise KanshoError(
            "TRACES-LEFT",
            "除去した後に数え直すと、実行環境の痕跡が残っています",
            place=" ".join(named),
            remedy="Airflow が停止していることを確かめ、data-docs（great_expectations/uncommitted）は人の手で除き、"
            "再実行してください",
        )
