"""A small, lawful year as ledger events, for tests of the account, the rules and the verifier.

Not a test.  `Year` appends what the stages would; a test changes one thing and looks for its code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.campaign.clauses import clauses_of
from kansho.campaign.config import CampaignConfig, Handler
from kansho.campaign.handed_back import HAND_OVER, RECEIPT
from kansho.errors import KanshoError
from kansho.evidence import bundle as names
from kansho.evidence import erasure_log, scan_log
from kansho.evidence.bundle import config_json, make_bundle, sha256, sign_detached
from kansho.evidence.carried import PAPER as SIGNED
from kansho.evidence.carried import PRINTED, WORDS, carried
from kansho.evidence.certified import certified_part
from kansho.evidence.checkpoint import sign_checkpoint
from kansho.evidence.deadline_rules import report_months
from kansho.evidence.events import Actor, Event, canonical_json
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.merkle import leaf_hash, prefix_roots, root_of
from kansho.evidence.methods import ABSENT, CRYPTO_ERASE, DELETE, OVERWRITE, PRESENT
from kansho.evidence.oversight_rules import PRECAUTIONS
from kansho.evidence.rules import RELEASES
from kansho.evidence.short import short
from kansho.evidence.strict import read_json
from kansho.evidence.whole import whole_certificate
from kansho.vault.classes import PERSONAL_KEYS, VAULT_CLASSES

SYSTEM = ("contractor", "system", "system")
OFFICER = ("ward", "takanashi", "ward_officer")
MANAGER = ("ward", "yamanashi", "ward_manager")
CONTRACTOR = ("contractor", "watanuki", "contractor_manager")
ENGINEER = ("contractor", "tsukumo", "contractor_engineer")
#: Holdings that the ward gets back first, with their rows.
RESULTS = {
    "wave_assignment/mailing_1": 68,
    "wave_assignment/call_1": 20,
    "wave_assignment/visit_1": 12,
    "postings/mailing_1": 55,
    "mail_returns/r1": 2,
    "call_results/c1": 18,
    "quarantine/call_results-c1": 1,
    "inbound_records/i0": 3,
    "quarantine/inbound_records-i0": 1,
}
#: How the closing ends a key.
GONE = {"found": PRESENT, "method": OVERWRITE, "verified": ABSENT}
DELETED = {"found": PRESENT, "method": DELETE, "verified": ABSENT}
#: Where Airflow's metadata was.
HOME = {"database": "sqlite", "place": "airflow"}
#: Where a scan looks, with files and bytes: nothing of Airflow's home was left but its settings.
PLACES = {
    "airflow": (2, 500),
    "great_expectations": (1, 100),
    "kansho/keys": (1, 64),
    "kansho/ledger": (30_000, 3_000_000),
    "kansho/needles": (1, 700),
    "kansho/outputs": (5, 4000),
}
#: What the closing erases; what is no longer needed goes earlier.
TARGETS = ("quarantine/target_list-d01", "stop_facts/d01", "roster/d01", *RESULTS, "plan_document/erasure-1")
#: What the ward gets back of this year, and counts.
HANDED_BACK = {
    "rows_mail_results": 55,
    "rows_call_results": 18,
    "rows_visit_results": 0,
    "rows_inbound_records": 3,
    "rows_groups": 100,
    "rows_aside_call_results": 1,
    "rows_aside_inbound_records": 1,
    "mail_returned": 2,
    "stops_refused": 3,
    "notes_held": 1,
}
WORK = {"print_package": "addressing", "pull_list": "addressing", "call_list": "calls", "visit_halves": "visits"}
PAPER = {"sha256": sha256(b"paper")}
WHEN = datetime(2028, 2, 1, tzinfo=UTC)


def printed(said: str) -> bytes:
    """What passes for a PDF where nobody looks into it."""
    return b"%PDF-1.7\n" + said.encode()


@dataclass
class Year:
    """Events in the making; ``events`` may be edited before `bundle` signs and packs them."""

    config: CampaignConfig
    signer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    events: list[Event] = field(default_factory=list)
    today: date = date(2027, 4, 1)
    earlier: tuple[CampaignConfig, ...] = ()
    #: Bytes of a certificate that says something else than the log.
    lie: bytes = b""
    #: Leaves of events that were asked for before, also by the year that this one is a copy of.
    known: dict[int, tuple[Event, bytes]] = field(default_factory=dict)
    #: Papers of the end that are not what they should be: name → other bytes, or None where it is not issued.
    spoiled: Mapping[str, bytes | None] = field(default_factory=dict)
    #: Digest → bytes of every document that was given out.
    papers: dict[str, bytes] = field(default_factory=dict)

    @property
    def public(self) -> bytes:
        return self.signer.public_key().public_bytes_raw()

    @property
    def facts(self) -> ConfigFacts:
        return ConfigFacts.from_json(read_json(config_json(self.config.model_dump(mode="json")), "config", floats=True))

    def add(self, type: str, key: str, by: tuple[str, str, str] = SYSTEM, **parts: Any) -> Event:
        made = Event(
            sequence=len(self.events),
            campaign=self.config.id,
            type=type,
            key=key,
            recorded_at=WHEN.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            campaign_date=self.today.isoformat(),
            actor=Actor(*by).to_json(),
            counts=parts.get("counts", {}),
            codes=parts.get("codes", {}),
            refs=parts.get("refs", {}),
            names=parts.get("names", {}),
        )
        self.events.append(made)
        return made

    def approve(
        self, key: str, by: tuple[str, str, str], digest: str, artefact: str = "test/test", **codes: str
    ) -> None:
        """``artefact`` is ``<kind>/<key>`` of what is approved."""
        kind, _, name = artefact.partition("/")
        asked = {"role": by[2], "kind": kind, **codes}
        thing = {"kind": kind, "key": name, "digest": digest}
        self.add("approval_requested", key, codes=asked, refs={"artefact": thing})
        self.add("artefact_opened", f"{key}/{by[1]}", by, refs={"digest": digest})
        self.add("approval_decided", key, by, codes={"decision": "approve", "reason": "none"}, refs={"digest": digest})

    def issue(self, name: str, kind: str, data: bytes | None = None) -> str:
        """A document without residents is given out; its digest."""
        data = printed(name) if data is None else data
        digest = sha256(data)
        self.papers[digest] = data
        self.add("document_issued", name, codes={"kind": kind}, refs={"sha256": digest}, names={"title": name})
        return digest

    def finish(self) -> bytes:
        """Certify and return the certificate's bytes."""
        certificate = self.lie or canonical_json(self.certified)
        part, today = certified_part(self.events), self.today
        self.today = date.fromisoformat(self.events[-1].campaign_date)
        for name in (PRINTED, erasure_log.NAME, scan_log.NAME):
            self.drop("document_issued", name)  # of a year that was certified before, and changed since
        for name, kind, data in (
            (PRINTED, "erasure_certificate", b"%PDF-1.7\n" + certificate),
            (erasure_log.NAME, "erasure_log", erasure_log.erasure_log(part)),
            (scan_log.NAME, "erasure_log", scan_log.scan_log(part)),
        ):
            if (paper := self.spoiled.get(name, data)) is not None:
                self.issue(name, kind, paper)
        self.today = today
        self.add("campaign_certified", "certificate", refs={"certificate": sha256(certificate)})
        return certificate

    @property
    def certified(self) -> dict[str, Any]:
        """The certificate; only whose it is where a misdeed left out what it speaks of."""
        part = certified_part(self.events)
        try:
            return whole_certificate(part, self.config.model_dump(mode="json"), self.leaves(part))
        except KanshoError:
            return {"campaign": self.config.id}

    def files(self, certificate: bytes, sizes: Iterable[int] = (3,)) -> bytes:
        """The bundle, with checkpoints over the first ``sizes`` events and over all."""
        leaves = self.leaves(self.events)
        sizes = (*sizes, len(leaves))
        roots = prefix_roots(leaves, sizes)
        return make_bundle(
            campaign=self.config.id,
            events=self.events,
            checkpoints=[sign_checkpoint(self.config.id, n, roots[n], self.signer).text for n in sizes],
            public_key=self.public,
            config_dump=self.config.model_dump(mode="json"),
            certificate=certificate,
            signature=sign_detached(certificate, self.signer),
            earlier_configs=[c.model_dump(mode="json") for c in self.earlier],
            papers={name: self.papers.get(digest, b"") for name, digest in carried(self.events).items()},
        )

    def checkpoint(self, size: int) -> str:
        return sign_checkpoint(self.config.id, size, root_of(self.leaves(self.events[:size])), self.signer).text

    def leaves(self, events: Iterable[Event]) -> list[bytes]:
        """Their leaf hashes; one event is written out once."""
        found = []
        for event in events:
            if id(event) not in self.known:
                self.known[id(event)] = (event, leaf_hash(event.canonical()))
            found.append(self.known[id(event)][1])
        return found

    def edit(self, type: str, change: Callable[[Event], Event], key: str | None = None) -> None:
        """Change the first event of a type (and key) in place."""
        at = next(i for i, e in enumerate(self.events) if e.type == type and key in (None, e.key))
        self.events[at] = change(self.events[at])

    def drop(self, type: str, key: str | None = None) -> None:
        """Leave events of a type (and key) out, and number the rest anew: a log that was written so."""
        kept = [e for e in self.events if e.type != type or key not in (None, e.key)]
        self.events = [replace(e, sequence=i) for i, e in enumerate(kept)]


#: As a real year must be kept.
PROTECTED = {"keeper": "passphrase", "lock": "COMPLIANCE"}


def lawful_year(config: CampaignConfig, replaces: CampaignConfig | None = None, officer: str = OFFICER[1]) -> Year:
    """Everything up to, not with, the certification; one mailing, one call round, one visit list.

    With ``replaces`` the year opens under that configuration, whose ``officer`` approves the change to ``config``.
    """
    year = Year(config, earlier=(replaces,) if replaces else ())
    add = year.add
    first = replaces or config
    opened = {"simulation": "true", "config_digest": first.digest, **clauses_of(first).codes}
    add("campaign_opened", config.id, codes=opened)
    add("keys_created", "keys", codes={"signing_public": year.public.hex(), **PROTECTED})
    _registers(year, first)
    then = (OFFICER[0], officer, OFFICER[2])
    year.approve("dag/run/opening", then, sha256(b"handler-report"), artefact="document/handler-report")
    if replaces:
        year.approve(
            "dag/run/amendment", then, sha256(b"amended"), artefact=f"document/amendment-{short(config.digest)}"
        )
        bound = {"config_digest": config.digest, **clauses_of(config).codes}
        add("config_amended", config.digest, codes={**bound, "authority": "dag/run/amendment"})
        for handler in config.handlers:
            if handler not in replaces.handlers:
                add("handler_registered", f"{handler.id}/2", codes=_registered(handler), names=_named(handler))
    _intake(year)
    _outreach(year)
    _oversight(year)
    _closing(year)
    return year


def _named(handler: Handler) -> dict[str, str]:
    return {"name": handler.name, "post": handler.post}


def _registered(handler: Handler) -> dict[str, str]:
    return {
        "party": handler.party,
        "place": handler.place,
        "user": handler.user or "",
        "role": handler.role.value if handler.role else "",
        "responsible": "yes" if handler.responsible else "no",
    }


def _registers(year: Year, config: CampaignConfig) -> None:
    """Parties with consent and clauses, people with training and briefing, places, the seed and the hold-outs."""
    add = year.add
    add("seed_committed", "seed", refs={"sha256": sha256(b"seed")})
    for party in config.parties:
        codes = {"kind": party.kind.value, "works": "|".join(w.value for w in party.works)}
        if party.consent is not None:
            codes |= {"consented_on": party.consent.given_on.isoformat(), "clauses": party.consent.clauses}
        add("party_registered", party.id, codes=codes)
    for handler in config.handlers:
        add("handler_registered", handler.id, codes=_registered(handler), names=_named(handler))
        add("training_recorded", handler.id, codes={"on": handler.trained_on.isoformat()})
        add("briefing_recorded", handler.id, codes={"on": handler.briefed_on.isoformat()})
    for place in config.places:
        add("place_designated", place.id, codes={"party": place.party})
    add("holdout_consented", "year")


def _ref(kind: str, key: str, rows: int) -> dict[str, Any]:
    return {"kind": kind, "key": key, "digest": sha256(f"{kind}/{key}".encode()), "rows": rows}


def _stored(year: Year, kind: str, key: str, rows: int, *made_of: dict[str, Any]) -> dict[str, Any]:
    ref = _ref(kind, key, rows)
    flow = year.config.flow(kind)
    assert flow is not None
    last = year.config.closing.erase_on
    until = last if flow.erase_after_days is None else min(last, year.today + timedelta(days=flow.erase_after_days))
    codes = {"holder": flow.holder, "place": flow.place, "erase_by": until.isoformat(), "purpose": "validation"}
    refs, purpose = {"holding": ref, "parents": {str(i): p for i, p in enumerate(made_of)}}, {"purpose": flow.purpose}
    year.add("snapshot_stored", f"{kind}/{key}", counts={"rows": rows}, codes=codes, refs=refs, names=purpose)
    return ref


def _holding(year: Year, name: str) -> Any:
    return next(e.refs["holding"] for e in year.events if (e.type, e.key) == ("snapshot_stored", name))


def _intake(year: Year) -> None:
    year.today = date(2027, 4, 20)
    year.add("password_entered", "d01-1", codes={"delivery": "d01"})
    year.add("medium_registered", "d01", codes={"kind": "CD-R", "serial": "A1", "delivery": "d01"})
    sealed = _stored(year, "sealed_delivery", "d01", 0)
    raw = _stored(year, "raw_target_list", "d01", 100, sealed)
    year.add("delivery_accepted", "d01", counts={"rows_target_list": 100, "rows_stop_list": 5})
    gate = {"result": "pass"}
    year.add("gate_evaluated", "target_list/d01", counts={"rows": 100, "accepted": 97, "quarantined": 3}, codes=gate)
    year.add("gate_evaluated", "stop_list/d01", counts={"rows": 5, "accepted": 5, "quarantined": 0}, codes=gate)
    _stored(year, "stop_facts", "d01", 5, raw)
    _stored(year, "roster", "d01", 97, raw)
    _stored(year, "quarantine", "target_list-d01", 3, raw)
    read = {"digest": sha256(b"roster/d01")}
    year.add("snapshot_read", "roster/d01@segmentation/system", codes={"purpose": "segmentation"}, refs=read)
    outcomes = {"kenshin": 80, "cancer": 10, "stopped": 5, "aged_out": 2}
    year.add("plan_made", "plan-1", counts={"roster": 97, "held_out": 8, **outcomes})
    year.add("gate_evaluated", "plan_release/plan-1", counts={"rows": 97}, codes={"result": "pass"})
    year.approve("dag/run/plan", OFFICER, sha256(b"plan-1"), "plan_document/plan-1")
    year.issue("plan-1.pdf", "plan")


def _outreach(year: Year) -> None:
    year.today = date(2027, 6, 9)
    selected = {"candidates": 80, "assigned": 60, "held_out": 8, "not_contactable": 2, "over_capacity": 10}
    year.add("wave_selected", "mailing_1", counts=selected, codes={"channel": "mail", "plan": "plan-1"})
    for wave, channel, people in (("call_1", "call", 20), ("visit_1", "visit", 12)):
        some = {"candidates": people, "assigned": people, "held_out": 0, "not_contactable": 0, "over_capacity": 0}
        year.add("wave_selected", wave, counts=some, codes={"channel": channel, "plan": "plan-1"})
    year.add("cards_prepared", "mailing_1", counts={"selected": 60, "printable": 58, "unprintable": 2})
    for wave, kind, party, by, artefact, rows in (
        ("mailing_1", "print_package", "printer", OFFICER, "proof/mailing_1-r2", 58),
        ("call_1-a1", "call_list", "call_centre", CONTRACTOR, "call_list/call_1-a1", 20),
        ("visit_1-2027-10-13", "visit_halves", "visitors", OFFICER, "visit_list/visit_1", 10),
    ):
        gate = f"{RELEASES[kind]}/{wave.removesuffix('-2027-10-13')}"
        year.add("gate_evaluated", gate, counts={"rows": rows}, codes={"result": "pass"})
        year.approve(f"dag/run/{kind}", by, sha256(kind.encode()), artefact)
        _handed(year, party, kind, wave, rows, f"dag/run/{kind}")
    report = {"printable": 58, "withdrawn": 1, "reprinted": 2, "printed": 59, "pulled": 3, "spoiled": 1, "posted": 55}
    _handed(year, "printer", "pull_list", "mailing_1", 4, "contract")
    year.add("pulls_listed", "mailing_1", counts={"listed": 4})
    year.add("print_reported", "mailing_1", counts=report)
    year.add("returns_recorded", "r1", counts={"returned": 2}, codes={"wave": "mailing_1"})
    moved = {"kind": "returned_cards", "list": "r1", "from": "printer", "to": "contractor"}
    year.add("custody_moved", "cards-r1-1", counts={"pieces": 2}, codes=moved)
    year.add("call_list_made", "call_1-a1", counts={"listed": 20, "withdrawn": 0}, codes={"wave": "call_1"})
    calls = {"rows": 19, "accepted": 18, "quarantined": 1, "reached": 9, "refused": 1, "notes_held": 1}
    year.add("results_recorded", "c1", counts=calls, codes={"channel": "call", "wave": "call_1"})
    visits = {"selected": 12, "listed": 10, "coarsened": 1, "not_visited": 2}
    year.add("visit_list_made", "visit_1", counts=visits, codes={"wave": "visit_1"})
    year.add("sheets_out", "visit_1/2027-10-13/1", counts={"sheets": 4, "rows": 10})
    year.add("incident_opened", "sheet-1", codes={"kind": "sheet_missing"})
    year.add("report_submitted", "incident_notice/sheet-1")
    year.add("incident_reported", "sheet-1")
    year.add("report_submitted", "incident_final/sheet-1", counts={"items": 9, "empty_items": 0})
    year.add("incident_closed", "sheet-1")
    year.add("checklist_recorded", "visit_1/2027-10-13/1", codes=dict.fromkeys(PRECAUTIONS, "yes"))
    year.add("sheets_in", "visit_1/2027-10-13/1", counts={"sheets": 4})
    attended = {"rows": 6, "accepted": 6, "quarantined": 0}
    year.add("gate_evaluated", "attendance_update/d04", counts=attended, codes={"result": "pass"})
    year.add("attendance_refreshed", "d04", counts={"rows": 6, "kenshin": 5, "cancer": 1, "moved": 4, "unknown": 0})
    for name, rows in RESULTS.items():
        kind, _, key = name.partition("/")
        _stored(year, kind, key, rows, _ref("roster", "d01", 97))
    year.add("inbound_recorded", "i0", counts={"records": 4, "stops": 2, "unknown": 1})


def _handed(year: Year, party: str, kind: str, package: str, rows: int, authority: str) -> None:
    """A package goes to a 丙."""
    codes = {"party": party, "kind": kind, "package": package, "authority": authority, "work": WORK[kind]}
    codes |= {"erase_by": (year.today + timedelta(days=60)).isoformat(), "purpose": "approval"}
    flow = year.config.copy_flow(kind, party)
    assert flow is not None
    said: dict[str, Any] = {"refs": {"parents": {"0": _ref("roster", "d01", 97)}}, "names": {"purpose": flow.purpose}}
    year.add("package_handed_over", f"{party}/{kind}/{package}", counts={"rows": rows}, codes=codes, **said)


def _leaver(year: Year, handler: str = "h09") -> None:
    """Who leaves by the configuration is registered as gone, and told."""
    year.today = date(2027, 9, 10)
    here = next(e for e in year.events if (e.type, e.key) == ("handler_registered", handler))
    year.add("handler_registered", f"{handler}/2", codes={**here.codes, "ended_on": "2027-09-07"}, names=here.names)
    codes = {"on": "2027-09-10", "party": "call_centre", "of": "leaver", "by": "h07"}
    year.add("briefing_recorded", f"{handler}/2", codes=codes, refs={"pledge": sha256(b"pledge")})


def _oversight(year: Year) -> None:
    """Every month's attestations and report, every inspection and audit, a correction, the effect, what is erased."""
    config, contractor = year.config, year.config.contractor.id
    _leaver(year)
    year.today = date(2027, 7, 10)
    for name in ("sealed_delivery/d01", "raw_target_list/d01"):
        year.add(
            "snapshot_erased", name, codes={"reason": "retention"} | DELETED, refs={"holding": _holding(year, name)}
        )
    for package in [e for e in year.events if e.type == "package_handed_over"]:
        year.add("package_erased", package.key, codes={"party": package.codes["party"], "on": "2027-07-09"})
    for month, due in report_months(year.facts):
        year.today = date.fromisoformat(due)
        for party in (config.contractor, *config.subcontractors):
            said = {"attested_on": f"{due[:8]}01", "findings": "none"}
            year.add(
                "attestation_recorded",
                f"{party.id}/{month}",
                counts={"items": 6, "findings": 0},
                codes=said,
                refs=PAPER,
            )
        year.add("report_submitted", f"monthly/{month}")
    year.today = config.oversight.ward_inspection_on
    year.add("inspection_recorded", f"ward_inspection/{contractor}", codes={"on": year.today.isoformat()}, refs=PAPER)
    for party in config.subcontractors:
        assert party.audit_on is not None
        assert party.ward_check_on is not None
        year.today = party.ward_check_on
        year.add("inspection_recorded", f"ward_check/{party.id}", codes={"on": year.today.isoformat()}, refs=PAPER)
        year.today = party.audit_on
        found = "logs=2027-07-02" if party.id == "printer" else "none"
        year.add(
            "audit_recorded", f"audit/{party.id}", codes={"on": year.today.isoformat(), "findings": found}, refs=PAPER
        )
    mended = {"on": "2027-06-22", "action": "trained", "done_by": "h06", "reported_by": "h06"}
    year.add("inspection_recorded", "correction/audit/printer/logs", codes=mended, refs={"evidence": "e" * 64})
    for year.today in config.effect_reports.on:
        codes = {"cutoff": "2028-01-11", "wave": "mailing_1", "segment": "all"}
        year.add("effect_analysed", f"{year.today}/mailing_1/all", codes=codes)
        year.add("gate_evaluated", f"effect_release/{year.today}", counts={"rows": 1}, codes={"result": "pass"})
        report = f"report-{year.today}"
        year.approve(f"dag/run/{report}", CONTRACTOR, sha256(report.encode()), f"effect_table/{report}")
        year.issue(f"reports/effect-{year.today}.pdf", "effect_report")


def _by_hand(year: Year) -> None:
    """What people erased, destroyed or returned, with a witness and a paper (`kansho.closing.manual`)."""
    receipted = {"by": "h03", "witness": "h01", "holder": "contractor", "place": "head_office"}
    media, cards, sheets = "medium/d01", "paper/returned-cards", "paper/visit-sheets"
    for kind, target, items, method in (
        ("medium", media, 1, "return"),
        ("paper", cards, 2, "return"),
        ("paper", sheets, 4, "dissolution"),
        *((h.kind, f"hand/{h.id}", 1, "physical_destruction") for h in year.config.closing.by_hand),
    ):
        digest = sha256(printed(method))  # one paper for each deed
        name = f"documents/closing/{digest[:16]}.pdf"
        if not any((e.type, e.key) == ("document_issued", name) for e in year.events):
            year.issue(name, "closing_slip", printed(method))
        _closed(year, target, kind, items, {**receipted, "method": method, "document": name}, digest)
    for party in year.config.subcontractors:
        codes = {**_deed(year, party.id), "holder": party.id, "document": "held:contractor"}
        items = len(words_of(year, party.id)["packages"])
        _closed(year, f"party/{party.id}", "pc", items, codes, sha256(printed(SIGNED.format(party.id))))


def _deed(year: Year, party: str) -> dict[str, str]:
    """Who of a 丙 erased what it had, when, where, how and before whom."""
    by = next(h for h in year.config.handlers if h.party == party)
    on = year.config.closing.certificates_due.isoformat()
    return {"method": "physical_destruction", "on": on, "place": by.place, "by": by.id, "witness": "h03"}


def words_of(year: Year, party: str) -> dict[str, Any]:
    """What a 丙 certifies: the deed, and each package that it was given."""
    given = [e.codes for e in year.events if e.type == "package_handed_over" and e.codes.get("party") == party]
    packages = sorted(f"{codes['kind']}/{codes['package']}" for codes in given)
    return {"campaign": year.config.id, "party": party, "packages": packages, **_deed(year, party)}


def _closed(year: Year, target: str, kind: str, items: int, codes: dict[str, str], digest: str) -> None:
    said = {"on": year.today.isoformat(), **codes, "kind": kind, "found": PRESENT, "verified": "witnessed"}
    called = {h.id: h.name for h in year.config.handlers}
    people = {name: called[said[name]] for name in ("by", "witness")}
    parts: dict[str, Any] = {"codes": said, "refs": {"sha256": digest}, "names": people}
    year.add("manual_target_closed", target, counts={"items": items}, **parts)


def hand_over(year: Year, package: str, counts: dict[str, int]) -> None:
    """Results go back to the ward, sealed."""
    codes = {"party": "ward", "kind": HAND_OVER, "package": package, "authority": "contract", "work": ""}
    sealed = {"sha256_sealed": sha256(package.encode())}
    year.add("package_handed_over", f"ward/{HAND_OVER}/{package}", counts=counts, codes=codes, refs=sealed)


def receipt(year: Year, package: str, counts: dict[str, int], by: tuple[str, str, str] = SYSTEM) -> None:
    """The ward's receipt comes, sealed, and is recorded."""
    sealed = sha256(f"receipt of {package}".encode())
    refs = {"sha256_sealed": sha256(package.encode()), "sha256_receipt": sealed}
    year.add("handover_receipted", package, by, counts=counts, refs=refs)
    came: dict[str, Any] = {"codes": {"party": "ward", "kind": RECEIPT}, "refs": {"sha256_sealed": sealed}}
    year.add("package_received", f"ward/{RECEIPT}/{package}", counts=counts, **came)


def _closing(year: Year) -> None:
    year.today = year.config.closing.handover_on
    hand_over(year, "handover-1", HANDED_BACK)
    year.today = year.config.closing.certificates_due
    receipt(year, "handover-1", HANDED_BACK)
    for party in year.config.subcontractors:
        made = ((WORDS, canonical_json(words_of(year, party.id))), (SIGNED, printed(SIGNED.format(party.id))))
        words, paper = (year.issue(name.format(party.id), "subcontractor_certificate", data) for name, data in made)
        refs, of = {"sha256": words, "sha256_pdf": paper}, "erasure_certificate"
        given = {"packages": len(words_of(year, party.id)["packages"])}
        year.add("certificate_received", party.id, counts=given, codes={"package": "c1"}, refs=refs)
        came: dict[str, Any] = {
            "codes": {"party": party.id, "kind": of},
            "refs": {"sha256_sealed": sha256(paper.encode())},
        }
        year.add("package_received", f"{party.id}/{of}/c1", counts=given, **came)
    year.add("medium_returned", "d01", codes={"kind": "CD-R", "serial": "A1", "delivery": "d01", "to": "ward"})
    year.issue("documents/media-return.pdf", "media_return")
    year.today = year.config.closing.erase_on
    _by_hand(year)
    keys = len(PERSONAL_KEYS)
    inventory = {"vault": len(TARGETS) - 1, "keys": keys, "media": 1, "packages": 4, "traces": 2}
    inventory["holdings"] = sum(inventory.values())
    inventory |= {"traces.rows": 480, "traces.logs": 5, "traces.pages": 0}
    planned = {"targets": len(TARGETS), "documents": 1}
    counted = {"digest": sha256(b"inventory")}
    year.add("inventory_taken", "inventory", counts=inventory, codes={"database": "sqlite"}, refs=counted)
    plan = sha256(b"plan")
    artefact = _stored(year, "plan_document", "erasure-1", 0)
    targets = {name: _ref(*name.split("/", 1), 0)["digest"] for name in TARGETS}
    refs = {"digest": plan, "artefact": artefact, "targets": targets, "inventory_digest": counted["digest"]}
    year.add("erasure_planned", "plan-1", counts=planned, refs=refs)
    year.approve("dag/run/erase_contractor", CONTRACTOR, artefact["digest"])
    year.approve("dag/run/erase_ward", MANAGER, artefact["digest"], distinct_from="dag/run/erase_contractor")
    for name in TARGETS:
        year.add("snapshot_erased", name, codes={"reason": "closing"} | DELETED, refs={"holding": _holding(year, name)})
        codes = {"found": PRESENT, "method": CRYPTO_ERASE, "plan": plan, "verified": ABSENT}
        year.add("holding_erased", name, codes=codes)
    for name in (*VAULT_CLASSES, "hmac", "exchange"):
        year.add("keys_destroyed", name, codes=GONE)
    people = {"operator": ENGINEER[1], "verifier": CONTRACTOR[1], "witness": OFFICER[1]}
    users = {h.user: f"{h.name}（{h.post}）" for h in year.config.handlers if h.user}
    year.add("erasure_attended", "closing", codes=people, names={role: users[user] for role, user in people.items()})
    # One attempt that a scan found wanting, which may be, and the one that left nothing.
    purged = {"rows.removed": 490, "rows.left": 10, "logs.removed": 6, "logs.left": 0}
    year.add("traces_found", "attempt-1", counts={"rows": 500, "logs": 6}, codes=HOME)
    year.add("traces_purged", "attempt-1", counts=purged, codes=HOME)
    year.add("traces_found", "attempt-2", counts={"rows": 10, "logs": 0}, codes=HOME)
    year.add("traces_purged", "attempt-2", counts={"rows.removed": 10, "rows.left": 0}, codes=HOME)
    scanned(year, "scan-1")
    year.add("keys_destroyed", "needles", codes=GONE)


def scanned(year: Year, key: str, places: Mapping[str, tuple[int, int]] = PLACES, needles: int = 99) -> None:
    """One scan that found nothing, place by place, as `kansho.closing.finalise` records it."""
    told = {name: {"files": n, "bytes": size, "hits": 0, "unread": 0} for name, (n, size) in places.items()}
    whole = {"files": sum(n for n, _ in places.values()), "bytes": sum(size for _, size in places.values())}
    counted = {**whole, "needles": needles, "hits": 0, "unread": 0}
    year.add("residue_scanned", key, counts=counted, refs={"places": told})


__all__ = ["CONTRACTOR", "ENGINEER", "MANAGER", "OFFICER", "Year", "lawful_year", "names"]
