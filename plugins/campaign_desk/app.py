"""The desk's routes.  Every route asks who it is, which campaign, and which role; nothing is cached or logged.

Mounted by the plugin at ``/desk``; a user is signed in by Airflow (cookie or Bearer).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Form, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHttpException

from campaign_desk.access import Person, person_of, waiting
from campaign_desk.artefacts import draw, is_pdf, show
from campaign_desk.cases import STOP_LIST_ROLES, register_of
from campaign_desk.gatepages import gate_bytes, gate_runs
from campaign_desk.incidents import router as incidents
from campaign_desk.lookups import look_up as look_up_number
from campaign_desk.pages import HEADERS, page, refused, refused_by, root_of, same_origin
from campaign_desk.proofs import artefact_name, plan_comments, proof_rounds
from campaign_desk.readings import has_opened, progress, record_opening
from campaign_desk.session import At, User, workspace_of
from campaign_desk.whys import router as whys
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.exchange.comments import LONGEST, comments_on, leave_comment
from kansho.exchange.tables import is_inquiry_number
from kansho.intake.exceptions import accept_exception, keep_stop_list
from kansho.intake.passwords import enter_password, waiting_password
from kansho.intake.stage import open_deliveries
from kansho.quality.pages import style_hash
from kansho.standing import undecided_stop_list
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from kansho_airflow import settings

log = logging.getLogger(__name__)

app = FastAPI(title="kansho desk", docs_url=None, redoc_url=None, openapi_url=None)
app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
app.include_router(whys)
app.include_router(incidents)


@app.middleware("http")
async def _private(request: Request, call_next: Any) -> Response:
    """No page is stored anywhere, a form is taken only from our own pages, and no failure quotes its cause."""
    if request.method not in ("GET", "HEAD") and not same_origin(request):
        response: Response = Response("DESK-ORIGIN", status_code=403)
    else:
        try:
            response = await call_next(request)
        except KanshoError as error:
            response = refused_by(request, error)
        except Exception as error:
            log.error("DESK-FAILED %s", type(error).__name__)  # its text could quote a person's data
            response = refused(request, 500)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)  # a page of its own style names that style in its policy
    return response


@app.exception_handler(AnyHttpException)
def _refuse(request: Request, error: Exception) -> Response:
    return refused(request, error.status_code if isinstance(error, AnyHttpException) else 500)


@app.exception_handler(RequestValidationError)
def _refuse_input(request: Request, error: Exception) -> Response:
    return refused(request, 422)


@app.get("/")
def home(request: Request, user: User) -> Response:
    """The campaigns in which this user has a role."""
    known = [p for p in (person_of(c, user) for c in settings.all_campaigns()) if p is not None]
    return page(request, "home.html", people=known)


@app.get("/{campaign}/")
def desk(request: Request, person: At) -> Response:
    """What waits for this person."""
    ws = workspace_of(person)
    requests = waiting(ws.ledger.events(), person)
    deliveries = open_deliveries(ws) if person.may_enter_passwords and ws.ledger.size else []
    locked = [d for d in deliveries if waiting_password(ws, d) is None]
    return page(request, "desk.html", person=person, requests=requests, locked=locked)


@app.get("/{campaign}/approvals/{key:path}")
def approval(request: Request, key: str, person: At) -> Response:
    """One approval: counts, digest, the way to the thing itself and to the answer."""
    ws, asked = _asked(person, key)
    return page(
        request,
        "approval.html",
        person=person,
        asked=asked,
        progress=progress(ws, asked),
        decided=ws.ledger.find("approval_decided", key),
        voided=ws.ledger.find("approval_voided", key),
        answer=_answer_path(key),
        comments=comments_on(ws, artefact_name(asked)),
        longest=LONGEST,
    )


@app.post("/{campaign}/comments/{key:path}")
def comment(
    request: Request,
    key: str,
    person: At,
    text: Annotated[str, Form()],
    campaign_date: Annotated[str | None, Form()] = None,
) -> Response:
    """Keep what a person who is asked has to say about the thing itself, until it is answered."""
    ws, asked = _asked(person, key, campaign_date)
    if any(ws.ledger.find(type, key) is not None for type in ("approval_decided", "approval_voided")):
        raise HTTPException(404)
    leave_comment(ws, asked, text)
    return RedirectResponse(f"{root_of(request)}/{person.config.id}/approvals/{key}", status_code=303)


@app.get("/{campaign}/proofs")
def proofs(request: Request, person: At) -> Response:
    """The rounds of every mailing's proof with what was said about each: for 甲 and 乙."""
    if not person.may_see_gates:
        raise HTTPException(403)
    ws = workspace_of(person)
    return page(request, "proofs.html", person=person, mailings=proof_rounds(ws), plans=plan_comments(ws))


@app.get("/{campaign}/artefacts/{key:path}")
def artefact(request: Request, key: str, person: At, number: Annotated[int, Query(alias="page")] = 1) -> Response:
    """A page of the very thing to approve, decrypted in memory; the opening is recorded before it is shown."""
    if "prefetch" in request.headers.get("sec-purpose", ""):
        raise HTTPException(403)  # a browser that looks ahead has shown nothing to anybody
    ws, asked = _asked(person, key)
    ref = SnapshotRef.from_json(asked.refs["artefact"])
    shown = show(ws.read_bytes(ref), ref, number, person.config)
    if shown is None:
        raise HTTPException(404)
    record_opening(ws, asked, shown.span)
    return page(request, "artefact.html", person=person, shown=shown, asked=asked, progress=progress(ws, asked))


@app.get("/{campaign}/gates/")
@app.get("/{campaign}/gates/of/{subjects}")
def gates(request: Request, person: At, subjects: str = "") -> Response:
    """The gate runs, newest first, each with its page; only those of these subjects (``d01.d02``) when named."""
    if not person.may_see_gates:
        raise HTTPException(403)
    ws = workspace_of(person)
    wanted = frozenset(filter(None, subjects.split(".")))
    runs = gate_runs(ws.ledger.events(), wanted)
    return page(request, "gates.html", person=person, runs=runs, narrowed=bool(wanted))


@app.get("/{campaign}/gates/{name:path}")
def gate(name: str, person: At) -> Response:
    """One gate run's page, byte for byte as it was issued: counts and rules, nobody's data."""
    if not person.may_see_gates:
        raise HTTPException(403)
    data = gate_bytes(workspace_of(person), name)
    if data is None:
        raise HTTPException(404)
    policy = HEADERS["Content-Security-Policy"].replace("style-src 'self'", f"style-src {style_hash()}")
    return Response(data, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy})


@app.get("/{campaign}/exceptions")
def exceptions(request: Request, person: At) -> Response:
    """What was refused, held or quarantined: counts and rules, with what this person may decide."""
    if not person.may_see_gates:
        raise HTTPException(403)
    return page(request, "exceptions.html", person=person, register=register_of(workspace_of(person), person))


@app.post("/{campaign}/exceptions")
def accept(request: Request, person: At, key: Annotated[str, Form()], reason: Annotated[str, Form()]) -> Response:
    """Take an exception as it is, as its owner, with a reason."""
    if not person.may_see_gates:
        raise HTTPException(403)
    accept_exception(workspace_of(person), key, reason)
    return RedirectResponse(f"{root_of(request)}/{person.config.id}/exceptions", status_code=303)


@app.post("/{campaign}/stop-list")
def keep(request: Request, person: At, delivery: Annotated[str, Form()], reason: Annotated[str, Form()]) -> Response:
    """Go on with the stop list in force although a newer one did not become facts."""
    if person.role not in STOP_LIST_ROLES:
        raise HTTPException(403)
    ws = workspace_of(person)
    if delivery != undecided_stop_list(ws):
        raise HTTPException(404)
    keep_stop_list(ws, delivery, reason)
    return RedirectResponse(f"{root_of(request)}/{person.config.id}/exceptions", status_code=303)


@app.get("/{campaign}/sheets/{number}/{key:path}")
def sheet(number: int, key: str, person: At) -> Response:
    """One sheet of a PDF artefact as a picture, for a person whose opening of its page is recorded."""
    ws, asked = _asked(person, key)
    if not progress(ws, asked).begun:
        raise HTTPException(403)
    data = ws.read_bytes(SnapshotRef.from_json(asked.refs["artefact"]))
    drawn = draw(data, number) if is_pdf(data) else None
    if drawn is None:
        raise HTTPException(404)
    if not has_opened(ws, asked, number):
        raise HTTPException(403)
    return Response(drawn, media_type="image/png")


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
        raise HTTPException(403)
    ws = workspace_of(person, campaign_date)
    if delivery not in open_deliveries(ws):
        raise HTTPException(404)
    enter_password(ws, delivery, password)
    return RedirectResponse(f"{root_of(request)}/{person.config.id}/", status_code=303)


@app.get("/{campaign}/enquiries")
def enquiries(request: Request, person: At) -> Response:
    """The form for a caller's number."""
    if not person.may_look_up:
        raise HTTPException(403)
    return page(request, "enquiries.html", person=person, found=None, said="")


@app.post("/{campaign}/enquiries")
def look_up(request: Request, person: At, number: Annotated[str, Form()]) -> Response:
    """Where a caller stands, by the number on the card: what the operator must know, and no more."""
    if not person.may_look_up:
        raise HTTPException(403)
    asked = number.strip()
    found = look_up_number(workspace_of(person), person, asked)
    said = ""
    if found is None:
        right = is_inquiry_number(asked)
        said = (
            "この番号の方は名簿にありません。"
            if right
            else "番号が正しくありません。はがきの番号をもう一度お聞きください。"
        )
    return page(request, "enquiries.html", person=person, found=found, said=said)


def _asked(person: Person, key: str, campaign_date: str | None = None) -> tuple[Workspace, Event]:
    ws = workspace_of(person, campaign_date)
    asked = ws.ledger.find("approval_requested", key)
    if asked is None:
        raise HTTPException(404)
    if not person.may_see(asked):
        raise HTTPException(403)
    return ws, asked


def _answer_path(key: str) -> str:
    """Airflow's own form for a request (``<dag>/<run>/<name>``, a mapped one with its index after a dot)."""
    dag_id, run_id, name = key.split("/", 2)
    name, _, index = name.partition(".")
    mapped = f"/mapped/{index}" if index else ""
    return f"/dags/{dag_id}/runs/{run_id}/tasks/ask_{name}{mapped}/required_actions"
