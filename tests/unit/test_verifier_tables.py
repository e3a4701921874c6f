"""The verifier's own tables, said again: a word that is wrong in one of them makes a rule look at nothing.

Belongs here: tables, and the small questions that no bundle asks.  Does not belong here: what a bundle is told
(`test_attacks`), edges of a rule (`test_rule_edges`).
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence import access_rules, covered
from kansho.evidence.account import CODES, reconciliations
from kansho.evidence.certified import certified_facts
from kansho.evidence.checkpoint import read_checkpoint
from kansho.evidence.clauses import clause_of
from kansho.evidence.closing_rules import closing_findings
from kansho.evidence.countersignatures import ward_key_findings
from kansho.evidence.deadline_rules import KINDS, dues
from kansho.evidence.erasure_log import erasure_log
from kansho.evidence.events import EVENT_TYPES, Event
from kansho.evidence.findings import Finding
from kansho.evidence.past import Past
from kansho.evidence.rules import violations
from kansho.evidence.scan_log import scan_log
from kansho.evidence.strict import MAX_DIGITS, read_json
from kansho.evidence.verdict import verdict
from kansho.vault.classes import PERSONAL_KEYS
from tests.unit.evidence_year import GONE, Year, hand_over, lawful_year

CLAUSES = {
    "C1": ("CONFIG-DIGEST", "CONFIG-ABSENT", "STATE-AMENDMENT", "STATE-DATE"),
    "C2": ("COUNT-ROSTER", "COUNT-PERSONS", "WORK-PULLS"),
    "C4": ("WORK-CAPACITY", "COUNT-CANDIDATES"),
    "C5": ("WORK-PLAN",),
    "C6": ("STATE-RELEASE", "COUNT-SELECTED", "COUNT-PRINTED", "COUNT-REPORTED", "COUNT-POSTED", "COUNT-RESULTS"),
    "C7": ("STATE-CONSENT", "STATE-CONSENT-WORK", "CUSTODY-PARTY"),
    "D1": ("STATE-EXCEPTION-X", "STATE-GATE-BYPASSED", "STATE-UNGATED", "COUNT-DELIVERED"),
    "D3": ("CUSTODY-MEDIUM", "WORK-MEDIUM"),
    "D6": ("STATE-READ-UNKNOWN", "CUSTODY-ORPHAN", "CUSTODY-PARENT", "FLOW-UNAPPROVED", "FLOW-ERASE-BY"),
    "P2": ("COUNT-VISITS",),
    "P3": ("CUSTODY-SHEETS", "COUNT-SHEETS"),
    "P4": (
        *("STATE-UNOPENED", "STATE-RELEASE-ROLE", "STATE-READ-UNREGISTERED", "STATE-READ-ENDED"),
        "APPROVAL-UNASSIGNED",
    ),
    "P5": ("OVERSIGHT-TRAINING", "OVERSIGHT-BRIEFING", "OVERSIGHT-LEAVER", "DEADLINE-LEAVER"),
    "P6": ("OVERSIGHT-CORRECTION", "DEADLINE-INSPECTION", "DEADLINE-AUDIT", "DEADLINE-CORRECTION"),
    "P7": ("STATE-CONSENT-CLAUSES",),
    "P8": ("STATE-READ-PURPOSE", "APPROVAL-UNREAD"),
    "P9": ("STATE-INCIDENT-OPEN",),
    "P10": ("OVERSIGHT-CHECKLIST",),
    "P11": (
        *("STATE-READ-ERASED", "STATE-ERASED-TWICE", "STATE-PLAN-X", "STATE-NOT-ERASED", "STATE-KEY-PENDING"),
        *("STATE-TRACES", "STATE-UNATTENDED", "STATE-ATTENDED", "STATE-MANUAL-OPEN", "STATE-UNSCANNED"),
        *("STATE-SCAN-FORM", "STATE-SCAN-NEEDLES", "STATE-SCAN-PLACES", "STATE-UNVERIFIED", "STATE-INTERIM"),
        *("PAPERS-UNISSUED", "PAPERS-OTHER", "PAPERS-HAND"),
        *("STATE-MANUAL-METHOD", "STATE-MANUAL-PEOPLE", "STATE-MANUAL-RETURN", "STATE-MANUAL-PAPER"),
        *("STATE-RESIDUE", "CUSTODY-USED", "COUNT-ERASED", "COUNT-PACKAGES", "DEADLINE-ERASURE", "DEADLINE-MEDIUM"),
    ),
    "P12": (
        *("STATE-CERTIFICATE-MISSING", "CUSTODY-CERTIFICATE", "CUSTODY-COPY", "COUNT-CERTIFIED"),
        *("DEADLINE-CERTIFICATE", "DEADLINE-COPY", "PAPERS-PARTY", "PAPERS-WORDS"),
    ),
    "P13": ("DEADLINE-REPORT",),
    "P14": ("PLACE-UNDESIGNATED",),
    "P15": ("DEADLINE-ATTESTATION",),
    "E1": ("WORK-SEED", "WORK-CONSENT"),
    "E2": ("WORK-CUTOFF",),
    "": ("COUNT-NEGATIVE", "EVENT-TWICE", "TREE-ROOT"),
}


@pytest.mark.parametrize(("clause", "code"), [(clause, code) for clause, codes in CLAUSES.items() for code in codes])
def test_a_finding_fails_the_row_of_its_clause(clause: str, code: str) -> None:
    assert clause_of(Finding(code, "event 1", "…")) == clause


TASK, MANAGER, STAFF, ENGINEER = "system", "contractor_manager", "contractor_staff", "contractor_engineer"
FACTS = "residents health contacts papers"
PURPOSES = {
    "campaign_opening": (TASK, "secrets papers"),
    "config_amendment": (TASK, "papers"),
    "extract_intake": (TASK, "residents health papers secrets"),
    "validation": (TASK, "residents health papers"),
    "segmentation": (TASK, f"{FACTS} secrets"),
    **dict.fromkeys(("mailing_production", "mailing_dispatch", "call_wave", "inbound_enquiries"), (TASK, FACTS)),
    **dict.fromkeys(("visit_wave", "visit_day", "effect_analysis", "approval"), (TASK, FACTS)),
    "attendance_refresh": (TASK, "residents health"),
    "media_return_and_erasure": (TASK, f"{FACTS} secrets"),
    **dict.fromkeys(("incident", "oversight"), (TASK, "papers")),
    "residue_scan": (TASK, "needles residents health contacts"),
    "desk_lookup": (f"{MANAGER} {STAFF}", "residents health contacts"),
    "desk_lookup_calls": ("call_staff", "residents contacts"),
    "incident_text": (TASK, "residents"),
    "incident_desk": (f"{MANAGER} {STAFF} {ENGINEER}", "papers"),
    "plan_why": (f"ward_officer ward_manager {MANAGER}", "residents health contacts"),
    "simulated_truth": (TASK, "contacts"),
    "desk_review": (f"{MANAGER} {STAFF} {ENGINEER} ward_officer ward_manager", FACTS),
    "exception_handling": (f"{MANAGER} {STAFF} {ENGINEER} {TASK}", "residents health papers"),
}


def test_who_may_read_what_for_which_purpose() -> None:
    found = {name: (p.roles, p.classes) for name, p in access_rules.PURPOSES.items()}
    assert found == {n: (frozenset(roles.split()), frozenset(of.split())) for n, (roles, of) in PURPOSES.items()}


MORE = {("snapshot_stored", "P14"), ("print_reported", "C6"), ("wave_selected", "C5"), ("delivery_accepted", "D3")}
UNSEEN = {
    "returned = told to the ward",
    "unprintable = told to the ward",
    "visit results <= listed",
}


def test_a_clause_is_covered_by_events_that_are_filed_under_it_or_say_more() -> None:
    """What is looked at is of the log's own vocabulary; an event stands for its own clauses, and a few for others."""
    more = {
        (type_, clause)
        for type_, clauses in covered._LOOKED_AT.items()
        for clause in clauses
        if clause not in EVENT_TYPES[type_]
    }
    assert more == MORE


def test_every_equation_is_of_the_account_and_has_its_code(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    year.finish()
    made = {r.name.partition(" [")[0] for r in reconciliations(year.events)}
    assert made <= set(CODES)
    assert {*CODES} - made == UNSEEN


def test_every_deadline_has_its_code_and_clause(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    year.finish()
    assert {d.kind for d in dues(Past(year.events, year.facts, {}))} <= {*KINDS}


@pytest.mark.parametrize(
    ("delivered", "kept"),
    [
        ("target_list", "roster"),
        ("analysis_items", "analysis"),
        ("checkup_results", "checkup_facts"),
        ("past_attendance", "past_attendance_facts"),
        ("screening_history", "screening_facts"),
        ("stop_list", "stop_facts"),
        ("attendance_update", "attendance_facts"),
    ],
)
def test_what_came_in_behind_a_gate_that_stopped_is_told_of_every_kind_of_file(
    delivered: str, kept: str, mini: CampaignConfig
) -> None:
    year = lawful_year(mini)
    year.add("gate_evaluated", f"{delivered}/d77", codes={"result": "stop"})
    year.add("snapshot_stored", f"{kept}/d77", refs={"holding": {"kind": kept, "key": "d77"}})
    told = {f"{f.code} {f.place.partition(' ')[2].partition(' ')[2]}" for f in violations(year.events, year.facts)}
    assert f"STATE-GATE-BYPASSED gate_evaluated {delivered}/d77" in told


def test_returned_cards_and_sheets_are_waited_for_like_any_other_target(mini: CampaignConfig) -> None:
    """Of what the closing rules look at, each kind of event changes what they say."""
    year = Year(mini)
    year.add("returns_recorded", "mailing_1", counts={"returned": 3})
    year.add("sheets_in", "2027-10-13/a", counts={"sheets": 2})
    year.add("campaign_certified", "certificate")
    open_ = {f.place + f.text for f in closing_findings(year.events, year.facts) if f.code == "STATE-MANUAL-OPEN"}
    assert any("paper/returned-cards" in told for told in open_)
    assert any("paper/visit-sheets" in told for told in open_)


def test_facts_of_a_configuration_hold_from_the_event_after_the_one_that_bound_it(mini: CampaignConfig) -> None:
    """Whatever its digest begins with: the event that binds a change happened under the one before it."""
    year = Year(mini)
    former = replace(year.facts, contract_start="2000-01-01")
    first = year.add("campaign_opened", mini.id, codes={"config_digest": "f" * 64})
    changed = year.add("config_amended", "1", codes={"config_digest": "0" * 64})
    after = year.add("stage_finished", "x")
    past = Past(year.events, year.facts, {"f" * 64: former, "0" * 64: year.facts})
    assert [past.facts_at(e).contract_start for e in (changed, after)] == ["2000-01-01", year.facts.contract_start]
    assert past.facts_at(first) == year.facts


def test_a_plan_that_says_no_number_planned_nothing(mini: CampaignConfig) -> None:
    year = Year(mini)
    before = ("campaign_opened", "inventory_taken", "erasure_planned", "erasure_attended")
    for type_ in (*before, "traces_found", "traces_purged"):
        year.add(type_, "x")
    year.add("residue_scanned", "x", counts={"hits": 0, "unread": 0, "needles": 1})
    for key in PERSONAL_KEYS:
        year.add("keys_destroyed", key, codes=GONE)
    assert certified_facts(year.events)["erasure"]["planned"] == 0


def test_a_clause_without_events_has_none_and_says_so() -> None:
    row = next(row for row in verdict([], []).rows if row.clause == "P9")
    assert (row.state, row.events, row.why) == ("not covered", 0, "no rule had any event to look at")


def test_a_scan_that_told_no_number_of_values_searched_for_none(mini: CampaignConfig) -> None:
    year = Year(mini)
    year.add("residue_scanned", "1", refs={"places": {"kansho": {"files": 2}}})
    rows = [line.split(",")[2:] for line in scan_log(year.events).decode("utf-8-sig").splitlines()[1:]]
    assert rows == [["kansho", "2", "0", "0", "0", "0"], ["計", "0", "0", "0", "0", "0"]]


@pytest.mark.parametrize(("digits", "read"), [(MAX_DIGITS, True), (MAX_DIGITS + 1, False)])
def test_a_number_of_forty_digits_is_read_and_none_longer(digits: int, read: bool) -> None:
    assert MAX_DIGITS == 40
    text = json.dumps({"n": 10 ** (digits - 1)}).encode()
    if read:
        assert read_json(text, "x") == {"n": 10 ** (digits - 1)}
    else:
        with pytest.raises(KanshoError):
            read_json(text, "x")


def test_a_checkpoint_of_no_log_is_none() -> None:
    with pytest.raises(KanshoError, match="CHECKPOINT-FORM"):
        read_checkpoint("\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n—  AAAA\n", bytes(32))


def test_a_countersigned_note_that_is_no_text_is_not_the_ward_s() -> None:
    files = {"countersigned/0000000002.txt": b"kansho/log\n2\n\xff\xfe\n"}
    assert [f.code for f in ward_key_findings(files, [], [], bytes(32))] == ["WARD-KEY-SIGNATURE"]


def at_the_rule(year: Year) -> set[str]:
    named = (f"{f.code} {f.place.partition(' ')[2].partition(' ')[2]}" for f in violations(year.events, year.facts))
    return {line for line in named if line.strip() != "STATE-UNCERTIFIED"}


@pytest.fixture
def year(mini: CampaignConfig) -> Year:
    return lawful_year(mini)


def test_what_a_leaver_was_told_is_no_briefing_before_work(year: Year) -> None:
    briefed = next(e for e in year.events if e.type == "briefing_recorded" and e.codes.get("of") != "leaver")
    handler = briefed.key.partition("/")[0]
    year.events = [replace(e, codes={**e.codes, "of": "leaver"}) if e is briefed else e for e in year.events]
    assert any(line.startswith(f"OVERSIGHT-BRIEFING handler_registered {handler}") for line in at_the_rule(year))


def test_a_consent_without_a_day_is_none(year: Year) -> None:
    def without(event: Event) -> Event:
        if event.type != "party_registered" or event.key.partition("/")[0] != "printer":
            return event
        return replace(event, codes={**event.codes, "consented_on": ""})

    year.events = [without(event) for event in year.events]
    told = at_the_rule(year)
    assert "STATE-CONSENT-CLAUSES package_handed_over printer/print_package/mailing_1" in told


@pytest.mark.parametrize("kind", ["unheard_of", "roster"])
def test_a_holding_outside_the_data_flow_is_told_once(kind: str, year: Year) -> None:
    """Of what nothing approves, no day follows from the approval."""
    codes = {"holder": "nobody", "place": "nowhere", "erase_by": "2099-01-01"}
    year.add("snapshot_stored", f"{kind}/d77", codes=codes, refs={"holding": {"kind": kind, "key": "d77"}})
    told = {line for line in at_the_rule(year) if line.startswith("FLOW")}
    assert told == {f"FLOW-UNAPPROVED snapshot_stored {kind}/d77"}


def test_what_is_handed_over_while_the_erasure_goes_on_is_not_the_hand_over_of_everything(year: Year) -> None:
    """The one that counts is the last before anything was erased; of what was there then it must have had all."""
    before = {r.name: (r.left, r.right) for r in reconciliations(year.events)}
    hand_over(year, "handover-9", {})
    assert {r.name: (r.left, r.right) for r in reconciliations(year.events)} == before
    assert {r.ok for r in reconciliations(year.events) if "handed back" in r.name} == {True}


def test_a_database_that_was_said_not_to_be_there_is_a_row_of_its_own(mini: CampaignConfig) -> None:
    made = Year(mini)
    made.add("traces_found", "attempt-1", counts={"logs": 2}, codes={"database": "none"})
    made.add("traces_purged", "attempt-1", counts={"logs.removed": 2}, codes={"database": "none"})
    rows = [line.split(",") for line in erasure_log(made.events).decode("utf-8-sig").splitlines()[1:]]
    assert [[*row[:6], row[7]] for row in rows] == [
        [
            *("airflow-metadata/attempt-1", "traces", "", "", "not looked for", "said to have no database"),
            "not covered",
        ],
        ["airflow-logs/attempt-1", "traces", "", "2", "2", "deleted", "counted again: 0"],
        ["data-docs/attempt-1", "traces", "", "0", "0", "looked for", "counted again: 0"],
    ]
