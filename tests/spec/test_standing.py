"""Specification: who may not be contacted, and why (decision 8; C2, domain 2.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Channel
from kansho.standing.exclusions import outdated, reasons
from kansho.standing.facts import _EMPTY, Facts
from kansho.standing.status import status
from kansho.vault.vault import SnapshotRef

ON = date(2027, 10, 1)
PERSON = "1234-5678-96"


def _facts(**tables: dict[str, object]) -> Facts:
    base = {k: pd.DataFrame({c: pd.Series(dtype=object) for c in columns}) for k, columns in _EMPTY.items()}
    person = {"inquiry_number": PERSON, "birth_date": "1970-05-05", "phone": "03-1111-2222", "attendance_date": None}
    base["roster"] = pd.DataFrame([{**person, **tables.pop("roster", {})}])
    for name, row in tables.items():
        base[name] = pd.DataFrame([{"inquiry_number": PERSON, **row}])
    return Facts(**base)


# fact about the person                                                     mail, call, visit
TABLE = [
    ({}, ("", "", "")),
    ({"roster_changes": {"change": "left", "fields": ""}}, ("left",) * 3),
    ({"roster_changes": {"change": "changed", "fields": "phone"}}, ("", "", "")),
    ({"roster_changes": {"change": "held", "fields": ""}}, ("identity_held",) * 3),
    ({"roster_changes": {"change": "released", "fields": ""}}, ("", "", "")),
    ({"stop_facts": {"stop_kind": "1", "until": None}}, ("stopped", "stopped", "stopped")),
    ({"stop_facts": {"stop_kind": "2", "until": "2027-10-01"}}, ("deferred", "deferred", "deferred")),
    ({"stop_facts": {"stop_kind": "2", "until": "2027-09-30"}}, ("", "", "")),
    ({"call_results": {"outcome": "50", "called_on": "2027-05-01", "answered_by": "self"}}, ("refused",) * 3),
    ({"visit_results": {"outcome": "61", "visited_on": "2027-05-01", "answered_by": "family"}}, ("refused",) * 3),
    ({"inbound_records": {"purpose": "3", "received_on": "2027-05-01"}}, ("refused",) * 3),
    ({"inbound_records": {"purpose": "1", "received_on": "2027-05-01"}}, ("", "", "")),
    ({"attendance_facts": {"screening_kind": "90", "attendance_date": "2027-07-01"}}, ("attended",) * 3),
    ({"attendance_facts": {"screening_kind": "03", "attendance_date": "2027-07-01"}}, ("", "", "")),
    ({"roster": {"attendance_date": "2027-04-10"}}, ("attended",) * 3),
    (
        {"call_results": {"outcome": "12", "called_on": "2027-05-01", "answered_by": "self"}},
        ("reported_attended",) * 3,
    ),
    ({"roster": {"phone": None}}, ("", "no_phone", "")),
    (
        {"call_results": {"outcome": "40", "called_on": "2027-05-01", "answered_by": "none"}},
        ("", "phone_dead", ""),
    ),
    ({"mail_returns": {"return_reason": "3", "returned_on": "2027-07-01"}}, ("bad_address", "", "bad_address")),
    ({"mail_returns": {"return_reason": "4", "returned_on": "2027-07-01"}}, ("card_returned", "", "")),
    ({"mail_returns": {"return_reason": "5", "returned_on": "2027-07-01"}}, ("card_returned", "", "")),
    ({"postings": {"posted_on": "2027-09-20"}}, ("too_soon",) * 3),
    ({"postings": {"posted_on": "2027-09-17"}}, ("", "", "")),
    ({"roster": {"birth_date": "1952-10-31"}}, ("aged_out",) * 3),
    ({"roster": {"birth_date": "1952-11-01"}}, ("", "", "")),
]


@pytest.mark.parametrize(("facts", "expected"), TABLE)
def test_reason_by_channel(mini: CampaignConfig, facts: dict, expected: tuple[str, str, str]) -> None:
    listed = pd.DataFrame([{"inquiry_number": PERSON, "group": "kenshin", "due_kinds": ""}])
    standing = status(_facts(**facts), ON)
    found = tuple(
        reasons(listed, standing, mini, channel, on=ON, spacing=True).iloc[0]
        for channel in (Channel.MAIL, Channel.CALL, Channel.VISIT)
    )
    assert found == expected


@pytest.mark.parametrize(
    ("attended", "due", "reason"),
    [
        ("03", "03|04", ""),
        ("03|04", "03|04", "attended"),
        ("90", "03", ""),
        ("", "", "attended"),
        ("02", "01", "attended"),  # 胃: the camera is as good as the X-ray
        ("02", "01|03", ""),
    ],
)
def test_the_cancer_group_leaves_when_nothing_is_due(
    mini: CampaignConfig, attended: str, due: str, reason: str
) -> None:
    listed = pd.DataFrame([{"inquiry_number": PERSON, "group": "cancer", "due_kinds": due}])
    rows = [
        {"inquiry_number": PERSON, "screening_kind": k, "attendance_date": "2027-06-01"}
        for k in attended.split("|")
        if k
    ]
    facts = _facts()
    if rows:
        facts = replace(facts, attendance_facts=pd.DataFrame(rows))
    two = {"01": {"counts_with": ("02",)}}
    table = tuple(s.model_copy(update=two.get(s.code, {})) for s in mini.targeting.screenings)
    config = mini.model_copy(update={"targeting": mini.targeting.model_copy(update={"screenings": table})})
    assert reasons(listed, status(facts, ON), config, Channel.MAIL, on=ON, spacing=True).iloc[0] == reason


def test_an_unknown_person_is_excluded(mini: CampaignConfig) -> None:
    listed = pd.DataFrame([{"inquiry_number": "9999-9999-99", "group": "kenshin", "due_kinds": ""}])
    assert reasons(listed, status(_facts(), ON), mini, Channel.MAIL, on=ON, spacing=True).iloc[0] == "unknown"


def test_a_held_out_person_is_excluded(mini: CampaignConfig) -> None:
    listed = pd.DataFrame([{"inquiry_number": PERSON, "group": "kenshin", "due_kinds": ""}])
    found = reasons(listed, status(_facts(), ON), mini, Channel.MAIL, on=ON, held=frozenset({PERSON}), spacing=False)
    assert found.iloc[0] == "held_out"


def test_no_other_reason_hides_that_somebody_is_held_out(mini: CampaignConfig) -> None:
    listed = pd.DataFrame([{"inquiry_number": "9999-9999-99", "group": "kenshin", "due_kinds": ""}])
    held = frozenset(listed["inquiry_number"])
    found = reasons(listed, status(_facts(), ON), mini, Channel.MAIL, on=ON, held=held, spacing=True)
    assert found.iloc[0] == "held_out"


# fmt: off
# what a later delivery changed, and on which lists the person stood          mail   call   visit
CHANGED = [
    ("address",        "card_list/m1|call_list/m1|visit_list/m1",              (True,  False, True)),
    ("address_extra",  "card_list/m1|call_list/m1|visit_list/m1",              (True,  False, True)),
    ("name_kanji|sex", "card_list/m1|call_list/m1|visit_list/m1",              (True,  True,  True)),
    ("phone",          "card_list/m1|call_list/m1|visit_list/m1",              (False, True,  False)),
    ("birth_date",     "card_list/m1|call_list/m1|visit_list/m1",              (False, False, False)),
    ("address|phone",  "card_list/m10|call_list/m0",                           (False, False, False)),
    ("address|phone",  "",                                                     (False, False, False)),
]
# fmt: on


@pytest.mark.parametrize(("fields", "lists", "expected"), CHANGED)
def test_a_list_is_outdated_for_whom_it_names_otherwise_than_the_ward_does_now(
    mini: CampaignConfig, fields: str, lists: str, expected: tuple[bool, bool, bool]
) -> None:
    row = {"inquiry_number": PERSON, "change": "changed", "fields": fields, "listed_in": lists}
    of = {Channel.MAIL: "card_list", Channel.CALL: "call_list", Channel.VISIT: "visit_list"}
    found = [outdated(pd.DataFrame([row]), SnapshotRef(kind, "m1", "", 1), channel) for channel, kind in of.items()]
    assert tuple(PERSON in numbers for numbers in found) == expected
    listed = pd.DataFrame([{"inquiry_number": PERSON, "group": "kenshin", "due_kinds": ""}])
    told = reasons(listed, status(_facts(), ON), mini, Channel.MAIL, on=ON, changed=found[0], spacing=False)
    assert told.iloc[0] == ("outdated" if expected[0] else "")


# fmt: off
# reason, what the ward said later of the person, and when                    mail             call  visit
RETURNED = [
    ("1", None,      None,           ("bad_address",   "", "bad_address")),
    ("1", "address", "2027-06-24",   ("bad_address",   "", "bad_address")),  # the card bore this address already
    ("1", "address", "2027-06-26",   ("",              "", "")),             # told while the card was on its way
    ("1", "address", "2027-08-01",   ("",              "", "")),
    ("1", "phone",   "2027-08-01",   ("bad_address",   "", "bad_address")),
    ("5", None,      None,           ("card_returned", "", "")),
    ("5", "address_extra", "2027-08-01", ("",          "", "")),
]
# fmt: on


@pytest.mark.parametrize(("reason", "fields", "told_on", "expected"), RETURNED)
def test_a_returned_card_counts_until_the_ward_names_another_address(
    mini: CampaignConfig, reason: str, fields: str | None, told_on: str | None, expected: tuple[str, str, str]
) -> None:
    facts = _facts(
        postings={"serial": "M1-000001", "posted_on": "2027-06-25"},
        mail_returns={"serial": "M1-000001", "return_reason": reason, "returned_on": "2027-07-05"},
        **({"roster_changes": {"change": "changed", "fields": fields, "told_on": told_on}} if fields else {}),
    )
    listed = pd.DataFrame([{"inquiry_number": PERSON, "group": "kenshin", "due_kinds": ""}])
    found = [
        reasons(listed, status(facts, ON), mini, channel, on=ON, spacing=False).iloc[0]
        for channel in (Channel.MAIL, Channel.CALL, Channel.VISIT)
    ]
    assert tuple(found) == expected


# fmt: off
# another person's address                                 whether a visit may still go there
NEIGHBOURS = [
    ("130-0001", "墨田区吾妻橋１丁目２番３号", None,         "bad_address"),  # the same place, spelt otherwise
    ("130-0001", "墨田区吾妻橋1-2-3",          "201号室",    ""),
    ("130-0001", "墨田区吾妻橋1-2-4",          None,         ""),
]
# fmt: on


@pytest.mark.parametrize(("postal", "address", "extra", "expected"), NEIGHBOURS)
def test_visits_stop_at_the_address_where_a_card_found_nobody(
    mini: CampaignConfig, postal: str, address: str, extra: str | None, expected: str
) -> None:
    facts = _facts(mail_returns={"return_reason": "1", "returned_on": "2027-07-05"})
    of = {"postal_code": "130-0001", "address": "墨田区吾妻橋1-2-3", "address_extra": None}
    other = {"inquiry_number": "9999-9999-99", "birth_date": "1970-05-05", "phone": None, "attendance_date": None}
    there = {"postal_code": postal, "address": address, "address_extra": extra}
    roster = pd.DataFrame([{**facts.roster.iloc[0].to_dict(), **of}, {**other, **there}])
    standing = status(replace(facts, roster=roster), ON)
    listed = pd.DataFrame([{"inquiry_number": "9999-9999-99", "group": "kenshin", "due_kinds": ""}])
    assert reasons(listed, standing, mini, Channel.VISIT, on=ON, spacing=False).iloc[0] == expected
    assert reasons(listed, standing, mini, Channel.MAIL, on=ON, spacing=False).iloc[0] == ""
