"""A small campaign with real snapshots and real parties, ready to be closed.  Not a test."""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pikepdf
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.campaign.opened import HANDLER_REPORT
from kansho.campaign.rights import Work
from kansho.closing import certificate_paper, papers, stage
from kansho.closing.certificates import handed
from kansho.closing.manual import close_targets, manual_targets, open_targets
from kansho.evidence.events import Actor, Event
from kansho.evidence.oversight_rules import PRECAUTIONS
from kansho.exchange.door import hand_over
from kansho.exchange.package import Package, pack, unpack
from kansho.exchange.papers import write_paper
from kansho.exchange.slips import Method, Slip, slips_folder
from kansho.layout import Layout
from kansho.opening.stage import open_campaign, register_parties
from kansho.vault.keys import new_identity, open_package, recipient_of, seal_package
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

PEOPLE = pd.DataFrame(
    {
        "inquiry_number": ["4821-7390-66", "1357-2468-01", "9753-8642-09"],
        "name_kanji": ["鬼怒川　綾乃助", "御厨子　実千代", "五十嵐　久右衛門"],
        "name_kana": ["キヌガワ　アヤノスケ", "ミズシ　ミチヨ", "イガラシ　キュウエモン"],
        "address": ["墨田区吾妻橋九丁目８番７６号", "墨田区業平六丁目５番４号", "墨田区立川七丁目９番１号"],
        "address_extra": [None, "見本荘１０１", None],
        "phone": ["03-9876-5432", None, "03-5555-4321"],
        "birth_date": ["1961-02-03", "1958-11-30", "1970-01-01"],
    }
)
CONTACT = {
    "answered_by": "self",
    "purpose_stated": "1",
    "intention": "3",
    "reason": "05",
    "wish": "9",
    "dock_informed": "0",
    "program_informed": "1",
}


#: What every page of `kansho.documents` has and no face of a card.
_PAPER = 'class="running-head"'


@dataclass
class ClosingYear:
    """The campaign, and what the other parties do."""

    ws: Workspace
    identities: dict[str, str]

    def on(self, day: date) -> ClosingYear:
        return replace(self, ws=replace(self.ws, today=day))

    # -- the parties ------------------------------------------------------------------------------

    def opened(self, party: str, kind: str, package: str) -> Package:
        sealed = (self.ws.layout.received(party) / f"{kind}--{package}.age").read_bytes()
        return unpack(open_package(sealed, self.identities[party]))

    def send(self, party: str, kind: str, package: str, files: dict[str, bytes]) -> None:
        manifest = {"campaign": self.ws.config.id, "package": package, "kind": kind, "from": party}
        sealed = seal_package(pack(files, manifest), self.ws.keyring.recipient())
        folder = self.ws.layout.outgoing(party)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{kind}--{package}.age").write_bytes(sealed)

    def receipt(self, package: str = "handover-1", **changed: Any) -> None:
        ward = self.ws.config.ward_party.id
        handed = self.ws.ledger.find("package_handed_over", f"{ward}/handover/{package}")
        assert handed is not None
        said = {
            "campaign": self.ws.config.id,
            "package": package,
            "sha256_sealed": handed.refs["sha256_sealed"],
            "counts": dict(handed.counts),
            **changed,
        }
        self.send(ward, "handover_receipt", f"r-{package}-{len(changed)}", {"receipt.json": json.dumps(said).encode()})

    def certify(self, party: str, /, **changed: Any) -> None:
        handler = next(h for h in self.ws.config.handlers if h.party == party)
        said = {
            "campaign": self.ws.config.id,
            "party": party,
            "packages": handed(self.ws, party),
            "method": "physical_destruction",
            "on": self.ws.today.isoformat(),
            "place": handler.place,
            "by": handler.id,
            "witness": "h03",
            **changed,
        }
        files = {"certificate.json": json.dumps(said).encode(), "certificate.pdf": paper("certificate")}
        self.send(party, "erasure_certificate", f"c-{len(changed)}", files)

    def slip(self, method: Method, *targets: str, **changed: Any) -> Slip:
        """What our clerk did before the ward's officer."""
        said = {"on": self.ws.today, "place": "vault_site", "by": "h04", "witness": "h01", **changed}
        return Slip.model_validate({"targets": targets, "method": method, **said})

    def close(self, slip: Slip, document: bytes | None = None) -> list[Event]:
        """By the word of whoever has to say it."""
        asked = {t.key: t.asked for t in manual_targets(self.ws.ledger.events(), self.ws.config)}
        party = next((asked[t] for t in slip.targets if t in asked), self.ws.config.contractor.id)
        return close_targets(self.ws, slip, party, paper("signed") if document is None else document)

    def put_slips(self) -> None:
        """Everybody puts out the slip and the paper of what they did by hand and had not told before."""
        still = {t.key for t in open_targets(self.ws)}
        for party, name, method, target in (
            ("ward", "01", "return", "medium/CD-0001"),
            ("contractor", "01", "physical_destruction", "hand/backup_disk"),
            ("contractor", "02", "dissolution", "paper/visit-sheets"),
        ):
            if target not in still:
                continue
            folder = slips_folder(self.ws.layout.outgoing(party))
            write_paper(folder / f"{name}.json", self.slip(method, target))  # type: ignore[arg-type]
            (folder / f"{name}.pdf").write_bytes(paper(target))

    # -- our people -------------------------------------------------------------------------------

    def approve(self, plan: dict[str, Any], name: str, user: str, distinct_from: str = "") -> str:
        """The key of the decision."""
        handler = self.ws.config.handler_of_user(user)
        assert handler is not None
        assert handler.role is not None
        key = f"dag/run/{name}"
        codes = {"role": handler.role.value, "kind": plan["artefact"]["kind"]}
        if distinct_from:
            codes["distinct_from"] = f"dag/run/{distinct_from}"
        digest = {"digest": plan["artefact"]["digest"]}
        mine = self.ws.acting_as(Actor(handler.party, user, handler.role.value))
        self.ws.record("approval_requested", key, codes=codes, refs={"artefact": plan["artefact"]})
        mine.record("artefact_opened", f"{key}/{user}", refs=digest)
        mine.record("approval_decided", key, codes={"decision": "approve", "reason": "none"}, refs=digest)
        return key

    # -- the closing, step by step ----------------------------------------------------------------------

    def until_plan(self) -> tuple[ClosingYear, dict[str, Any]]:
        """Handed over, receipted, certified, inventoried, planned."""
        closing = self.ws.config.closing
        year = self.on(closing.handover_on)
        assert stage.make_handover(year.ws, {})
        year.receipt()
        assert stage.take_handover_receipt(year.ws, {})
        for party in year.ws.config.subcontractors:
            year.certify(party.id)
        year = year.on(closing.erase_on)
        assert stage.take_certificates(year.ws, {})
        inventory = stage.take_inventory(year.ws, {})
        assert inventory
        return year, stage.plan_erasure(year.ws, inventory)

    def until_erased(self) -> ClosingYear:
        """Also approved by two and executed."""
        year, plan = self.until_plan()
        year.approve(plan, "erasure_ward", "yamanashi")
        year.approve(plan, "erasure_contractor", "watanuki", distinct_from="erasure_ward")
        year.put_slips()
        stage.execute_erasure(year.ws, stage.return_media(year.ws, plan))
        return year


def plain_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let papers be made in no time where a test does not look at them."""
    monkeypatch.setattr(papers, "render", lambda document: paper(document.title))
    # This one is signed, so it must be a PDF.
    monkeypatch.setattr(certificate_paper, "render", lambda document: blank_page())


def paper(said: str) -> bytes:
    """A PDF that anybody can open, told apart from others by a comment."""
    return blank_page() + f"\n% {said}\n".encode()


def blank_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every paper of ours is a blank page, another for each text; faces of cards are rendered, for they are read."""
    rendering = importlib.import_module("kansho.documents.render")
    real = rendering.render_html

    def render_html(html: str, attachments: Sequence[Any] = (), remarks: list[str] | None = None) -> bytes:
        if _PAPER not in html:
            return real(html, attachments, remarks)
        mark = hashlib.sha256(html.encode()).hexdigest()
        return real(f"<p>{mark}</p>", attachments, remarks) if attachments else blank_page(mark)

    monkeypatch.setattr(rendering, "render_html", render_html)


@cache
def blank_page(mark: str = "") -> bytes:
    """The smallest PDF, always the same for the same mark."""
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    if mark:
        made.docinfo["/Subject"] = mark
    made.save(out, deterministic_id=True)
    return out.getvalue()


def closing_year(config: CampaignConfig, var: Path) -> ClosingYear:
    """Opened, delivered, one card posted and returned, one refusal on the phone, one visit, one enquiry."""
    layout = Layout(var)
    identities = {p.id: new_identity() for p in config.parties}
    for party in config.parties:
        folder = layout.outgoing(party.id)
        folder.mkdir(parents=True)
        (folder / "recipient.txt").write_text(recipient_of(identities[party.id]), encoding="ascii")
    ws = Workspace.open(config, var, config.opening_on)
    register_parties(ws, open_campaign(ws, {"simulation": True, "seed": 1}))
    opened = ClosingYear(ws, identities)
    report = ws.store_bytes("plan_document", HANDLER_REPORT, b"%PDF-1.7 report")
    opened.approve({"artefact": report.to_json()}, "opening", "takanashi")
    year = opened.on(config.deliveries[0].on)
    _deliver(year.ws)
    _plan(year)
    _reach_out(year)
    return year


def copied(year: ClosingYear, var: Path) -> ClosingYear:
    """The year as it stands, in another folder."""
    shutil.copytree(year.ws.layout.var, var)
    return replace(year, ws=Workspace.open(year.ws.config, var, year.ws.today))


def _deliver(ws: Workspace) -> None:
    ws.record("medium_registered", "CD-0001", codes={"kind": "CD-R", "delivery": "d01"})
    ws.record("password_entered", "d01-1", codes={"delivery": "d01"})
    ws.record("delivery_accepted", "d01", counts={"rows_target_list": 3, "rows_stop_list": 0})
    sealed = ws.store_bytes("sealed_delivery", "d01", b"PK sealed by the ward")
    raw = ws.store_table("raw_target_list", "d01", PEOPLE, parents=[sealed])
    counts = {"rows": 3, "accepted": 2, "quarantined": 1}
    ws.record("gate_evaluated", "target_list/d01", counts=counts, codes={"gate": "target_list", "result": "pass"})
    nobody = {"rows": 0, "accepted": 0, "quarantined": 0}
    ws.record("gate_evaluated", "stop_list/d01", counts=nobody, codes={"gate": "stop_list", "result": "pass"})
    ws.store_table("roster", "d01", PEOPLE[:2], parents=[raw])
    ws.store_table("quarantine", "target_list-d01", PEOPLE[2:], parents=[raw])
    old = ws.store_bytes("one_time_secret", "d01", b"Zx9-pass-7731")
    ws.erase(old, reason="retention")
    ws.store_bytes("one_time_secret", "d02", b"Qw8-pass-9912")


def _plan(year: ClosingYear) -> None:
    """Both of the roster, approved by the ward."""
    ws = year.ws
    ws.record("plan_made", "plan-1", counts={"roster": 2, "held_out": 0, "kenshin": 2})
    _gate(ws, "plan_release/plan-1", 2)
    year.approve(_thing("plan_document", "plan-1"), "plan", "takanashi")


def _reach_out(year: ClosingYear) -> None:
    """Waves of people chosen by the plan; what 丙 tell answers lists that they had been given."""
    ws = year.ws
    first, second = PEOPLE["inquiry_number"][:2]
    number = {"inquiry_number": first}
    chosen = _select(ws, "mailing_1", "mail", first)
    ws.record("cards_prepared", "mailing_1", counts={"selected": 1, "printable": 1, "unprintable": 0})
    word = year.approve(_thing("proof", "mailing_1-r1"), "proof", "takanashi")
    _gate(ws, "print_release/mailing_1", 1)
    _send(ws, "printer", Work.ADDRESSING, "print_package", "mailing_1", word, chosen)
    ws.record("pulls_listed", "mailing_1", counts={"listed": 0})
    cards = {"printable": 1, "withdrawn": 0, "reprinted": 0, "printed": 1, "pulled": 0, "spoiled": 0, "posted": 1}
    ws.record("print_reported", "mailing_1", counts=cards)
    posted = {**number, "serial": "M1-0001", "wave": "mailing_1", "posted_on": "2027-06-24"}
    sent = _store(ws, "postings", "mailing_1", [posted], chosen)
    returned = {**number, "serial": "M1-0001", "returned_on": "2027-07-01", "return_reason": "1"}
    _store(ws, "mail_returns", "r1", [returned], sent)
    told = {"rows": 1, "accepted": 1, "quarantined": 0, "reached": 1, "refused": 1, "notes_held": 0}

    called = _select(ws, "call_1", "call", second)
    ws.record("call_list_made", "call_1-a1", counts={"listed": 1, "withdrawn": 0}, codes={"wave": "call_1"})
    _gate(ws, "call_release/call_1-a1", 1)
    word = year.approve(_thing("call_list", "call_1-a1"), "call_list", "watanuki")
    _send(ws, "call_centre", Work.CALLS, "call_list", "call_1-a1", word, called)
    call = {"wave": "call_1", "attempt": "1", "inquiry_number": second, "called_on": "2027-08-17", "outcome": "50"}
    _store(ws, "call_results", "c1", [{**call, **CONTACT}], called)
    ws.record("results_recorded", "c1", counts=told, codes={"channel": "call", "wave": "call_1"})

    visited = _select(ws, "visit_1", "visit", first)
    counts = {"selected": 1, "listed": 1, "coarsened": 0, "not_visited": 0}
    ws.record("visit_list_made", "visit_1", counts=counts, codes={"wave": "visit_1"})
    _gate(ws, "visit_release/visit_1", 1)
    word = year.approve(_thing("visit_list", "visit_1"), "visit_list", "takanashi")
    ws.record("sheets_out", "visit_1/2027-10-13/t01", counts={"sheets": 1, "rows": 1}, codes={"place": "visit_base"})
    _send(ws, "visitors", Work.VISITS, "visit_halves", "visit_1-2027-10-13", word, visited)
    visit = {**number, "token": "T1", "wave": "visit_1", "visited_on": "2027-10-13", "outcome": "14"}
    _store(ws, "visit_results", "visit_1-1", [{**visit, **CONTACT}], visited)
    ws.record(
        "results_recorded", "visit_1-1", counts={**told, "refused": 0}, codes={"channel": "visit", "wave": "visit_1"}
    )
    ws.record("checklist_recorded", "visit_1/2027-10-13/t01", codes=dict.fromkeys(PRECAUTIONS, "yes"))
    ws.record("sheets_in", "visit_1/2027-10-13/t01", counts={"sheets": 1}, codes={"place": "visit_base"})

    inbound = {"record": "I1", **number, "received_on": "2027-11-01", "purpose": "3", "answered_by": "self"}
    _store(ws, "inbound_records", "i1", [{**inbound, "purpose_stated": "1"}], ws.latest("roster"))
    ws.record("inbound_recorded", "i1", counts={"records": 1, "stops": 1, "unknown": 0})


def _select(ws: Workspace, wave: str, channel: str, number: str) -> SnapshotRef:
    """One person for a wave."""
    counts = {"candidates": 1, "assigned": 1, "held_out": 0, "not_contactable": 0, "over_capacity": 0}
    ws.record("wave_selected", wave, counts=counts, codes={"channel": channel, "plan": "plan-1"})
    assigned = {"inquiry_number": number, "group": "kenshin", "segment": "never", "arm": "outreach"}
    return _store(ws, "wave_assignment", wave, [assigned], ws.latest("roster"))


def _gate(ws: Workspace, key: str, rows: int) -> None:
    ws.record("gate_evaluated", key, counts={"rows": rows}, codes={"gate": key.partition("/")[0], "result": "pass"})


def _thing(kind: str, key: str) -> dict[str, Any]:
    return {"artefact": {"kind": kind, "key": key, "digest": hashlib.sha256(key.encode()).hexdigest()}}


def _send(ws: Workspace, party: str, work: Work, kind: str, package: str, word: str, made_of: SnapshotRef) -> None:
    files, said = {"list.csv": b""}, {"rows": 1, "withdrawn": 0}
    hand_over(
        ws, party=party, work=work, package=package, kind=kind, files=files, counts=said, authority=word,
        parents=[made_of],
    )  # fmt: skip


def _store(ws: Workspace, kind: str, key: str, rows: list[dict[str, str]], made_of: SnapshotRef) -> SnapshotRef:
    return ws.store_table(kind, key, pd.DataFrame(rows), parents=[made_of])
