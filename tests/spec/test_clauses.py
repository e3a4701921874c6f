"""Specification: the state of an obligation on a day, as tables that staff can read (特記事項 別紙1・2).

The small campaign: contract 2027-04-01 to 2028-01-31, 月次報告 on the 10th, the first audit of the printer on 2 June.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansho.campaign.clauses import clauses_in_force
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import PartyKind
from kansho.oversight.clause_paper import as_text, choose, clause_table, to_json
from kansho.oversight.clauses import Item, states
from tests.unit.evidence_year import Year

Happened = tuple[str, str, str, Mapping[str, str]]

PRINTER = {"kind": "subcontractor", "consented_on": "2027-04-01", "clauses": "kansho-hei-v1", "works": "addressing"}
OLD_CLAUSES = {**PRINTER, "clauses": "kansho-hei-v0"}
TO_PRINTER = {"party": "printer", "authority": "x/plan"}
H06, H06_LEFT = {"party": "printer"}, {"party": "printer", "ended_on": "2027-08-31"}
LOST, MISSING = {"kind": "media_lost"}, {"kind": "sheet_missing"}
FOUND = {"findings": "logs=2027-07-02", "on": "2027-06-02"}

# fmt: off
# 日            種類                    名称                    符号
OPENED    = ("2027-04-01", "campaign_opened", "sumida_2027", {})
CONSENTED = ("2027-04-01", "party_registered", "printer", PRINTER)
HANDED    = ("2027-06-09", "package_handed_over", "printer/print_package/m1", TO_PRINTER)
JOINED    = ("2027-04-01", "handler_registered", "h06", H06)
INCIDENT  = ("2027-10-13", "incident_opened", "i1", LOST)
SHEETS    = ("2027-10-13", "sheets_out", "visit_1/2027-10-13/t01", {})
AUDITED   = ("2027-06-02", "audit_recorded", "audit/printer", FOUND)
STORED    = ("2027-04-20", "snapshot_stored", "raw_stop_list/d01", {"holder": "contractor", "erase_by": "2027-05-30"})

# 出来事                                                    義務              対象        基準日         状態              期限           遅れ
TABLE: list[tuple[list[Happened], str, str, str, str, str | None, bool]] = [
    # 開設のとき
    ([],                                                    "otsu16-report",  "contractor", "2027-04-01", "due",            "2027-04-01", False),
    ([],                                                    "otsu16-report",  "contractor", "2027-04-02", "overdue",        "2027-04-01", False),
    ([("2027-04-01", "document_issued", "documents/h.pdf", {"kind": "handler_report"})],
                                                            "otsu16-report",  "contractor", "2027-04-02", "done",           "2027-04-01", False),
    # 再委託は承諾の後で：渡す前なら間に合い、渡した後では遅れ
    ([CONSENTED],                                           "otsu10",         "printer",    "2027-05-01", "done",           "2028-01-31", False),
    ([CONSENTED, HANDED],                                   "otsu10",         "printer",    "2027-06-30", "done",           "2027-06-09", False),
    ([HANDED, ("2027-06-09", *CONSENTED[1:])],              "otsu10",         "printer",    "2027-06-30", "done",           "2027-06-09", True),
    ([HANDED],                                              "otsu10",         "printer",    "2027-06-10", "overdue",        "2027-06-09", False),
    # 契約書の特記事項は当年度の版
    ([CONSENTED, HANDED],                                   "otsu13",         "printer",    "2027-06-30", "done",           "2027-06-09", False),
    ([("2027-04-01", "party_registered", "printer", OLD_CLAUSES), HANDED],
                                                            "otsu13",         "printer",    "2027-06-30", "overdue",        "2027-06-09", False),
    # 教育と周知：登録の日まで。言った日が実施日
    ([JOINED],                                              "hei17",          "h06",        "2027-04-02", "overdue",        "2027-04-01", False),
    ([JOINED, ("2027-04-01", "training_recorded", "h06", {"on": "2027-03-27"})],
                                                            "hei17",          "h06",        "2027-04-02", "done",           "2027-04-01", False),
    ([JOINED, ("2027-05-01", "training_recorded", "h06/2", {"on": "2027-04-30"})],
                                                            "hei17",          "h06",        "2027-05-02", "done",           "2027-04-01", True),
    # 離任者の周知：離任から14日
    ([JOINED],                                              "otsu11-left",    "-",          "2027-09-14", "not_applicable", None,         False),
    ([JOINED, ("2027-08-31", "handler_registered", "h06/2", H06_LEFT)],
                                                            "otsu11-left",    "h06",        "2027-09-14", "due",            "2027-09-14", False),
    ([JOINED, ("2027-08-31", "handler_registered", "h06/2", H06_LEFT)],
                                                            "otsu11-left",    "h06",        "2027-09-15", "overdue",        "2027-09-14", False),
    ([JOINED, ("2027-04-01", "briefing_recorded", "h06", {}), ("2027-08-31", "handler_registered", "h06/2", H06_LEFT)],
                                                            "otsu11-left",    "h06",        "2027-09-15", "overdue",        "2027-09-14", False),
    ([JOINED, ("2027-08-31", "handler_registered", "h06/2", H06_LEFT),
      ("2027-09-10", "briefing_recorded", "h06/left", {"of": "leaver", "on": "2027-08-31"})],
                                                            "otsu11-left",    "h06",        "2027-09-15", "done",           "2027-09-14", False),
    # 毎月：報告書の前日まで
    ([],                                                    "hei15",          "printer/2027-04", "2027-05-09", "due",       "2027-05-09", False),
    ([],                                                    "hei15",          "printer/2027-04", "2027-05-10", "overdue",   "2027-05-09", False),
    ([("2027-05-10", "attestation_recorded", "printer/2027-04", {"attested_on": "2027-05-07"})],
                                                            "hei15",          "printer/2027-04", "2027-05-10", "done",      "2027-05-09", False),
    ([("2027-05-10", "attestation_recorded", "visitors/2027-04", {"attested_on": "2027-05-07"})],
                                                            "hei15",          "printer/2027-04", "2027-05-10", "overdue",   "2027-05-09", False),
    # 作業ファイルはそれぞれの期限まで
    ([STORED],                                              "otsu14-unneeded", "raw_stop_list/d01", "2027-05-30", "due",    "2027-05-30", False),
    ([STORED],                                              "otsu14-unneeded", "raw_stop_list/d01", "2027-05-31", "overdue", "2027-05-30", False),
    ([STORED, ("2027-05-31", "snapshot_erased", "raw_stop_list/d01", {})],
                                                            "otsu14-unneeded", "raw_stop_list/d01", "2027-05-31", "done",   "2027-05-30", True),
    # 監査と、その指摘の是正
    ([],                                                    "hei16",          "printer",    "2027-06-03", "overdue",        "2027-06-02", False),
    ([AUDITED],                                             "hei16",          "printer",    "2027-06-03", "done",           "2027-06-02", False),
    ([],                                                    "hei16-mend",     "-",          "2027-07-03", "not_applicable", None,         False),
    ([AUDITED],                                             "hei16-mend",     "audit/printer/logs", "2027-07-03", "overdue", "2027-07-02", False),
    ([AUDITED, ("2027-07-10", "inspection_recorded", "correction/audit/printer/logs", {"on": "2027-06-22"})],
                                                            "hei16-mend",     "audit/printer/logs", "2027-07-10", "done",   "2027-07-02", False),
    # 授受簿：その日のうち
    ([SHEETS],                                              "taisaku-otsu03", "visit_1/2027-10-13/t01", "2027-10-13", "due", "2027-10-13", False),
    ([SHEETS, ("2027-10-14", "sheets_in", "visit_1/2027-10-13/t01", {})],
                                                            "taisaku-otsu03", "visit_1/2027-10-13/t01", "2027-10-14", "done", "2027-10-13", True),
    # 事故：通知は即日、書面は3日、法の期限はその日の法による
    ([],                                                    "otsu22-notice",  "-",          "2027-10-14", "not_applicable", None,         False),
    ([INCIDENT],                                            "otsu22-notice",  "i1",         "2027-10-13", "due",            "2027-10-13", False),
    ([INCIDENT],                                            "otsu22-notice",  "i1",         "2027-10-14", "overdue",        "2027-10-13", False),
    ([INCIDENT, ("2027-10-13", "report_submitted", "incident_notice/i1", {})],
                                                            "otsu22-notice",  "i1",         "2027-10-14", "done",           "2027-10-13", False),
    ([INCIDENT],                                            "otsu22-report",  "i1",         "2027-10-17", "overdue",        "2027-10-16", False),
    ([INCIDENT],                                            "otsu22-preliminary", "i1",     "2027-10-19", "overdue",        "2027-10-18", False),
    ([INCIDENT],                                            "otsu22-final",   "i1",         "2027-10-19", "due",            "2027-12-12", False),
    # いつも：その種類の事故が終結するまで守られていない
    ([("2027-04-01", "place_designated", "office", {"party": "contractor"})],
                                                            "otsu08",         "contractor", "2027-10-13", "done",           "2028-01-31", False),
    ([("2027-04-01", "place_designated", "office", {"party": "contractor"}), INCIDENT],
                                                            "otsu08",         "contractor", "2027-10-13", "overdue",        "2027-10-13", False),
    ([("2027-04-01", "place_designated", "office", {"party": "contractor"}), INCIDENT, ("2027-10-20", "incident_closed", "i1", {})],
                                                            "otsu08",         "contractor", "2027-10-20", "done",           "2028-01-31", False),
    # 業務を行わない会社、義務でない条項
    ([],                                                    "hei04",          "-",          "2027-10-13", "not_applicable", None,         False),
    ([],                                                    "otsu23",         "-",          "2027-10-13", "not_applicable", None,         False),
]
# fmt: on


def year_of(config: CampaignConfig, happened: Iterable[Happened]) -> Year:
    year = Year(config)
    for day, type, key, codes in happened:
        year.today = date.fromisoformat(day)
        year.add(type, key, codes=dict(codes))
    return year


def on(config: CampaignConfig, happened: Iterable[Happened], day: date) -> tuple[Item, ...]:
    return states(year_of(config, happened).events, config, clauses_in_force(config.contract.start), day)


@pytest.mark.parametrize(("happened", "duty", "subject", "day", "state", "due", "late"), TABLE)
def test_an_obligation_has_one_state_on_a_day(
    mini: CampaignConfig,
    happened: list[Happened],
    duty: str,
    subject: str,
    day: str,
    state: str,
    due: str | None,
    late: bool,
) -> None:
    found = [i for i in on(mini, [OPENED, *happened], date.fromisoformat(day)) if i.duty.id == duty]
    item = next(i for i in found if i.subject == subject)
    assert (item.state, item.due.isoformat() if item.due else None, item.late) == (state, due, late)
    assert bool(item.events) == (state == "done")
    assert bool(item.why) == (state == "not_applicable" or "終結していない" in item.why)


def test_what_shows_an_obligation_done_is_the_event_itself(mini: CampaignConfig) -> None:
    year = year_of(mini, [OPENED, CONSENTED, HANDED])
    found = states(year.events, mini, clauses_in_force(mini.contract.start), date(2027, 6, 30))
    (item,) = [i for i in found if i.duty.id == "otsu10" and i.subject == "printer"]
    assert [year.events[n].type for n in item.events] == ["party_registered"]


def test_what_happens_later_does_not_count_on_a_day(mini: CampaignConfig) -> None:
    happened = [OPENED, ("2027-07-01", *CONSENTED[1:]), HANDED]
    early = {i.subject: i.state for i in on(mini, happened, date(2027, 6, 30)) if i.duty.id == "otsu10"}
    assert early["printer"] == "overdue"


_ALL = [OPENED, CONSENTED, JOINED, STORED, AUDITED, HANDED, SHEETS, INCIDENT]
_MORE: list[Happened] = [
    ("2027-07-10", "inspection_recorded", "correction/audit/printer/logs", {"on": "2027-06-22"}),
    ("2027-10-14", "sheets_in", "visit_1/2027-10-13/t01", {}),
    ("2027-10-14", "incident_reported", "i1", {}),
]


@settings(max_examples=30)
@given(picked=st.lists(st.sampled_from(_ALL + _MORE), unique_by=lambda h: h[2] + h[1]), days=st.integers(0, 330))
def test_every_day_every_party_has_every_obligation_in_one_state_and_done_stays_done(
    mini: CampaignConfig, picked: list[Happened], days: int
) -> None:
    happened = [OPENED, *sorted((h for h in picked if h is not OPENED), key=lambda h: h[0])]
    day = date.fromordinal(mini.contract.start.toordinal() + days)
    now = {(i.duty.id, i.party, i.subject): i for i in on(mini, happened, day)}
    wanted = {(d.id, p.id) for d in clauses_in_force(day).duty for p in mini.parties if p.kind is PartyKind(d.party)}
    assert {(duty, party) for duty, party, _ in now} == wanted
    later = {(i.duty.id, i.party, i.subject): i for i in on(mini, happened, date(2028, 3, 31))}
    for key, item in now.items():
        if item.state == "done" and not (item.duty.when and item.duty.when.broken_by):
            assert later[key].state == "done"
        if item.state == "overdue":
            assert item.due is not None
            assert item.due <= day


def test_people_read_every_state_and_can_choose(mini: CampaignConfig) -> None:
    found = on(mini, [OPENED, *_ALL[1:]], date(2027, 10, 14))
    assert {i.state for i in found} == {"done", "due", "overdue", "not_applicable"}
    text = as_text(found, mini)
    assert "× 乙8" in text
    assert "終結していない事故 i1" in text
    table = clause_table(found, mini)
    assert len(table.rows) == len({i.duty.id for i in found})
    assert {i.duty.clause for i in choose(found, "乙2")} == {"乙2"}
    assert {i.duty.clause for i in choose(found, "乙22")} == {"乙22", "乙22（法の速報）", "乙22（法の確報）"}
    assert all("P9" in i.duty.requirements for i in choose(found, "P9"))
    assert {i.state for i in choose(found, only="overdue", party="printer")} == {"overdue"}
    assert {to_json(i)["state"] for i in choose(found, party="visitors")} >= {"due", "not_applicable"}
