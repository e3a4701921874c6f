"""Media, paper and copies: who has what, until when; each balance and each day is seen when it does not hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from kansho import exchange
from kansho.campaign.clauses import clauses_in_force
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Work
from kansho.cli import main
from kansho.closing.manual import close_targets
from kansho.errors import KanshoError
from kansho.evidence.checkpoint import origin_of
from kansho.evidence.events import Actor
from kansho.evidence.merkle import leaf_hash
from kansho.evidence.paper import paper_findings
from kansho.exchange.custody import cards_missing, take_hand_over
from kansho.exchange.notices import CopiesErased, HandOver, copies_path, hand_over_path
from kansho.exchange.papers import write_paper
from kansho.exchange.slips import Slip
from kansho.opening.register import register_party
from kansho.oversight.clauses import states
from kansho.oversight.custody_book import book, register
from kansho.oversight.notices import notices_wait, take_notices
from kansho.oversight.open_items import open_on, past_erase_by
from kansho.oversight.stage import record_inspections
from kansho.vault.keys import new_identity, recipient_of
from kansho.workspace import Workspace
from tests.conftest import MINI, opened
from tests.unit.closing_year import paper
from tests.unit.stamps import read_stamp

Open = Callable[[date], Workspace]
JULY, SLIP = date(2027, 7, 14), "cards-r1-1"
GIVEN, KEY = date(2027, 6, 9), "printer/print_package/mailing_1"


# -- cards that came back -------------------------------------------------------------------------------


@pytest.fixture
def returned(open_workspace: Open) -> Workspace:
    """Three cards of the first mailing came back to the printer."""
    ws = open_workspace(JULY)
    ws.record("returns_recorded", "r1", counts={"returned": 3}, codes={"wave": "mailing_1"})
    return ws


def _slip(ws: Workspace, number: str = SLIP, **changed: Any) -> Path:
    said = {
        "number": number,
        "kind": "returned_cards",
        "listed": "r1",
        "pieces": 3,
        "giver": "printer",
        "receiver": "contractor",
        "on": JULY,
        "given_by": "h06",
        "received_by": "h04",
        "place": "head_office",
        **changed,
    }
    path = hand_over_path(ws.layout.outgoing("printer"), number)
    write_paper(path, HandOver.model_validate(said))
    return path


def test_each_hand_over_of_cards_is_a_line_and_the_register_says_where_they_are(returned: Workspace) -> None:
    ws, config = returned, returned.config
    (lying,) = register(ws.ledger.events(), config)
    assert (lying.holder, lying.pieces) == ("printer", 3)
    _slip(ws, pieces=2)
    assert take_notices(ws, {}) == {"counts": {"ended": 0, "told": 0, "moved": 1, "erased": 0, "refused": 0}}
    assert cards_missing(ws.ledger.events()) == {"r1": 1}
    (row,) = register(ws.ledger.events(), config)
    assert (row.holder, row.missing) == ("contractor", 1)
    assert open_on(ws.ledger.events(), config, JULY)["授受簿の枚数の差"] == ("r1  未着 1 枚",)
    assert notices_wait(ws)
    _slip(ws, "cards-r1-2", pieces=1)
    take_notices(ws, {})
    assert [(x.medium, x.pieces, x.by, x.received_by) for x in book(ws.ledger.events(), config)] == [
        ("r1", 2, "h06", "h04"),
        ("r1", 1, "h06", "h04"),
    ]
    assert register(ws.ledger.events(), config)[0].missing == 0
    assert not notices_wait(ws)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pieces": 4},
        {"listed": "r2"},
        {"given_by": "h07"},
        {"received_by": "h06"},
        {"receiver": "ward"},
        {"place": "visit_base"},
        {"on": date(2027, 7, 15)},
    ],
)
def test_a_hand_over_that_does_not_fit_moves_nothing(returned: Workspace, wrong: dict[str, Any]) -> None:
    with pytest.raises(KanshoError, match="PAPER-CUSTODY"):
        take_hand_over(returned, "printer", _slip(returned, **wrong))
    assert take_notices(returned, {}) == {"counts": {"ended": 0, "told": 0, "moved": 0, "erased": 0, "refused": 1}}
    assert returned.ledger.events("custody_moved") == []
    (told,) = returned.ledger.events("paper_refused")
    assert told.codes == {"party": "printer", "paper": "handovers", "code": "PAPER-CUSTODY"}


def test_cards_are_given_to_the_ward_only_when_all_of_them_are_there(returned: Workspace) -> None:
    ws = returned
    said = {"targets": ("paper/returned-cards",), "method": "return", "on": JULY, "place": "ward_office"}
    slip = Slip.model_validate({**said, "by": "h04", "witness": "h01"})
    _slip(ws, pieces=2)
    take_notices(ws, {})
    with pytest.raises(KanshoError, match="CLOSING-MANUAL"):
        close_targets(ws, slip, "ward", paper("receipt"))
    _slip(ws, "cards-r1-2", pieces=1)
    take_notices(ws, {})
    codes = {"party": "contractor", "place": "head_office"}
    replace(ws, today=ws.config.opening_on).record("handler_registered", "h04", codes=codes)
    close_targets(ws, slip, "ward", paper("receipt"))
    (row,) = register(ws.ledger.events(), ws.config)
    assert (row.holder, row.pieces) == ("ward", 3)
    assert book(ws.ledger.events(), ws.config)[-1].receiver == "ward"


def test_media_and_sheets_stand_in_the_same_book(
    mini_as_filed: CampaignConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws = opened(mini_as_filed, tmp_path / "var", JULY)
    place = {"kind": "CD-R", "delivery": "d01", "from": "ward", "to": "contractor", "place": "vault_site"}
    for serial in ("CD-1", "CD-2"):
        ws.record("medium_registered", serial, codes=place)
    staff = ws.acting_as(Actor("contractor", "teshigawara", "contractor_staff"))
    staff.record("password_entered", "d01-1", codes={"delivery": "d01"})
    ws.record("medium_returned", "CD-1", codes={"to": "ward"})
    slip = {"method": "return", "on": JULY.isoformat(), "place": "ward_office", "by": "h04", "witness": "h01"}
    ws.record("manual_target_closed", "medium/CD-1", counts={"items": 1}, codes=slip)
    ws.record("sheets_out", "visit_1/2027-07-14/t01", counts={"sheets": 4, "rows": 9})
    ws.record("sheets_out", "visit_1/2027-07-14/t02", counts={"sheets": 6, "rows": 9})
    ws.record("sheets_in", "visit_1/2027-07-14/t01", counts={"sheets": 4})
    where = {x.medium: x.holder for x in register(ws.ledger.events(), ws.config)}
    assert where == {
        "CD-1": "ward",
        "CD-2": "contractor",
        "visit_1/2027-07-14/t01": "contractor",
        "visit_1/2027-07-14/t02": "visitors",
    }
    site = ["--date", JULY.isoformat(), "--config", str(MINI), "--var", str(ws.layout.var)]
    assert main(["oversight", "custody", *site]) == 0
    assert "見本訪問サービス" in capsys.readouterr().out
    assert main(["oversight", "custody", "--json", *site]) == 0
    assert len(json.loads(capsys.readouterr().out)["book"]) == 6
    assert main(["oversight", "custody", "--pdf", str(tmp_path / "book.pdf"), *site]) == 0
    printed = read_stamp((tmp_path / "book.pdf").read_bytes())
    events = ws.ledger.events()
    leaves = [leaf_hash(e.canonical()) for e in events]
    assert (printed.origin, printed.size) == (origin_of(ws.config.id), len(events))
    assert printed.code == ws.ledger.checkpoints()[-1].partition("\n\n")[0] + "\n"
    assert list(paper_findings([printed.line, printed.code], ws.config.id, leaves)) == []
    others = [*leaves[:-1], leaf_hash(b"another story")]
    assert [f.code for f in paper_findings([printed.line], ws.config.id, others)] == ["LOG-FORKED"]
    media = [(x.medium, x.by, x.received_by, x.place) for x in book(events, ws.config) if x.kind == "medium"]
    assert media == [
        ("CD-1", "", "h04", "vault_site"),
        ("CD-2", "", "h04", "vault_site"),
        ("CD-1", "h04", "h01", "ward_office"),
    ]


# -- copies that lie with 丙 ---------------------------------------------------------------------------


@pytest.fixture
def given(open_workspace: Open) -> Workspace:
    """The printer was given its package."""
    ws = open_workspace(GIVEN)
    register_party(ws, ws.config.party("printer"))
    ws.record("recipient_registered", "printer", codes={"recipient": recipient_of(new_identity())})
    _give(ws, "print_package")
    return ws


def _give(ws: Workspace, kind: str) -> None:
    exchange.hand_over(
        ws,
        party="printer",
        work=Work.ADDRESSING,
        package="mailing_1",
        kind=kind,
        files={"a.csv": b"x"},
        counts={"rows": 1},
        authority="contract",
    )


def test_a_copy_with_a_party_says_what_it_was_made_of_and_for(given: Workspace) -> None:
    made = given.store_bytes("roster", "d01", b"x")
    exchange.hand_over(
        given.for_purpose("mailing_production"),
        party="printer",
        work=Work.ADDRESSING,
        package="mailing_2",
        kind="print_package",
        files={"a.csv": b"x"},
        counts={"rows": 1},
        authority="contract",
        parents=[made],
    )
    handed = given.ledger.find("package_handed_over", "printer/print_package/mailing_2")
    assert handed is not None
    assert (handed.codes["purpose"], handed.names["purpose"]) == ("mailing_production", "印刷の委託")
    assert handed.refs["parents"] == {"0": made.to_json()}
    stored = given.ledger.find("snapshot_stored", "roster/d01")
    assert stored is not None
    assert (stored.codes["purpose"], stored.names["purpose"]) == ("data_flow", "勧奨対象の管理")


def _erased(ws: Workspace, on: date, **changed: Any) -> None:
    said = {"party": "printer", "packages": ("print_package/mailing_1",), "method": "physical_destruction", "on": on}
    said |= {"place": "print_works", "by": "h06", "witness": "h03", **changed}
    write_paper(copies_path(ws.layout.outgoing("printer"), "1"), CopiesErased.model_validate(said))


def _row(ws: Workspace) -> tuple[str, bool]:
    found = states(ws.ledger.events(), ws.config, clauses_in_force(ws.config.contract.start), ws.today)
    return next((i.state, i.late) for i in found if i.duty.id == "hei12-unneeded" and i.subject == KEY)


def test_a_package_takes_its_erase_by_day_along_and_another_kind_does_not_leave(given: Workspace) -> None:
    (handed,) = given.ledger.events("package_handed_over")
    assert handed.codes["erase_by"] == "2027-08-08"
    late = replace(given, today=date(2028, 1, 20))
    _give(late, "pull_list")
    assert late.ledger.events("package_handed_over")[-1].codes["erase_by"] == "2028-01-27"  # the certificates' day
    with pytest.raises(KanshoError, match="FLOW-UNAPPROVED"):
        _give(given, "call_list")
    assert len(given.ledger.events("package_handed_over")) == 2


def test_a_copy_past_its_day_is_shown_until_the_party_says_that_it_is_gone(given: Workspace) -> None:
    ws = replace(given, today=date(2027, 8, 9))
    assert past_erase_by(ws.ledger.events(), date(2027, 8, 8)) == ()
    assert past_erase_by(ws.ledger.events(), ws.today) == (("printer", KEY, "2027-08-08"),)
    assert open_on(ws.ledger.events(), ws.config, ws.today)["期限を過ぎた写し"] == (
        f"{KEY}  保有者 printer  期限 2027-08-08",
    )
    assert _row(ws) == ("overdue", False)
    record_inspections(ws, {})
    assert ws.ledger.find("deadline_missed", f"copy_erase/{KEY}") is not None
    _erased(ws, date(2027, 8, 9))
    assert notices_wait(ws)
    take_notices(ws, {})
    assert past_erase_by(ws.ledger.events(), ws.today) == ()
    assert _row(ws) == ("done", True)
    assert take_notices(ws, {}) is None


def test_a_copy_erased_in_time_is_in_time_whenever_the_paper_is_read(given: Workspace) -> None:
    _erased(given, date(2027, 8, 1))
    ws = replace(given, today=date(2027, 8, 20))
    take_notices(ws, {})
    record_inspections(ws, {})
    assert _row(ws) == ("done", False)
    assert ws.ledger.find("deadline_missed", f"copy_erase/{KEY}") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"packages": ("print_package/mailing_2",)},
        {"party": "visitors"},
        {"by": "h03"},
        {"witness": "h06"},
        {"place": "head_office"},
        {"on": date(2027, 6, 8)},
        {"on": date(2027, 8, 2)},
    ],
)
def test_a_word_on_copies_that_does_not_fit_ends_nothing(given: Workspace, wrong: dict[str, Any]) -> None:
    ws = replace(given, today=date(2027, 8, 1))
    _erased(ws, **{"on": ws.today, **wrong})
    for look in range(3):
        if look == 2:  # wrong again, in other words
            _erased(ws, **{"on": ws.today, **wrong, "method": "logical_erasure"})
        taken = take_notices(ws, {})
        assert taken is not None
        assert taken["counts"]["refused"] == 1
        told = ws.ledger.events("paper_refused")
        assert len(told) == 1 + (look == 2)  # once for its bytes
        path = copies_path(ws.layout.outgoing("printer"), "1")
        assert told[-1].codes == {"party": "printer", "paper": "copies-erased", "code": "PAPER-COPIES"}
        assert told[-1].refs == {"sha256": sha256(path.read_bytes()).hexdigest()}
    assert ws.ledger.events("package_erased") == []
