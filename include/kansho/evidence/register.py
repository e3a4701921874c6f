"""The exceptions register: what was refused, held or quarantined, who owns it, and how it ended.

Belongs here: the state of every exception as a pure function of the ledger's events.  Which rows are meant lies
in the vault (quarantine); here are counts and codes.

    opened → asked back (差戻し依頼) → eased (some rows came right) … → resolved
    how it was resolved: redelivery | accepted (by whom, why) | handed_back (at the end of the year, to 甲)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from kansho.evidence.events import Event

State = Literal["open", "asked", "resolved"]
Level = Literal["delivery", "table", "rows"]


@dataclass(frozen=True)
class ExceptionCase:
    """One exception; ``key`` is ``<delivery>/<table>/<rule>`` (``<delivery>/-/<code>`` for a refused delivery)."""

    key: str
    level: Level
    rule: str
    owner: str
    opened_on: str
    due: str
    rows: int
    fixed: int
    request: str
    state: State
    how: str
    reason: str
    by: str

    @property
    def delivery(self) -> str:
        """The delivery it was found in."""
        return self.key.partition("/")[0]

    @property
    def table(self) -> str:
        """The file kind, or ``-``."""
        return self.key.split("/")[1]

    @property
    def left(self) -> int:
        """Rows not yet right."""
        return 0 if self.state == "resolved" else self.rows - self.fixed


def exceptions(events: Iterable[Event]) -> list[ExceptionCase]:
    """Every exception ever opened with its present state, oldest first."""
    log = list(events)
    asked = {e.key: e for e in log if e.type == "exception_asked"}
    resolved = {e.key: e for e in log if e.type == "exception_resolved"}
    fixed: dict[str, int] = {}
    for event in log:
        if event.type == "exception_eased":
            key = event.key.partition("@")[0]
            fixed[key] = fixed.get(key, 0) + event.counts.get("fixed", 0)
    return [_case(e, asked.get(e.key), resolved.get(e.key), fixed.get(e.key, 0)) for e in _opened(log)]


def open_exceptions(events: Iterable[Event]) -> list[ExceptionCase]:
    """Those not yet resolved."""
    return [case for case in exceptions(events) if case.state != "resolved"]


def unasked(events: Iterable[Event], delivery: str) -> list[ExceptionCase]:
    """Exceptions of a delivery's rows for which the ward was not asked to send anything yet."""
    found = exceptions(events)
    return [case for case in found if (case.delivery, case.level, case.state) == (delivery, "rows", "open")]


def _opened(log: list[Event]) -> list[Event]:
    return [e for e in log if e.type == "exception_opened"]


def _case(opened: Event, asked: Event | None, resolved: Event | None, fixed: int) -> ExceptionCase:
    level = opened.codes["level"]
    return ExceptionCase(
        key=opened.key,
        level="delivery" if level == "delivery" else "table" if level == "table" else "rows",
        rule=opened.codes["rule"],
        owner=opened.codes["owner"],
        opened_on=opened.campaign_date,
        due=opened.codes["due"],
        rows=opened.counts.get("rows", 0),
        fixed=fixed,
        request=asked.codes["request"] if asked else "",
        state="resolved" if resolved else "asked" if asked else "open",
        how=resolved.codes["how"] if resolved else "",
        reason=resolved.codes.get("reason", "") if resolved else "",
        by=resolved.actor["user"] if resolved else "",
    )
