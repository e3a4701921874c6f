"""Whether the log would verify, asked while something can still be done about it: before the erasure.

Belongs here: the verifier's rules over the log as it stands.  Does not belong here: the rules
(`kansho.evidence.rules`) or the bundle's own checks.
"""

from __future__ import annotations

from kansho.bound import bound_configs
from kansho.evidence.account import reconciliations
from kansho.evidence.bundle import config_json, sha256
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.rules import violations
from kansho.evidence.strict import read_json
from kansho.workspace import Workspace

#: What is only still to come.
_TO_COME = frozenset({"STATE-UNCERTIFIED"})


def open_findings(ws: Workspace) -> list[Finding]:
    """What a verifier would find in the log today, without what the closing itself still brings."""
    facts = {}
    for config in bound_configs(ws):
        text = config_json(config.model_dump(mode="json"))
        facts[sha256(text)] = ConfigFacts.from_json(read_json(text, "config", floats=True))
    events = ws.ledger.events()
    found = violations(events, facts[ws.config.digest], facts)
    found += [
        Finding("COUNT-UNBALANCED", r.name, f"{r.left} is not {r.right}") for r in reconciliations(events) if not r.ok
    ]
    return [f for f in found if f.code not in _TO_COME]
