"""Corners of the rules that no misdeed of the whole year comes by."""

from __future__ import annotations

from kansho.campaign.config import CampaignConfig
from kansho.evidence.conserved import equations
from kansho.evidence.past import Past
from kansho.evidence.protection_rules import _less
from kansho.evidence.release_rules import release_findings
from kansho.evidence.scan_rules import scan_findings
from tests.unit.attacks import counted, moved_before
from tests.unit.evidence_year import Year, lawful_year


def test_cards_of_which_no_mailing_is_told_are_held_against_all_that_were_posted(mini: CampaignConfig) -> None:
    year = Year(mini)
    year.add("print_reported", "mailing_1", counts={"posted": 5})
    year.add("returns_recorded", "r1", counts={"returned": 2})
    told = {name: sides for name, *sides in equations(year.events) if name.startswith("returned <= posted")}
    assert told == {"returned <= posted [all]": [2, 5]}


def test_there_is_a_value_for_each_person_that_a_gate_let_in(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    counted("residue_scanned", needles=97)(year)
    assert scan_findings(year.events, year.facts) == []
    counted("gate_evaluated", "target_list/d01", accepted=98)(year)
    assert [f.code for f in scan_findings(year.events, year.facts)] == ["STATE-SCAN-NEEDLES"]


def test_a_keeper_that_nobody_knows_is_no_weaker_than_itself() -> None:
    assert not _less("keeper", "something", "something")
    assert _less("keeper", "something", "kms")
    assert not _less("keeper", "kms", "something")


def test_who_decides_on_a_visit_list_reads_what_its_gate_counted(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    package = "visitors/visit_halves/visit_1-2027-10-13"
    moved_before("gate_evaluated", "visit_release/visit_1", "package_handed_over", package)(year)
    found = release_findings(Past(year.events, year.facts, {}))
    assert [f.code for f in found] == ["STATE-RELEASE-UNGATED"]
