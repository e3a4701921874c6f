"""Whether the log would verify, asked while something can still be done about it: before the erasure.

Belongs here: the verifier's rules over the log as it stands.  Does not belong here: the rules
(`kansho.evidence.rules`) or the bundle's own checks.
"""

from __future__ import annotations

from kansho.bound import bound_facts
from kansho.evidence.account import unbalanced
from kansho.evidence.findings import Finding
from kansho.evidence.rules import violations
from kansho.workspace import Workspace

#: What is only still to come.
_TO_COME = frozenset({"STATE-UNCERTIFIED"})


def open_findings(ws: Workspace) -> list[Finding]:
    """What a verifier would find in the log today, without what the closing itself still brings."""
    facts = bound_facts(ws)
    events = ws.ledger.events()
    found = violations(events, facts[ws.config.digest], facts)
    found += unbalanced(events)
    return [f for f in found if f.code not in _TO_COME]
