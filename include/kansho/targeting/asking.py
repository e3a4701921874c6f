"""An officer asks why the plan says of one person what it says: who may, from which records, and the trace of it.

Belongs here: finding the plan, reading its records as they were, recording the question before it is answered.  Does
not belong here: following the rules (`why`), the words (`why_words`), the page or the command.

What is read is read through the vault's door by the person who asks, for the purpose ``plan_why``.  The records are
those that the plan was made from: what a later delivery brought changes nothing of why the plan is as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from kansho.bound import bound_configs
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.earlier import before
from kansho.errors import KanshoError
from kansho.evidence.access_rules import PURPOSES
from kansho.evidence.events import Event
from kansho.exchange.authority import decision_on
from kansho.exchange.tables import is_inquiry_number
from kansho.standing.questions import record_question
from kansho.targeting.plan import basis_of, plan_basis, records
from kansho.targeting.table import judged
from kansho.targeting.told import Picked, Why
from kansho.targeting.waves import asked
from kansho.targeting.why import explain, look_into
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

PURPOSE = "plan_why"
#: Who may ask: 甲, whose plan it is, and who answers for it at 乙.
ROLES = frozenset(Role(name) for name in PURPOSES[PURPOSE].roles)


@dataclass(frozen=True)
class Answer:
    """Why, and of which plan: its key, digest, the day it was made, and ``approved``, ``rejected`` or ``waiting``."""

    why: Why
    plan: str
    digest: str
    made_on: str
    state: str
    config: CampaignConfig


def ask_why(ws: Workspace, number: str, plan_key: str | None = None) -> Answer | None:
    """Why a plan, the newest unless named, says of a person what it says; None for a number that is not in it.

    Args:
        ws: the campaign, acting as the person who asks, for the purpose `PURPOSE`.
        number: お問い合わせ番号.
        plan_key: of a plan that was made.

    Raises:
        KanshoError: ``PLAN-NUMBER``, ``PLAN-MISSING``, ``PLAN-BASIS``, ``PLAN-DIFFERS``, ``DESK-LOOKUPS``, and
            ``READ-*`` when this person may not read it.
    """
    if not is_inquiry_number(number):
        raise KanshoError(
            "PLAN-NUMBER",
            "番号が正しくありません",
            place="number",
            remedy="お問い合わせ番号（0000-0000-00）を確かめてください",
        )
    ref, made = _plan(ws, plan_key)
    plan = ws.read_table(ref)
    known = bool(plan["inquiry_number"].eq(number).any())
    record_question(ws, number, known, about=PURPOSE)
    if not known:
        return None
    config = _config_of(ws, ref)
    then = before(replace(ws, config=config), made)
    roster, analysis, standing = records(then)
    found = judged(roster, analysis, standing, config, on=then.today)
    mine = plan[plan["inquiry_number"].eq(number)]
    picked = {e.key: picks(ws, e, mine, config)[number] for e in _selections(ws, ref)}
    why = explain(look_into(plan, found, standing, config), number, picked)
    return Answer(why, ref.key, ref.digest, made.campaign_date, _state(ws, ref), config)


def _plan(ws: Workspace, key: str | None) -> tuple[SnapshotRef, Event]:
    ref = ws.latest_or_none("plan") if key is None else ws.find("plan", key)
    made = ws.ledger.find("plan_made", ref.key) if ref is not None else None
    if ref is None or made is None:
        raise KanshoError("PLAN-MISSING", "勧奨計画がありません", remedy="計画の作成と区の承認を先に行ってください")
    return ref, made


def _config_of(ws: Workspace, plan: SnapshotRef) -> CampaignConfig:
    """The configuration that the plan was made from: that in force, or one that was bound before an amendment."""
    basis = basis_of(ws, plan)
    if plan_basis(ws.config) == basis:
        return ws.config
    for config in reversed(bound_configs(ws)):
        if plan_basis(config) == basis:
            return config
    raise KanshoError(
        "PLAN-BASIS",
        "計画のもとになった設定が見つかりません",
        place=plan.key,
        remedy="outputs にある承認済みの設定を確かめてください",
    )


def _selections(ws: Workspace, plan: SnapshotRef) -> list[Event]:
    return [e for e in ws.ledger.events("wave_selected") if e.codes.get("plan") == plan.key]


def picks(ws: Workspace, selected: Event, people: pd.DataFrame, config: CampaignConfig) -> dict[str, Picked]:
    """What a selection made of people: their row of the assignment, else the reason that the engine gives again.

    Args:
        ws: acting as the person who asks.
        selected: the event of the selection.
        people: rows of the plan that it was made from.
        config: the year, as it was then.
    """
    ref = SnapshotRef.from_json(selected.refs["assignment"])
    assigned = ws.read_table(ref, ["inquiry_number", "arm", "rank"])
    numbers = people["inquiry_number"]
    assigned = assigned[assigned["inquiry_number"].isin(numbers)]
    rows = zip(assigned["inquiry_number"], assigned["arm"], assigned["rank"], strict=True)
    of = {str(number): Picked(arm=str(arm), rank=int(rank)) for number, arm, rank in rows}
    out = {number: of[number] for number in numbers if number in of}
    rest = people[~numbers.isin(list(of))]
    if rest.empty:
        return out
    then = before(replace(ws, config=config), selected)
    listed, reason = asked(then, rest, config.wave(selected.key))
    why = dict(zip(listed["inquiry_number"], reason, strict=True))
    return out | {number: Picked(reason=str(why.get(number, "no_candidate"))) for number in rest["inquiry_number"]}


def _state(ws: Workspace, plan: SnapshotRef) -> str:
    document = ws.find("plan_document", plan.key)
    decided = decision_on(ws, document) if document is not None else None
    if decided is None:
        return "waiting"
    return "approved" if decided.codes.get("decision") == "approve" else "rejected"
