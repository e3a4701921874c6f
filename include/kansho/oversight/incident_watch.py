"""Incidents that nobody has spoken of: opened from what the ledger shows, and told to 甲 at once (P9).

Belongs here: what every stage that may open an incident asks when it ends, and oversight every morning, so that no hand
is needed.  Does not belong here: the report and 甲's answer (`kansho.oversight.incident`), what is an incident
(`kansho.oversight.incidents`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kansho.campaign.rights import Work
from kansho.evidence.events import Event
from kansho.oversight.clocks import clocks_of
from kansho.oversight.incidents import suspicions
from kansho.vault.disk import write_whole
from kansho.workspace import Workspace

#: With whose work an incident that the ledger shows happened.
_WITH = {"sheet_missing": Work.VISITS, "print_mismatch": Work.ADDRESSING}
_REPORT = "incident_report/"


def watch_incidents(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Open what the ledger shows, tell 甲 what it was not told, and wake whoever writes the report.

    None when nobody needs to be woken.  A task that died after it told wakes all the same: what counts is that no
    report was begun since.
    """
    if not unwatched(ws):
        return None
    open_suspicions(ws)
    for event in ws.ledger.events("incident_opened"):
        tell_ward(ws, event)
    return {"counts": {"incidents": unwatched(ws)}}


def unwatched(ws: Workspace) -> int:
    """How many incidents are not opened, not told to 甲, or wait for a report that nobody has begun."""
    events = ws.ledger.events()
    opened = [e for e in events if e.type == "incident_opened"]
    spoken = {e.key for e in events if e.type in ("incident_reported", "incident_closed")}
    begun = max((e.sequence for e in events if e.type == "snapshot_stored" and e.key.startswith(_REPORT)), default=-1)
    waiting = [e for e in opened if not _is_told(ws, e) or (e.key not in spoken and e.sequence > begun)]
    return len(waiting) + len(suspicions(events, ws.today))


def open_suspicions(ws: Workspace) -> None:
    """Event ``incident_opened`` for all that the ledger shows to be one; a refusal was known on its own day."""
    for found in suspicions(ws.ledger.events(), ws.today):
        codes = {"kind": found.kind, "subject": found.subject}
        if found.kind in _WITH:
            codes["party"] = ws.config.party_for(_WITH[found.kind]).id
        if found.known_on and found.known_on < ws.today.isoformat():
            codes["known_on"] = found.known_on
        ws.record("incident_opened", found.key, counts=found.counts, codes=codes)


def tell_ward(ws: Workspace, opened: Event) -> None:
    """A notice into 甲's letter box, once: kind, subject and clocks, nothing else."""
    if _is_told(ws, opened):
        return
    made = clocks_of(opened)
    days = {
        "known_on": made.known_on.isoformat(),
        "written_report_by": made.written_report.isoformat(),
    }
    by_law = {"preliminary_by": made.preliminary, "final_by": made.final}
    days |= {name: day.isoformat() for name, day in by_law.items() if day is not None}
    codes = {"incident": opened.key, "kind": opened.codes.get("kind", "other"), **days}
    name = f"incident_notice--{opened.key.replace('/', '-')}.json"
    write_whole(ws.layout.received(ws.config.ward_party.id) / name, json.dumps(codes, indent=1).encode())
    ws.record("report_submitted", _notice(opened), codes={"to": ws.config.ward_party.id, **days})


def _is_told(ws: Workspace, opened: Event) -> bool:
    return ws.ledger.find("report_submitted", _notice(opened)) is not None


def _notice(opened: Event) -> str:
    return f"incident_notice/{opened.key}"
