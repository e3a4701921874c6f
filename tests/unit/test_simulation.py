"""The outside world: the same for the same seed, whole files, and a truth that is a count."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
import pyzipper

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import TargetGroup
from kansho.contracts.free_text import screen_text
from kansho.exchange.tables import is_inquiry_number
from kansho.intake.reading import read_delivered
from kansho.simulation import notes
from kansho.simulation.contacts import Contacts
from kansho.simulation.effects import EFFECTS, attendances, in_slot
from kansho.simulation.plain import write_plain
from kansho.simulation.population import build
from kansho.simulation.world import World


def test_the_same_seed_gives_the_same_people_and_another_gives_others(mini: CampaignConfig) -> None:
    one, same, other = (build(mini, 200, seed).people for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one["inquiry_number"].isin(other["inquiry_number"]).any()


def test_a_household_shares_a_home_and_no_two_households_do(mini: CampaignConfig) -> None:
    people = build(mini, 1500, 1).people.fillna({"address_extra": ""})
    homes = people.groupby("household")[["address", "address_extra"]].nunique()
    assert homes.max().max() == 1
    assert people.groupby(["address", "address_extra"])["household"].nunique().max() == 1


def test_numbers_are_unique_and_carry_their_check_digit(mini: CampaignConfig) -> None:
    numbers = build(mini, 500, 1).people["inquiry_number"]
    assert numbers.is_unique
    assert numbers.map(is_inquiry_number).all()


def test_nobody_has_the_name_of_somebody_on_the_staff(mini: CampaignConfig) -> None:
    staff = {h.name.replace(" ", "　") for h in mini.handlers}
    assert not staff & set(build(mini, 1500, 1).people["name_kanji"])


def test_a_value_that_already_occurs_is_drawn_again(mini: CampaignConfig) -> None:
    first = build(mini, 100, 1).people.iloc[0]
    again = build(mini, 100, 1, occurs=lambda values: {first["birth_date"], first["name_kanji"]} & set(values)).people
    assert first["birth_date"] not in set(again["birth_date"])
    assert first["name_kanji"] not in set(again["name_kanji"])
    assert len(again) == 100


def test_the_plain_population_is_the_worlds(mini: CampaignConfig, tmp_path: Path) -> None:
    assert write_plain(mini, 50, 1, tmp_path / "plain") == 50
    text = (tmp_path / "plain" / "people.csv").read_text(encoding="utf-8")
    world = World.open(mini, tmp_path / "outside", 50, 1)
    assert all(name in text for name in world.people["name_kanji"])


def test_a_delivery_opens_with_its_password_and_is_what_its_note_says(mini: CampaignConfig, tmp_path: Path) -> None:
    World.open(mini, tmp_path, 50, 1, mishaps=False).advance(mini.deliveries[0].on)
    folder = tmp_path / "ward" / "outgoing" / "d01"
    note = json.loads((folder / "cover_note.json").read_text())
    password = (tmp_path / "ward" / "passwords" / "d01.txt").read_bytes()
    with pyzipper.AESZipFile(folder / "sealed.zip") as archive:
        archive.setpassword(password)
        for announced in note["files"]:
            data = archive.read(announced["name"])
            assert hashlib.sha256(data).hexdigest() == announced["sha256"]
            assert len(read_delivered(data, announced["kind"], mini).frame) == announced["rows"]


def test_callers_write_mostly_nothing_and_now_and_then_what_they_must_not() -> None:
    written = [notes.note(1, "call-note-call_1-1", str(n)) for n in range(5000)]
    said = [text for text in written if text is not None]
    held = [text for text in said if screen_text(text)]
    assert len(said) / len(written) == pytest.approx(0.06, abs=0.02)
    assert len(set(held)) == 7
    assert len(set(said) - set(held)) == 8


def test_a_world_that_is_moved_twice_stays_the_same(mini: CampaignConfig, tmp_path: Path) -> None:
    world = World.open(mini, tmp_path, 50, 1)
    world.advance(date(2027, 6, 21))
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    World.open(mini, tmp_path, 50, 1).advance(date(2027, 6, 21))
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("wave", ["mailing_1", "call_1", "visit_1"])
def test_a_contact_makes_the_difference_for_its_slot_and_for_nobody_else(mini: CampaignConfig, wave: str) -> None:
    people = build(mini, 3000, 1).people
    on = mini.wave(wave).select_on
    without = attendances(mini, people, 1, {}).kenshin
    everybody = dict.fromkeys(people["inquiry_number"], on)
    with_wave = attendances(mini, people, 1, {wave: everybody}).kenshin
    slot = in_slot(mini, people, 1, wave, TargetGroup.KENSHIN)
    changed = without.isna() & with_wave.notna()
    assert (changed == slot).all()
    assert not (without.notna() & with_wave.isna()).any()
    assert slot.mean() == pytest.approx(EFFECTS[mini.wave(wave).channel], abs=0.012)


@pytest.mark.parametrize(("design", "counted"), [("independent", 1), ("nested", 3)])
def test_the_truth_of_a_wave_is_what_its_comparison_answers_for(
    mini: CampaignConfig, tmp_path: Path, design: str, counted: int
) -> None:
    targeting = mini.targeting.model_copy(update={"holdout_design": design})
    config = mini.model_copy(update={"targeting": targeting})
    world = World.open(config, tmp_path, 2000, 1)
    numbers = list(world.people["inquiry_number"])
    waves = config.waves.all()
    for wave in waves:
        Contacts(tmp_path / "world" / "contacts").add(wave.id, wave.id, numbers, wave.select_on)
    slots = [in_slot(config, world.people, 1, wave.id, TargetGroup.KENSHIN).sum() for wave in waves[:counted]]
    cutoff = date(config.fiscal_year + 2, 1, 1)
    found = world.truth(waves[0].id, numbers, group="kenshin", cutoff=cutoff)
    assert found == pytest.approx(100 * sum(slots) / len(numbers))
    assert found > 0
