"""Calls, enquiries and visits against a real vault, ledger and sealed packages."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kansho.campaign.rights import PartyKind, Work
from kansho.contracts.model import Contract
from kansho.contracts.registry import (
    CALL_LIST,
    CALL_RESULTS,
    CALL_WITHDRAWAL,
    INBOUND_RECORDS,
    VISIT_HALF_A,
    VISIT_HALF_B,
    VISIT_RESULTS,
)
from kansho.errors import KanshoError
from kansho.evidence.account import reconciliations
from kansho.evidence.merkle import leaf_hash
from kansho.evidence.paper import paper_findings
from kansho.exchange.package import Package, pack, unpack
from kansho.exchange.tables import from_csv, to_csv
from kansho.outreach import calls, custody, field, inbound, visits
from kansho.oversight.custody_book import book
from kansho.targeting.plan import find_plan_work, make_plan
from kansho.targeting.waves import select_wave
from kansho.vault.keys import open_package, seal_package
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.unit.outreach_people import approve, fill, identity, on, stop
from tests.unit.stamps import read_stamp

Opener = Callable[[date], Workspace]
ROUND_1, ROUND_2, CLOSE = date(2027, 8, 16), date(2027, 8, 23), date(2027, 8, 30)
VISIT_SELECT, DAY_1, DAY_2 = date(2027, 10, 6), date(2027, 10, 13), date(2027, 10, 14)


@pytest.fixture
def year(open_workspace: Opener) -> Workspace:
    """A campaign with an approved plan, in April."""
    ws = open_workspace(date(2027, 4, 20))
    fill(ws, 240)
    made = make_plan(ws, find_plan_work(ws, {}) or {}) or {}
    approve(ws, ws.store_bytes("plan_document", made["key"], b"%PDF"), "plan", role="ward_officer")
    return ws


def send(ws: Workspace, party: str, kind: str, package: str, files: dict[str, bytes]) -> None:
    """Put a package out as the other party does."""
    manifest = {"campaign": ws.config.id, "package": package, "kind": kind, "from": party, "to": "contractor"}
    path = ws.layout.outgoing(party) / f"{kind}--{package}.age"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(seal_package(pack(files, manifest), ws.keyring.recipient()))


def received(ws: Workspace, party: str, kind: str) -> list[Package]:
    """What a party finds in its letter box, opened with its own key."""
    found = sorted(Path(ws.layout.received(party)).glob(f"{kind}--*.age"))
    return [unpack(open_package(p.read_bytes(), identity(party))) for p in found]


def table(rows: list[dict[str, str | None]], contract: Contract) -> bytes:
    return to_csv(pd.DataFrame(rows, columns=list(contract.names), dtype=object), contract)


def result(row: dict[str, str], outcome: str, day: date, **said: str | None) -> dict[str, str | None]:
    """One call result; who answered follows from the outcome."""
    by = "self" if outcome in ("10", "11", "12", "13", "14", "15", "50", "51") else "none"
    keys = {n: row[n] for n in ("wave", "attempt", "inquiry_number")}
    base = {
        "called_on": day.isoformat(), "outcome": outcome, "answered_by": by,
        "purpose_stated": "1" if by == "self" else "0", "intention": None, "reason": None, "wish": None,
        "dock_informed": "0", "program_informed": "0",
    }  # fmt: skip
    return {**keys, **base, **said}


def first_round(ws: Workspace) -> tuple[Workspace, pd.DataFrame]:
    """Select, list, gate, approve and hand over the first attempt; the list as the call centre reads it."""
    ws = on(ws, ROUND_1)
    stop(ws, "d04", [])
    return ws, call_round(ws)


def call_round(ws: Workspace) -> pd.DataFrame:
    work = calls.find_call_work(ws, {}) or {}
    calls.take_call_results(ws, work)
    select_wave(ws, work)
    checked = calls.check_call_release(ws, calls.build_call_list(ws, work) or {}) or {}
    approve(ws, SnapshotRef.from_json(checked["artefact"]), "call_list", role="contractor_manager")
    assert calls.hand_over_call_list(ws, checked) is not None
    return from_csv(received(ws, "call_centre", "call_list")[-1].files["call_list.csv"], CALL_LIST)


def test_the_order_of_the_call_list_does_not_tell_who_came_first_in_the_plan(year: Workspace) -> None:
    ws, listed = first_round(year)
    reached = ws.read_table(ws.latest("wave_assignment")).sort_values("rank")["inquiry_number"]
    assert not reached[reached.isin(listed["inquiry_number"])].is_monotonic_increasing
    assert listed["inquiry_number"].is_monotonic_increasing


def test_the_call_list_holds_the_subcontractors_columns_and_no_held_out_person(year: Workspace) -> None:
    ws, listed = first_round(year)
    assert len(listed) > 50
    assert tuple(listed.columns) == CALL_LIST.allowed(PartyKind.SUBCONTRACTOR)
    assert "birth_date" not in listed.columns
    plan = ws.read_table(ws.latest("plan"))
    assert set(plan.loc[plan["holdout_call_1"], "inquiry_number"]).isdisjoint(listed["inquiry_number"])
    assert calls.find_call_work(ws, {}) is None


def test_no_list_leaves_without_the_approval(year: Workspace) -> None:
    ws = on(year, ROUND_1)
    stop(ws, "d04", [])
    work = calls.find_call_work(ws, {}) or {}
    select_wave(ws, work)
    checked = calls.check_call_release(ws, calls.build_call_list(ws, work) or {}) or {}
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        calls.hand_over_call_list(ws, checked)
    approve(ws, SnapshotRef.from_json(checked["artefact"]), "l", role="contractor_manager", decision="reject")
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        calls.hand_over_call_list(ws, checked)
    again = calls.build_call_list(ws, calls.find_call_work(ws, {}) or {}) or {}
    assert again["key"] == "call_1-a1r02"
    assert received(ws, "call_centre", "call_list") == []


def test_a_stop_between_list_and_release_closes_the_gate(year: Workspace) -> None:
    ws = on(year, ROUND_1)
    stop(ws, "d04", [])
    work = calls.find_call_work(ws, {}) or {}
    select_wave(ws, work)
    listed = calls.build_call_list(ws, work) or {}
    person = ws.read_table(SnapshotRef.from_json(listed["list"]))["inquiry_number"].iloc[0]
    stop(ws, "d04b", [person])
    with pytest.raises(KanshoError, match="GATE-CALL-RELEASE.*stopped"):
        calls.check_call_release(ws, listed)
    again = calls.build_call_list(ws, work) or {}
    assert again["key"] == "call_1-a1r02"
    assert calls.check_call_release(ws, again) is not None


def test_who_was_stopped_after_the_approval_does_not_leave(year: Workspace) -> None:
    ws = on(year, ROUND_1)
    stop(ws, "d04", [])
    work = calls.find_call_work(ws, {}) or {}
    select_wave(ws, work)
    checked = calls.check_call_release(ws, calls.build_call_list(ws, work) or {}) or {}
    ref = SnapshotRef.from_json(checked["artefact"])
    approve(ws, ref, "call_list", role="contractor_manager")
    person = ws.read_table(ref)["inquiry_number"].iloc[0]
    stop(ws, "d04b", [person])
    handed = calls.hand_over_call_list(ws, checked) or {}
    assert handed["counts"] == {"rows": ref.rows - 1, "withdrawn": 1}
    listed = from_csv(received(ws, "call_centre", "call_list")[0].files["call_list.csv"], CALL_LIST)
    assert person not in set(listed["inquiry_number"])


def test_results_decide_who_is_called_again(year: Workspace) -> None:
    ws, listed = first_round(year)
    rows = listed.to_dict("records")
    outcomes = ["30", "10", "50", "40", "20"]
    sent = [result(row, outcomes[n % 5], ROUND_1, answered_by="family", purpose_stated="1")
            if outcomes[n % 5] == "20" else result(row, outcomes[n % 5], ROUND_1)
            for n, row in enumerate(rows[:-1])]  # fmt: skip
    send(ws, "call_centre", "call_results", "call_1-a1", {"call_results.csv": table(sent, CALL_RESULTS)})
    ws = on(ws, ROUND_2)
    work = calls.find_call_work(ws, {}) or {}
    assert (work["wave"], work["attempt"], work["packages"]) == ("call_1", 2, ["call_1-a1"])
    again = call_round(ws)
    expected = {r["inquiry_number"] for r in sent if r["outcome"] in ("30", "20")} | {rows[-1]["inquiry_number"]}
    assert set(again["inquiry_number"]) == expected
    assert set(again["attempt"]) == {"2"}
    recorded = ws.ledger.find("results_recorded", "call_1-a1")
    assert recorded is not None
    assert recorded.counts["refused"] == sum(r["outcome"] == "50" for r in sent)
    assert recorded.codes["attempt"] == "1"
    assert all(r.ok for r in reconciliations(ws.ledger.events()))
    ws = on(ws, CLOSE)
    assert calls.find_call_work(ws, {}) is None


def test_results_that_break_a_rule_are_kept_apart_but_a_refusal_counts(year: Workspace) -> None:
    ws, listed = first_round(year)
    rows = listed.to_dict("records")
    sent = [
        result(rows[0], "10", ROUND_1, intention="1"),
        result(rows[1], "20", ROUND_1, answered_by="family", purpose_stated="1", reason="05"),  # from the family
        result(rows[2], "10", ROUND_1, purpose_stated="0"),
        result(rows[3], "99", ROUND_1),
        result({**rows[4], "attempt": "2"}, "30", ROUND_1),  # not handed out
        result(rows[0], "10", ROUND_1),  # twice
        result(rows[5], "50", ROUND_1, purpose_stated="0", reason="08"),
    ]
    send(ws, "call_centre", "call_results", "p1", {"call_results.csv": table(sent, CALL_RESULTS)})
    taken = calls.take_call_results(ws, {}) or {}
    assert taken["counts"] == {"rows": 7, "accepted": 2, "quarantined": 5, "reached": 2, "refused": 1, "notes_held": 0}
    accepted = ws.read_table(ws.latest("call_results")).set_index("inquiry_number")
    assert pd.isna(accepted.loc[rows[5]["inquiry_number"], "reason"])
    assert set(ws.read_table(ws.latest("quarantine"))["reasons"].str.split("|").str[0]) == {
        "not_from_person", "purpose_unstated", "not_listed", "duplicate", "value_outcome",
    }  # fmt: skip


def test_a_note_that_must_not_be_collected_is_cut_out_and_its_row_counts(year: Workspace) -> None:
    ws, listed = first_round(year)
    rows = listed.to_dict("records")
    sent = [
        result(rows[0], "10", ROUND_1, note="午後に折返し希望"),
        result(rows[1], "50", ROUND_1, note="糖尿病で通院中"),
        result(rows[2], "99", ROUND_1, note="息子と同居"),  # quarantined for its outcome
        result(rows[3], "30", ROUND_1, note="あ" * 201),
        result(rows[4], "30", ROUND_1),
    ]
    send(ws, "call_centre", "call_results", "p1", {"call_results.csv": table(sent, CALL_RESULTS)})
    calls.take_call_results(ws, {})
    accepted = ws.read_table(ws.latest("call_results")).set_index("inquiry_number")
    assert accepted["note"].dropna().to_dict() == {rows[0]["inquiry_number"]: "午後に折返し希望"}
    assert accepted.loc[rows[1]["inquiry_number"], "outcome"] == "50"
    assert ws.read_table(ws.latest("quarantine"))["note"].isna().all()
    held = ws.read_table(ws.latest("note_review")).set_index("inquiry_number")
    assert {rows.index(r): held["reasons"].get(r["inquiry_number"]) for r in rows[:5]} == {
        0: None, 1: "illness|treatment", 2: "household", 3: "too_long", 4: None,
    }  # fmt: skip
    recorded = ws.ledger.find("results_recorded", "p1")
    assert recorded is not None
    assert (recorded.counts["accepted"], recorded.counts["quarantined"], recorded.counts["notes_held"]) == (4, 1, 3)
    assert "糖尿病" not in b"".join(e.canonical() for e in ws.ledger.events()).decode()


def test_a_column_that_could_carry_a_checkup_result_of_elsewhere_is_refused(year: Workspace) -> None:
    ws, listed = first_round(year)
    data = table([result(listed.to_dict("records")[0], "30", ROUND_1)], CALL_RESULTS)
    named = data.decode("utf-8-sig").replace("備考", "人間ドック結果").encode()
    send(ws, "call_centre", "call_results", "p1", {"call_results.csv": named})
    with pytest.raises(KanshoError, match="TABLE-DOCK"):
        calls.take_call_results(ws, {})
    assert ws.latest_or_none("call_results") is None


def test_a_broken_package_is_refused_whole_and_the_others_are_taken(year: Workspace) -> None:
    ws, listed = first_round(year)
    good = [result(listed.to_dict("records")[0], "30", ROUND_1)]
    send(ws, "call_centre", "call_results", "p1", {"other.csv": b"x"})
    send(ws, "call_centre", "call_results", "p2", {"call_results.csv": table(good, CALL_RESULTS)})
    with pytest.raises(KanshoError, match="RESULTS-REFUSED"):
        calls.take_call_results(ws, {})
    assert ws.ledger.find("package_refused", "call_centre/call_results/p1") is not None
    assert ws.ledger.find("package_received", "call_centre/call_results/p2") is not None
    assert calls.take_call_results(ws, {}) is None


def test_results_say_what_they_answer_also_once_the_lists_are_erased(year: Workspace) -> None:
    ws, listed = first_round(year)
    (ref,) = ws.snapshots("call_list")
    rows = listed.to_dict("records")
    for package, waves in (("p1", ["call_1"]), ("p2", ["call_1"]), ("p3", ["call_9"])):
        sent = [result({**rows[0], "wave": wave}, "30", ROUND_1, note="糖尿病で通院中") for wave in waves]
        send(ws, "call_centre", "call_results", package, {"call_results.csv": table(sent, CALL_RESULTS)})
        if package == "p2":
            ws.erase(ref, reason="retention")
        calls.take_call_results(ws, {})
    chosen = ws.latest("wave_assignment")
    stored = {e.key: [*e.refs["parents"].values()] for e in ws.ledger.events("snapshot_stored")}
    for package, answered in (("p1", ref), ("p2", chosen), ("p3", chosen)):
        assert stored[f"call_results/{package}"] == [answered.to_json()]
        assert stored[f"note_review/call_results-{package}"] == [answered.to_json()]
    assert stored["quarantine/call_results-p2"] == [chosen.to_json()]


def test_results_and_enquiries_of_people_we_know_nothing_of_are_refused(open_workspace: Opener) -> None:
    ws = open_workspace(date(2027, 4, 20))
    send(ws, "call_centre", "call_results", "p1", {"call_results.csv": table([], CALL_RESULTS)})
    send(ws, "call_centre", "inbound_records", "i1", {"inbound_records.csv": table([], INBOUND_RECORDS)})
    for take, package in ((calls.take_call_results, "call_results/p1"), (inbound.take_inbound, "inbound_records/i1")):
        with pytest.raises(KanshoError, match="RESULTS-REFUSED"):
            take(ws, {})
        refused = ws.ledger.find("package_refused", f"call_centre/{package}")
        assert refused is not None
        assert refused.codes["code"] == "RESULTS-UNASKED"
        assert not [e for e in ws.ledger.events("snapshot_stored") if e.key.startswith(package.partition("/")[0])]


def test_an_enquiry_is_found_by_number_and_cancels_what_waits(year: Workspace) -> None:
    ws, listed = first_round(year)
    who = listed["inquiry_number"].iloc[0]
    sent = [
        {"record": "R1", "inquiry_number": who, "purpose": "3"},
        {"record": "R2", "inquiry_number": listed["inquiry_number"].iloc[1], "purpose": "1"},
        {"record": "R3", "inquiry_number": who[:-1] + str((int(who[-1]) + 1) % 10), "purpose": "1"},
    ]
    common = {"received_on": ROUND_1.isoformat(), "answered_by": "self", "purpose_stated": "1"}
    data = table([{**r, **common} for r in sent], INBOUND_RECORDS)
    send(ws, "call_centre", "inbound_records", "i1", {"inbound_records.csv": data})
    assert inbound.find_inbound(ws, {}) == {"packages": 1}
    taken = inbound.take_inbound(ws, {}) or {}
    assert taken["counts"] == {"records": 3, "stops": 1, "unknown": 1, "withdrawn": 1}
    told = received(ws, "call_centre", "call_withdrawal")
    assert from_csv(told[0].files["call_withdrawal.csv"], CALL_WITHDRAWAL)["inquiry_number"].tolist() == [who]
    (handed,) = [e for e in ws.ledger.events("package_handed_over") if e.codes["kind"] == "call_withdrawal"]
    assert [p["kind"] for p in handed.refs["parents"].values()] == ["call_list"]
    assert inbound.withdraw_calls(ws) == 0
    assert inbound.find_inbound(ws, {}) is None
    assert who not in set(call_round(on(ws, ROUND_2))["inquiry_number"])


def visit_list(ws: Workspace) -> tuple[Workspace, SnapshotRef]:
    """Select, list, gate and let the ward approve the visit list."""
    ws = on(ws, VISIT_SELECT)
    stop(ws, "d05", [])
    work = visits.find_visit_work(ws, {}) or {}
    listed = visits.build_visit_list(ws, select_wave(ws, work) or {}) or {}
    checked = visits.check_visit_release(ws, listed) or {}
    ref = SnapshotRef.from_json(checked["artefact"])
    approve(ws, ref, "visit_list", role="ward_officer")
    assert visits.release_visit_list(ws, checked) is not None
    return ws, ref


def morning(ws: Workspace) -> dict:
    work = visits.find_visit_day_work(ws, {}) or {}
    custody.take_field_report(ws, work)
    return custody.issue_sheets(ws, work) or {}


def report(
    ws: Workspace, day: date, package: str, rows: list[dict], short: dict[str, int] | None = None, **hands: Any
) -> None:
    """The visitors' report: everything returned but what ``short`` lacks."""
    out = [e for e in ws.ledger.events("sheets_out") if e.key.split("/")[1] == day.isoformat()]
    teams = [
        {
            "team": e.key.split("/")[2],
            "sheets_returned": e.counts["sheets"] - (short or {}).get(e.key.split("/")[2], 0),
            "checklist": {"strap": True, "chain": True, "net": True, "cabinet": True},
            **hands,
        }
        for e in out
    ]
    said = json.dumps({"wave": "visit_1", "day": day.isoformat(), "teams": teams}).encode()
    files = {"report.json": said, "visit_results.csv": table(rows, VISIT_RESULTS)}
    send(ws, "visitors", "visit_results", package, files)


def visited(token: str, outcome: str, day: date) -> dict[str, str | None]:
    by = "self" if outcome in ("10", "50") else "none"
    return {
        "token": token, "wave": "visit_1", "visited_on": day.isoformat(), "outcome": outcome, "answered_by": by,
        "purpose_stated": "1" if by == "self" else "0", "intention": None, "reason": None, "wish": None,
        "dock_informed": "0", "program_informed": "0",
    }  # fmt: skip


def test_the_visit_list_reconciles_and_neither_half_identifies(year: Workspace) -> None:
    ws, ref = visit_list(year)
    frame = ws.read_table(ref)
    listed = frame[frame["status"].eq("listed")]
    assert len(listed) > 10
    assert listed["k_a"].min() >= 2
    assert listed["k_b"].min() >= 2
    assert frame.loc[frame["status"].ne("listed"), "reason"].ne("").all()
    assert listed.groupby(["day", "team"]).size().max() <= 10
    half_a = ws.read_table(ws.latest("visit_half_a"))
    half_b = ws.read_table(ws.latest("visit_half_b"))
    assert set(half_a["token"]) == set(half_b["token"])
    assert set(half_a.columns) & set(half_b.columns) == {"token", "sheet"}
    assert (ws.layout.outputs / "specimens" / "visit-half-a.csv").is_file()
    assert all(r.ok for r in reconciliations(ws.ledger.events()))
    assert visits.find_visit_work(ws, {}) is None


def test_neither_half_shows_another_character_for_one_that_is_missing() -> None:
    row = dict.fromkeys((*VISIT_HALF_A.names, *VISIT_HALF_B.names), "1") | {"sheet": "V-1"}
    shown = {"block": "吾妻\ue000一丁目", "house_part": "1-2", "name_part": "渡\ue001"}
    half_a, half_b = visits.halves(pd.DataFrame([row | shown], dtype=object))
    assert "\ue000" not in str(half_a.values.tolist()) + str(half_b.values.tolist())
    assert "吾妻〓一丁目" in half_a.iloc[0].tolist()
    assert "渡〓" in half_b.iloc[0].tolist()


def test_a_rejected_visit_list_is_made_anew_and_no_sheet_leaves(year: Workspace) -> None:
    ws = on(year, VISIT_SELECT)
    stop(ws, "d05", [])
    work = visits.find_visit_work(ws, {}) or {}
    listed = visits.build_visit_list(ws, select_wave(ws, work) or {}) or {}
    ref = SnapshotRef.from_json(listed["list"])
    approve(ws, ref, "visit_list", role="ward_officer", decision="reject")
    assert visits.find_visit_work(ws, {}) == work
    again = visits.build_visit_list(ws, work) or {}
    assert again["key"] == "visit_1r02"
    with pytest.raises(KanshoError, match="VISIT-UNAPPROVED"):
        visits.find_visit_day_work(on(ws, DAY_1), {})


def test_a_visiting_day_out_and_in(year: Workspace) -> None:
    ws, ref = visit_list(year)
    day1 = on(ws, DAY_1)
    issued = morning(day1)
    package = received(day1, "visitors", "visit_halves")[0]
    half_a = from_csv(package.files["half_a.csv"], VISIT_HALF_A)
    half_b = from_csv(package.files["half_b.csv"], VISIT_HALF_B)
    stamp = read_stamp(package.files["custody.pdf"])
    assert stamp.code == day1.ledger.checkpoints()[-1].partition("\n\n")[0] + "\n"
    leaves = [leaf_hash(e.canonical()) for e in day1.ledger.events()]
    assert stamp.size < len(leaves)  # the day went on
    typed = f"{stamp.size} {stamp.short_root}"
    assert list(paper_findings([stamp.line, stamp.code, typed], ws.config.id, leaves)) == []
    others = [*leaves[:3], leaf_hash(b"another story"), *leaves[4:]]
    assert [f.code for f in paper_findings([stamp.line, stamp.code], ws.config.id, others)] == ["LOG-FORKED"] * 2
    assert [f.code for f in paper_findings([stamp.line], ws.config.id, leaves[: stamp.size - 1])] == ["LOG-CUT"]
    assert issued["counts"]["rows"] == len(half_a) == len(half_b)
    sheets = half_a["sheet"].nunique() + half_b["sheet"].nunique()
    assert issued["counts"]["sheets"] == sheets == sum(e.counts["sheets"] for e in day1.ledger.events("sheets_out"))
    assert visits.find_visit_day_work(day1, {}) is None
    rows = [visited(token, "10" if n else "50", DAY_1) for n, token in enumerate(half_a["token"])]
    rows[0]["note"], rows[1]["note"] = "信仰上の理由", "再訪は午前を希望"
    report(day1, DAY_1, "visit_1-2027-10-13", rows)
    taken = field.take_field_report(day1, visits.find_visit_day_work(day1, {}) or {}) or {}
    assert taken["counts"]["accepted"] == len(rows)
    assert taken["counts"]["open"] == 0
    assert taken["counts"]["notes_held"] == 1
    assert ws.read_table(ws.latest("note_review"))[["token", "reasons"]].to_numpy().tolist() == [
        [rows[0]["token"], "religion"]
    ]
    results = ws.read_table(ws.latest("visit_results"))
    frame = ws.read_table(ref).set_index("token")
    assert results["note"].dropna().tolist() == ["再訪は午前を希望"]
    assert results["inquiry_number"].tolist() == frame.loc[results["token"], "inquiry_number"].tolist()
    assert len(ws.ledger.events("checklist_recorded")) == len(ws.ledger.events("sheets_out"))
    assert all(r.ok for r in reconciliations(ws.ledger.events()))


def test_a_missing_sheet_blocks_the_next_issue_until_it_is_found(year: Workspace) -> None:
    ws, _ = visit_list(year)
    day1 = on(ws, DAY_1)
    morning(day1)
    report(day1, DAY_1, "visit_1-2027-10-13", [], short={"t01": 1})
    taken = field.take_field_report(day1, {}) or {}
    assert taken["counts"]["open"] == 1
    incident = ws.ledger.find("incident_opened", "sheet-visit_1-2027-10-13-t01")
    assert incident is not None
    assert ws.ledger.find("sheets_in", "visit_1/2027-10-13/t01") is None
    day2 = on(ws, DAY_2)
    with pytest.raises(KanshoError, match="CUSTODY-OPEN.*visit_1/2027-10-13/t01"):
        morning(day2)
    report(day2, DAY_1, "visit_1-2027-10-13-c1", [])
    assert morning(day2)["day"] == "2027-10-14"
    assert ws.ledger.find("sheets_in", "visit_1/2027-10-13/t01") is not None


def test_no_report_at_all_opens_an_incident(year: Workspace) -> None:
    ws, _ = visit_list(year)
    morning(on(ws, DAY_1))
    with pytest.raises(KanshoError, match="CUSTODY-OPEN"):
        morning(on(ws, DAY_2))
    assert len(ws.ledger.events("incident_opened")) == len(ws.ledger.events("sheets_out"))


def test_who_refused_overnight_is_struck_from_the_sheets(year: Workspace) -> None:
    ws, ref = visit_list(year)
    frame = ws.read_table(ref)
    first = frame.loc[frame["day"].eq(DAY_1.isoformat())].iloc[0]
    day1 = on(ws, DAY_1)
    stop(day1, "d05b", [first["inquiry_number"]])
    issued = morning(day1)
    assert issued["counts"]["withdrawn"] == 1
    half_a = from_csv(received(day1, "visitors", "visit_halves")[0].files["half_a.csv"], VISIT_HALF_A)
    assert first["token"] not in set(half_a["token"])


@pytest.mark.parametrize(
    "bad",
    [b"[]", b"{}", b"\xff", b'{"wave":"w","day":"d","teams":[{"team":"t01","sheets_returned":-1}]}',
     b'{"wave":"w","day":"d","teams":[{"team":"t01","sheets_returned":1,"checklist":{"strap":true}}]}',
     b'{"wave":"w","day":"d","teams":[{"team":"t01","sheets_returned":1,"out":{"by":"h04"}}]}',
     b'{"wave":"w","day":"d","teams":[{"team":"t01","sheets_returned":1,"in":{"by":"h08","to":4}}]}',
     b'{"wave":"w","day":"d","teams":[{"team":"t01","sheets_returned":1,"in":"h08"}]}'],
)  # fmt: skip
def test_a_malformed_report_is_refused(bad: bytes) -> None:
    with pytest.raises(KanshoError, match="FIELD-REPORT"):
        field.read_report(bad)


def test_the_book_names_who_gave_the_sheets_to_whom_and_where_as_the_report_says(year: Workspace) -> None:
    ws, _ = visit_list(year)
    day1 = on(ws, DAY_1)
    morning(day1)
    hands = {"out": {"by": "h04", "to": "h08"}, "in": {"by": "h08", "to": "h04"}}
    for package, wrong in (("w1", {"by": "h08", "to": "h04"}), ("w2", {"by": "h04", "to": "nobody"})):
        report(day1, DAY_1, package, [], **{**hands, "out": wrong})
        with pytest.raises(KanshoError, match="RESULTS-REFUSED"):
            custody.take_field_report(day1, {})
        refused = day1.ledger.find("package_refused", f"visitors/visit_results/{package}")
        assert refused is not None
        assert refused.codes["code"] == "FIELD-HANDS"
    report(day1, DAY_1, "v1", [], **hands)
    custody.take_field_report(day1, {})
    lines = [x for x in book(day1.ledger.events(), ws.config) if x.kind == "visit_sheets"]
    assert {(x.giver, x.by, x.receiver, x.received_by, x.place) for x in lines} == {
        ("contractor", "h04", "visitors", "h08", "visit_base"),
        ("visitors", "h08", "contractor", "h04", "visit_base"),
    }


def test_the_visits_are_the_visitors_work(year: Workspace) -> None:
    assert year.config.party_for(Work.VISITS).kind is PartyKind.SUBCONTRACTOR
