"""Deeds by hand, rule by rule, on logs of a few events: what is told, and above all what is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.evidence.hand_rules import hand_findings
from tests.unit.evidence_year import Year

SHA = "a" * 64
#: How the people of the sample are registered: id → party, name.
PEOPLE = {
    "h01": ("ward", "甲野"),
    "h03": ("contractor", "乙川"),
    "h04": ("contractor", "乙山"),
    "h06": ("printer", "丙田"),
}
CERTIFICATE = "documents/certificate-printer.pdf"


def log(config: CampaignConfig, target: str, *, came: tuple[str, str] | None = None, **said: Any) -> Year:
    """People, papers, what came to the target and on which day, and the deed."""
    year = Year(config)
    for name, (party, called) in PEOPLE.items():
        codes = {"party": party, **({"ended_on": said["ended"]} if name == said.get("left") else {})}
        year.add("handler_registered", name, codes=codes, names={"name": called})
    year.add("document_issued", "documents/closing/a.pdf", refs={"sha256": SHA})
    year.add("document_issued", CERTIFICATE, refs={"sha256": SHA})
    if came is not None:
        year.add(came[0], "x", codes={"party": "printer"})
        year.events[-1] = replace(year.events[-1], campaign_date=came[1])
    codes = {"kind": "paper", "method": "shredding", "on": "2027-06-01", "place": "head_office", "by": "h03"}
    codes |= {"witness": "h04", "holder": "contractor", "found": "present", "verified": "witnessed"}
    codes |= {"document": "documents/closing/a.pdf", **said.get("codes", {})}
    names = {name: PEOPLE.get(codes[name], ("", "somebody"))[1] for name in ("by", "witness")}
    year.add("manual_target_closed", target, counts=said.get("counts", {"items": 1}), codes=codes, names=names,
             refs={"sha256": said.get("sha256", SHA)})  # fmt: skip
    year.events[-1] = replace(year.events[-1], campaign_date="2027-06-02")
    return year


SHEETS, CARDS, PC, DISK = "paper/visit-sheets", "paper/returned-cards", "party/printer", "hand/backup_disk"
OF_PRINTER = {"kind": "pc", "holder": "printer", "by": "h06", "document": "held:contractor"}
OF_DISK = {"kind": "backup", "method": "overwrite"}
BACK = {"method": "return", "witness": "h01"}
#: A deed, what is special of it → what is told.
DEEDS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "sheets shredded": (SHEETS, {}, []),
    "later sheets": (f"{SHEETS}/n2", {}, []),
    "on the day they came": (SHEETS, {"came": ("sheets_in", "2027-06-01")}, []),
    "before they came": (SHEETS, {"came": ("sheets_in", "2027-06-02")}, ["STATE-MANUAL-DATE"]),
    "cards given back": (CARDS, {"codes": BACK, "came": ("returns_recorded", "2027-06-01")}, []),
    "cards given back before they came": (
        CARDS,
        {"codes": BACK, "came": ("returns_recorded", "2027-06-02")},
        ["STATE-MANUAL-DATE"],
    ),
    "cards shredded": (CARDS, {}, ["STATE-MANUAL-RETURN"]),
    "machines of a 丙 that was given nothing": (PC, {"codes": OF_PRINTER, "counts": {"items": 0}}, []),
    "machines of a 丙, given back": (PC, {"codes": {**OF_PRINTER, "method": "return"}}, []),
    "machines of a 丙 before its last package": (
        PC,
        {"codes": OF_PRINTER, "came": ("package_handed_over", "2027-06-02")},
        ["STATE-MANUAL-DATE"],
    ),
    "machines of a 丙 on the day of its last package": (
        PC,
        {"codes": OF_PRINTER, "came": ("package_handed_over", "2027-06-01")},
        [],
    ),
    "machines of a 丙 on another paper": (PC, {"codes": OF_PRINTER, "sha256": "b" * 64}, ["STATE-MANUAL-PAPER"]),
    "a disk overwritten": (DISK, {"codes": OF_DISK}, []),
    "a disk dissolved": (DISK, {"codes": {**OF_DISK, "method": "dissolution"}}, ["STATE-MANUAL-METHOD"]),
    "a disk that nobody declared": ("hand/other", {"codes": OF_DISK}, ["STATE-MANUAL-FORM"]),
    "a thing of no class": ("desk/one", {}, ["STATE-MANUAL-FORM"]),
    "a thing whose number is not told": (SHEETS, {"counts": {}}, ["STATE-MANUAL-FORM"]),
    "by nobody": (SHEETS, {"codes": {"by": "h99"}}, ["STATE-MANUAL-PEOPLE"]),
    "before nobody": (SHEETS, {"codes": {"witness": "h99"}}, ["STATE-MANUAL-PEOPLE"]),
    "by somebody on their last day": (SHEETS, {"left": "h03", "ended": "2027-06-01"}, []),
    "by somebody who had left": (SHEETS, {"left": "h03", "ended": "2027-05-31"}, ["STATE-MANUAL-PEOPLE"]),
    "by a 丙's who had left, on a day that the 丙 answers for": (
        PC,
        {"codes": OF_PRINTER, "left": "h06", "ended": "2027-05-31"},
        [],
    ),
    "a paper that is none": (SHEETS, {"sha256": "a"}, ["STATE-MANUAL-PAPER"]),
    "a paper held of no 丙": (SHEETS, {"codes": {"document": "held:contractor"}}, ["STATE-MANUAL-PAPER"]),
}


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_is_judged_by_what_the_log_has_of_it(name: str, mini: CampaignConfig) -> None:
    target, special, expected = DEEDS[name]
    year = log(mini, target, **special)
    assert [f.code for f in hand_findings(year.events, year.facts)] == expected


@pytest.mark.parametrize(
    ("method", "witness", "told"), [("return", "h01", []), ("overwrite", "h04", ["STATE-MANUAL-RETURN"])]
)
def test_what_the_ward_itself_was_declared_to_hold_goes_back_to_it(
    method: str, witness: str, told: list[str], mini: CampaignConfig
) -> None:
    codes = {**OF_DISK, "holder": "ward", "method": method, "witness": witness}
    year = log(mini, DISK, codes=codes)
    facts = replace(year.facts, holders={"backup_disk": "ward"})
    assert [f.code for f in hand_findings(year.events, facts)] == told
