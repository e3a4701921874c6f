"""What is open on a day, in one place: overdue obligations, findings without a correction.  Pure.

Belongs here: gathering, in words.  Does not belong here: which there are (`deadlines`, `findings`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kansho.campaign.config import CampaignConfig
from kansho.evidence.events import Event
from kansho.exchange.papers import FINDINGS
from kansho.oversight.deadlines import deadlines
from kansho.oversight.findings import open_findings
from kansho.oversight.incidents import label


def open_on(events: Iterable[Event], config: CampaignConfig, on: date) -> dict[str, tuple[str, ...]]:
    """Heading → lines; later events do not count."""
    log = [e for e in events if e.campaign_date <= on.isoformat()]
    overdue = [o for o in deadlines(log, config, on) if o.is_overdue(on)]
    return {
        "期限を過ぎた義務": tuple(f"{o.key}  期限 {o.due.isoformat()}  {o.clause}" for o in overdue),
        "是正していない指摘": tuple(
            f"{f.key}  {label(FINDINGS, f.code)}  是正期限 {f.correct_by}{'（超過）' if f.is_overdue(on) else ''}"
            for f in open_findings(log)
        ),
    }
