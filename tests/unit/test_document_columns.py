"""Columns of a paper's table: a word has its place, the rest is shared by what is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.documents.columns import PORTRAIT, shares, text_width

CELLS = st.text(alphabet="0123456789-/ abcXYZ区健診通知の記録、。", max_size=60)


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_the_columns_fill_the_table_and_none_is_without_room(rows: list[tuple[str, ...]]) -> None:
    found = shares(("内容", "対象", "期限"), rows)
    assert sum(found) == pytest.approx(100)
    assert min(found) > 3


@pytest.mark.parametrize("long", ["受託者は再委託先に対し必要かつ適切な監督を行う" * 4, "短い"])
@pytest.mark.parametrize("word", ["2027-04-01", "OVERSIGHT_MONTHLY_REPORT"])
def test_no_word_and_no_date_is_broken_for_the_sake_of_a_long_text_beside_it(long: str, word: str) -> None:
    _, _, narrow = shares(("条項", "義務", "符号"), [("第1項", long, word)])
    assert narrow / 100 * PORTRAIT >= text_width(word)


def test_a_text_takes_the_room_that_others_do_not_ask_for() -> None:
    short, long = shares(("番号", "義務"), [("1", "監督" * 40)])
    assert long > 80
    assert short + long == pytest.approx(100)


def test_equal_columns_are_equal_and_an_empty_table_has_its_headings() -> None:
    assert shares(("一", "二"), [("a", "a")]) == pytest.approx((50, 50))
    assert shares(("一", "二"), []) == pytest.approx((50, 50))


def test_full_width_characters_count_twice() -> None:
    assert text_width("健診") == 4
    assert text_width("ab") == pytest.approx(2.28)
