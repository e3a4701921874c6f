"""Incidents: what must be opened as one, and the day from which its clocks run (P9).

Belongs here: pure rules over events, called by `kansho.evidence.rules`.  Does not belong here: whether an incident was
told, reported and closed (`kansho.evidence.deadline_rules`, `kansho.evidence.rules`).
"""

from __future__ import annotations

from collections.abc import Iterator

from kansho.evidence.findings import Finding
from kansho.evidence.incidents_shown import known_day, refused_as_incident
from kansho.evidence.past import Past, at


def incident_findings(log: Past) -> Iterator[Finding]:
    """Refusals that are incidents and were not opened as such, and clocks that start on a day they must not."""
    over = log.first("campaign_certified") is not None
    for type_ in ("delivery_refused", "package_refused"):
        for refused in log.of(type_):
            wanted = refused_as_incident(refused)
            if wanted is None:
                continue
            opened = log.find("incident_opened", wanted[0])
            if opened is None or opened.codes.get("kind") != wanted[1]:
                if over or refused.campaign_date < log.today:
                    yield Finding("STATE-INCIDENT-UNOPENED", at(refused), "an incident, and none was opened (P9)")
            elif known_day(opened) > refused.campaign_date:
                yield Finding("STATE-INCIDENT-KNOWN", at(opened), "its clocks start after the refusal it is about (P9)")
    for opened in log.of("incident_opened"):
        if not log.facts_at(opened).contract_start <= known_day(opened) <= opened.campaign_date:
            yield Finding("STATE-INCIDENT-KNOWN", at(opened), "known before the contract or after it was opened (P9)")
