"""Misdeeds in counts: more, or fewer, than the step before had.  Not a test; `test_attacks` has them in its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kansho.evidence.events import Event
from tests.unit.attacks import Misdeed, all_of, coded, counted, handed_back, late
from tests.unit.evidence_year import Year

_CARDS, _CALLS, _HALVES = (
    "printer/print_package/mailing_1",
    "call_centre/call_list/call_1-a1",
    "visitors/visit_halves/visit_1-2027-10-13",
)


def _holding_says(rows: int) -> Misdeed:
    """The roster's own reference names another number of rows."""

    def change(stored: Event) -> Event:
        told: dict[str, Any] = {**stored.refs["holding"], "rows": rows}
        return replace(stored, refs={**stored.refs, "holding": told})

    return lambda year: year.edit("snapshot_stored", change, "roster/d01")


def _few_needles(year: Year) -> None:
    """A scan for nobody, by a roster whose reference has nobody."""
    _holding_says(0)(year)
    counted("residue_scanned", needles=0)(year)


def _nobody_pulled(year: Year) -> None:
    counted("print_reported", pulled=0, spoiled=4)(year)


def _attempts(**codes: str) -> Misdeed:
    """What both attempts at the traces say of their database."""
    told = [(type_, key) for key in ("attempt-1", "attempt-2") for type_ in ("traces_found", "traces_purged")]
    return all_of(*(coded(type_, key, **codes) for type_, key in told))


def _empty_database(year: Year) -> None:
    """Both attempts looked into a database that had nothing in it."""
    for key in ("attempt-1", "attempt-2"):
        counted("traces_found", key, rows=0)(year)
        counted("traces_purged", key, **{"rows.removed": 0, "rows.left": 0})(year)


MISDEEDS: Mapping[str, tuple[Misdeed, set[str]]] = {
    "far more cards at the printer than could be printed": (
        counted("package_handed_over", _CARDS, rows=5000),
        {f"COUNT-GIVEN [printable = handed over [{_CARDS}]]"},
    ),
    "more people at the call centre than were listed": (
        counted("package_handed_over", _CALLS, rows=21),
        {f"COUNT-GIVEN [called = handed over + withdrawn [{_CALLS}]]"},
    ),
    "more halves than rows on the sheets": (
        counted("package_handed_over", _HALVES, rows=11),
        {f"COUNT-GIVEN [halves <= rows on sheets [{_HALVES}]]"},
    ),
    "who was to be pulled was posted": (
        _nobody_pulled,
        {"COUNT-PULLED [pulls listed = withdrawn + pulled [mailing_1]]"},
    ),
    "cards for a wave that was never selected": (
        late("cards_prepared", "mailing_9", counts={"selected": 5, "printable": 0, "unprintable": 5}),
        {"COUNT-SELECTED [assigned = selected [mailing_9]]", "CUSTODY-USED-AFTER [cards_prepared mailing_9]"},
    ),
    "cards for a wave of calls": (
        late("cards_prepared", "call_1", counts={"selected": 20, "printable": 0, "unprintable": 20}),
        {"COUNT-SELECTED [assigned = selected [call_1]]", "CUSTODY-USED-AFTER [cards_prepared call_1]"},
    ),
    "a list for visits of many more than the wave has": (
        counted("visit_list_made", selected=112, listed=110),
        {"COUNT-SELECTED [assigned = selected [visit_1]]"},
    ),
    "sheets with many more rows than the list": (
        counted("sheets_out", rows=110),
        {"COUNT-SHEETS [rows on sheets <= listed [visit_1]]"},
    ),
    "a call list of many more than the wave has": (
        all_of(counted("call_list_made", listed=500), counted("package_handed_over", _CALLS, rows=500)),
        {"COUNT-CALLED [called <= assigned [call_1-a1]]"},
    ),
    "many more calls answered than people listed": (
        all_of(
            counted("results_recorded", "c1", rows=519, accepted=518),
            counted("snapshot_stored", "call_results/c1", rows=518),
            handed_back(rows_call_results=518),
        ),
        {"COUNT-RESULTS [call results <= handed over [call_1]]"},
    ),
    "calls of no wave in particular answered beyond all": (
        all_of(
            counted("results_recorded", "c1", rows=519, accepted=518),
            coded("results_recorded", "c1", wave="call_1|call_2"),
            counted("snapshot_stored", "call_results/c1", rows=518),
            handed_back(rows_call_results=518),
        ),
        {"COUNT-RESULTS [call results <= handed over [all]]", "WORK-UNSENT [results_recorded c1]"},
    ),
    "visits answered that no list has": (
        late(
            "results_recorded",
            "v9",
            counts={"rows": 11, "accepted": 11},
            codes={"channel": "visit", "wave": "visit_1"},
        ),
        {
            "COUNT-RESULTS [visit results <= listed [visit_1]]",
            "COUNT-STORED [told = stored [visit_results/v9]]",
            "HANDOVER-STALE [results_recorded v9]",
            "CUSTODY-USED-AFTER [results_recorded v9]",
        },
    ),
    "more refusals than answers": (
        all_of(counted("results_recorded", "c1", refused=500), handed_back(stops_refused=502)),
        {"COUNT-RESULTS [refused <= accepted [c1]]"},
    ),
    "more cards back than were posted": (
        all_of(
            counted("returns_recorded", "r1", returned=200),
            counted("custody_moved", "cards-r1-1", pieces=200),
            counted("snapshot_stored", "mail_returns/r1", rows=200),
            handed_back(mail_returned=200),
            counted("manual_target_closed", "paper/returned-cards", items=200),
        ),
        {"COUNT-CARDS [returned <= posted [mailing_1]]"},
    ),
    "a wave that holds out whom the plan did not": (
        counted("plan_made", held_out=0),
        {"COUNT-CANDIDATES [held out <= held out by the plan [mailing_1]]"},
    ),
    "more candidates than the roster has people": (
        counted("wave_selected", "mailing_1", candidates=8000, over_capacity=7930),
        {"COUNT-CANDIDATES [candidates <= roster [mailing_1]]"},
    ),
    "more people attended than rows came": (
        counted("attendance_refreshed", kenshin=5000),
        {"COUNT-ATTENDED [attended + unknown <= rows [d04]]"},
    ),
    "attendance of more rows than the gate let in": (
        counted("attendance_refreshed", rows=5000),
        {"COUNT-ATTENDED [attendance accepted = counted [d04]]"},
    ),
    "more people stored than the gate let in": (
        counted("snapshot_stored", "roster/d01", rows=500),
        {
            "COUNT-PERSONS [accepted = stored [roster/d01]]",
            "COUNT-PERSONS [stored = rows of the holding [roster/d01]]",
            "STATE-SCAN-NEEDLES [residue_scanned scan-1]",
            "CERTIFY-INCOMPLETE [residue_scanned]",
        },
    ),
    "another database purged than the one that the inventory counted": (
        _empty_database,
        {"STATE-TRACES-FEWER [inventory_taken inventory]"},
    ),
    "a database purged of which the inventory said that there is none": (
        coded("inventory_taken", "inventory", database="none"),
        {"STATE-TRACES-OTHER [inventory_taken inventory]"},
    ),
    "a database of another kind purged": (
        _attempts(database="postgresql"),
        {"STATE-TRACES-OTHER [inventory_taken inventory]"},
    ),
    "traces purged at a place where none can be": (
        _attempts(place="kansho/keys"),
        {
            f"STATE-TRACES-PLACE [{type_} {key}]"
            for type_ in ("traces_found", "traces_purged")
            for key in ("attempt-1", "attempt-2")
        },
    ),
    "a scan for nobody, whom the roster's reference does not have": (
        _few_needles,
        {
            "COUNT-PERSONS [stored = rows of the holding [roster/d01]]",
            "STATE-SCAN-NEEDLES [residue_scanned scan-1]",
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "STATE-ERASED-HOLDING [snapshot_erased roster/d01]",
        },
    ),
}
