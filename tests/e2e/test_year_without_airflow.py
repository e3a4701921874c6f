"""A whole small year through the DAG files as they stand, every mishap handled, in one process.

Every task that writes is killed once in the middle of its work and run again; the year must not notice.  What Airflow
adds (schedules, approvals on its forms, the death of processes) is proven elsewhere; here the stages themselves meet.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from campaign_desk.tables import in_words
from kansho.campaign.clauses import clauses_in_force
from kansho.campaign.small_cells import is_small
from kansho.closing.pdf_signature import pdf_signature_holds
from kansho.closing.residue import scan
from kansho.evidence.account import counts, reconciliations
from kansho.evidence.verify import verify_bundle
from kansho.oversight.clauses import states
from kansho.oversight.custody_book import book
from kansho.vault.classes import ORIGINALS
from kansho_airflow.countwords import count_word
from tests.played import PEOPLE, Played, canaries
from tests.unit.test_desk_tables import IDENTIFIER

pytestmark = pytest.mark.timeout(900)  # the first of them plays the year


def test_the_evidence_of_the_year_verifies(played: Played) -> None:
    outputs = played.year.var / "kansho" / "outputs"
    bundle = outputs / f"evidence-{played.year.config.id}.zip"
    assert [f.line for f in verify_bundle(bundle, outputs / "checkpoint.txt")] == []
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    flipped = bundle.with_name("flipped.zip")
    flipped.write_bytes(data)
    assert verify_bundle(flipped) != []
    flipped.unlink()


def test_tasks_died_in_the_middle_of_their_work(played: Played) -> None:
    assert played.kills > 60


def test_what_people_did_by_hand_was_asked_for_done_and_named(played: Played) -> None:
    config, of = played.year.config, lambda t: [e for e in played.events if e.type == t]
    asked = {e.key: e.campaign_date for e in of("certificate_requested")}
    assert asked == {p.id: config.closing.handover_on.isoformat() for p in config.subcontractors}
    assert {e.key for e in of("certificate_forwarded")} == set(asked)
    wanted = set(of("erasure_planned")[-1].refs["manual"])
    assert {"paper/returned-cards", "paper/visit-sheets", "hand/backup_disk"} <= wanted
    assert {e.key for e in of("manual_target_closed")} == wanted
    outputs = played.year.var / "kansho" / "outputs"
    key = bytes.fromhex(of("keys_created")[0].codes["signing_public"])
    assert pdf_signature_holds((outputs / "documents" / "erasure-certificate.pdf").read_bytes(), key)


def test_every_derived_copy_names_what_it_was_made_of(played: Played) -> None:
    stored = [e for e in played.events if e.type == "snapshot_stored"]
    assert {e.refs["holding"]["kind"] for e in stored if not e.refs["parents"]} <= ORIGINALS.keys()
    known: set[str] = set()
    for event in stored:
        assert {f"{p['kind']}/{p['key']}" for p in event.refs["parents"].values()} <= known, event.key
        known.add(event.key)


def test_every_copy_says_what_it_was_made_for_and_those_of_subcontractors_what_of(played: Played) -> None:
    config = played.year.config
    subs = {p.id for p in config.subcontractors}
    stored = [e for e in played.events if e.type == "snapshot_stored"]
    assert {(e.key.partition("/")[0], e.names["purpose"]) for e in stored} <= {
        (f.kind, f.purpose) for f in config.data_flow
    }
    by_flow = {e.key.partition("/")[0] for e in stored if e.codes["purpose"] == "data_flow"}
    assert by_flow <= {"one_time_secret", "comment"}  # what people enter, reading nothing
    given = [e for e in played.events if e.type == "package_handed_over" and e.codes["party"] in subs]
    origins = {e.codes["kind"]: {p["kind"] for p in e.refs["parents"].values()} for e in given}
    assert origins == {
        "print_package": {"card_list", "print_pdf"},
        "pull_list": {"pull_list"},
        "call_list": {"call_list"},
        "visit_halves": {"visit_list", "visit_sheets"},
    }


def test_the_ward_was_told_of_each_incident_on_its_day_and_by_no_hand(played: Played) -> None:
    of = {t: [e for e in played.events if e.type == t] for t in ("incident_opened", "report_submitted")}
    told = {e.key.partition("/")[2]: e for e in of["report_submitted"] if e.key.startswith("incident_notice/")}
    assert {e.key: e.campaign_date for e in of["incident_opened"]} == {k: e.campaign_date for k, e in told.items()}
    first = {e.key: e.campaign_date for e in played.events if e.type == "incident_reported"}
    assert first == {e.key: e.campaign_date for e in of["incident_opened"]}  # its stage was woken, the report begun
    runs = [(r.day, r.number) for r in played.year.runs if r.stage == "incident"]
    assert len(runs) < 12  # one that is woken, one for what was filled in, one when what was lost is back


def test_the_book_names_people_for_media_and_sheets(played: Played) -> None:
    lines = book(played.events, played.year.config)
    sheets = [x for x in lines if x.kind == "visit_sheets" and "/" in x.medium and not x.medium.startswith("paper/")]
    assert sheets
    assert all(x.by and x.received_by and x.place for x in sheets)
    media = [x for x in lines if x.kind == "medium"]
    assert all(x.received_by and x.place for x in media)


def test_no_key_holds_a_word_that_chance_could_make_somebodys_number(played: Played) -> None:
    """Short digests were once written as they are: one in 280 is all decimal, and Airflow may not have it."""
    keys = {e.key for e in played.events if not e.key.startswith("documents/")}
    hexadecimal = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{6,63}(?![0-9A-Za-z])")
    assert [key for key in keys if hexadecimal.search(key)] == []


def test_every_equation_of_the_year_balances(played: Played) -> None:
    made = reconciliations(played.events)
    assert [r for r in made if not r.ok] == []
    assert len(made) > 30


def test_every_channel_was_used(played: Played) -> None:
    made = counts(played.events)
    corrected = [e.counts["rows_target_list"] for e in played.events if e.codes.get("answers")]
    assert made["delivered"] == PEOPLE + sum(corrected)
    for channel, name in (("cards", "posted"), ("calls", "reached"), ("visits", "made"), ("sheets", "in")):
        assert made[channel][name] > 0
    assert made["eligible"]["cancer"] > 0
    assert made["held_out"] > 0
    assert made["attended"] > 0


def test_staff_read_every_count_of_a_request_in_words(played: Played) -> None:
    told = {code for e in played.events if e.type == "approval_requested" for code in e.counts}
    assert len(told) > 20
    assert {code for code in told if count_word(code) == code} == set()


def test_staff_read_every_table_of_a_request_in_words(played: Played) -> None:
    """Headings and codes of everything that the year's people were asked to approve."""
    config = played.year.config
    tables = [in_words(kind, frame, config) for kind, frames in played.year.tables.items() for frame in frames]
    assert set(played.year.tables) == {"gate_summary", "call_list", "visit_list"}
    assert [h for table in tables for h in table.headings if IDENTIFIER.match(h)] == []
    # A cell of small Latin letters is a code that nobody has named; deliveries are called as their media are.
    cells = {cell for table in tables for row in table.rows for cell in row}
    assert {c for c in cells if re.fullmatch(r"[a-z][a-z0-9_|.]*", c)} - {d.id for d in config.deliveries} == set()


def test_nothing_of_a_resident_lay_outside_the_vault_while_the_year_ran(played: Played) -> None:
    assert len(played.scans) > 2
    assert [s.by_file for s in played.scans] == [{}] * len(played.scans)
    assert all(s.clean for s in played.scans)


def test_nothing_of_a_resident_is_left_afterwards(played: Played) -> None:
    found = scan([played.year.var / "kansho"], canaries(played.year))
    assert found.clean
    assert found.files > 100


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16-le"])
def test_a_leaky_task_makes_the_scan_fail(played: Played, tmp_path: Path, encoding: str) -> None:
    person = played.year.world.people.iloc[7]
    (tmp_path / "task.log").write_bytes(f"ValueError: bad row {person['name_kanji']}".encode(encoding))
    assert scan([tmp_path], canaries(played.year)).by_file == {str(tmp_path / "task.log"): 1}


def test_the_year_used_every_form_of_municipal_data(played: Played) -> None:
    taken = [e for e in played.events if e.type == "delivery_accepted"]
    first = next(e for e in taken if "checkup_results" in e.codes["kinds"])
    found = {kind: first.codes[f"encoding_{kind}"] for kind in first.codes["kinds"].split("|")}
    assert found == {
        "target_list": "cp932",
        "checkup_results": "cp932",
        "past_attendance": "utf-8-sig",
        "screening_history": "utf-16-le",
        "past_outreach": "utf-8-sig",
        "stop_list": "cp932",
    }
    delivered = played.year.var / "outside-world" / "ward" / "outgoing"
    assert {p.name for p in delivered.glob("*/sealed.*")} == {"sealed.zip", "sealed.xlsx", "sealed.7z"}
    roster = next(e for e in played.events if e.type == "snapshot_stored" and e.key.startswith("roster/"))
    changed = {name for name, n in roster.counts.items() if n and name.startswith("values.")}
    assert changed >= {"values.wareki", "values.kana", "values.phone", "values.postal"}
    reasons = next(e for e in played.events if e.type == "cards_prepared").refs["reasons"]
    assert sum(reasons.values()) > 0  # a name with a 外字 that the ward did not map is not printed


def test_what_was_sent_back_came_again_and_closed_its_exceptions(played: Played) -> None:
    of = {t: [e for e in played.events if e.type == t] for t in {e.type for e in played.events}}
    (answer,) = [e for e in of["delivery_accepted"] if e.codes.get("answers")]
    assert (answer.key, answer.codes["answers"], answer.codes["changes_only"]) == (
        "d01-r2-c1",
        "sb-d01-r2",
        "target_list",
    )
    opened = {e.key for e in of["exception_opened"] if "/target_list/" in e.key}
    assert opened
    assert opened <= {e.key for e in of["exception_resolved"]}


def test_a_stop_list_that_became_too_old_stopped_the_visits_until_the_ward_sent_another(played: Played) -> None:
    red = [r for r in played.year.runs if "STOP-STALE" in r.codes]
    assert {r.stage for r in red} == {"visit_day"}
    late = next(e for e in played.events if e.type == "delivery_accepted" and e.key == "d05")
    assert late.campaign_date == red[0].day.isoformat()
    sheets = [e for e in played.events if e.type == "sheets_out" and e.campaign_date == red[0].day.isoformat()]
    assert sheets
    assert late.sequence < sheets[0].sequence


def test_who_came_on_the_stop_list_after_the_selection_was_pulled_for_that_reason_and_not_posted(
    played: Played,
) -> None:
    world = played.year.var / "outside-world" / "world"
    (objection,) = [json.loads(p.read_text()) for p in (world / "objections").glob("*.json")]
    (selected,) = [e for e in played.events if e.type == "wave_selected" and e.key == "mailing_1"]
    (pulls,) = [e for e in played.events if e.type == "pulls_listed"]
    assert selected.campaign_date < objection["on"] < pulls.campaign_date
    assert pulls.refs["reasons"]["stopped"] >= 1
    assert objection["number"] in played.pulled["stopped"]
    assert objection["number"] not in json.loads((world / "contacts" / "print-mailing_1.json").read_text())["add"]


def test_the_mishaps_of_the_year_were_handled(played: Played) -> None:
    events = played.events
    of = {t: [e for e in events if e.type == t] for t in {e.type for e in events}}
    assert [e.codes["code"] for e in of["delivery_refused"]] == ["INTAKE-COLUMN-FORBIDDEN"]
    assert [e.key for e in of["gate_evaluated"] if e.codes["result"] == "hold"]
    (comment,) = of["comment_left"]
    assert comment.codes["of"].startswith("proof/")
    assert [e.counts["rows_comments"] for e in of["package_handed_over"] if e.codes["kind"] == "handover"][-1] == 1
    rejected = [e.key for e in of["approval_decided"] if e.codes["decision"] == "reject"]
    assert [key.rpartition("/")[2] for key in rejected] == ["proof"]
    assert "sheet_missing" in {e.codes["kind"] for e in of["incident_opened"]}
    assert {e.key for e in of["incident_opened"]} == {e.key for e in of["incident_closed"]}
    assert [e.key for e in of["certificate_received"] if e.codes["late"] == "yes"] == ["visitors"]
    assert "certificate/visitors" in {e.key for e in of["deadline_missed"]}
    assert sum(e.counts.get("refused", 0) for e in of["results_recorded"]) > 0
    assert sum(e.counts["notes_held"] for e in of["results_recorded"]) > 0


def test_on_the_last_day_no_obligation_of_the_contract_is_open(played: Played) -> None:
    config = played.year.config
    found = states(played.events, config, clauses_in_force(config.contract.start), config.contract.end)
    assert [i.key for i in found if i.state in ("due", "overdue")] == []
    assert sum(i.state == "done" for i in found) > 200
    assert "taisaku-otsu03" in {i.duty.id for i in found if i.late}  # the sheets that came a day late


def test_every_inspection_had_its_pack_and_what_was_found_was_put_right_with_a_paper(played: Played) -> None:
    config, of = played.year.config, lambda t: [e for e in played.events if e.type == t]
    packs = [e.key for e in of("document_issued") if e.codes["kind"] == "inspection_pack"]
    kinds = {key.partition("packs/")[2].partition("-20")[0] for key in packs}
    subs = [p.id for p in config.subcontractors]
    assert kinds == {"ward_inspection-contractor", *(f"{k}-{p}" for k in ("ward_check", "audit") for p in subs)}
    data = (played.year.var / "kansho" / "outputs" / next(k for k in packs if k.endswith(".json"))).read_bytes()
    assert json.loads(data)["handling"]["packages"] is not None
    (mended,) = [e for e in of("inspection_recorded") if e.key.startswith("correction/")]
    assert (mended.codes["action"], len(mended.refs["evidence"])) == ("procedure_changed", 64)
    (told,) = [e for e in of("briefing_recorded") if e.codes.get("of") == "leaver"]
    assert told.codes["by"] == "h07"
    finals = {e.key.partition("/")[2] for e in of("report_submitted") if e.key.startswith("incident_final/")}
    assert finals == {e.key for e in of("incident_closed")}
    assert all(e.counts["empty_items"] for e in of("incident_reported"))  # the first word was a 速報


def test_the_effect_report_costs_what_was_printed_posted_called_and_visited(played: Played) -> None:
    config, of = played.year.config, lambda t: [e for e in played.events if e.type == t]
    lines = pd.read_csv(next((played.outputs / "reports").glob("effect-*.csv")))
    whole = lines[lines["segment"].eq("all")].set_index("wave")
    costs, cell = config.costs, config.disclosure.min_cell
    (cards,), (prepared,) = ([e.counts for e in of(t)] for t in ("print_reported", "cards_prepared"))
    mailed = whole.loc["mailing_1"]
    away = (cards["withdrawn"] + cards["pulled"], prepared["unprintable"])
    if pd.isna(mailed["assigned"]) or any(is_small(people, cell) for people in away):
        assert mailed[["cost_yen", "cost_per_additional_yen"]].isna().all()  # it would tell how many they are
    else:
        assert mailed["cost_yen"] == cards["printed"] * costs.card_print + cards["posted"] * 85
    called = [e.counts["accepted"] for e in of("results_recorded") if e.codes.get("attempt") == "1"]
    assert whole.loc["call_1", "cost_yen"] == sum(called) * costs.call  # the second attempts are no further calls
    assert sum(called) == whole.loc["call_1", "assigned"]


def test_the_ledger_names_no_resident(played: Played) -> None:
    ledger = played.year.var / "kansho" / "ledger"
    assert scan([ledger], canaries(played.year)).clean
