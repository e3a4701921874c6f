"""授受簿 and the register of media: every hand-over of a medium or paper, and where each is now (D3, P3, P11).  Pure.

Belongs here: both as a function of the log: CD-R, visiting sheets, cards that came back.  Does not belong here: the
balance as the verifier judges it (`kansho.evidence.account`), issuing or taking anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Work
from kansho.evidence.events import Event
from kansho.evidence.hand_rules import RETURNED_CARDS, VISIT_SHEETS, of_deed

KINDS = {"medium": "CD-R等の媒体", "visit_sheets": "訪問票（紙の名簿）", "returned_cards": "返戻はがき"}
_PAPERS = {RETURNED_CARDS: "returned_cards", VISIT_SHEETS: "visit_sheets"}
#: Where something is that nobody holds any more.
GONE = "destroyed"


@dataclass(frozen=True)
class Line:
    """One hand-over; ``medium`` is the serial number, the team's day, or the list; ``by``/``received_by`` handlers."""

    number: int
    on: str
    kind: str
    medium: str
    pieces: int
    giver: str
    receiver: str
    by: str = ""
    received_by: str = ""
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain form."""
        return asdict(self)


@dataclass(frozen=True)
class Whereabouts:
    """Where the pieces of a medium are: with a party, or destroyed; ``missing`` are those that should be there."""

    kind: str
    medium: str
    pieces: int
    holder: str
    since: str
    missing: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain form."""
        return asdict(self)


def book(events: Iterable[Event], config: CampaignConfig) -> tuple[Line, ...]:
    """Every hand-over, in the order of the log; ``number`` is the event's.

    The people are those that the log names: of a medium who entered the password of its delivery, and who returned it
    to whom; of sheets those of the visitors' report.
    """
    log = list(events)
    ward, ours, visitors = config.ward_party.id, config.contractor.id, config.party_for(Work.VISITS).id
    openers = _openers(log, config)
    closed = {e.key: e for e in log if e.type == "manual_target_closed"}
    back = {e.key: e for e in log if e.type == "sheets_in"}
    lines: list[Line] = []
    for e in log:
        day, codes = codes_on(e), e.codes
        if e.type == "medium_registered":
            people = {"received_by": openers.get(codes.get("delivery", ""), ""), "place": codes.get("place", "")}
            lines.append(Line(e.sequence, day, "medium", e.key, 1, ward, ours, **people))
        elif e.type == "medium_returned":
            slip = closed.get(f"medium/{e.key}")
            on = codes_on(slip) if slip is not None else day
            lines.append(Line(e.sequence, on, "medium", e.key, 1, ours, ward, **_slip(slip)))
        elif e.type in ("sheets_out", "sheets_in"):
            out = e.type == "sheets_out"
            hands = (ours, visitors) if out else (visitors, ours)
            people = _of_sheets(back.get(e.key), "out" if out else "in") | {"place": codes.get("place", "")}
            lines.append(Line(e.sequence, day, "visit_sheets", e.key, e.counts.get("sheets", 0), *hands, **people))
        elif e.type == "custody_moved":
            people = {"by": codes["given_by"], "received_by": codes["received_by"], "place": codes["place"]}
            pieces = e.counts.get("pieces", 0)
            lines.append(
                Line(e.sequence, day, codes["kind"], codes["list"], pieces, codes["from"], codes["to"], **people)
            )
        elif e.type == "manual_target_closed" and of_deed(e.key) in _PAPERS:
            to = ward if codes.get("method") == "return" else GONE
            pieces = e.counts.get("items", 0)
            lines.append(Line(e.sequence, day, _PAPERS[of_deed(e.key)], e.key, pieces, ours, to, **_slip(e)))
    return tuple(lines)


def _openers(log: list[Event], config: CampaignConfig) -> dict[str, str]:
    """Delivery → handler who entered its password, the last one that did."""
    found: dict[str, str] = {}
    for event in log:
        if event.type == "password_entered":
            handler = config.handler_of_user(event.actor.get("user", ""))
            found[event.codes.get("delivery", "")] = handler.id if handler is not None else ""
    return found


def _slip(closed: Event | None) -> dict[str, str]:
    """Who gave, who took or saw it go, and where, as the slip of what was closed by hand says."""
    said = closed.codes if closed is not None else {}
    return {"by": said.get("by", ""), "received_by": said.get("witness", ""), "place": said.get("place", "")}


def _of_sheets(back: Event | None, way: str) -> dict[str, str]:
    """Who gave a team's sheets to whom, as the report of that day says."""
    said = back.codes if back is not None else {}
    return {"by": said.get(f"{way}_by", ""), "received_by": said.get(f"{way}_to", "")}


def register(events: Iterable[Event], config: CampaignConfig) -> tuple[Whereabouts, ...]:
    """Where each medium, team's sheets and list of cards is; what the log itself says is closed goes with the whole."""
    log = list(events)
    lines = book(log, config)
    ended = {line.kind: line for line in lines if line.medium in _PAPERS}
    printer = config.party_for(Work.ADDRESSING).id
    found: dict[tuple[str, str], Whereabouts] = {}
    for e in log:
        if e.type == "returns_recorded" and e.counts.get("returned", 0):
            pieces = e.counts["returned"]
            found["returned_cards", e.key] = Whereabouts("returned_cards", e.key, pieces, printer, e.campaign_date)
    for line in lines:
        if line.medium in _PAPERS:
            continue
        before = found.get((line.kind, line.medium))
        if line.kind == "returned_cards" and before is not None:
            arrived = sum(x.pieces for x in lines if (x.kind, x.medium, x.receiver) == _to(line))
            left = before.pieces - arrived
            now = Whereabouts(line.kind, line.medium, before.pieces, line.receiver, line.on, missing=left)
        else:
            lost = before.pieces - line.pieces if before is not None else 0
            pieces = before.pieces if before is not None else line.pieces
            now = Whereabouts(line.kind, line.medium, pieces, line.receiver, line.on, missing=max(lost, 0))
        found[line.kind, line.medium] = now
    rows = []
    for row in found.values():
        end = ended.get(row.kind)
        gone = end is not None and row.since <= end.on and not row.missing
        rows.append(Whereabouts(row.kind, row.medium, row.pieces, end.receiver, end.on) if end and gone else row)
    return tuple(rows)


def codes_on(event: Event) -> str:
    """The day a paper names, else the day of the event."""
    return event.codes.get("on") or event.campaign_date


def _to(line: Line) -> tuple[str, str, str]:
    return line.kind, line.medium, line.receiver
