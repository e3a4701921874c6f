"""Stage functions of inbound_enquiries: who called, what for, and what that cancels.

Belongs here: records by number, stops, withdrawals from lists already handed over.  Does not belong here:
what a stop means later (standing).  A record is found by お問い合わせ番号 with its check digit; what is not
found is counted and kept apart, never guessed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho import exchange
from kansho.campaign.rights import Channel, Work
from kansho.contracts import codes
from kansho.contracts.registry import CALL_WITHDRAWAL, INBOUND_RECORDS
from kansho.exchange.tables import from_csv, is_inquiry_number, to_csv, valid
from kansho.outreach.assigned import outreach_arm
from kansho.outreach.calls import open_call_lists, unresolved
from kansho.outreach.contacts import Settled, file_of, require_asked, store, take_waiting, total
from kansho.standing import exclusions, gather
from kansho.workspace import Workspace


def find_inbound(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Waiting packages of records; None when there are none."""
    count = sum(len(exchange.waiting(ws, party, "inbound_records")) for party in _parties(ws))
    return {"packages": count} if count else None


def take_inbound(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in every waiting package: kind ``inbound_records``, event ``inbound_recorded``; then withdraw calls.

    Raises:
        KanshoError: ``RESULTS-REFUSED`` when one was refused (the others are in).
    """
    taken: list[dict[str, int]] = []
    for party in _parties(ws):
        taken += take_waiting(ws, party, "inbound_records", lambda package, files: _take(ws, package, files))
    if not taken:
        return None
    return {"taken": len(taken), "counts": {**total(taken), "withdrawn": withdraw_calls(ws)}}


def withdraw_calls(ws: Workspace) -> int:
    """Tell the call centre whom of its open lists it must not call any more; the number of people told now.

    The package's id is a keyed mark of its people: the same people are told once, others are never missed.
    """
    told, party = 0, ws.config.party_for(Work.CALLS).id
    for wave, ref, frame in open_call_lists(ws):
        arm = outreach_arm(ws, wave)
        listed = arm[arm["inquiry_number"].isin(frame["inquiry_number"])].reset_index(drop=True)
        waiting = unresolved(listed, ws.read_all("call_results"), wave)
        gone = waiting[exclusions(ws, waiting, Channel.CALL, wave=wave, spacing=False).ne("")]
        if gone.empty:
            continue
        package = f"{wave}-w{_mark(ws, gone['inquiry_number'])}"
        if ws.ledger.find("package_handed_over", f"{party}/call_withdrawal/{package}") is not None:
            continue
        event = exchange.hand_over(
            ws,
            party=party,
            work=Work.CALLS,
            package=package,
            kind="call_withdrawal",
            files={"call_withdrawal.csv": to_csv(gone[["inquiry_number"]], CALL_WITHDRAWAL)},
            counts={"rows": len(gone)},
            authority="contract",
            parents=[ref],
        )
        told += event.counts["rows"]
    return told


def settle_records(frame: pd.DataFrame, roster: pd.Series) -> Settled:
    """Split records: reasons ``value_<column>`` outside the contract, ``unknown_number`` not on the roster."""
    reasons = pd.Series("", index=frame.index, dtype=object)
    columns = [c for c in INBOUND_RECORDS.columns if c.name != "inquiry_number"]
    checks = [(f"value_{c.name}", ~valid(frame[c.name], c)) for c in columns]
    numbers = frame["inquiry_number"].fillna("").astype(str)
    known = numbers.map(is_inquiry_number).astype(bool) & numbers.isin(roster)
    checks += [("unknown_number", ~known), ("duplicate", frame.duplicated(["record"], keep="first"))]
    for code, hit in checks:
        reasons = reasons.mask(hit, reasons.where(reasons.eq(""), reasons + "|") + code)
    good = reasons.eq("")
    return Settled(
        frame[good].reset_index(drop=True), frame[~good].assign(reasons=reasons[~good]).reset_index(drop=True)
    )


def _take(ws: Workspace, package: str, files: Mapping[str, bytes]) -> dict[str, int]:
    frame = from_csv(file_of(files, "inbound_records.csv"), INBOUND_RECORDS)
    rosters = require_asked(ws.snapshots("roster"), "inbound_records")
    settled = settle_records(frame, gather(ws).roster["inquiry_number"])
    store(ws, "inbound_records", package, settled, rosters)
    counts = {
        "records": len(frame),
        "stops": int(settled.accepted["purpose"].isin(codes.INBOUND_STOP_PURPOSES).sum()),
        "unknown": sum("unknown_number" in text for text in settled.quarantined["reasons"]),
    }
    ws.record("inbound_recorded", package, counts=counts)
    return counts


def _mark(ws: Workspace, numbers: pd.Series) -> str:
    text = "|".join(sorted(numbers))
    return hmac.new(ws.keyring.get("hmac"), b"withdrawal\x1f" + text.encode(), hashlib.sha256).hexdigest()[:12]


def _parties(ws: Workspace) -> list[str]:
    """Whose enquiries reach us: who does the work, and the call centre, which is called back."""
    return list(dict.fromkeys((ws.config.party_for(Work.INBOUND).id, ws.config.party_for(Work.CALLS).id)))
