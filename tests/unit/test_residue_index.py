"""The index finds exactly what a naive search finds, wherever it lies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.closing import index
from kansho.closing.index import TAIL, Index
from kansho.closing.searching import ENCODINGS, encoded

#: Few different bytes, so that strings overlap, repeat, and share tails.
_BYTES = st.lists(st.sampled_from([b"a", b"b", b"\x00", b"\xff", "山".encode()]), max_size=60).map(b"".join)
_STRINGS = st.lists(_BYTES.filter(lambda b: len(b) >= TAIL), min_size=1, max_size=12, unique=True)


def naive(strings: list[bytes], data: bytes) -> set[tuple[int, int, int]]:
    return {
        (number, at, at + len(string))
        for number, string in enumerate(strings)
        for at in range(len(data) - len(string) + 1)
        if data[at : at + len(string)] == string
    }


@given(strings=_STRINGS, before=_BYTES, between=_BYTES, after=_BYTES, chosen=st.data())
def test_it_finds_what_a_naive_search_finds(
    strings: list[bytes], before: bytes, between: bytes, after: bytes, chosen: st.DataObject
) -> None:
    planted = [chosen.draw(st.sampled_from(strings)) for _ in range(2)]
    data = before + planted[0] + between + planted[1] + after
    found = list(Index(strings).occurrences(data))
    assert len(found) == len(set(found))
    assert set(found) == naive(strings, data)
    assert found


def test_every_offset_and_the_edges_of_a_chunk_are_looked_at(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(index, "_CHUNK", 4)
    for string in ("鬼怒川綾".encode(), b"12345678"):
        made = Index([string])
        for at in range(36):  # more than two chunks
            for rest in (0, 1, 4):
                data = b"x" * at + string + b"y" * rest
                assert list(made.occurrences(data)) == [(0, at, at + len(string))]


def test_tables_that_bring_up_too_much_only_cost_time(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(index, "_WINDOW_BITS", 1)
    monkeypatch.setattr(index, "_TAIL_BITS", 1)
    strings = [b"12345678", b"x12345678", b"abababab"]
    data = b"x12345678" * 5 + b"ababababab"
    assert sorted(Index(strings).occurrences(data)) == sorted(naive(strings, data))


def test_the_tables_turn_down_nearly_everything() -> None:
    words = np.arange(1, 5_000, dtype="<u8")
    halves = words.astype(np.uint32)
    windows = [index._of_windows(halves, halves, odd) for odd in (index._FIRST, index._SECOND)]
    tables = [(places, index._WINDOW_BITS) for places in windows]
    for places, bits in [*tables, (index._of_tails(words), index._TAIL_BITS)]:
        assert 0 <= places.min() <= places.max() < 1 << bits
        assert len({*places.tolist()}) > 4_900


def test_nothing_is_found_in_too_little(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    assert list(Index([b"12345678"]).occurrences(b"1234567")) == []
    assert list(Index([]).occurrences(b"12345678")) == []


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["山田太郎", "abcdefgh", "短い", "1960-01-02", "ﾔﾏﾀﾞ ﾀﾛｳ"],
        ["山田太郎", "𠮷野家花子", "鬼怒川綾子"],
        ["\ud800abcdefgh", "山田太郎次"],
        ["東西南北春夏秋冬", "abcdefgh"],
    ],
    ids=["none", "usual", "a letter of four bytes", "one that cannot be written", "two bytes to a letter, all in all"],
)
def test_the_forms_that_are_looked_for_are_each_texts_own(texts: list[str], encoding: str) -> None:
    wanted = []
    for number, text in enumerate(texts):
        if encoding == "cp932" and text.isascii():
            continue  # the same bytes as in UTF-8
        try:
            form = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(form) >= TAIL:
            wanted.append((number, form))
    assert list(zip(*encoded(texts, encoding), strict=True)) == wanted
