"""Cards: addresses laid out by rule, text read back from the PDF, nothing private outside."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pikepdf
import pytest

from kansho.campaign.config import CampaignConfig, Gaiji, GaijiFont
from kansho.contracts.ward_font import ward_font
from kansho.errors import KanshoError
from kansho.mailing import designs
from kansho.mailing.addresses import layout
from kansho.mailing.cards import cards_of
from kansho.mailing.designs import FORBIDDEN_OUTSIDE, background, digest, faces_html, load, outer_text
from kansho.mailing.dispatch import check_report
from kansho.mailing.lists import card_list
from kansho.mailing.readback import expected_text, faults, read_back
from kansho.mailing.shard import render_shard
from tests.unit.own_font import font

GIVEN = "和幸節洋恵京智裕陽純順悦敏文良弘光典紀久正静奈友早泰道春秋"
DESIGNS = ("loss_frame", "social_norm", "three_steps", "results_based", "cancer_set", "reminder_deadline")


@pytest.mark.parametrize(
    ("postal", "address", "extra", "name", "reason"),
    [
        ("130-0001", "墨田区吾妻橋1丁目2番3号", None, "見本　花子", ""),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", "コーポ青葉101号室", "髙橋　花子", ""),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", None, "見\ue000本　花子", "gaiji"),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", "見本荘\n203", "見本　花子", "character"),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", None, "見\ufffd本　花子", "character"),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", None, "見本　\U0001f600", "glyph"),
        ("130-0001", "長" * 67, None, "見本　花子", "address_long"),
        ("130-0001", "墨田区", None, "長" * 14, "name_long"),
        ("", "墨田区", None, "見本　花子", "incomplete"),
        ("130-0001", "葛\U000e0100飾区見本1丁目", None, "見本　花子", ""),  # a form that the font has
        ("130-0001", "墨田区", None, "見\U000e0100本　花子", "glyph"),  # one it would draw in its usual form
        ("130-0001", "墨田区", None, "葛\U000e0100" * 13, ""),  # a selector takes no place
        ("130-0001", "墨田区", None, "か\u3099" * 13, ""),  # neither does 濁点 of its own
        ("130-0001", "墨田区", None, "か\u309a本　花子", "glyph"),  # a sound mark that needs shaping
        ("130-0001", "墨田区", None, "Jose\u0301", "glyph"),
    ],
)
def test_an_address_is_laid_out_or_names_its_reason(
    postal: str, address: str, extra: str | None, name: str, reason: str
) -> None:
    found = layout(postal, address, extra, name, prefecture="")
    assert found.reason == reason
    if not reason:
        assert "".join(found.address) == address + (extra or "")


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, pd.DataFrame]:
    roster = pd.DataFrame(
        {
            "inquiry_number": [f"1234-5678-{i:02d}" for i in range(30)],
            "postal_code": [f"130-00{30 - i:02d}" for i in range(30)],
            "address": [f"墨田区吾妻橋{i % 4 + 1}丁目{i + 1}番{i % 7 + 1}号" for i in range(30)],
            "address_extra": [f"コーポ青葉{i}01号室" if i % 2 else None for i in range(30)],
            "name_kanji": [f"見本　{c}子" for c in "和幸節洋恵京智裕陽純順悦敏文良弘光典紀久正静奈友早泰道春秋"]
            + ["見本　\ue001"],
        },
        dtype=object,
    )
    assigned = roster[["inquiry_number"]].assign(group="kenshin", due_kinds="", segment="s", design="loss_frame")
    return assigned, roster


def test_everybody_is_printable_or_not_and_serials_run_in_postal_order(
    people: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    cards = card_list(*people, number=1, prefecture="東京都", ward="墨田区")
    printable = cards[cards["printable"]]
    assert (len(cards), len(printable)) == (30, 29)
    assert list(cards.loc[~cards["printable"], "reason"]) == ["gaiji"]
    assert list(printable["serial"]) == [f"M1-{i:06d}" for i in range(1, 30)]
    assert list(printable["postal_code"]) == sorted(printable["postal_code"])


def test_the_towns_own_numerals_do_not_leak_into_the_barcode(people: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    assigned, roster = people
    one = roster.head(1).assign(address="墨田区三番町5番地2", postal_code="102-0075")
    found = card_list(assigned.head(1), one, number=1, prefecture="東京都", ward="墨田区")
    from kansho.mailing.barcode import bars_of, symbols_of

    assert found["bars"].iloc[0] == bars_of(symbols_of("1020075", "5-2"))


def test_a_person_listed_twice_is_refused_without_being_named(people: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    assigned, roster = people
    with pytest.raises(KanshoError, match="MAILING-TWICE") as refused:
        card_list(pd.concat([assigned, assigned.head(1)]), roster, number=1, prefecture="東京都", ward="墨田区")
    assert assigned["inquiry_number"].iloc[0] not in str(refused.value)


def test_a_person_missing_from_the_roster_is_not_printed_as_something_else(
    people: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    assigned, roster = people
    cards = card_list(assigned, roster.tail(10), number=1, prefecture="東京都", ward="墨田区")
    assert list(cards.loc[~cards["printable"], "reason"]).count("incomplete") == 20


@pytest.mark.parametrize("name", DESIGNS)
def test_every_card_reads_back_what_was_set(
    name: str, sample: CampaignConfig, people: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    cards = card_list(*people, number=1, prefecture="東京都", ward="墨田区")
    wanted = cards_of(cards[cards["printable"]])
    wanted.append(replace(wanted[0], name="葛\U000e0100木 𠮟子", address=("辻\U000e0100町1番2号",)))
    pdf = render_shard(wanted, background(load(name), sample))
    assert read_back(pdf) == [expected_text(card) for card in wanted]
    assert not +faults(pdf, wanted)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gaiji:
    """A ward that registered a font with a glyph for U+E001 and an empty one for U+E002."""
    data = font({0xE001: True, 0xE002: False})
    (tmp_path / "own.ttf").write_bytes(data)
    monkeypatch.setattr("kansho.contracts.ward_font.FONTS", tmp_path)
    return Gaiji(font=GaijiFont(file="own.ttf", sha256=hashlib.sha256(data).hexdigest()))


def test_a_character_of_the_wards_own_is_drawn_by_the_font_it_registered(
    own: Gaiji, sample: CampaignConfig, people: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    registered = ward_font(own)
    assert registered is not None
    assigned, roster = people
    cards = card_list(assigned, roster, number=1, prefecture="東京都", ward="墨田区", own=registered.glyphs)
    assert cards["printable"].all()
    (card,) = [c for c in cards_of(cards) if "\ue001" in c.name]
    pdf = render_shard([card], background(load("loss_frame"), sample), registered)
    assert read_back(pdf) == [expected_text(card)]
    assert not +faults(pdf, [card], registered)
    assert "Own" in fonts_of(pdf)
    assert layout("130-0001", "墨田区", None, "見\ue002", own=registered.glyphs).reason == "gaiji"  # an empty glyph


def test_a_font_that_is_not_the_approved_one_is_refused(own: Gaiji, tmp_path: Path) -> None:
    (tmp_path / "own.ttf").write_bytes(font({0xE001: True, 0xE003: True}))
    with pytest.raises(KanshoError, match="GAIJI-FONT-CHANGED"):
        ward_font(own)
    (tmp_path / "own.ttf").unlink()
    with pytest.raises(KanshoError, match="GAIJI-FONT "):
        ward_font(own)
    assert ward_font(Gaiji()) is None


def fonts_of(pdf: bytes) -> set[str]:
    """Families embedded in a file, without the tags of their subsets."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        named = {str(o["/BaseFont"]) for o in opened.objects if isinstance(o, pikepdf.Dictionary) and "/BaseFont" in o}
    return {name.lstrip("/").partition("+")[2].partition("-")[0] for name in named}


@pytest.mark.parametrize("name", DESIGNS)
def test_the_outer_face_says_nothing_about_health(name: str, sample: CampaignConfig) -> None:
    outside = outer_text(background(load(name), sample))
    assert sample.ward.allowed_outer_sentence in outside
    said = outside.replace(sample.ward.allowed_outer_sentence, "")
    assert not [word for word in FORBIDDEN_OUTSIDE if word in said]


def test_a_forbidden_word_outside_is_refused(sample: CampaignConfig) -> None:
    ward = sample.ward.model_copy(update={"name": "がん検診区"})
    with pytest.raises(KanshoError, match="DESIGN-OUTSIDE"):
        background(load("loss_frame"), sample.model_copy(update={"ward": ward}))


def test_a_revision_changes_the_text() -> None:
    texts = {load("loss_frame", revision).text("action") for revision in (1, 2)}
    assert len(texts) == 2


@pytest.mark.parametrize("name", DESIGNS)
def test_every_revision_fits_its_page(name: str, sample: CampaignConfig) -> None:
    for revision in (1, *load(name).manifest.revisions):
        background(load(name, revision), sample)


def test_a_text_that_does_not_fit_is_refused(sample: CampaignConfig) -> None:
    design = load("loss_frame")
    long = design.manifest.model_copy(update={"lead": "長い文面。" * 120})
    with pytest.raises(KanshoError, match="DESIGN-OVERFLOW"):
        background(replace(design, manifest=long), sample)


def test_a_design_that_covers_the_address_or_the_mark_is_refused(
    sample: CampaignConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = designs.faces_html
    for left, top in ((60, 33), (70, 133), (13, 66)):  # address, mark, below the bars
        spot = f'<i style="position:absolute;left:{left}mm;top:{top}mm;width:2mm;height:1mm;background:#000"></i>'
        mark = '<section class="outer">'
        monkeypatch.setattr(designs, "faces_html", lambda *a, m=mark, s=spot, **k: real(*a, **k).replace(m, m + s))
        with pytest.raises(KanshoError, match="DESIGN-COVERED"):
            background(load("loss_frame"), sample)
    monkeypatch.undo()
    background(load("loss_frame"), sample)


def test_the_card_names_the_day_of_its_facts(sample: CampaignConfig) -> None:
    second = sample.waves.mailings[1].select_on
    assert f"{second.month}月{second.day}日現在" in faces_html(load("loss_frame"), sample, as_of=second)
    assert digest(load("loss_frame"), sample, as_of=second) != digest(
        load("loss_frame"), sample, as_of=date(2026, 6, 10)
    )


def test_an_unknown_design_says_where_to_put_it() -> None:
    with pytest.raises(KanshoError, match="include/designs"):
        load("nothing")


GOOD = {"printable": 5, "withdrawn": 1, "reprinted": 1, "printed": 5, "pulled": 1, "spoiled": 1, "posted": 3}
SERIALS = pd.Series(["a", "b", "c", "d", "e"])


def test_a_report_that_reconciles_is_taken() -> None:
    check_report(GOOD, SERIALS, ["a", "b", "c"], ["d", "e"])


@pytest.mark.parametrize(
    ("change", "posted", "away", "code"),
    [
        ({"printed": 6}, ["a", "b", "c"], ["d", "e"], "PRINT-COUNT"),
        ({"printable": 4}, ["a", "b", "c"], ["d", "e"], "PRINT-COUNT"),
        ({"posted": 4}, ["a", "b", "c"], ["d", "e"], "PRINT-COUNT"),
        ({}, ["a", "b"], ["d", "e"], "PRINT-COUNT"),
        ({}, ["a", "b", "x"], ["d", "e"], "PRINT-SERIAL"),
        ({}, ["a", "b", "b"], ["d", "e"], "PRINT-SERIAL"),
        ({}, ["a", "b", "d"], ["d", "e"], "PRINT-SERIAL"),
    ],
)
def test_a_report_that_does_not_is_refused(
    change: dict[str, int], posted: list[str], away: list[str], code: str
) -> None:
    with pytest.raises(KanshoError, match=code):
        check_report({**GOOD, **change}, SERIALS, posted, away)
