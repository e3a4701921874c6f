"""What is missed stands in the log: the verifier's deadlines, asked by ourselves while the year runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from kansho.bound import bound_facts
from kansho.campaign.clauses import clauses_in_force
from kansho.campaign.config import CampaignConfig
from kansho.campaign.incident_law import incident_laws
from kansho.evidence.bundle import config_json
from kansho.evidence.deadline_rules import (
    KINDS,
    WARDS_OWN,
    WRITTEN_REPORT_DAYS,
    deadline_findings,
    report_months,
)
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.methods import ABSENT, DELETE
from kansho.evidence.oversight_rules import PRECAUTIONS
from kansho.evidence.past import Past
from kansho.evidence.strict import read_json
from kansho.missed import record_missed
from kansho.outreach.field import CHECKLIST
from kansho.oversight import clauses
from kansho.oversight.deadlines import obligations
from kansho.vault.vault import Vault
from kansho.workspace import Workspace
from tests.refusals import refused
from tests.unit.evidence_year import lawful_year

Open = Callable[[date], Workspace]
APRIL_20 = date(2027, 4, 20)


def facts_of(config: CampaignConfig) -> ConfigFacts:
    return ConfigFacts.from_json(read_json(config_json(config.model_dump(mode="json")), "config", floats=True))


def missed_keys(ws: Workspace) -> list[str]:
    return [e.key for e in ws.ledger.events("deadline_missed")]


@pytest.mark.parametrize(("days", "told"), [(40, []), (41, ["erase_by/raw_stop_list/d01"])])
def test_a_holding_erased_after_its_day_is_told_by_the_erasure_itself(
    open_workspace: Open, days: int, told: list[str]
) -> None:
    ws = open_workspace(APRIL_20)
    ref = ws.store_bytes("raw_stop_list", "d01", b"x")
    later = replace(ws, today=APRIL_20 + timedelta(days=days))
    later.erase(ref, reason="retention")
    assert missed_keys(later) == told
    assert later.ledger.events()[-1].type == "snapshot_erased"


@pytest.mark.parametrize(("killed", "found"), [(False, "present"), (True, "absent")])
def test_an_erasure_says_what_it_found_also_after_a_run_that_was_killed_before_it_was_told(
    open_workspace: Open, killed: bool, found: str
) -> None:
    ws = open_workspace(APRIL_20)
    ref = ws.store_bytes("raw_stop_list", "d01", b"x")
    if killed:
        ws.vault.erase(ref.name)
    told = {"reason": "retention", "found": found, "method": DELETE, "verified": ABSENT}
    assert ws.erase(ref, reason="retention").codes == told
    assert ws.erase(ref, reason="retention").codes == told  # what was told first stands
    assert [e.codes for e in ws.ledger.events("snapshot_erased")] == [told]


def test_nothing_is_told_of_an_object_that_is_still_there(open_workspace: Open) -> None:
    ws = open_workspace(APRIL_20)
    ref = ws.store_bytes("raw_stop_list", "d01", b"x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Vault, "erase", lambda vault, name: None)
        with refused("VAULT-RESIDUE", place=ref.name):
            ws.erase(ref, reason="retention")
    assert ws.ledger.events("snapshot_erased") == []


def late_findings(ws: Workspace) -> list[str]:
    facts = bound_facts(ws)
    return [f.code for f in deadline_findings(Past(ws.ledger.events(), facts[ws.config.digest], facts))]


def test_nothing_that_the_verifier_would_find_late_stays_untold(open_workspace: Open) -> None:
    ws = open_workspace(APRIL_20)
    ws.store_bytes("raw_stop_list", "d01", b"x")
    ws.record("incident_opened", "i1", codes={"kind": "media_lost"})
    ws.record("audit_recorded", "audit/printer", codes={"on": "2027-04-20", "findings": "logs=2027-05-02"})
    end = replace(ws, today=ws.config.closing.erase_on)
    end.record("snapshot_erased", "raw_stop_list/d01", codes={"reason": "retention"})
    assert {"DEADLINE-ERASE-BY", "DEADLINE-INCIDENT", "DEADLINE-REPORT"} <= set(late_findings(end))
    new = record_missed(end)
    assert new == len(missed_keys(end)) > 40
    assert late_findings(end) == []
    assert record_missed(end) == 0


def test_what_is_not_there_when_the_year_is_certified_never_comes(open_workspace: Open, mini: CampaignConfig) -> None:
    ws = open_workspace(mini.closing.erase_on)
    record_missed(ws)
    assert record_missed(ws, over=True) == 0  # every day of the small campaign is over by then
    assert "erasure/contractor" not in missed_keys(ws)  # which the certification itself does
    early = open_workspace(APRIL_20)
    assert record_missed(early, over=True) == 0
    ws.record("campaign_certified", "certificate")
    ws.record("medium_registered", "CD-9")
    assert record_missed(replace(ws, today=date(2028, 1, 31)), over=True) == 0


def test_a_party_without_days_of_its_own_is_checked_before_the_year_is_certified(mini: CampaignConfig) -> None:
    parties = tuple(p.model_copy(update={"ward_check_on": None}) for p in mini.parties)
    config = mini.model_copy(update={"parties": parties})
    year = lawful_year(mini)
    year.config = config
    year.drop("inspection_recorded", "ward_check/printer")
    year.add("campaign_certified", "certificate")
    found = list(deadline_findings(Past(year.events, facts_of(config), {})))
    assert [(f.code, f.place) for f in found] == [("DEADLINE-INSPECTION", "ward_check/printer")]


@pytest.mark.parametrize("key", ["ward_check/printer", "ward_check/visitors"])
def test_an_inspection_that_is_recorded_as_the_second_shows_that_there_was_one(mini: CampaignConfig, key: str) -> None:
    year = lawful_year(mini)
    year.edit("inspection_recorded", lambda e: replace(e, key=f"{key}/n2"), key)
    year.add("campaign_certified", "certificate")
    assert list(deadline_findings(Past(year.events, facts_of(mini), {}))) == []
    year.edit("inspection_recorded", lambda e: replace(e, key=f"{key}/x2"), f"{key}/n2")
    found = list(deadline_findings(Past(year.events, facts_of(mini), {})))
    assert [f.code for f in found] == ["DEADLINE-INSPECTION"]


@pytest.mark.parametrize("day", [1, 10, 28])
def test_the_months_are_those_of_the_calendar(mini: CampaignConfig, sample: CampaignConfig, day: int) -> None:
    for config in (mini, sample):
        oversight = config.oversight.model_copy(update={"monthly_report_day": day})
        config = config.model_copy(update={"oversight": oversight})
        assert report_months(facts_of(config)) == [(m, d.isoformat()) for m, d in clauses.report_months(config)]


def test_the_verifier_knows_every_deadline_that_oversight_records(mini: CampaignConfig) -> None:
    named = {d.deadline for d in clauses_in_force(mini.contract.start).duty if d.deadline}
    assert named | {o.kind for o in obligations([], mini)} <= set(KINDS) | WARDS_OWN
    assert incident_laws().written_report_days == WRITTEN_REPORT_DAYS
    assert PRECAUTIONS == CHECKLIST
