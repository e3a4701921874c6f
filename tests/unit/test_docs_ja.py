"""The page for the ward's officers says what the software does: names, numbers, codes and the sample 送付書."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import get_args

import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig, FileKind, Rule
from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.intake.cover_note import AnnouncedFile, CoverNote, Medium, parse_cover_note
from kansho.intake.medium import SEALED_NAMES
from kansho.intake.passwords import VALID_DAYS
from kansho.intake.values import wareki
from kansho.mailing.designs import Manifest
from kansho.mailing.elements import POSTAGE_MARK, POSTAGE_SIDE
from kansho.reference.raised import raised
from kansho.targeting.segments import with_derived
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docs" / "ja"
PAGE = (FOLDER / "データの渡し方と差戻し.md").read_text(encoding="utf-8")


PROOFS = (FOLDER / "校正のすすめ方.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    return PAGE.split(f"\n## {title}")[1].split("\n## ")[0]


def _rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.splitlines() if "| " in line]


def test_every_file_a_ward_delivers_is_named_as_its_contract_is() -> None:
    told = {row[1].strip("`"): row[0] for row in _rows(_section("1.")) if row[1].startswith("`")}
    assert told == {kind: contract(kind).title for kind in get_args(FileKind)}


def test_the_target_list_has_as_many_items_as_the_page_says() -> None:
    assert len(contract("target_list").columns) == 13
    assert "契約で定めた13項目" in PAGE


@pytest.mark.parametrize("word", ["世帯", "被保険者証", "宛名番号", "停止の理由"])
def test_what_is_said_not_to_be_an_item_is_none(word: str) -> None:
    assert word in PAGE
    headings = {h for kind in get_args(FileKind) for c in contract(kind).columns for h in (c.header, *c.aliases)}
    assert not [h for h in headings if word in h]


def test_every_form_of_a_date_that_is_named_is_read() -> None:
    row = next(row for row in _rows(_section("2.")) if row[0] == "日付")
    dates = re.findall(r"`([^`]+)`", row[1])
    assert len(dates) == 5
    assert {wareki.read(text)[0] for text in dates} == {"1950-04-01"}


def test_the_sealed_files_have_the_names_that_the_intake_looks_for() -> None:
    assert tuple(re.findall(r"\| `(sealed\.\w+)` \|", PAGE)) == SEALED_NAMES


def test_the_sample_note_is_one_that_the_intake_takes(sample: CampaignConfig) -> None:
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    written = block.group(1).replace("（64桁）", "0" * 64)
    note = parse_cover_note(written.encode(), campaign=sample.id, today=sample.contract.end)
    assert parse_cover_note(written.encode("utf-8-sig"), campaign=sample.id, today=sample.contract.end) == note
    assert [f.kind for f in note.files] == ["target_list", "stop_list"]
    assert note.files[1].nil_return
    json.loads(written)


def test_every_field_of_the_note_is_explained() -> None:
    fields = {*CoverNote.model_fields, *Medium.model_fields, *AnnouncedFile.model_fields}
    told = set(re.findall(r"`(\w+)`", "\n".join("|".join(row) for row in _rows(_section("4.")))))
    assert fields - {"serial"} <= told  # `kind` and `serial` of the medium stand in one row
    assert "serial" in told
    assert set(get_args(AnnouncedFile.model_fields["scope"].annotation)) <= told


def test_the_numbers_of_the_page_are_those_of_the_sample(sample: CampaignConfig) -> None:
    stops = _section("5.")
    assert f"{sample.stop_list.max_age_days}日を超えたとき" in stops
    assert f"{sample.stop_list.min_share_of_last:.0%}を下回ったとき" in stops
    assert f"検証の日から{sample.exceptions.due_days}日" in PAGE
    assert VALID_DAYS == 1
    assert "翌日を過ぎたもの" in PAGE


def test_a_note_dated_ahead_is_refused_as_the_page_says(sample: CampaignConfig) -> None:
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    written = block.group(1).replace("（64桁）", "0" * 64)
    with pytest.raises(KanshoError, match="INTAKE-COVER-DATE"):
        parse_cover_note(written.encode(), campaign=sample.id, today=sample.contract.start)


def test_every_code_of_the_page_is_one_that_is_raised() -> None:
    told = {row[0].strip("`") for row in _rows(_section("7.")) if re.fullmatch(r"`[A-Z-]+`", row[0])}
    assert len(told) > 5
    assert told <= set(raised())


def test_links_of_the_japanese_pages_lead_somewhere() -> None:
    for page in FOLDER.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (FOLDER / target).exists(), (page.name, target)


@pytest.mark.parametrize("page", ["ja/校正のすすめ方.md", "how-to/write-a-design.md", "how-to/set-up-segments.md"])
def test_every_code_on_a_page_of_the_mailing_is_one_that_is_raised(page: str) -> None:
    told = set(re.findall(r"`([A-Z]+(?:-[A-Z]+)+)`", (REPOSITORY / "docs" / page).read_text(encoding="utf-8")))
    assert len(told) >= 2
    assert told <= set(raised())


def test_the_designer_s_page_names_the_fields_of_the_manifest() -> None:
    page = (REPOSITORY / "docs" / "how-to" / "write-a-design.md").read_text(encoding="utf-8")
    assert [name for name in Manifest.model_fields if f"`{name}`" not in page] == []


def test_the_segments_page_names_the_derived_columns_and_operators() -> None:
    page = (REPOSITORY / "docs" / "how-to" / "set-up-segments.md").read_text(encoding="utf-8")
    people = pd.DataFrame({"age_at_year_end": ["50"], "inquiry_number": ["1"]})
    derived = set(with_derived(people, judged_on=date(2026, 3, 31)).columns) - set(people.columns)
    assert [name for name in derived if f"`{name}`" not in page] == []
    assert [op for op in get_args(Rule.model_fields["op"].annotation) if f"`{op}`" not in page] == []


def test_what_is_to_be_confirmed_at_the_post_office_is_what_stands_on_the_card() -> None:
    asked = PROOFS.split("\n## 3. 校了の前の確認")[1].split("\n## ")[0]
    outer = (REPOSITORY / "include" / "designs" / "_shared" / "outer.html.j2").read_text(encoding="utf-8")
    (words,) = re.findall(r"『(.+)』", asked)
    assert words in re.sub(r"</?(?:span|p)[^>]*>", "", outer)
    assert POSTAGE_MARK in asked
    assert f"{POSTAGE_SIDE[0]:g}〜{POSTAGE_SIDE[1]:g} mm" in asked
    assert asked.index("- [ ]") < asked.index("窓口でお見せするもの")
