"""Specification: the state of an obligation on a day, as tables that staff can read (特記事項 別紙1・2).

The small campaign: contract 2027-04-01 to 2028-01-31, 月次報告 on the 10th, the first audit of the printer on 2 June.
What happened is a day, a type, a key, codes, and where it matters counts, who did it, what it refers to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansho.campaign.clauses import clauses_of
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import PartyKind
from kansho.oversight.clause_paper import as_text, choose, clause_table, to_json
from kansho.oversight.clauses import Breach, Item, states
from kansho.oversight.monthly import monthly_document
from tests.unit.evidence_year import CONTRACTOR, OFFICER, Year

Happened = tuple[Any, ...]

PRINTER = {"kind": "subcontractor", "consented_on": "2027-04-01", "clauses": "kansho-hei-v1", "works": "addressing"}
OLD_CLAUSES = {**PRINTER, "clauses": "kansho-hei-v0"}
TO_PRINTER = {"party": "printer", "authority": "x/plan"}
H06, H06_LEFT = {"party": "printer"}, {"party": "printer", "ended_on": "2027-08-31"}
LOST = {"kind": "media_lost"}
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
BRIEFED   = ("2027-04-01", "briefing_recorded", "h06", {"on": "2027-03-27"})
TAKEN     = ("2027-04-20", "delivery_accepted", "d01", {"kinds": "target_list|stop_list"})
TARGETS   = ("2027-04-20", "gate_evaluated", "target_list/d01", {"result": "pass"})
STOPS     = ("2027-04-20", "gate_evaluated", "stop_list/d01", {"result": "pass"})
HELD      = ("2027-04-20", "gate_evaluated", "stop_list/d01", {"result": "hold"})
STOPPED   = ("2027-04-20", "gate_evaluated", "stop_list/d01", {"result": "stop"})
ERASED    = ("2027-04-22", "snapshot_erased", "raw_stop_list/d01", {})
RESULTS   = ("2027-07-09", "results_recorded", "c1", {"channel": "call"})
OFFERED   = ("2027-07-09", "package_received", "call_centre/call_results/c1", {"party": "call_centre", "kind": "call_results"})
LISTED_1  = ("2027-10-01", "visit_list_made", "visit_1", {"wave": "visit_1"}, {"counts": {"listed": 10}})
LISTED_2  = ("2027-10-04", "visit_list_made", "visit_1-r2", {"wave": "visit_1"}, {"counts": {"listed": 9}})
EMPTY     = ("2027-10-01", "visit_list_made", "visit_1", {"wave": "visit_1"}, {"counts": {"listed": 0}})
USED_1    = ("2027-10-03", "package_handed_over", "visitors/visit_halves/visit_1-2027-10-13", {"party": "visitors"})
KEPT      = {"strap": "yes", "chain": "yes", "net": "yes", "cabinet": "yes"}
CARDS_1   = ("2027-07-01", "returns_recorded", "r1", {}, {"counts": {"returned": 3}})
CARDS_2   = ("2028-01-20", "returns_recorded", "r2", {}, {"counts": {"returned": 1}})
CARDS_OFF = ("2028-01-10", "manual_target_closed", "paper/returned-cards", {"method": "return"})
SHREDDED  = ("2028-01-10", "manual_target_closed", "paper/returned-cards", {"method": "shred"})
SHEETS_IN = ("2027-10-13", "sheets_in", "visit_1/2027-10-13/t01", {}, {"counts": {"sheets": 4}})
CARDS_AGAIN = ("2028-01-21", "manual_target_closed", "paper/returned-cards/n2", {"method": "return"})
SHEETS_OFF = ("2028-01-10", "manual_target_closed", "paper/visit-sheets", {})
PLACED    = ("2027-04-01", "place_designated", "factory", {"party": "printer"})
LOST_THERE = ("2027-05-10", "incident_opened", "i2", {"kind": "media_lost", "party": "printer"})
LOST_ELSE = ("2027-05-10", "incident_opened", "i2", {"kind": "media_lost", "party": "visitors"})
FOUND_THERE = ("2027-09-30", "incident_closed", "i2", {})
STRAYED   = ("2027-05-10", "incident_opened", "i3", {"kind": "misdelivery"})
SETTLED   = ("2027-09-30", "incident_closed", "i3", {})
FLOW      = ("2027-04-01", "flow_approved", "roster", {})
PASSED_ON = ("2027-06-02", "audit_recorded", "audit/printer", {"findings": "logs=2027-07-02|subcontracting=2027-06-09", "on": "2027-06-02"})
FOUND_2   = {"findings": "logs=2027-10-01", "on": "2027-09-01"}
AUDITED_2 = ("2027-09-01", "audit_recorded", "audit/printer/n2", FOUND_2)
PASSED_ON_2 = ("2027-09-01", "audit_recorded", "audit/printer/n2", {"findings": "subcontracting=2027-09-08", "on": "2027-09-01"})
ATTESTED  = ("2027-05-09", "attestation_recorded", "printer/2027-04", {"attested_on": "2027-05-07", "findings": "none"})
UNKEPT    = ("2027-05-09", "attestation_recorded", "printer/2027-04", {"attested_on": "2027-05-07", "findings": "logs_collected"})
OURS      = ("2027-05-09", "attestation_recorded", "contractor/2027-04", UNKEPT[3])
STORED    = ("2027-04-20", "snapshot_stored", "raw_stop_list/d01", {"holder": "contractor", "erase_by": "2027-05-30"})

# fmt: on


def decided(day: str, key: str, artefact: str, decision: str = "approve", by: Any = OFFICER) -> list[Happened]:
    """A decision on an artefact (``<kind>/<key>``), with the request that bound it."""
    kind, _, name = artefact.partition("/")
    return [
        (day, "approval_requested", key, {"role": by[2]}, {"refs": {"artefact": {"kind": kind, "key": name}}}),
        (day, "approval_decided", key, {"decision": decision}, {"by": by}),
    ]


# fmt: off
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
                                                            "hei17",          "h06",        "2027-04-02", "overdue",        "2027-04-01", False),
    ([JOINED, BRIEFED, ("2027-04-01", "training_recorded", "h06", {"on": "2027-03-27"})],
                                                            "hei17",          "h06",        "2027-04-02", "done",           "2027-04-01", False),
    ([JOINED, BRIEFED, ("2027-05-01", "training_recorded", "h06/2", {"on": "2027-04-30"})],
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
    # 丙9：点検表の不備は、その月の丙9が守られなかったこととして残る。出したこと（丙15）は済み
    ([ATTESTED],                                            "hei09",          "printer/2027-04", "2027-05-10", "done",      "2027-05-09", False),
    ([UNKEPT],                                              "hei09",          "printer/2027-04", "2027-05-10", "overdue",   "2027-05-09", False),
    ([UNKEPT],                                              "hei15",          "printer/2027-04", "2027-05-10", "done",      "2027-05-09", False),
    # 乙の点検の不備も、点検したこと（済み）とは別に残る
    ([OURS],                                                "taisaku-otsu-system", "contractor/2027-04", "2027-05-10", "done", "2027-05-09", False),
    ([OURS],                                                "taisaku-otsu-system-kept", "contractor/2027-04", "2027-05-10", "overdue", "2027-05-09", False),
    ([(*OURS[:3], ATTESTED[3])],                            "taisaku-otsu-system-kept", "contractor/2027-04", "2027-05-10", "done", "2027-05-09", False),
    # 二回目の調査・監査：その指摘も、その是正も、同じ行で見る
    ([AUDITED, AUDITED_2],                                  "hei16",          "printer",    "2027-09-10", "done",           "2027-06-02", False),
    ([AUDITED_2],                                           "hei16",          "printer",    "2027-09-10", "done",           "2027-06-02", True),
    ([AUDITED, AUDITED_2],                                  "hei16-mend",     "audit/printer/n2/logs", "2027-10-01", "due", "2027-10-01", False),
    ([AUDITED, AUDITED_2],                                  "hei16-mend",     "audit/printer/n2/logs", "2027-10-02", "overdue", "2027-10-01", False),
    ([AUDITED, AUDITED_2, ("2027-07-01", "inspection_recorded", "correction/audit/printer/logs", {"on": "2027-07-01"})],
                                                            "hei16-mend",     "audit/printer/n2/logs", "2027-10-02", "overdue", "2027-10-01", False),
    ([AUDITED, AUDITED_2, ("2027-09-20", "inspection_recorded", "correction/audit/printer/n2/logs", {"on": "2027-09-20"})],
                                                            "hei16-mend",     "audit/printer/n2/logs", "2027-10-02", "done", "2027-10-01", False),
    ([("2027-09-01", "inspection_recorded", "ward_check/printer/n2", FOUND_2)],
                                                            "hei21-mend",     "ward_check/printer/n2/logs", "2027-10-02", "overdue", "2027-10-01", False),
    ([("2027-09-01", "inspection_recorded", "ward_inspection/contractor/n3", FOUND_2)],
                                                            "otsu20-mend",    "ward_inspection/contractor/n3/logs", "2027-10-02", "overdue", "2027-10-01", False),
    ([AUDITED, PASSED_ON_2],                                "hei11",          "printer",    "2027-09-10", "overdue",        "2027-06-02", False),
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
    # 乙7：誤送付が終結しても、守られなかったことは残る（下の表）
    ([FLOW, STRAYED],                                       "otsu07",         "contractor", "2027-06-01", "overdue",        "2027-05-10", False),
    ([FLOW, STRAYED, SETTLED],                              "otsu07",         "contractor", "2027-10-01", "done",           "2028-01-31", False),
    # 丙：自社で起きた事故だけが破る。乙は全てに責任を負う
    ([PLACED, LOST_THERE],                                  "hei07",          "printer",    "2027-06-01", "overdue",        "2027-05-10", False),
    ([PLACED, LOST_ELSE],                                   "hei07",          "printer",    "2027-06-01", "done",           "2028-01-31", False),
    ([PLACED, LOST_THERE, FOUND_THERE],                     "hei07",          "printer",    "2027-10-01", "done",           "2028-01-31", False),
    ([PLACED, LOST_THERE],                                  "hei09-kept",     "printer",    "2027-06-01", "overdue",        "2027-05-10", False),
    ([PLACED, LOST_THERE],                                  "hei09-kept",     "visitors",   "2027-06-01", "due",            "2028-01-31", False),
    ([LOST_THERE],                                          "otsu08",         "contractor", "2027-06-01", "overdue",        "2027-05-10", False),
    ([("2027-05-10", "incident_opened", "i4", {"kind": "clause_breach", "party": "printer"})],
                                                            "hei10",          "printer",    "2027-06-01", "overdue",        "2027-05-10", False),
    ([("2027-05-10", "incident_opened", "i4", {"kind": "misdelivery", "party": "printer"})],
                                                            "hei08",          "printer",    "2027-06-01", "overdue",        "2027-05-10", False),
    ([BRIEFED, ("2027-05-10", "incident_opened", "i4", {"kind": "leak_suspected", "party": "printer"})],
                                                            "hei03-leak",     "printer",    "2027-06-01", "overdue",        "2027-05-10", False),
    # 丙11：登録ではなく、再委託の指摘のない監査による
    ([CONSENTED],                                           "hei11",          "printer",    "2027-06-02", "due",            "2027-06-02", False),
    ([CONSENTED],                                           "hei11",          "printer",    "2027-06-03", "overdue",        "2027-06-02", False),
    ([CONSENTED, AUDITED],                                  "hei11",          "printer",    "2027-06-03", "done",           "2027-06-02", False),
    ([CONSENTED, PASSED_ON],                                "hei11",          "printer",    "2027-06-03", "overdue",        "2027-06-02", False),
    # 丙18：通知は即日、書面は3日
    ([LOST_THERE, ("2027-05-13", "report_submitted", "incident_notice/i2", {})],
                                                            "hei18-notice",   "i2",         "2027-05-13", "done",           "2027-05-10", True),
    ([LOST_THERE],                                          "hei18-notice",   "i2",         "2027-05-11", "overdue",        "2027-05-10", False),
    ([LOST_THERE],                                          "hei18-report",   "i2",         "2027-05-13", "due",            "2027-05-13", False),
    ([LOST_THERE, ("2027-05-13", "incident_reported", "i2", {})],
                                                            "hei18-report",   "i2",         "2027-05-13", "done",           "2027-05-13", False),
    # 乙3：受領した表の全て。保留は決めて、中止は受け入れず消去して、終わる
    ([TAKEN, TARGETS],                                      "otsu03",         "d01",        "2027-04-24", "overdue",        "2027-04-23", False),
    ([TAKEN, TARGETS, STOPS],                               "otsu03",         "d01",        "2027-04-24", "done",           "2027-04-23", False),
    ([TAKEN, TARGETS, HELD],                                "otsu03",         "d01",        "2027-04-24", "overdue",        "2027-04-23", False),
    ([TAKEN, TARGETS, HELD, *decided("2027-04-21", "x/gate", "gate_summary/d01.d02")],
                                                            "otsu03",         "d01",        "2027-04-24", "done",           "2027-04-23", False),
    ([TAKEN, TARGETS, HELD, *decided("2027-04-21", "x/gate", "gate_summary/d011")],
                                                            "otsu03",         "d01",        "2027-04-24", "overdue",        "2027-04-23", False),
    ([TAKEN, TARGETS, STOPPED],                             "otsu03",         "d01",        "2027-04-24", "overdue",        "2027-04-23", False),
    ([TAKEN, TARGETS, STOPPED, *decided("2027-04-21", "x/gate", "gate_summary/d01")],
                                                            "otsu03",         "d01",        "2027-04-24", "overdue",        "2027-04-23", False),
    ([TAKEN, TARGETS, STOPPED, ERASED],                     "otsu03",         "d01",        "2027-04-24", "done",           "2027-04-23", False),
    # 乙4・丙4〜6：結果は合格したものだけ
    ([RESULTS, ("2027-07-09", "gate_evaluated", "call_results/c1", {"result": "stop"})],
                                                            "otsu04",         "c1",         "2027-07-10", "overdue",        "2027-07-09", False),
    ([RESULTS, ("2027-07-09", "gate_evaluated", "call_results/c1", {"result": "pass"})],
                                                            "otsu04",         "c1",         "2027-07-10", "done",           "2027-07-09", False),
    *(row for duty in ("hei04", "hei05", "hei06") for row in (
    ([OFFERED, ("2027-07-09", "gate_evaluated", "call_results/c1", {"result": "stop"})],
                                                            duty,             "call_centre/call_results/c1", "2027-07-10", "overdue", "2027-07-09", False),
    ([OFFERED, ("2027-07-09", "gate_evaluated", "call_results/c1", {"result": "pass"})],
                                                            duty,             "call_centre/call_results/c1", "2027-07-10", "done", "2027-07-09", False),
    )),
    # 訪問：検証を通り、区がその一覧を確認した。作り直して使わなかったものは問わない
    ([LISTED_1, ("2027-10-01", "gate_evaluated", "visit_release/visit_1", {"result": "stop"})],
                                                            "taisaku-otsu05", "visit_1",    "2027-10-02", "overdue",        "2027-10-01", False),
    ([LISTED_1, ("2027-10-01", "gate_evaluated", "visit_release/visit_1", {"result": "pass"})],
                                                            "taisaku-otsu05", "visit_1",    "2027-10-02", "done",           "2027-10-01", False),
    ([LISTED_1, ("2027-10-01", "gate_evaluated", "visit_release/visit_1", {"result": "stop"}), LISTED_2],
                                                            "taisaku-otsu05", "visit_1",    "2027-10-05", "not_applicable", None,         False),
    ([EMPTY],                                               "ku-list",        "-",          "2027-10-09", "not_applicable", None,         False),
    ([LISTED_1, *decided("2027-10-02", "x/v1", "visit_list/visit_1", "reject")],
                                                            "ku-list",        "visit_1",    "2027-10-09", "overdue",        "2027-10-08", False),
    ([LISTED_1, *decided("2027-10-02", "x/v1", "visit_list/visit_1", "reject"), LISTED_2, *decided("2027-10-05", "x/v2", "visit_list/visit_1-r2")],
                                                            "ku-list",        "visit_1",    "2027-10-12", "not_applicable", None,         False),
    ([LISTED_1, *decided("2027-10-02", "x/v1", "visit_list/visit_1", "reject"), LISTED_2, *decided("2027-10-05", "x/v2", "visit_list/visit_1-r2")],
                                                            "ku-list",        "visit_1-r2", "2027-10-12", "done",           "2027-10-11", False),
    ([LISTED_1, USED_1, LISTED_2, *decided("2027-10-05", "x/v2", "visit_list/visit_1-r2")],
                                                            "ku-list",        "visit_1",    "2027-10-12", "overdue",        "2027-10-08", False),
    ([LISTED_1, *decided("2027-10-02", "x/v1", "visit_list/visit_1", by=CONTRACTOR)],
                                                            "ku-list",        "visit_1",    "2027-10-12", "overdue",        "2027-10-08", False),
    ([SHEETS, ("2027-10-13", "checklist_recorded", SHEETS[2], {**KEPT, "net": "no"})],
                                                            "taisaku-otsu04", SHEETS[2],    "2027-10-14", "overdue",        "2027-10-13", False),
    ([SHEETS, ("2027-10-13", "checklist_recorded", SHEETS[2], dict.fromkeys(KEPT, "no"))],
                                                            "taisaku-otsu04", SHEETS[2],    "2027-10-14", "overdue",        "2027-10-13", False),
    ([SHEETS, ("2027-10-13", "checklist_recorded", SHEETS[2], KEPT)],
                                                            "taisaku-otsu04", SHEETS[2],    "2027-10-14", "done",           "2027-10-13", False),
    ([(*SHEETS, {"counts": {"sheets": 4}}), ("2027-10-13", "sheets_in", SHEETS[2], {}, {"counts": {"sheets": 3}})],
                                                            "taisaku-otsu03", SHEETS[2],    "2027-10-14", "overdue",        "2027-10-13", False),
    # 紙：全ての種類が、最後に来た分の後で閉じている
    ([CARDS_1, SHEETS_IN, SHEETS_OFF],                      "otsu14-cards",   "r1",         "2028-02-01", "overdue",        "2028-01-31", False),
    ([CARDS_1, SHEETS_IN, CARDS_OFF],                       "otsu14-sheets",  SHEETS[2],    "2028-02-01", "overdue",        "2028-01-31", False),
    ([CARDS_1, CARDS_OFF],                                  "otsu14-cards",   "r1",         "2028-02-01", "done",           "2028-01-31", False),
    ([CARDS_1, SHREDDED],                                   "otsu14-cards",   "r1",         "2028-02-01", "overdue",        "2028-01-31", False),
    ([CARDS_1, CARDS_OFF, CARDS_2],                         "otsu14-cards",   "r2",         "2028-02-01", "overdue",        "2028-01-31", False),
    ([CARDS_1, CARDS_OFF, CARDS_2, CARDS_AGAIN],            "otsu14-cards",   "r2",         "2028-02-01", "done",           "2028-01-31", False),
    ([CARDS_1, CARDS_OFF],                                  "otsu14-held",    "backup_disk", "2028-02-01", "overdue",       "2028-01-31", False),
    ([("2028-01-29", "manual_target_closed", "hand/backup_disk", {})],
                                                            "otsu14-held",    "backup_disk", "2028-02-01", "done",          "2028-01-31", False),
    # 開設の承認は、取扱者届についての区のもの
    ([*decided("2027-04-01", "x/opening", "plan_document/handler-report")],
                                                            "otsu01",         "contractor", "2027-04-02", "done",           "2027-04-01", False),
    ([*decided("2027-04-01", "x/opening", "plan_document/plan-1")],
                                                            "otsu01",         "contractor", "2027-04-02", "overdue",        "2027-04-01", False),
    # 再委託の契約書にある版が、あるべき版と違う
    *(row for duty, who in (("otsu12", "printer"), ("otsu13", "printer"), ("hei01", "printer")) for row in (
    ([CONSENTED, HANDED],                                   duty,             who,          "2027-06-30", "done",           "2027-06-09", False),
    ([("2027-04-01", "party_registered", "printer", OLD_CLAUSES), HANDED],
                                                            duty,             who,          "2027-06-30", "overdue",        "2027-06-09", False),
    )),
    # 誓約は登録に残る
    ([JOINED, BRIEFED],                                     "hei03",          "h06",        "2027-04-02", "overdue",        "2027-04-01", False),
    ([("2027-04-01", "handler_registered", "h06", {**H06, "pledged_on": "2027-03-27"}), BRIEFED],
                                                            "hei03",          "h06",        "2027-04-02", "done",           "2027-04-01", False),
    # 業務を行わない会社、義務でない条項
    ([],                                                    "hei04",          "-",          "2027-10-13", "not_applicable", None,         False),
    ([],                                                    "otsu23",         "-",          "2027-10-13", "not_applicable", None,         False),
]
# fmt: on


def year_of(config: CampaignConfig, happened: Iterable[Happened]) -> Year:
    year = Year(config)
    for day, type, key, codes, *more in happened:
        year.today = date.fromisoformat(day)
        year.add(type, key, codes=dict(codes), **(more[0] if more else {}))
    return year


def on(config: CampaignConfig, happened: Iterable[Happened], day: date) -> tuple[Item, ...]:
    return states(year_of(config, happened).events, config, clauses_of(config), day)


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
    assert bool(item.events) == (state == "done" or bool(item.breaches))
    assert bool(item.why) == (state == "not_applicable" or "終結していない" in item.why or "示していない" in item.why)


# 義務、会社、事故、終結の日（— は未終結）
BREACHES: list[tuple[list[Happened], str, str, list[Breach]]] = [
    ([FLOW], "otsu07", "contractor", []),
    ([FLOW, STRAYED], "otsu07", "contractor", [Breach("i3", date(2027, 5, 10), None)]),
    ([FLOW, STRAYED, SETTLED], "otsu07", "contractor", [Breach("i3", date(2027, 5, 10), date(2027, 9, 30))]),
    ([PLACED, LOST_THERE, FOUND_THERE], "hei07", "printer", [Breach("i2", date(2027, 5, 10), date(2027, 9, 30))]),
    ([PLACED, LOST_ELSE, FOUND_THERE], "hei07", "printer", []),
    ([PLACED, LOST_THERE, FOUND_THERE], "otsu06", "contractor", [Breach("i2", date(2027, 5, 10), date(2027, 9, 30))]),
]


@pytest.mark.parametrize(("happened", "duty", "party", "breaches"), BREACHES)
def test_what_broke_an_obligation_stays_told_with_it(
    mini: CampaignConfig, happened: list[Happened], duty: str, party: str, breaches: list[Breach]
) -> None:
    found = on(mini, [OPENED, *happened], date(2027, 12, 31))
    (item,) = [i for i in found if i.duty.id == duty and i.party == party]
    assert list(item.breaches) == breaches
    told = to_json(item)
    assert told["breached"] == bool(breaches)
    assert [i["incident"] for i in told["incidents"]] == [b.incident for b in breaches]
    text, rows = as_text([item], mini), clause_table([item], mini).rows
    for breach in breaches:
        assert breach.incident in rows[0][-1]
        assert breach.incident in text
        assert "（事故あり）" in text
    if breaches and item.state == "done":
        assert text.startswith("△")
        assert "2027-05-10〜2027-09-30" in rows[0][-1]


def test_the_monthly_report_tells_a_breach_that_is_over(mini: CampaignConfig) -> None:
    log = year_of(mini, [OPENED, FLOW, STRAYED, SETTLED]).events
    report = monthly_document(mini, log, "2027-10", today=date(2027, 11, 10), simulation=True)
    (section,) = [s for s in report.sections if s.heading == "特記事項の履行状況"]
    (row,) = [r for r in section.tables[0].rows if r[0] == "乙7"]
    assert "守られなかった時がある（終結した事故 i3 2027-05-10〜2027-09-30）" in row[-1]


def test_the_record_that_says_otherwise_is_named(mini: CampaignConfig) -> None:
    year = year_of(mini, [OPENED, SHEETS, ("2027-10-13", "checklist_recorded", SHEETS[2], dict.fromkeys(KEPT, "no"))])
    found = states(year.events, mini, clauses_of(mini), date(2027, 10, 13))
    (item,) = [i for i in found if i.duty.id == "taisaku-otsu04"]
    assert (item.state, item.why) == ("due", "記録 2 はこれを示していない")
    assert "記録 2 はこれを示していない" in as_text([item], mini)
    assert "記録 2 はこれを示していない" in clause_table([item], mini).rows[0][-1]


def test_what_shows_an_obligation_done_is_the_event_itself(mini: CampaignConfig) -> None:
    year = year_of(mini, [OPENED, CONSENTED, HANDED])
    found = states(year.events, mini, clauses_of(mini), date(2027, 6, 30))
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
    wanted = {(d.id, p.id) for d in clauses_of(mini).duty for p in mini.parties if p.kind is PartyKind(d.party)}
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


def test_every_inspection_of_a_year_is_evidence_and_one_more_makes_none_late(mini: CampaignConfig) -> None:
    events = year_of(mini, [AUDITED, AUDITED_2]).events
    (item,) = (
        i
        for i in states(events, mini, clauses_of(mini), date(2027, 9, 10))
        if (i.duty.id, i.subject) == ("hei16", "printer")
    )
    assert (item.state, item.late, item.done_on) == ("done", False, date(2027, 6, 2))
    assert item.events == tuple(e.sequence for e in events)
