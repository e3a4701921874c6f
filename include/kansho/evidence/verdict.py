"""What the findings on a bundle mean, clause by clause: pass, fail, not covered.  Pure.

Belongs here: the table and its forms as text and JSON.  Does not belong here: finding (`kansho.evidence.verify`).
"Not covered" is never a pass: it says that this log holds no evidence for the clause, or that no log could.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kansho.evidence.clauses import ELSEWHERE, TITLES, clause_of
from kansho.evidence.events import EVENT_TYPES, Event
from kansho.evidence.findings import Finding

State = Literal["pass", "fail", "not covered"]
#: Name of the row for the evidence itself: files, signatures, tree, certificate.
EVIDENCE = "evidence"
SCHEMA = 1
_WORDS = {"pass": "適合", "fail": "不適合", "not covered": "対象外"}


@dataclass(frozen=True)
class Row:
    """One clause: how many events speak for it, which codes speak against it, and why it is not covered."""

    clause: str
    title: str
    state: State
    events: int
    codes: tuple[str, ...] = ()
    why: str = ""


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
        """Whether nothing at all was found."""
        return not self.findings


def verdict(events: Sequence[Event], findings: Iterable[Finding], checkpoints: int = 0) -> Verdict:
    """Judge a log by what was found in it.

    Args:
        events: the log; empty when it could not be read.
        findings: of `kansho.evidence.verify`.
        checkpoints: how many kept checkpoints it was compared with.
    """
    found = tuple(findings)
    spoken = Counter(clause for e in events for clause in EVENT_TYPES.get(e.type, ()))
    against: dict[str, list[str]] = {}
    for finding in found:
        codes = against.setdefault(clause_of(finding), [])
        if finding.code not in codes:
            codes.append(finding.code)
    broken = tuple(against.get("", ()))
    own = Row(EVIDENCE, "一式・署名・台帳の連鎖", "fail" if broken else "pass", len(events), broken)
    rows = (_row(clause, title, spoken[clause], tuple(against.get(clause, ()))) for clause, title in TITLES.items())
    return Verdict(
        campaign=events[0].campaign if events else "",
        events=len(events),
        simulation=bool(events) and events[0].codes.get("simulation") == "true",
        rows=(own, *rows),
        findings=found,
        checkpoints=checkpoints,
    )


def as_json(said: Verdict) -> dict[str, Any]:
    """Stable form: ``schema``, ``ok``, ``campaign``, ``events``, ``simulation``, ``checkpoints``, rows, findings."""
    return {
        "schema": SCHEMA,
        "ok": said.holds,
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
            told = " ".join(row.codes) or row.why or f"{row.events} events"
            yield f"{row.clause:<9}{_wide(row.title, 36)}{_wide(word, 20)}{told}"
        yield ""
    if said.simulation:
        yield "SIMULATION シミュレーションの記録です。実在の年度の証明ではありません。"
    if not said.checkpoints:
        yield "区が保管するチェックポイントと照合していません（--checkpoint FILE）。切落しや書換えは分かりません。"
    if said.holds:
        yield f"OK 適合 {name}: {said.events} events, nothing found"
    else:
        yield f"NG 不適合 {name}: {len(said.findings)} finding(s)"


def _row(clause: str, title: str, events: int, codes: tuple[str, ...]) -> Row:
    if codes:
        return Row(clause, title, "fail", events, codes)
    if clause in ELSEWHERE:
        return Row(clause, title, "not covered", events, why=ELSEWHERE[clause])
    if not events:
        return Row(clause, title, "not covered", 0, why="no event of this log speaks of it")
    return Row(clause, title, "pass", events)


def _wide(text: str, width: int) -> str:
    """Padded to a width in columns, in which a full-width character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return text + " " * max(1, width - taken)
