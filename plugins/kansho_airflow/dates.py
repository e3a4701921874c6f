"""The campaign date of a run, and the workspace opened on it: the one place that decides them.

Belongs here: conf, else asset event, else schedule.  Does not belong here: the year's dates
(`kansho.campaign.calendar`).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from kansho.campaign.binding import OPENING_STAGE, require_ready
from kansho.campaign.calendar import ZONE
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.events import Actor
from kansho.evidence.ledger import Ledger
from kansho.layout import Layout
from kansho.vault.storage import stores_of
from kansho.workspace import Workspace
from kansho_airflow import settings

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def campaign_date(context: Mapping[str, Any], ledger: Ledger | None = None) -> date:
    """The campaign date of a running task; ``ledger`` saves reading the log once more.

    Order: ``campaign_date`` in the run's conf (only in a campaign whose ledger opens with a
    simulation, or in the opening DAG of a replay), else the newest ``campaign_date`` of the asset events
    that started the run, else, in a simulation, the date where the simulated year stands, else the
    logical date (or the start, for a run by hand) as a day in Japan.

    Raises:
        KanshoError: ``DATE-NOT-SIMULATION``, ``DATE-INVALID``, ``DATE-OUTSIDE``.
    """
    config = settings.campaign(settings.campaign_id_of(context["dag"].dag_id))
    if ledger is None:
        ledger = Ledger(config.id, stores_of(config, Layout(settings.var_dir()).kansho).ledger)
    events = ledger.events()
    simulated = bool(events) and events[0].type == "campaign_opened" and events[0].codes.get("simulation") == "true"
    opening = not events and settings.stage_of(context["dag"].dag_id) == OPENING_STAGE and settings.is_replay()
    run = context["dag_run"]
    moment = run.logical_date or run.run_after
    return choose_date(
        config,
        conf=(run.conf or {}).get("campaign_date"),
        extras=[event.extra.get("campaign_date") for event in _asset_events(context)],
        moment=moment,
        conf_allowed=simulated or opening,
        stands_at=date.fromisoformat(events[-1].campaign_date) if simulated else None,
    )


def choose_date(
    config: CampaignConfig,
    *,
    conf: object,
    extras: Iterable[object],
    moment: datetime,
    conf_allowed: bool,
    stands_at: date | None,
) -> date:
    """The rule of `campaign_date` without Airflow; ``stands_at`` is None outside simulations."""
    told = [_iso(extra) for extra in extras if extra is not None]
    if conf is not None:
        if not conf_allowed:
            raise KanshoError(
                "DATE-NOT-SIMULATION",
                "実運用のキャンペーンに日付は指定できません",
                place="campaign_date",
                remedy="conf を空にして起動",
            )
        chosen = _iso(conf)
    elif told:
        chosen = max(told)
    elif stands_at is not None:
        chosen = stands_at
    else:
        chosen = moment.astimezone(ZONE).date()
    if not config.contract.start <= chosen <= config.contract.evidence_retained_until:
        raise KanshoError(
            "DATE-OUTSIDE", "契約の期間の外です (C1)", place=config.id, remedy="契約期間内に起動してください"
        )
    return chosen


def open_workspace(context: Mapping[str, Any]) -> Workspace:
    """The campaign of the running task, on its campaign date, with the task as the actor.

    Raises:
        KanshoError: ``CONFIG-UNBOUND`` when the config is not the one bound in the ledger, ``OPENING-UNAPPROVED``
            before the ward has approved the opening (C1).
    """
    dag_id = context["dag"].dag_id
    config = settings.campaign(settings.campaign_id_of(dag_id))
    actor = Actor(config.contractor.id, f"{dag_id}.{context['task'].task_id}", "system")
    stage = settings.stage_of(dag_id)
    ws = Workspace.open(config, settings.var_dir(), config.contract.start, actor=actor, purpose=stage)
    ws = replace(ws, today=campaign_date(context, ws.ledger))
    require_ready(ws.ledger.events(), config, stage)
    return ws


def _asset_events(context: Mapping[str, Any]) -> list[Any]:
    triggering = context.get("triggering_asset_events") or {}
    return [event for asset in triggering for event in triggering[asset]]


def _iso(value: object) -> date:
    with contextlib.suppress(ValueError):
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    raise KanshoError(
        "DATE-INVALID", "campaign_date は YYYY-MM-DD です", place="campaign_date", remedy="日付を確認してください"
    )
