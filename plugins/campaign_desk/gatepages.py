"""Gate runs as the desk lists them, and the issued page of one: read from ledger and outputs, nothing judged here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.quality.gate_words import RESULTS
from kansho.quality.pages import FOLDER, PAGE_KIND, gate_title, page_name
from kansho.workspace import Workspace


@dataclass(frozen=True)
class Run:
    """One gate run; ``page`` is the path of its issued page below the campaign, '' when there is none."""

    title: str
    subject: str
    on: str
    result: str
    rows: int
    accepted: int
    quarantined: int
    page: str


def gate_runs(events: Sequence[Event], subjects: frozenset[str]) -> list[Run]:
    """Every gate run, newest first; only those of ``subjects`` when there are any."""
    issued = {e.key for e in events if e.type == "document_issued"}
    found = [e for e in events if e.type == "gate_evaluated"]
    return [_run(e, issued) for e in reversed(found) if not subjects or e.key.partition("/")[2] in subjects]


def gate_bytes(ws: Workspace, name: str) -> bytes | None:
    """The page as it was issued; None when none of that name was.

    Raises:
        KanshoError: ``DESK-DOCUMENT`` when the file is not the one that was issued.
    """
    issued = ws.ledger.find("document_issued", f"{FOLDER}/{name}")
    if issued is None or issued.codes.get("kind") != PAGE_KIND:
        return None
    path = ws.layout.outputs / issued.key
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != issued.refs["sha256"]:
        raise KanshoError(
            "DESK-DOCUMENT",
            "発行した記録と内容が違います",
            place=issued.key,
            remedy="データ担当に outputs の復元を依頼してください",
        )
    return data


def _run(event: Event, issued: set[str]) -> Run:
    result = event.codes.get("result", "")
    return Run(
        gate_title(event),
        event.key.partition("/")[2],
        event.campaign_date,
        RESULTS.get(result, result),
        event.counts.get("rows", 0),
        event.counts.get("accepted", 0),
        event.counts.get("quarantined", 0),
        page_name(event.key) if page_name(event.key) in issued else "",
    )
