"""Who asks, in which campaign, on which day: what every route of the desk depends on.

Belongs here: the person and the campaign opened as that person.  Does not belong here: what a role may see (`access`),
the routes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, HTTPException

from campaign_desk.access import Person, person_of
from kansho.campaign.calendar import ZONE
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.ledger import wall_clock
from kansho.workspace import Workspace
from kansho_airflow import settings


def current_user(user: GetUserDep) -> str:
    """The user name Airflow knows; replaced in tests."""
    return str(user.get_name())


User = Annotated[str, Depends(current_user)]


def _campaign(campaign: str) -> CampaignConfig:
    try:
        return settings.people(campaign)
    except KanshoError as error:
        if error.code != "CONFIG-UNKNOWN":
            raise
        raise HTTPException(404) from None


def _person(campaign: str, user: User) -> Person:
    person = person_of(_campaign(campaign), user)
    if person is None:
        raise HTTPException(403)
    return person


At = Annotated[Person, Depends(_person)]


def workspace_of(person: Person, campaign_date: str | None = None, purpose: str = "desk_review") -> Workspace:
    """The campaign as this person; in a simulation on the day where the simulated year stands."""
    today = wall_clock().astimezone(ZONE).date()
    ws = Workspace.open(person.config, settings.var_dir(), today, actor=person.actor, purpose=purpose)
    if not ws.is_simulation:
        return ws
    told = campaign_date or ws.ledger.events()[-1].campaign_date
    try:
        return replace(ws, today=date.fromisoformat(told))
    except ValueError:
        raise HTTPException(422) from None
