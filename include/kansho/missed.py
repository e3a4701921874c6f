"""What was missed stands in the log, told by ourselves: the verifier's own deadlines, asked while the year runs.

Belongs here: recording them.  Does not belong here: which there are (`kansho.evidence.deadline_rules`), or reminding
people before the day (`kansho.oversight`).
"""

from __future__ import annotations

from kansho.bound import bound_facts
from kansho.evidence.deadline_rules import KINDS, missed
from kansho.evidence.past import Past
from kansho.workspace import Workspace


def record_missed(ws: Workspace, *, over: bool = False) -> int:
    """Record every deadline that passed, and was not kept, once each as ``deadline_missed``; how many are new.

    Args:
        ws: the campaign.
        over: the year is about to be certified: what is not there now never comes, whatever its day.
    """
    events = ws.ledger.events()
    if any(e.type == "campaign_certified" for e in events):
        return 0  # the last event is the last event
    facts = bound_facts(ws)
    log = Past(events, facts[ws.config.digest], facts)
    new = [d for d in missed(log, today=ws.today.isoformat(), over=over) if not log.missed(d.kind, d.subject)]
    for due in new:
        ws.record("deadline_missed", f"{due.kind}/{due.subject}", codes={"due": due.by, "clause": KINDS[due.kind][1]})
    return len(new)
