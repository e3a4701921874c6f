"""A later target list against the core: who was added, changed, left, or may be another person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.campaign.rights import Channel, Role
from kansho.errors import KanshoError
from kansho.evidence.register import exceptions, open_exceptions
from kansho.intake.changes import confused, core_changes
from kansho.intake.exceptions import accept_exception, keep_stop_list
from kansho.intake.stage import find_deliveries, take_in
from kansho.intake.validation import accept_validated, check_raw, find_raw
from kansho.standing import exclusions, require_fresh_stop_list
from kansho.workspace import Workspace
from tests.deliveries import Delivery, analysis, numbers, people, person, staff, whole

Open = Callable[..., Workspace]
FIRST, LATER = date(2027, 4, 20), date(2027, 4, 27)
N = numbers(4)

# fmt: off
# what changed on one number                                                  another person?
IDENTITIES = [
    ({},                                                                      False),
    ({"name_kanji": "山科　凛"},                                               False),  # a marriage
    ({"birth_date": "1977-06-10"},                                            False),  # a typing error
    ({"sex": "1"},                                                            False),
    ({"name_kanji": "月見里 凛", "birth_date": "1977-06-10"},                  False),  # only the space of the name
    ({"name_kanji": "", "sex": "1"},                                          False),  # a missing value did not change
    ({"name_kanji": "山科　凛", "birth_date": "1950-01-01"},                   True),
    ({"name_kanji": "山科　健", "sex": "1"},                                   True),
    ({"name_kanji": "山科　健", "sex": "1", "birth_date": "1950-01-01"},       True),
]
# fmt: on


@pytest.mark.parametrize(("change", "expected"), IDENTITIES)
def test_two_of_three_make_another_person(change: dict[str, str], expected: bool) -> None:
    core = pd.DataFrame([person(N[0])], dtype=object)
    later = pd.DataFrame([person(N[0], **change)], dtype=object)
    assert confused(later, core).tolist() == [expected]


def test_a_number_never_seen_is_nobody_else() -> None:
    core = pd.DataFrame([person(N[0])], dtype=object)
    assert not confused(pd.DataFrame([person(N[1], name_kanji="別", sex="1")], dtype=object), core).any()


@given(st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
def test_every_person_of_either_list_has_one_place(
    before: set[int], now: set[int], moved: set[int], rejected: set[int]
) -> None:
    named = numbers(8)
    core = pd.DataFrame([person(named[n]) for n in sorted(before)] or [], columns=list(person(N[0])), dtype=object)
    rows = [person(named[n], **({"address": "墨田区押上一丁目１番２号"} if n in moved else {})) for n in sorted(now)]
    delivered = pd.DataFrame(rows or [], columns=list(person(N[0])), dtype=object)
    accepted = pd.Series([n not in rejected for n in sorted(now)], dtype=bool)
    told = core_changes(core, delivered, accepted, whole=True).set_index("inquiry_number")["change"]
    assert told.index.is_unique
    assert set(told[told.eq("left")].index) == {named[n] for n in before - now}
    assert set(told[told.eq("added")].index) == {named[n] for n in now - before - rejected}
    assert set(told[told.eq("changed")].index) == {named[n] for n in (now & before & moved) - rejected}


def _validated(ws: Workspace, delivery: Delivery) -> None:
    delivery.put(ws).unlock(ws)
    take_in(ws, find_deliveries(ws, {}) or {})
    work = check_raw(ws, find_raw(ws, {}) or {})
    accept_validated(ws, work)


@pytest.fixture
def later(open_workspace: Open, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A week after a first delivery of four people; every gate passes whatever share is quarantined."""
    monkeypatch.setattr("kansho.quality.gate._threshold", lambda ws, gate: 1.0)
    first = open_workspace(FIRST)
    _validated(first, whole(count=4))
    return open_workspace(LATER)


def _list(rows: list[dict[str, str]], delivery: str = "d02", **note: object) -> Delivery:
    return Delivery(delivery, issued_on=LATER, note=dict(note)).add("target_list", rows)


def _reasons(ws: Workspace) -> dict[str, str]:
    listed = pd.DataFrame({"inquiry_number": N, "group": "kenshin"})
    return dict(zip(N, exclusions(ws, listed, Channel.CALL, wave=None, spacing=False), strict=True))


def test_who_is_missing_from_a_whole_list_has_left_and_is_not_contacted(later: Workspace) -> None:
    _validated(later, _list(people(3)))
    assert later.ledger.events("roster_changed")[-1].counts == {"left": 1, "under_way": 0}
    assert _reasons(later)[N[3]] == "left"
    assert _reasons(later)[N[0]] == ""


def test_who_comes_back_may_be_contacted_again(later: Workspace, open_workspace: Open) -> None:
    _validated(later, _list(people(3)))
    _validated(later, _list(people(4), "d03"))
    assert _reasons(later)[N[3]] == ""


def test_another_person_under_a_number_is_held_until_the_ward_answers(later: Workspace) -> None:
    other = person(N[1], name_kanji="別人　健", birth_date="1967-01-01", age_at_year_end="61")
    _validated(later, _list([person(N[0]), other, person(N[2]), person(N[3])]))
    assert _reasons(later)[N[1]] == "identity_held"
    case = next(c for c in open_exceptions(later.ledger.events()) if c.rule == "identity.confusion")
    assert (case.rows, case.table, case.delivery) == (1, "target_list", "d02")

    _validated(later, _changes_only(_list([other], "d02-c1", answers="sb-d02")))
    assert _reasons(later)[N[1]] == ""
    assert case.key not in {c.key for c in open_exceptions(later.ledger.events())}


def test_a_corrected_row_releases_the_person(later: Workspace) -> None:
    other = person(N[1], name_kanji="別人　健", birth_date="1967-01-01", age_at_year_end="61")
    _validated(later, _list([person(N[0]), other, person(N[2]), person(N[3])]))
    _validated(later, _changes_only(_list([person(N[1])], "d02-c1", answers="sb-d02")))
    assert _reasons(later)[N[1]] == ""


def test_a_list_of_changes_makes_nobody_leave(later: Workspace) -> None:
    _validated(later, _changes_only(_list([person(N[0], phone="03-0000-9999")])))
    assert later.ledger.events("roster_changed")[-1].counts == {"changed": 1, "under_way": 0}
    assert set(_reasons(later).values()) == {""}


def _changes_only(delivery: Delivery) -> Delivery:
    delivery.scope = "changes"
    return delivery


def test_quarantined_rows_open_an_exception_which_a_redelivery_resolves(later: Workspace) -> None:
    _validated(later, _list([*people(3), person(N[3], sex="9")]))
    (case,) = open_exceptions(later.ledger.events())
    assert (case.key, case.rows, case.owner, case.state) == (
        "d02/target_list/sex.code",
        1,
        Role.CONTRACTOR_MANAGER.value,
        "open",
    )
    _validated(later, _changes_only(_list([person(N[3])], "d02-c1")))
    closed = next(c for c in exceptions(later.ledger.events()) if c.key == case.key)
    assert (closed.state, closed.how, closed.fixed, closed.left) == ("resolved", "redelivery", 1, 0)


def test_a_refused_delivery_is_an_exception_until_it_comes_again(later: Workspace) -> None:
    bad = whole("d05")
    bad.rows["target_list"] = 99
    bad.put(later).unlock(later)
    take_in(later, find_deliveries(later, {}) or {})
    assert [c.key for c in open_exceptions(later.ledger.events())] == ["d05/-/INTAKE-COUNT"]
    whole("d05-r2").put(later).unlock(later)
    take_in(later, find_deliveries(later, {}) or {})
    assert open_exceptions(later.ledger.events()) == []


def test_only_its_owner_accepts_an_exception_and_says_why(later: Workspace) -> None:
    _validated(later, _list([*people(3), person(N[3], sex="9")]))
    key = "d02/target_list/sex.code"
    with pytest.raises(KanshoError, match="EXCEPTION-OWNER"):
        accept_exception(staff(later), key, "not_needed")
    manager = staff(later, Role.CONTRACTOR_MANAGER)
    with pytest.raises(KanshoError, match="EXCEPTION-REASON"):
        accept_exception(manager, key, "because")
    accept_exception(manager, key, "not_needed")
    (case,) = exceptions(later.ledger.events())
    assert (case.state, case.how, case.reason, case.by) == ("resolved", "accepted", "not_needed", manager.actor.user)
    with pytest.raises(KanshoError, match="EXCEPTION-UNKNOWN"):
        accept_exception(manager, key, "not_needed")


def test_a_newer_stop_list_that_did_not_become_facts_stops_every_send(later: Workspace) -> None:
    require_fresh_stop_list(later)
    empty = Delivery("d02", issued_on=LATER).add("stop_list", [])  # no explicit nil return: refused
    empty.put(later).unlock(later)
    take_in(later, find_deliveries(later, {}) or {})
    with pytest.raises(KanshoError, match="STOP-UNDECIDED"):
        require_fresh_stop_list(later)
    with pytest.raises(KanshoError, match="EXCEPTION-OWNER"):
        keep_stop_list(staff(later), "d02", "ward_confirmed")
    keep_stop_list(staff(later, Role.CONTRACTOR_MANAGER), "d02", "ward_confirmed")
    require_fresh_stop_list(later)


def test_an_accepted_stop_list_ends_the_doubt(later: Workspace) -> None:
    empty = Delivery("d02", issued_on=LATER).add("stop_list", [])
    empty.put(later).unlock(later)
    take_in(later, find_deliveries(later, {}) or {})
    again = Delivery("d02-r2", issued_on=LATER, nil=frozenset({"stop_list"})).add("stop_list", [])
    _validated(later, again)
    require_fresh_stop_list(later)


def test_analysis_rows_do_not_change_the_roster(later: Workspace) -> None:
    _validated(later, Delivery("d02", issued_on=LATER).add("analysis_items", analysis(3)))
    assert later.ledger.events("roster_changed") == []
