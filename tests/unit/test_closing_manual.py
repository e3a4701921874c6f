"""What people erase or return by hand: named by the inventory, closed with who, when, where, how, witness and paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Work
from kansho.closing import finalise, stage
from kansho.closing.certificates import take_certificates
from kansho.closing.manual import (
    ask_parties,
    close_targets,
    enter_by_hand,
    manual_targets,
    open_targets,
    take_slips,
)
from kansho.closing.packing import MAX_PAPER
from kansho.evidence.account import reconciliations
from kansho.evidence.bundle import config_json, sha256
from kansho.evidence.closing_rules import wanted_by_hand
from kansho.evidence.events import Actor
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.oversight_rules import PRECAUTIONS
from kansho.evidence.strict import read_json
from kansho.exchange.door import hand_over
from kansho.exchange.papers import write_paper
from kansho.exchange.slips import read_asked, slips_folder
from kansho.leaving import end_registration
from kansho.simulation.premises import Premises
from kansho.simulation.slips import Slips
from tests.refusals import refused
from tests.unit.closing_year import ClosingYear, paper

PAPER = paper("signed")
#: What `closing_year` handed to the visitors.
HALVES = "visit_halves/visit_1-2027-10-13"


@pytest.fixture
def year(mini: CampaignConfig, begun_year: ClosingYear) -> ClosingYear:
    made = begun_year
    made.ws.record("returns_recorded", "r1", counts={"returned": 1})
    made.ws.record("custody_moved", "cards-r1-1", counts={"pieces": 1}, codes={"list": "r1"})
    return made.on(mini.closing.erase_on)


def test_targets_follow_from_the_ledger_and_the_config(year: ClosingYear) -> None:
    assert [(t.key, t.kind, t.holder, t.asked, t.items) for t in open_targets(year.ws)] == [
        ("medium/CD-0001", "medium", "contractor", "ward", 1),
        ("paper/returned-cards", "paper", "contractor", "ward", 1),
        ("paper/visit-sheets", "paper", "contractor", "contractor", 1),
        ("party/printer", "pc", "printer", "printer", 1),
        ("party/call_centre", "pc", "call_centre", "call_centre", 1),
        ("party/visitors", "pc", "visitors", "visitors", 1),
        ("hand/backup_disk", "backup", "contractor", "contractor", 1),
    ]


def test_a_paper_that_nobody_can_look_into_is_refused_when_it_comes(year: ClosingYear) -> None:
    """It would stand among the evidence, and no scan could ever say that nothing is in it."""
    with refused("CLOSING-MANUAL", "開けません"):
        year.close(year.slip("physical_destruction", "hand/backup_disk"), PAPER[:100])
    with refused("CLOSING-MANUAL", "大きさの上限"):
        year.close(year.slip("physical_destruction", "hand/backup_disk"), PAPER + b"\n" * MAX_PAPER)
    assert year.ws.ledger.events("manual_target_closed") == []
    assert not list(year.ws.layout.outputs.glob("documents/closing/*"))


def test_the_verifier_wants_the_same_targets(year: ClosingYear) -> None:
    text = config_json(year.ws.config.model_dump(mode="json"))
    facts = ConfigFacts.from_json(read_json(text, "config", floats=True))
    assert wanted_by_hand(year.ws.ledger.events(), facts) == {t.key for t in open_targets(year.ws)}


def test_a_closing_says_who_when_where_how_before_whom_and_with_which_paper(year: ClosingYear) -> None:
    (event,) = year.close(year.slip("physical_destruction", "hand/backup_disk"))
    document = event.codes["document"]
    deed = {"method": "physical_destruction", "on": "2028-01-29", "place": "vault_site", "by": "h04", "witness": "h01"}
    of = {"kind": "backup", "holder": "contractor", "found": "present", "verified": "witnessed", "document": document}
    assert (event.codes, event.counts) == ({**deed, **of}, {"items": 1})
    issued = year.ws.ledger.find("document_issued", document)
    assert issued is not None
    assert (issued.codes, issued.names) == ({"kind": "closing_slip"}, {"title": "消去・返却の記録"})
    assert (year.ws.layout.outputs / event.codes["document"]).read_bytes() == PAPER
    assert event.names == {"by": "勅使河原 奏", "witness": "小鳥遊 栞"}
    again = year.close(year.slip("overwrite", "hand/backup_disk"), paper("other"))
    assert again == [event]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "one person alone": ({"witness": "h04"}, "hand/backup_disk", "CLOSING-MANUAL"),
    "somebody unknown": ({"by": "h99"}, "hand/backup_disk", "CLOSING-MANUAL"),
    "an unknown place": ({"place": "garage"}, "hand/backup_disk", "CLOSING-MANUAL"),
    "a day to come": ({"on": date(2028, 2, 1)}, "hand/backup_disk", "CLOSING-MANUAL"),
    "a day before the contract": ({"on": date(2027, 3, 1)}, "hand/backup_disk", "CLOSING-MANUAL"),
    "an unknown target": ({}, "hand/other", "CLOSING-MANUAL-UNKNOWN"),
    "a medium destroyed, not returned": ({}, "medium/CD-0001", "CLOSING-MANUAL"),
    "returned mail destroyed": ({}, "paper/returned-cards", "CLOSING-MANUAL"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_closes_nothing(case: str, year: ClosingYear) -> None:
    changed, target, code = REFUSED[case]
    with refused(code):
        year.close(year.slip("physical_destruction", target, **changed))
    assert year.ws.ledger.events("manual_target_closed") == []


@pytest.mark.parametrize(
    ("method", "target", "came"),
    [("return", "medium/CD-0001", "medium_registered"), ("return", "paper/returned-cards", "returns_recorded"),
     ("dissolution", "paper/visit-sheets", "sheets_in")],
)  # fmt: skip
def test_nothing_is_closed_for_a_day_before_the_last_of_it_came(
    method: str, target: str, came: str, year: ClosingYear
) -> None:
    day = date.fromisoformat(year.ws.ledger.events(came)[-1].campaign_date)
    with refused("CLOSING-MANUAL", "受け取った日より前", place=target):
        year.close(year.slip(method, target, on=day - timedelta(days=1)))
    assert year.close(year.slip(method, target, on=day))


def test_a_return_is_receipted_by_the_ward_itself(year: ClosingYear) -> None:
    with refused("CLOSING-MANUAL"):
        year.close(year.slip("return", "medium/CD-0001", witness="h03"))
    year.close(year.slip("return", "medium/CD-0001", "paper/returned-cards"))
    assert [e.key for e in year.ws.ledger.events("medium_returned")] == ["CD-0001"]


def test_a_partys_machines_are_erased_by_one_of_its_own(year: ClosingYear) -> None:
    with refused("CLOSING-MANUAL", place="party/printer"):
        close_targets(year.ws, year.slip("physical_destruction", "party/printer"), "printer", PAPER)
    assert close_targets(year.ws, year.slip("physical_destruction", "party/printer", by="h06"), "printer", PAPER)


def test_cards_that_have_not_come_back_to_us_are_not_given_back(year: ClosingYear) -> None:
    year.ws.record("returns_recorded", "r2", counts={"returned": 2})
    with refused("CLOSING-MANUAL", place="paper/returned-cards"):
        year.close(year.slip("return", "paper/returned-cards"))
    assert year.close(year.slip("return", "medium/CD-0001"))


def test_without_a_paper_nothing_is_closed(year: ClosingYear) -> None:
    with refused("CLOSING-MANUAL", "開けません"):
        year.close(year.slip("dissolution", "paper/visit-sheets"), b"")


def test_a_paper_that_was_kept_before_must_be_that_paper(year: ClosingYear) -> None:
    slip = year.slip("dissolution", "paper/visit-sheets")
    for _ in range(2):
        with refused("CLOSING-MANUAL", "一致しません", place="documents/kept.pdf"):
            close_targets(year.ws, slip, "contractor", PAPER, kept_as="documents/kept.pdf")
        year.ws.issue_document("documents/kept.pdf", paper("other"), title="t", kind="closing_slip")
    (event,) = close_targets(year.ws, slip, "contractor", paper("other"), kept_as="documents/kept.pdf")
    assert (event.codes["document"], event.refs["sha256"]) == ("held:contractor", sha256(paper("other")))


@pytest.mark.parametrize(
    ("method", "target"),
    [("return", "medium/CD-0001"), ("return", "paper/returned-cards"), ("physical_destruction", "party/printer")],
)
def test_what_another_answers_for_is_not_entered_by_us(method: Any, target: str, year: ClosingYear) -> None:
    ours = year.ws.acting_as(Actor("contractor", "watanuki", "contractor_manager"))
    with refused("CLOSING-MANUAL", "区の記録", place=target):
        enter_by_hand(ours, year.slip(method, target), PAPER)
    assert year.ws.ledger.events("manual_target_closed") == []


@pytest.mark.parametrize(
    ("party", "user", "role"),
    [
        ("contractor", "system", "system"),
        ("contractor", "tsukumo", "contractor_engineer"),
        ("contractor", "nobody", "contractor_manager"),
        ("ward", "takanashi", "ward_officer"),
    ],
)
def test_only_a_person_of_ours_who_may_enters_a_deed(party: str, user: str, role: str, year: ClosingYear) -> None:
    slip = year.slip("physical_destruction", "hand/backup_disk")
    with refused("CLOSING-MANUAL", "取扱責任者又は取扱者", place=user):
        enter_by_hand(year.ws.acting_as(Actor(party, user, role)), slip, PAPER)
    assert enter_by_hand(year.ws.acting_as(Actor("contractor", "teshigawara", "contractor_staff")), slip, PAPER)


def test_whoever_had_left_by_then_neither_did_it_nor_entered_it(year: ClosingYear) -> None:
    gone = year.ws.config.contract.start + timedelta(days=60)
    end_registration(year.ws, "h04", gone)
    slip = year.slip("physical_destruction", "hand/backup_disk")
    with refused("CLOSING-MANUAL", "実施日にありません"):
        year.close(slip)
    with refused("CLOSING-MANUAL", place="teshigawara"):
        enter_by_hand(year.ws.acting_as(Actor("contractor", "teshigawara", "contractor_staff")), slip, PAPER)
    assert year.close(year.slip("physical_destruction", "hand/backup_disk", on=gone))


def test_one_person_under_two_numbers_is_no_witness(year: ClosingYear) -> None:
    (first,) = [h for h in year.ws.config.handlers if h.id == "h04"]
    config = year.ws.config.model_copy(
        update={"handlers": (*year.ws.config.handlers, first.model_copy(update={"id": "h90", "party": "visitors"}))}
    )
    twice = replace(year, ws=replace(year.ws, config=config))
    with refused("CLOSING-MANUAL", "別の人"):
        twice.close(twice.slip("physical_destruction", "hand/backup_disk", witness="h90"))


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
        with refused("CLOSING-MANUAL", r"01.json"):
            take_slips(year.ws)
        (told,) = year.ws.ledger.events("paper_refused")
        assert told.codes == {"party": "ward", "paper": "closing", "code": "CLOSING-MANUAL"}


def test_nobody_receipts_for_the_ward(year: ClosingYear) -> None:
    folder = slips_folder(year.ws.layout.outgoing("contractor"))
    write_paper(folder / "01.json", year.slip("return", "medium/CD-0001"))
    (folder / "01.pdf").write_bytes(PAPER)
    with refused("CLOSING-MANUAL", r"01.json"):
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
            year.close(slip)
    year.close(slip)
    assert len(year.ws.ledger.events("medium_returned")) == len(year.ws.ledger.events("manual_target_closed")) == 1


def test_nothing_is_certified_while_a_target_is_open(year: ClosingYear) -> None:
    late = year.on(year.ws.config.closing.handover_on).until_erased()
    assert {t.key for t in open_targets(late.ws)} == {"paper/returned-cards"}
    with refused("CLOSING-MANUAL-OPEN", "paper/returned-cards"):
        finalise.finalise(late.ws.config, late.ws.layout.var, no_database=True)
    assert late.ws.ledger.events("traces_purged") == []
    late.close(late.slip("return", "paper/returned-cards"))
    assert finalise.finalise(late.ws.config, late.ws.layout.var, no_database=True)["erasure"]["erased"] == 16


def test_each_subcontractor_is_asked_and_its_certificate_goes_to_the_ward(year: ClosingYear) -> None:
    year = year.on(year.ws.config.closing.handover_on)
    take_certificates(year.ws, {})
    asked = year.ws.ledger.events("certificate_requested")
    assert [e.key for e in asked] == ["printer", "call_centre", "visitors"]
    assert (year.ws.layout.received("printer") / "certificate-request-printer.pdf").is_file()
    letter = read_asked(year.ws.layout.received("ward"))
    assert letter is not None
    assert [t.target for t in letter.targets] == ["medium/CD-0001", "paper/returned-cards"]
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
    (forwarded,) = year.ws.ledger.events("certificate_forwarded")
    assert forwarded.key == "printer"
    assert forwarded.codes == {"to": "ward", "document": "documents/certificate-printer.pdf"}
    kept = (year.ws.layout.outputs / "documents" / "certificate-printer.pdf").read_bytes()
    assert forwarded.refs == {"sha256": sha256(kept)}


def test_a_certificate_answers_for_every_package_and_for_no_day_before_the_last(year: ClosingYear) -> None:
    for day, party, work, kind in (
        (date(2027, 10, 1), "visitors", Work.VISITS, "visit_halves"),
        (date(2027, 12, 1), "visitors", Work.VISITS, "visit_halves"),
        (date(2027, 12, 2), "printer", Work.ADDRESSING, "pull_list"),
    ):
        said: dict[str, Any] = {"files": {"a.csv": b"x"}, "counts": {"rows": 1}, "authority": "contract"}
        hand_over(year.on(day).ws, party=party, work=work, package=f"{day:%m%d}", kind=kind, **said)
    year = year.on(year.ws.config.closing.handover_on)
    take_certificates(year.ws, {})
    asked = {e.key: (e.counts["packages"], e.codes) for e in year.ws.ledger.events("certificate_requested")}
    letters = {p: f"documents/certificate-request-{p}.pdf" for p in ("printer", "call_centre", "visitors")}
    due = year.ws.config.closing.certificates_due.isoformat()
    assert asked == {
        party: (number, {"due": due, "document": letters[party]})
        for party, number in (("printer", 2), ("call_centre", 1), ("visitors", 3))
    }
    of_parties = {t.holder: t.items for t in open_targets(year.ws) if t.kind == "pc"}
    assert of_parties == {"printer": 2, "call_centre": 1, "visitors": 3}

    year.send("visitors", "erasure_certificate", "c-9", {"certificate.json": b"{}"})
    year.certify("visitors", packages=[HALVES, "visit_halves/1001"])
    year.certify("visitors", packages=[HALVES, "visit_halves/1001", "visit_halves/1201"], on="2027-11-30")
    for _ in range(3):
        with refused("CLOSING-CERTIFICATE"):
            take_certificates(year.ws, {})
    assert year.ws.ledger.events("certificate_received") == []
    year.certify("visitors", on="2027-12-01", by="h08", witness="h03")  # the day itself will do
    take_certificates(year.ws, {})
    (received,) = year.ws.ledger.events("certificate_received")
    assert (received.key, received.counts) == ("visitors", {"packages": 3})
    assert received.codes == {"package": "c-3", "late": "no"}
    told = {"method": "physical_destruction", "on": "2027-12-01", "place": "visit_base", "by": "h08", "witness": "h03"}
    gone = [(e.key, e.codes) for e in year.ws.ledger.events("package_erased")]
    given = ("visit_halves/1001", "visit_halves/1201", HALVES)
    assert gone == [(f"visitors/{name}", {"party": "visitors", **told}) for name in given]
    accepted = year.ws.ledger.find("package_received", "visitors/erasure_certificate/c-3")
    assert accepted is not None
    assert accepted.counts == {"packages": 3}


def test_what_the_plan_names_by_hand_stands_in_its_document(year: ClosingYear) -> None:
    _, plan = year.on(year.ws.config.closing.handover_on).until_plan()
    named = year.ws.ledger.events("erasure_planned")[-1].refs["manual"]
    assert set(named) == {t.key for t in manual_targets(year.ws.ledger.events(), year.ws.config)}
    assert plan["counts"]["manual"] == len(named) == 7
    assert stage.find_closing_work(year.ws, {})


def test_nobody_else_closes_what_the_contractor_is_asked_for(year: ClosingYear) -> None:
    with refused("CLOSING-MANUAL", place="paper/visit-sheets"):
        close_targets(year.ws, year.slip("dissolution", "paper/visit-sheets"), "printer", PAPER)


def test_one_person_without_a_user_name_is_one_person_too(year: ClosingYear) -> None:
    alone = next(h for h in year.ws.config.handlers if h.user is None)
    with refused("CLOSING-MANUAL", "別の人", place="paper/visit-sheets"):
        year.close(year.slip("dissolution", "paper/visit-sheets", by=alone.id, witness=alone.id))


def more_sheets(year: ClosingYear, sheets: int = 3) -> None:
    """Those of another team come back."""
    team = "visit_1/2027-10-13/t02"
    year.ws.record("sheets_out", team, counts={"sheets": sheets})
    year.ws.record("checklist_recorded", team, codes=dict.fromkeys(PRECAUTIONS, "yes"))
    year.ws.record("sheets_in", team, counts={"sheets": sheets})


def test_paper_that_came_after_a_deed_is_closed_by_a_deed_of_its_own(year: ClosingYear) -> None:
    year.close(year.slip("dissolution", "paper/visit-sheets"))
    more_sheets(year)
    (left,) = (t for t in open_targets(year.ws) if t.kind == "paper" and t.asked == "contractor")
    assert (left.key, left.items) == ("paper/visit-sheets/n2", 3)
    (deed,) = year.close(year.slip("shredding", "paper/visit-sheets/n2"), paper("again"))
    assert deed.counts == {"items": 3}
    assert "paper/visit-sheets/n3" not in {t.key for t in manual_targets(year.ws.ledger.events(), year.ws.config)}


def test_a_year_whose_paper_went_in_two_deeds_is_certified(year: ClosingYear) -> None:
    year = year.on(year.ws.config.closing.handover_on)
    year.close(year.slip("dissolution", "paper/visit-sheets"))
    more_sheets(year)
    year = year.until_erased()
    year.close(year.slip("return", "paper/returned-cards"))
    with refused("CLOSING-MANUAL-OPEN", place="paper/visit-sheets/n2"):
        finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    year.close(year.slip("shredding", "paper/visit-sheets/n2"), paper("again"))
    finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    told = {r.name: (r.left, r.right) for r in reconciliations(year.ws.ledger.events())}
    assert told["paper in custody = closed by hand [paper/visit-sheets]"] == (4, 4)


def test_a_second_deed_is_never_answered_with_the_first(year: ClosingYear) -> None:
    first = year.slip("dissolution", "paper/visit-sheets")
    year.close(first)
    assert year.close(first)  # the same deed once more, before anything else came
    more_sheets(year)
    with refused("CLOSING-MANUAL", "paper/visit-sheets/n2 として", place="paper/visit-sheets"):
        year.close(first, paper("again"))
    assert year.close(first)  # and after: the paper tells that it is the same


def test_a_slip_that_names_the_closed_deed_for_what_came_later_is_told(year: ClosingYear) -> None:
    year.close(year.slip("return", "paper/returned-cards"))
    year.ws.record("returns_recorded", "r2", counts={"returned": 2})
    year.ws.record("custody_moved", "cards-r2-1", counts={"pieces": 2}, codes={"list": "r2"})
    folder = slips_folder(year.ws.layout.outgoing("ward"))
    write_paper(folder / "02.json", year.slip("return", "paper/returned-cards"))
    (folder / "02.pdf").write_bytes(paper("second"))
    with refused("CLOSING-MANUAL", "paper/returned-cards/n2 として", place="paper/returned-cards"):
        take_slips(year.ws)
    write_paper(folder / "02.json", year.slip("return", "paper/returned-cards/n2"))
    assert take_slips(year.ws) == 1
    assert take_slips(year.ws) == 0


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("paper/returned-cards/n2", "CLOSING-MANUAL"),  # what goes back to the ward still goes back
        ("paper/visit-sheets/n3", "CLOSING-MANUAL-UNKNOWN"),  # no deed is left out
    ],
)
def test_a_later_deed_keeps_the_rules_of_the_first(deed: str, code: str, year: ClosingYear) -> None:
    year.close(year.slip("return", "paper/returned-cards"))
    year.close(year.slip("dissolution", "paper/visit-sheets"))
    year.ws.record("returns_recorded", "r2", counts={"returned": 2})
    year.ws.record("custody_moved", "cards-r2-1", counts={"pieces": 2}, codes={"list": "r2"})
    more_sheets(year)
    with refused(code, place=deed):
        year.close(year.slip("dissolution", deed))
