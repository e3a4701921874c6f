"""Rules about the outreach itself: what was planned, within which capacity, on whose word, measured against what.

Belongs here: pure rules over events (C2, C4, C5, D3, E1, E2), called by `kansho.evidence.rules`.  Does not belong here:
whether counts balance (`kansho.evidence.account`), who released a package (`kansho.evidence.rules`).

A plan is let out when its document is issued and when a wave is selected by it, a figure when its report is issued:
each stands on a gate that had passed before (``plan_release``, ``effect_release``) and on the word of one role.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from kansho.evidence.decision_rules import by_role
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.past import Past, at

#: Who approves a plan (C5).
_PLANS = "ward_officer"
#: Who lets a report of the effect out, and how its documents are called (E1).
_REPORTS = "contractor_manager"
_EFFECT_REPORT = re.compile(r"reports/effect-([0-9-]+)\.(?:pdf|csv)\Z")
#: Codes of a gate that was not evaluated, and of one that had not passed.
_PLAN_GATE = ("WORK-PLAN-UNGATED", "WORK-PLAN-GATE")
_EFFECT_GATE = ("WORK-EFFECT-UNGATED", "WORK-EFFECT-GATE")
_EFFECT_KINDS = frozenset({"effect_report", "effect_table"})
#: Channel of a selection → section of the capacities.
_SECTION = {"mail": "mailings", "call": "calls", "visit": "visits"}


def work_findings(log: Past) -> Iterator[Finding]:
    """Deliveries, plans, waves, mailings and figures that the log does not show in order."""
    yield from _media(log)
    yield from _plans(log)
    yield from _plans_issued(log)
    yield from _capacities(log)
    yield from _pulls(log)
    yield from _effects(log)
    yield from _reports(log)


def _media(log: Past) -> Iterator[Finding]:
    """What was taken in lay on a registered medium, under a password that a person entered for it (D3)."""
    media: dict[str, int] = {}
    for medium in log.of("medium_registered"):
        media.setdefault(medium.codes.get("delivery", ""), medium.sequence)
    entered: dict[str, int] = {}
    for password in log.of("password_entered"):
        entered.setdefault(password.codes.get("delivery", ""), password.sequence)
    for taken in log.of("delivery_accepted"):
        if max(media.get(taken.key, taken.sequence), entered.get(taken.key, taken.sequence)) >= taken.sequence:
            yield Finding("WORK-MEDIUM", at(taken), "from no registered medium, or without a password of its own (D3)")


def _plans(log: Past) -> Iterator[Finding]:
    """A wave is selected by a plan whose document the ward had approved (C5)."""
    approved = _approved(log, "plan_document", _PLANS)
    for wave in log.of("wave_selected"):
        plan = wave.codes.get("plan", "")
        made = log.find("plan_made", plan, wave)
        if made is None or not made.sequence < approved.get(plan, wave.sequence) < wave.sequence:
            yield Finding("WORK-PLAN", at(wave), "selected by no plan that the ward had approved (C5)")
        yield from _behind(log, wave, f"plan_release/{plan}", _PLAN_GATE, "C5")


def _plans_issued(log: Past) -> Iterator[Finding]:
    """A plan's document is given out once its gate had passed and the ward had approved it (C5)."""
    approved = _approved(log, "plan_document", _PLANS)
    for issued in log.of("document_issued"):
        if issued.codes.get("kind") in ("plan", "plan_table"):
            plan = issued.key.rpartition(".")[0]
            if approved.get(plan, issued.sequence) >= issued.sequence:
                yield Finding("WORK-PLAN", at(issued), "issued without the ward's approval (C5)")
            yield from _behind(log, issued, f"plan_release/{plan}", _PLAN_GATE, "C5")


def _reports(log: Past) -> Iterator[Finding]:
    """A report of the effect is given out once its gate had passed and 乙's responsible person approved it (E1)."""
    approved = _approved(log, "effect_table", _REPORTS)
    for issued in log.of("document_issued"):
        if issued.codes.get("kind") not in _EFFECT_KINDS:
            continue
        named = _EFFECT_REPORT.match(issued.key)
        day = named[1] if named else ""
        if approved.get(f"report-{day}", issued.sequence) >= issued.sequence:
            yield Finding("WORK-EFFECT-UNAPPROVED", at(issued), "issued without the approval of that report (E1)")
        yield from _behind(log, issued, f"effect_release/{day}", _EFFECT_GATE, "E1")


def _behind(log: Past, event: Event, gate: str, codes: tuple[str, str], clause: str) -> Iterator[Finding]:
    """What left stands behind this gate: it was judged before, and passed; such a gate nobody waives."""
    judged = log.find("gate_evaluated", gate, event)
    if judged is None:
        yield Finding(codes[0], at(event), f"gate {gate} was not evaluated before ({clause})")
    elif judged.codes.get("result") != "pass":
        yield Finding(codes[1], at(event), f"gate {gate} had not passed ({clause})")


def _approved(log: Past, kind: str, role: str) -> dict[str, int]:
    """Key of every artefact of a kind that this role approved → number of the first such decision."""
    found: dict[str, int] = {}
    for asked in log.of("approval_requested"):
        artefact = asked.refs.get("artefact")
        decided = log.find("approval_decided", asked.key)
        if not isinstance(artefact, dict) or artefact.get("kind") != kind or decided is None:
            continue
        if by_role(asked, decided, role):
            found.setdefault(str(artefact.get("key")), decided.sequence)
    return found


def _capacities(log: Past) -> Iterator[Finding]:
    """No wave, and no channel over the year, takes more people than the contract has (C4)."""
    taken: Counter[str] = Counter()
    for wave in log.of("wave_selected"):
        facts, assigned = log.facts_at(wave), wave.counts.get("assigned", 0)
        section = _SECTION.get(wave.codes.get("channel", ""), "")
        taken[section] += assigned
        if assigned > facts.wave_capacity.get(wave.key, -1) or taken[section] > facts.capacity.get(section, -1):
            yield Finding("WORK-CAPACITY", at(wave), "more people than the contract has for it (C4)")


def _pulls(log: Past) -> Iterator[Finding]:
    """Before cards are posted, those who must not get one any more are named to the printer (C2)."""
    for report in log.of("print_reported"):
        if log.find("pulls_listed", report.key, report) is None:
            yield Finding("WORK-PULLS", at(report), "posted without a list of those to be pulled out (C2)")


def _effects(log: Past) -> Iterator[Finding]:
    """Chance was sealed before it chose, the ward consented to hold-outs, every figure says its cut-off (E1, E2)."""
    for wave in log.of("wave_selected"):
        if wave.counts.get("held_out", 0):
            if _first_before(log, "holdout_consented", wave) is None:
                yield Finding("WORK-HOLDOUT", at(wave), "people held out without the ward's consent (E1)")
            plan = log.find("plan_made", wave.codes.get("plan", "")) or wave
            if _first_before(log, "seed_committed", plan) is None:
                yield Finding("WORK-SEED", at(wave), "drawn by a seed that was not committed before the plan (E1)")
    for figure in log.of("effect_analysed"):
        if not "" < figure.codes.get("cutoff", "") <= figure.campaign_date:
            yield Finding("WORK-CUTOFF", at(figure), "a figure without the day its data ends (E2)")


def _first_before(log: Past, type_: str, event: Event) -> Event | None:
    first = log.first(type_)
    return first if first is not None and first.sequence < event.sequence else None
