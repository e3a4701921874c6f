"""Rules about what leaves for 丙 and what comes back of it: on whose newest word, and not before it left (C6, P1).

Belongs here: pure rules over packages, the decisions on what they hold, and the reports that follow them.
Does not belong here: gates and their results (`kansho.evidence.rules`), or the table of releases
(`kansho.evidence.decision_rules`).

    gate of a call or visit list → asked → decided → package → results
    proof → asked → decided → cards printed → their gate → package → stop list's gate → pulls → report of the printing
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from kansho.evidence.decision_rules import APPROVED_AS, RELEASED_BY, by_role, is_about, subject_of
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.past import Past, at

#: Kinds of package whose gate is asked before the request: who decides reads what it counted.  Cards are printed, and
#: their gate asked, only once the proof was approved.
GATED_FIRST: Mapping[str, str] = {"call_list": "call_release", "visit_halves": "visit_release"}
#: Channel of results → the kind of package that went out for them.
_ANSWERS: Mapping[str, str] = {"call": "call_list", "visit": "visit_halves"}
#: A list that was made anew after a refusal or on another day (``visit_1r02``).
_REMADE = re.compile(r"r[0-9]{2,}\Z")


def release_findings(log: Past) -> Iterator[Finding]:
    """Packages that left on no word, an old or another one; reports and results of what had not left."""
    decisions, proofs = _decisions(log), _proofs(log)
    first: dict[tuple[str, str], int] = {}
    for package in log.of("package_handed_over"):
        kind, name = package.codes.get("kind", ""), package_of(package)
        wave = name.partition("-")[0]
        for said in (name, wave, _REMADE.sub("", wave), ""):
            first.setdefault((kind, said), package.sequence)
        if kind in APPROVED_AS:
            yield from _word(log, package, kind, decisions, proofs)
    yield from _followed(log, first)


def package_of(handed: Event) -> str:
    """The name of what was handed over."""
    return handed.codes.get("package") or handed.key.rpartition("/")[2]


def _decisions(log: Past) -> dict[tuple[str, str], list[tuple[Event, Event]]]:
    """(request, decision) of each thing, in the order of the decisions."""
    found: dict[tuple[str, str], list[tuple[Event, Event]]] = defaultdict(list)
    for decided in log.of("approval_decided"):
        asked = log.find("approval_requested", decided.key, decided)
        if asked is not None:
            found[_thing(asked)].append((asked, decided))
    return found


def _thing(asked: Event) -> tuple[str, str]:
    """What a request was about, whichever of its revisions."""
    kind, name = subject_of(asked)
    return kind, _REMADE.sub("", name)


def _proofs(log: Past) -> dict[str, list[Event]]:
    """The proofs made of each mailing, in order."""
    found: dict[str, list[Event]] = defaultdict(list)
    for made in log.of("proof_made"):
        found[made.key.rpartition("-r")[0]].append(made)
    return found


def _word(
    log: Past,
    package: Event,
    kind: str,
    decisions: Mapping[tuple[str, str], list[tuple[Event, Event]]],
    proofs: Mapping[str, list[Event]],
) -> Iterator[Finding]:
    """The decision a package names: an approval of that very thing by the role whose word releases it, and the last."""
    key = package.codes.get("authority", "")
    asked, decided = log.find("approval_requested", key, package), log.find("approval_decided", key, package)
    if asked is None or decided is None or decided.codes.get("decision") != "approve":
        yield Finding("STATE-RELEASE-UNAPPROVED", at(package), "handed over without an approved decision")
        return
    if not by_role(asked, decided, RELEASED_BY[APPROVED_AS[kind]]):
        yield Finding("STATE-RELEASE-ROLE", at(package), "approved by another role than the one that releases it")
    if not is_about(asked, kind, package_of(package)):
        yield Finding("STATE-RELEASE-OTHER", at(package), "the decision it names was about another thing")
        return
    subject = subject_of(asked)
    newest_asked, newest = [d for d in decisions[_thing(asked)] if d[1].sequence < package.sequence][-1]
    later = [e for e in proofs.get(subject[1], ()) if decided.sequence < e.sequence < package.sequence]
    if newest.codes.get("decision") != "approve":
        yield Finding("STATE-RELEASE-UNAPPROVED", at(package), "a later decision on it refused it")
    elif later or newest_asked.refs.get("artefact") != asked.refs.get("artefact"):
        yield Finding("STATE-RELEASE-OTHER", at(package), "the decision it names was about an earlier revision")
    gate = log.find("gate_evaluated", f"{GATED_FIRST[kind]}/{subject[1]}", package) if kind in GATED_FIRST else None
    if gate is not None and gate.sequence > asked.sequence:
        yield Finding("STATE-RELEASE-UNGATED", at(package), "its gate was asked only after the decision had been")


def _followed(log: Past, first: Mapping[tuple[str, str], int]) -> Iterator[Finding]:
    """Nothing is pulled out, posted or answered of what had not left; and none is posted to without a stop list."""
    gates = [e.sequence for e in log.of("gate_evaluated") if e.key.startswith("stop_list/")]
    for listed in log.of("pulls_listed"):
        if not gates or gates[0] > listed.sequence:
            yield Finding("WORK-PULLS", at(listed), "listed before any stop list had passed its gate (C2)")
    for type_ in ("pulls_listed", "print_reported"):
        for told in log.of(type_):
            pulls = log.find("pulls_listed", told.key)
            named = pulls is not None and pulls.counts.get("listed", 0) > 0  # a list of nobody names nobody
            kinds = ("print_package", "pull_list") if named else ("print_package",)
            if max(first.get((kind, told.key), told.sequence) for kind in kinds) >= told.sequence:
                yield Finding("WORK-UNSENT", at(told), "told of cards, or of pulls, that had not been handed over (C6)")
    for result in log.of("results_recorded"):
        kind, waves = _ANSWERS.get(result.codes.get("channel", ""), ""), result.codes.get("wave", "").split("|")
        if any(first.get((kind, wave), result.sequence) >= result.sequence for wave in waves):
            yield Finding("WORK-UNSENT", at(result), "results of a list that had not been handed over (C6)")
