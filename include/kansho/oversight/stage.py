"""Stage functions of oversight: what is due, attestations, inspections, retention, the monthly report.

Belongs here: taking other parties' papers in and recording what is missing.  Does not belong here: which
obligation there is (`deadlines`), one inspection's paper (`inspections`), the report's form (`monthly`).  A paper that
is missing or wrong is a recorded fact and stands in the report; it does not stop the others.  One that does not fit
leaves ``paper_refused``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kansho.campaign.calendar import oversight_days
from kansho.campaign.config import Party
from kansho.campaign.handed_back import is_result
from kansho.errors import KanshoError
from kansho.evidence.handover_rules import GivenBack
from kansho.exchange.countersigned import give, take_countersigned
from kansho.exchange.paper_days import require_day
from kansho.exchange.papers import Attestation, attestation_path, digest_of, read_signed
from kansho.exchange.refused import refusal_told
from kansho.exchange.timestamping import sign_checkpoint
from kansho.missed import record_missed
from kansho.oversight.clauses import report_months
from kansho.oversight.deadlines import deadlines
from kansho.oversight.findings import open_findings
from kansho.oversight.incident_watch import unwatched
from kansho.oversight.inspections import (
    open_corrections,
    replaced_corrections,
    take_correction,
    take_inspection,
    tell_replaced,
    waiting_inspections,
)
from kansho.oversight.notices import notices_wait
from kansho.vault.disk import write_whole
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: Oversight comes at least this often (days), so whatever lives longer is seen in time.
_MONTH = 31


def find_oversight_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is due or overdue, incidents nobody spoke of, and holdings whose time is up; None when there is none."""
    open_ones = deadlines(ws.ledger.events(), ws.config, ws.today)
    expired = expired_holdings(ws)
    found, incidents = open_findings(ws.ledger.events()), unwatched(ws)
    papers = bool(waiting_inspections(ws) or notices_wait(ws) or replaced_corrections(ws))
    papers = papers or any(_is_replaced(ws, p, m) for p, m in _papers_there(ws))
    if not open_ones and not expired and not papers and not found and not incidents:
        return None
    overdue = sum(o.is_overdue(ws.today) for o in open_ones)
    return {
        "due": [o.key for o in open_ones],
        "attestations": len(_attestations_there(ws)),
        "incidents": incidents,
        "notices": int(notices_wait(ws)),
        "expired": len(expired),
        "months": _months_to_report(ws),
        "counts": {
            "due": len(open_ones) - overdue,
            "overdue": overdue,
            "findings": len(found),
        },
    }


def record_attestations(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in the monthly attestations that are there (P15): event ``attestation_recorded`` per party and month."""
    taken = refused = findings = 0
    for party, month in _attestations_there(ws):
        try:
            paper, digest = _attestation(ws, party, month)
        except KanshoError:
            refused += 1
            continue
        taken += 1
        findings += _record_attestation(ws, paper, digest)
    if not taken and not refused:
        return None
    return {"counts": {"taken": taken, "refused": refused, "findings": findings}}


def record_inspections(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in the ward's countersignatures, inspections, audits and corrections (P6, P13); record what is overdue.

    Events ``checkpoint_countersigned``, ``inspection_recorded``, ``audit_recorded``, ``deadline_missed``.
    """
    countersigned = take_countersigned(ws)
    taken = sum(take_inspection(ws, inspector, path) for inspector, path in waiting_inspections(ws))
    corrected = sum(take_correction(ws, e, code) for e, code in open_corrections(ws))
    tell_replaced(ws)
    missed = 0
    for obligation in deadlines(ws.ledger.events(), ws.config, ws.today):
        if obligation.is_overdue(ws.today) and ws.ledger.find("deadline_missed", obligation.key) is None:
            codes = {"due": obligation.due.isoformat(), "clause": obligation.clause}
            ws.record("deadline_missed", obligation.key, codes=codes)
            missed += 1
    missed += record_missed(ws)
    if not taken and not corrected and not missed and not countersigned:
        return None
    counts = {"inspections": taken, "corrections": corrected, "missed": missed}
    return {"counts": counts | ({"countersigned": countersigned} if countersigned else {})}


def apply_retention(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Erase what is no longer needed (P11, D6): events ``snapshot_erased`` with reason ``retention``.

    Results that 甲 has not receipted are still needed, whatever their day (`expired_holdings`).
    """
    expired = expired_holdings(ws)
    if expired:
        ws.ledger.confirm()
    for ref in expired:
        ws.erase(ref, reason="retention")
    return {"counts": {"erased": len(expired)}} if expired else None


def make_monthly_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Issue the report of every month that is due and not reported (P13): event ``report_submitted``."""
    from kansho.documents import Stamp
    from kansho.oversight.monthly import monthly_report

    made = _months_to_report(ws)
    for month in made:
        name = f"documents/monthly-report-{month}.pdf"
        signed = sign_checkpoint(ws)
        pdf = monthly_report(
            ws.config,
            ws.ledger.events(),
            month,
            today=ws.today,
            simulation=ws.is_simulation,
            stamp=Stamp(signed.origin, signed.size, signed.root),
        )
        issued = ws.issue_document(name, pdf, title=f"月次報告書（{month}）", kind="monthly_report")
        # Made again after a kill, the report would bear a later checkpoint: the one that was issued is the one given.
        _put(ws, f"monthly_report--{month}.pdf", issued.read_bytes())
        give(ws, signed)
        ws.record("report_submitted", f"monthly/{month}", codes={"to": ws.config.ward_party.id, "document": name})
    return {"reports": made, "counts": {"reports": len(made)}} if made else None


def expired_holdings(ws: Workspace) -> list[SnapshotRef]:
    """Holdings whose erase-by day comes before the next day of oversight: this is the last run in time for them.

    What lives shorter than a month (one-time secrets) is erased by its own stage, and here only once its day
    has come.  What the closing erases itself (erase-by on its day) is left to it; so are results of which 甲 has not
    receipted a hand-over yet: a configuration that gave them a day of their own would be refused today.
    """
    ahead = [day for day, _ in oversight_days(ws.config) if day > ws.today]
    limit = min([*ahead, ws.config.closing.erase_on])
    erased = {e.key for e in ws.ledger.events("snapshot_erased")}
    given = GivenBack(ws.ledger.events(), ws.config.ward_party.id)
    out = []
    for event in ws.ledger.events("snapshot_stored"):
        erase_by = date.fromisoformat(event.codes["erase_by"])
        lives = (erase_by - date.fromisoformat(event.campaign_date)).days
        due = erase_by < limit if lives >= _MONTH else erase_by <= ws.today
        if is_result(event.key) and not given.has(event):
            continue
        if event.key not in erased and due and erase_by < ws.config.closing.erase_on:
            out.append(SnapshotRef.from_json(event.refs["holding"]))
    return out


def _attestations_there(ws: Workspace) -> list[tuple[Party, str]]:
    """(party, month) of every paper that is not taken in yet, or lies in the place of another that was."""
    return [
        (party, month)
        for party, month in _papers_there(ws)
        if ws.ledger.find("attestation_recorded", f"{party.id}/{month}") is None or _is_replaced(ws, party, month)
    ]


def _papers_there(ws: Workspace) -> list[tuple[Party, str]]:
    """(party, month) of every attestation that lies there for a month that is over."""
    return [
        (party, month)
        for month, due in report_months(ws.config)
        for party in (ws.config.contractor, *ws.config.subcontractors)
        if due <= ws.today and attestation_path(ws.layout.outgoing(party.id), month).is_file()
    ]


def _is_replaced(ws: Workspace, party: Party, month: str) -> bool:
    """Whether what lies there is not what was taken in, and nobody was told of it yet."""
    known = ws.ledger.find("attestation_recorded", f"{party.id}/{month}")
    if known is None:
        return False
    digest = digest_of(attestation_path(ws.layout.outgoing(party.id), month))
    told = (e.refs.get("sha256") for e in ws.ledger.events("paper_refused") if e.codes.get("party") == party.id)
    return known.refs.get("sha256") != digest and digest not in told


def _months_to_report(ws: Workspace) -> list[str]:
    return [month for month, due in report_months(ws.config) if due <= ws.today and _unreported(ws, month)]


def _attestation(ws: Workspace, party: Party, month: str) -> tuple[Attestation, str]:
    """A party's attestation that lies there, and its digest."""
    path = attestation_path(ws.layout.outgoing(party.id), month)
    with refusal_told(ws, party.id, path):
        if ws.ledger.find("attestation_recorded", f"{party.id}/{month}") is not None:  # the first stays
            raise KanshoError(
                "PAPER-REPLACED",
                "受け入れた点検表と同じ月で、内容の違う書類があります",
                place=f"{party.id}/{month}",
                remedy="受け入れたものは変わりません。差替えの理由を提出元に確かめてください",
            )
        paper, digest = read_signed(path, Attestation)
        signers = {h.id for h in ws.config.handlers if h.party == party.id}
        if not paper.complete or (paper.party, paper.month) != (party.id, month) or paper.attested_by not in signers:
            raise KanshoError(
                "PAPER-FORM",
                "点検表の記載が正しくありません",
                place=f"{party.id}/{month}",
                remedy="再提出を依頼してください",
            )
        first = date.fromisoformat(f"{month}-01")  # nobody attests what is to come
        require_day(ws, digest, paper.attested_on, place=f"{party.id}/{month}", first=first)
        return paper, digest


def _record_attestation(ws: Workspace, paper: Attestation, digest: str) -> int:
    broken = [i.item for i in paper.items if not i.kept]
    ws.record(
        "attestation_recorded",
        f"{paper.party}/{paper.month}",
        counts={"items": len(paper.items), "findings": len(broken)},
        codes={
            "attested_on": paper.attested_on.isoformat(),
            "attested_by": paper.attested_by,
            "findings": "|".join(broken) or "none",
        },
        refs={"evidence": {i.item: i.evidence for i in paper.items}, "sha256": digest},
    )
    return len(broken)


def _unreported(ws: Workspace, month: str) -> bool:
    return ws.ledger.find("report_submitted", f"monthly/{month}") is None


def _put(ws: Workspace, name: str, data: bytes) -> None:
    """Lay a document without residents into 甲's letter box."""
    path = ws.layout.received(ws.config.ward_party.id) / name
    write_whole(path, data)
