"""Who erased, who checked and who of the ward attended: the people that the certificate names (domain notes 7).

Belongs here: naming them in the ledger, once.  Does not belong here: what they did (`kansho.closing.erasure`), or the
two who approved the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from kansho.campaign.config import CampaignConfig, Handler
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.leaving import is_registered
from kansho.workspace import Workspace

KEY = "closing"
#: In place of a witness: nobody of the ward attended; it gets the certificate of completion instead.
NO_WITNESS = "none"


@dataclass(frozen=True)
class Attended:
    """User names of registered handlers; ``witness`` is of the ward, or `NO_WITNESS`."""

    operator: str
    verifier: str
    witness: str


def simulated(config: CampaignConfig) -> Attended:
    """Who it is in a simulated year: the first of each role."""
    operator, verifier, witness = (
        str(config.users(role)[0].user)
        for role in (Role.CONTRACTOR_ENGINEER, Role.CONTRACTOR_MANAGER, Role.WARD_OFFICER)
    )
    return Attended(operator, verifier, witness)


def record_attended(ws: Workspace, people: Attended | None) -> Event:
    """Record who erases, checks and attends; what was recorded first stays.

    Raises:
        KanshoError: ``CERTIFY-UNATTENDED`` when nobody is named, ``CERTIFY-PEOPLE`` when they are not two registered
            people of ours and one of the ward.
    """
    known = ws.ledger.find("erasure_attended", KEY)
    if known is not None:
        return known
    if people is None and not ws.is_simulation:
        raise KanshoError(
            "CERTIFY-UNATTENDED",
            "消去の実施者・確認者・立会者が指定されていません",
            place=ws.config.id,
            remedy="kansho close finalise に --operator --verifier --witness を付けてください（立会いなしは none）",
        )
    named = people or simulated(ws.config)
    ward, own = ws.config.ward_party.id, ws.config.contractor.id
    operator, verifier = _handler(ws, named.operator, own), _handler(ws, named.verifier, own)
    if operator.id == verifier.id:
        raise _refusal("実施者と確認者は別の人にしてください", named.verifier)
    names = {"operator": _titled(operator), "verifier": _titled(verifier)}
    if named.witness != NO_WITNESS:
        names["witness"] = _titled(_handler(ws, named.witness, ward))
    codes = {"operator": named.operator, "verifier": named.verifier, "witness": named.witness}
    codes |= {"place": operator.place, "tool": "kansho", "version": tool_version()}
    return ws.record("erasure_attended", KEY, codes=codes, names=names)


def tool_version() -> str:
    """Version of this software as installed."""
    try:
        return version("kansho")
    except PackageNotFoundError:
        return "source"


def _handler(ws: Workspace, user: str, party: str) -> Handler:
    found = ws.config.handler_of_user(user)
    if found is None or found.party != party or not is_registered(ws, found.id, ws.today):
        raise _refusal("登録された取扱者ではありません", user)
    return found


def _titled(handler: Handler) -> str:
    return f"{handler.name}（{handler.post}）"


def _refusal(message: str, user: str) -> KanshoError:
    return KanshoError("CERTIFY-PEOPLE", message, place=user, remedy="取扱者の利用者名を確認してください")
