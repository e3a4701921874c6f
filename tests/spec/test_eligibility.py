"""Specification: who belongs to which target group, as a table that staff can read (C2, C3; domain 2.1, 3).

The small campaign's fiscal year is 2027; the day of planning is 20 April 2027.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kansho.campaign.config import CampaignConfig
from kansho.targeting import eligibility
from kansho.targeting.table import due_of

ON = date(2027, 4, 20)

# fmt: off
# 年度末年齢  生年月日      停止   延期   健診受診  がん検診の対象   outcome        group
TABLE = [
    ("40",     "1988-03-31", False, False, False, "",      "kenshin",   "kenshin"),
    ("74",     "1953-07-01", False, False, False, "03",    "kenshin",   "kenshin"),
    ("39",     "1988-04-02", False, False, False, "",      "under_age", None),
    ("76",     "1951-10-01", False, False, False, "",      "too_old",   None),
    # 75 in the course of the year: reached from 30 days before the birthday on, no sooner.
    ("75",     "1952-05-20", False, False, False, "",      "aged_out",  None),
    ("75",     "1952-05-21", False, False, False, "",      "kenshin",   "kenshin"),
    ("75",     "1952-04-19", False, False, True,  "03",    "aged_out",  None),
    # The ward's stop list wins over everything.
    ("50",     "1977-05-05", True,  False, False, "03",    "stopped",   None),
    ("39",     "1988-04-02", True,  False, False, "",      "stopped",   None),
    ("50",     "1977-05-05", True,  True,  True,  "03",    "stopped",   None),
    # A deferred person keeps the group they wait for.
    ("50",     "1977-05-05", False, True,  False, "03",    "deferred",  "kenshin"),
    ("50",     "1977-05-05", False, True,  True,  "03",    "deferred",  "cancer"),
    ("50",     "1977-05-05", False, True,  True,  "",      "deferred",  None),
    ("39",     "1988-04-02", False, True,  False, "",      "deferred",  None),
    # The second group depends on the first.
    ("50",     "1977-05-05", False, False, True,  "03|04", "cancer",    "cancer"),
    ("50",     "1977-05-05", False, False, True,  "",      "none_due",  None),
]
# fmt: on


@pytest.mark.parametrize(("age", "born", "stopped", "deferred", "attended", "due", "outcome", "group"), TABLE)
def test_outcome(
    mini: CampaignConfig,
    age: str,
    born: str,
    stopped: bool,
    deferred: bool,
    attended: bool,
    due: str,
    outcome: str,
    group: str | None,
) -> None:
    person = {
        "age_at_year_end": age,
        "birth_date": born,
        "left": False,
        "identity_held": False,
        "stopped": stopped,
        "deferred": deferred,
        "kenshin_attended": attended,
        "due_kinds": due,
    }
    conditions = eligibility.conditions_of(pd.DataFrame([person]), mini, on=ON)
    found = eligibility.outcomes(conditions)
    assert found.iloc[0] == outcome
    assert (eligibility.group_of(found, conditions).iloc[0] or None) == group


@pytest.mark.parametrize(
    ("left", "held", "outcome"), [(True, False, "left"), (True, True, "left"), (False, True, "identity_held")]
)
def test_who_is_no_longer_listed_or_may_be_another_person_is_in_no_group(
    mini: CampaignConfig, left: bool, held: bool, outcome: str
) -> None:
    person = {
        "age_at_year_end": "50",
        "birth_date": "1977-05-05",
        "left": left,
        "identity_held": held,
        "stopped": True,
        "deferred": True,
        "kenshin_attended": False,
        "due_kinds": "03",
    }
    conditions = eligibility.conditions_of(pd.DataFrame([person]), mini, on=ON)
    found = eligibility.outcomes(conditions)
    assert found.iloc[0] == outcome
    assert eligibility.group_of(found, conditions).iloc[0] is None


ALL = "01|03|04|06|07|08"

# fmt: off
# 性別 年齢  前回受診年度               検診票   今年度受診   due
DUE = [
    ("1", 40, {},                       ALL,     "",         "01|03|04"),
    ("1", 49, {},                       ALL,     "",         "01|03|04"),
    ("1", 50, {},                       ALL,     "",         "01|03|04|08"),
    ("2", 50, {},                       ALL,     "",         "01|03|04|06|07"),
    ("2", 51, {},                       ALL,     "",         "01|03|04"),            # even_age: 子宮頸, 乳
    # stomach every second year, the others every year
    ("1", 50, {"01": 2026},             ALL,     "",         "03|04|08"),
    ("1", 50, {"01": 2025},             ALL,     "",         "01|03|04|08"),
    ("1", 50, {"03": 2026, "04": 2027}, ALL,     "",         "01|03|08"),
    ("2", 50, {"06": 2027, "07": 2026}, ALL,     "",         "01|03|04|07"),
    # without the ward's ticket nothing is due
    ("1", 50, {},                       "03",    "",         "03"),
    ("1", 50, {},                       None,    "",         ""),
    # attended this year
    ("1", 50, {},                       ALL,     "90|03",    "01|04|08"),
]
# fmt: on


@pytest.mark.parametrize(("sex", "age", "last", "tickets", "done", "due"), DUE)
def test_due_screenings(
    mini: CampaignConfig, sex: str, age: int, last: dict[str, int], tickets: str | None, done: str, due: str
) -> None:
    found = eligibility.due_kinds(sex, age, mini, last, tickets, frozenset(done.split("|")))
    assert "|".join(found) == due


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["1", "2", None]),
            st.sampled_from(["39", "40", "49", "50", "51"]),
            st.sampled_from([ALL, "03", "01|08", "", None]),
            st.sampled_from(["", "90", "90|03", "01|90"]),
            *[st.sampled_from(["2024", "2025", "2026", "2027", None])] * 2,
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_everybody_together_is_due_what_each_alone_is(mini: CampaignConfig, rows: list[tuple[str | None, ...]]) -> None:
    columns = ["sex", "age_at_year_end", "screening_kinds", "attended", "last_fy_01", "last_fy_07"]
    people = pd.DataFrame(rows, columns=columns, dtype=object)
    together = due_of(people, people["attended"], mini)
    for found, (sex, age, tickets, done, *last) in zip(together, rows, strict=True):
        years = {code: int(year) for code, year in zip(("01", "07"), last, strict=True) if year}
        alone = eligibility.due_kinds(str(sex), int(str(age)), mini, years, tickets, frozenset(str(done).split("|")))
        assert found == "|".join(alone)


def test_the_table_leaves_nobody_out() -> None:
    names = sorted({c.lstrip("!") for row in eligibility.TABLE for c in row.conditions})
    rows = [{n: bool(bits >> i & 1) for i, n in enumerate(names)} for bits in range(2 ** len(names))]
    found = eligibility.outcomes(pd.DataFrame(rows))
    assert set(found) == {row.code for row in eligibility.TABLE}
