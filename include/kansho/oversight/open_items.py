"""What is open on a day, in one place: overdue obligations, findings, copies past their day, paper that lacks.  Pure.

Belongs here: gathering, in words.  Does not belong here: which there are (`deadlines`, `findings`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kansho.campaign.config import CampaignConfig
from kansho.evidence.events import Event
from kansho.evidence.protection_rules import weakened
from kansho.exchange.copies import open_copies
from kansho.exchange.custody import cards_missing
from kansho.exchange.papers import FINDINGS
from kansho.oversight.deadlines import deadlines
from kansho.oversight.findings import open_findings
from kansho.oversight.incidents import label


def past_erase_by(events: Iterable[Event], on: date) -> tuple[tuple[str, str, str], ...]:
    """(holder, name, day) of every copy that should be gone: ours in the vault, and packages with 丙 (D6)."""
    log = list(events)
    gone = {e.key for e in log if e.type == "snapshot_erased"}
    ours = (e for e in log if e.type == "snapshot_stored" and e.key not in gone)
    rows = [(e.codes.get("holder", ""), e.key, e.codes.get("erase_by", "")) for e in ours]
    rows += [(e.codes["party"], e.key, e.codes["erase_by"]) for e in open_copies(log)]
    return tuple(row for row in rows if row[2] < on.isoformat())


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
        "期限を過ぎた写し": tuple(f"{name}  保有者 {holder}  期限 {by}" for holder, name, by in past_erase_by(log, on)),
        "開設時より弱い保護": tuple(
            f"{e.key}  {e.codes.get('weaker', '')}  発見 {e.campaign_date}  D3"
            for e in (weakened(log),)
            if e is not None
        ),
        "受け入れた後に差し替えられた書類": tuple(
            f"{e.key}  発見 {e.campaign_date}"
            for e in log
            if e.type == "paper_refused" and e.codes.get("code") == "PAPER-REPLACED"
        ),
        "授受簿の枚数の差": tuple(f"{name}  未着 {left} 枚" for name, left in cards_missing(log).items()),
    }
