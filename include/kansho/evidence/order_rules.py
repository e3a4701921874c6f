"""Rules about the end's order: what is erased was counted, planned as counted, and approved as planned (P11).

Belongs here: pure rules over inventory, plan, its approvals, and every erasure's own word: which holding, and why.
Does not belong here: who may approve, and that there were two (`kansho.evidence.rules`), or how a thing ended
(`kansho.evidence.ended_rules`).

    … retention, by the data flow's dates … → inventory → plan over what is left → two approvals → the first erasure
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.past import Past, at

#: Why something is erased → the only kind of holding of which it may be said; '' for any.
REASONS: Mapping[str, str] = {
    "closing": "",
    "retention": "",
    "one_time": "one_time_secret",
    "replaced": "one_time_secret",
    "expired": "one_time_secret",
}
#: What the data flow's dates erase goes in the last run before its day, and these come once a month.
AHEAD = timedelta(days=31)
#: Kept for the scan under a key of its own, and ended with that: no target of a plan.
NEEDLES = "residue_needles/"
#: What begins the erasure; of holdings, what the closing erases.
_BEGINS = ("holding_erased", "keys_destroyed", "key_deletion_ordered", "key_deletion_scheduled", "traces_purged")


def begun(log: Past) -> Event | None:
    """The first event of the erasure that a plan, a receipt and two approvals must come before."""
    closing = next((e for e in log.of("snapshot_erased") if e.codes.get("reason") == "closing"), None)
    found = [e for e in (closing, *map(log.first, _BEGINS)) if e is not None]
    return min(found, key=lambda e: e.sequence, default=None)


def order_findings(log: Past) -> Iterator[Finding]:
    """Erasures for no reason, or of other bytes than were stored; a plan of other things than were held."""
    stored = {e.key: e for e in log.of("snapshot_stored")}
    for erased in log.of("snapshot_erased"):
        yield from _erased(erased, stored.get(erased.key), log.facts_at(erased).days.erase_on)
    first = begun(log)
    planned = log.last("erasure_planned", first) if first is not None else None
    if first is not None and planned is not None:
        yield from _planned(log, planned, first, stored)


def _erased(erased: Event, stored: Event | None, closing: str) -> Iterator[Finding]:
    if stored is None:
        return  # CUSTODY-UNKNOWN
    if erased.refs.get("holding") != stored.refs.get("holding"):
        yield Finding("STATE-ERASED-HOLDING", at(erased), "not the holding that was stored: other bytes or rows")
    reason = erased.codes.get("reason", "")
    only = REASONS.get(reason)
    if only is None or (only and erased.key.partition("/")[0] != only):
        yield Finding("STATE-ERASED-REASON", at(erased), "for a reason that nothing of this kind is erased for (D6)")
    elif reason == "retention" and not "" < stored.codes.get("erase_by", "") < closing:
        yield Finding("STATE-ERASED-REASON", at(erased), "the data flow keeps it until the closing (D6)")
    elif reason == "retention" and _early(erased.campaign_date, stored.codes.get("erase_by", "")):
        yield Finding("STATE-ERASED-REASON", at(erased), "long before the day that the data flow gives it (D6)")


def _early(on: str, due: str) -> bool:
    try:
        return date.fromisoformat(due) - date.fromisoformat(on) > AHEAD
    except ValueError:
        return False


def _planned(log: Past, planned: Event, first: Event, stored: Mapping[str, Event]) -> Iterator[Finding]:
    """Counted last before it was planned, and over exactly what was then left; approved after it, and not refused."""
    counted = log.last("inventory_taken", first)
    if counted is None or counted.sequence > planned.sequence:
        yield Finding("STATE-PLAN-INVENTORY", at(planned), "nothing was counted before it, or it was again since")
    elif counted.refs.get("digest") is None or counted.refs.get("digest") != planned.refs.get("inventory_digest"):
        yield Finding("STATE-PLAN-INVENTORY", at(planned), "made of another inventory than the last before it")
    shown = _artefact(planned)
    document = stored.get(f"{shown.get('kind', '')}/{shown.get('key', '')}")
    if document is None or document.sequence > planned.sequence or _digest(document) != shown.get("digest"):
        yield Finding("STATE-PLAN-DOCUMENT", at(planned), "what the two were to approve was never stored as that")
    gone = {e.key for e in log.of("snapshot_erased") if e.sequence < planned.sequence}
    held = {
        key: _digest(e)
        for key, e in stored.items()
        if e.sequence < planned.sequence and key not in gone and not key.startswith(NEEDLES)
    }
    targets = planned.refs.get("targets")
    if targets != held:
        wrong = sorted({*held, *(targets if isinstance(targets, dict) else {})})
        named = targets if isinstance(targets, dict) else {}
        told = next((key for key in wrong if held.get(key) != named.get(key)), "")
        yield Finding("STATE-PLAN-TARGETS", at(planned), f"not what was held, as the same bytes: {told[:120]}")
    wanted = [d for d in (planned.refs.get("digest"), shown.get("digest")) if isinstance(d, str)]
    for decided in log.of("approval_decided"):
        approves = decided.codes.get("decision") == "approve"
        if decided.refs.get("digest") not in wanted or (approves and decided.sequence > first.sequence):
            continue  # what was refused after the erasure began was carried to its end all the same
        asked = log.find("approval_requested", decided.key, decided)
        if min(decided.sequence, asked.sequence if asked is not None else decided.sequence) < planned.sequence:
            yield Finding("STATE-PLAN-APPROVAL", at(decided), "asked or decided before the plan was made")
        elif not approves:
            yield Finding("STATE-PLAN-APPROVAL", at(decided), "erased although somebody refused this very plan")


def _digest(stored: Event) -> object:
    holding = stored.refs.get("holding")
    return holding.get("digest") if isinstance(holding, dict) else None


def _artefact(planned: Event) -> Mapping[str, Any]:
    artefact = planned.refs.get("artefact")
    return artefact if isinstance(artefact, dict) else {}
