"""Registers as ledger facts: parties, places, handlers, data flow, consents, recipients."""

from __future__ import annotations

from pathlib import Path

from kansho.campaign.config import Handler, Party
from kansho.campaign.rights import PartyKind
from kansho.errors import KanshoError
from kansho.workspace import Workspace

RECIPIENT = "recipient.txt"
OUR_RECIPIENT = "contractor_recipient.txt"


def register_everything(ws: Workspace) -> None:
    """Parties, handlers, places, data flow, recipients and the consent to hold-outs, each once by its id."""
    for party in ws.config.parties:
        register_party(ws, party)
    for handler in ws.config.handlers:
        register_handler(ws, handler)
    register_places_and_flow(ws)
    register_recipients(ws)
    consent = ws.config.targeting.holdout_consent
    if consent is not None:
        codes = {"given_on": consent.given_on.isoformat()}
        ws.record("holdout_consented", "year", codes=codes, names={"document": consent.document})


def register_party(ws: Workspace, party: Party) -> None:
    """One party with its works and, for a 丙, 甲's consent (C7, P7)."""
    codes = {"kind": party.kind.value, "works": "|".join(w.value for w in party.works)}
    if party.consent is not None:
        codes |= {"consented_on": party.consent.given_on.isoformat(), "clauses": "kansho-hei-v1"}
        if party.consent.given_on > ws.today:
            raise KanshoError(
                "OPENING-CONSENT", "区の承諾がまだありません", place=party.id, remedy="承諾を得てから開設 (C7)"
            )
    names = {"name": party.name} | ({"consent": party.consent.document} if party.consent else {})
    ws.record("party_registered", party.id, codes=codes, names=names)


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
    }
    ws.record("handler_registered", handler.id, codes=codes, names={"name": handler.name, "post": handler.post})
    ws.record("training_recorded", handler.id, codes={"on": handler.trained_on.isoformat(), "party": handler.party})
    ws.record("briefing_recorded", handler.id, codes={"on": handler.briefed_on.isoformat(), "party": handler.party})


def register_places_and_flow(ws: Workspace) -> None:
    """甲's designated places (P14) and the year's data flow (D6)."""
    for place in ws.config.places:
        ws.record(
            "place_designated",
            place.id,
            codes={"party": place.party, "kind": place.kind},
            names={"name": place.name, "address": place.address},
        )
    for flow in ws.config.data_flow:
        until = "closing" if flow.erase_after_days is None else str(flow.erase_after_days)
        ws.record(
            "flow_approved",
            flow.kind,
            codes={"holder": flow.holder, "place": flow.place, "erase_after_days": until},
            names={"purpose": flow.purpose},
        )


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
        ws.record("recipient_registered", party.id, codes={"recipient": given.read_text(encoding="ascii").strip()})
        _write(ws.layout.received(party.id) / OUR_RECIPIENT, ws.keyring.recipient())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text + "\n", encoding="ascii")
    part.replace(path)
