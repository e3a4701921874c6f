"""Handing everything collected or created back to 甲, against its receipt (P11).

Belongs here: the tables of the hand-over and the receipt.  Does not belong here: erasing.
States: no hand-over → handed over → receipted; facts that come in later make another hand-over.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kansho import exchange
from kansho.campaign.handed_back import HAND_OVER, RECEIPT
from kansho.casework import hand_back_open_cases
from kansho.closing.last_plan import last_plan
from kansho.closing.next_year import Learnt, next_year_files
from kansho.closing.put_aside import aside_files, notes_held
from kansho.contracts import codes
from kansho.contracts.registry import (
    CALL_RESULTS,
    HANDOVER_GROUPS,
    HANDOVER_MAIL,
    HANDOVER_STOPS,
    HANDOVER_VISITS,
    INBOUND_RECORDS,
)
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.handover_rules import is_handover, tells_of_results
from kansho.evidence.register import open_exceptions
from kansho.evidence.strict import read_json
from kansho.exchange.comments import every_comment
from kansho.exchange.tables import to_csv
from kansho.quality.profiles import profiles_to_hand_over
from kansho.workspace import Workspace


def make_handover(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Seal every result, refusal, reason and return by お問い合わせ番号 and hand them to 甲.

    None before the day of the hand-over, and when nothing came in since the last one.
    """
    if ws.today < ws.config.closing.handover_on or not _is_stale(ws):
        return None
    made, told = tables(ws)
    made["exceptions"] = open_cases(ws)
    made["comments"] = comments(ws)
    files = {f"{name}.csv": data for name, (data, _) in made.items()}
    files["profiles.json"] = _profiles(ws)
    done = last_plan(ws.ledger.events(), ws.config)
    if done is not None:
        files["last_plan.json"] = json.dumps(done, indent=1, sort_keys=True).encode()
    counts = {f"rows_{name}": rows for name, (_, rows) in made.items()} | told
    event = exchange.hand_over(
        ws,
        party=ws.config.ward_party.id,
        work=None,
        package=f"handover-{len(_handovers(ws)) + 1}",
        kind=HAND_OVER,
        files=files,
        counts=counts,
        authority="contract",
    )
    return {"package": event.codes["package"], "counts": dict(event.counts)}


def take_handover_receipt(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in 甲's receipt; it must name the package, its digest and its counts.

    Raises:
        KanshoError: ``CLOSING-RECEIPT`` when a receipt differs, ``CLOSING-NO-RECEIPT`` when the day of
            erasure has come without one: without it nothing is erased.
    """
    ward = ws.config.ward_party.id
    taken = [_take_receipt(ws, ward, package) for package in exchange.waiting(ws, ward, RECEIPT)]
    if ws.today >= ws.config.closing.erase_on:
        require_receipt(ws)
    return {"counts": {"receipts": len(taken)}} if taken else None


def require_receipt(ws: Workspace) -> None:
    """Every hand-over is receipted and nothing came in since.

    Raises:
        KanshoError: ``CLOSING-NO-RECEIPT`` or ``CLOSING-HANDOVER-STALE``.
    """
    receipted = {e.key for e in ws.ledger.events("handover_receipted")}
    open_packages = [e.codes["package"] for e in _handovers(ws) if e.codes["package"] not in receipted]
    if open_packages or not receipted:
        raise KanshoError(
            "CLOSING-NO-RECEIPT",
            "引渡しに対する区の受領書がありません",
            place=" ".join(open_packages) or HAND_OVER,
            remedy="区に受領書の交付を依頼してください。届くまで何も消去しません (P11)",
        )
    if _is_stale(ws):
        raise KanshoError(
            "CLOSING-HANDOVER-STALE",
            "引渡しの後に結果が追加されています",
            place=HAND_OVER,
            remedy="もう一度引き渡してください",
        )


def tables(ws: Workspace) -> tuple[dict[str, tuple[bytes, int]], dict[str, int]]:
    """The hand-over's CSV files: name → (bytes, rows); and what the account asks of them beside their rows."""
    calls = _read(ws, "call_results", CALL_RESULTS.names)
    visits = _read(ws, "visit_results", HANDOVER_VISITS.names)
    inbound = _read(ws, "inbound_records", INBOUND_RECORDS.names)
    mail = _mail(ws)
    made = {
        "mail_results": (mail, HANDOVER_MAIL),
        "call_results": (calls, CALL_RESULTS),
        "visit_results": (visits, HANDOVER_VISITS),
        "inbound_records": (inbound, INBOUND_RECORDS),
        "stops": (stops(calls, visits, inbound), HANDOVER_STOPS),
        "groups": (_groups(ws), HANDOVER_GROUPS),
    }
    files = {name: (to_csv(frame, contract), len(frame)) for name, (frame, contract) in made.items()}
    attended = _read(ws, "attendance_facts", ("inquiry_number", "screening_kind", "attendance_date"))
    told = {
        "mail_returned": int(mail["returned_on"].notna().sum()),
        "stops_refused": refused(made["stops"][0]),
        "notes_held": notes_held(ws),
    }
    learnt = Learnt(made["stops"][0], calls, visits, mail, attended)
    return {**files, **aside_files(ws), **next_year_files(learnt, ws.config.fiscal_year)}, told


def open_cases(ws: Workspace) -> tuple[bytes, int]:
    """What was never put right, for the ward to know: delivery, file, rule, rows left, since when, asked how."""
    left = open_exceptions(ws.ledger.events())
    head = ("delivery", "file", "rule", "rows", "opened_on", "request")
    return _listed(head, [(c.delivery, c.table, c.rule, c.left, c.opened_on, c.request) for c in left])


def comments(ws: Workspace) -> tuple[bytes, int]:
    """What was written about what was to be approved, in the words it was written in."""
    said = every_comment(ws)
    return _listed(("of", "on", "user", "role", "text"), [(c.of, c.on, c.user, c.role, c.text) for c in said])


def _listed(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[bytes, int]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8-sig"), len(rows)


def _profiles(ws: Workspace) -> bytes:
    """How the ward's files looked this year, as next year's configuration takes them (``last_year``)."""
    told = [made.to_json() for made in profiles_to_hand_over(ws)]
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode()


def stops(calls: pd.DataFrame, visits: pd.DataFrame, inbound: pd.DataFrame) -> pd.DataFrame:
    """Who asked for no further contact, on which day and channel: what next year must not forget.

    Args:
        calls: rows of `CALL_RESULTS`.
        visits: rows of `HANDOVER_VISITS`.
        inbound: rows of `INBOUND_RECORDS`.
    """
    parts = [
        _said(calls[calls["outcome"].isin(codes.STOP_OUTCOMES)], "called_on", "call", "outcome"),
        _said(visits[visits["outcome"].isin(codes.STOP_OUTCOMES)], "visited_on", "visit", "outcome"),
        _said(inbound[inbound["purpose"].isin(codes.INBOUND_STOP_PURPOSES)], "received_on", "inbound", "purpose"),
    ]
    joined = pd.concat(parts, ignore_index=True)
    return joined.sort_values(["said_on", "inquiry_number", "channel"]).reset_index(drop=True)


def refused(stops: pd.DataFrame) -> int:
    """Of the stops, those by which the person asked for it, as the year counted them."""
    return int((stops["channel"].eq("inbound") | stops["said"].isin(codes.REFUSALS)).sum())


def _said(rows: pd.DataFrame, day: str, channel: str, said: str) -> pd.DataFrame:
    out = rows[["inquiry_number"]].copy()
    out["said_on"], out["channel"], out["said"] = rows[day], channel, rows[said]
    return out


def _mail(ws: Workspace) -> pd.DataFrame:
    posted = _read(ws, "postings", ("inquiry_number", "wave", "posted_on", "serial"))
    returned = _read(ws, "mail_returns", ("serial", "inquiry_number", "returned_on", "return_reason"))
    joined = posted.merge(returned.drop(columns="inquiry_number"), on="serial", how="left")
    return joined.drop_duplicates("serial").sort_values(["wave", "inquiry_number"]).reset_index(drop=True)


def _groups(ws: Workspace) -> pd.DataFrame:
    parts = [ws.read_table(ref).assign(wave=ref.key) for ref in ws.snapshots("wave_assignment")]
    names = list(HANDOVER_GROUPS.names)
    return pd.concat([p[names] for p in parts], ignore_index=True) if parts else _empty(names)


def _read(ws: Workspace, kind: str, names: tuple[str, ...]) -> pd.DataFrame:
    found = ws.read_all(kind)
    return _empty(names) if found is None else found.reindex(columns=list(names))


def _empty(names: Any) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in names})


def _handovers(ws: Workspace) -> list[Event]:
    ward = ws.config.ward_party.id
    return [e for e in ws.ledger.events("package_handed_over") if is_handover(e, ward)]


def _is_stale(ws: Workspace) -> bool:
    """Whether facts came in after the last hand-over, or none was made; as the verifier asks it."""
    handed = _handovers(ws)
    return not handed or any(tells_of_results(e) for e in ws.ledger.events() if e.sequence > handed[-1].sequence)


def _take_receipt(ws: Workspace, ward: str, package: str) -> Event:
    try:
        opened = exchange.take(ws, ward, RECEIPT, package)
        said = read_json(opened.files.get("receipt.json", b""), "receipt.json")
        handed = _receipted(ws, said)
    except KanshoError as error:
        exchange.refuse(ws, ward, RECEIPT, package, code=error.code)
        raise
    event = ws.record(
        "handover_receipted",
        handed.codes["package"],
        counts=handed.counts,
        refs={
            "sha256_sealed": handed.refs["sha256_sealed"],
            "sha256_receipt": exchange.digest_of(ws, ward, RECEIPT, package),
        },
    )
    hand_back_open_cases(ws, handed.codes["package"])
    # Last: a package that was received is not taken again, so whatever follows from it must stand by then.
    exchange.accept(ws, ward, RECEIPT, package, counts=handed.counts)
    return event


def _receipted(ws: Workspace, said: Any) -> Event:
    """The hand-over that a receipt is for."""
    value = said if isinstance(said, dict) else {}
    handed = next((e for e in _handovers(ws) if e.codes["package"] == value.get("package")), None)
    if (
        handed is None
        or value.get("campaign") != ws.config.id
        or value.get("sha256_sealed") != handed.refs["sha256_sealed"]
        or value.get("counts") != dict(handed.counts)
    ):
        raise KanshoError(
            "CLOSING-RECEIPT",
            "受領書が引渡しの内容と一致しません",
            place="receipt.json",
            remedy="区に訂正した受領書を依頼してください",
        )
    return handed
