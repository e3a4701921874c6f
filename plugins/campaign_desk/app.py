"""The desk's routes.  Every route asks who it is, which campaign, and which role; nothing is cached or logged.

Mounted by the plugin at ``/desk``; a user is signed in by Airflow (cookie or Bearer).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, FastAPI, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from campaign_desk.access import Person, person_of, waiting
from campaign_desk.artefacts import show
from kansho.campaign.calendar import ZONE
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.ledger import wall_clock
from kansho.exchange.tables import is_inquiry_number
from kansho.intake.passwords import enter_password, waiting_password
from kansho.intake.stage import open_deliveries
from kansho.standing import gather, status
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from kansho_airflow import settings

_HEADERS = {
    "Cache-Control": "no-store, max-age=0",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'self'; object-src 'self'"
    ),
}

app = FastAPI(title="kansho desk", docs_url=None, redoc_url=None, openapi_url=None)

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
)


def current_user(user: GetUserDep) -> str:
    """The user name Airflow knows; replaced in tests."""
    return str(user.get_name())


User = Annotated[str, Depends(current_user)]


def _campaign(campaign: str) -> CampaignConfig:
    try:
        return settings.campaign(campaign)
    except KanshoError:
        raise HTTPException(404, "campaign") from None


def _person(campaign: str, user: User) -> Person:
    person = person_of(_campaign(campaign), user)
    if person is None:
        raise HTTPException(403, "role")
    return person


At = Annotated[Person, Depends(_person)]


@app.middleware("http")
async def _private(request: Request, call_next: Any) -> Response:
    """No page is stored anywhere; a form is taken only from our own pages."""
    if request.method == "POST" and not _same_origin(request):
        return Response("DESK-ORIGIN", status_code=403, headers=_HEADERS)
    try:
        response: Response = await call_next(request)
    except KanshoError as error:
        response = _page("refused.html", status_code=409, error=error, root=_root(request))
    response.headers.update(_HEADERS)
    return response


@app.get("/", response_class=HTMLResponse)
def home(request: Request, user: User) -> Response:
    """The campaigns in which this user has a role."""
    known = [p for p in (person_of(c, user) for c in settings.all_campaigns()) if p is not None]
    return _page("home.html", people=known, root=_root(request))


@app.get("/{campaign}/", response_class=HTMLResponse)
def desk(request: Request, person: At) -> Response:
    """What waits for this person."""
    ws = _workspace(person)
    requests = waiting(ws.ledger.events(), person)
    deliveries = open_deliveries(ws) if person.may_enter_passwords and ws.ledger.size else []
    locked = [d for d in deliveries if waiting_password(ws, d) is None]
    return _page("desk.html", person=person, requests=requests, locked=locked, root=_root(request))


@app.get("/{campaign}/approvals/{key:path}", response_class=HTMLResponse)
def approval(request: Request, key: str, person: At) -> Response:
    """One approval: counts, digest, the way to the thing itself and to the answer."""
    ws, asked = _asked(person, key)
    dag_id, run_id, name = key.split("/", 2)
    opened = ws.ledger.find("artefact_opened", f"{key}/{person.handler.user}") is not None
    answer = f"/dags/{dag_id}/runs/{run_id}/tasks/ask_{name}/required_actions"
    return _page(
        "approval.html", person=person, asked=asked, opened=opened, answer=answer, root=_root(request), key=key
    )


@app.get("/{campaign}/artefacts/{key:path}")
def artefact(request: Request, key: str, person: At) -> Response:
    """The very thing to approve, decrypted in memory; the opening is recorded before it is shown."""
    ws, asked = _asked(person, key)
    ref = SnapshotRef.from_json(asked.refs["artefact"])
    shown = show(ref.kind, ws.read_bytes(ref))
    ws.record("artefact_opened", f"{key}/{person.handler.user}", refs={"digest": ref.digest})
    if shown.pdf is not None:
        return Response(shown.pdf, media_type="application/pdf", headers={"Content-Disposition": "inline"})
    return _page("artefact.html", person=person, shown=shown, asked=asked, root=_root(request), key=key)


@app.post("/{campaign}/passwords")
def password(
    request: Request,
    person: At,
    delivery: Annotated[str, Form()],
    password: Annotated[str, Form()],
    campaign_date: Annotated[str | None, Form()] = None,
) -> Response:
    """Take a delivery's password once; it is sealed at once and shown nowhere."""
    if not person.may_enter_passwords:
        raise HTTPException(403, "role")
    ws = _workspace(person, campaign_date)
    if delivery not in open_deliveries(ws):
        raise HTTPException(404, "delivery")
    enter_password(ws, delivery, password)
    return RedirectResponse(f"{_root(request)}/{person.config.id}/", status_code=303)


@app.get("/{campaign}/enquiries", response_class=HTMLResponse)
def enquiries(request: Request, person: At) -> Response:
    """The form for a caller's number."""
    if not person.may_look_up:
        raise HTTPException(403, "role")
    return _page("enquiries.html", person=person, found=None, said="", root=_root(request))


@app.post("/{campaign}/enquiries", response_class=HTMLResponse)
def look_up(request: Request, person: At, number: Annotated[str, Form()]) -> Response:
    """Where a caller stands, by the number on the card: what the operator must know, and no more."""
    if not person.may_look_up:
        raise HTTPException(403, "role")
    ws = _workspace(person)
    found: dict[str, bool] | None = None
    said = "番号が正しくありません。はがきの番号をもう一度お聞きください。"
    if is_inquiry_number(number.strip()):
        standing = status(gather(ws), ws.today)
        said = "この番号の方は名簿にありません。"
        if number.strip() in standing.index:
            row = standing.loc[number.strip()]
            said = ""
            found = {
                "勧奨停止": bool(row["stopped"] or row["refused"] or row["deferred"]),
                "受診済": bool(row["kenshin_attended"] or row["reported_attended"]),
            }
    return _page("enquiries.html", person=person, found=found, said=said, root=_root(request))


def _asked(person: Person, key: str) -> tuple[Workspace, Event]:
    ws = _workspace(person)
    asked = ws.ledger.find("approval_requested", key)
    if asked is None:
        raise HTTPException(404, "approval")
    if not person.may_see(asked):
        raise HTTPException(403, "role")
    return ws, asked


def _workspace(person: Person, campaign_date: str | None = None) -> Workspace:
    """The campaign as this person; in a simulation on the day where the simulated year stands."""
    today = wall_clock().astimezone(ZONE).date()
    ws = Workspace.open(person.config, settings.var_dir(), today, actor=person.actor)
    if ws.is_simulation:
        told = date.fromisoformat(ws.ledger.events()[-1].campaign_date)
        if campaign_date is not None:
            told = _day(campaign_date)
        ws = Workspace.open(person.config, settings.var_dir(), told, actor=person.actor)
    return ws


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HTTPException(422, "campaign_date") from None


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") in ("same-origin", "none")
    return origin.partition("://")[2] == request.headers.get("host", "")


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _page(name: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    now: datetime = wall_clock().astimezone(ZONE)
    return HTMLResponse(_pages.get_template(name).render(now=now, **values), status_code=status_code)
