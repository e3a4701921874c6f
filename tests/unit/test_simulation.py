"""The outside world: the same for the same seed, whole files, and a truth that is a count."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import pyzipper

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import TargetGroup
from kansho.cli import main
from kansho.contracts.free_text import screen_text
from kansho.errors import KanshoError
from kansho.exchange.tables import is_inquiry_number
from kansho.intake.reading import read_delivered
from kansho.mailing.production import SPECIMEN
from kansho.outreach import specimens
from kansho.simulation import notes
from kansho.simulation.contacts import Contacts
from kansho.simulation.effects import EFFECTS, attendances, in_slot
from kansho.simulation.names import FAMILY, GIVEN
from kansho.simulation.population import SEARCHED, build
from kansho.simulation.world import World
from kansho_airflow.replay import baseline
from tests.conftest import MINI


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
    first = build(mini, 300, 1).people.iloc[0]
    family, _, given = first["name_kanji"].partition("　")
    namesake = mini.handlers[0].model_copy(update={"name": f"{family} {given}"})
    others = build(mini.model_copy(update={"handlers": (namesake, *mini.handlers[1:])}), 300, 1).people
    assert first["name_kanji"] not in set(others["name_kanji"])


def test_nobody_has_a_value_of_a_specimen_a_user_or_the_campaign_file(
    mini: CampaignConfig, sample: CampaignConfig
) -> None:
    for config in (mini, sample):
        people = build(config, 1500, 1).people
        had = "\n".join(str(v) for column in (*SEARCHED, "address_extra") for v in people[column].dropna())
        shown = {SPECIMEN.number, SPECIMEN.name.replace(" ", "　"), *SPECIMEN.address}
        shown |= {part for row in specimens._ROWS for part in row[:3]}
        users = {h.user for h in config.handlers if h.user}
        phones = {config.ward.phone, *(clinic.phone for clinic in config.ward.clinics)}
        assert {value for value in shown | users | phones if value in had} == set()
        assert not people["inquiry_number"].str.startswith("0000").any()


@pytest.mark.parametrize("column", SEARCHED)
def test_a_value_that_already_occurs_is_drawn_again(mini: CampaignConfig, column: str) -> None:
    taken: set[str] = set()
    for _ in range(3):
        people = build(mini, 100, 1, taken=taken).people
        assert len(people) == 100
        assert taken.isdisjoint(people[column])
        taken.add(people[column].dropna().iloc[0])


def test_a_population_that_cannot_do_without_a_taken_value_is_refused(mini: CampaignConfig) -> None:
    with pytest.raises(KanshoError) as refused:
        build(
            mini, 20, 1, taken=[f"{family}　{given}" for family, _ in FAMILY for sex in "12" for given, _ in GIVEN[sex]]
        )
    assert refused.value.code == "SIM-POPULATION"


def hidden(value: str, column: str, how: str) -> bytes:
    """A value as it may stand in a file."""
    if how == "wareki":
        born = date.fromisoformat(value)
        return f"生年月日 昭和{born.year - 1925}年{born.month}月{born.day}日".encode()
    if how == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("log.txt", f"{column}={value}; " * 50)
        return buffer.getvalue()
    return f"値「{value}」".encode(how)


@pytest.mark.parametrize("how", ["utf-8", "cp932", "utf-16-le", "utf-16-be", "zip"])
def test_the_baseline_scan_finds_what_the_residue_scan_would(mini: CampaignConfig, tmp_path: Path, how: str) -> None:
    people = build(mini, 60, 1).people
    one = people[people["phone"].notna()].iloc[0]
    for column in SEARCHED:
        (tmp_path / f"{column}.bin").write_bytes(hidden(one[column], column, how))
    assert baseline.occurring(people, [tmp_path]) == {one[column] for column in SEARCHED}


def test_the_baseline_scan_knows_a_birth_date_in_any_form_and_no_part_of_a_longer_number(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    people = build(mini, 60, 1).people
    one = people.iloc[0]
    (tmp_path / "part.log").write_text(f"f{one['inquiry_number']}0")
    assert baseline.occurring(people, [tmp_path]) == set()
    (tmp_path / "form.log").write_bytes(hidden(one["birth_date"], "birth_date", "wareki"))
    assert baseline.occurring(people, [tmp_path]) == {one["birth_date"]}


def test_whoever_occurs_is_drawn_again_until_nobody_does(mini: CampaignConfig, tmp_path: Path) -> None:
    def draw(known: frozenset[str]) -> pd.DataFrame:
        return build(mini, 60, 1, taken=known).people

    first = draw(frozenset())["name_kanji"].iloc[0]
    second = draw(frozenset({first}))["name_kanji"].iloc[0]
    (tmp_path / "a.log").write_bytes(f"{first},{second}".encode("cp932"))
    known = baseline.to_draw_again(draw, [tmp_path])
    assert known == {first, second}
    assert baseline.occurring(draw(known), [tmp_path]) == set()
    with pytest.raises(KanshoError) as refused:
        baseline.to_draw_again(lambda known: draw(frozenset()), [tmp_path])
    assert refused.value.code == "SIM-BASELINE"


def test_the_plain_population_is_the_worlds(
    mini: CampaignConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = {"people": 50, "seed": 1, "out": tmp_path / "plain", "config": MINI, "taken": tmp_path / "none"}
    assert main(["simulate", "ward", *(str(part) for name, said in plain.items() for part in (f"--{name}", said))]) == 0
    assert capsys.readouterr().out == f"50 people → {tmp_path / 'plain'}\n"
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
