"""Who is at the desk, and what that person may see there: pure but for reading the configuration.

A user is a registered handler of the campaign with a role, or sees nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from kansho.campaign.config import CampaignConfig, Handler
from kansho.campaign.rights import ROLE_PARTY, PartyKind, Role
from kansho.evidence.events import Actor, Event
from kansho.oversight.incident_items import FILLERS
from kansho.targeting.asking import ROLES

PASSWORD_ROLES = frozenset({Role.CONTRACTOR_STAFF, Role.CONTRACTOR_MANAGER})
ENQUIRY_ROLES = frozenset({Role.CONTRACTOR_STAFF, Role.CONTRACTOR_MANAGER, Role.CALL_STAFF})


@dataclass(frozen=True)
class Person:
    """A handler at the desk of one campaign."""

    config: CampaignConfig
    handler: Handler
    role: Role

    @property
    def actor(self) -> Actor:
        """As the ledger names them."""
        return Actor(self.handler.party, str(self.handler.user), self.role.value)

    @property
    def may_enter_passwords(self) -> bool:
        """D3: the contractor's own people."""
        return self.role in PASSWORD_ROLES

    @property
    def may_look_up(self) -> bool:
        """Enquiries by number."""
        return self.role in ENQUIRY_ROLES

    @property
    def may_ask_why(self) -> bool:
        """Why the plan says of a person what it says."""
        return self.role in ROLES

    @property
    def may_report_incidents(self) -> bool:
        """The nine items of a 事故報告書."""
        return self.role.value in FILLERS

    @property
    def may_know_attendance(self) -> bool:
        """受診日 is an item of 乙, never of 丙."""
        return self.role is not Role.CALL_STAFF

    @property
    def may_see_gates(self) -> bool:
        """How the ward's data was judged concerns 甲 and 乙, not a 丙."""
        return ROLE_PARTY[self.role] is not PartyKind.SUBCONTRACTOR

    def may_see(self, request: Event) -> bool:
        """An approval's artefact is seen by the role that is asked, and by nobody else."""
        return request.codes.get("role") == self.role.value


def person_of(config: CampaignConfig, user: str) -> Person | None:
    """The person behind a user name, if registered with a role in this campaign."""
    handler = config.handler_of_user(user)
    return Person(config, handler, handler.role) if handler is not None and handler.role is not None else None


def waiting(events: list[Event], person: Person) -> list[Event]:
    """Requests that wait for this person's role, oldest first."""
    closed = {e.key for e in events if e.type in ("approval_decided", "approval_voided")}
    return [e for e in events if e.type == "approval_requested" and e.key not in closed and person.may_see(e)]
