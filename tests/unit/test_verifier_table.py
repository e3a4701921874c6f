"""All that the verifier holds a lawful year to, as one table each: what was due when, every fact, every count."""

from __future__ import annotations

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.account import counts, reconciliations
from kansho.evidence.deadline_rules import dues
from kansho.evidence.events import EVENT_TYPES
from kansho.evidence.facts import ConfigFacts, Days, FlowFact, User
from kansho.evidence.past import Past
from kansho.evidence.rules import violations
from tests.unit.attacks import pending_at_an_interim
from tests.unit.evidence_year import RESULTS, Year, lawful_year

THREE = ("call_centre", "printer", "visitors")
#: What is due, of whom, by when, and which event showed it.
MONTHS = [
    row
    for month, year in zip([*range(5, 13), 1], [2027] * 8 + [2028], strict=True)
    for told in (f"{year if month > 1 else year - 1}-{month - 1 or 12:02}",)
    for row in (
        ("monthly_report", told, f"{year}-{month:02}-10", f"report_submitted monthly/{told}"),
        *(
            ("attestation", f"{party}/{told}", f"{year}-{month:02}-09", f"attestation_recorded {party}/{told}")
            for party in ("contractor", *THREE)
        ),
    )
]
DUE = [
    ("erase_by", "sealed_delivery/d01", "2027-07-19", "snapshot_erased sealed_delivery/d01"),
    ("erase_by", "raw_target_list/d01", "2027-07-19", "snapshot_erased raw_target_list/d01"),
    ("erase_by", "stop_facts/d01", "2028-01-29", "snapshot_erased stop_facts/d01"),
    ("erase_by", "roster/d01", "2028-01-29", "snapshot_erased roster/d01"),
    ("erase_by", "quarantine/target_list-d01", "2028-01-29", "snapshot_erased quarantine/target_list-d01"),
    *(("erase_by", name, "2028-01-29", f"snapshot_erased {name}") for name in RESULTS),
    ("erase_by", "plan_document/erasure-1", "2028-01-29", "snapshot_erased plan_document/erasure-1"),
    *(
        ("copy_erase", package, "2027-08-08", f"package_erased {package}")
        for package in (
            "printer/print_package/mailing_1",
            "call_centre/call_list/call_1-a1",
            "visitors/visit_halves/visit_1-2027-10-13",
            "printer/pull_list/mailing_1",
        )
    ),
    *MONTHS,
    ("ward_inspection", "contractor", "2027-12-25", "inspection_recorded ward_inspection/contractor"),
    ("ward_check", "call_centre", "2027-09-16", "inspection_recorded ward_check/call_centre"),
    ("audit", "call_centre", "2027-08-04", "audit_recorded audit/call_centre"),
    ("ward_check", "printer", "2027-09-16", "inspection_recorded ward_check/printer"),
    ("audit", "printer", "2027-06-02", "audit_recorded audit/printer"),
    ("ward_check", "visitors", "2027-09-16", "inspection_recorded ward_check/visitors"),
    ("audit", "visitors", "2027-09-24", "audit_recorded audit/visitors"),
    ("correction", "audit/printer/logs", "2027-07-02", "inspection_recorded correction/audit/printer/logs"),
    ("leaver_briefing", "h09", "2027-09-21", "briefing_recorded h09/2"),
    ("incident_notice", "sheet-1", "2027-06-09", "report_submitted incident_notice/sheet-1"),
    ("incident_report", "sheet-1", "2027-06-12", "incident_reported sheet-1"),
    ("wave_selected", "mailing_1", "2027-06-09", "wave_selected mailing_1"),
    ("wave_selected", "call_1", "2027-08-16", "wave_selected call_1"),
    ("wave_selected", "visit_1", "2027-10-06", "wave_selected visit_1"),
    ("print_report", "mailing_1", "2027-06-25", "print_reported mailing_1"),
    ("effect_report", "2028-01-20", "2028-01-20", "effect_analysed 2028-01-20/mailing_1/all"),
    ("handover", "ward", "2028-01-25", "package_handed_over ward/handover/handover-1"),
    *(("certificate", party, "2028-01-27", f"certificate_received {party}") for party in THREE),
    ("erasure", "contractor", "2028-01-31", "campaign_certified certificate"),
    ("medium_return", "d01", "2028-01-29", "medium_returned d01"),
]


def _due(year: Year) -> list[tuple[str, str, str, str]]:
    found = dues(Past(year.events, year.facts, {}))
    return [(d.kind, d.subject, d.by, f"{d.shown.type} {d.shown.key}" if d.shown else "") for d in found]


def test_everything_that_has_a_day_is_looked_for(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    year.finish()
    assert _due(year) == DUE
    year.events[-1:] = []
    assert ("erasure", "contractor", "2028-01-31", "") in _due(year)
    year.add("interim_certified", "interim")  # of nothing: no key is pending
    assert ("erasure", "contractor", "2028-01-31", "") in _due(year)
    year.events[-1:] = []
    pending_at_an_interim("health", "2028-02-05")(year)
    assert ("erasure", "contractor", "2028-01-31", "interim_certified interim-1") in _due(year)


def test_of_a_log_that_shows_nothing_everything_is_still_due(mini: CampaignConfig) -> None:
    of_the_log = ("erase_by", "copy_erase", "correction", "leaver_briefing", "medium_return", "incident")
    assert _due(Year(mini)) == [(*row[:3], "") for row in DUE if not row[0].startswith(of_the_log)]


def test_every_fact_of_the_years_configuration(mini: CampaignConfig) -> None:
    value = mini.model_dump(mode="json")
    facts = ConfigFacts.from_json(value)
    ours = [f for f in value["data_flow"] if f["holder"] == "contractor"]
    assert len(ours) > 40
    assert facts == ConfigFacts(
        campaign="sumida_2027",
        contract_start="2027-04-01",
        contract_end="2028-01-31",
        parties={**dict.fromkeys(THREE, "subcontractor"), "contractor": "contractor", "ward": "ward"},
        handlers={h.id: (h.party, h.role.value if h.role else "", h.user or "", h.place) for h in mini.handlers},
        places={place.id: place.party for place in mini.places},
        users={
            "takanashi": User("ward_officer", "ward"),
            "yamanashi": User("ward_manager", "ward"),
            "watanuki": User("contractor_manager", "contractor"),
            "teshigawara": User("contractor_staff", "contractor"),
            "tsukumo": User("contractor_engineer", "contractor"),
            "mitarai": User("print_staff", "printer"),
            "domeki": User("call_staff", "call_centre"),
            "imoarai": User("visit_staff", "visitors"),
        },
        waves={"mailing_1": "mailings", "call_1": "calls", "visit_1": "visits"},
        gate_owner="contractor_manager",
        days=Days(
            report_day=10,
            inspection_due="2027-12-25",
            handover_on="2028-01-25",
            certificates_due="2028-01-27",
            erase_on="2028-01-29",
            audits={"call_centre": "2027-08-04", "printer": "2027-06-02", "visitors": "2027-09-24"},
            checks=dict.fromkeys(THREE, "2027-09-16"),
            effects=("2028-01-20",),
            selections={"call_1": "2027-08-16", "mailing_1": "2027-06-09", "visit_1": "2027-10-06"},
            print_reports={"mailing_1": "2027-06-25"},
        ),
        by_hand=("backup_disk",),
        clause_version="tokki-2022",
        holders={"backup_disk": "contractor"},
        held_kinds={"backup_disk": "backup"},
        flows={f["kind"]: FlowFact("contractor", "vault_site", f["erase_after_days"], f["purpose"]) for f in ours},
        capacity={"calls": 200, "mailings": 400, "visits": 60},
        wave_capacity={"call_1": 200, "mailing_1": 400, "visit_1": 60},
        leaves={"h09": "2027-09-07"},
        copies={
            ("call_list", "call_centre"): 60,
            ("call_withdrawal", "call_centre"): 60,
            ("print_package", "printer"): 60,
            ("pull_list", "printer"): 60,
            ("visit_halves", "visitors"): 60,
        },
        copy_purposes={
            ("call_list", "call_centre"): "架電の委託",
            ("call_withdrawal", "call_centre"): "架電の取りやめ",
            ("print_package", "printer"): "印刷の委託",
            ("pull_list", "printer"): "引抜き",
            ("visit_halves", "visitors"): "訪問の委託",
        },
    )
    assert (facts.subcontractors, facts.contractor) == (THREE, "contractor")
    assert (facts.flows["raw_target_list"].days, facts.flows["roster"].days) == (90, None)


def test_who_signs_in_has_a_name_and_a_role(mini: CampaignConfig) -> None:
    value = mini.model_dump(mode="json")
    handlers = {h["user"]: h for h in value["handlers"] if h["user"]}
    handlers["tsukumo"]["role"] = None
    handlers["domeki"]["user"] = None
    assert {*ConfigFacts.from_json(value).users} == {*handlers} - {"tsukumo", "domeki"}


def test_a_day_that_is_none_is_due_as_it_stands(mini: CampaignConfig) -> None:
    """Nothing is ever done by it: the log cannot name a day and make the miss go away."""
    year = Year(mini)
    year.add("handler_registered", "h06", codes={"party": "printer", "ended_on": "soon"})
    assert ("leaver_briefing", "h06", "soon", "") in _due(year)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("contract", "start"), day)
        for day in ("20270401", "1899-12-31", "2200-01-01", "2027-02-30", 20270401, "2027-4-1")
    ]
    + [(("oversight", "monthly_report_day"), day) for day in (0, 29, True, "10", -1)]
    + [(("capacity", "cards"), count) for count in (10**9, -1, 1.0, None, True)]
    + [(("closing", "erase_on"), None), (("closing", "by_hand"), 1)],
)
def test_a_fact_that_is_none_is_refused(path: tuple[str, str], value: object, mini: CampaignConfig) -> None:
    config = mini.model_dump(mode="json")
    assert path[1] in config[path[0]]
    config[path[0]][path[1]] = value
    with pytest.raises(KanshoError, match="CONFIG-FORM"):
        ConfigFacts.from_json(config)


@pytest.mark.parametrize(
    ("section", "name", "good"),
    [
        ("contract", "start", ("1900-01-01", "2199-12-31")),
        ("oversight", "monthly_report_day", (1, 28)),
        ("capacity", "cards", (0, 10**9 - 1)),
    ],
)
def test_the_first_and_the_last_that_a_fact_may_be(
    section: str, name: str, good: tuple[object, ...], mini: CampaignConfig
) -> None:
    config = mini.model_dump(mode="json")
    for value in good:
        config[section][name] = value
        assert ConfigFacts.from_json(config)


def test_every_count_is_in_the_account(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    year.add("inbound_recorded", "i1", counts={"records": 7, "stops": 2})
    visits = {"rows": 6, "accepted": 6, "quarantined": 0, "reached": 3, "refused": 2}
    year.add("results_recorded", "v1", counts=visits, codes={"channel": "visit", "wave": "visit_1"})
    year.add("call_list_made", "call_1-a2", counts={"listed": 11})
    cards = {"selected": 60, "unprintable": 2, "withdrawn": 1, "reprinted": 2, "printed": 59, "pulled": 3}
    assert counts(year.events) == {
        "delivered": 100,
        "accepted": 97,
        "quarantined": 3,
        "files": {
            "stop_list": {"delivered": 5, "accepted": 5, "quarantined": 0},
            "target_list": {"delivered": 100, "accepted": 97, "quarantined": 3},
        },
        "eligible": {"kenshin": 80, "cancer": 14},
        "stopped": 5,
        "held_out": 8,
        "cards": {**cards, "spoiled": 1, "posted": 55, "returned": 2},
        "calls": {"listed": 20, "attempted": 18, "reached": 9},
        "visits": {"listed": 10, "made": 6},
        "sheets": {"out": 4, "in": 4},
        "inbound": 11,
        "refused": 7,
        "attended": 5,
        "attended_cancer": 1,
        "incidents": 1,
    }


def _numbers(value: object) -> list[object]:
    return [n for v in value.values() for n in _numbers(v)] if isinstance(value, dict) else [value]


def test_events_that_count_nothing_count_nothing(mini: CampaignConfig) -> None:
    """Every event there is, with none of its counts: zero everywhere, and equations of zeros."""
    year = Year(mini)
    for type in sorted(EVENT_TYPES):
        year.add(type, "call_1-a1" if type == "call_list_made" else "x", codes={"channel": "call"})
    said = counts(year.events)
    assert said.pop("incidents") == 1
    assert {*_numbers(said)} == {0}
    assert [*said][:3] == ["delivered", "accepted", "quarantined"]
    equations = {r.name: (r.left, r.right) for r in reconciliations(year.events)}
    counted = {
        "holdings in the vault = planned": (0, 0),
        "planned = erased": (0, 1),
        "media = returned": (1, 1),
        "keys = destroyed": (0, 1),
        "snapshots stored = erased": (1, 1),
        "packages handed over = certified [x]": (0, 0),
        "stored = handed back [comment]": (1, 0),
    }
    assert {name: equations[name] for name in counted} == counted
    assert {sides for name, sides in equations.items() if name not in counted} == {(0, 0)}
    assert len(equations) == 54


def test_an_empty_log_begins_with_no_opening(mini: CampaignConfig) -> None:
    assert "STATE-FIRST" in {f.code for f in violations([], Year(mini).facts)}
