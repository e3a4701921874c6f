"""宛名の試し刷り: invented, printable, and at every limit of what a list may hold."""

from __future__ import annotations

import pytest

from kansho.mailing.addresses import MAX_ADDRESS_LINES, address_chars, layout, name_chars, width
from kansho.mailing.barcode import SYMBOLS, describe
from kansho.mailing.face import ADDRESS
from kansho.mailing.rounds import round_name
from kansho.mailing.trial_prints import cases, trial_cards
from kansho.mailing.typeface import clusters

PLACES = [("東京都", "新宿区"), ("東京都", "墨田区"), ("神奈川県", "横浜市都筑区"), ("鹿児島県", "南さつま市")]


@pytest.mark.parametrize(("prefecture", "ward"), PLACES)
def test_every_case_is_printable_in_every_ward(prefecture: str, ward: str) -> None:
    printed = trial_cards(prefecture, ward)
    assert [case for case, _ in printed] == list(cases(prefecture, ward))
    assert [card.serial for _, card in printed] == [f"M0-{n:06d}" for n in range(1, len(printed) + 1)]


@pytest.mark.parametrize(("prefecture", "ward"), PLACES)
def test_the_cases_stand_at_the_limits_and_one_place_more_is_not_printable(prefecture: str, ward: str) -> None:
    printed = {case.title: (case, card) for case, card in trial_cards(prefecture, ward)}
    assert len(clusters(printed["氏名が最も長い"][1].name)) == name_chars()
    for title in ("住所が最も長い", "方書が最も長い"):
        case, card = printed[title]
        assert len(card.address) == MAX_ADDRESS_LINES
        longer = layout(case.postal, case.address, f"{case.extra}号", case.name, prefecture=prefecture)
        assert longer.reason == "address_long"
    widest = max(width(line) for _, card in printed.values() for line in card.address)
    assert (address_chars() - 0.5) * 1000 <= widest <= ADDRESS[0].room(ADDRESS[0].least)


def test_the_cases_try_what_barcodes_can_be() -> None:
    made = [describe(c.postal, f"{c.address} {c.extra or ''}") for c in cases("東京都", "新宿区")]
    symbols = {s for one in made for s in one["symbols"]}
    assert any(not one["symbols"] for one in made)
    assert any(len(one["address_code"]) > 13 for one in made)
    assert {"CC1", "CC4", "-"} <= symbols <= set(SYMBOLS)


def test_a_ward_with_characters_of_its_own_sees_them_and_others_do_not() -> None:
    own = frozenset({0xE000, 0xE001})
    assert [c.name for c in cases("東京都", "新宿区", own) if "\ue000" in c.name] == ["見本　\ue000\ue001"]
    assert not any("\ue000" in c.name for c in cases("東京都", "新宿区"))


@pytest.mark.parametrize(("number", "name"), [(1, "初校"), (2, "再校"), (3, "三校"), (9, "九校"), (10, "10校")])
def test_a_round_has_the_name_that_printers_say(number: int, name: str) -> None:
    assert round_name(number) == name
