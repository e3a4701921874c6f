"""What inspections and audits found, and what was done about it: open until a whole correction is recorded (P6).  Pure.

Belongs here: findings with their corrections as a function of the log.  Does not belong here: taking papers in
(`kansho.oversight.stage`), deadlines (`kansho.oversight.deadlines`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from kansho.evidence.events import Event
from kansho.oversight.clauses import corrections_due

_INSPECTIONS = ("inspection_recorded", "audit_recorded")
_CORRECTION = "correction/"


@dataclass(frozen=True)
class Found:
    """One finding: of which inspection of which party, by when it is to be corrected, and the correction if there is
    one: what was done (a code), by whom, when, and the digest of the paper that shows it.
    """

    inspection: str
    party: str
    found_on: str
    code: str
    correct_by: str
    action: str = ""
    done_by: str = ""
    corrected_on: str = ""
    evidence: str = ""

    @property
    def key(self) -> str:
        """``<inspection>/<code>``."""
        return f"{self.inspection}/{self.code}"

    @property
    def is_open(self) -> bool:
        """Whether nothing was done about it yet."""
        return not self.corrected_on

    def is_overdue(self, on: date) -> bool:
        """Open after its day."""
        return self.is_open and self.correct_by < on.isoformat()

    def to_json(self) -> dict[str, Any]:
        """Plain form."""
        return {**asdict(self), "state": "open" if self.is_open else "corrected"}


def findings(events: Iterable[Event], party: str = "") -> tuple[Found, ...]:
    """Every finding so far, of all or of one party, in the order of the log."""
    log = [e for e in events if e.type in _INSPECTIONS]
    corrections = {e.key.removeprefix(_CORRECTION): e for e in log if e.key.startswith(_CORRECTION)}
    found = []
    for event in log:
        of = event.key.partition("/")[2].partition("/")[0]  # the second of a kind and party is ``<kind>/<party>/n2``
        if event.key.startswith(_CORRECTION) or party not in ("", of):
            continue
        for code, by in corrections_due(event):
            made = corrections.get(f"{event.key}/{code}")
            told = made.codes if made is not None else {}
            found.append(
                Found(
                    inspection=event.key,
                    party=of,
                    found_on=event.codes.get("on", event.campaign_date),
                    code=code,
                    correct_by=by.isoformat(),
                    action=told.get("action", ""),
                    done_by=told.get("done_by", ""),
                    corrected_on=told.get("on", ""),
                    evidence=str(made.refs.get("evidence", "")) if made is not None else "",
                )
            )
    return tuple(found)


def open_findings(events: Iterable[Event], party: str = "") -> tuple[Found, ...]:
    """Those without a correction."""
    return tuple(f for f in findings(events, party) if f.is_open)
