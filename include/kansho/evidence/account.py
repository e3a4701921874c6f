"""The year's account: every count of the campaign, and what must equal what, from events alone.

Belongs here: pure functions over the ledger's events; the verifier, the summary and the reports all
derive their figures here, so that no figure is ever kept twice (architecture decision 1).
Does not belong here: who may do what and in which order (`kansho.evidence.rules`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kansho.evidence import conserved
from kansho.evidence.events import Event
from kansho.evidence.facts import SUBCONTRACTOR, ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.hand_rules import RETURNED_CARDS, VISIT_SHEETS, of_deed
from kansho.evidence.handover_account import CODES as HANDED_BACK
from kansho.evidence.handover_account import handed_back, kept
from kansho.evidence.purges import equations, sum_of_kinds
from kansho.evidence.registrations import id_of

_PAPER = ((RETURNED_CARDS, "returns_recorded", "returned"), (VISIT_SHEETS, "sheets_in", "sheets"))
#: Counts of ``plan_made`` that are no outcome of a person of the roster.
_PLAN_NOT_OUTCOMES = frozenset({"roster", "held_out"})
#: Equation without its subject → the code of one that does not hold.
CODES: Mapping[str, str] = {
    "delivered = accepted + quarantined": "COUNT-DELIVERED",
    "roster = sum of outcomes": "COUNT-ROSTER",
    "accepted + added = roster": "COUNT-PERSONS",
    "candidates = assigned + held_out + not_contactable + over_capacity": "COUNT-CANDIDATES",
    "assigned = selected": "COUNT-SELECTED",
    "selected = printable + unprintable": "COUNT-PRINTABLE",
    "printable = printable reported": "COUNT-REPORTED",
    "printed = printable - withdrawn + reprinted": "COUNT-PRINTED",
    "printed = posted + pulled + spoiled": "COUNT-POSTED",
    "selected = listed + not_visited": "COUNT-VISITS",
    "rows = accepted + quarantined": "COUNT-RESULTS",
    "sheets out = sheets in": "COUNT-SHEETS",
    "cards returned = cards in custody": "COUNT-CARDS",
    "paper in custody = closed by hand": "COUNT-PAPER",
    "inventory = sum of its kinds": "COUNT-INVENTORY",
    "holdings in the vault = planned": "COUNT-PLANNED",
    "planned = erased": "COUNT-ERASED",
    "media = returned": "COUNT-MEDIA",
    "keys = destroyed": "COUNT-KEYS",
    "packages at others = inventoried": "COUNT-PACKAGES",
    "packages handed over = certified": "COUNT-CERTIFIED",
    "traces found = removed + left": "COUNT-TRACES",
    "snapshots stored = erased": "COUNT-SNAPSHOTS",
    **conserved.CODES,
    **HANDED_BACK,
}
_CARD_REPORT = ("withdrawn", "reprinted", "printed", "pulled", "spoiled", "posted")


@dataclass(frozen=True)
class Reconciliation:
    """One equation of the account; ``name`` is ASCII, ``left = right [subject]`` or ``left <= right [subject]``."""

    name: str
    left: int
    right: int
    ok: bool

    def to_json(self) -> dict[str, Any]:
        """Plain form for ``summary.json``."""
        return {"name": self.name, "left": self.left, "right": self.right, "ok": self.ok}


def counts(events: Iterable[Event], facts: ConfigFacts | None = None) -> dict[str, Any]:
    """Every count of the campaign so far.

    ``delivered``/``accepted``/``quarantined`` are persons of the target lists; ``files`` has the same
    for every kind of file.  ``eligible`` and ``stopped`` are those of the first plan; to the
    cancer group come those who moved there on attendance.  ``calls.listed`` counts persons (first attempts),
    ``attempted`` results that passed the gate.  ``facts`` is accepted for the verifier's sake; no count needs it.
    """
    log = _Log(events)
    files = _files(log)
    target = files.get("target_list", {"delivered": 0, "accepted": 0, "quarantined": 0})
    plans = log.of("plan_made")
    first = plans[0].counts if plans else {}
    results = log.of("results_recorded")
    calls = [e for e in results if e.codes.get("channel") == "call"]
    visits = [e for e in results if e.codes.get("channel") == "visit"]
    first_rounds = [e for e in log.of("call_list_made") if e.key.endswith("-a1")]
    return {
        **target,
        "files": files,
        "eligible": {
            "kenshin": first.get("kenshin", 0),
            "cancer": first.get("cancer", 0) + log.total("attendance_refreshed", "moved"),
        },
        "stopped": first.get("stopped", 0) + first.get("deferred", 0),
        "held_out": log.total("wave_selected", "held_out"),
        "cards": {
            "selected": log.total("cards_prepared", "selected"),
            "unprintable": log.total("cards_prepared", "unprintable"),
            **{name: log.total("print_reported", name) for name in _CARD_REPORT},
            "returned": log.total("returns_recorded", "returned"),
        },
        "calls": {
            "listed": _sum(first_rounds, "listed"),
            "attempted": _sum(calls, "accepted"),
            "reached": _sum(calls, "reached"),
        },
        "visits": {"listed": log.total("visit_list_made", "listed"), "made": _sum(visits, "accepted")},
        "sheets": {"out": log.total("sheets_out", "sheets"), "in": log.total("sheets_in", "sheets")},
        "inbound": log.total("inbound_recorded", "records"),
        "refused": _sum(results, "refused") + log.total("inbound_recorded", "stops"),
        "attended": log.total("attendance_refreshed", "kenshin"),
        "attended_cancer": log.total("attendance_refreshed", "cancer"),
        "incidents": len(log.of("incident_opened")),
    }


def reconciliations(events: Iterable[Event]) -> list[Reconciliation]:
    """Every equation that the events so far allow, in the order of the year.

    An equation whose right side is still to come is left out while the campaign runs and fails once
    the campaign is certified.
    """
    told = list(events)
    log = _Log(told)
    made = [*_intake(log), *_targeting(log), *_mailing(log), *_outreach(log), *conserved.equations(told)]
    made += [*kept(told), *handed_back(told), *_closing(log)]
    return [Reconciliation(name, left, right, conserved.holds(name, left, right)) for name, left, right in made]


def unbalanced(events: Iterable[Event]) -> list[Finding]:
    """Every equation that does not hold, under the code of what it counts."""
    broken = [r for r in reconciliations(events) if not r.ok]
    return [Finding(code_of(r), r.name, conserved.broken(r.name, r.left, r.right)) for r in broken]


def code_of(equation: Reconciliation) -> str:
    """The code of an equation that does not hold."""
    return CODES[equation.name.partition(" [")[0]]


_Equation = tuple[str, int, int]


class _Log:
    """Events by type; ``certified`` tells whether everything must have come."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_type: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            self._by_type[event.type].append(event)
        self.certified = bool(self._by_type.get("campaign_certified"))

    def of(self, type: str) -> list[Event]:
        return self._by_type.get(type, [])

    def by_key(self, type: str) -> dict[str, Event]:
        return {e.key: e for e in self.of(type)}

    def total(self, type: str, name: str) -> int:
        return _sum(self.of(type), name)

    def keys(self, type: str) -> set[str]:
        return {e.key for e in self.of(type)}


def _sum(events: Iterable[Event], name: str) -> int:
    return sum(e.counts.get(name, 0) for e in events)


def _rest(counted: Mapping[str, int], *without: str) -> int:
    return sum(n for name, n in counted.items() if name not in without)


def _files(log: _Log) -> dict[str, dict[str, int]]:
    gates = log.by_key("gate_evaluated")
    out: dict[str, dict[str, int]] = {}
    for delivery, kind, rows in _delivered(log):
        gate = gates.get(f"{kind}/{delivery}")
        entry = out.setdefault(kind, {"delivered": 0, "accepted": 0, "quarantined": 0})
        entry["delivered"] += rows
        entry["accepted"] += gate.counts.get("accepted", 0) if gate else 0
        entry["quarantined"] += gate.counts.get("quarantined", 0) if gate else 0
    return out


def _delivered(log: _Log) -> Iterator[tuple[str, str, int]]:
    for event in log.of("delivery_accepted"):
        for name, rows in sorted(event.counts.items()):
            if name.startswith("rows_"):
                yield event.key, name.removeprefix("rows_"), rows


def _intake(log: _Log) -> Iterator[_Equation]:
    gates = log.by_key("gate_evaluated")
    for delivery, kind, rows in _delivered(log):
        gate = gates.get(f"{kind}/{delivery}")
        if gate is not None or log.certified:
            counted = gate.counts if gate else {}
            right = counted.get("accepted", 0) + counted.get("quarantined", 0)
            yield f"delivered = accepted + quarantined [{delivery}/{kind}]", rows, right


def _persons(log: _Log, plan: Event) -> int | None:
    """Persons that deliveries had brought before a plan; None where the log tells of no roster before it.

    Those accepted from the first list, and whom later ones added; who had left and came back was one already.
    """
    stored = [e.key for e in log.of("snapshot_stored") if e.sequence < plan.sequence]
    rosters = [key.removeprefix("roster/") for key in stored if key.startswith("roster/")]
    first = log.by_key("gate_evaluated").get(f"target_list/{rosters[0]}") if rosters else None
    if first is None:
        return None
    later = [e for e in log.of("roster_changed") if e.sequence < plan.sequence]
    return first.counts.get("accepted", 0) + _sum(later, "added") - _sum(later, "back")


def _targeting(log: _Log) -> Iterator[_Equation]:
    for plan in log.of("plan_made"):
        persons = _persons(log, plan)
        if persons is not None:
            yield f"accepted + added = roster [{plan.key}]", persons, plan.counts.get("roster", 0)
        yield (
            f"roster = sum of outcomes [{plan.key}]",
            plan.counts.get("roster", 0),
            _rest(plan.counts, *_PLAN_NOT_OUTCOMES),
        )
    for wave in log.of("wave_selected"):
        yield (
            f"candidates = assigned + held_out + not_contactable + over_capacity [{wave.key}]",
            wave.counts.get("candidates", 0),
            _rest(wave.counts, "candidates"),
        )


def _mailing(log: _Log) -> Iterator[_Equation]:
    selected = {e.key: e.counts for e in log.of("wave_selected") if e.codes.get("channel") == "mail"}
    reports = log.by_key("print_reported")
    for cards in log.of("cards_prepared"):
        count = cards.counts
        printable, unprintable = count.get("printable", 0), count.get("unprintable", 0)
        chosen = selected.get(cards.key, {}).get("assigned", 0)  # a wave that was never selected is for nobody
        yield f"assigned = selected [{cards.key}]", chosen, count.get("selected", 0)
        yield f"selected = printable + unprintable [{cards.key}]", count.get("selected", 0), printable + unprintable
        if (report := reports.get(cards.key)) is None and not log.certified:
            continue
        said = {name: report.counts.get(name, 0) if report else 0 for name in ("printable", *_CARD_REPORT)}
        after_print = printable - said["withdrawn"] + said["reprinted"]
        yield f"printable = printable reported [{cards.key}]", printable, said["printable"]
        yield f"printed = printable - withdrawn + reprinted [{cards.key}]", said["printed"], after_print
        yield (
            f"printed = posted + pulled + spoiled [{cards.key}]",
            said["printed"],
            said["posted"] + said["pulled"] + said["spoiled"],
        )


def _outreach(log: _Log) -> Iterator[_Equation]:
    for made in log.of("visit_list_made"):
        count = made.counts
        right = count.get("listed", 0) + count.get("not_visited", 0)
        yield f"selected = listed + not_visited [{made.key}]", count.get("selected", 0), right
    for taken in log.of("results_recorded"):
        count = taken.counts
        right = count.get("accepted", 0) + count.get("quarantined", 0)
        yield f"rows = accepted + quarantined [{taken.key}]", count.get("rows", 0), right
    back = log.by_key("sheets_in")
    for out in log.of("sheets_out"):
        if out.key in back or log.certified:
            returned = back[out.key].counts.get("sheets", 0) if out.key in back else 0
            yield f"sheets out = sheets in [{out.key}]", out.counts.get("sheets", 0), returned


def _closing(log: _Log) -> Iterator[_Equation]:
    inventory, planned = log.of("inventory_taken"), log.of("erasure_planned")
    if not (inventory and planned and log.certified):
        return
    last, plan = inventory[-1].counts, planned[-1].counts
    # The plan's own document is made after the inventory and erased with the rest.
    held = last.get("vault", 0) + plan.get("documents", 0)
    yield "inventory = sum of its kinds", last.get("holdings", 0), sum_of_kinds(last)
    yield "holdings in the vault = planned", held, plan.get("targets", 0)
    yield "planned = erased", plan.get("targets", 0), len(log.keys("holding_erased"))
    yield "media = returned", len(log.keys("medium_registered")), len(log.keys("medium_returned"))
    yield from _paper(log)
    yield "keys = destroyed", last.get("keys", 0), len(log.keys("keys_destroyed"))
    yield from _packages(log, last.get("packages", 0))
    yield from equations([*log.of("traces_found"), *log.of("traces_purged")])
    stored, gone = log.keys("snapshot_stored"), log.keys("snapshot_erased")
    yield "snapshots stored = erased", len(stored), len(stored & gone)


def _paper(log: _Log) -> Iterator[_Equation]:
    """Cards that came back are all handed to us; cards and sheets are given back or destroyed, piece by piece."""
    arrived = Counter[str]()
    for moved in log.of("custody_moved"):
        arrived[moved.codes.get("list", "")] += moved.counts.get("pieces", 0)
    for listed in log.of("returns_recorded"):
        returned = listed.counts.get("returned", 0)
        yield f"cards returned = cards in custody [{listed.key}]", returned, arrived[listed.key]
    closed = Counter[str]()
    for deed in log.of("manual_target_closed"):
        closed[of_deed(deed.key)] += deed.counts.get("items", 0)
    for target, type_, name in _PAPER:
        held = log.total(type_, name)
        if held or target in closed:
            yield f"paper in custody = closed by hand [{target}]", held, closed[target]


def _packages(log: _Log, inventoried: int) -> Iterator[_Equation]:
    """What lay with each 丙 against what its own certificate names: one party's surplus hides no other's lack."""
    consented = {id_of(e) for e in log.of("party_registered") if e.codes.get("kind") == SUBCONTRACTOR}
    handed = Counter(e.codes.get("party", "") for e in log.of("package_handed_over"))
    certified = {e.key: e.counts.get("packages", 0) for e in log.of("certificate_received")}
    others = sorted(consented | set(certified))
    yield "packages at others = inventoried", sum(handed[party] for party in others), inventoried
    for party in others:
        yield f"packages handed over = certified [{party}]", handed[party], certified.get(party, 0)
