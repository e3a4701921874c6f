"""The two halves of a visit list: taking apart, ladders, and what each row could be (P2)."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kansho.outreach.rosters import LADDER_A, LADDER_B, Parts, parts_of, split, spread, table_of

_SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("address", "extra", "town", "chome", "ban", "go", "room"),
    [
        ("東京都墨田区見本１丁目２番３号", None, "見本", "1", "2", "3", ""),
        ("墨田区見本十二丁目2番3号", "見本荘１０１号室", "見本", "12", "2", "3", "101"),
        ("墨田区見本1-2-3", "コーポ見本B棟203", "見本", "1", "2", "3", "203"),
        ("墨田区見本町10番地2", None, "見本町", "", "10", "2", ""),
        ("墨田区三本町10", "見本様方", "三本町", "", "10", "", ""),
        ("墨田区見本", None, "見本", "", "", "", ""),
    ],
)
def test_addresses_are_taken_apart(
    address: str, extra: str | None, town: str, chome: str, ban: str, go: str, room: str
) -> None:
    got = parts_of(address, extra, "見本山　試一", "ミホンヤマ　シイチ", prefixes=("東京都", "墨田区"))
    assert got == Parts(town, chome, ban, go, room, "見本山", "ミ")


def test_a_name_without_a_space_has_no_surname() -> None:
    assert parts_of("見本1-2-3", None, "見本山試一", "ﾐﾎﾝﾔﾏ", prefixes=()).surname == ""
    assert parts_of("見本1-2-3", None, "見本山試一", "ﾐﾎﾝﾔﾏ", prefixes=()).initial == "ミ"


def _people(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    kana = {"甲": "コウ", "乙": "オツ"}
    return pd.DataFrame(
        [{"address": a, "address_extra": e or None, "name_kanji": n, "name_kana": kana[n[0]]} for a, e, n in rows]
    )


def test_a_couple_behind_one_door_counts_once() -> None:
    people = _people([("見本1-2-3", "", "甲野　一"), ("見本1-2-3", "", "甲野　二")])
    got = split(table_of(people), pd.Series(["h1", "h1"]), pd.Series([True, False]), k=2)
    assert got["reason"].tolist() == ["k_a"]


def test_the_finest_step_that_k_households_share_is_taken() -> None:
    people = _people(
        [
            ("見本1-2-3", "101", "甲野　一"),
            ("見本1-2-4", "101", "乙野　二"),  # shares the block
            ("見本2-9-3", "202", "甲野　三"),  # shares surname and 号, not the room
        ]
    )
    got = split(table_of(people), pd.Series(["h1", "h2", "h3"]), pd.Series([True, False, False]), k=2).iloc[0]
    assert (got["block"], got["level_a"], got["k_a"]) == ("見本1丁目2番", 0, 2)
    assert (got["name_part"], got["house_part"], got["k_b"]) == ("甲野", "3号", 2)
    assert LADDER_B[got["level_b"]] == ("surname", "go")
    assert got["reason"] == ""


def test_halves_that_together_fit_two_doors_are_not_visited() -> None:
    people = _people([("見本1-2-3", "101", "甲野　一"), ("見本1-2-3", "201", "甲野　二")])
    got = split(table_of(people), pd.Series(["h1", "h2"]), pd.Series([True, True]), k=2)
    assert got["reason"].tolist() == ["ambiguous", "ambiguous"]


@st.composite
def _rosters(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    row = st.tuples(
        st.builds("見本{}-{}-{}".format, st.integers(1, 2), st.integers(1, 3), st.integers(1, 3)),
        st.sampled_from(["", "101", "102"]),
        st.sampled_from(["甲野　一", "甲川　二", "乙野　三"]),
    )
    return draw(st.lists(row, min_size=1, max_size=40))


@_SLOW
@given(rows=_rosters(), k=st.integers(2, 5))
def test_every_row_to_be_visited_could_be_k_households(rows: list[tuple[str, str, str]], k: int) -> None:
    people = _people(rows)
    parts = table_of(people)
    homes = people["address"] + "/" + people["address_extra"].fillna("")
    got = split(parts, homes, pd.Series(True, index=people.index), k=k)
    assert len(got) == len(people)
    for index, row in got[got["reason"].eq("")].iterrows():
        mine = parts.loc[index]
        steps = LADDER_A[row["level_a"]], LADDER_B[row["level_b"]]
        for step, counted in zip(steps, (row["k_a"], row["k_b"]), strict=True):
            same = (parts[list(step)] == mine[list(step)]).all(axis=1)
            assert homes[same].nunique() == counted >= k
        both = list(dict.fromkeys((*steps[0], *steps[1])))
        assert homes[(parts[both] == mine[both]).all(axis=1)].nunique() == 1
    assert not got["block"].str.contains("号|室|野|川").any()
    assert not got["house_part"].fillna("").str.contains("見本|丁目|番").any()


def test_the_distribution_counts_every_row_once() -> None:
    assert spread(pd.Series([2, 3, 4, 5, 9, 10, 49, 50, 900])) == {
        "2": 1, "3_4": 2, "5_9": 2, "10_49": 2, "50_up": 2,
    }  # fmt: skip
