"""``summary.json``: the year in one page, every figure derived from the log.

Belongs here: gathering.  What only the driver knows (seconds, memory, true effects) is passed in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence.account import counts, reconciliations
from kansho.evidence.events import Event
from kansho.layout import Layout
from kansho.vault.disk import write_whole


def build_summary(
    events: Sequence[Event],
    *,
    campaign: str,
    layout: Layout,
    people: int,
    stages: Sequence[Mapping[str, Any]],
    true_effects: Mapping[str, str],
    seconds: float,
    peak_rss_mb: int,
) -> dict[str, Any]:
    """The summary of a year.

    Args:
        events: the whole log.
        campaign: id of the campaign.
        layout: where the outputs lie.
        people: persons in the ward's extract.
        stages: ``stage, dag_id, runs, state, seconds`` each, from the driver.
        true_effects: wave id → true effect in percentage points as text, from the simulated world.
        seconds: of the whole replay.
        peak_rss_mb: largest resident set of any process.
    """
    balance = reconciliations(events)
    return {
        "campaign": campaign,
        "people": people,
        "stages": [dict(stage) for stage in stages],
        "counts": counts(events),
        "reconciliations": [r.to_json() for r in balance],
        "effect": effects(events, true_effects),
        "incidents": incidents(events),
        "approvals": approvals(events),
        "documents": [str(layout.outputs / e.key) for e in events if e.type == "document_issued"],
        "evidence": {
            "bundle": str(layout.outputs / f"evidence-{campaign}.zip"),
            "checkpoint": str(layout.outputs / "checkpoint.txt"),
            "events": len(events),
        },
        "erasure": erasure(events),
        "seconds": round(seconds, 1),
        "peak_rss_mb": peak_rss_mb,
    }


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write it as JSON for people to read.

    Raises:
        KanshoError: ``SUMMARY-FORM`` when a value has no JSON form.
    """
    try:
        text = json.dumps(summary, ensure_ascii=False, indent=2)
    except (TypeError, ValueError):
        raise KanshoError("SUMMARY-FORM", "要約を書き出せません", place=path.name) from None
    write_whole(path, (text + "\n").encode())


def effects(events: Sequence[Event], true_effects: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each wave's estimate of the last report over all its segments, beside the true effect."""
    last: dict[str, Event] = {}
    for event in events:
        if event.type == "effect_analysed":
            _, _, rest = event.key.partition("/")
            wave, _, segment = rest.partition("/")
            if segment == "all":
                last[wave] = event
    return [
        {
            "wave": wave,
            "comparison": event.codes.get("comparison", "outreach-holdout"),
            "estimate_pp": _number(event.refs.get("estimate_pp")),
            "low_pp": _number(event.refs.get("low_pp")),
            "high_pp": _number(event.refs.get("high_pp")),
            "true_pp": _number(true_effects.get(wave)),
        }
        for wave, event in last.items()
    ]


def incidents(events: Sequence[Event]) -> list[dict[str, str]]:
    """Every incident with its kind and whether it was closed."""
    closed = {e.key for e in events if e.type == "incident_closed"}
    return [
        {
            "key": e.key,
            "kind": e.codes.get("kind", ""),
            "on": e.campaign_date,
            "closed": "yes" if e.key in closed else "no",
        }
        for e in events
        if e.type == "incident_opened"
    ]


def approvals(events: Sequence[Event]) -> list[dict[str, str]]:
    """Every decision by whom, in order."""
    return [
        {
            "name": e.key.rpartition("/")[2],
            "role": e.actor["role"],
            "user": e.actor["user"],
            "decision": e.codes["decision"],
            "on": e.campaign_date,
        }
        for e in events
        if e.type == "approval_decided"
    ]


def erasure(events: Sequence[Event]) -> dict[str, int | None]:
    """Holdings, returned, erased and hits; None where it has not come to that."""
    inventory = [e for e in events if e.type == "inventory_taken"]
    scans = [e for e in events if e.type == "residue_scanned"]
    return {
        "holdings": inventory[-1].counts["holdings"] if inventory else None,
        "returned": sum(e.type == "medium_returned" for e in events),
        "erased": sum(e.type == "holding_erased" for e in events),
        "residue_hits": scans[-1].counts["hits"] if scans else None,
    }


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
