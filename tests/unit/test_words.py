"""Words of people in the vault: whatever happened before, the ledger points at what was written, and at no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest

from kansho.exchange.words import holds_odd_characters, keep_words, tidied
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

Open = Callable[[date], Workspace]
DAY = date(2027, 6, 10)
KIND, PREFIX = "comment", "proof-m1-"


def _said(ws: Workspace, ref: SnapshotRef) -> str:
    return str(json.loads(ws.read_bytes(ref))["text"])


def test_words_left_by_a_process_that_died_are_registered_and_do_not_stand_for_others(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    ws.vault.put_bytes(KIND, f"{PREFIX}001", b"what was typed before the machine went off")
    ref, number = keep_words(ws, KIND, PREFIX, "二行目の日付が違います。")
    assert (number, _said(ws, ref)) == (2, "二行目の日付が違います。")
    # Known to the ledger, so that the year's end reaches it too.
    assert {s.key for s in ws.snapshots(KIND)} == {f"{PREFIX}001", f"{PREFIX}002"}


def test_the_same_words_after_a_death_take_the_place_that_they_had(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    ref, number = keep_words(ws, KIND, PREFIX, "よろしいと思います。")
    assert number == 1
    other = open_workspace(DAY)
    other.vault.put_bytes(KIND, "plan-p1-001", ws.read_bytes(ref))
    assert keep_words(other, KIND, "plan-p1-", "よろしいと思います。")[1] == 1


def test_a_number_whose_words_were_erased_is_not_given_again(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    ref, _ = keep_words(ws, KIND, PREFIX, "一つ目")
    ws.erase(ref, reason="retention")
    assert keep_words(ws, KIND, PREFIX, "二つ目")[1] == 2


@pytest.mark.parametrize(
    ("text", "tidy"), [(" 一行目 \r\n二行目\t\r三行目\n\n", "一行目\n二行目\n三行目"), ("　", ""), ("字", "字")]
)
def test_line_breaks_and_blanks_are_of_one_form(text: str, tidy: str) -> None:
    assert tidied(text) == tidy


@pytest.mark.parametrize(
    ("text", "odd"), [("普通の文。\n二行目", False), ("\x07", True), ("\ue000", True), ("a\tb", True)]
)
def test_control_and_private_characters_are_odd(text: str, odd: bool) -> None:
    assert holds_odd_characters(text) is odd
