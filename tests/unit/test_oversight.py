"""Oversight: what is due is found without a run, papers are taken in, what is missing is recorded, holdings expire."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.calendar import oversight_days
from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Document
from kansho.exchange.papers import (
    ATTESTED,
    Attestation,
    AttestedItem,
    Correction,
    Inspection,
    InspectionFinding,
    attestation_path,
    correction_path,
    inspection_path,
    write_paper,
)
from kansho.oversight.clauses import report_months
from kansho.oversight.deadlines import deadlines, obligations
from kansho.oversight.findings import findings, open_findings
from kansho.oversight.inspections import replaced_corrections
from kansho.oversight.monthly import OBLIGATIONS, monthly_document
from kansho.oversight.open_items import open_on
from kansho.oversight.stage import (
    apply_retention,
    expired_holdings,
    find_oversight_work,
    make_monthly_report,
    record_attestations,
    record_inspections,
)
from kansho.workspace import Workspace

Open = Callable[[date], Workspace]
MAY_10 = date(2027, 5, 10)


def _opened(ws: Workspace) -> Workspace:
    ws.record("campaign_opened", ws.config.id, codes={"simulation": "true"})
    return ws


def _attest(
    ws: Workspace,
    party: str,
    month: str,
    *,
    broken: tuple[str, ...] = (),
    by: str | None = None,
    attested_on: date = date(2027, 5, 7),
) -> None:
    signer = by or next(h.id for h in ws.config.handlers if h.party == party)
    items = tuple(AttestedItem(item=i, kept=i not in broken, evidence="DOC-1") for i in ATTESTED)  # type: ignore[arg-type]
    paper = Attestation(party=party, month=month, attested_on=attested_on, attested_by=signer, items=items)
    write_paper(attestation_path(ws.layout.outgoing(party), month), paper)


def test_the_months_reported_are_those_of_the_calendar(mini: CampaignConfig) -> None:
    months = report_months(mini)
    assert months[0] == ("2027-04", MAY_10)
    assert months[-1] == ("2027-12", date(2028, 1, 10))
    assert [day for _, day in months] == [day for day, reason in oversight_days(mini) if reason == "monthly"]


def test_a_stage_that_never_ran_is_overdue_by_the_config_alone(mini: CampaignConfig) -> None:
    found = {o.key for o in deadlines([], mini, date(2027, 6, 25)) if o.is_overdue(date(2027, 6, 25))}
    assert {"delivery/d01", "delivery/d02", "wave_selected/mailing_1", "attestation/printer/2027-04"} <= found
    assert "print_report/mailing_1" not in found  # due today, not overdue


def test_every_kind_of_obligation_has_a_name_and_a_clause(mini: CampaignConfig) -> None:
    made = obligations([], mini)
    assert {o.kind for o in made} <= set(OBLIGATIONS)
    assert all(o.clause for o in made)
    assert len({o.key for o in made}) == len(made)


def test_a_redelivery_fulfils_the_delivery(open_workspace: Open, mini: CampaignConfig) -> None:
    ws = open_workspace(date(2027, 4, 22))
    ws.record("delivery_accepted", "d01-2", counts={"rows_target_list": 3}, codes={"kinds": "target_list"})
    done = {o.key: o.done_on for o in obligations(ws.ledger.events(), mini) if o.kind == "delivery"}
    assert done["delivery/d01"] == date(2027, 4, 22)
    assert done["delivery/d02"] is None


def test_attestations_are_taken_in_and_a_wrong_one_is_not(open_workspace: Open) -> None:
    ws = _opened(open_workspace(MAY_10))
    _attest(ws, "contractor", "2027-04")
    _attest(ws, "printer", "2027-04", broken=("media_limits",))
    _attest(ws, "call_centre", "2027-04", by="h01")  # signed by somebody of another party
    path = attestation_path(ws.layout.outgoing("visitors"), "2027-04")
    path.parent.mkdir(parents=True)
    path.write_text('{"party": "visitors", "secret": "花子"}', encoding="utf-8")
    assert find_oversight_work(ws, {}) is not None
    assert record_attestations(ws, {}) == {"counts": {"taken": 2, "refused": 2, "findings": 1}}
    assert ws.ledger.find("attestation_recorded", "printer/2027-04").codes["findings"] == "media_limits"  # type: ignore[union-attr]
    assert ws.ledger.find("attestation_recorded", "visitors/2027-04") is None
    told = [(e.codes["party"], e.codes["paper"], e.codes["code"]) for e in ws.ledger.events("paper_refused")]
    assert told == [(party, "attestations", "PAPER-FORM") for party in ("call_centre", "visitors")]
    size = ws.ledger.size
    record_attestations(ws, {})
    assert ws.ledger.size == size


def test_an_attestation_overwritten_after_it_was_taken_in_is_told_once_and_the_first_stays(
    open_workspace: Open, mini: CampaignConfig
) -> None:
    ws = _opened(open_workspace(MAY_10))
    for party in (mini.contractor, *mini.subcontractors):
        _attest(ws, party.id, "2027-04", broken=("media_limits",) if party.id == "printer" else ())
    record_attestations(ws, {})
    first = ws.ledger.find("attestation_recorded", "printer/2027-04")
    size = ws.ledger.size
    assert record_attestations(ws, {}) is None  # the same bytes, looked at again
    assert ws.ledger.size == size
    _attest(ws, "printer", "2027-04")
    work = find_oversight_work(ws, {})
    assert work is not None
    assert work["attestations"] == 1
    assert record_attestations(ws, {}) == {"counts": {"taken": 0, "refused": 1, "findings": 0}}
    assert record_attestations(ws, {}) is None
    (told,) = ws.ledger.events("paper_refused")
    assert (told.codes["party"], told.codes["code"]) == ("printer", "PAPER-REPLACED")
    path = attestation_path(ws.layout.outgoing("printer"), "2027-04")
    assert told.refs["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert ws.ledger.find("attestation_recorded", "printer/2027-04") == first
    (line,) = open_on(ws.ledger.events(), mini, MAY_10)["受け入れた後に差し替えられた書類"]
    assert told.key in line
    _attest(ws, "printer", "2027-04", broken=("room_entry",))  # and another again
    record_attestations(ws, {})
    assert len(ws.ledger.events("paper_refused")) == 2


def test_what_is_overdue_is_recorded_once(open_workspace: Open) -> None:
    ws = _opened(open_workspace(MAY_10))
    _attest(ws, "contractor", "2027-04")
    record_attestations(ws, {})
    told = record_inspections(ws, {})
    missed = {e.key for e in ws.ledger.events("deadline_missed")}
    assert missed == {
        "delivery/d01",
        "attestation/printer/2027-04",
        "attestation/call_centre/2027-04",
        "attestation/visitors/2027-04",
    }
    assert told == {"counts": {"inspections": 0, "corrections": 0, "missed": 4}}
    assert record_inspections(ws, {}) is None


def test_an_audit_with_a_finding_asks_for_its_correction(open_workspace: Open, mini: CampaignConfig) -> None:
    audited = next(p for p in mini.subcontractors if p.audit_on)
    assert audited.audit_on
    ws = _opened(open_workspace(audited.audit_on))
    auditor = next(h.id for h in mini.handlers if h.party == mini.contractor.id)
    finding = InspectionFinding(code="logs", correct_by=date(2027, 12, 1))
    paper = Inspection(kind="audit", party=audited.id, on=audited.audit_on, inspector=auditor, findings=(finding,))
    write_paper(inspection_path(ws.layout.outgoing("contractor"), "audit", audited.id), paper)
    record_inspections(ws, {})
    recorded = ws.ledger.find("audit_recorded", f"audit/{audited.id}")
    assert recorded is not None
    assert recorded.codes["findings"] == "logs=2027-12-01"
    late = replace(ws, today=date(2027, 12, 2))
    asked = [o.key for o in deadlines(ws.ledger.events(), mini, late.today)]
    assert f"correction/audit/{audited.id}/logs" in asked
    signer = next(h.id for h in mini.handlers if h.party == audited.id)
    mended = Correction(
        kind="audit",
        party=audited.id,
        finding="logs",
        action="procedure_changed",
        done_by=signer,
        corrected_on=date(2027, 12, 1),
        evidence="e" * 64,
        reported_by=signer,
    )
    path = correction_path(ws.layout.outgoing(audited.id), "audit", audited.id, "logs")
    for wrong in ({"done_by": "h01"}, {"corrected_on": date(2027, 1, 1)}, {"corrected_on": date(2027, 12, 3)}):
        write_paper(path, mended.model_copy(update=wrong))
        record_inspections(late, {})
    path.write_text(mended.model_dump_json(exclude={"evidence"}), encoding="utf-8")  # says what, shows nothing
    record_inspections(late, {})
    record_inspections(late, {})  # told once
    told = [(e.codes["party"], e.codes["paper"], e.codes["code"]) for e in ws.ledger.events("paper_refused")]
    codes = ["PAPER-CORRECTION"] * 3 + ["PAPER-FORM"]
    assert told == [(audited.id, "corrections", code) for code in codes]
    (still,) = open_findings(ws.ledger.events())
    assert (still.code, still.is_overdue(late.today)) == ("logs", True)
    assert find_oversight_work(late, {})["counts"]["findings"] == 1  # type: ignore[index]
    assert "logs" in open_on(ws.ledger.events(), mini, late.today)["是正していない指摘"][0]
    assert "未了" in _cells(monthly_document(mini, ws.ledger.events(), "2027-11", today=late.today, simulation=True))
    write_paper(path, mended)
    record_inspections(late, {})
    asked = [o.key for o in deadlines(ws.ledger.events(), mini, late.today)]
    assert f"correction/audit/{audited.id}/logs" not in asked
    (done,) = findings(ws.ledger.events())
    assert (done.action, done.done_by, done.corrected_on, done.evidence) == (
        "procedure_changed",
        signer,
        "2027-12-01",
        "e" * 64,
    )
    assert open_findings(ws.ledger.events()) == ()

    assert replaced_corrections(late) == []
    write_paper(path, mended.model_copy(update={"action": "access_removed"}))
    for _ in range(2):  # told once, and the first stays
        record_inspections(late, {})
    assert [e.codes["code"] for e in ws.ledger.events("paper_refused")] == [*codes, "PAPER-REPLACED"]
    assert [f.action for f in findings(ws.ledger.events())] == ["procedure_changed"]


def _cells(document: Document) -> set[str]:
    return {cell for section in document.sections for table in section.tables for row in table.rows for cell in row}


def test_an_inspection_signed_by_no_handler_of_the_inspector_does_not_count(
    open_workspace: Open, mini: CampaignConfig
) -> None:
    day = mini.oversight.ward_inspection_on
    ws = _opened(open_workspace(day))
    paper = Inspection(kind="ward_inspection", party="contractor", on=day, inspector="h03")  # 乙 itself
    write_paper(inspection_path(ws.layout.outgoing("ward"), "ward_inspection", "contractor"), paper)
    record_inspections(ws, {})
    assert ws.ledger.find("inspection_recorded", "ward_inspection/contractor") is None
    (told,) = ws.ledger.events("paper_refused")
    assert told.codes == {"party": "ward", "paper": "inspections", "code": "PAPER-INSPECTION"}
    write_paper(
        inspection_path(ws.layout.outgoing("ward"), "ward_inspection", "contractor"),
        paper.model_copy(update={"inspector": "h01"}),
    )
    record_inspections(ws, {})
    assert ws.ledger.find("inspection_recorded", "ward_inspection/contractor") is not None


def test_every_inspection_of_a_year_is_taken_in_with_its_digest_planned_or_not_and_its_findings_are_followed(
    open_workspace: Open, mini: CampaignConfig
) -> None:
    day = date(2027, 5, 20)  # nothing is planned before September
    ws = _opened(open_workspace(day))
    folder = ws.layout.outgoing("ward")
    found = InspectionFinding(code="media_storage", correct_by=date(2027, 6, 20))
    first = Inspection(kind="ward_check", party="printer", on=day, inspector="h01")
    write_paper(inspection_path(folder, "ward_check", "printer"), first)
    second = first.model_copy(update={"number": 2, "findings": (found,)})
    path = inspection_path(folder, "ward_check", "printer", 2)
    write_paper(path, second)
    assert find_oversight_work(ws, {}) is not None
    assert record_inspections(ws, {})["counts"]["inspections"] == 2  # type: ignore[index]
    recorded = ws.ledger.find("inspection_recorded", "ward_check/printer/n2")
    assert recorded is not None
    assert recorded.refs == {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (told,) = findings(ws.ledger.events(), "printer")
    assert (told.inspection, told.party, told.code) == ("ward_check/printer/n2", "printer", "media_storage")
    monthly = monthly_document(mini, ws.ledger.events(), "2027-05", today=day, simulation=True)
    printer = mini.party("printer").name
    assert {"媒体の保管の不備", f"区による再委託先の確認（{printer}） 第2回"} <= _cells(monthly)
    signer = next(h.id for h in mini.handlers if h.party == "printer")
    said = {"kind": "ward_check", "party": "printer", "finding": "media_storage", "action": "storage_changed"}
    said |= {"done_by": signer, "corrected_on": day.isoformat(), "evidence": "e" * 64, "reported_by": signer}
    path = correction_path(ws.layout.outgoing("printer"), "ward_check", "printer", "media_storage", 2)
    write_paper(path, Correction.model_validate(said))  # of the first inspection, which found nothing
    record_inspections(ws, {})
    assert open_findings(ws.ledger.events()) != ()
    write_paper(path, Correction.model_validate({**said, "number": 2}))
    record_inspections(ws, {})
    assert open_findings(ws.ledger.events()) == ()
    size = ws.ledger.size
    assert record_inspections(ws, {}) is None
    assert ws.ledger.size == size


@pytest.mark.parametrize("on", ["2027-05-11", "2027-03-31"])
def test_a_paper_of_a_day_that_has_not_come_or_before_the_contract_is_refused_and_stays_refused(
    open_workspace: Open, on: str
) -> None:
    ws = _opened(open_workspace(MAY_10))
    said = {"kind": "ward_inspection", "party": "contractor", "inspector": "h01"}
    write_paper(
        inspection_path(ws.layout.outgoing("ward"), "ward_inspection", "contractor"),
        Inspection.model_validate({**said, "on": on}),
    )
    _attest(ws, "printer", "2027-04", attested_on=date.fromisoformat(on))
    for day in (MAY_10, date(2027, 5, 12)):
        later = replace(ws, today=day)
        record_attestations(later, {})
        record_inspections(later, {})
    told = {(e.codes["paper"], e.codes["code"]) for e in ws.ledger.events("paper_refused")}
    assert told == {("inspections", "PAPER-DATE"), ("attestations", "PAPER-DATE")}
    assert ws.ledger.events("inspection_recorded") == []
    assert ws.ledger.events("attestation_recorded") == []
    # What is dated ahead is refused when its day has come, too; a new paper is not.
    _attest(ws, "printer", "2027-04", attested_on=date(2027, 5, 10))
    record_attestations(replace(ws, today=date(2027, 5, 12)), {})
    (event,) = ws.ledger.events("attestation_recorded")
    path = attestation_path(ws.layout.outgoing("printer"), "2027-04")
    assert event.refs["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_paper_in_the_place_of_another_or_of_nobody_is_told_and_lost_to_nobody(open_workspace: Open) -> None:
    ws = _opened(open_workspace(MAY_10))
    folder = ws.layout.outgoing("ward")
    paper = Inspection(kind="ward_check", party="printer", on=date(2027, 5, 1), inspector="h01")
    write_paper(inspection_path(folder, "ward_check", "printer"), paper)
    record_inspections(ws, {})
    write_paper(inspection_path(folder, "ward_check", "printer"), paper.model_copy(update={"on": MAY_10}))
    write_paper(inspection_path(folder, "ward_check", "contractor"), paper.model_copy(update={"party": "contractor"}))
    write_paper(inspection_path(folder, "audit", "printer"), paper.model_copy(update={"kind": "audit"}))
    write_paper(inspection_path(folder, "ward_check", "printer", 3), paper)  # says that it is the first
    for _ in range(2):
        record_inspections(ws, {})
    codes = sorted(e.codes["code"] for e in ws.ledger.events("paper_refused"))
    assert codes == ["PAPER-INSPECTION"] * 3 + ["PAPER-REPLACED"]
    (known,) = ws.ledger.events("inspection_recorded")
    assert known.codes["on"] == "2027-05-01"


def test_holdings_are_erased_by_the_last_oversight_day_before_their_time(open_workspace: Open) -> None:
    ws = _opened(open_workspace(date(2027, 4, 20)))
    kept = ws.store_bytes("roster", "d01", b"x")
    short = ws.store_bytes("raw_stop_list", "d01", b"x")  # 40 days: 30 May
    assert expired_holdings(ws) == []
    ws = replace(ws, today=MAY_10)  # the next oversight day lies after 30 May
    assert apply_retention(ws, {}) == {"counts": {"erased": 1}}
    assert ws.find("raw_stop_list", "d01") is None
    assert ws.find("roster", "d01") == kept
    assert ws.ledger.find("snapshot_erased", short.name).codes["reason"] == "retention"  # type: ignore[union-attr]
    assert apply_retention(ws, {}) is None


def test_results_that_the_ward_has_not_receipted_are_not_erased_whatever_their_day(open_workspace: Open) -> None:
    """No configuration may give them a day any more; one that was bound before could."""
    ws = _opened(open_workspace(date(2027, 8, 20)))
    flows = tuple(
        f.model_copy(update={"erase_after_days": 40}) if f.kind in ("call_results", "quarantine") else f
        for f in ws.config.data_flow
    )
    ws = replace(ws, config=ws.config.model_copy(update={"data_flow": flows}))
    for kind, key in (("call_results", "c1"), ("quarantine", "call_results-c1"), ("quarantine", "target_list-d01")):
        ws.store_bytes(kind, key, b"x")
    ws = replace(ws, today=date(2027, 10, 10))
    assert [r.name for r in expired_holdings(ws)] == ["quarantine/target_list-d01"]
    handed = {"party": "ward", "kind": "handover", "package": "handover-1"}
    ws.record("package_handed_over", "ward/handover/handover-1", codes=handed, refs={"sha256_sealed": "1" * 64})
    assert len(expired_holdings(ws)) == 1
    came = {"party": "ward", "kind": "handover_receipt"}
    ws.record("package_received", "ward/handover_receipt/r1", codes=came, refs={"sha256_sealed": "2" * 64})
    ws.record("handover_receipted", "handover-1", refs={"sha256_sealed": "1" * 64, "sha256_receipt": "2" * 64})
    ws.store_bytes("call_results", "c2", b"x")
    ws = replace(ws, today=date(2027, 12, 10))
    assert apply_retention(ws, {}) == {"counts": {"erased": 3}}
    assert [r.name for r in ws.snapshots("call_results")] == ["call_results/c2"], "no hand-over has it yet"


def test_a_password_just_entered_is_left_to_the_intake(open_workspace: Open) -> None:
    ws = _opened(open_workspace(MAY_10))
    ws.store_bytes("one_time_secret", "d01-1", b"x")  # two days
    assert expired_holdings(ws) == []
    assert [r.key for r in expired_holdings(replace(ws, today=date(2027, 5, 12)))] == ["d01-1"]


def test_the_monthly_report_is_issued_once_and_holds_the_months_counts(
    open_workspace: Open, mini: CampaignConfig
) -> None:
    ws = _opened(open_workspace(date(2027, 4, 20)))
    ws.record("delivery_accepted", "d01", counts={"rows_target_list": 1234}, codes={"kinds": "target_list"})
    ws = replace(ws, today=date(2027, 6, 10))
    ws.record("incident_opened", "media_lost-1", codes={"kind": "media_lost", "subject": "1"})
    may = monthly_document(mini, ws.ledger.events(), "2027-05", today=ws.today, simulation=True)
    figures = {row[0]: row[1:] for row in may.sections[0].tables[0].rows}
    assert figures["対象者一覧の受領行数"] == ("0", "1,234")
    assert figures["事故・事故のおそれ"] == ("0", "0")  # June's incident is not of May
    told = make_monthly_report(ws, {})
    assert told is not None
    assert told["reports"] == ["2027-04", "2027-05"]
    assert make_monthly_report(ws, {}) is None
    issued = ws.layout.outputs / "documents" / "monthly-report-2027-05.pdf"
    assert "月次報告書" in _text(issued)
    assert "模 擬" in _text(issued)
    assert (ws.layout.received("ward") / "monthly_report--2027-05.pdf").read_bytes() == issued.read_bytes()


def test_a_report_killed_before_its_event_is_the_same_again(open_workspace: Open, mini: CampaignConfig) -> None:
    from kansho.oversight.monthly import monthly_report

    ws = _opened(open_workspace(MAY_10))
    first = monthly_report(mini, ws.ledger.events(), "2027-04", today=MAY_10, simulation=True)
    ws.issue_document("documents/monthly-report-2027-04.pdf", first, title="t", kind="monthly_report")
    assert monthly_report(mini, ws.ledger.events(), "2027-04", today=MAY_10, simulation=True) == first
    assert make_monthly_report(ws, {}) is not None


def _text(path: Path) -> str:
    import pypdfium2

    pdf = pypdfium2.PdfDocument(io.BytesIO(path.read_bytes()))
    return "".join(page.get_textpage().get_text_range() for page in pdf)


@pytest.mark.parametrize("month", ["2027-04", "2027-12"])
def test_an_empty_month_still_makes_a_report(mini: CampaignConfig, month: str) -> None:
    document = monthly_document(mini, [], month, today=date(2028, 1, 10), simulation=False)
    assert all(table.rows for section in document.sections for table in section.tables)
