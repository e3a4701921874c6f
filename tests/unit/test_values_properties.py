"""What holds of normalisation whatever a ward delivers: once is enough, valid stays, unreadable stays, rows stay."""

from __future__ import annotations

import random
import re
from datetime import date

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansho.campaign.ages import age_by_birthday, age_by_day_before, birthday, contact_ends
from kansho.campaign.config import CampaignConfig, Gaiji, Mapping
from kansho.contracts.characters import GETA, legible, unprintable_characters, unprintable_reason
from kansho.contracts.glyphs import family_of, glyphs_of
from kansho.contracts.model import Column
from kansho.contracts.registry import REGISTRY, contract
from kansho.contracts.towns import town_matches
from kansho.errors import KanshoError
from kansho.intake.values import RULES, normalise, phones
from kansho.intake.values import cells as columns
from kansho.intake.values.wareki import ERAS
from kansho.simulation.population import build
from tests.unit.own_font import font

FILES = ("target_list", "analysis_items", "stop_list", "attendance_update")
#: Signs that writings are made of, so that chance makes cells that are nearly, or quite, readable.
SIGNS = "0123456789０１２３４５６７８９-－ー−/.,，．| 　〒()（）+:SHRTMｓｈ\ue000\ue001\n\t"
SIGNS += "年月日昭和平成令元明大正一二十男女ﾔﾞﾊﾟアがヶ"
DAYS = st.dates(date(1873, 1, 1), date(2100, 12, 31))


def cells(column: Column) -> st.SearchStrategy[str | None]:
    """Cells a ward might deliver for a column: nothing, its codes, days in many writings, signs, any text."""
    choices: list[st.SearchStrategy[str | None]] = [
        st.none(),
        st.text(SIGNS, min_size=1, max_size=14),
        st.text(min_size=1, max_size=6).filter(lambda t: t.isprintable() or t.isspace()),
        st.from_regex(r"\A[0-9０-９]{5,13}\Z"),
    ]
    if column.codes:
        choices.append(st.sampled_from(column.codes))
    if column.limits:
        choices.append(st.sampled_from(("L", "H", "Ｌ", " Ｈ", "l")))
    if column.type == "date":
        choices.append(st.builds(written, DAYS, st.randoms(use_true_random=False)))
    if column.pattern:
        choices.append(st.from_regex(rf"\A(?:{column.pattern})\Z"))
    return st.one_of(choices)


def written(day: date, rng: random.Random) -> str:
    """A day in one of the writings of its era or of the western calendar."""
    era = rng.choice([e for e in ERAS if e.first <= day and (e.last is None or day <= e.last)])
    year = day.year - era.offset
    return rng.choice(
        [
            day.isoformat(),
            f"{day:%Y%m%d}",
            f"{day.year}/{day.month}/{day.day}",
            f"{day.isoformat()} 00:00:00",
            f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日",
            f"{era.letter}{year}.{day.month}.{day.day}",
            f"{era.letter}{year:02d}/{day.month:02d}/{day.day:02d}",
            f"{era.number}{year:02d}{day.month:02d}{day.day:02d}",
        ]
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, pd.DataFrame]:
    """A small table of a kind, its cells as a ward might deliver them."""
    kind = draw(st.sampled_from(FILES))
    rows = draw(st.integers(0, 4))
    columns = {c.name: draw(st.lists(cells(c), min_size=rows, max_size=rows)) for c in contract(kind).columns}
    index = draw(st.sampled_from([range(rows), range(7, 7 + rows)]))
    return kind, pd.DataFrame(columns, index=index, dtype="str")


@pytest.fixture(scope="module")
def config(mini: CampaignConfig) -> CampaignConfig:
    """The mini campaign of a ward with codes and characters of its own."""
    mappings = (
        Mapping(kind="target_list", codes={"sex": {"男": "1", "女": "2"}, "phone": {"なし": ""}, "address": {"-": ""}}),
    )
    own = Gaiji(characters={"E000": "葛\U000e0100"})
    return mini.model_copy(update={"mappings": mappings, "gaiji": own})


@settings(max_examples=60, deadline=None)
@given(table=tables())
def test_once_is_enough(config: CampaignConfig, table: tuple[str, pd.DataFrame]) -> None:
    kind, frame = table
    once = normalise(frame, contract(kind), config)
    twice = normalise(once.frame, contract(kind), config)
    pd.testing.assert_frame_equal(twice.frame, once.frame)
    assert twice.counts == {}


@settings(max_examples=60, deadline=None)
@given(table=tables())
def test_typed_cells_stay_or_become_valid(config: CampaignConfig, table: tuple[str, pd.DataFrame]) -> None:
    kind, frame = table
    before = frame.copy()
    out = normalise(frame, contract(kind), config)
    pd.testing.assert_frame_equal(frame, before)
    assert list(out.frame.columns) == list(frame.columns)
    assert out.frame.index.equals(frame.index)
    assert set(out.counts) <= set(RULES)
    for column in contract(kind).columns:
        if column.type == "text" and column.pattern is None:
            continue
        was, now = frame[column.name], out.frame[column.name]
        valid_before, valid_now = _valid(was, column), _valid(now, column)
        same = was.eq(now) | (was.isna() & now.isna())
        assert same[valid_before].all(), column.name
        assert (same | valid_now | now.isna()).all(), column.name


def _valid(values: pd.Series, column: Column) -> pd.Series:
    """Cells that have the contract's form, said here once more and plainly."""
    return values.map(lambda value: isinstance(value, str) and _has_form(value, column)).astype(bool)


def _has_form(value: str, column: Column) -> bool:
    if not value.isascii():
        return False
    if column.type == "date":
        try:
            return date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    if column.codes:
        return value in column.codes
    if value in column.limits:
        return True
    shapes = {"int": r"-?\d+", "float": r"-?\d+(\.\d+)?"}
    return re.fullmatch(shapes.get(column.type) or column.pattern or ".*", value) is not None


@given(day=DAYS, rng=st.randoms(use_true_random=False))
def test_a_day_is_read_back_from_every_writing(mini: CampaignConfig, day: date, rng: random.Random) -> None:
    frame = pd.DataFrame({"birth_date": [written(day, rng)]}, dtype="str")
    assert normalise(frame, contract("target_list"), mini).frame["birth_date"].iloc[0] == day.isoformat()


@settings(max_examples=300, deadline=None)
@given(digits=st.from_regex(r"\A0[1-9][0-9]{8,9}\Z"))
def test_numbers_that_begin_alike_are_judged_alike(digits: str) -> None:
    expected = phones.by_library(digits)
    found = phones.reader(lambda text: "-" in text)(digits)
    assert (found and found[0]) == expected


@settings(deadline=None)
@given(text=st.text(max_size=12))
def test_a_column_and_a_text_say_the_same_of_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair cannot stand in a column, but in a text it can
        assert unprintable_reason(text) != ""
        return
    assert unprintable_characters(pd.Series([text], dtype="str")).reasons.iloc[0] == unprintable_reason(text)


@given(born=DAYS, on=DAYS)
def test_the_two_rules_of_age_differ_by_one_year_on_the_day_before_a_birthday_only(born: date, on: date) -> None:
    birth = pd.Series([born.isoformat()])
    low, high = int(age_by_birthday(birth, on).iloc[0]), int(age_by_day_before(birth, on).iloc[0])
    tomorrow = date.fromordinal(on.toordinal() + 1)
    is_birthday_tomorrow = birthday(birth, tomorrow.year - born.year).dt.date.iloc[0] == tomorrow
    assert high - low == int(is_birthday_tomorrow)


@given(born=st.dates(date(1900, 1, 1), date(2000, 1, 1)), lead=st.integers(0, 400))
def test_who_is_no_longer_contacted_has_the_birthday_within_the_lead(born: date, lead: int) -> None:
    birth = pd.Series([born.isoformat()])
    ends = contact_ends(birth, age=75, lead_days=lead).dt.date.iloc[0]
    assert (birthday(birth, 75).dt.date.iloc[0] - ends).days == lead
    assert age_by_birthday(birth, birthday(birth, 75).dt.date.iloc[0]).iloc[0] == 75


def test_what_our_own_ward_writes_is_left_alone_and_lies_in_its_towns(mini: CampaignConfig) -> None:
    people = build(mini, 400, 5).people
    for kind in ("target_list", "analysis_items"):
        frame = people[[c for c in contract(kind).names if c in people.columns]].astype("str")
        out = normalise(frame, contract(kind), mini)
        pd.testing.assert_frame_equal(out.frame, frame)
        assert out.counts == {}
    assert town_matches(people["postal_code"], people["address"]).all()


def test_an_empty_table_and_columns_of_others_pass(mini: CampaignConfig) -> None:
    empty = pd.DataFrame({n: pd.Series([], dtype="str") for n in contract("target_list").names})
    assert list(normalise(empty, contract("target_list"), mini).frame.columns) == list(empty.columns)
    assert town_matches(empty["postal_code"], empty["address"]).empty
    assert unprintable_characters(empty["name_kanji"]).points == {}
    other = pd.DataFrame({"row": [3], "sex": ["２"]})
    out = normalise(other, contract("target_list"), mini)
    assert out.frame["row"].tolist() == [3]
    assert out.frame["sex"].tolist() == ["2"]


def test_every_contract_can_be_normalised(mini: CampaignConfig) -> None:
    for kind, wanted in REGISTRY.items():
        frame = pd.DataFrame({n: ["０"] for n in wanted.names}, dtype="str")
        assert len(normalise(frame, wanted, mini).frame) == 1, kind


@pytest.mark.parametrize(
    "own", [{"0041": "B"}, {"E000": "\ue001"}, {"E000": "\ufffd"}, {"E000": "a b"}, {"FFFFFF": "本"}]
)
def test_a_table_of_own_characters_holds_private_use_on_the_left_and_printable_text_on_the_right(
    own: dict[str, str],
) -> None:
    with pytest.raises(ValueError, match="gaiji.characters"):
        Gaiji(characters=own)


def test_who_lacks_the_wards_characters_sees_that_one_is_missing() -> None:
    frame = pd.DataFrame({"name": ["渡\ue000　花子", "見本　花子", None], "other": ["\ue000", "", None]}, dtype=object)
    shown = legible(frame, ("name",))
    assert shown["name"].tolist() == ["渡〓　花子", "見本　花子", None]
    assert shown["other"].tolist() == frame["other"].tolist()
    assert frame.loc[0, "name"] == "渡\ue000　花子"
    assert unprintable_characters(shown["name"]).points == {}
    assert GETA.encode("cp932")


def test_glyphs_of_a_font_are_those_with_an_outline() -> None:
    made = font({0xE000: True, 0xE001: False, 0x41: True})
    assert glyphs_of(made) == {0xE000, 0x41}
    assert family_of(made) == "Own"
    with pytest.raises(KanshoError, match="GAIJI-FONT"):
        family_of(font({0xE000: True}, postscript=False))


@pytest.mark.parametrize("spoiled", [b"", b"EUDC", b"\x00\x01\x00\x00" + b"\xff" * 200])
def test_what_is_no_font_is_refused_with_its_code(spoiled: bytes) -> None:
    for read in (glyphs_of, family_of):
        with pytest.raises(KanshoError) as refused:
            read(spoiled)
        assert refused.value.code == "GAIJI-FONT"


@pytest.mark.parametrize("sample", [3, 20_000], ids=["nearly every cell differs", "cells repeat"])
@pytest.mark.parametrize("pieces", [[], [5], [2, 0, 3]])
def test_a_column_reads_the_same_however_varied_and_in_however_many_pieces(
    pieces: list[int], sample: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_SAMPLE", sample)
    texts = iter(["１", "1", None, "２", "x"])
    made = [pa.array([next(texts) for _ in range(size)], pa.large_string()) for size in pieces]
    wide = str.maketrans("１２", "12")
    found, counts = columns.rewritten(
        pa.chunked_array(made, pa.large_string()), columns.shaped(r"\d"), lambda t: (t.translate(wide), ("wide",))
    )
    assert found.to_pylist() == (["1", "1", None, "2", "x"] if pieces else [])
    assert counts == ({"wide": 2} if pieces else {})
