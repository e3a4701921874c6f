"""What the erasure certificate says of the log, computed from the log: when certifying, and again when checking.

Belongs here: the parts of the certificate that follow from events alone.  Does not belong here: the whole of it, with
what the bound configuration says (`kansho.evidence.whole`), or the bundle's files (`verify`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence import erasure_log, scan_log
from kansho.evidence.events import Event
from kansho.evidence.merkle import leaf_hash, root_of
from kansho.evidence.methods import ended_well
from kansho.evidence.protection_rules import CHANGED, WEAKENED
from kansho.evidence.purges import attempts, left_over, summed
from kansho.vault.classes import PERSONAL_KEYS

#: What ends a key: its deletion, or that a key service took the order to delete it.
_KEY_ENDS = frozenset({"keys_destroyed", "key_deletion_scheduled"})
#: The events that anything in the certificate is said by; the log has many more.
_TOLD = _KEY_ENDS | {
    *("inventory_taken", "erasure_planned", "erasure_attended", "approval_decided", "holding_erased"),
    *("keys_created", "keys_rotated", "key_deletion_ordered", CHANGED, WEAKENED),
    *("snapshot_erased", "medium_returned", "manual_target_closed", "certificate_received"),
    *("traces_found", "traces_purged", "residue_scanned"),
}


def certified_facts(log: Sequence[Event], leaves: Sequence[bytes] | None = None) -> dict[str, Any]:
    """What the certified log says: state, days and hours, tree head, inventory, people, erasure and scan.

    ``state`` is ``interim`` while the deletion of a key is only scheduled, which can still be cancelled.

    ``leaves`` are the log's, where they are known already.

    Raises:
        KanshoError: ``CERTIFY-INCOMPLETE`` naming what is missing, open or not verified.
    """
    told = [e for e in log if e.type in _TOLD]
    planned, scanned, _ = (_last(told, t) for t in ("erasure_planned", "residue_scanned", "traces_purged"))
    inventory, attended = _last(told, "inventory_taken"), _last(told, "erasure_attended")
    erased = [e for e in told if e.type == "holding_erased"]
    gone = [e for e in told if e.type == "snapshot_erased"]
    ends, pending = [e for e in told if e.type in _KEY_ENDS], pending_keys(told)
    purges = attempts(told)
    _require_done(planned, scanned, [*erased, *gone], ends, [*open_manual(told), *left_over(purges)])
    return {
        "simulation": log[0].codes.get("simulation", ""),
        "state": "interim" if pending else "final",
        "erased_on": erased[-1].campaign_date if erased else "",
        "began_at": erased[0].recorded_at if erased else "",
        "ended_at": ends[-1].recorded_at if ends else "",
        # Of a final certificate that had to wait for a key service: long after the last holding went.
        "issued_on": ends[-1].campaign_date if ends else "",
        "log_size": len(log),
        "log_root": root_of(leaves or [leaf_hash(e.canonical()) for e in log]).hex(),
        "inventory": {"digest": inventory.refs.get("digest", ""), "counts": dict(inventory.counts)},
        "protection": protection(told),
        "people": {**attended.codes, "names": dict(attended.names)},
        "erasure": {
            "plan": planned.refs.get("digest", ""),
            "planned": planned.counts.get("targets", 0),
            "erased": len(erased),
            "erased_earlier": sum(e.codes.get("reason") != "closing" for e in gone),
            "by_kind": _by_kind(gone),
            "keys": [e.key for e in told if e.type == "keys_destroyed" and e.key not in pending],
            "keys_pending": pending,
            "media_returned": sum(e.type == "medium_returned" for e in told),
            "manual": manual_closed(told),
            "certificates": sorted(e.key for e in told if e.type == "certificate_received"),
            "traces": summed(purges),
            "approvals": _approvals(told, planned),
        },
        "attachments": {
            erasure_log.NAME: hashlib.sha256(erasure_log.erasure_log(told)).hexdigest(),
            scan_log.NAME: hashlib.sha256(scan_log.scan_log(told)).hexdigest(),
        },
        "scan": {
            **{name: scanned.counts.get(name, 0) for name in ("files", "bytes", "needles", "hits", "unread")},
            "at": scanned.recorded_at,
            "on": scanned.campaign_date,
            "places": scan_log.places_of(scanned),
        },
    }


def protection(log: Sequence[Event]) -> dict[str, str]:
    """How keys were kept at the last (a rotation may wrap plain files), and under which lock the log was opened.

    Where weaker settings were found in the year, also how often; none was bound since (`STATE-WEAKENED`).
    """
    said = [e.codes for e in log if e.type in ("keys_created", "keys_rotated", CHANGED)]
    keepers, locks = ([codes[name] for codes in said if name in codes] for name in ("keeper", "lock"))
    times = sum(e.type == WEAKENED for e in log)
    found = {"keeper": keepers[-1] if keepers else "", "lock": locks[0] if locks else ""}
    return {**found, "weakened": str(times)} if times else found


def pending_keys(log: Sequence[Event]) -> dict[str, str]:
    """Keys whose deletion is scheduled and not seen to be done after that, with the day it is due.

    What was called destroyed before its deletion was scheduled was there to be scheduled.
    """
    due: dict[str, str] = {}
    for event in log:
        if event.type == "key_deletion_scheduled":
            due[event.key] = event.codes.get("until", "")
        elif event.type == "keys_destroyed":
            due.pop(event.key, None)
    return dict(sorted(due.items()))


def open_manual(log: Sequence[Event]) -> list[str]:
    """Targets of the last plan that people erase or return by hand and have not closed."""
    planned = [e for e in log if e.type == "erasure_planned"]
    wanted = planned[-1].refs.get("manual") if planned else None
    closed = {e.key for e in log if e.type == "manual_target_closed"}
    return sorted(set(wanted if isinstance(wanted, dict) else {}) - closed)


def manual_closed(log: Sequence[Event]) -> list[dict[str, str]]:
    """Every target closed by hand: what, how, when, where, by whom, before whom, and the paper that shows it."""
    return [
        {
            "target": e.key,
            **{name: e.codes.get(name, "") for name in ("method", "on", "place", "by", "witness")},
            "document": str(e.refs.get("sha256", "")),
            "by_name": e.names.get("by", ""),
            "witness_name": e.names.get("witness", ""),
        }
        for e in log
        if e.type == "manual_target_closed"
    ]


def _require_done(
    planned: Event, scanned: Event, erased: Sequence[Event], keys: Sequence[Event], open_by_hand: Sequence[str]
) -> None:
    """No target is unknown, failed, pending or unverified; a key may be pending, which the state tells.

    What a scan must have searched depends on the configuration too (`kansho.evidence.whole`).
    """
    targets = planned.refs.get("targets")
    ended = {e.key for e in erased if e.type == "holding_erased"}
    missing = sorted(name for name in (targets if isinstance(targets, dict) else {}) if name not in ended)
    kept = [name for name in PERSONAL_KEYS if name not in {e.key for e in keys}]
    destroyed = [e for e in keys if e.type == "keys_destroyed"]
    unverified = sorted({e.key for e in (*erased, *destroyed) if not ended_well(e)})
    found = scanned.counts.get("hits") != 0 or scanned.counts.get("unread") != 0
    open_targets = [*missing, *unverified, *kept, *open_by_hand, *(["residue_scanned"] if found else [])]
    if open_targets:
        raise KanshoError(
            "CERTIFY-INCOMPLETE",
            f"終わっていない、又は確認していない対象があります（{len(open_targets)}件）",
            place=" ".join(open_targets[:5]),
            remedy="前の手順を完了してください",
        )


def certified_part(events: Sequence[Event]) -> list[Event]:
    """The part of a log that its certificate speaks of: up to the last key that was destroyed, or is due to be."""
    ends = [e.sequence for e in events if e.type in _KEY_ENDS]
    return [e for e in events if ends and e.sequence <= ends[-1]]


def _by_kind(gone: Sequence[Event]) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for event in gone:
        holding = event.refs.get("holding")
        if isinstance(holding, dict):
            entry = out.setdefault(str(holding.get("kind")), {"count": 0, "rows": 0})
            entry["count"] += 1
            rows = holding.get("rows", 0)
            entry["rows"] += rows if type(rows) is int else 0
    return out


def _approvals(log: Sequence[Event], planned: Event) -> list[dict[str, str]]:
    artefact = planned.refs.get("artefact")
    digest = artefact.get("digest") if isinstance(artefact, dict) else None
    return [
        {"role": e.actor["role"], "user": e.actor["user"], "on": e.campaign_date}
        for e in log
        if e.type == "approval_decided" and e.codes.get("decision") == "approve" and e.refs.get("digest") == digest
    ]


def _last(log: Sequence[Event], type: str) -> Event:
    found = [e for e in log if e.type == type]
    if not found:
        raise KanshoError(
            "CERTIFY-INCOMPLETE", "証明に必要な記録がありません", place=type, remedy="前の手順を完了してください"
        )
    return found[-1]
