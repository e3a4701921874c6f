"""Incidents: found or told, the ward told at once, reported after approval, closed when instructed and mended."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.campaign.incident_law import LAWS, incident_laws
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.events import Actor, Event
from kansho.oversight.clocks import clocks
from kansho.oversight.deadlines import deadlines
from kansho.oversight.incident import close_incidents, find_incidents, make_incident_report, report_incident
from kansho.oversight.incident_report import _sections, empty_items, nine_items
from kansho.workspace import Workspace

Open = Callable[[date], Workspace]
DAY = date(2027, 10, 13)
TEAM = "visit_1/2027-10-13/t01"


def _decide(ws: Workspace, work: Mapping[str, Any], role: Role, decision: str = "approve") -> None:
    key = f"{ws.config.id}__incident/run-{ws.ledger.size}/{role.value}"
    ws.record("approval_requested", key, codes={"role": role.value}, refs={"artefact": dict(work["artefact"])})
    handler = ws.config.users(role)[0]
    actor = Actor(handler.party, handler.user or "", role.value)
    codes = {"decision": decision, "reason": "none"}
    ws.acting_as(actor).record("approval_decided", key, codes=codes, refs={"digest": work["artefact"]["digest"]})


def _missing_sheets(ws: Workspace) -> None:
    ws.record("campaign_opened", ws.config.id, codes={"simulation": "true"})
    ws.record("sheets_out", TEAM, counts={"sheets": 4, "rows": 20})


def _work(found: dict[str, Any] | None) -> dict[str, Any]:
    assert found is not None
    return found


def test_sheets_out_at_the_end_of_the_day_are_no_incident_yet_and_the_next_day_are(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _missing_sheets(ws)
    assert find_incidents(ws, {}) is None
    found = _work(find_incidents(replace(ws, today=date(2027, 10, 14)), {}))
    assert found["incidents"] == ["sheet-visit_1-2027-10-13-t01"]


def test_the_ward_is_told_at_once_with_the_clocks(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    _missing_sheets(ws)
    codes = {"kind": "sheet_missing", "subject": TEAM}
    ws.record(
        "incident_opened", "sheet-visit_1-2027-10-13-t01", counts={"sheets_out": 4, "sheets_returned": 3}, codes=codes
    )
    find_incidents(ws, {})
    notice = json.loads(next(ws.layout.received("ward").glob("incident_notice--*.json")).read_text())
    assert notice["written_report_by"] == "2027-10-16"
    assert notice["final_by"] == "2027-11-12"
    assert ws.ledger.find("report_submitted", "incident_notice/sheet-visit_1-2027-10-13-t01") is not None


def test_an_incident_goes_from_opened_to_closed(open_workspace: Open, mini: CampaignConfig) -> None:
    ws = replace(open_workspace(DAY), today=date(2027, 10, 14))
    _missing_sheets(open_workspace(DAY))
    key = "sheet-visit_1-2027-10-13-t01"
    found = _work(find_incidents(ws, {"triggered": {}}))
    report = _work(make_incident_report(ws, found))
    assert ws.read_bytes(ws.snapshots("incident_report")[0])[:5] == b"%PDF-"
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        report_incident(ws, report)
    _decide(ws, report, Role.CONTRACTOR_MANAGER)
    report_incident(ws, report)
    assert ws.ledger.find("incident_reported", key) is not None
    assert list(ws.layout.received("ward").glob("incident_report--*.pdf"))
    assert close_incidents(ws, found) is None  # 甲 has not answered
    _decide(ws, report, Role.WARD_OFFICER)
    assert close_incidents(ws, found) == {"counts": {"instructed": 1, "closed": 0}}  # the sheets are still missing
    instructed = ws.ledger.find("incident_instructed", key)
    assert instructed is not None
    assert instructed.actor["role"] == "ward_officer"
    assert find_incidents(ws, {}) is None  # nothing to do until they are found
    ws.record("sheets_in", TEAM, counts={"sheets": 4})
    again = _work(find_incidents(ws, {}))
    assert again["mended"] == [key]
    assert make_incident_report(ws, again) is None
    assert close_incidents(ws, again) == {"counts": {"instructed": 0, "closed": 1}}
    assert ws.ledger.find("incident_closed", key) is not None
    assert find_incidents(ws, {}) is None


def test_a_rejected_report_is_made_anew_and_the_same_run_makes_the_same(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    ws.record("campaign_opened", ws.config.id)
    found = _work(find_incidents(ws, {"triggered": {"kind": "media_lost", "ref": "CDR-0012"}}))
    first = _work(make_incident_report(ws, found))
    assert make_incident_report(ws, found) == first  # a killed task run again
    _decide(ws, first, Role.CONTRACTOR_MANAGER, "reject")
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        report_incident(ws, first)
    second = _work(make_incident_report(ws, found))
    assert second["artefact"]["key"] != first["artefact"]["key"]


def test_when_the_ward_sends_the_report_back_the_next_one_can_still_close_the_incident(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    ws.record("campaign_opened", ws.config.id)
    found = _work(find_incidents(ws, {"triggered": {"kind": "misdelivery", "ref": "m1"}}))
    report = _work(make_incident_report(ws, found))
    _decide(ws, report, Role.CONTRACTOR_MANAGER)
    report_incident(ws, report)
    _decide(ws, report, Role.WARD_OFFICER, "reject")
    assert close_incidents(ws, found) is None
    ws = replace(ws, today=date(2027, 10, 15))
    found = _work(find_incidents(ws, {}))
    report = _work(make_incident_report(ws, found))
    _decide(ws, report, Role.CONTRACTOR_MANAGER)
    report_incident(ws, report)
    _decide(ws, report, Role.WARD_OFFICER)
    assert close_incidents(ws, found) == {"counts": {"instructed": 1, "closed": 1}}


def test_over_provision_is_an_incident_by_itself(open_workspace: Open) -> None:
    ws = open_workspace(date(2027, 4, 20))
    ws.record("campaign_opened", ws.config.id)
    ws.record("delivery_refused", "d01", codes={"code": "INTAKE-COLUMN-FORBIDDEN"})
    ws.record("delivery_refused", "d02", codes={"code": "INTAKE-PASSWORD"})
    assert _work(find_incidents(ws, {}))["incidents"] == ["delivery-d01"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"kind": "gossip", "ref": "1"}, "INCIDENT-KIND"),
        ({"kind": "other"}, "INCIDENT-REF"),
        ({"kind": "other", "ref": "花子"}, "INCIDENT-REF"),
    ],
)
def test_an_incident_is_opened_with_codes_only(open_workspace: Open, told: dict[str, str], code: str) -> None:
    ws = open_workspace(DAY)
    with pytest.raises(KanshoError, match=code) as caught:
        find_incidents(ws, {"triggered": told})
    assert "花子" not in caught.value.text


def test_the_report_answers_the_nine_items_of_the_law(open_workspace: Open, mini: CampaignConfig) -> None:
    ws = open_workspace(DAY)
    _missing_sheets(ws)
    counts = {"sheets_out": 4, "sheets_returned": 3}
    opened = ws.record("incident_opened", "sheet-x", counts=counts, codes={"kind": "sheet_missing", "subject": TEAM})
    items = dict(nine_items(mini, ws.ledger.events(), opened))
    assert len(items) == 9
    assert items["本人の数"] == "最大 20 人（当日その班に交付した行数）。不足 1 枚。"


def test_the_clocks_run_from_the_day_it_was_known() -> None:
    made = clocks(DAY, "sheet_missing")
    assert (made.tell_ward, made.written_report, made.preliminary, made.final) == (
        DAY,
        date(2027, 10, 16),
        date(2027, 10, 18),
        date(2027, 11, 12),
    )
    assert clocks(DAY, "intrusion").final == date(2027, 12, 12)


@pytest.mark.parametrize(
    ("known_on", "kind", "preliminary", "final"),
    [
        ("2023-03-31", "media_lost", None, None),  # the ward's ordinance set no days
        ("2023-04-01", "media_lost", "2023-04-06", "2023-05-31"),
        ("2023-04-01", "misdelivery", "2023-04-06", "2023-05-01"),
    ],
)
def test_the_clocks_are_those_of_the_law_in_force_on_the_day(
    known_on: str, kind: str, preliminary: str | None, final: str | None
) -> None:
    made = clocks(date.fromisoformat(known_on), kind)
    assert [d and d.isoformat() for d in (made.preliminary, made.final)] == [preliminary, final]
    assert (made.written_report - made.known_on).days == 3  # the contract's, whatever the law


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("final_days = 30", "final_day = 30"), "final_day"),
        (("2023-04-01", "2005-04-01"), "rise"),
        (("final_days = 30", "final_days = -1"), "final_days"),
        (("final_days = 30", "final_days ="), "TOML"),
    ],
)
def test_a_mistake_in_the_law_on_file_is_told(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    path = tmp_path / "law.toml"
    path.write_text(LAWS.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(KanshoError, match="CLAUSES-LAW") as refused:
        incident_laws(path)
    assert told in refused.value.text


@pytest.mark.parametrize(
    ("kind", "empty"),
    [
        ("other", ("個人データの項目", "本人の数", "原因", "再発防止の措置")),
        ("over_provision", ("本人の数",)),
        ("sheet_missing", ()),
    ],
)
def test_which_of_the_nine_items_is_still_empty_is_said(
    open_workspace: Open, mini: CampaignConfig, kind: str, empty: tuple[str, ...]
) -> None:
    ws = open_workspace(DAY)
    _missing_sheets(ws)
    opened = ws.record("incident_opened", "i1", codes={"kind": kind, "subject": TEAM})
    log = ws.ledger.events()
    assert empty_items(nine_items(mini, log, opened)) == empty
    told = _paragraphs(mini, log, opened)
    assert ("、".join(empty) + "（確報の期限" in told) if empty else ("全て記載" in told)


def _paragraphs(config: CampaignConfig, log: list[Event], opened: Event) -> str:
    return "".join(p for s in _sections(config, log, opened, DAY) for p in s.paragraphs)


def test_an_incident_with_a_subcontractor_names_it_and_nobody_else_may_be_named(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    find_incidents(ws, {"triggered": {"kind": "misdelivery", "ref": "m1", "party": "printer"}})
    assert ws.ledger.events("incident_opened")[0].codes["party"] == "printer"
    with pytest.raises(KanshoError, match="INCIDENT-PARTY"):
        find_incidents(ws, {"triggered": {"kind": "misdelivery", "ref": "m2", "party": "nobody"}})


def test_a_report_not_made_in_time_is_overdue(open_workspace: Open, mini: CampaignConfig) -> None:
    ws = open_workspace(DAY)
    ws.record("incident_opened", "other-1", codes={"kind": "other"})
    found = {o.key for o in deadlines(ws.ledger.events(), mini, date(2027, 10, 17)) if o.is_overdue(date(2027, 10, 17))}
    assert "incident_report/other-1" in found
    assert "incident_notice/other-1" in found
    assert "incident_preliminary/other-1" not in found
    later = date(2027, 11, 13)
    late = {o.key for o in deadlines(ws.ledger.events(), mini, later) if o.is_overdue(later)}
    assert {"incident_preliminary/other-1", "incident_final/other-1"} <= late
