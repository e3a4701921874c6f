"""Whether keys and log are still protected as the log bound it: looked at by each process that opens the campaign.

Belongs here: that look, its refusal and its record.  Does not belong here: what is weaker
(`kansho.evidence.protection_rules`), what a bucket must be set to (`kansho.vault.buckets`), with what a real year may
open (`kansho.opening.protection`), or what the objects themselves stand under (`kansho.closing.written_once`).

A bucket's default retention is not asked for: every object of the log is written with its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.events import Actor, Draft, Event
from kansho.evidence.ledger import Ledger
from kansho.evidence.protection_rules import CHANGED, UNTIL, WEAKENED, bound, weakened, weaker
from kansho.vault.storage import log_under, storage_of

#: Of a log in a directory, which no lock keeps.
UNLOCKED = "none"
#: Refusals of a bucket's settings (`kansho.vault.buckets`) → what of them is weaker.
BUCKETS: Mapping[str, str] = {"STORAGE-VERSIONING": "versioning", "STORAGE-NO-LOCK": "lock"}


def protection_of(config: CampaignConfig, home: Path, keeper: str) -> dict[str, str]:
    """How the deployment keeps the campaign's keys, under which lock its log, and until when."""
    storage = storage_of(home)
    until = config.contract.evidence_retained_until.isoformat()
    return {"keeper": keeper, "lock": storage.lock if storage is not None else UNLOCKED, UNTIL: until}


def require_as_bound(ledger: Ledger, config: CampaignConfig, home: Path, keeper: str, actor: Actor) -> None:
    """Refuse settings weaker than the log bound, and tell it there; what is as strong or stronger is told as well.

    Nothing is asked before the keys are made, and nothing once the year is certified: its log has ended.

    Raises:
        KanshoError: ``PROTECTION-WEAKENED`` naming what is weaker.
    """
    events = _events(ledger)
    known = bound(events)
    if not known or any(e.type == "campaign_certified" for e in events):
        return
    now = protection_of(config, home, keeper)
    if [e.codes["config_digest"] for e in events if "config_digest" in e.codes][-1:] != [config.digest]:
        now.pop(UNTIL)  # a configuration that is not in force binds nothing (`CONFIG-UNBOUND`)
    less = weaker(known, now)
    if less:
        _tell_weakened(config, home, actor, known, now, less)
        raise KanshoError(
            "PROTECTION-WEAKENED",
            "鍵の保管・証跡のロック・保存期限が、台帳に記録されたものより弱くなっています。作業を始めません",
            place=" ".join(f"{name}: {known[name]} → {now[name]}" for name in less),
            remedy="keys の keeper.json・storage.json の lock・契約の保存期限を元に戻し、"
            "誰がいつ変えたかを調べて、事故として報告してください（docs/how-to/run-on-s3.md）",
        )
    if weakened(events) is not None or any(known[name] != now[name] for name in known.keys() & now.keys()):
        _tell(ledger, events, CHANGED, actor, {**known, **now})


def tell_bucket(error: KanshoError, config: CampaignConfig, home: Path, actor: Actor) -> None:
    """Record that a bucket is not set any more as it was at the opening, where the log can still be written."""
    if error.code not in BUCKETS:
        return
    with suppress(KanshoError):
        known = bound(_events(Ledger(config.id, log_under(config, home))))
        if known:
            _tell_weakened(config, home, actor, known, known, (BUCKETS[error.code],))


def _tell_weakened(
    config: CampaignConfig,
    home: Path,
    actor: Actor,
    known: Mapping[str, str],
    now: Mapping[str, str],
    less: tuple[str, ...],
) -> None:
    """Once, under the lock that was bound; a log that cannot be written to does not make the refusal another one."""
    with suppress(KanshoError):
        ledger = Ledger(config.id, log_under(config, home, known.get("lock", ""), known.get(UNTIL, "")))
        events, codes = _events(ledger), {**known, **now, "weaker": "|".join(less)}
        last = weakened(events)
        if events and events[-1].type != "campaign_certified" and (last is None or dict(last.codes) != codes):
            _tell(ledger, events, WEAKENED, actor, codes)


def _tell(ledger: Ledger, events: list[Event], type_: str, actor: Actor, codes: Mapping[str, str]) -> None:
    """The day of a real year is the clock's; a simulated one stands where its log stands."""
    number = sum(e.type in (CHANGED, WEAKENED) for e in events) + 1
    day = max(date.fromisoformat(e.campaign_date) for e in events)
    ledger.append(Draft(type_, f"protection/{number}", day, actor, codes=dict(codes)))


def _events(ledger: Ledger) -> list[Event]:
    """A log that is broken is told by whoever reads it, by its own name."""
    try:
        return list(ledger.events())
    except KanshoError as error:
        if error.code == "LEDGER-BROKEN":
            return []
        raise
