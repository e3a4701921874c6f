"""The exceptions register as the desk shows it: what is open, what the rule says, what this person may decide.

Belongs here: Japanese words for a case.  Does not belong here: states (`kansho.evidence.register`), rules of decisions
(`kansho.intake.exceptions`) and routes (`app`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from campaign_desk.access import Person
from campaign_desk.words import role
from kansho.campaign.rights import Role
from kansho.contracts.registry import REGISTRY, contract
from kansho.errors import KanshoError
from kansho.evidence.register import ExceptionCase, exceptions
from kansho.intake.exceptions import ACCEPT_REASONS, KEEP_REASONS
from kansho.quality.catalogue import rule
from kansho.standing import undecided_stop_list
from kansho.workspace import Workspace

#: Whose word lets the sends go on with the stop list in force (`kansho.intake.exceptions.keep_stop_list`).
STOP_LIST_ROLES = frozenset({Role.CONTRACTOR_MANAGER, Role.WARD_OFFICER})
_STATES = {"open": "未対応", "asked": "差戻し中"}
_ENDS = {"redelivery": "再提供で解消", "accepted": "了承", "handed_back": "区へ引継ぎ"}


@dataclass(frozen=True)
class Line:
    """One case; ``said`` and ``remedy`` are the rule's texts, '' where the code of a refusal says it all."""

    key: str
    delivery: str
    table: str
    rule: str
    said: str
    remedy: str
    left: int
    opened_on: str
    due: str
    overdue: bool
    owner: str
    state: str
    may_accept: bool


@dataclass(frozen=True)
class Register:
    """The page: open cases first by the day they are due, then resolved ones, newest first."""

    open: tuple[Line, ...]
    resolved: tuple[Line, ...]
    undecided: str | None
    may_decide_stop_list: bool
    reasons: Mapping[str, str]
    keep_reasons: Mapping[str, str]


def register_of(ws: Workspace, person: Person) -> Register:
    """The register on the campaign's day."""
    cases = exceptions(ws.ledger.events())
    today = ws.today.isoformat()
    open_ones = sorted((c for c in cases if c.state != "resolved"), key=lambda c: (c.due, c.key))
    return Register(
        tuple(_line(c, person, today) for c in open_ones),
        tuple(_line(c, person, today) for c in reversed(cases) if c.state == "resolved"),
        undecided_stop_list(ws),
        person.role in STOP_LIST_ROLES,
        ACCEPT_REASONS,
        KEEP_REASONS,
    )


def _line(case: ExceptionCase, person: Person, today: str) -> Line:
    resolved = case.state == "resolved"
    said, remedy = _texts(person, case)
    why = ACCEPT_REASONS.get(case.reason, "")
    return Line(
        key=case.key,
        delivery=case.delivery,
        table=contract(case.table).title if case.table in REGISTRY else "",
        rule=case.rule,
        said=said,
        remedy=remedy,
        left=case.left,
        opened_on=case.opened_on,
        due=case.due,
        overdue=not resolved and case.due < today,
        owner=role(Role(case.owner)),
        state=_ENDS.get(case.how, case.how) + (f"（{why}）" if why else "") if resolved else _STATES[case.state],
        may_accept=not resolved and person.role.value == case.owner,
    )


def _texts(person: Person, case: ExceptionCase) -> tuple[str, str]:
    """What the rule says and asks for, as this ward and year tuned it."""
    try:
        found = rule(case.table, case.rule, person.config)
    except KanshoError:  # a refusal's code, or a rule of another room: the code stands for itself
        return "", ""
    return found.message, found.remedy
