"""Which refusals are incidents in themselves, and from which day an incident's clocks run: data, and two look-ups.

Belongs here: what the stages and the verifier must know alike.  Does not belong here: any judgement
(`kansho.evidence.incident_rules`).
"""

from __future__ import annotations

from collections.abc import Mapping

from kansho.evidence.events import Event

#: Code of a refused delivery → the kind of incident that it is (D1, D7).
REFUSAL_KINDS: Mapping[str, str] = {
    "INTAKE-COLUMN-FORBIDDEN": "over_provision",
    "INTAKE-MYNUMBER": "my_number_received",
}
#: Codes of a refused print report that say that cards may be lost, or posted to whom they must not.
PRINT_CODES = frozenset({"PRINT-COUNT", "PRINT-SERIAL", "PRINT-UNPULLED"})
PRINT_KIND = "print_mismatch"


def refused_as_incident(event: Event) -> tuple[str, str] | None:
    """(key, kind) of the incident that a refusal is; None for every other event."""
    code = event.codes.get("code", "")
    if event.type == "delivery_refused" and code in REFUSAL_KINDS:
        return f"delivery-{event.key}", REFUSAL_KINDS[code]
    if event.type == "package_refused" and code in PRINT_CODES:
        return f"print-{event.key.rpartition('/')[2]}", PRINT_KIND
    return None


def known_day(opened: Event) -> str:
    """The day from which the clocks of an ``incident_opened`` run: the one it names, else its own (ISO)."""
    return opened.codes.get("known_on") or opened.campaign_date
