"""One ward's fiscal year as a typed, immutable configuration.

Belongs here: the shape of ``include/campaigns/<ward>/<year>.yaml`` and the rules
that hold inside one file.  Does not belong here: reading clocks, the ledger, or
anything personal.  Unknown keys are errors that name their path; code elsewhere
never says a year or a ward.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import unicodedata
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kansho.campaign.ages import LATE_ELDERLY_AGE
from kansho.campaign.handed_back import KEPT_TO_THE_END
from kansho.campaign.postage import TARIFFS
from kansho.campaign.rights import NEVER_SUBCONTRACTED, ROLE_PARTY, Channel, PartyKind, Role, TargetGroup, Work
from kansho.errors import KanshoError

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Share = Annotated[float, Field(ge=0, lt=1)]
Yen = Annotated[int, Field(ge=0)]


class Frozen(BaseModel):
    """Base of every section: immutable, no unknown keys, inputs never echoed in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Clinic(Frozen):
    """A place where one can be examined, as the card names it: the nearest is the one that people go to."""

    name: Annotated[str, Field(max_length=12)]
    phone: Annotated[str, Field(pattern=r"^0[0-9]{1,4}-[0-9]{1,4}-[0-9]{4}$")]


class Sender(Frozen):
    """Who sends a card, as 甲 approved it for the outside: undeliverable cards come back to this address."""

    name: str
    postal_code: Annotated[str, Field(pattern=r"^[0-9]{3}-[0-9]{4}$")]
    address: str


class Ward(Frozen):
    """甲; ``clinics`` stand on every card, at most as many as there is room for: their telephones are those to book.

    ``cancer_season_text`` is the period of the cancer screenings where it is not that of the checkup (``season_text``).
    """

    slug: Identifier
    name: str
    prefecture: str
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    department: str
    phone: str
    url: str
    season_text: str
    cancer_season_text: str = ""
    allowed_outer_sentence: str
    sender: Sender
    postal_prefixes: tuple[str, ...]
    clinics: Annotated[tuple[Clinic, ...], Field(max_length=4)] = ()


ClauseVersion = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Contract(Frozen):
    """The contract period and its papers (C1); ``clause_version`` names one of ``include/clauses/``."""

    number: str
    title: str
    start: date
    end: date
    clause_version: ClauseVersion
    evidence_retained_until: date


class Consent(Frozen):
    """甲's recorded consent, by its paper."""

    document: str
    given_on: date


class SubcontractConsent(Consent):
    """甲's consent to one 丙 and its works (C7), and the contract with it: which clauses it carries (P7).

    ``contract`` is the number, or the name of the paper, of the contract between 乙 and this 丙; ``clauses`` the
    version of the clauses for 丙 that stands in it, as it was signed, be it the one that should stand there or not.
    """

    contract: Annotated[str, Field(min_length=1)]
    clauses: ClauseVersion


class Party(Frozen):
    """甲, 乙 or a 丙; ``age_recipient`` is filled by key registration at opening, not here.

    ``contact`` is where somebody who holds a paper of this party may ask: the office and how it is reached.
    """

    id: Identifier
    kind: PartyKind
    name: str
    works: tuple[Work, ...] = ()
    consent: SubcontractConsent | None = None
    subcontracts_to: tuple[str, ...] = ()
    audit_on: date | None = None
    ward_check_on: date | None = None
    contact: str = ""


class Place(Frozen):
    """A place or endpoint that 甲 designated (P14)."""

    id: Identifier
    party: Identifier
    name: str
    address: str
    kind: Literal["office", "data_centre", "field"]
    #: Hosts (``name`` or ``name:port``) of the services there that may be called.
    endpoints: tuple[str, ...] = ()
    #: Regions, where a provider names them (``ap-northeast-1``), in which its services there may keep anything.
    regions: tuple[str, ...] = ()


class Handler(Frozen):
    """取扱責任者・取扱者 (P4, P5); ``user`` when the handler signs in."""

    id: Identifier
    name: str
    party: Identifier
    post: str
    employment: str
    responsible: bool = False
    works: tuple[Work, ...]
    place: Identifier
    trained_on: date
    pledged_on: date
    briefed_on: date
    role: Role | None = None
    user: Identifier | None = None
    leaves_on: date | None = None  # the last day, where it is known beforehand; None: to the end


class Flow(Frozen):
    """One approved kind of working file (D6): what, why, where, who, until when.

    With a 丙 as holder it is the copy it has of a kind of package.  Results have no days of their own: 甲 gets them
    back before anything of them is erased (P11).
    """

    kind: Identifier
    purpose: str
    holder: Identifier
    place: Identifier
    erase_after_days: int | None = None  # None: kept until closing


class Capacity(Frozen):
    """Persons per year and channel (C4)."""

    cards: int
    calls: int
    visits: int


class Costs(Frozen):
    """Unit prices in yen, tax included, for the plan and cost per additional attendee.

    ``card_print`` is asked for every card printed; ``call`` for every person called in a wave, once however many of
    its attempts it took (three times nobody there is one call too); ``visit`` for every visit that was made.
    Postage is 日本郵便's tariff of the day of posting (`kansho.campaign.postage`); ``postage_tariff`` names another.
    """

    card_print: Yen
    call: Yen
    visit: Yen
    postage_tariff: str | None = None

    @model_validator(mode="after")
    def _tariff_is_known(self) -> Self:
        known = [tariff.id for tariff in TARIFFS]
        _require(self.postage_tariff in (None, *known), "costs.postage_tariff", f"not one of {known}")
        return self


class MailingWave(Frozen):
    """One mailing: selected, posted, returned; ``designs`` overrides the segment's design per group.

    ``slack_days`` are granted to the post for delivery (送達余裕), for a lower rate: the cards arrive that much later.
    ``regional_office``: handed in at a regional sorting office (地域区分局), for a lower rate from so many pieces on.
    ``cards_per_file`` is what the printer takes in one PDF; a file's fonts cost half a second whatever its length.
    """

    id: Identifier
    name: str
    groups: tuple[TargetGroup, ...]
    designs: dict[TargetGroup, Identifier] = {}
    select_on: date
    pull_on: date
    report_on: date
    returns_on: tuple[date, ...]
    slack_days: Literal[0, 3, 7] = 0
    regional_office: bool = False
    cards_per_file: Annotated[int, Field(ge=1, le=10_000)] = 10_000
    capacity: int
    holdout: Share

    channel: Literal[Channel.MAIL] = Channel.MAIL


class CallWave(Frozen):
    """One call wave: up to three rounds of attempts, then the last results."""

    id: Identifier
    name: str
    groups: tuple[TargetGroup, ...]
    rounds_on: Annotated[tuple[date, ...], Field(min_length=1, max_length=3)]
    close_on: date
    capacity: int
    holdout: Share

    channel: Literal[Channel.CALL] = Channel.CALL

    @property
    def select_on(self) -> date:
        """The day of the first round."""
        return self.rounds_on[0]


class VisitWave(Frozen):
    """One visit wave: the list is made and checked, then visited day by day."""

    id: Identifier
    name: str
    groups: tuple[TargetGroup, ...]
    select_on: date
    days: Annotated[tuple[date, ...], Field(min_length=1)]
    teams: int
    visits_per_team_day: int
    capacity: int
    holdout: Share
    k_anonymity: Annotated[int, Field(ge=2)]

    channel: Literal[Channel.VISIT] = Channel.VISIT


Wave = MailingWave | CallWave | VisitWave


class Waves(Frozen):
    """The year's outreach in order."""

    mailings: tuple[MailingWave, ...] = ()
    calls: tuple[CallWave, ...] = ()
    visits: tuple[VisitWave, ...] = ()

    def all(self) -> tuple[Wave, ...]:
        """Every wave in the order of its first day."""
        return tuple(sorted((*self.mailings, *self.calls, *self.visits), key=lambda w: (w.select_on, w.id)))


FileKind = Literal[
    "target_list",
    "analysis_items",
    "stop_list",
    "attendance_update",
    "checkup_results",
    "past_attendance",
    "screening_history",
    "past_outreach",
]


class ExpectedDelivery(Frozen):
    """A sealed delivery the ward announced: the day and the file kinds in it."""

    id: Identifier
    on: date
    files: tuple[FileKind, ...]


class Rule(Frozen):
    """One condition of a segment: a column of the targeting table against a value."""

    column: Identifier
    op: Literal["eq", "ne", "ge", "le", "gt", "lt", "in", "is_null", "not_null"]
    value: Any = None


class Segment(Frozen):
    """A group of people with one intent and one design (C5); first match wins."""

    id: Identifier
    name: str
    group: TargetGroup
    intent: str
    frame: str
    design: Identifier
    when: tuple[Rule, ...] = ()
    priority: int  # 1 first, when a channel is scarce
    merge_into: Identifier | None = None  # where its people go when they are fewer than ``min_segment_size``


ScreeningCode = Annotated[str, Field(pattern=r"^[0-9]{2}$")]


class Screening(Frozen):
    """One kind of cancer screening and whom it is due for.

    ``counts_with`` are other kinds whose attendance is as good (胃: Ｘ線 or 内視鏡, one of the two in its years);
    ``max_age`` is the last age of its due years, where there is one.
    """

    code: ScreeningCode
    name: str
    sex: Literal["1", "2"] | None = None
    min_age: int
    max_age: int | None = None
    counts_with: tuple[ScreeningCode, ...] = ()
    interval_years: Annotated[int, Field(ge=1)]
    due_rule: Literal["interval", "even_age"]


class DesignsMayTell(Frozen):
    """Items that the choice of a design may show to the printer, who sees who gets which (P1); 甲's approval."""

    document: str
    given_on: date
    items: Annotated[tuple[Identifier, ...], Field(min_length=1)]


class PropensityRule(Frozen):
    """Who goes first where calls and visits are scarce, by a fitted propensity to attend (docs/decisions/0015).

    Fitted only where the history holds ``min_people`` and of either outcome ``min_attended``; else the declared order.
    """

    min_people: Annotated[int, Field(ge=100)] = 500
    min_attended: Annotated[int, Field(ge=20)] = 50  # and as many who did not
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    prefer: Literal["likely", "unlikely"]


class Targeting(Frozen):
    """Ages at the fiscal year's end that are targeted, lead before the 75th birthday, distance between contacts.

    ``max_age`` says how old by the year's end somebody on the list may be: at most 75, who is 74 until that birthday.
    When contact ends before it is no matter of ``max_age`` (`kansho.campaign.ages.contact_over`).
    ``holdout_design``: `kansho.campaign.nesting`.
    """

    min_age: Annotated[int, Field(ge=0)] = 40
    max_age: Annotated[int, Field(le=LATE_ELDERLY_AGE)] = LATE_ELDERLY_AGE
    age_rule: Literal["birthday", "day_before"] = "birthday"
    aged_out_lead_days: Annotated[int, Field(ge=0)]
    min_days_between_contacts: int
    screenings: tuple[Screening, ...]
    segments: tuple[Segment, ...]
    min_segment_size: Annotated[int, Field(ge=0)]
    designs_may_tell: DesignsMayTell | None = None
    holdout_consent: Consent | None
    holdout_design: Literal["independent", "nested"] = "independent"
    propensity: PropensityRule | None = None

    @model_validator(mode="after")
    def _merges_end(self) -> Self:
        """A segment joins one of its own group, and a chain of joins ends."""
        of = {s.id: s for s in self.segments}
        for segment in self.segments:
            at, seen = segment, {segment.id}
            while at.merge_into is not None:
                where = f"segments.{segment.id}.merge_into"
                _require(at.merge_into in of, where, "unknown segment")
                _require(of[at.merge_into].group is at.group, where, "a segment of another group")
                at = of[at.merge_into]
                _require(at.id not in seen, where, "the chain of merges never ends")
                seen.add(at.id)
        return self


class StopListRule(Frozen):
    """When a stop list is too old or too small to send on (fails closed)."""

    max_age_days: int
    min_share_of_last: Annotated[float, Field(ge=0, le=1)]


class GateThreshold(Frozen):
    """How many rows a gate may quarantine before it holds for a decision, and who decides."""

    gate: Identifier
    max_quarantine_share: Annotated[float, Field(ge=0, le=1)]
    owner: Role


class ExceptionRule(Frozen):
    """How long an exception may stay open before its owner is reminded."""

    due_days: Annotated[int, Field(ge=1)] = 14


class Disclosure(Frozen):
    """What may leave in a table: cells under ``min_cell`` persons are suppressed."""

    min_cell: Annotated[int, Field(ge=2)]


class Oversight(Frozen):
    """Deadlines that no wave gives."""

    monthly_report_day: Annotated[int, Field(ge=1, le=28)]
    ward_inspection_on: date
    ward_inspection_due: date


class TimestampAuthority(Frozen):
    """Who stamps the time of checkpoints, if anybody does (RFC 3161).

    ``place`` is an approved place, among whose endpoints is the host of ``url`` (P14); ``certificate`` is the PEM of
    the authority or of its issuer.
    """

    place: Identifier
    url: Annotated[str, Field(pattern=r"https://|http://(127\.0\.0\.1|localhost)[:/]")]
    certificate: str


class EffectReports(Frozen):
    """When the effect is analysed; the last one is the final report."""

    on: Annotated[tuple[date, ...], Field(min_length=1)]


class Storage(Frozen):
    """A machine or store of ours that holds the campaign's data, as the erasure certificate names it (P11).

    ``volume_encryption`` is the cipher under the file system, where there is one: only with it is the destruction of a
    key on flash media more than an overwrite that nobody can prove.  ``destination`` is what becomes of it afterwards.
    """

    id: Identifier
    kind: Literal["server_disk", "object_storage", "pc"]
    place: Identifier
    maker: str
    model: str
    serial: str  # of an object store: the name of the bucket
    capacity: str
    asset: str = ""
    volume_encryption: str | None = None
    destination: Literal["reuse", "destroy", "return"]


class ByHand(Frozen):
    """A holding that no program of ours can erase, declared in advance: a backup, a PC, a copy of a key, paper."""

    id: Identifier
    kind: Literal["backup", "pc", "paper", "medium", "key_copy"]
    holder: Identifier
    place: Identifier
    what: str


class Closing(Frozen):
    """Hand-over, certificates, erasure; what holds the data, and what people erase by hand."""

    handover_on: date
    certificates_due: date
    erase_on: date
    storage: tuple[Storage, ...] = ()
    by_hand: tuple[ByHand, ...] = ()


class Mapping(Frozen):
    """How this ward writes one file kind, where it differs from the contract.

    ``encoding`` None means: found in the bytes, and held when two readings differ; a declared one is decisive.
    ``headers`` and ``codes`` go from our identifier to the ward's heading, and from the ward's code to ours;
    ``positions`` (from 1) name columns of layouts whose headings occur twice; ``blank`` lists headings of a fixed
    layout that the contract does not know and that the ward therefore delivers without any value.
    """

    kind: FileKind
    layout: Literal["plain", "fkac167"] = "plain"
    encoding: Literal["cp932", "utf-8", "utf-8-sig", "utf-16"] | None = None
    headers: dict[str, str] = {}
    positions: dict[str, Annotated[int, Field(ge=1)]] = {}
    codes: dict[str, dict[str, str]] = {}
    blank: tuple[str, ...] = ()
    total_row: bool = False


class GaijiFont(Frozen):
    """A font of the ward's own characters: a file in ``include/fonts``, bound by the digest of its content."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.(ttf|otf)$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Gaiji(Frozen):
    """The ward's own characters: code point in the delivered text (``E000``) → Unicode text, possibly with an IVS.

    ``font`` draws on the cards those code points that have no Unicode text.
    """

    characters: dict[Annotated[str, Field(pattern=r"^[0-9A-F]{4,6}$")], Annotated[str, Field(min_length=1)]] = {}
    font: GaijiFont | None = None

    @model_validator(mode="after")
    def _own_characters_become_others(self) -> Self:
        """Only private use is the ward's to define, and its text is printable (assigned, no control, no 外字)."""
        for point, text in self.characters.items():
            where, number = f"gaiji.characters.{point}", int(point, 16)
            private = number <= sys.maxunicode and unicodedata.category(chr(number)) == "Co"
            _require(private, where, "not a private-use code point")
            shown = all(unicodedata.category(c)[0] not in "CZ" and c != "\ufffd" for c in text)
            _require(shown, where, "the text holds characters that cannot be printed")
        return self


class Addresses(Frozen):
    """What becomes of a card whose postal code is unknown or not of its town.

    ``refuse``: it is not printed, and the ward gets the reason.  ``without_barcode``: it is printed, and posted without
    the bars and their discount, because bars of a wrong code send it astray.
    """

    postal_mismatch: Literal["refuse", "without_barcode"] = "refuse"


class LastYear(Frozen):
    """How a file kind looked last year, for the year's first delivery to be compared with: counts, no person.

    ``bands`` are column → band → rows as `kansho.quality.drift` counts them; small cells are left out of it.
    """

    kind: FileKind
    rows: Annotated[int, Field(ge=1)]
    bands: dict[Identifier, dict[str, Annotated[int, Field(ge=1)]]] = {}


class LastPlan(Frozen):
    """What was planned and done last year, as its hand-over tells it (``last_plan.json``): counts, no person.

    ``outcomes`` are codes of the eligibility table; small cells are left out of it.
    """

    fiscal_year: int
    roster: Annotated[int, Field(ge=0)]
    outcomes: dict[Identifier, Annotated[int, Field(ge=0)]] = {}
    cards: Annotated[int, Field(ge=0)]
    calls: Annotated[int, Field(ge=0)]
    visits: Annotated[int, Field(ge=0)]


class RuleTuning(Frozen):
    """One gate rule as this ward and year wants it (`kansho.quality.catalogue` has the defaults)."""

    rule: str
    severity: Literal["stop", "hold", "quarantine", "warn"] | None = None
    threshold: Annotated[float, Field(ge=0)] | None = None
    owner: Role | None = None


class CampaignConfig(Frozen):
    """One ward, one fiscal year: everything that distinguishes it."""

    ward: Ward
    fiscal_year: int
    contract: Contract
    parties: tuple[Party, ...]
    places: tuple[Place, ...]
    handlers: tuple[Handler, ...]
    data_flow: tuple[Flow, ...]
    approved_analysis_items: tuple[Identifier, ...]
    capacity: Capacity
    costs: Costs
    deliveries: tuple[ExpectedDelivery, ...]
    waves: Waves
    targeting: Targeting
    stop_list: StopListRule
    gates: tuple[GateThreshold, ...]
    exceptions: ExceptionRule = ExceptionRule()
    disclosure: Disclosure
    oversight: Oversight
    timestamps: TimestampAuthority | None = None
    effect_reports: EffectReports
    closing: Closing
    mappings: tuple[Mapping, ...] = ()
    gaiji: Gaiji = Gaiji()
    addresses: Addresses = Addresses()
    rules: tuple[RuleTuning, ...] = ()
    last_year: tuple[LastYear, ...] = ()
    last_plan: LastPlan | None = None
    opening_on: date

    @property
    def id(self) -> str:
        """``shinjuku_2026``: prefix of DAG ids, vault and ledger."""
        return f"{self.ward.slug}_{self.fiscal_year}"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of this config; bound at opening (C1)."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def fiscal_year_end(self) -> date:
        """31 March that ends the fiscal year: the day of 年度末年齢."""
        return date(self.fiscal_year + 1, 3, 31)

    def party(self, party_id: str) -> Party:
        """The party of that id."""
        return next(p for p in self.parties if p.id == party_id)

    @property
    def contractor(self) -> Party:
        """乙, of which there is one."""
        return next(p for p in self.parties if p.kind is PartyKind.CONTRACTOR)

    @property
    def ward_party(self) -> Party:
        """甲 as a party."""
        return next(p for p in self.parties if p.kind is PartyKind.WARD)

    @property
    def subcontractors(self) -> tuple[Party, ...]:
        """Every 丙."""
        return tuple(p for p in self.parties if p.kind is PartyKind.SUBCONTRACTOR)

    def party_for(self, work: Work) -> Party:
        """Who does a work: a 丙 to whom it is assigned, else 乙."""
        return next((p for p in self.subcontractors if work in p.works), self.contractor)

    def users(self, role: Role) -> tuple[Handler, ...]:
        """Handlers that sign in with a role."""
        return tuple(h for h in self.handlers if h.role is role and h.user)

    def handler_of_user(self, user: str) -> Handler | None:
        """The registered handler behind a username, else None (then: no rights)."""
        return next((h for h in self.handlers if h.user == user), None)

    def wave(self, wave_id: str) -> Wave:
        """The wave of that id."""
        return next(w for w in self.waves.all() if w.id == wave_id)

    def flow(self, kind: str) -> Flow | None:
        """The approved flow of a working-file kind of ours, else None (a breach, D6)."""
        held = {p.id for p in self.subcontractors}
        return next((f for f in self.data_flow if f.kind == kind and f.holder not in held), None)

    def copy_flow(self, kind: str, party: str) -> Flow | None:
        """The approved flow of a kind of package with the 丙 that holds it, else None (a breach, D6)."""
        return next((f for f in self.data_flow if (f.kind, f.holder) == (kind, party)), None)

    def mapping(self, kind: str) -> Mapping | None:
        """How the ward writes a file kind, if it differs from the contract."""
        return next((m for m in self.mappings if m.kind == kind), None)

    def gate(self, gate: str) -> GateThreshold | None:
        """Threshold of a gate, if the config sets one."""
        return next((g for g in self.gates if g.gate == gate), None)

    @property
    def gate_owner(self) -> Role:
        """Who decides when a gate of the intake holds; one decision covers a run, so all gates have one owner."""
        return self.gates[0].owner if self.gates else Role.CONTRACTOR_MANAGER

    @model_validator(mode="after")
    def _rights_hold(self) -> Self:
        """C7: what stays with 乙, consent per 丙, no sub-subcontract."""
        kinds = [p.kind for p in self.parties]
        _require(kinds.count(PartyKind.WARD) == 1, "parties", "甲 must be exactly one")
        _require(kinds.count(PartyKind.CONTRACTOR) == 1, "parties", "乙 must be exactly one")
        for party in self.subcontractors:
            place = f"parties.{party.id}"
            kept = sorted(w.value for w in NEVER_SUBCONTRACTED.intersection(party.works))
            _require(not kept, f"{place}.works", f"{kept} may not leave 乙 (C7: 全体統括・効果分析)")
            _require(not party.subcontracts_to, f"{place}.subcontracts_to", "丙 may subcontract nothing (丙 特記11)")
            _require(party.consent is not None, f"{place}.consent", "甲's consent is required per 丙 (乙 特記10)")
        for work in Work:
            _require(
                sum(work in p.works for p in self.parties) == 1, "parties", f"{work.value} must have exactly one doer"
            )
        return self

    @model_validator(mode="after")
    def _people_and_places_are_known(self) -> Self:
        party_ids = {p.id for p in self.parties}
        place_ids = {p.id for p in self.places}
        for place in self.places:
            _require(place.party in party_ids, f"places.{place.id}", "unknown party")
        for handler in self.handlers:
            where = f"handlers.{handler.id}"
            _require(handler.party in party_ids, where, "unknown party")
            _require(handler.place in place_ids, where, "unknown place (P14)")
            kind = self.party(handler.party).kind
            if handler.role:
                _require(ROLE_PARTY[handler.role] is kind, where, f"role {handler.role} is not of a {kind} handler")
            unassigned = set(handler.works) - set(self.party(handler.party).works)
            _require(not unassigned or kind is PartyKind.WARD, where, "works outside the party's works")
            _require(handler.trained_on <= self.contract.end, where, "trained after the contract")
        for flow in self.data_flow:
            _require(flow.holder in party_ids, f"data_flow.{flow.kind}", "unknown holder")
            _require(flow.place in place_ids, f"data_flow.{flow.kind}", "unknown place (P14)")
        for held in self.closing.by_hand:
            _require(held.holder in party_ids, f"closing.by_hand.{held.id}", "unknown holder")
            _require(held.place in place_ids, f"closing.by_hand.{held.id}", "unknown place (P14)")
        for store in self.closing.storage:
            _require(store.place in place_ids, f"closing.storage.{store.id}", "unknown place (P14)")
        if self.timestamps is not None:
            hosts = {host for p in self.places if p.id == self.timestamps.place for host in p.endpoints}
            named = urlsplit(self.timestamps.url).netloc in hosts
            _require(named, "timestamps.url", "not among the endpoints of its place (P14)")
        fitted = self.targeting.propensity is None or self.flow("propensity") is not None
        _require(fitted, "data_flow", "propensity is missing, which targeting.propensity needs (D6)")
        for name, ids in (
            ("parties", [p.id for p in self.parties]),
            ("handlers", [h.id for h in self.handlers]),
            ("handlers.user", [h.user for h in self.handlers if h.user]),
            ("data_flow", [f"{f.kind}@{f.holder}" for f in self.data_flow]),
            ("waves", [w.id for w in self.waves.all()]),
            ("deliveries", [d.id for d in self.deliveries]),
            ("segments", [s.id for s in self.targeting.segments]),
            ("mappings", [m.kind for m in self.mappings]),
            ("rules", [r.rule for r in self.rules]),
            ("closing.storage", [m.id for m in self.closing.storage]),
            ("closing.by_hand", [m.id for m in self.closing.by_hand]),
            ("last_year", [y.kind for y in self.last_year]),
        ):
            _require(len(ids) == len(set(ids)), name, "ids must be unique")
        owners = {g.owner for g in self.gates}
        _require(len(owners) <= 1, "gates", "one decision covers a run: every gate must name the same owner")
        return self

    @model_validator(mode="after")
    def _results_are_kept_until_they_are_handed_back(self) -> Self:
        """P11: what 甲 gets back has no day before the closing; rows of results wait in quarantine too."""
        others = {p.id for p in self.subcontractors}
        for flow in self.data_flow:
            kept = flow.kind not in KEPT_TO_THE_END or flow.holder in others or flow.erase_after_days is None
            where = f"data_flow.{flow.kind}.erase_after_days"
            _require(kept, where, "results are erased at the closing, after 甲 has receipted them (P11)")
        return self

    @model_validator(mode="after")
    def _dates_lie_in_the_contract(self) -> Self:
        """C1: schedules live inside the contract period."""
        for where, day in self.dated():
            _require(self.contract.start <= day <= self.contract.end, where, "outside the contract period (C1)")
        return self

    @model_validator(mode="after")
    def _waves_fit_the_capacities(self) -> Self:
        """C4: the sum of the waves' capacities per channel is within the year's."""
        for name, waves, limit in (
            ("cards", self.waves.mailings, self.capacity.cards),
            ("calls", self.waves.calls, self.capacity.calls),
            ("visits", self.waves.visits, self.capacity.visits),
        ):
            _require(sum(w.capacity for w in waves) <= limit, f"capacity.{name}", "waves exceed it (C4)")
        for wave in self.waves.visits:
            field = wave.teams * wave.visits_per_team_day * len(wave.days)
            _require(wave.capacity <= field, f"waves.{wave.id}", "teams and days cannot make that many visits")
        if self.targeting.holdout_consent is None:
            _require(not any(w.holdout for w in self.waves.all()), "waves", "hold-outs need 甲's consent (E1)")
        return self

    def dated(self) -> tuple[tuple[str, date], ...]:
        """Every date of the year with its path, for validation and the calendar."""
        out: list[tuple[str, date]] = [("opening_on", self.opening_on)]
        out += [(f"deliveries.{d.id}", d.on) for d in self.deliveries]
        for m in self.waves.mailings:
            out += [(f"waves.{m.id}", d) for d in (m.select_on, m.pull_on, m.report_on, *m.returns_on)]
        for c in self.waves.calls:
            out += [(f"waves.{c.id}", d) for d in (*c.rounds_on, c.close_on)]
        for v in self.waves.visits:
            out += [(f"waves.{v.id}", d) for d in (v.select_on, *v.days)]
        out += [("effect_reports.on", d) for d in self.effect_reports.on]
        closing = self.closing
        out += [("closing", d) for d in (closing.handover_on, closing.certificates_due, closing.erase_on)]
        out += [("oversight", self.oversight.ward_inspection_on), ("oversight", self.oversight.ward_inspection_due)]
        return tuple(out)


def _require(condition: bool, path: str, message: str) -> None:
    if not condition:
        raise ValueError(f"{path}: {message}")


class _Loader(yaml.CSafeLoader):
    """SafeLoader with the booleans of YAML 1.2: ``on`` is a word, and a key twice is an error.

    libyaml reads a campaign some eight times as fast as Python does, and every component reads every campaign.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        if len(keys) != len(set(keys)):
            raise yaml.constructor.ConstructorError(None, None, "duplicate key", node.start_mark)
        return dict(super().construct_mapping(node, deep))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:bool"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), list("tf"))  # type: ignore[no-untyped-call]


def load_config(path: Path) -> CampaignConfig:
    """Read and check one campaign file.

    Raises:
        KanshoError: ``CONFIG-INVALID`` naming every path that is wrong, ``CONFIG-MISSING``
            when there is no such file.
    """
    if not path.is_file():
        raise KanshoError("CONFIG-MISSING", "no campaign file", place=path.name, remedy="give WARD_CONFIG=<file>.yaml")
    try:
        return CampaignConfig.model_validate(yaml.load(path.read_text(encoding="utf-8"), _Loader))  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name}:{mark.line + 1}" if mark else path.name
        raise KanshoError("CONFIG-INVALID", "not readable as YAML", place=where, remedy="correct the file") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in e['loc']) or 'campaign'}: {e['msg']}" for e in error.errors()
        )
        raise KanshoError("CONFIG-INVALID", faults, place=path.name, remedy="correct these paths") from None
