"""What the findings on a bundle mean, clause by clause: pass, fail, not covered.  Pure.

Belongs here: the table and its forms as text and JSON.  Does not belong here: finding (`kansho.evidence.verify`).

    pass         a rule looked at events that can satisfy the clause, and nothing speaks against it
    fail         a finding speaks against it, or the log itself tells that it was missed
    not covered  no rule had anything to look at, or no log could show it

What the log tells of its own misses is no finding: the evidence holds, and says that the contract was not kept.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kansho.evidence.clauses import ELSEWHERE, TITLES, clause_of, missed_clause
from kansho.evidence.covered import looked_at
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.registrations import id_of

State = Literal["pass", "fail", "not covered"]
#: Name of the row for the evidence itself: files, signatures, tree, certificate.
EVIDENCE = "evidence"
SCHEMA = 2
_WORDS = {"pass": "適合", "fail": "不適合", "not covered": "対象外"}


@dataclass(frozen=True)
class Row:
    """One clause: how many events its rules looked at, what speaks against it, and why it is not covered.

    ``codes`` are those of findings; ``missed`` are keys of what the log itself tells was missed or is open.
    """

    clause: str
    title: str
    state: State
    events: int
    codes: tuple[str, ...] = ()
    why: str = ""
    missed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The whole answer on a bundle."""

    campaign: str
    events: int
    simulation: bool
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    checkpoints: int

    @property
    def holds(self) -> bool:
        """Whether nothing at all was found: the evidence stands."""
        return not self.findings

    @property
    def kept(self) -> bool:
        """Whether no clause failed either: nothing was found, and the log tells of nothing missed."""
        return self.holds and not any(row.state == "fail" for row in self.rows)


def verdict(events: Sequence[Event], findings: Iterable[Finding], checkpoints: int = 0) -> Verdict:
    """Judge a log by what was found in it.

    Args:
        events: the log; empty when it could not be read.
        findings: of `kansho.evidence.verify`.
        checkpoints: how many kept checkpoints it was compared with.
    """
    found = tuple(findings)
    spoken = looked_at(events)
    against: dict[str, list[str]] = {}
    for finding in found:
        codes = against.setdefault(clause_of(finding), [])
        if finding.code not in codes:
            codes.append(finding.code)
    broken = tuple(against.get("", ()))
    told = _told(events)
    own = Row(EVIDENCE, "一式・署名・台帳の連鎖", "fail" if broken else "pass", len(events), broken)
    rows = (
        _row(clause, title, spoken[clause], tuple(against.get(clause, ())), tuple(told.get(clause, ())))
        for clause, title in TITLES.items()
    )
    return Verdict(
        campaign=events[0].campaign if events else "",
        events=len(events),
        simulation=bool(events) and events[0].codes.get("simulation") == "true",
        rows=(own, *rows),
        findings=found,
        checkpoints=checkpoints,
    )


def as_json(said: Verdict) -> dict[str, Any]:
    """Stable form: ``schema``, ``ok``, ``kept``, ``campaign``, ``events``, ``simulation``, ``checkpoints``,
    rows, findings.

    ``ok``: nothing was found; ``kept``: no clause failed either.
    """
    return {
        "schema": SCHEMA,
        "ok": said.holds,
        "kept": said.kept,
        "campaign": said.campaign,
        "events": said.events,
        "simulation": said.simulation,
        "checkpoints": said.checkpoints,
        "clauses": [
            {
                "clause": r.clause,
                "title": r.title,
                "state": r.state,
                "events": r.events,
                "codes": list(r.codes),
                "why": r.why,
                "missed": list(r.missed),
            }
            for r in said.rows
        ],
        "findings": [{"code": f.code, "place": f.place, "text": f.text} for f in said.findings],
    }


def as_lines(said: Verdict, name: str) -> Iterator[str]:
    """Findings, the table, and the verdict in one line."""
    yield from (finding.line for finding in said.findings)
    if said.events:
        yield ""
        for row in said.rows:
            word = f"{row.state} {_WORDS[row.state]}"
            told = " ".join((*row.codes, *row.missed)) or row.why or f"{row.events} events"
            yield f"{row.clause:<9}{_wide(row.title, 36)}{_wide(word, 20)}{told}"
        yield ""
    if said.simulation:
        yield "SIMULATION シミュレーションの記録です。実在の年度の証明ではありません。"
    if not said.checkpoints:
        yield "区が保管するチェックポイントと照合していません（--checkpoint FILE、紙なら --paper '件数 根'）。"
        yield "切落しや書換えは分かりません。"
    if said.holds and not said.kept:
        missed = sum(len(row.missed) for row in said.rows)
        told = f"{said.events} events, nothing found; see the rows that fail"
        yield f"OK 証跡は有効・不履行の記録 {missed} {name}: {told}"
    elif said.holds:
        yield f"OK 適合 {name}: {said.events} events, nothing found"
    else:
        yield f"NG 不適合 {name}: {len(said.findings)} finding(s)"


def _told(events: Sequence[Event]) -> dict[str, list[str]]:
    """By clause, what the log itself tells: deadlines missed, precautions and measures that were not kept."""
    told: dict[str, list[str]] = {}
    registered = (e for e in events if e.type == "party_registered")
    subcontractors = {id_of(e) for e in registered if e.codes.get("kind") == "subcontractor"}
    for event in events:
        if event.type == "deadline_missed":
            told.setdefault(missed_clause(event), []).append(event.key)
        elif event.type == "checklist_recorded" and "no" in event.codes.values():
            told.setdefault("P10", []).append(event.key)
        elif event.type == "attestation_recorded" and event.counts.get("findings", 0):
            told.setdefault("P15", []).append(event.key)
            if event.key.partition("/")[0] in subcontractors:  # its care of what it was given is 丙9
                told.setdefault("P10", []).append(event.key)
    return told


def _row(clause: str, title: str, events: int, codes: tuple[str, ...], missed: tuple[str, ...]) -> Row:
    if codes or missed:
        return Row(clause, title, "fail", events, codes, missed=missed)
    if clause in ELSEWHERE:
        return Row(clause, title, "not covered", events, why=ELSEWHERE[clause])
    if not events:
        return Row(clause, title, "not covered", 0, why="no rule had any event to look at")
    return Row(clause, title, "pass", events)


def _wide(text: str, width: int) -> str:
    """Padded to a width in columns, in which a full-width character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return text + " " * max(1, width - taken)
