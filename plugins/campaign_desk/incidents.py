"""The pages on which the contractor's staff see the incidents and fill the nine items of a 事故報告書.

Belongs here: the list, the form, and Japanese words for them.  Does not belong here: filling an item and what may
stand in it (`kansho.oversight.incident_items`), what the ledger says of one (`kansho.oversight.incident_report`), the
way of a report (`kansho.oversight.incident`).  What is typed comes in the form's body and lies in the vault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from campaign_desk.access import Person
from campaign_desk.pages import page, root_of
from campaign_desk.session import At, workspace_of
from kansho.evidence.events import Event
from kansho.oversight.clocks import Clocks, clocks_of
from kansho.oversight.incident_items import LONGEST, PURPOSE, fill_item, filled_items, last_filled, still_open
from kansho.oversight.incident_report import ITEM_STATES, ITEMS, Item, nine_items, open_items
from kansho.oversight.incidents import KINDS, STATES, label, state
from kansho.workspace import Workspace

router = APIRouter()


@dataclass(frozen=True)
class Line:
    """One incident; ``left`` are the items that a 確報 still waits for."""

    key: str
    kind: str
    state: str
    closed: bool
    left: int
    days: Clocks


@dataclass(frozen=True)
class Entry:
    """One item as the form shows it: ``written`` says who wrote it when, ``begin`` is what the field begins with."""

    item: Item
    state: str
    written: str
    begin: str


@router.get("/{campaign}/incidents")
def listing(request: Request, person: At) -> Response:
    """Every incident, the open ones first."""
    ws = _opened(person)
    lines = [_line(ws, event) for event in ws.ledger.events("incident_opened")]
    return page(request, "incidents.html", person=person, lines=sorted(lines, key=lambda line: line.closed))


@router.get("/{campaign}/incidents/{key:path}")
def one(request: Request, key: str, person: At) -> Response:
    """The nine items of an incident as they would be reported, each with its field while it is open."""
    ws = _opened(person)
    event = _incident(ws, key)
    entries = _entries(ws, event)
    left = [ITEMS[item.code] for item in open_items(e.item for e in entries)]
    line = _line(ws, event)
    return page(request, "incident.html", person=person, line=line, entries=entries, left=left, longest=LONGEST)


@router.post("/{campaign}/incidents/{key:path}")
def fill(
    request: Request,
    key: str,
    person: At,
    item: Annotated[str, Form()],
    text: Annotated[str, Form()],
    campaign_date: Annotated[str | None, Form()] = None,
) -> Response:
    """Keep what a person says about one item."""
    ws = _opened(person, campaign_date)
    _incident(ws, key)
    fill_item(ws, key, item, text)
    here = f"{root_of(request)}/{person.config.id}/incidents/{quote(key)}#{item}"
    return RedirectResponse(here, status_code=303)


def _opened(person: Person, campaign_date: str | None = None) -> Workspace:
    if not person.may_report_incidents:
        raise HTTPException(403)
    return workspace_of(person, campaign_date, purpose=PURPOSE)


def _incident(ws: Workspace, key: str) -> Event:
    found = ws.ledger.find("incident_opened", key)
    if found is None:
        raise HTTPException(404)
    return found


def _line(ws: Workspace, opened: Event) -> Line:
    now = state(ws.ledger.events(), opened.key)
    closed = now == "closed"
    left = 0 if closed else len(still_open(ws, opened))
    kind = label(KINDS, opened.codes.get("kind", "other"))
    return Line(opened.key, kind, STATES[now], closed, left, clocks_of(opened))


def _entries(ws: Workspace, opened: Event) -> tuple[Entry, ...]:
    events = ws.ledger.events()
    by = last_filled(events, opened.key)
    items = nine_items(ws.config, events, opened, filled_items(ws, opened.key))
    return tuple(Entry(i, ITEM_STATES[i.state], _written(by.get(i.code)), _begin(i)) for i in items)


def _written(filled: Event | None) -> str:
    return "" if filled is None else f"{filled.campaign_date}　{filled.actor['user']}"


def _begin(item: Item) -> str:
    """A draft begins in its field, to be confirmed or changed; that nobody can say yet is nothing to confirm."""
    return "" if item.state == "empty" else item.text
