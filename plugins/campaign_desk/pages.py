"""How a page is made and what goes with every answer: templates, headers, refusals in Japanese.

Belongs here: HTML and HTTP.  Does not belong here: who may see what (`access`) and the routes (`app`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from campaign_desk import words
from kansho.errors import KanshoError
from kansho_airflow.countwords import count_word

#: Nothing is kept by a browser or a proxy; our own style, script and pictures only; framed by Airflow only.
#: The referrer policy is not "no-referrer": with that, browsers send a form with the origin "null".
HEADERS = {
    "Cache-Control": "no-store, max-age=0",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'self'"
    ),
}

_REFUSALS = {
    401: ("サインインが必要です", "Airflow にサインインしてから、もう一度開いてください。"),
    403: ("この画面を開く権限がありません", "役割に心当たりがあるときは、取扱責任者にご確認ください。"),
    404: ("見つかりません", "一覧から開き直してください。"),
    422: ("入力を受け付けられません", "入力し直してください。"),
}
_FAILED = ("処理できませんでした", "もう一度お試しください。続くときはデータ担当にご連絡ください。")

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
)
_templates.globals.update(
    role_name=words.role,
    role_word=words.role_of,
    approval_name=words.approval,
    thing_name=words.thing,
    count_name=count_word,
)


def root_of(request: Request) -> str:
    """Path under which the desk is mounted, without a trailing slash."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def airflow_of(request: Request) -> str:
    """Path under which Airflow itself answers."""
    return root_of(request).removesuffix("/desk")


def page(request: Request, name: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A page from a template; everything in it is escaped."""
    html = _templates.get_template(name).render(root=root_of(request), airflow=airflow_of(request), **values)
    return HTMLResponse(html, status_code=status_code)


def refused(request: Request, status_code: int) -> HTMLResponse:
    """What a person sees instead; quotes nothing of the request but where to come back to."""
    title, remedy = _REFUSALS.get(status_code, _FAILED)
    return page(
        request,
        "refused.html",
        status_code=status_code,
        title=title,
        remedy=remedy,
        code=f"DESK-{status_code}",
        back=request.url.path if status_code == 401 else "",
    )


def refused_by(request: Request, error: KanshoError) -> HTMLResponse:
    """A refusal of the domain, which says what to do."""
    return page(
        request, "refused.html", status_code=409, title=error.message, remedy=error.remedy, code=error.code, back=""
    )


def same_origin(request: Request) -> bool:
    """Whether a form was sent from one of our own pages."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    return origin.partition("://")[2] == request.headers.get("host", "")
