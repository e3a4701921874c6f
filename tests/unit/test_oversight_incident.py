"""Incidents: found or told, the ward told at once, reported after approval, closed when instructed and mended."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.campaign.incident_law import LAWS, incident_laws
from kansho.campaign.rights import Role
from kansho.cli import main
from kansho.errors import KanshoError
from kansho.evidence.events import Actor, Event
from kansho.missed import record_missed
from kansho.opening.register import register_handler
from kansho.oversight.clocks import clocks
from kansho.oversight.deadlines import deadlines
from kansho.oversight.incident import close_incidents, find_incidents, make_incident_report, report_incident
from kansho.oversight.incident_items import LONGEST, PURPOSE, fill_item, filled_items, still_open
from kansho.oversight.incident_report import BY_PEOPLE, ITEMS, _sections, nine_items, open_items
from kansho.oversight.incident_watch import watch_incidents
from kansho.oversight.stage import find_oversight_work
from kansho.workspace import Workspace
from tests.conftest import MINI
from tests.conftest import opened as opened_campaign

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


def _registered(ws: Workspace) -> Workspace:
    """With everybody of the config registered: readings for a purpose are asked at the door."""
    for handler in ws.config.handlers:
        register_handler(ws, handler)
    return ws


def _staff(ws: Workspace, role: Role = Role.CONTRACTOR_STAFF) -> Workspace:
    handler = ws.config.users(role)[0]
    return ws.acting_as(Actor(handler.party, handler.user or "", role.value)).for_purpose(PURPOSE)


def _fill(ws: Workspace, incident: str, *items: str) -> None:
    for item in items or ITEMS:
        fill_item(_staff(ws), incident, item, f"{ITEMS[item]}について確認した内容。")


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
    ws = _registered(replace(open_workspace(DAY), today=date(2027, 10, 14)))
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
    assert ws.ledger.find("report_submitted", f"incident_final/{key}") is None  # it was a 速報
    instructed = ws.ledger.find("incident_instructed", key)
    assert instructed is not None
    assert instructed.actor["role"] == "ward_officer"
    assert find_incidents(ws, {}) is None  # nothing to do until they are found
    ws.record("sheets_in", TEAM, counts={"sheets": 4})
    assert find_incidents(ws, {}) is None  # mended, and the staff have not said what happened
    assert close_incidents(ws, found) is None
    _fill(ws, key, *BY_PEOPLE)
    again = _work(find_incidents(ws, {"triggered": {"final": key}}))
    final = _work(make_incident_report(ws, again))
    assert (final["finals"], final["counts"]) == ([key], {"incidents": 1, "finals": 1, "open_items": 0})
    _decide(ws, final, Role.CONTRACTOR_MANAGER)
    report_incident(ws, final)
    assert close_incidents(ws, again) is None  # 甲 has not answered the 確報
    _decide(ws, final, Role.WARD_OFFICER)
    assert close_incidents(ws, again) == {"counts": {"instructed": 0, "closed": 1}}
    assert ws.ledger.find("report_submitted", f"incident_final/{key}") is not None
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
    ws = _registered(open_workspace(DAY))
    ws.record("campaign_opened", ws.config.id)
    found = _work(find_incidents(ws, {"triggered": {"kind": "misdelivery", "ref": "m1"}}))
    report = _work(make_incident_report(ws, found))
    _decide(ws, report, Role.CONTRACTOR_MANAGER)
    report_incident(ws, report)
    _decide(ws, report, Role.WARD_OFFICER, "reject")
    assert close_incidents(ws, found) is None
    ws = replace(ws, today=date(2027, 10, 15))
    _fill(ws, "misdelivery-m1")
    found = _work(find_incidents(ws, {}))
    report = _work(make_incident_report(ws, found))
    _decide(ws, report, Role.CONTRACTOR_MANAGER)
    report_incident(ws, report)
    _decide(ws, report, Role.WARD_OFFICER)
    assert close_incidents(ws, found) == {"counts": {"instructed": 1, "closed": 1}}


def test_a_final_report_is_refused_while_an_item_is_open_and_says_which(open_workspace: Open) -> None:
    ws = _registered(open_workspace(DAY))
    ws.record("campaign_opened", ws.config.id)
    key = "misdelivery-m1"
    found = _work(find_incidents(ws, {"triggered": {"kind": "misdelivery", "ref": "m1"}}))
    _fill(ws, key, *[item for item in ITEMS if item not in ("cause", "persons")])
    with pytest.raises(KanshoError, match="INCIDENT-ITEMS-EMPTY") as refused:
        find_incidents(ws, {"triggered": {"final": key}})
    assert "本人の数、原因" in refused.value.text
    assert f"kansho incident fill {key}" in refused.value.text
    report = _work(make_incident_report(ws, found))
    assert report["finals"] == []
    _decide(ws, report, Role.CONTRACTOR_MANAGER)
    with pytest.raises(KanshoError, match="INCIDENT-ITEMS-EMPTY"):  # whatever a run was handed
        report_incident(ws, {**report, "finals": [key]})
    report_incident(ws, report)
    assert ws.ledger.events("incident_reported")[0].counts == {"empty_items": 2}
    assert ws.ledger.find("report_submitted", f"incident_final/{key}") is None


def test_what_the_staff_fill_in_lies_in_the_vault_and_the_newest_counts(open_workspace: Open) -> None:
    ws = _registered(open_workspace(DAY))
    ws.record("incident_opened", "other-1", codes={"kind": "other", "subject": "1"})
    first = fill_item(_staff(ws), "other-1", "cause", "原因は調べている途中である。")
    fill_item(_staff(ws, Role.CONTRACTOR_MANAGER), "other-1", "cause", " 照合の漏れ。\r\n手順書になかった。 ")
    assert filled_items(_staff(ws), "other-1") == {"cause": "照合の漏れ。\n手順書になかった。"}
    assert "途中" not in str([e.to_json() for e in ws.ledger.events()])
    assert first.counts == {"characters": 14}
    made = _work(make_incident_report(ws, {"incidents": ["other-1"]}))
    _fill(ws, "other-1")
    anew = _work(make_incident_report(ws, {"incidents": ["other-1"]}))
    assert made["artefact"]["key"] != anew["artefact"]["key"]  # a draft of before is not asked about any more
    assert (made["finals"], anew["finals"]) == ([], ["other-1"])


def test_nobody_of_the_roster_is_named_in_a_report_however_it_is_written(open_workspace: Open) -> None:
    ws = _registered(open_workspace(DAY))
    opened = ws.record("incident_opened", "other-1", codes={"kind": "other", "subject": "1"})
    people = {
        "name_kanji": "架空　花子",
        "name_kana": "カクウ　ハナコ",
        "address": "見本町一丁目２番３号",
        "phone": "0312345678",
    }
    columns = {
        name: pd.Series([value], dtype=object) for name, value in {**people, "inquiry_number": "12345674"}.items()
    }
    ws.store_table("roster", "d01", pd.DataFrame(columns))
    for named in (
        "架空花子さんに渡した",
        "ｶｸｳ ﾊﾅｺ",
        "電話03-1234-5678",
        "見本町一丁目2番3号の家",
        "番号１２３４５６７４",
    ):
        with pytest.raises(KanshoError, match="INCIDENT-TEXT-RESIDENT") as refused:
            fill_item(_staff(ws), "other-1", "cause", named)
        assert named not in refused.value.text
    fill_item(_staff(ws), "other-1", "cause", "架空の住所に届いた")
    assert still_open(_staff(ws), opened)[:2] == ("data_items", "persons")


@pytest.mark.parametrize(
    ("incident", "item", "text", "role", "code"),
    [
        ("nobody", "cause", "x", Role.CONTRACTOR_STAFF, "INCIDENT-UNKNOWN"),
        ("closed-1", "cause", "x", Role.CONTRACTOR_STAFF, "INCIDENT-CLOSED"),
        ("other-1", "gossip", "x", Role.CONTRACTOR_STAFF, "INCIDENT-ITEM"),
        ("other-1", "cause", "x", Role.PRINT_STAFF, "INCIDENT-ROLE"),
        ("other-1", "cause", " \n ", Role.CONTRACTOR_STAFF, "INCIDENT-TEXT"),
        ("other-1", "cause", "x" * (LONGEST + 1), Role.CONTRACTOR_STAFF, "INCIDENT-TEXT"),
        ("other-1", "cause", "x\x07", Role.CONTRACTOR_STAFF, "INCIDENT-TEXT"),
    ],
)
def test_an_item_is_filled_by_whom_it_concerns_and_as_plain_text(
    open_workspace: Open, incident: str, item: str, text: str, role: Role, code: str
) -> None:
    ws = open_workspace(DAY)
    for key in ("other-1", "closed-1"):
        ws.record("incident_opened", key, codes={"kind": "other", "subject": "1"})
    ws.record("incident_closed", "closed-1")
    with pytest.raises(KanshoError, match=code):
        fill_item(_staff(ws, role), incident, item, text)
    assert ws.ledger.events("incident_item_filled") == []


def test_the_staff_see_and_fill_the_items_by_command(
    mini_as_filed: CampaignConfig,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ws = _registered(opened_campaign(mini_as_filed, tmp_path / "var", DAY))
    ws.record("incident_opened", "other-1", codes={"kind": "other", "subject": "1"})

    def run(*words: str, text: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        site = ["--user", "teshigawara", "--date", DAY.isoformat(), "--config", str(MINI), "--var", str(ws.layout.var)]
        code = main(["incident", *words, *site])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert "未確定の項目 7" in run("list")[1]
    assert "未確定 7 件：data_items persons cause" in run("show", "other-1")[1]
    assert run("final", "other-1")[0] == 1
    for item in ITEMS:
        assert run("fill", "other-1", item, text=f"{ITEMS[item]}の内容。\n")[0] == 0
    assert "九つの項目は全て記載しました" in run("show", "other-1")[1]
    assert run("final", "other-1")[0] == 0


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
        ({"kind": "other", "ref": "1", "known_on": "2027-10-14"}, "INCIDENT-KNOWN-ON"),  # tomorrow
        ({"kind": "other", "ref": "1", "known_on": "2027-03-31"}, "INCIDENT-KNOWN-ON"),  # before the contract
        ({"kind": "other", "ref": "1", "known_on": "20271012"}, "INCIDENT-KNOWN-ON"),
        ({"kind": "other", "ref": "1", "known_on": "2027-13-01"}, "INCIDENT-KNOWN-ON"),
        ({"kind": "other", "ref": "1", "known_on": ""}, "INCIDENT-KNOWN-ON"),
    ],
)
def test_an_incident_is_opened_with_codes_only(open_workspace: Open, told: dict[str, str], code: str) -> None:
    ws = open_workspace(DAY)
    with pytest.raises(KanshoError, match=code) as caught:
        find_incidents(ws, {"triggered": told})
    assert "花子" not in caught.value.text


def test_the_clocks_of_an_incident_run_from_the_day_it_was_known_on(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    ws.record("campaign_opened", ws.config.id)
    find_incidents(ws, {"triggered": {"kind": "media_lost", "ref": "CDR-0012", "known_on": "2027-10-08"}})
    notice = json.loads(next(ws.layout.received("ward").glob("incident_notice--*.json")).read_text())
    assert (notice["known_on"], notice["written_report_by"]) == ("2027-10-08", "2027-10-11")
    assert record_missed(ws) > 0
    missed = {e.key: e.codes["due"] for e in ws.ledger.events("deadline_missed") if e.key.startswith("incident_")}
    assert missed == {
        "incident_notice/media_lost-CDR-0012": "2027-10-08",
        "incident_report/media_lost-CDR-0012": "2027-10-11",
    }


def test_an_incident_is_opened_and_told_without_a_hand_and_wakes_its_stage_until_a_report_is_begun(
    open_workspace: Open,
) -> None:
    ws = _registered(open_workspace(DAY))
    assert watch_incidents(ws, {}) is None
    codes = {"party": "printer", "kind": "print_report", "code": "PRINT-COUNT"}
    ws.record("package_refused", "printer/print_report/mailing_1-2", codes=codes)
    assert watch_incidents(ws, {}) == {"counts": {"incidents": 1}}
    opened = ws.ledger.find("incident_opened", "print-mailing_1-2")
    assert opened is not None
    assert opened.codes == {"kind": "print_mismatch", "subject": "mailing_1", "party": "printer"}
    assert ws.ledger.find("report_submitted", "incident_notice/print-mailing_1-2") is not None
    assert watch_incidents(ws, {}) is not None  # a task that died after it told: the stage is woken all the same
    make_incident_report(ws, _work(find_incidents(ws, {})))
    assert watch_incidents(ws, {}) is None  # the report waits for its approval: nobody is asked twice


def test_oversight_finds_in_the_morning_what_nobody_opened_or_told_and_the_clocks_know_the_day(
    open_workspace: Open,
) -> None:
    ws = _registered(open_workspace(DAY))
    told = _work(find_oversight_work(ws, {}))  # other things are due
    assert told["incidents"] == 0
    ws.record("delivery_refused", "d05", codes={"code": "INTAKE-MYNUMBER", "delivery": "d05"})
    ws.record("incident_opened", "other-1", codes={"kind": "other", "subject": "1"})
    morning = replace(ws, today=date(2027, 10, 14))
    assert _work(find_oversight_work(morning, {}))["incidents"] == 2
    watch_incidents(morning, {})
    notices = {p.name: json.loads(p.read_text()) for p in ws.layout.received("ward").glob("incident_notice--*.json")}
    assert {n["incident"]: n["known_on"] for n in notices.values()} == {
        "delivery-d05": "2027-10-13",
        "other-1": "2027-10-13",
    }


def test_the_report_answers_the_nine_items_of_the_law(open_workspace: Open, mini: CampaignConfig) -> None:
    ws = open_workspace(DAY)
    _missing_sheets(ws)
    counts = {"sheets_out": 4, "sheets_returned": 3}
    opened = ws.record("incident_opened", "sheet-x", counts=counts, codes={"kind": "sheet_missing", "subject": TEAM})
    items = {item.name: item.text for item in nine_items(mini, ws.ledger.events(), opened)}
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
    items = nine_items(mini, log, opened)
    assert tuple(item.name for item in items if item.state == "empty") == empty
    # Our own words for what no log can say are a draft.
    drafts = {item.code for item in items if item.state == "draft"}
    assert drafts | {item.code for item in items if item.state == "empty"} >= BY_PEOPLE
    assert "、".join(item.name for item in open_items(items)) + "（確報の期限" in _paragraphs(mini, log, opened)
    full = nine_items(mini, log, opened, dict.fromkeys(ITEMS, "確認した。"))
    assert open_items(full) == ()


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
