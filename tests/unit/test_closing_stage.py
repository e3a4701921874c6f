"""Hand-over, receipt, certificates, inventory, plan, approvals, erasure: each refuses what is not in order."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kansho.closing import erasure, key_ends, stage
from kansho.closing.finalise import finalise
from kansho.closing.inventory import holdings
from kansho.closing.needles import from_table
from kansho.closing.veiled import mark
from kansho.contracts.registry import HANDOVER_ASIDE, HANDOVER_MAIL, HANDOVER_STOPS
from kansho.evidence.account import reconciliations
from kansho.evidence.verify import verify_bundle
from kansho.exchange.comments import leave_comment
from kansho.exchange.tables import from_csv
from kansho.vault.classes import VAULT_CLASSES
from kansho.workspace import Workspace
from tests.refusals import refused
from tests.unit.closing_year import CONTACT, ClosingYear
from tests.unit.test_closing_finalise import with_traces


@pytest.fixture
def year(begun_year: ClosingYear) -> ClosingYear:
    return begun_year


def handed(year: ClosingYear) -> ClosingYear:
    year = year.on(year.ws.config.closing.handover_on)
    assert stage.make_handover(year.ws, {})
    return year


def test_nothing_is_due_before_its_day(year: ClosingYear) -> None:
    assert stage.find_closing_work(year.ws, {}) is None
    assert stage.make_handover(year.ws, {}) is None
    assert stage.take_handover_receipt(year.ws, {}) is None
    assert stage.take_certificates(year.ws, {}) is None
    assert stage.take_inventory(year.ws, {}) is None
    assert stage.find_closing_work(year.on(year.ws.config.closing.handover_on).ws, {}) == {"due": "handover"}


def test_what_was_written_about_a_plan_goes_back_in_its_words(year: ClosingYear) -> None:
    words = "東町は、二度目を\n避けること"
    asked = year.ws.ledger.events("approval_requested")[0]
    leave_comment(year.ws, replace(asked, refs={"artefact": year.ws.latest("roster").to_json()}), words)
    handed(year)
    opened = year.opened("ward", "handover", "handover-1")
    head, row = csv.reader(io.StringIO(opened.files["comments.csv"].decode("utf-8-sig"), newline=""))
    assert head == ["of", "on", "user", "role", "text"]
    assert row[4] == words
    assert opened.manifest["counts"]["rows_comments"] == 1


def test_the_ward_gets_every_result_by_number(year: ClosingYear) -> None:
    year = handed(year)
    opened = year.opened("ward", "handover", "handover-1")
    assert sorted(opened.files) == [
        "call_results.csv", "comments.csv", "exceptions.csv", "groups.csv", "inbound_records.csv", "last_plan.json",
        "mail_results.csv",
        "next_year_outreach_result.csv", "next_year_past_outreach.csv", "next_year_stop_list.csv",
        "profiles.json", "stops.csv",
        "visit_results.csv",
    ]  # fmt: skip
    stops = from_csv(opened.files["stops.csv"], HANDOVER_STOPS)
    assert list(stops.itertuples(index=False, name=None)) == [
        ("1357-2468-01", "2027-08-17", "call", "50"),
        ("4821-7390-66", "2027-11-01", "inbound", "3"),
    ]
    mail = from_csv(opened.files["mail_results.csv"], HANDOVER_MAIL)
    assert mail.loc[0, ["posted_on", "returned_on", "return_reason"]].tolist() == ["2027-06-24", "2027-07-01", "1"]
    assert opened.manifest["counts"]["rows_visit_results"] == 1


def test_what_a_gate_put_aside_goes_back_with_its_reasons_and_without_what_may_not_be_told(year: ClosingYear) -> None:
    number = "4821-7390-66"
    visit = {"token": "T1", "wave": "visit_1", "visited_on": "2027-10-13", "outcome": "99", **CONTACT}
    call = {"wave": "call_1", "attempt": "1", "inquiry_number": number, "called_on": "2027-08-17", "outcome": "20"}
    family = {**call, **CONTACT, "answered_by": "family", "note": "午後に折返し希望"}
    prose = {**call, **CONTACT, "wish": "息子の宗教の都合", "inquiry_number": "番号不明の方"}
    year.ws.store_table("visit_list", "visit_1", pd.DataFrame([{"token": "T1", "inquiry_number": number}]))
    for name, rows in (
        ("call_results-c9", [{**family, "reasons": "not_from_person"}, {**prose, "reasons": "not_listed"}]),
        ("visit_results-v9", [{**visit, "reasons": "value_outcome"}]),
        ("target_list-d02", [{"inquiry_number": number, "reason": "x"}]),
    ):
        year.ws.store_table("quarantine", name, pd.DataFrame(rows))
    opened = handed(year).opened("ward", "handover", "handover-1")
    assert {n for n in opened.files if n.startswith("aside_")} == {"aside_call_results.csv", "aside_visit_results.csv"}
    calls = from_csv(opened.files["aside_call_results.csv"], HANDOVER_ASIDE["call_results"])
    first, second = calls.to_dict("records")
    assert [first[n] for n in ("package", "line", "reasons", "inquiry_number", "outcome", "answered_by")] == [
        "c9", "1", "not_from_person", number, "20", "family",
    ]  # fmt: skip
    assert {first[n] for n in ("intention", "reason", "wish", "note")} == {None}, "only the person may tell it (D4)"
    assert (second["inquiry_number"], second["wish"], second["intention"]) == (None, None, "3")
    visits = from_csv(opened.files["aside_visit_results.csv"], HANDOVER_ASIDE["visit_results"])
    assert visits[["inquiry_number", "token", "outcome"]].to_numpy().tolist() == [[number, "T1", None]]
    counts = opened.manifest["counts"]
    assert (counts["rows_aside_call_results"], counts["rows_aside_visit_results"]) == (2, 1)
    assert not any("宗教".encode() in data for data in opened.files.values())


def test_held_notes_stay_and_the_ward_is_told_how_many_there_were(year: ClosingYear) -> None:
    held = [{"inquiry_number": "4821-7390-66", "note": "糖尿病で通院中", "reasons": "illness"}] * 2
    ref = year.ws.store_table("note_review", "call_results-c9", pd.DataFrame(held))
    year.ws.erase(ref, reason="retention")
    opened = handed(year).opened("ward", "handover", "handover-1")
    assert opened.manifest["counts"]["notes_held"] == 2
    assert not any("糖尿病".encode() in data for data in opened.files.values())


def test_the_hand_over_counts_what_the_account_asks_for(year: ClosingYear) -> None:
    year = handed(year)
    counts = year.opened("ward", "handover", "handover-1").manifest["counts"]
    told = ("rows_mail_results", "mail_returned", "rows_stops", "stops_refused", "notes_held")
    assert [counts[name] for name in told] == [1, 1, 2, 2, 0]
    made = [r for r in reconciliations(year.ws.ledger.events()) if "handed back" in r.name]
    assert len(made) == 11
    assert [r for r in made if not r.ok] == []


def test_what_is_only_told_of_results_makes_another_hand_over_too(year: ClosingYear) -> None:
    """A task that died between its table and its event tells of it later than it stored it."""
    year = handed(year)
    year.ws.record("results_recorded", "c9", counts={"accepted": 0}, codes={"channel": "call"})
    again = stage.make_handover(year.ws, {})
    assert again is not None
    assert again["package"] == "handover-2"


def test_a_receipt_is_recorded_with_the_sealed_package_that_it_came_in(year: ClosingYear) -> None:
    year = handed(year)
    year.receipt()
    assert stage.take_handover_receipt(year.ws, {})
    (taken,) = year.ws.ledger.events("handover_receipted")
    came = year.ws.ledger.find("package_received", "ward/handover_receipt/r-handover-1-0")
    assert came is not None
    assert taken.refs["sha256_receipt"] == came.refs["sha256_sealed"] != taken.refs["sha256_sealed"]


def test_the_hand_over_happens_once_until_something_comes_in(year: ClosingYear) -> None:
    year = handed(year)
    assert stage.make_handover(year.ws, {}) is None
    late = {"record": "I2", "inquiry_number": "4821-7390-66", "received_on": "2028-01-26", "purpose": "1"}
    year.ws.store_table("inbound_records", "i2", pd.DataFrame([{**late, "answered_by": "self", "purpose_stated": "1"}]))
    again = stage.make_handover(year.ws, {})
    assert again
    assert again["package"] == "handover-2"


@pytest.mark.parametrize("wrong", [{"counts": {}}, {"sha256_sealed": "0" * 64}, {"campaign": "x"}])
def test_a_receipt_that_differs_is_refused(year: ClosingYear, wrong: dict[str, Any]) -> None:
    year = handed(year)
    year.receipt(**wrong)
    with refused("CLOSING-RECEIPT"):
        stage.take_handover_receipt(year.ws, {})
    assert year.ws.ledger.events("handover_receipted") == []
    year.receipt()
    assert stage.take_handover_receipt(year.ws, {}) == {"counts": {"receipts": 1}}


def test_without_a_receipt_nothing_goes_on(year: ClosingYear) -> None:
    year = handed(year).on(year.ws.config.closing.erase_on)
    for function in (stage.take_handover_receipt, stage.take_inventory):
        with refused("CLOSING-NO-RECEIPT"):
            function(year.ws, {})


def test_facts_that_came_in_after_the_hand_over_are_handed_over_too_before_anything_goes_on(year: ClosingYear) -> None:
    year = handed(year)
    year.receipt()
    stage.take_handover_receipt(year.ws, {})
    late = pd.DataFrame({"record": ["I2"], "inquiry_number": ["1357-2468-01"], "received_on": ["2028-01-26"]})
    year.ws.store_table("inbound_records", "i2", late.assign(purpose="3", answered_by="self", purpose_stated="1"))
    closing = year.on(year.ws.config.closing.erase_on)
    for function in (stage.take_handover_receipt, stage.take_inventory):
        with refused("CLOSING-HANDOVER-STALE"):
            function(closing.ws, {})
    assert year.ws.ledger.events("inventory_taken") == []
    again = stage.make_handover(year.ws, {})
    assert again is not None
    assert again["package"] == "handover-2"
    with refused("CLOSING-NO-RECEIPT", "handover-2"):
        stage.take_handover_receipt(closing.ws, {})
    year.receipt("handover-2")
    assert stage.take_handover_receipt(closing.ws, {}) == {"counts": {"receipts": 1}}


def test_a_late_certificate_is_missed_then_taken(year: ClosingYear) -> None:
    year = handed(year)
    year.receipt()
    stage.take_handover_receipt(year.ws, {})
    year.certify("printer")
    year.certify("call_centre")
    due = year.on(year.ws.config.closing.certificates_due)
    assert stage.take_certificates(due.ws, {}) == {"counts": {"taken": 2, "missing": 1}, "missing": ["visitors"]}
    assert due.ws.ledger.events("deadline_missed") == []
    assert {e.codes["late"] for e in due.ws.ledger.events("certificate_received")} == {"no"}, "on the day itself"
    last = year.on(year.ws.config.closing.erase_on)
    with refused("CLOSING-CERTIFICATES-MISSING"):
        stage.take_certificates(last.ws, {})
    with refused("CLOSING-CERTIFICATES-MISSING"):
        stage.take_inventory(last.ws, {})
    (missed,) = last.ws.ledger.events("deadline_missed")
    due_on = year.ws.config.closing.certificates_due.isoformat()
    assert (missed.key, missed.codes) == ("certificate/visitors", {"due": due_on, "clause": "P12"})
    last.certify("visitors")
    assert stage.take_certificates(last.ws, {})
    received = last.ws.ledger.find("certificate_received", "visitors")
    assert received is not None
    assert received.codes["late"] == "yes"
    for name, ref in (("certificate-visitors.pdf", "sha256_pdf"), ("certificate-visitors.json", "sha256")):
        kept = (last.ws.layout.outputs / "documents" / name).read_bytes()
        assert sha256(kept).hexdigest() == received.refs[ref], "as it came"


@pytest.mark.parametrize(
    "wrong",
    [
        {"packages": ["print_package/other"]},
        *({"party": "printer"}, {"campaign": "x"}, {"by": "h01"}, {"place": "vault_site"}, {"on": "2099-01-01"}),
        {"on": "2027-03-01"},
        *({"method": "deleted"}, {"witness": None}, {"witness": "h08"}, {"on": "2028-01-20T00:00:00"}),
        {"note": "all is well"},
    ],
)
def test_a_certificate_that_does_not_fit_is_refused(year: ClosingYear, wrong: dict[str, Any]) -> None:
    year.certify("visitors", **wrong)
    with refused("CLOSING-CERTIFICATE"):
        stage.take_certificates(year.ws, {})
    assert year.ws.ledger.find("certificate_received", "visitors") is None
    assert stage.take_certificates(year.ws, {}) is None  # not looked at again, and not forgotten
    (told,) = year.ws.ledger.events("package_refused")
    sealed = (year.ws.layout.outgoing("visitors") / f"erasure_certificate--c-{len(wrong)}.age").read_bytes()
    assert told.codes == {"party": "visitors", "kind": "erasure_certificate", "code": "CLOSING-CERTIFICATE"}
    assert told.refs == {"sha256_sealed": sha256(sealed).hexdigest()}


def test_the_inventory_counts_every_holding(year: ClosingYear) -> None:
    year, plan = year.until_plan()
    counts = year.ws.ledger.events("inventory_taken")[-1].counts
    kinds = {"vault": 15, "keys": 8, "media": 1, "packages": 3, "manual": 5, "traces": 0}
    assert counts == {"holdings": 32, **kinds, "traces.rows": 0, "traces.logs": 0, "traces.pages": 0}
    assert plan["counts"] == {"targets": 16, "documents": 1, "keys": 8, "media": 1, "manual": 6}


def test_the_inventory_counts_what_airflow_keeps_at_its_time(year: ClosingYear) -> None:
    with_traces(year)
    year, _ = year.until_plan()
    event = year.ws.ledger.events("inventory_taken")[-1]
    assert {n: c for n, c in event.counts.items() if n.startswith("traces")} == {
        "traces": 2, "traces.rows": 2, "traces.logs": 1, "traces.pages": 0,
    }  # fmt: skip
    assert (event.counts["holdings"], event.codes) == (34, {"database": "sqlite"})


def test_what_was_counted_again_after_the_plan_stops_its_execution_before_anything_is_erased(
    year: ClosingYear,
) -> None:
    year, plan = year.until_plan()
    year.approve(plan, "erasure_ward", "yamanashi")
    year.approve(plan, "erasure_contractor", "watanuki", distinct_from="erasure_ward")
    year.put_slips()
    work = stage.return_media(year.ws, plan)
    again = stage.take_inventory(year.ws, {})
    assert again
    with refused("ERASURE-INVENTORY", place=again["inventory"]):
        stage.execute_erasure(year.ws, work)
    assert year.ws.ledger.events("holding_erased") == []
    assert year.ws.ledger.events("keys_destroyed") == []
    anew = stage.plan_erasure(year.ws, again)
    year.approve(anew, "erasure_ward_2", "yamanashi")
    year.approve(anew, "erasure_contractor_2", "watanuki", distinct_from="erasure_ward_2")
    stage.execute_erasure(year.ws, anew)
    result = finalise(year.ws.config, year.ws.layout.var, no_database=True)
    assert verify_bundle(Path(result["bundle"])) == []


def test_a_difference_between_ledger_and_vault_stops(year: ClosingYear) -> None:
    year, _ = year.until_plan()
    year.ws.vault.put_bytes("roster", "copy", b"unregistered")
    with refused("CLOSING-UNREGISTERED", place=f"roster/…(#{mark(year.ws, 'roster/copy')})"):
        stage.take_inventory(year.ws, {})
    year.ws.vault.erase("roster/copy")
    year.ws.vault.erase("roster/d01")
    with refused("CLOSING-VANISHED", place="roster/d01"):
        stage.take_inventory(year.ws, {})


def test_the_plan_is_a_dry_run_with_a_document_that_repeats(year: ClosingYear) -> None:
    year, plan = year.until_plan()
    inventory = {"inventory": year.ws.ledger.events("inventory_taken")[-1].key}
    assert stage.plan_erasure(year.ws, inventory) == plan
    ref = year.ws.find("plan_document", plan["plan"])
    assert ref is not None
    assert year.ws.read_bytes(ref).startswith(b"%PDF")
    assert year.ws.ledger.events("holding_erased") == []


def test_a_plan_killed_before_it_was_recorded_is_the_same_plan(
    year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(*args: Any, **parts: Any) -> None:
        raise KeyboardInterrupt

    original = Workspace.store_bytes
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "store_bytes", lambda *a, **k: (original(*a, **k), dying()))
        with pytest.raises(KeyboardInterrupt):
            year.until_plan()
    year = year.on(year.ws.config.closing.erase_on)
    plan = stage.plan_erasure(year.ws, {"inventory": year.ws.ledger.events("inventory_taken")[-1].key})
    assert plan["counts"]["targets"] == 16


def test_a_plan_needs_its_inventory(year: ClosingYear) -> None:
    with refused("ERASURE-NO-INVENTORY"):
        stage.plan_erasure(year.ws, {})


def test_a_real_year_plans_nothing_without_machines_to_name(year: ClosingYear, monkeypatch: pytest.MonkeyPatch) -> None:
    year, _ = year.until_plan()
    bare = year.ws.config.model_copy(update={"closing": year.ws.config.closing.model_copy(update={"storage": ()})})
    inventory = {"inventory": year.ws.ledger.events("inventory_taken")[-1].key}
    monkeypatch.setattr(Workspace, "is_simulation", False)
    with refused("ERASURE-STORAGE"):
        stage.plan_erasure(replace(year.ws, config=bare), inventory)
    assert stage.plan_erasure(year.ws, inventory)["counts"]["targets"], "with its machines named it plans"


def test_who_approves_the_plan_is_told_what_an_auditor_will_find(year: ClosingYear) -> None:
    year, _ = year.until_plan()
    assert erasure.plan_of(year.ws, holdings(year.ws))["findings"] == [], "what the closing still brings is none"
    strange = year.ws.record("package_received", "nobody/x/1", codes={"party": "nobody", "kind": "x"})
    place = f"event {strange.sequence} package_received nobody/x/1"
    assert erasure.plan_of(year.ws, holdings(year.ws))["findings"] == [{"code": "CUSTODY-PARTY", "place": place}]


def one(year: ClosingYear, plan: dict[str, Any]) -> None:
    year.approve(plan, "erasure_ward", "yamanashi")


def twice_the_same(year: ClosingYear, plan: dict[str, Any]) -> None:
    year.approve(plan, "erasure_ward", "yamanashi")
    year.approve(plan, "erasure_again", "yamanashi")


def another_digest(year: ClosingYear, plan: dict[str, Any]) -> None:
    other = {**plan, "artefact": {**plan["artefact"], "digest": "0" * 64}}
    year.approve(plan, "erasure_ward", "yamanashi")
    year.approve(other, "erasure_contractor", "watanuki")


@pytest.mark.parametrize("given", [lambda y, p: None, one, twice_the_same, another_digest])
def test_without_two_approvals_of_its_digest_nothing_is_erased(
    year: ClosingYear, given: Callable[[ClosingYear, dict[str, Any]], None]
) -> None:
    year, plan = year.until_plan()
    given(year, plan)
    work = stage.return_media(year.ws, plan)
    with refused("ERASURE-UNAPPROVED"):
        stage.execute_erasure(year.ws, work)
    assert year.ws.ledger.events("holding_erased") == []


def approved(year: ClosingYear) -> tuple[ClosingYear, dict[str, Any]]:
    year, plan = year.until_plan()
    year.approve(plan, "erasure_ward", "yamanashi")
    year.approve(plan, "erasure_contractor", "watanuki", distinct_from="erasure_ward")
    year.put_slips()
    return year, stage.return_media(year.ws, plan)


def test_media_must_be_returned_first(year: ClosingYear) -> None:
    year, work = approved(year)
    taken = year.ws.ledger.events("inventory_taken")[-1]
    assert stage.plan_erasure(year.ws, {"inventory": taken.key})["plan"] == work["plan"], "returned since, as planned"
    year.ws.record("medium_registered", "late", codes={"kind": "CD-R"})
    with refused("ERASURE-MEDIA"):
        stage.execute_erasure(year.ws, work)
    assert (year.ws.layout.outputs / "documents" / "media-return.pdf").is_file()
    issued = year.ws.ledger.find("document_issued", "documents/media-return.pdf")
    assert issued is not None
    assert (issued.codes, issued.names) == ({"kind": "media_return"}, {"title": "提供媒体返却書"})


def test_what_came_in_after_the_plan_stops_it(year: ClosingYear) -> None:
    year, work = approved(year)
    with refused("ERASURE-UNPLANNED"):
        stage.execute_erasure(year.ws, {**work, "artefact": {**work["artefact"], "digest": "0" * 64}})
    year.ws.store_bytes("proof", "late", b"x")
    with refused("ERASURE-CHANGED"):
        stage.execute_erasure(year.ws, work)


def test_without_a_plan_nothing_is_erased(year: ClosingYear) -> None:
    with refused("ERASURE-UNPLANNED"):
        stage.execute_erasure(year.ws, {})


def test_everything_is_erased_and_the_keys_are_gone(year: ClosingYear) -> None:
    year = year.until_erased()
    ws = year.ws
    assert ws.vault.names() == []
    assert ws.keyring.names() == ["needles", "signing"]
    assert [e.key for e in ws.ledger.events("keys_destroyed")] == [*VAULT_CLASSES, "hmac", "exchange"]
    gone = {"found": "present", "method": "overwrite+unlink", "verified": "absent"}
    assert all(e.codes == gone for e in ws.ledger.events("keys_destroyed"))
    assert len(ws.ledger.events("holding_erased")) == 16
    assert {e.codes["verified"] for e in ws.ledger.events("holding_erased")} == {"absent"}
    assert stage.find_closing_work(ws, {}) is None


def test_the_needles_of_the_scan_outlive_the_vault(year: ClosingYear) -> None:
    former = pd.DataFrame([{"inquiry_number": "4821-7390-66", "address": "墨田区東向島七丁目６番５号"}])
    sealed = year.ws.store_bytes("sealed_delivery", "d00", b"PK")
    year.ws.erase(year.ws.store_table("raw_target_list", "d00", former, parents=[sealed]), reason="retention")
    year = year.until_erased()
    ref = year.ws.find("residue_needles", "year")
    assert ref is not None
    texts = {n.text for n in from_table(year.ws.read_table(ref))}
    assert {"鬼怒川　綾乃助", "五十嵐久右衛門", "墨田区業平六丁目５番４号"} <= texts
    assert "墨田区東向島七丁目６番５号" in texts, "erased long before, and remembered"
    assert {"0398765432", "昭和36年2月3日", "4821-7390-66"} <= texts
    assert "Qw8-pass-9912" in texts
    assert "1970-01-01" not in texts


@pytest.mark.parametrize("after", [0, 1, 13, 15, 17, 21])
def test_killed_anywhere_it_goes_on_to_the_same_end(
    year: ClosingYear, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    year, work = approved(year)
    steps = 0
    for module, name in ((erasure, "erase_target"), (key_ends, "destroy_key")):
        original = getattr(module, name)

        def dying(*args: Any, original: Callable[..., None] = original) -> None:
            nonlocal steps
            if steps == after:
                raise KeyboardInterrupt
            steps += 1
            original(*args)

        monkeypatch.setattr(module, name, dying)
    with pytest.raises(KeyboardInterrupt):
        stage.execute_erasure(year.ws, work)
    monkeypatch.undo()
    fresh = replace(year.ws, ledger=type(year.ws.ledger)(year.ws.config.id, year.ws.ledger._store))
    done = stage.execute_erasure(fresh, work)
    assert done == {"plan": work["plan"], "counts": {"targets": 16, "erased": 16}}
    assert sorted(e.key for e in fresh.ledger.events("keys_destroyed")) == sorted([*VAULT_CLASSES, "hmac", "exchange"])
    assert fresh.vault.names() == []


def test_a_new_run_carries_an_interrupted_erasure_to_its_end(
    year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    year, work = approved(year)
    monkeypatch.setattr(erasure, "destroy_vault_keys", lambda ws: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        stage.execute_erasure(year.ws, work)
    monkeypatch.undo()
    inventory = stage.take_inventory(year.ws, {})
    taken = year.ws.ledger.events("inventory_taken")[-1]
    assert inventory == {"inventory": taken.key, "digest": taken.refs["digest"], "counts": taken.counts}
    assert stage.plan_erasure(year.ws, inventory)["plan"] == work["plan"]
