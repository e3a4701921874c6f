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
from kansho.targeting import eligibility, waves
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


def either(config: CampaignConfig) -> CampaignConfig:
    """胃 by Ｘ線 or 内視鏡, either of which is enough, and 大腸 up to 69."""
    changes = {"01": {"counts_with": ("02",)}, "03": {"max_age": 69}}
    table = [s.model_copy(update=changes.get(s.code, {})) for s in config.targeting.screenings]
    two = {"code": "02", "name": "胃がん（内視鏡）", "min_age": 50, "counts_with": ("01",)}
    table.insert(1, table[0].model_copy(update=two))
    targeting = config.targeting.model_copy(update={"screenings": tuple(table)})
    return config.model_copy(update={"targeting": targeting})


@pytest.mark.parametrize(
    ("age", "last", "done", "due"),
    [
        (50, {}, "", "01|02|03"),
        (49, {}, "", "01|03"),
        (50, {"02": 2026}, "", "03"),  # the camera last year is as good as the X-ray
        (50, {"01": 2024, "02": 2026}, "", "03"),  # the later one counts
        (50, {"01": 2025, "02": 2024}, "", "01|02|03"),
        (50, {}, "02", "03"),
        (69, {}, "01", "03"),
        (70, {}, "01", ""),
    ],
)
def test_a_screening_counts_with_another_and_ends_with_an_age(
    mini: CampaignConfig, age: int, last: dict[str, int], done: str, due: str
) -> None:
    found = eligibility.due_kinds("1", age, either(mini), last, "01|02|03", frozenset(done.split("|")))
    assert "|".join(found) == due


def test_what_was_attended_since_is_not_asked_for_again(mini: CampaignConfig) -> None:
    due, attended = pd.Series(["01|02|03", "03", "01|02"]), pd.Series(["90|02", "", "01"])
    assert list(waves._still_due(due, attended, either(mini))) == ["03", "03", ""]
    assert list(waves._still_due(due, attended, mini)) == ["01|03", "03", "02"]


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["1", "2", None]),
            st.sampled_from(["39", "40", "49", "50", "51", "70"]),
            st.sampled_from([ALL, "03", "01|02|08", "", None]),
            st.sampled_from(["", "90", "90|03", "01|90", "02"]),
            *[st.sampled_from(["2024", "2025", "2026", "2027", None])] * 3,
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_everybody_together_is_due_what_each_alone_is(mini: CampaignConfig, rows: list[tuple[str | None, ...]]) -> None:
    config = either(mini)
    columns = ["sex", "age_at_year_end", "screening_kinds", "attended", "last_fy_01", "last_fy_02", "last_fy_07"]
    people = pd.DataFrame(rows, columns=columns, dtype=object)
    together = due_of(people, people["attended"], config)
    for found, (sex, age, tickets, done, *last) in zip(together, rows, strict=True):
        years = {code: int(year) for code, year in zip(("01", "02", "07"), last, strict=True) if year}
        alone = eligibility.due_kinds(str(sex), int(str(age)), config, years, tickets, frozenset(str(done).split("|")))
        assert found == "|".join(alone)


def test_the_table_leaves_nobody_out() -> None:
    names = sorted({c.lstrip("!") for row in eligibility.TABLE for c in row.conditions})
    rows = [{n: bool(bits >> i & 1) for i, n in enumerate(names)} for bits in range(2 ** len(names))]
    found = eligibility.outcomes(pd.DataFrame(rows))
    assert set(found) == {row.code for row in eligibility.TABLE}
