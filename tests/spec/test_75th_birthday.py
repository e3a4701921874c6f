"""When contact ends before the 75th birthday, whatever ``max_age`` a ward sets, and who is listed for 1 April (C2)."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from kansho.campaign.ages import contact_over
from kansho.campaign.config import CampaignConfig, Targeting
from kansho.campaign.rights import Channel
from kansho.intake.row_rules import target_list_rules
from kansho.quality.catalogue import rule
from kansho.standing.exclusions import reasons
from kansho.targeting.eligibility import conditions_of, outcomes
from tests.deliveries import person

LEAD = 30

# fmt: off
#: born, 年度末年齢 (31 March 2028), max_age → last day of contact, None: never in this year, "always": all of it
TABLE = [
    ("1952-04-02", "75", 75, None),          # 75 on 2 April 2027: over before the contract began
    ("1952-05-20", "75", 75, "2027-04-19"),  # thirty days before 20 May there is none any more
    ("1952-10-01", "75", 75, "2027-08-31"),
    ("1953-01-31", "75", 75, "2027-12-31"),  # the last birthday inside the contract
    ("1953-03-31", "75", 75, "always"),      # 75 after the contract, the lead after it too
    ("1953-04-01", "75", 75, "always"),      # 1 April: 75 by law at the year's end, and 75 only on the next day
    ("1953-04-01", "74", 75, "always"),      # the same person in a ward that counts by birthdays
    ("1953-04-02", "74", 75, "always"),
    ("1952-10-01", "75", 74, None),          # a ward whose list ends with 74 leaves out the whole year group
    ("1953-04-02", "74", 74, "always"),      # and nobody else: the birthday rule is not moved to the 74th
    ("1953-04-02", "74", 70, None),
    ("1957-04-02", "70", 70, "always"),
]
# fmt: on


def _config(mini: CampaignConfig, max_age: int) -> CampaignConfig:
    targeting = mini.targeting.model_copy(update={"max_age": max_age, "aged_out_lead_days": LEAD})
    return mini.model_copy(update={"targeting": targeting})


@pytest.mark.parametrize(("born", "age", "max_age", "last"), TABLE)
def test_the_last_day_of_contact(mini: CampaignConfig, born: str, age: str, max_age: int, last: str | None) -> None:
    config = _config(mini, max_age)
    ends = {None: config.contract.start - timedelta(days=1), "always": config.contract.end}
    until = ends[last] if last in ends else date.fromisoformat(last)
    # Every tenth day of the contract, and the days about the last one.
    span = (config.contract.end - config.contract.start).days
    days = {config.contract.start + timedelta(days=n) for n in (*range(0, span, 10), span)}
    days |= {until + timedelta(days=n) for n in (-1, 0, 1, 2)}
    looked = [day for day in sorted(days) if config.contract.start <= day <= config.contract.end]
    assert [day for day in looked if _planned(config, born, age, day)] == [day for day in looked if day <= until]


def _planned(config: CampaignConfig, born: str, age: str, on: date) -> bool:
    no = {"left": False, "identity_held": False, "stopped": False, "deferred": False, "kenshin_attended": False}
    people = pd.DataFrame([{"birth_date": born, "age_at_year_end": age, "due_kinds": "", **no}])
    return bool(outcomes(conditions_of(people, config, on=on)).eq("kenshin").all())


@pytest.mark.parametrize("max_age", [70, 74, 75])
@pytest.mark.parametrize(("on", "reason"), [(date(2027, 8, 31), ""), (date(2027, 9, 1), "aged_out")])
def test_at_the_door_the_birthday_decides_whatever_the_list_goes_up_to(
    mini: CampaignConfig, max_age: int, on: date, reason: str
) -> None:
    listed = pd.DataFrame([{"inquiry_number": "n", "group": "kenshin"}])
    flags = dict.fromkeys(
        ("left", "identity_held", "stopped", "refused", "deferred", "kenshin_attended", "reported_attended",
         "bad_address", "bad_door", "card_returned", "phone_dead"), False,
    )  # fmt: skip
    texts = {"birth_date": "1952-10-01", "last_contact_on": None, "attended_kinds": None, "has_phone": True}
    standing = pd.DataFrame([{**flags, **texts}], index=["n"])
    found = reasons(listed, standing, _config(mini, max_age), Channel.MAIL, on=on, spacing=False)
    assert found.tolist() == [reason]


def test_a_list_that_goes_beyond_75_is_no_lawful_target(mini: CampaignConfig) -> None:
    written = mini.targeting.model_dump()
    Targeting.model_validate(written | {"max_age": 75})
    for wrong in ({"max_age": 76}, {"aged_out_lead_days": -1}):
        with pytest.raises(ValueError, match="less than or equal|greater than or equal"):
            Targeting.model_validate(written | wrong)


@pytest.mark.parametrize("born", [None, "", "昭和27年", "1952-02-30"])
def test_of_an_unreadable_birth_date_contact_is_over(born: str | None) -> None:
    assert contact_over(pd.Series([born], dtype=object), date(2027, 4, 1), lead_days=0).tolist() == [True]


#: born, 年度末年齢 delivered → kept by the age rule, listed as born on 1 April
FIRST_OF_APRIL = [
    ("1977-03-31", "51", True, False),
    ("1977-04-01", "50", True, True),
    ("1977-04-01", "51", True, True),
    ("1977-04-01", "49", False, True),
    ("1977-04-02", "50", True, False),
    ("1977-04-02", "51", False, False),
    ("1978-04-01", "49", True, True),
    ("1978-04-01", "50", True, True),
    ("1978-04-02", "49", True, False),
    ("1978-04-02", "50", False, False),
]


@pytest.mark.parametrize(("born", "age", "kept", "listed"), FIRST_OF_APRIL)
def test_births_on_1_april_are_listed_and_right_by_either_rule(
    mini: CampaignConfig, born: str, age: str, kept: bool, listed: bool
) -> None:
    frame = pd.DataFrame([person("3000-0000-03", birth_date=born, age_at_year_end=age)], dtype=object)
    masks = target_list_rules(frame, mini)
    assert (masks["age.rule"].tolist(), masks["birth.first_of_april"].tolist()) == ([kept], [not listed])
    assert not rule("target_list", "birth.first_of_april").removes  # listed, not refused
