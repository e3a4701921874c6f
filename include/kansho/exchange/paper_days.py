"""The day that a paper says of itself: within the contract, and not after the day it is taken in.

Belongs here: refusing every other day.  Does not belong here: whether that day was in time
(`kansho.evidence.deadline_rules`).
"""

from __future__ import annotations

from datetime import date

from kansho.errors import KanshoError
from kansho.workspace import Workspace

_CODE = "PAPER-DATE"


def require_day(ws: Workspace, digest: str, on: date, *, place: str, first: date | None = None) -> None:
    """Refuse a paper of a day that has not come, or before the contract (or a later ``first``).

    A paper that was dated ahead does not become right by waiting: these bytes stay refused.

    Raises:
        KanshoError: ``PAPER-DATE``.
    """
    ahead = any(
        e.refs.get("sha256") == digest and e.codes.get("code") == _CODE for e in ws.ledger.events("paper_refused")
    )
    if ahead or not max(ws.config.contract.start, first or date.min) <= on <= min(ws.today, ws.config.contract.end):
        raise KanshoError(
            _CODE,
            "書類の日付が契約の期間の外か、対象の月より前か、受け取った日より後です",
            place=place,
            remedy="正しい日付を記載した書類の再提出を依頼してください",
        )
