"""The state of every obligation of the contract in a campaign, from config and ledger alone (P6, P9, P13).

Pure over events, config and day.  Belongs here: which obligations there are for which party, and the state of each:

    done            with the numbers of the events that show it, and whether it came late
    due             with the day
    overdue         the day has passed, or an incident of a kind that breaks it is open
    not applicable  and why

A breach stays: every incident that broke an obligation is told with it, long after it was closed.

Does not belong here: which evidence an event is looked for in (`kansho.oversight.evidence_sought`), the data
(`kansho.campaign.clauses`), how it looks (`kansho.oversight.clause_paper`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from kansho.campaign.calendar import oversight_days
from kansho.campaign.clauses import Clauses, Duty, Match
from kansho.campaign.config import CampaignConfig, Party
from kansho.campaign.rights import PartyKind
from kansho.evidence.events import Event
from kansho.oversight.clocks import clocks_of
from kansho.oversight.evidence_sought import INSPECTIONS, Log, said_day

State = Literal["done", "due", "overdue", "not_applicable"]


@dataclass(frozen=True)
class Breach:
    """An incident that broke an obligation: its key, the day it became known, the day it was closed (None: open)."""

    incident: str
    known_on: date
    closed_on: date | None


@dataclass(frozen=True)
class Item:
    """One obligation of one party, for one month, handler or event: its state on a day.

    ``events`` are the numbers of the events that show it done, or broken; ``subject`` is what it is about (a code);
    ``why`` says why it is not applicable, what breaks it, or which record says otherwise; ``breaches`` are the
    incidents that broke it, open and closed.
    """

    duty: Duty
    party: str
    subject: str
    state: State
    due: date | None
    done_on: date | None = None
    late: bool = False
    events: tuple[int, ...] = ()
    why: str = ""
    breaches: tuple[Breach, ...] = ()

    @property
    def key(self) -> str:
        """``<deadline or id>/<subject>``."""
        return f"{self.duty.deadline or self.duty.id}/{self.subject}"


@dataclass(frozen=True)
class _One:
    """What an obligation is looked for of: its variables, its trigger, its day (None: no day yet)."""

    party: str
    words: Mapping[str, str]
    due: date | None
    trigger: Event | None = None


def states(events: Iterable[Event], config: CampaignConfig, clauses: Clauses, day: date) -> tuple[Item, ...]:
    """Every obligation with its state at the end of a day, in the order of the clauses.

    Events of later campaign dates do not count.
    """
    log = Log(e for e in events if e.campaign_date <= day.isoformat())
    return tuple(item for duty in clauses.duty for item in _of_duty(duty, log, config, clauses, day))


def dated(events: Iterable[Event], config: CampaignConfig, clauses: Clauses) -> tuple[Item, ...]:
    """The obligations that oversight records as missed deadlines, as the whole log shows them."""
    log = Log(events)
    last = config.contract.end
    return tuple(
        i
        for duty in clauses.duty
        if duty.deadline
        for i in _of_duty(duty, log, config, clauses, last)
        if i.due is not None
    )


def report_months(config: CampaignConfig) -> tuple[tuple[str, date], ...]:
    """(month YYYY-MM, day its report is due), from the calendar; the last report of a month in the contract."""
    return tuple(
        ((day.replace(day=1) - timedelta(days=1)).strftime("%Y-%m"), day)
        for day, reason in oversight_days(config)
        if reason == "monthly"
    )


def corrections_due(event: Event) -> list[tuple[str, date]]:
    """(finding code, day to be corrected by) of an inspection event."""
    told = event.codes.get("findings", "")
    pairs = [part.split("=") for part in told.split("|") if "=" in part]
    return [(code, date.fromisoformat(day)) for code, day in pairs]


def _of_duty(duty: Duty, log: Log, config: CampaignConfig, clauses: Clauses, day: date) -> Iterator[Item]:
    for party in config.parties:
        if party.kind is not duty.kind:
            continue
        if duty.no_duty is not None:
            yield Item(duty, party.id, "-", "not_applicable", None, why=duty.no_duty)
        elif duty.works and not set(duty.works) & set(party.works):
            yield Item(duty, party.id, "-", "not_applicable", None, why="この会社はこの業務を行わない")
        else:
            found = [_state(duty, one, log, config, day) for one in _each(duty, party, log, config, clauses)]
            none = Item(duty, party.id, "-", "not_applicable", None, why=_NONE[duty.each])
            yield from found or [none]


_NONE = {
    "party": "該当なし",
    "month": "報告の対象となる月がない",
    "handler": "取扱者が登録されていない",
    "sub_handler": "再委託先の取扱者が登録されていない",
    "leaver": "離任した取扱者がいない",
    "subcontractor": "再委託をしていない",
    "held": "手作業で消去すると届け出たものがない",
    "event": "まだ該当する出来事がない",
    "finding": "指摘がない",
}


def _each(duty: Duty, party: Party, log: Log, config: CampaignConfig, clauses: Clauses) -> Iterator[_One]:
    """What there is one of; the day comes from the rule of ``when``."""
    base = {"party": party.id, "version": clauses.subcontract_version}
    end = config.contract.end
    if duty.each == "month":
        for month, report in report_months(config):
            words = {**base, "month": month}
            yield _One(party.id, words, report - timedelta(days=duty.when.days_before if duty.when else 0))
    elif duty.each in ("handler", "sub_handler"):
        of = {party.id} if duty.each == "handler" else {p.id for p in config.subcontractors}
        for handler, joined in log.handlers(config):
            if joined[0] in of:
                yield _One(party.id, {**base, "handler": handler}, joined[1] or config.opening_on)
    elif duty.each == "leaver":
        of = {party.id} if party in config.subcontractors else {p.id for p in config.subcontractors}
        for handler, (employer, left) in log.leavers().items():
            if employer in of:
                days = duty.when.days if duty.when and duty.when.days else 0
                yield _One(party.id, {**base, "handler": handler}, left + timedelta(days=days))
    elif duty.each == "subcontractor":
        for sub in config.subcontractors:
            words = {**base, "sub": sub.id}
            yield _One(party.id, words, *_day(duty, words, party, log, config))
    elif duty.each == "held":
        for held in config.closing.by_hand:
            if held.holder == party.id:
                words = {**base, "held": held.id}
                yield _One(party.id, words, *_day(duty, words, party, log, config))
    elif duty.trigger is not None:
        yield from _triggered(duty, duty.trigger, base, party, log, config)
    else:
        due, trigger = _day(duty, base, party, log, config)
        yield _One(party.id, base, due if due is not None else end, trigger)


def _triggered(
    duty: Duty, trigger: Match, base: Mapping[str, str], party: Party, log: Log, config: CampaignConfig
) -> Iterator[_One]:
    for event in log.all(trigger, base):
        said = {f"codes_{name}": value for name, value in event.codes.items()}
        words = {**said, **base, "key": event.key, "rest": event.key.partition("/")[2]}
        if duty.each == "finding":
            for code, by in corrections_due(event):
                yield _One(party.id, {**words, "finding": code}, by, event)
        else:
            yield _One(party.id, words, _day_of(duty, event, party, config), event)


def _day_of(duty: Duty, event: Event, party: Party, config: CampaignConfig) -> date | None:
    """The day of an obligation that an event brings; None when the law asks nothing then."""
    when = duty.when
    if when is None:
        return None
    if when.at == "incident":
        found: date | None = getattr(clocks_of(event), when.clock or "written_report")
        return found
    if when.at == "code":
        return date.fromisoformat(event.codes[when.code or ""])
    if when.at == "date":
        return config_day(config, party, when.of or "")
    return date.fromisoformat(event.campaign_date) + timedelta(days=when.days or 0)


def _day(
    duty: Duty, words: Mapping[str, str], party: Party, log: Log, config: CampaignConfig
) -> tuple[date | None, Event | None]:
    """The day of an obligation that stands by itself, and the event it has to come before."""
    when = duty.when
    if when is not None and when.at == "date":
        return config_day(config, party, when.of or ""), None
    if when is not None and when.at == "before" and when.event is not None:
        first = log.first(when.event, words)
        return (date.fromisoformat(first.campaign_date) if first else None), first
    return (config.opening_on if when is not None and when.at == "opening" else None), None


def config_day(config: CampaignConfig, party: Party, name: str) -> date:
    """A day of the config by its path; of the party by ``party.<field>``, else (none set) the contract's end."""
    of, _, field = name.partition(".")
    value = getattr(party if of == "party" else getattr(config, of), field)
    return value if isinstance(value, date) else config.contract.end


def _state(duty: Duty, one: _One, log: Log, config: CampaignConfig, day: date) -> Item:
    subject = log.fill(duty.subject or _SUBJECT[duty.each], one.words)
    broken = _broken(duty, one, log)
    told = {e.sequence for pair in broken for e in pair if e is not None}
    # Before something that has not happened yet: the last day on which it could still be asked for.
    due = one.due or config.contract.end
    item = Item(
        duty,
        one.party,
        subject,
        "overdue" if due < day else "due",
        due,
        events=tuple(sorted(told)),
        breaches=tuple(Breach(e.key, _on(e), _on(closed) if closed else None) for e, closed in broken),
    )
    still = [breach for breach in item.breaches if breach.closed_on is None]
    if still:
        why = f"終結していない事故 {'、'.join(b.incident for b in still)}"
        return replace(item, state="overdue", due=still[0].known_on, why=why)
    if one.due is None and one.trigger is not None:
        return replace(item, state="not_applicable", due=None, why="この日の法令は求めていない")
    found = [log.shown(match, one.words, one.trigger) for match in duty.evidence]
    if not all(found):
        return _not_shown(item, one, log)
    shown = {e.sequence: e for events in found for e in events}
    done = max(_done_day(events, due) for events in found)
    before = duty.when is not None and duty.when.at == "before" and one.trigger is not None
    late = any(n > one.trigger.sequence for n in shown) if before and one.trigger else done > due
    return replace(item, state="done", done_on=done, late=late, events=tuple(sorted({*shown, *told})))


def _not_shown(item: Item, one: _One, log: Log) -> Item:
    """What nothing shows: replaced by something else and never used, or open; with the record that says otherwise."""
    instead = item.duty.replaced
    replaced = instead is not None and log.first(instead.by, one.words, one.trigger) is not None
    if instead is not None and replaced and log.first(instead.unless, one.words) is None:
        return replace(item, state="not_applicable", due=None, why=instead.why)
    denied = next((e for m in item.duty.evidence if (e := log.denied(m, one.words, one.trigger)) is not None), None)
    return item if denied is None else replace(item, why=f"記録 {denied.sequence} はこれを示していない")


def _done_day(events: Sequence[Event], due: date) -> date:
    """The day on which events show it: an inspection held again after the day does not make the first one late."""
    days = sorted(map(said_day, events))
    if not all(e.type in INSPECTIONS for e in events):
        return days[-1]
    return max((day for day in days if day <= due), default=days[0])


_SUBJECT = {
    "party": "{party}",
    "month": "{party}/{month}",
    "handler": "{handler}",
    "sub_handler": "{handler}",
    "leaver": "{handler}",
    "subcontractor": "{sub}",
    "held": "{held}",
    "event": "{key}",
    "finding": "{key}/{finding}",
}


def _broken(duty: Duty, one: _One, log: Log) -> list[tuple[Event, Event | None]]:
    """Incidents that break it: of a 丙 those that happened with it; 乙 answers for all of them."""
    if duty.when is None or not duty.when.broken_by:
        return []
    return log.incidents(duty.when.broken_by, one.party if duty.kind is PartyKind.SUBCONTRACTOR else None)


def _on(event: Event) -> date:
    return date.fromisoformat(event.campaign_date)
