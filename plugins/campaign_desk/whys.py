"""The page on which an officer asks why the plan says of one person what it says.

Belongs here: the form and the answer.  Does not belong here: who may ask, from which records, and the trace of it
(`kansho.targeting.asking`), or the words (`kansho.targeting.why_words`).  The number comes in the form's body, never
in an address, and stands on no page.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response

from campaign_desk.pages import page
from campaign_desk.session import At, workspace_of
from kansho.targeting.asking import PURPOSE, ask_why
from kansho.targeting.why_words import sections

router = APIRouter()


@router.get("/{campaign}/plan/why")
def form(request: Request, person: At) -> Response:
    """The form for a number."""
    if not person.may_ask_why:
        raise HTTPException(403)
    return page(request, "why.html", person=person, sections=(), said="")


@router.post("/{campaign}/plan/why")
def why(request: Request, person: At, number: Annotated[str, Form()]) -> Response:
    """Every rule that was looked at for this person, with what it gave."""
    if not person.may_ask_why:
        raise HTTPException(403)
    answer = ask_why(workspace_of(person, purpose=PURPOSE), number.strip())
    said = "この番号の方は計画にありません。" if answer is None else ""
    return page(request, "why.html", person=person, sections=sections(answer) if answer else (), said=said)
