"""People and paper are neither made nor lost between two steps of the year: equations from counts of events alone.

Belongs here: what one step hands to the next, and what can be no more than what it came of.  Does not belong here: the
equations within one step (`kansho.evidence.account`), or what goes back to 甲 (`kansho.evidence.handover_account`).

    a = b     what one step gives is what the next one takes
    a <= b    a part is no more than the whole: some are left out on the day, for a reason that is a row of its own

A side that is still to come is left out while the campaign runs, and is nothing once it is certified.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kansho.evidence.events import Event

#: Between both sides of an equation in which the left one may be smaller.
AT_MOST = " <= "
#: Equation without its subject → the code of one that does not hold.
CODES: Mapping[str, str] = {
    "accepted = stored": "COUNT-PERSONS",
    "put aside by the gate = stored": "COUNT-STORED",
    "days of sheets = days of halves": "COUNT-GIVEN",
    "stored = rows of the holding": "COUNT-PERSONS",
    "candidates <= roster": "COUNT-CANDIDATES",
    "held out <= held out by the plan": "COUNT-CANDIDATES",
    "printable = handed over": "COUNT-GIVEN",
    "unprintable = told to the ward": "COUNT-GIVEN",
    "pulls listed = handed over": "COUNT-GIVEN",
    "returned = told to the ward": "COUNT-GIVEN",
    "called = handed over + withdrawn": "COUNT-GIVEN",
    "halves <= rows on sheets": "COUNT-GIVEN",
    "pulls listed = withdrawn + pulled": "COUNT-PULLED",
    "returned <= posted": "COUNT-CARDS",
    "called <= assigned": "COUNT-CALLED",
    "call results <= handed over": "COUNT-RESULTS",
    "visit results <= listed": "COUNT-RESULTS",
    "reached <= accepted": "COUNT-RESULTS",
    "refused <= accepted": "COUNT-RESULTS",
    "stops <= records": "COUNT-RESULTS",
    "rows on sheets <= listed": "COUNT-SHEETS",
    "attendance accepted = counted": "COUNT-ATTENDED",
    "attended + unknown <= rows": "COUNT-ATTENDED",
    "moved <= attended": "COUNT-ATTENDED",
}
#: Kind of package → (what it is made from, the count of that, which of its own counts are those, equation).
_GIVEN: Mapping[str, tuple[str, str, tuple[str, ...], str]] = {
    "print_package": ("cards_prepared", "printable", ("rows",), "printable = handed over"),
    "mail_unprintable": ("cards_prepared", "unprintable", ("rows",), "unprintable = told to the ward"),
    "pull_list": ("pulls_listed", "listed", ("rows",), "pulls listed = handed over"),
    "mail_returned": ("returns_recorded", "returned", ("rows",), "returned = told to the ward"),
    "call_list": ("call_list_made", "listed", ("rows", "withdrawn"), "called = handed over + withdrawn"),
}
_HALVES = "visit_halves"
#: What stands in the core → the delivered file that becomes it once its gate let it through.
FILE_OF: Mapping[str, str] = {
    "roster": "target_list",
    "analysis": "analysis_items",
    "checkup_facts": "checkup_results",
    "past_attendance_facts": "past_attendance",
    "screening_facts": "screening_history",
    "past_outreach_facts": "past_outreach",
    "stop_facts": "stop_list",
    "attendance_facts": "attendance_update",
}
_KIND_OF = {file: kind for kind, file in FILE_OF.items()}
#: Days are written at the end of the halves' package: ``visit_1-YYYY-MM-DD``.
_DAY = len("-YYYY-MM-DD")

_Equation = tuple[str, int, int]
_ByType = Mapping[str, Sequence[Event]]


def equations(events: Sequence[Event]) -> Iterator[_Equation]:
    """Every equation between steps that the events so far allow, in the order of the year."""
    log: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        log[event.type].append(event)
    over = bool(log["campaign_certified"])
    yield from _rosters(log, over)
    yield from _put_aside(log)
    yield from _waves(log)
    yield from _given(log, over)
    yield from _pulled(log)
    yield from _returned(log)
    yield from _calls(log)
    yield from _visits(log)
    yield from _said(log)
    yield from _attended(log, over)


def holds(name: str, left: int, right: int) -> bool:
    """Whether an equation of that name does."""
    return left <= right if AT_MOST in name else left == right


def broken(name: str, left: int, right: int) -> str:
    """What to say of one that does not hold."""
    return f"{left} is more than {right}" if AT_MOST in name else f"{left} is not {right}"


def _rosters(log: _ByType, over: bool) -> Iterator[_Equation]:
    """Whom the gate let in is who was stored, and as many as the holding says."""
    gates, begun, kept = _counts(log, "gate_evaluated", "accepted"), set[str](), set[str]()
    for stored in log["snapshot_stored"]:
        kind, _, delivery = stored.key.partition("/")
        if kind not in FILE_OF:
            continue
        gate, rows = f"{FILE_OF[kind]}/{delivery}", stored.counts.get("rows", 0)
        begun.add(delivery)
        kept.add(gate)
        if gate in gates or (over and kind == "roster"):
            yield f"accepted = stored [{stored.key}]", gates[gate], rows
        if kind == "roster":
            yield f"stored = rows of the holding [{stored.key}]", rows, rows_of(stored)
    # A delivery is taken in whole, or not at all.
    for gate in sorted(set(gates) - kept) if over else ():
        file, _, delivery = gate.partition("/")
        if file in _KIND_OF and delivery in begun:
            yield f"accepted = stored [{_KIND_OF[file]}/{delivery}]", gates[gate], 0


def _put_aside(log: _ByType) -> Iterator[_Equation]:
    """Rows that a gate did not let in lie aside once the others are taken in: they came, and are somebody's."""
    gates = _counts(log, "gate_evaluated", "quarantined")
    rows = _counts(log, "snapshot_stored", "rows")
    for stored in log["snapshot_stored"]:
        kind, _, delivery = stored.key.partition("/")
        if kind in FILE_OF:
            file = FILE_OF[kind]
            aside = rows[f"quarantine/{file}-{delivery}"]
            yield f"put aside by the gate = stored [{file}/{delivery}]", gates[f"{file}/{delivery}"], aside


def rows_of(stored: Event) -> int:
    """Rows that a snapshot's own reference names."""
    holding = stored.refs.get("holding")
    rows = holding.get("rows") if isinstance(holding, Mapping) else None
    return rows if type(rows) is int else 0


def _waves(log: _ByType) -> Iterator[_Equation]:
    """Nobody is chosen, or held out, whom the wave's plan does not have."""
    people, held = (_counts(log, "plan_made", name) for name in ("roster", "held_out"))
    for wave in log["wave_selected"]:
        plan = wave.codes.get("plan", "")
        yield f"candidates <= roster [{wave.key}]", wave.counts.get("candidates", 0), people[plan]
        yield f"held out <= held out by the plan [{wave.key}]", wave.counts.get("held_out", 0), held[plan]


def _given(log: _ByType, over: bool) -> Iterator[_Equation]:
    """A package has the rows of what it was made from."""
    sources = {kind: _counts(log, type_, name) for kind, (type_, name, _, _) in _GIVEN.items()}
    sheets = Counter[tuple[str, str]]()
    for out in log["sheets_out"]:
        wave, _, rest = out.key.partition("/")
        sheets[wave, rest.partition("/")[0]] += out.counts.get("rows", 0)
    waves = _waves_of(log, "visit_list_made")
    halved: dict[str, set[str]] = defaultdict(set)
    for package in log["package_handed_over"]:
        kind, name = package.codes.get("kind", ""), package.codes.get("package", "")
        if kind in _GIVEN and (name in sources[kind] or over):
            of, equation = sources[kind], _GIVEN[kind][3]
            given = sum(package.counts.get(count, 0) for count in _GIVEN[kind][2])
            yield f"{equation} [{package.key}]", of[name], given
        elif kind == _HALVES:
            listed, day = name[:-_DAY], name[1 - _DAY :]
            yield f"halves <= rows on sheets [{package.key}]", _rows(package), sheets[waves.get(listed, listed), day]
            halved[waves.get(listed, listed)].add(day)
    for wave in sorted({wave for wave, _ in sheets}) if over else ():
        days = {day for (of, day), rows in sheets.items() if of == wave and rows}
        yield f"days of sheets = days of halves [{wave}]", len(days), len(days & halved[wave])


def _pulled(log: _ByType) -> Iterator[_Equation]:
    """Who was to be pulled was taken out, before the print or after it (`kansho.mailing.dispatch`)."""
    listed = _counts(log, "pulls_listed", "listed")
    for report in log["print_reported"]:
        out = report.counts.get("withdrawn", 0) + report.counts.get("pulled", 0)
        yield f"pulls listed = withdrawn + pulled [{report.key}]", listed[report.key], out


def _returned(log: _ByType) -> Iterator[_Equation]:
    """No more cards come back than were posted: of each mailing, and of all."""
    posted = _counts(log, "print_reported", "posted")
    yield from _by_wave("returned <= posted", log["returns_recorded"], "returned", posted)


def _calls(log: _ByType) -> Iterator[_Equation]:
    """A list names people of its wave; results answer lines that the call centre was given."""
    assigned, waves = _counts(log, "wave_selected", "assigned"), _waves_of(log, "call_list_made")
    for made in log["call_list_made"]:
        yield f"called <= assigned [{made.key}]", made.counts.get("listed", 0), assigned[waves[made.key]]
    lines, given = _counts(log, "call_list_made", "listed"), Counter[str]()
    for package in log["package_handed_over"]:
        name = package.codes.get("package", "")
        if package.codes.get("kind") == "call_list" and name in waves:
            given[waves[name]] += lines[name]
    results = [e for e in log["results_recorded"] if e.codes.get("channel") == "call"]
    yield from _by_wave("call results <= handed over", results, "accepted", given)


def _visits(log: _ByType) -> Iterator[_Equation]:
    """The ward checks everybody of the wave; each of the listed stands on one sheet, and is answered once."""
    assigned, waves = _counts(log, "wave_selected", "assigned"), _waves_of(log, "visit_list_made")
    listed = Counter[str]()
    for made in log["visit_list_made"]:
        wave, count = waves[made.key], made.counts
        yield f"assigned = selected [{made.key}]", assigned[wave], count.get("selected", 0)
        listed[wave] = max(listed[wave], count.get("listed", 0))
    rows = Counter[str]()
    for out in log["sheets_out"]:
        rows[out.key.partition("/")[0]] += out.counts.get("rows", 0)
    for wave, number in rows.items():
        yield f"rows on sheets <= listed [{wave}]", number, listed[wave]
    results = [e for e in log["results_recorded"] if e.codes.get("channel") == "visit"]
    yield from _by_wave("visit results <= listed", results, "accepted", listed)


def _said(log: _ByType) -> Iterator[_Equation]:
    """Whoever was reached, or refused, is one of the rows that were taken in."""
    for type_, parts, whole in (
        ("results_recorded", ("reached", "refused"), "accepted"),
        ("inbound_recorded", ("stops",), "records"),
    ):
        for event in log[type_]:
            for part in parts:
                yield f"{part} <= {whole} [{event.key}]", event.counts.get(part, 0), event.counts.get(whole, 0)


def _attended(log: _ByType, over: bool) -> Iterator[_Equation]:
    """People newly known to have attended are people of the rows that the gate let in."""
    gates = _counts(log, "gate_evaluated", "accepted")
    for told in log["attendance_refreshed"]:
        gate, count = f"attendance_update/{told.key}", told.counts
        if gate in gates or over:
            yield f"attendance accepted = counted [{told.key}]", gates[gate], count.get("rows", 0)
        people = sum(count.get(name, 0) for name in ("kenshin", "cancer", "unknown"))
        yield f"attended + unknown <= rows [{told.key}]", people, count.get("rows", 0)
        yield f"moved <= attended [{told.key}]", count.get("moved", 0), count.get("kenshin", 0)


def _by_wave(name: str, told: Sequence[Event], count: str, most: Mapping[str, int]) -> Iterator[_Equation]:
    """What names one wave against that wave; once a record answers several, everything against all of them."""
    of = Counter[str]()
    for event in told:
        of[event.codes.get("wave", "")] += event.counts.get(count, 0)
    single = sorted(wave for wave in of if wave and "|" not in wave)
    for wave in single:
        yield f"{name} [{wave}]", of[wave], most.get(wave, 0)
    if len(single) < len(of):
        yield f"{name} [all]", of.total(), sum(most.values())


def _waves_of(log: _ByType, type_: str) -> dict[str, str]:
    """Key of a list → its wave."""
    return {e.key: e.codes.get("wave", "") for e in log[type_]}


def _counts(log: _ByType, type_: str, name: str) -> Counter[str]:
    """Key → one count, of every event of a type; nothing for a key that has none."""
    return Counter({e.key: e.counts.get(name, 0) for e in log[type_]})


def _rows(event: Event) -> int:
    return event.counts.get("rows", 0)
