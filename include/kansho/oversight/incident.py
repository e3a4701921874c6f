"""Stage functions of incident: open with its clocks, report, take 甲's instruction, close (P9).

Belongs here: the way from a suspicion to its end, as ledger facts.  Does not belong here: what an incident is
(`incidents`) or the report's form (`incident_report`).  甲 is told when an incident is found, before
anybody has approved anything; the written report follows after 乙's 取扱責任者 approved it; 甲's answer to it
is its instruction.

A report with open items is a 速報; once the staff filled all nine (`incident_items`) the next is the 確報, and only an
incident of whose 確報 甲 has approved is closed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.events import Actor, Event
from kansho.evidence.short import short
from kansho.exchange.authority import authority_of, decision_on
from kansho.oversight.incident_items import filled_items, opened_one, require_full, still_open
from kansho.oversight.incident_report import ITEMS, incident_report
from kansho.oversight.incident_watch import open_suspicions, tell_ward
from kansho.oversight.incidents import KINDS, is_mended, state
from kansho.vault.disk import write_whole
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

REPORT_KIND = "incident_report"
_REF = re.compile(r"[A-Za-z0-9_.:/-]{1,80}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def find_incidents(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Open what the run was started for and what the ledger shows, tell 甲, and find what is still to do.

    ``work["triggered"]`` may hold ``final``, the key of an incident whose 確報 is wanted, or ``kind`` (of
    `KINDS`), ``ref`` (a code that names what it is about),
    ``party``, with whom it happened (丙 reports to 甲 as well, 丙18), and ``known_on``, the day from which its clocks
    run (an ISO date within the contract; without it today).
    None when no incident waits for a report, an instruction or its end.

    Raises:
        KanshoError: ``INCIDENT-KIND``, ``INCIDENT-REF``, ``INCIDENT-PARTY`` or ``INCIDENT-KNOWN-ON`` when the run was
            started with something else; ``INCIDENT-UNKNOWN``, ``INCIDENT-CLOSED``, ``INCIDENT-ITEMS-EMPTY`` for a
            確報 that cannot be made.
    """
    told = work.get("triggered") or {}
    if told.get("final"):
        require_full(ws, opened_one(ws, str(told["final"])))
    _open_triggered(ws, told)
    open_suspicions(ws)
    opened = ws.ledger.events("incident_opened")
    for event in opened:
        tell_ward(ws, event)
    states = {e.key: state(ws.ledger.events(), e.key) for e in opened}
    instructed = [e for e in opened if states[e.key] == "instructed"]
    wanted = [e.key for e in instructed if not _final_accepted(ws, e.key) and not still_open(ws, e)]
    waiting = [key for key, name in states.items() if name in ("opened", "reported") or key in wanted]
    closing = [e.key for e in instructed if _final_accepted(ws, e.key) and is_mended(ws.ledger.events(), e)]
    if not waiting and not closing:
        return None
    return {
        "incidents": waiting,
        "mended": closing,
        "counts": {"opened": len(opened), "waiting": len(waiting), "mended": len(closing)},
    }


def make_incident_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The 事故報告書 over everything that waits, as the artefact to approve; None when nothing waits."""
    keys = list(work["incidents"])
    if not keys:
        return None
    opened = [e for e in ws.ledger.events("incident_opened") if e.key in keys]
    finals = [e.key for e in opened if not still_open(ws, e)]
    empty = sum(len(still_open(ws, e)) for e in opened)
    ref = _report(ws, opened)
    counts = {"incidents": len(opened), "finals": len(finals), "open_items": empty}
    return {"incidents": keys, "finals": finals, "artefact": ref.to_json(), "counts": counts}


def report_incident(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Give the approved report to 甲: event ``incident_reported`` per incident, and of a 確報 that it was one.

    Raises:
        KanshoError: ``EXCHANGE-AUTHORITY`` when the report was not approved, ``INCIDENT-ITEMS-EMPTY`` when it would be
            a 確報 with an open item.
    """
    ref = SnapshotRef.from_json(work["artefact"])
    finals = list(work.get("finals", ()))
    for key in finals:
        require_full(ws, opened_one(ws, key, closed_too=True))
    authority = authority_of(ws, ref)
    pdf = ws.read_bytes(ref)
    name = f"documents/incident-report-{ref.key}.pdf"
    ws.issue_document(name, pdf, title="事故報告書", kind="incident_report")
    _put(ws, f"incident_report--{ref.key}.pdf", pdf)
    codes = {"to": ws.config.ward_party.id, "document": name, "authority": authority}
    ws.record(
        "report_submitted",
        f"incident_report/{ref.key}",
        codes=codes,
        refs={
            "report": ref,
            "incidents": dict.fromkeys(work["incidents"], ""),
            "finals": dict.fromkeys(finals, ""),
        },
    )
    log = ws.ledger.events()
    for opened in [e for e in log if e.type == "incident_opened" and e.key in work["incidents"]]:
        empty = 0 if opened.key in finals else len(still_open(ws, opened))
        ws.record("incident_reported", opened.key, counts={"empty_items": empty}, codes=codes, refs={"report": ref})
        if opened.key in finals:
            told = {"items": len(ITEMS), "empty_items": 0}
            ws.record(
                "report_submitted", f"incident_final/{opened.key}", counts=told, codes=codes, refs={"report": ref}
            )
    return dict(work)


def close_incidents(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Record 甲's instruction on every report it accepted, and close what is mended.

    An incident whose cause is still there (sheets not found), or whose 確報 甲 has not approved, stays open; a later
    run closes it.
    """
    instructed = closed = 0
    for event in ws.ledger.events("incident_opened"):
        now = state(ws.ledger.events(), event.key)
        if now == "reported" and _instruct(ws, event.key):
            instructed += 1
            now = "instructed"
        if now == "instructed" and _final_accepted(ws, event.key) and is_mended(ws.ledger.events(), event):
            ws.record("incident_closed", event.key, codes={"kind": event.codes.get("kind", "other")})
            closed += 1
    return {"counts": {"instructed": instructed, "closed": closed}} if instructed or closed else None


def _open_triggered(ws: Workspace, told: Mapping[str, Any]) -> None:
    if not told.get("kind") and not told.get("ref"):
        return
    kind, ref = str(told.get("kind", "")), str(told.get("ref", ""))
    if kind not in KINDS:
        raise KanshoError(
            "INCIDENT-KIND", "事故の種類がありません", place="conf.kind", remedy=f"{' '.join(KINDS)} から選んでください"
        )
    if not _REF.match(ref):
        raise KanshoError(
            "INCIDENT-REF",
            "事故の対象を示す番号がありません",
            place="conf.ref",
            remedy="英数字の番号を指定してください",
        )
    codes = {"kind": kind, "subject": ref}
    if told.get("party"):
        if told["party"] not in {p.id for p in ws.config.parties}:
            known = " ".join(p.id for p in ws.config.parties)
            raise KanshoError("INCIDENT-PARTY", "登録された関係者ではありません", place="conf.party", remedy=known)
        codes["party"] = str(told["party"])
    if told.get("known_on") is not None:
        codes["known_on"] = _known_on(ws, told["known_on"])
    ws.record("incident_opened", f"{kind}-{ref}", codes=codes)


def _known_on(ws: Workspace, told: Any) -> str:
    """The day on which somebody first knew of it: not before the contract, not after today."""
    try:
        known = date.fromisoformat(told) if isinstance(told, str) and _DAY.match(told) else None
    except ValueError:
        known = None
    if known is None or not ws.config.contract.start <= known <= ws.today:
        raise KanshoError(
            "INCIDENT-KNOWN-ON",
            "事故を知った日が正しくありません",
            place="conf.known_on",
            remedy="契約の開始日から今日までの日を YYYY-MM-DD で指定してください",
        )
    return known.isoformat()


def _report(ws: Workspace, opened: list[Event]) -> SnapshotRef:
    """Today's report over these incidents: a new revision once the last one was decided."""
    keys = {e.key for e in opened}
    filled = [e.key for e in ws.ledger.events("incident_item_filled") if e.codes["incident"] in keys]
    mark = short(hashlib.sha256(" ".join([*sorted(keys), *filled]).encode()).hexdigest())
    for revision in range(1, 100):
        key = f"{ws.today.isoformat()}-{mark}-r{revision:02d}"
        known = ws.find(REPORT_KIND, key)
        if known is None:
            return ws.store_bytes(REPORT_KIND, key, _render(ws, opened), parents=_texts(ws, filled))
        if decision_on(ws, known) is None:
            return known
    raise KanshoError("INCIDENT-REVISIONS", "事故報告書の版が多すぎます", remedy="区と相談してください")


def _render(ws: Workspace, opened: list[Event]) -> bytes:
    filled = {e.key: filled_items(ws, e.key) for e in opened}
    log = ws.ledger.events()
    return incident_report(ws.config, log, opened, today=ws.today, simulation=ws.is_simulation, filled=filled)


def _texts(ws: Workspace, filled: Iterable[str]) -> list[SnapshotRef]:
    """What people filled in, of which the report is made."""
    events = (ws.ledger.find("incident_item_filled", key) for key in filled)
    return [SnapshotRef.from_json(e.refs["text"]) for e in events if e is not None]


def _final_accepted(ws: Workspace, key: str) -> bool:
    """Whether 甲 approved a 確報 on this incident."""
    return bool(_accepted(ws, key, "finals"))


def _accepted(ws: Workspace, key: str, of: str) -> list[Event]:
    """甲's approvals of reports that name the incident among ``incidents`` or ``finals``."""
    digests = {e.refs["report"]["digest"] for e in ws.ledger.events("report_submitted") if key in e.refs.get(of, {})}
    asked = {
        e.key
        for e in ws.ledger.events("approval_requested")
        if e.codes.get("role") == Role.WARD_OFFICER.value and e.refs["artefact"]["digest"] in digests
    }
    return [e for e in ws.ledger.events("approval_decided") if e.key in asked and e.codes["decision"] == "approve"]


def _instruct(ws: Workspace, key: str) -> bool:
    """Record 甲's instruction when a ward officer approved a report over the incident; whether there is one."""
    given = _accepted(ws, key, "incidents")
    if not given:
        return False
    by = given[-1].actor
    ws.acting_as(Actor(by["party"], by["user"], by["role"])).record(
        "incident_instructed", key, codes={"authority": given[-1].key, "reason": given[-1].codes.get("reason", "none")}
    )
    return True


def _put(ws: Workspace, name: str, data: bytes) -> None:
    path: Path = ws.layout.received(ws.config.ward_party.id) / name
    write_whole(path, data)
