"""Cards: addresses laid out by rule, text read back from the PDF, nothing private outside."""

from __future__ import annotations

import hashlib
import io
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pikepdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.campaign.config import CampaignConfig, Gaiji, GaijiFont
from kansho.contracts.towns import postal_towns
from kansho.contracts.ward_font import ward_font
from kansho.errors import KanshoError
from kansho.mailing import designs, elements
from kansho.mailing.addresses import layout, width, wrap
from kansho.mailing.cards import cards_of
from kansho.mailing.designs import background, digest, faces_html, load, outer_text
from kansho.mailing.dispatch import check_report
from kansho.mailing.face import POINT
from kansho.mailing.lists import card_list
from kansho.mailing.outer_side import FORBIDDEN_OUTSIDE
from kansho.mailing.readback import expected_text, faults, read_back
from kansho.mailing.shard import render_shard
from kansho.mailing.sides import Side, sides
from tests.unit.own_font import font

GIVEN = "和幸節洋恵京智裕陽純順悦敏文良弘光典紀久正静奈友早泰道春秋"
DESIGNS = (
    "loss_frame", "social_norm", "three_steps", "results_based", "reminder_deadline",
    "cancer_set", "cancer_women", "cancer_men",
)  # fmt: skip


@pytest.mark.parametrize(
    ("postal", "address", "extra", "name", "reason"),
    [
        ("130-0001", "墨田区吾妻橋1丁目2番3号", None, "見本　花子", ""),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", "コーポ青葉101号室", "髙橋　花子", ""),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", None, "見\ue000本　花子", "gaiji"),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", "見本荘\n203", "見本　花子", "character"),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", None, "見\ufffd本　花子", "character"),
        ("130-0001", "墨田区吾妻橋1丁目2番3号", None, "見本　\U0001f600", "glyph"),
        ("130-0001", "長" * 78, None, "見本　花子", ""),  # 26 characters a line at the least size
        ("130-0001", "長" * 79, None, "見本　花子", "address_long"),
        ("130-0001", "墨田区", None, "長" * 22, ""),
        ("130-0001", "墨田区", None, "長" * 23, "name_long"),
        ("130-0001", "墨田区", None, "ＡＬＥＸＡＮＤＲＩＡ　ＭＯＮＴＧＯＭＥＲＹ", ""),
        ("130-0001", "墨田区", None, "Alexandria Montgomery-Featherston", ""),  # by its real width
        ("130-0001", "墨田区", None, "W" * 40, "name_long"),
        ("130-0001", "墨田区", None, "𠮷田　邉\U000e010f子", ""),  # from the second font
        ("130-0001", "墨田区", None, "邉\U000e01ef子", "glyph"),
        ("", "墨田区", None, "見本　花子", "incomplete"),
        ("130-0001", "葛\U000e0100飾区見本1丁目", None, "見本　花子", ""),  # a form that the font has
        ("130-0001", "墨田区", None, "見\U000e0100本　花子", "glyph"),  # one it would draw in its usual form
        ("130-0001", "墨田区", None, "葛\U000e0100" * 22, ""),  # a selector takes no place
        ("130-0001", "墨田区", None, "か\u3099" * 22, ""),  # neither does 濁点 of its own
        ("130-0001", "墨田区", None, "か\u309a本　花子", "glyph"),  # a sound mark that needs shaping
        ("130-0001", "墨田区", None, "Jose\u0301", "glyph"),
        ("130-0001", "墨田区", "葛", "\U000e0101城　花子", "glyph"),  # a selector of its own, not the address's last
    ],
)
def test_an_address_is_laid_out_or_names_its_reason(
    postal: str, address: str, extra: str | None, name: str, reason: str
) -> None:
    found = layout(postal, address, extra, name, prefecture="")
    assert found.reason == reason
    if not reason:
        assert "".join(found.address) == address + (extra or "")


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (
            "東京都新宿区西新宿2丁目8番1号見本中央第二共同住宅南館別棟405号室",
            ["東京都新宿区西新宿2丁目8番1号", "見本中央第二共同住宅南館別棟405号室"],
        ),
        (
            "東京都新宿区とても長い名前の町字見本町字中央1234番地の56",
            ["東京都新宿区とても長い名前の町字見本町字中央", "1234番地の56"],
        ),
        (
            "京都市上京区智恵光院通芦山寺上る西入西社町二百三十四番地五",
            ["京都市上京区智恵光院通芦山寺上る西入西社町", "二百三十四番地五"],
        ),
        (
            "東京都新宿区見本町1丁目2番3号 Sample Residence Tower",
            ["東京都新宿区見本町1丁目2番3号 ", "Sample Residence Tower"],
        ),
        ("東京都新宿区見本町四丁目ザ・グランドタワーーーーーーーーーー", None),
    ],
)
def test_an_address_is_broken_at_its_joints(address: str, lines: list[str] | None) -> None:
    found = wrap(address, 22_000)
    assert found == (lines or found)
    assert "".join(found) == address
    for line in found[1:]:
        assert line[0] not in "ー・、。っゃゅょぁ々）」-"


@given(st.text("新宿区町一二三123４５-－の番丁目号地ー・ッ（）棟AB室 ", min_size=1, max_size=60))
def test_no_line_is_too_long_and_none_breaks_a_number_or_begins_wrongly(text: str) -> None:
    found = wrap(text, 22_000)
    assert "".join(found) in (text, "")
    for one, two in pairwise(found):
        assert not (one[-1].isdigit() and two[0].isdigit())
        assert two[0] not in "ー・ッ）-－"
        assert one[-1] != "（"
    assert all(width(line) <= 22_000 for line in found)


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, pd.DataFrame]:
    towns = [(code, found[0].town) for n in range(26, 0, -1) if (found := postal_towns(code := f"130-00{n:02d}"))]
    codes, names = zip(*(towns[i % len(towns)] for i in range(30)), strict=True)
    roster = pd.DataFrame(
        {
            "inquiry_number": [f"1234-5678-{i:02d}" for i in range(30)],
            "postal_code": codes,
            "address": [f"墨田区{names[i]}{i % 4 + 1}丁目{i + 1}番{i % 7 + 1}号" for i in range(30)],
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
    cards = card_list(*people, number=1, prefecture="東京都")
    printable = cards[cards["printable"]]
    assert (len(cards), len(printable)) == (30, 29)
    assert list(cards.loc[~cards["printable"], "reason"]) == ["gaiji"]
    assert list(printable["serial"]) == [f"M1-{i:06d}" for i in range(1, 30)]
    assert list(printable["postal_code"]) == sorted(printable["postal_code"])


def test_the_towns_own_numerals_do_not_leak_into_the_barcode(people: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    assigned, roster = people
    one = roster.head(1).assign(address="千代田区三番町5番地2", postal_code="102-0075")
    found = card_list(assigned.head(1), one, number=1, prefecture="東京都")
    from kansho.mailing.barcode import bars_of, symbols_of

    assert found["bars"].iloc[0] == bars_of(symbols_of("1020075", "5-2"))


@pytest.mark.parametrize("code", ["130-0002", "999-9999"])  # another town's, nobody's
def test_a_code_that_is_not_the_towns_is_not_printed_or_has_no_bars(
    code: str, people: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    assigned, roster = people
    one = roster.head(2).assign(address="墨田区吾妻橋1丁目2番3号", postal_code=[code, "130-0001"])
    made = {
        rule: card_list(assigned.head(2), one, number=1, prefecture="東京都", postal=rule).set_index("postal_code")
        for rule in ("refuse", "without_barcode", "any")
    }
    assert list(made["refuse"].loc[[code, "130-0001"], "reason"]) == ["postal", ""]
    assert pd.isna(made["refuse"].loc[code, "bars"])
    assert made["without_barcode"]["printable"].all()
    assert list(made["without_barcode"].loc[[code, "130-0001"], "bars"].isna()) == [True, False]
    assert made["any"]["bars"].notna().all()


def test_long_lines_are_set_smaller_together_and_never_below_the_least(
    drawn: dict[str, bytes], people: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    plain = cards_of(card_list(*people, number=1, prefecture="東京都").head(1))[0]
    cards = [
        plain,
        replace(plain, name="長" * 22, address=("長" * 26, "短い")),
        replace(plain, name="Alexandria Montgomery"),
    ]
    pdf = render_shard(cards, drawn["loss_frame"])
    assert not +faults(pdf, cards)
    sizes = [sizes_of(pdf, 2 * n) for n in range(3)]
    assert sizes[0] == {"見": 15, "墨": 10}
    assert sizes[1] == {"長": 9, "短": 8.5}
    assert sizes[2]["A"] > 10


def sizes_of(pdf: bytes, page: int) -> dict[str, float]:
    """Type size of some characters of a card."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        letters = list(Side(document[page], "outer").letters())
    finally:
        document.close()
    right = [one for one in letters if one.box[0] > 103 * POINT and one.box[1] > 90 * POINT]
    return {one.char: round(one.size, 2) for one in right if one.char in "見墨長短A"}


def test_a_person_listed_twice_is_refused_without_being_named(people: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    assigned, roster = people
    with pytest.raises(KanshoError, match="MAILING-TWICE") as refused:
        card_list(pd.concat([assigned, assigned.head(1)]), roster, number=1, prefecture="東京都")
    assert assigned["inquiry_number"].iloc[0] not in str(refused.value)


def test_a_person_missing_from_the_roster_is_not_printed_as_something_else(
    people: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    assigned, roster = people
    cards = card_list(assigned, roster.tail(10), number=1, prefecture="東京都")
    assert list(cards.loc[~cards["printable"], "reason"]).count("incomplete") == 20


@pytest.mark.parametrize("name", DESIGNS)
def test_every_card_reads_back_what_was_set(
    name: str, sample: CampaignConfig, people: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    cards = card_list(*people, number=1, prefecture="東京都")
    wanted = cards_of(cards[cards["printable"]])
    wanted.append(replace(wanted[0], name="葛\U000e0100木 𠮟子", address=("辻\U000e0100町1番2号",)))
    wanted.append(replace(wanted[0], name="𠮷田 邉\U000e010f子", address=("葛\U000e0102飾町1番2号",)))
    # A hyphen at a line's end, before a letter, is what a reader of PDF takes for a word that goes on.
    wanted.append(replace(wanted[0], name="A-", address=("葛飾町1番2-", "Sample-", "Tower-")))
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
    cards = card_list(assigned, roster, number=1, prefecture="東京都", own=registered.glyphs)
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


@pytest.fixture(scope="module")
def drawn(sample: CampaignConfig) -> dict[str, bytes]:
    """Both sides of every design."""
    return {name: background(load(name), sample) for name in DESIGNS}


def test_nobody_tells_from_outside_which_design_is_within(drawn: dict[str, bytes]) -> None:
    outsides = {picture(pdf, 0).tobytes() for pdf in drawn.values()}
    insides = {picture(pdf, 1).tobytes() for pdf in drawn.values()}
    assert len(outsides) == 1
    assert len(insides) == len(DESIGNS)


@pytest.mark.parametrize("name", DESIGNS)
def test_the_sealed_card_shows_nothing_of_what_is_within(
    name: str, drawn: dict[str, bytes], people: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    """Folded and glued one sees the outer side, and of the inner side what a fold lets out that is off by 2 mm."""
    (card,) = cards_of(card_list(*people, number=1, prefecture="東京都").head(1))
    pdf = render_shard([card], drawn[name])
    outer, inner = picture(pdf, 0), picture(pdf, 1)
    millimetre = 8
    bleed, off = 3 * millimetre, 2 * millimetre
    sheet = inner[bleed:-bleed, bleed:-bleed]
    # With the fold off by 2 mm one leaf stands out by 4 mm in all, half of it beyond the other's own clear edge.
    for edge in (sheet[:off], sheet[-off:], sheet[:, :off], sheet[:, -off:]):
        assert edge.min() == 255
    assert inner.shape == outer.shape
    with sides(pdf) as (outside, inside):
        said = {line for line in inside.lines if len(line) > 4 and not line.startswith(("03-", "お問い合わせ"))}
        assert said
        assert not [line for line in said if line in outside.text]
        assert not [word for word in FORBIDDEN_OUTSIDE if word in outside.text]
        assert outside.text.replace(expected_text(card), "") != outside.text


@pytest.mark.parametrize("name", DESIGNS)
def test_every_printed_card_says_what_it_must(name: str, sample: CampaignConfig, drawn: dict[str, bytes]) -> None:
    design, ward = load(name), sample.ward
    with sides(drawn[name]) as (outside, inside):
        for one in elements.inside(design.manifest, design.text("cost"), sample, sample.waves.mailings[0].select_on):
            assert unicodedata.normalize("NFKC", one.text).replace(" ", "") in inside.text, one.name
        for clinic in ward.clinics:
            assert clinic.phone in inside.text
        for text in ("郵便はがき", "料金後納郵便", ward.sender.address, ward.sender.postal_code):
            assert text in outside.text
        assert "1月31日まで" in inside.text or "cancer" not in name  # 胃内視鏡 ends before the rest
        # the numbers that book are larger than the one that only answers
        size = {text: size_of(inside, text) for text in (ward.phone, *(c.phone for c in ward.clinics))}
        assert min(size[c.phone] for c in ward.clinics) > size[ward.phone] > 9.5


def size_of(side: Side, text: str) -> float:
    """The greatest size in which a text is set."""
    letters = list(side.letters())
    said = "".join(one.char for one in letters)
    return max(letters[at].size for at in range(len(said)) if said.startswith(text, at))


def test_a_card_names_only_the_screenings_of_its_readers_sex(drawn: dict[str, bytes]) -> None:
    said = {}
    for name in ("cancer_women", "cancer_men", "cancer_set"):
        with sides(drawn[name]) as (_, inside):
            said[name] = {kind for kind in ("胃がん", "乳がん", "子宮頸がん", "前立腺がん") if kind in inside.text}
    assert said == {
        "cancer_women": {"胃がん", "乳がん", "子宮頸がん"},
        "cancer_men": {"胃がん", "前立腺がん"},
        "cancer_set": {"胃がん"},
    }


def test_two_ways_of_one_screening_are_one_on_the_card_and_ages_are_told(sample: CampaignConfig) -> None:
    table = list(sample.targeting.screenings)
    camera = {"code": "02", "name": "胃がん（内視鏡）", "min_age": 50}
    table.insert(1, table[0].model_copy(update=camera))
    table[2] = table[2].model_copy(update={"max_age": 69})
    targeting = sample.targeting.model_copy(update={"screenings": tuple(table)})
    told = dict(elements.screenings(load("cancer_men").manifest, sample.model_copy(update={"targeting": targeting})))
    assert list(told) == ["胃がん", "大腸がん", "肺がん", "前立腺がん"]
    assert (told["胃がん"], told["大腸がん"]) == ("40歳から", "40歳から69歳")


def test_everybody_of_a_merged_segment_gets_the_design_of_their_sex(people: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    assigned, roster = (frame.head(3) for frame in people)
    cards = card_list(
        assigned.assign(design="cancer_set"),
        roster.assign(sex=["1", "2", None]),
        number=1,
        prefecture="東京都",
    )
    assert sorted(cards["design"]) == ["cancer_men", "cancer_set", "cancer_women"]
    assert list(cards["design"]) == sorted(cards["design"])


def test_black_is_one_ink_and_the_cut_is_told(
    drawn: dict[str, bytes], people: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    cards = cards_of(card_list(*people, number=1, prefecture="東京都").head(3))
    with pikepdf.open(io.BytesIO(render_shard(cards, drawn["loss_frame"]))) as pdf:
        for page in pdf.pages:
            trim = [float(side) / POINT for side in page.trimbox]
            assert trim == pytest.approx([3, 3, 203, 151], abs=0.01)
            media = [float(side) / POINT for side in page.mediabox]
            assert media == pytest.approx([0, 0, 206, 154], abs=0.01)
            assert page.bleedbox == page.mediabox
        inks = [
            (str(shown.operator), tuple(map(float, shown.operands)))
            for stream in [pdf.pages[0], *(o for o in pdf.objects if str(is_form(o)) == "/Form")]
            for shown in pikepdf.parse_content_stream(stream)
            if str(shown.operator) in ("rg", "RG", "g", "G", "k", "K")
        ]
    assert {operator for operator, _ in inks} == {"g", "k", "K"}
    assert {ink for operator, ink in inks if operator == "g"} == {(0.0,)}
    coloured = [ink for operator, ink in inks if operator != "g" and any(ink[:3])]
    assert coloured
    assert all(min(ink[:3]) == 0 for ink in coloured)  # no grey of three inks
    assert (0.0, 0.0, 0.0, 1.0) in {ink for _, ink in inks}


def is_form(found: object) -> object:
    return found.get("/Subtype", "") if isinstance(found, pikepdf.Stream) else ""


def picture(pdf: bytes, page: int) -> np.ndarray:
    """A page at eight dots a millimetre."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return np.asarray(document[page].render(scale=8 / POINT).to_numpy())
    finally:
        document.close()


def test_the_outer_side_says_what_the_ward_allows_and_nothing_about_health(
    sample: CampaignConfig, drawn: dict[str, bytes]
) -> None:
    outside = outer_text(drawn["loss_frame"])
    assert sample.ward.allowed_outer_sentence in outside
    assert not [word for word in FORBIDDEN_OUTSIDE if word in outside]
    assert sample.ward.department not in outside


def test_a_forbidden_word_outside_is_refused(sample: CampaignConfig) -> None:
    sender = sample.ward.sender.model_copy(update={"address": "がん検診区1丁目"})
    ward = sample.ward.model_copy(update={"sender": sender})
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
    at = '<div class="face">'

    def spoiled(spot: str) -> Callable[..., tuple[str, str]]:
        def made(*args: Any, **kept: Any) -> tuple[str, str]:
            outer, inner = real(*args, **kept)
            return outer.replace(at, at + spot), inner

        return made

    for left, top in ((60, 33), (70, 133), (13, 66)):  # address, mark, below the bars
        spot = f'<div style="left:{left}mm;top:{top}mm;width:2mm;height:1mm;background:#000"></div>'
        monkeypatch.setattr(designs, "faces_html", spoiled(spot))
        with pytest.raises(KanshoError, match="DESIGN-COVERED"):
            background(load("loss_frame"), sample)
    monkeypatch.undo()
    background(load("loss_frame"), sample)


def test_the_card_names_the_day_of_its_facts(sample: CampaignConfig) -> None:
    second = sample.waves.mailings[1].select_on
    assert f"{second.month}月{second.day}日現在" in faces_html(load("loss_frame"), sample, as_of=second)[1]
    assert digest(load("loss_frame"), sample, as_of=second) != digest(
        load("loss_frame"), sample, as_of=date(2026, 6, 10)
    )


def test_an_unknown_design_says_where_to_put_it() -> None:
    with pytest.raises(KanshoError, match="include/designs"):
        load("nothing")


GOOD = {"printable": 5, "withdrawn": 1, "reprinted": 1, "printed": 5, "pulled": 1, "spoiled": 1, "posted": 3}
SERIALS = pd.Series(["a", "b", "c", "d", "e"])


def test_a_report_that_reconciles_is_taken() -> None:
    check_report(GOOD, SERIALS, ["a", "b", "c"], ["d"], ["e"])


@pytest.mark.parametrize(
    ("change", "posted", "withdrawn", "code"),
    [
        ({"printed": 6}, ["a", "b", "c"], ["d"], "PRINT-COUNT"),
        ({"printable": 4}, ["a", "b", "c"], ["d"], "PRINT-COUNT"),
        ({"posted": 4}, ["a", "b", "c"], ["d"], "PRINT-COUNT"),
        ({}, ["a", "b"], ["d"], "PRINT-COUNT"),
        ({}, ["a", "b", "c"], [], "PRINT-COUNT"),
        # a printed card that was pulled, told as one that was never printed: nobody would keep it
        ({"withdrawn": 2, "printed": 4, "pulled": 0}, ["a", "b", "c"], ["d"], "PRINT-COUNT"),
        ({}, ["a", "b", "x"], ["d"], "PRINT-SERIAL"),
        ({}, ["a", "b", "b"], ["d"], "PRINT-SERIAL"),
        ({}, ["a", "b", "d"], ["d"], "PRINT-SERIAL"),
    ],
)
def test_a_report_that_does_not_is_refused(
    change: dict[str, int], posted: list[str], withdrawn: list[str], code: str
) -> None:
    with pytest.raises(KanshoError, match=code):
        check_report({**GOOD, **change}, SERIALS, posted, withdrawn, ["e"])
