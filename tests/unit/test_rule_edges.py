"""Edges of single rules, straight at the rules: what is just not allowed any more, and what just still is.

Belongs here: what a planted error showed that no bundle of `test_attacks` comes near.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.evidence.account import reconciliations, unbalanced
from kansho.evidence.bundle import sha256
from kansho.evidence.closing_rules import closing_findings, wanted_by_hand
from kansho.evidence.custody_rules import custody_findings
from kansho.evidence.merkle import leaf_hash, prefix_roots, root_of
from kansho.evidence.openings import left_out, opening_key
from kansho.evidence.past import Past
from kansho.evidence.rules import violations
from kansho.evidence.strict import read_json, read_zip, write_zip
from kansho.evidence.verify import verify_files
from tests.unit.attacks import (
    Misdeed,
    all_of,
    changed,
    coded,
    counted,
    dropped,
    event_of,
    handed_back,
    late,
    moved_to_the_end,
    on,
    pending_at_an_interim,
    set_actor,
)
from tests.unit.evidence_year import CONTRACTOR, DELETED, GONE, OFFICER, Year, lawful_year


@pytest.fixture(scope="module")
def lawful(mini: CampaignConfig) -> Year:
    return lawful_year(mini)


@pytest.fixture
def year(lawful: Year) -> Year:
    return replace(lawful, events=list(lawful.events))


def told(year: Year) -> set[str]:
    found = [*violations(year.events, year.facts), *unbalanced(year.events)]
    named = (f"{f.code} {re.sub(r'^event [0-9]+ ?', '', f.place)}" for f in found)
    return {line for line in named if line != "STATE-UNCERTIFIED events"}


def approved_by(user: str, role: str) -> Misdeed:
    return set_actor("approval_decided", "dag/run/erase_ward", user, role)


def as_another_thing(year: Year) -> None:
    asked = event_of(year, "approval_requested", "dag/run/plan")
    artefact = {**asked.refs["artefact"], "kind": "gate_summary"}
    changed("approval_requested", "dag/run/plan", refs={**asked.refs, "artefact": artefact})(year)


def found_in_an_inspection(of: str, on_: str = "2027-09-16", made_on: str = "2027-09-16") -> Misdeed:
    """The ward's own inspection found something; our correction is of ``of``."""

    def misdeed(year: Year) -> None:
        coded("inspection_recorded", "ward_check/visitors", findings="keys=2028-01-20", on=on_)(year)
        codes = {"on": made_on, "action": "locked", "done_by": "h06"}
        year.add("inspection_recorded", f"correction/{of}", codes=codes, refs={"evidence": "e" * 64})

    return misdeed


def ended(key: str, day: str) -> Misdeed:
    """A key service has deleted a key."""
    gone = {"found": "present", "method": "key-service", "verified": "absent"}
    return all_of(late("keys_destroyed", key, codes=gone), on("keys_destroyed", day, key))


def awaited() -> Misdeed:
    """A key service deletes after its own waiting days, be the contract over."""
    return all_of(pending_at_an_interim("health", "2028-02-05"), ended("health", "2028-02-05"))


def after_the_contract(type: str, key: str, **codes: str) -> Misdeed:
    return all_of(late(type, key, codes=codes), on(type, "2028-02-06", key))


def changed_after_the_plan(year: Year) -> None:
    year.add("roster_changed", "d02", counts={"added": 5, "back": 1})


def changed_before_the_plan(year: Year) -> None:
    changed_after_the_plan(year)
    moved_to_the_end("plan_made", "plan-1")(year)


def without_a_day(year: Year) -> None:
    """What a party was given came with no day by which it must be gone."""
    given = event_of(year, "package_handed_over", COPY)
    changed("package_handed_over", COPY, codes={n: v for n, v in given.codes.items() if n != "erase_by"})(year)


COPY = "printer/print_package/mailing_1"
ROSTER = {"kind": "roster", "key": "d01"}
HOLDING = {**ROSTER, "digest": sha256(b"roster/d01"), "rows": 97}


def committed_after_the_plan(year: Year) -> None:
    """The plan was made; then the seed was chosen that drew the people held out."""
    seed = event_of(year, "seed_committed")
    at = event_of(year, "plan_made").sequence
    order = [e for e in year.events[: at + 1] if e is not seed]
    year.events = [replace(e, sequence=i) for i, e in enumerate([*order, seed, *year.events[at + 1 :]])]


PRINTER = {"party": "printer", "kind": "print_report"}
BY_WARD = "APPROVAL-FOUR-EYES approval_decided dag/run/erase_ward"
PLAN = ("document_issued plan-1.pdf", "wave_selected call_1", "wave_selected mailing_1", "wave_selected visit_1")
# fmt: off
EDGES: dict[str, tuple[Misdeed, set[str]]] = {
    "one person, in another role, for four eyes": (
        approved_by("watanuki", "ward_manager"),
        {BY_WARD, "APPROVAL-UNASSIGNED approval_decided dag/run/erase_ward",
          "APPROVAL-UNREAD approval_decided dag/run/erase_ward",
          "STATE-ERASED-FOUR-EYES snapshot_erased quarantine/target_list-d01",
          "APPROVAL-UNREGISTERED approval_decided dag/run/erase_ward"},
    ),
    "another person of the same role for four eyes": (
        approved_by("yamanashi", CONTRACTOR[2]),
        {BY_WARD, "APPROVAL-UNASSIGNED approval_decided dag/run/erase_ward",
         "STATE-ERASED-FOUR-EYES snapshot_erased quarantine/target_list-d01"},
    ),
    "a plan approved as another thing": (as_another_thing, {f"WORK-PLAN {place}" for place in PLAN}),
    "read for a manager who answers for nothing": (
        all_of(*(coded("handler_registered", key, responsible="no") for key in ("h03", "h04"))),
        {"STATE-READ-UNREGISTERED snapshot_read roster/d01@segmentation/system"},
    ),
    "a seed chosen when the plan was known": (committed_after_the_plan, {"WORK-SEED wave_selected mailing_1"}),
    "a party that was taken in during the year, and never certified": (
        all_of(late("party_registered", "folder", codes={"kind": "subcontractor"}), late("campaign_certified", "c")),
        {"STATE-CERTIFICATE-MISSING folder", "PARTY-UNKNOWN party_registered folder"},
    ),
    "a copy with a party that nothing says when to erase": (
        without_a_day, {f"DEADLINE-COPY package_erased {COPY}", f"FLOW-ERASE-BY package_handed_over {COPY}"}),
    "a witness nobody knows": (
        all_of(coded("erasure_attended", "closing", witness="ghost"), late("campaign_certified", "certificate")),
        {"STATE-ATTENDED erasure_attended"},
    ),
    "a finding of the ward's own inspection corrected": (found_in_an_inspection("ward_check/visitors/keys"), set()),
    "a correction of another finding of an inspection": (
        found_in_an_inspection("ward_check/visitors/doors"),
        {"OVERSIGHT-CORRECTION inspection_recorded correction/ward_check/visitors/doors",
         "DEADLINE-CORRECTION correction/ward_check/visitors/keys"},
    ),
    "a correction the day before the inspection": (
        found_in_an_inspection("ward_check/visitors/keys", made_on="2027-09-15"),
        {"OVERSIGHT-CORRECTION inspection_recorded correction/ward_check/visitors/keys"},
    ),
    "a package from a registered party": (late("package_received", "printer/x/1", codes=PRINTER),
        {"CUSTODY-CERTIFICATE-EARLY package_received printer/x/1"}),
    "a certificate of a party that comes again": (
        late("package_received", "printer/x/1", codes={"party": "printer", "kind": "erasure_certificate"}), set()),
    "a package from nobody": (late("package_received", "/x/1", codes={"kind": "print_report"}), set()),
    "a key destroyed after the contract, nothing told before": (
        on("keys_destroyed", "2028-02-05", "needles"),
        {"STATE-DATE keys_destroyed needles", "DEADLINE-ERASURE erasure/contractor"}),
    "a key destroyed after the contract, certified as pending before": (awaited(), set()),
    "the papers of the end after the contract": (
        all_of(pending_at_an_interim("health", "2028-02-05"), after_the_contract("interim_certified", "interim-2"),
               *(after_the_contract("document_issued", k, kind=k) for k in ("erasure_certificate", "erasure_log")),
               after_the_contract("deadline_missed", "x/y"), ended("health", "2028-02-07")),
        set()),
    "another paper after the contract": (
        all_of(awaited(), after_the_contract("document_issued", "x.pdf", kind="monthly_report")),
        {"STATE-DATE document_issued x.pdf"}),
    "a scan after an interim certification": (
        all_of(pending_at_an_interim("health", "2028-02-05"), after_the_contract("residue_scanned", "scan-2")),
        {"STATE-DATE residue_scanned scan-2"}),
    "an interim certification while a key is neither gone nor awaited": (
        all_of(pending_at_an_interim("health", "2028-02-05"), dropped("keys_destroyed", "hmac")),
        {"STATE-INTERIM interim_certified interim-1"}),
    "an interim certification on a scan that had found something": (
        all_of(pending_at_an_interim("health", "2028-02-05"), counted("residue_scanned", "scan-1", hits=1)),
        {"STATE-INTERIM interim_certified interim-1"}),
    "an interim certification on a scan that had not read everything": (
        all_of(pending_at_an_interim("health", "2028-02-05"), counted("residue_scanned", "scan-1", unread=1)),
        {"STATE-INTERIM interim_certified interim-1"}),
    "an interim certification on a scan before the purge": (
        all_of(pending_at_an_interim("health", "2028-02-05"), late("traces_purged", "again"),
               late("interim_certified", "interim-2")),
        {"STATE-INTERIM interim_certified interim-2"}),
    "an interim certification that itself comes after the contract": (
        all_of(pending_at_an_interim("health", "2028-02-05"), on("interim_certified", "2028-02-01")),
        {"STATE-DATE interim_certified interim-1", "DEADLINE-ERASURE interim_certified interim-1"}),
    "an interim certification without any scan": (
        all_of(pending_at_an_interim("health", "2028-02-05"), dropped("residue_scanned")),
        {"STATE-INTERIM interim_certified interim-1"}),
    "a scan on the last day of the contract": (on("residue_scanned", "2028-01-31"), set()),
    "a scan on the day after it": (
        on("residue_scanned", "2028-02-01"),
        {"STATE-DATE residue_scanned scan-1", "DEADLINE-ERASURE erasure/contractor"}),
    "the opening on the first day of the contract": (on("campaign_opened", "2027-04-01"), set()),
    "the opening on the day before it": (
        on("campaign_opened", "2027-03-31"), {"STATE-DATE campaign_opened sumida_2027"}),
    "a key that nobody awaited, after the contract": (
        all_of(awaited(), after_the_contract("keys_destroyed", "late", **GONE)),
        {"STATE-DATE keys_destroyed late"}),
    "the awaited key on a day before the contract": (
        all_of(pending_at_an_interim("health", "2027-03-01"), ended("health", "2027-03-01")),
        {"STATE-DATE keys_destroyed health"}),
    "a list that changed after the plan": (changed_after_the_plan, set()),
    "a list that changed before the plan": (
        changed_before_the_plan,
        {"COUNT-PERSONS accepted + added = roster [plan-1]", "CUSTODY-USED-AFTER plan_made plan-1"}
        | {f"WORK-PLAN {place}" for place in PLAN[1:]}),
    "what was erased is erased once more": (
        late("snapshot_erased", "roster/d01", codes={"reason": "closing"} | DELETED, refs={"holding": HOLDING}),
        set()),
}
# fmt: on


@pytest.mark.parametrize("name", EDGES)
def test_what_a_rule_says_at_its_edge(name: str, year: Year) -> None:
    deed, expected = EDGES[name]
    assert told(year) == set()
    deed(year)
    assert told(year) == expected


def amended(config: CampaignConfig, deed: Misdeed) -> set[str]:
    """What is said of a year whose configuration was changed."""
    handlers = [h.model_copy(update={"user": "kagurazaka"}) if h.user == OFFICER[1] else h for h in config.handlers]
    before = config.model_copy(update={"handlers": tuple(handlers)})
    year = lawful_year(config, replaces=before, officer="kagurazaka")
    deed(year)
    in_force = {config.digest: year.facts, before.digest: Year(before).facts}
    return {f.code for f in violations(year.events, year.facts, in_force)} - {"STATE-UNCERTIFIED"}


def before_its_decision(year: Year) -> None:
    """The change is bound first, and decided on afterwards."""
    event = event_of(year, "config_amended")
    at = event_of(year, "approval_decided", "dag/run/amendment").sequence
    order = [e for e in year.events if e is not event]
    year.events = [replace(e, sequence=i) for i, e in enumerate([*order[:at], event, *order[at:]])]


def test_a_change_of_the_configuration_is_decided_before_it_is_bound_and_by_the_ward(mini: CampaignConfig) -> None:
    assert amended(mini, lambda year: None) == set()
    assert amended(mini, before_its_decision) == {"APPROVAL-UNASSIGNED", "STATE-AMENDMENT-UNAPPROVED"}
    by_us = coded("approval_requested", "dag/run/amendment", role="contractor_manager")
    assert amended(mini, by_us) == {"APPROVAL-UNASSIGNED", "STATE-AMENDMENT-OTHER"}


def test_paper_that_never_was_is_not_asked_for(year: Year) -> None:
    whole = wanted_by_hand(year.events, year.facts)
    cards, sheets = "paper/returned-cards", "paper/visit-sheets"
    assert {cards, sheets} <= whole
    counted("returns_recorded", "r1", returned=0)(year)
    assert wanted_by_hand(year.events, year.facts) == whole - {cards}
    counted("sheets_in", "visit_1/2027-10-13/1", sheets=0)(year)
    assert wanted_by_hand(year.events, year.facts) == whole - {cards, sheets}
    year.add("inventory_taken", "later", counts={"sheets": 3, "returned": 2})
    assert wanted_by_hand(year.events, year.facts) == whole - {cards, sheets}


def test_a_closing_by_hand_without_its_paper_says_that_it_is_the_paper(year: Year) -> None:
    changed("manual_target_closed", "hand/backup_disk", refs={})(year)
    assert [f.text for f in closing_findings(year.events, year.facts)] == ["closed without: document"]
    coded("manual_target_closed", "hand/backup_disk", on="", by="")(year)
    assert [f.text for f in closing_findings(year.events, year.facts)] == ["closed without: on by"]


def test_a_party_with_consent_and_no_certificate_is_missing_in_the_account(year: Year) -> None:
    dropped("certificate_received", "printer")(year)
    late("campaign_certified", "certificate")(year)
    assert {f.place for f in unbalanced(year.events)} == {"packages handed over = certified [printer]"}
    late("certificate_received", "stranger", counts={"packages": 1})(year)
    assert "packages handed over = certified [stranger]" in {f.place for f in unbalanced(year.events)}


def test_paper_closed_by_hand_without_a_number_of_pieces_is_none(year: Year) -> None:
    changed("manual_target_closed", "paper/returned-cards", counts={})(year)
    late("campaign_certified", "certificate")(year)
    assert [(r.left, r.right) for r in reconciliations(year.events) if not r.ok] == [(2, 0)]
    one = (counted("returns_recorded", "r1", returned=1), counted("custody_moved", "cards-r1-1", pieces=1))
    all_of(*one, counted("snapshot_stored", "mail_returns/r1", rows=1), handed_back(mail_returned=1))(year)
    dropped("manual_target_closed", "paper/returned-cards")(year)
    assert [(r.left, r.right) for r in reconciliations(year.events) if not r.ok] == [(1, 0)]


def test_each_opening_of_a_long_list_has_its_own_number_and_no_gap_is_overlooked(year: Year) -> None:
    assert [opening_key("r", "u", n) for n in (1, 2, 3)] == ["r/u", "r/u/2", "r/u/3"]
    shown = [{"first": 1, "last": 10, "of": 30}, {"first": 12, "last": 30, "of": 30}]
    opened = [year.add("artefact_opened", f"r/u/{n}", counts=c, refs={"digest": "d"}) for n, c in enumerate(shown)]
    opened = [replace(e, actor={**e.actor, "user": "u"}) for e in opened]
    artefact = {"digest": "d", "rows": 30}
    assert left_out(opened, artefact, "u") == [(11, 11)]
    assert left_out(opened[:1], artefact, "u") == [(11, 30)]
    assert left_out([replace(opened[1], counts={**shown[1], "first": 11}), opened[0]], artefact, "u") == []
    assert left_out(opened, artefact, "another") is None


def test_the_last_before_an_event_is_never_the_event_itself(year: Year) -> None:
    log = Past(year.events, year.facts, {})
    gates = log.of("gate_evaluated")
    assert log.last("gate_evaluated", gates[2]) is gates[1]
    assert log.last("gate_evaluated") is gates[-1]
    assert log.last("gate_evaluated", gates[0]) is None
    year.add("deadline_missed", "audit/printer")
    assert Past(year.events, year.facts, {}).missed("audit", "printer")
    assert not log.missed("audit", "printer")


def test_the_roots_of_a_log_are_those_that_were_asked_for() -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(5)]
    assert prefix_roots(leaves, [0]) == {0: root_of(())}
    assert prefix_roots(leaves, [3, 5, 9]) == {3: root_of(leaves[:3]), 5: root_of(leaves)}


def test_limits_of_a_bundle_are_the_last_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_zip({"a": b"1", "b": b"2"})
    for name, last in (("MAX_BUNDLE_BYTES", len(data)), ("MAX_ENTRIES", 2)):
        with monkeypatch.context() as patch:
            patch.setattr(f"kansho.evidence.strict.{name}", last)
            assert read_zip(data) == {"a": b"1", "b": b"2"}
            patch.setattr(f"kansho.evidence.strict.{name}", last - 1)
            with pytest.raises(Exception, match="BUNDLE-SIZE"):
                read_zip(data)
    assert read_json(b"[" * 16 + b"]" * 16, "x") is not None
    with pytest.raises(Exception, match="JSON-DEPTH"):
        read_json(b"[" * 17 + b"]" * 17, "x")
    with monkeypatch.context() as patch:
        patch.setattr("kansho.evidence.strict.MAX_JSON_BYTES", 4)
        assert read_json(b"1234", "x") == 1234
        with pytest.raises(Exception, match="JSON-SIZE"):
            read_json(b"12345", "x")


@pytest.mark.parametrize(
    ("recorded", "another"),
    [
        ("2027-03-31T15:00:00", False),  # midnight in Japan
        ("2027-03-31T14:59:59", True),
        ("2027-04-01T14:59:59", False),
        ("2027-04-01T15:00:00", True),
        ("2027-04-01T25:00:00", True),  # no time of day
    ],
)
def test_a_real_year_s_campaign_date_is_the_day_in_japan(recorded: str, another: bool, mini: CampaignConfig) -> None:
    year = Year(mini)
    year.add("campaign_opened", mini.id, codes={"simulation": "false", "config_digest": mini.digest})
    year.add("keys_created", "keys", codes={"signing_public": year.public.hex()})
    year.events = [replace(e, recorded_at=f"{recorded}.000000Z") for e in year.events]
    found = {f.code for f in verify_files(dict(read_zip(year.files(b"{}", sizes=()))))}
    assert ("STATE-CLOCK" in found) is another


def test_custody_is_told_of_registered_parties_alone(year: Year, mini: CampaignConfig) -> None:
    assert [*custody_findings(year.events)] == []
    fresh = Year(mini)
    fresh.add("party_registered", "printer", codes={"kind": "subcontractor"})
    fresh.add("package_received", "printer/x/1", codes=PRINTER)
    fresh.add("package_handed_over", "nobody/x/1", codes={"party": "nobody"})
    assert [*custody_findings(fresh.events)] == []
