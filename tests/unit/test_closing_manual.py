"""What people erase or return by hand: named by the inventory, closed with who, when, where, how, witness and paper."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing import finalise, stage
from kansho.closing.certificates import take_certificates
from kansho.closing.manual import ask_parties, close_targets, manual_targets, open_targets, take_slips
from kansho.errors import KanshoError
from kansho.evidence.bundle import config_json
from kansho.evidence.closing_rules import wanted_by_hand
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.strict import read_json
from kansho.exchange.papers import write_paper
from kansho.exchange.slips import read_asked, slips_folder
from kansho.outreach.field import CHECKLIST
from kansho.simulation.premises import Premises
from kansho.simulation.slips import Slips
from tests.unit.closing_year import ClosingYear, closing_year, paper, plain_papers

PAPER = paper("signed")


@pytest.fixture
def year(mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClosingYear:
    plain_papers(monkeypatch)
    made = closing_year(mini, tmp_path / "var")
    made.ws.record("returns_recorded", "r1", counts={"returned": 3})
    made.ws.record("custody_moved", "cards-r1-1", counts={"pieces": 3}, codes={"list": "r1"})
    made.ws.record("sheets_out", "visit_1/d/1", counts={"sheets": 4})
    made.ws.record("checklist_recorded", "visit_1/d/1", codes=dict.fromkeys(CHECKLIST, "yes"))
    made.ws.record("sheets_in", "visit_1/d/1", counts={"sheets": 4})
    return made.on(mini.closing.erase_on)


def test_targets_follow_from_the_ledger_and_the_config(year: ClosingYear) -> None:
    assert [(t.key, t.kind, t.holder, t.asked, t.items) for t in open_targets(year.ws)] == [
        ("medium/CD-0001", "medium", "contractor", "ward", 1),
        ("paper/returned-cards", "paper", "contractor", "ward", 3),
        ("paper/visit-sheets", "paper", "contractor", "contractor", 4),
        ("party/printer", "pc", "printer", "printer", 0),
        ("party/call_centre", "pc", "call_centre", "call_centre", 0),
        ("party/visitors", "pc", "visitors", "visitors", 0),
        ("hand/backup_disk", "backup", "contractor", "contractor", 1),
    ]


def test_a_paper_that_nobody_can_look_into_is_refused_when_it_comes(year: ClosingYear) -> None:
    """It would stand among the evidence, and no scan could ever say that nothing is in it."""
    with pytest.raises(KanshoError, match="CLOSING-MANUAL.*開けません"):
        close_targets(year.ws, year.slip("physical_destruction", "hand/backup_disk"), document=PAPER[:100])
    assert year.ws.ledger.events("manual_target_closed") == []
    assert not list(year.ws.layout.outputs.glob("documents/closing/*"))


def test_the_verifier_wants_the_same_targets(year: ClosingYear) -> None:
    text = config_json(year.ws.config.model_dump(mode="json"))
    facts = ConfigFacts.from_json(read_json(text, "config", floats=True))
    assert wanted_by_hand(year.ws.ledger.events(), facts) == {t.key for t in open_targets(year.ws)}


def test_a_closing_says_who_when_where_how_before_whom_and_with_which_paper(year: ClosingYear) -> None:
    (event,) = close_targets(year.ws, year.slip("physical_destruction", "hand/backup_disk"), document=PAPER)
    assert event.codes["method"] == "physical_destruction"
    assert {event.codes[n] for n in ("on", "place", "by", "witness")} == {"2028-01-29", "vault_site", "h04", "h01"}
    assert (year.ws.layout.outputs / event.codes["document"]).read_bytes() == PAPER
    assert event.names == {"by": "勅使河原 奏", "witness": "小鳥遊 栞"}
    again = close_targets(year.ws, year.slip("overwrite", "hand/backup_disk"), document=paper("other"))
    assert again == [event]


def test_a_paper_that_another_keeps_is_named_by_its_digest(year: ClosingYear) -> None:
    held = ("ab" * 32, "visitors")
    (event,) = close_targets(year.ws, year.slip("dissolution", "paper/visit-sheets"), held=held)
    assert (event.codes["document"], event.refs["sha256"]) == ("held:visitors", "ab" * 32)


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "one person alone": ({"witness": "h04"}, "hand/backup_disk", "CLOSING-MANUAL "),
    "somebody unknown": ({"by": "h99"}, "hand/backup_disk", "CLOSING-MANUAL "),
    "an unknown place": ({"place": "garage"}, "hand/backup_disk", "CLOSING-MANUAL "),
    "a day to come": ({"on": date(2028, 2, 1)}, "hand/backup_disk", "CLOSING-MANUAL "),
    "a day before the contract": ({"on": date(2027, 3, 1)}, "hand/backup_disk", "CLOSING-MANUAL "),
    "an unknown target": ({}, "hand/other", "CLOSING-MANUAL-UNKNOWN"),
    "a medium destroyed, not returned": ({}, "medium/CD-0001", "CLOSING-MANUAL "),
    "returned mail destroyed": ({}, "paper/returned-cards", "CLOSING-MANUAL "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_closes_nothing(case: str, year: ClosingYear) -> None:
    changed, target, code = REFUSED[case]
    with pytest.raises(KanshoError, match=code):
        close_targets(year.ws, year.slip("physical_destruction", target, **changed), document=PAPER)
    assert year.ws.ledger.events("manual_target_closed") == []


def test_a_return_is_receipted_by_the_ward_itself(year: ClosingYear) -> None:
    with pytest.raises(KanshoError, match="CLOSING-MANUAL"):
        close_targets(year.ws, year.slip("return", "medium/CD-0001", witness="h03"), document=PAPER)
    close_targets(year.ws, year.slip("return", "medium/CD-0001", "paper/returned-cards"), document=PAPER)
    assert [e.key for e in year.ws.ledger.events("medium_returned")] == ["CD-0001"]


@pytest.mark.parametrize("held", [None, ("short", "visitors"), ("ab" * 32, "nobody")])
def test_without_a_paper_nothing_is_closed(year: ClosingYear, held: tuple[str, str] | None) -> None:
    with pytest.raises(KanshoError, match="CLOSING-MANUAL"):
        close_targets(year.ws, year.slip("dissolution", "paper/visit-sheets"), held=held)


def test_each_party_is_asked_for_its_own_and_answers_once(year: ClosingYear, mini: CampaignConfig) -> None:
    ask_parties(year.ws)
    root = year.ws.layout.outside
    asked = read_asked(year.ws.layout.received("ward"))
    assert asked
    assert [t.target for t in asked.targets] == ["medium/CD-0001", "paper/returned-cards"]
    for _ in range(2):
        for party in mini.parties:
            Slips(mini, Premises(root, party.id, mini.id)).act(year.ws.today)
    assert len(list(root.glob("*/outgoing/closing/*.json"))) == 3
    assert take_slips(year.ws) == 4
    assert take_slips(year.ws) == 0
    assert {t.kind for t in open_targets(year.ws)} == {"pc"}


def test_a_slip_without_its_paper_is_refused(year: ClosingYear) -> None:
    year.put_slips()
    (year.ws.layout.outgoing("ward") / "closing" / "01.pdf").unlink()
    for _ in range(2):
        with pytest.raises(KanshoError, match=r"CLOSING-MANUAL .*01.json"):
            take_slips(year.ws)
        (told,) = year.ws.ledger.events("paper_refused")
        assert told.codes == {"party": "ward", "paper": "closing", "code": "CLOSING-MANUAL"}


def test_nobody_receipts_for_the_ward(year: ClosingYear) -> None:
    folder = slips_folder(year.ws.layout.outgoing("contractor"))
    write_paper(folder / "01.json", year.slip("return", "medium/CD-0001"))
    (folder / "01.pdf").write_bytes(PAPER)
    with pytest.raises(KanshoError, match=r"CLOSING-MANUAL .*01.json"):
        take_slips(year.ws)
    assert year.ws.ledger.events("medium_returned") == []


def test_killed_before_its_record_a_medium_is_closed_by_the_next_run(
    year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, slip = type(year.ws).record, year.slip("return", "medium/CD-0001")

    def dying(ws: Any, type: str, key: str, **parts: Any) -> Any:
        if type == "manual_target_closed":
            raise KeyboardInterrupt
        return original(ws, type, key, **parts)

    with monkeypatch.context() as patched:
        patched.setattr(type(year.ws), "record", dying)
        with pytest.raises(KeyboardInterrupt):
            close_targets(year.ws, slip, document=PAPER)
    close_targets(year.ws, slip, document=PAPER)
    assert len(year.ws.ledger.events("medium_returned")) == len(year.ws.ledger.events("manual_target_closed")) == 1


def test_nothing_is_certified_while_a_target_is_open(year: ClosingYear) -> None:
    late = year.on(year.ws.config.closing.handover_on).until_erased()
    assert {t.key for t in open_targets(late.ws)} == {"paper/returned-cards", "paper/visit-sheets"}
    with pytest.raises(KanshoError, match="CLOSING-MANUAL-OPEN.*paper/returned-cards paper/visit-sheets"):
        finalise.finalise(late.ws.config, late.ws.layout.var)
    assert late.ws.ledger.events("traces_purged") == []
    close_targets(late.ws, late.slip("return", "paper/returned-cards"), document=PAPER)
    close_targets(late.ws, late.slip("dissolution", "paper/visit-sheets"), document=PAPER)
    assert finalise.finalise(late.ws.config, late.ws.layout.var)["erasure"]["erased"] == 14


def test_each_subcontractor_is_asked_and_its_certificate_goes_to_the_ward(year: ClosingYear) -> None:
    year = year.on(year.ws.config.closing.handover_on)
    take_certificates(year.ws, {})
    asked = year.ws.ledger.events("certificate_requested")
    assert [e.key for e in asked] == ["printer", "call_centre", "visitors"]
    assert (year.ws.layout.received("printer") / "certificate-request-printer.pdf").is_file()
    assert year.ws.ledger.events("certificate_forwarded") == []
    year.certify("printer")
    take_certificates(year.ws, {})
    assert (year.ws.layout.received("ward") / "certificate-printer.pdf").read_bytes().startswith(b"%PDF")
    (closed,) = year.ws.ledger.events("manual_target_closed")
    assert closed.key == "party/printer"
    assert {name: closed.codes[name] for name in ("kind", "holder", "by", "document", "found", "verified")} == {
        "kind": "pc",
        "holder": "printer",
        "by": "h06",
        "document": "held:contractor",
        "found": "present",
        "verified": "witnessed",
    }
    assert [e.key for e in year.ws.ledger.events("certificate_forwarded")] == ["printer"]


def test_what_the_plan_names_by_hand_stands_in_its_document(year: ClosingYear) -> None:
    _, plan = year.on(year.ws.config.closing.handover_on).until_plan()
    named = year.ws.ledger.events("erasure_planned")[-1].refs["manual"]
    assert set(named) == {t.key for t in manual_targets(year.ws.ledger.events(), year.ws.config)}
    assert plan["counts"]["manual"] == len(named) == 7
    assert stage.find_closing_work(year.ws, {})
