"""Registers as ledger facts: parties, places, handlers, data flow, consents, recipients.

Run again after an amendment it registers what changed, and only that; readers take the newest of an id.
"""

from __future__ import annotations

from pathlib import Path

from kansho.campaign.config import Handler, Party
from kansho.campaign.rights import PartyKind
from kansho.errors import KanshoError
from kansho.evidence.access_rules import ENDED
from kansho.evidence.registrations import id_of, next_key
from kansho.exchange.countersigned import register_cosigner
from kansho.leaving import LEAVER
from kansho.workspace import Workspace

RECIPIENT = "recipient.txt"
OUR_RECIPIENT = "contractor_recipient.txt"


def register_everything(ws: Workspace) -> None:
    """Parties, handlers, places, data flow, recipients, tuned rules, the consent to hold-outs: each once as it is."""
    for party in ws.config.parties:
        register_party(ws, party)
    for handler in ws.config.handlers:
        register_handler(ws, handler)
    end_registrations(ws)
    register_places_and_flow(ws)
    register_recipients(ws)
    register_cosigner(ws)
    register_tuning(ws)
    consent = ws.config.targeting.holdout_consent
    if consent is not None:
        codes = {"given_on": consent.given_on.isoformat()}
        _register(ws, "holdout_consented", "year", codes, {"document": consent.document})


def register_party(ws: Workspace, party: Party) -> None:
    """One party with its works and, for a 丙, 甲's consent and the clauses in its contract, as they are (C7, P7).

    Clauses of another version than the one in force are no reason to refuse here: what the contract says is a fact, and
    the obligations (乙12, 乙13, 丙1) and the verifier (``STATE-CONSENT-CLAUSES``) judge it.

    Raises:
        KanshoError: ``OPENING-CONSENT``: 甲 has not consented yet.
    """
    codes = {"kind": party.kind.value, "works": "|".join(w.value for w in party.works)}
    names = {"name": party.name}
    if party.consent is not None:
        codes |= {"consented_on": party.consent.given_on.isoformat(), "clauses": party.consent.clauses}
        names |= {"consent": party.consent.document, "contract": party.consent.contract}
        if party.consent.given_on > ws.today:
            raise KanshoError(
                "OPENING-CONSENT", "区の承諾がまだありません", place=party.id, remedy="承諾を得てから開設 (C7)"
            )
    _register(ws, "party_registered", party.id, codes, names)


def register_handler(ws: Workspace, handler: Handler) -> None:
    """One handler with training, pledge and briefing (P4, P5).

    Raises:
        KanshoError: ``OPENING-UNTRAINED``: an untrained handler cannot be assigned.
    """
    late = [d for d in (handler.trained_on, handler.pledged_on, handler.briefed_on) if d > ws.today]
    if late:
        raise KanshoError(
            "OPENING-UNTRAINED",
            "教育・誓約・周知が済んでいない取扱者です",
            place=handler.id,
            remedy="実施してから届け出てください (P5)",
        )
    codes = {
        "party": handler.party,
        "place": handler.place,
        "works": "|".join(w.value for w in handler.works),
        "role": handler.role.value if handler.role else "",
        "user": handler.user or "",
        "responsible": "yes" if handler.responsible else "no",
        "pledged_on": handler.pledged_on.isoformat(),
    }
    if handler.leaves_on is not None and handler.leaves_on < ws.today:
        codes[ENDED] = handler.leaves_on.isoformat()
    _register(ws, "handler_registered", handler.id, codes, {"name": handler.name, "post": handler.post})
    for type_, on in (("training_recorded", handler.trained_on), ("briefing_recorded", handler.briefed_on)):
        told = [e for e in ws.ledger.events(type_) if id_of(e) == handler.id and e.codes.get("of") == LEAVER]
        if not told:  # who left and was told so stays told
            _register(ws, type_, handler.id, {"on": on.isoformat(), "party": handler.party}, {})


def end_registrations(ws: Workspace) -> None:
    """End the registration of everybody whom the configuration names no more: they read nothing from now on (P8)."""
    present = {handler.id for handler in ws.config.handlers}
    known = {id_of(e): e for e in ws.ledger.events("handler_registered")}
    for id_, last in known.items():
        if id_ not in present and ENDED not in last.codes:
            codes = {**last.codes, ENDED: ws.today.isoformat()}
            _register(ws, "handler_registered", id_, codes, dict(last.names))


def register_places_and_flow(ws: Workspace) -> None:
    """甲's designated places (P14) and the year's data flow (D6)."""
    for place in ws.config.places:
        codes = {"party": place.party, "kind": place.kind}
        _register(ws, "place_designated", place.id, codes, {"name": place.name, "address": place.address})
    for flow in ws.config.data_flow:
        until = "closing" if flow.erase_after_days is None else str(flow.erase_after_days)
        codes = {"holder": flow.holder, "place": flow.place, "erase_after_days": until}
        held = PartyKind.SUBCONTRACTOR is ws.config.party(flow.holder).kind
        key = f"{flow.kind}@{flow.holder}" if held else flow.kind
        _register(ws, "flow_approved", key, codes, {"purpose": flow.purpose})


def register_tuning(ws: Workspace) -> None:
    """Gate rules as this ward and year wants them; a rule that is tuned no longer is registered as such (D1)."""
    tuned = {tuning.rule: tuning for tuning in ws.config.rules}
    before = [e.codes["rule"] for e in ws.ledger.events("rule_tuned")]
    for rule in sorted({*tuned, *before}):
        codes = {"rule": rule, "tuned": "yes" if rule in tuned else "no"}
        if rule in tuned:
            asked = tuned[rule].model_dump(mode="json", exclude={"rule"}, exclude_none=True)
            codes |= {name: str(value) for name, value in asked.items()}
        _register(ws, "rule_tuned", rule.replace("/", ":"), codes, {})


def register_recipients(ws: Workspace) -> None:
    """The public keys of everybody to whom packages go; ours is put into their letter boxes.

    Raises:
        KanshoError: ``OPENING-RECIPIENT`` when a party has not given its public key.
    """
    for party in ws.config.parties:
        if party.kind is PartyKind.CONTRACTOR:
            continue
        given = ws.layout.outgoing(party.id) / RECIPIENT
        if not given.is_file():
            raise KanshoError(
                "OPENING-RECIPIENT",
                "公開鍵が届いていません",
                place=party.id,
                remedy="age の公開鍵の提出を依頼してください",
            )
        _register(ws, "recipient_registered", party.id, {"recipient": given.read_text(encoding="ascii").strip()}, {})
        _write(ws.layout.received(party.id) / OUR_RECIPIENT, ws.keyring.recipient())


def _register(ws: Workspace, type_: str, registered: str, codes: dict[str, str], names: dict[str, str]) -> None:
    key = next_key(ws.ledger.events(type_), registered, codes, names)
    if key is not None:
        ws.record(type_, key, codes=codes, names=names)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text + "\n", encoding="ascii")
    part.replace(path)
