"""Incidents as facts: kinds, what the ledger shows to be one, and the state of each.

Pure over events.  States: opened → reported (approved by 乙's 取扱責任者, given to 甲) → instructed (by 甲) →
closed, once what was wrong is mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from kansho.evidence.events import Event
from kansho.evidence.incidents_shown import PRINT_KIND, refused_as_incident

#: Closed list of kinds; the danger of an incident and a breach of a clause are incidents too (P9).
KINDS = {
    "sheet_missing": "訪問票の所在不明（紛失のおそれ）",
    "print_mismatch": "はがきの枚数・引抜きの不一致（誤送付・紛失のおそれ）",
    "over_provision": "契約にない項目の提供（過剰提供）",
    "my_number_received": "個人番号とみられる値の混入",
    "media_lost": "媒体の紛失",
    "theft_suspected": "盗難のおそれ",
    "misdelivery": "誤送付・誤交付",
    "intrusion": "不正アクセスのおそれ",
    "leak_suspected": "漏えいのおそれ",
    "clause_breach": "特記事項の違反",
    "other": "その他",
}

#: What staff call the states.
STATES = {"opened": "報告前", "reported": "報告済み", "instructed": "指示あり", "closed": "終結"}


@dataclass(frozen=True)
class Suspicion:
    """Something in the ledger that is an incident and was not opened as one; ``known_on`` a day the ledger told it."""

    key: str
    kind: str
    subject: str
    counts: Mapping[str, int]
    known_on: str = ""


def label(names: Mapping[str, str], code: str) -> str:
    """The Japanese name of a code; the code itself when it is not of the list."""
    return names.get(code, code)


def suspicions(events: Iterable[Event], today: date) -> list[Suspicion]:
    """Incidents that no one opened: sheets not back after their day, over-provision, cards that do not add up."""
    log = list(events)
    opened = {e.key for e in log if e.type == "incident_opened"}
    found = [*_missing_sheets(log, today), *_refusals(log)]
    return [s for s in found if s.key not in opened]


def state(events: Iterable[Event], key: str) -> str:
    """``opened``, ``reported``, ``instructed`` or ``closed``."""
    present = {e.type for e in events if e.key == key}
    for type, name in (
        ("incident_closed", "closed"),
        ("incident_instructed", "instructed"),
        ("incident_reported", "reported"),
    ):
        if type in present:
            return name
    return "opened"


def is_mended(events: Iterable[Event], opened: Event) -> bool:
    """Whether what was wrong is right again: the team's day balances, the wave's cards add up; else nothing is open."""
    kind, subject = opened.codes.get("kind"), opened.codes.get("subject", "")
    log = list(events)
    if kind == "print_mismatch":
        return any(e.type == "print_reported" and e.key == subject for e in log)
    if kind != "sheet_missing":
        return True
    issued = next((e.counts["sheets"] for e in log if e.type == "sheets_out" and e.key == subject), None)
    back = next((e.counts["sheets"] for e in log if e.type == "sheets_in" and e.key == subject), None)
    return issued is None or issued == back


def _missing_sheets(log: list[Event], today: date) -> list[Suspicion]:
    back = {e.key: e.counts.get("sheets", 0) for e in log if e.type == "sheets_in"}
    return [
        Suspicion(
            key=f"sheet-{e.key.replace('/', '-')}",
            kind="sheet_missing",
            subject=e.key,
            counts={"sheets_out": e.counts["sheets"], "sheets_returned": back.get(e.key, 0)},
        )
        for e in log
        if e.type == "sheets_out"
        and back.get(e.key, 0) < e.counts["sheets"]
        and (e.key in back or e.campaign_date < today.isoformat())
    ]


def _refusals(log: list[Event]) -> list[Suspicion]:
    """One for each refusal that is an incident: a corrected print report that is wrong again is another."""
    found = []
    for event in log:
        wanted = refused_as_incident(event)
        if wanted is not None:
            key, kind = wanted
            subject = event.key.rpartition("/")[2].partition("-")[0] if kind == PRINT_KIND else event.key
            found.append(Suspicion(key, kind, subject, {}, event.campaign_date))
    return found
