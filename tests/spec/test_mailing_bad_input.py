"""Every way in which a mailing's input can be wrong, with the code that it gets: a design, a segment, an address."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import TargetGroup
from kansho.cli import main
from kansho.contracts.ward_designs import check_designs
from kansho.errors import KanshoError
from kansho.mailing import designs
from kansho.mailing.addresses import layout
from kansho.mailing.barcode import describe
from tests.conftest import SAMPLE

LONG = "とても長い文面です。" * 120

#: One dot as a picture.
DOTS = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
#: 健 drawn, not written.
OUTLINE = (
    "<div style='left:80mm;top:123.5mm'><svg width='6mm' viewBox='0 0 9 9'>"
    "<path d='M1 1C3 2 5 2 8 1L4 8z'/></svg></div>"
)
#: Leaves one paragraph of the contact out.
HIDDEN = "<style>.contact p:nth-of-type({}){{display:none}}</style>"

#: What a designer did → code, and where.
BAD_DESIGNS: list[tuple[str, Callable[[dict[str, Any]], None] | None, str | None, str]] = [
    ("a field that the manifest does not have", lambda m: m.update(colour="red"), None, r"DESIGN-MANIFEST.*colour"),
    ("a field of the manifest is missing", lambda m: m.pop("action"), None, r"DESIGN-MANIFEST.*action"),
    ("the template names an unknown field", None, "{{ colour }}", r"DESIGN-TEMPLATE.*colour"),
    ("a tag that is not closed", None, "{% if ward %}", r"DESIGN-TEMPLATE.*card\.html\.j2:\d"),
    ("a partial that is not there", None, "{% include 'none.j2' %}", r"DESIGN-TEMPLATE.*none"),
    ("a text longer than its page", lambda m: m.update(lead=LONG), None, "DESIGN-OVERFLOW"),
    ("a right page that runs into its foot", lambda m: m.update(bring="長い持ち物。" * 20), None, "DESIGN-OVERFLOW"),
    ("a text at the very edge", None, "<style>.lead{margin-left:-5mm}</style>", "DESIGN-OVERFLOW"),
    ("a colour at the edge", None, "<style>.band{margin:-5mm -6mm 0}</style>", "DESIGN-EDGE.*inner"),
    ("a line along the fold", None, "<style>.right{border-left:.3mm solid #bbb}</style>", "DESIGN-EDGE.*inner"),
    ("another font", None, "<p style='font-family:\"DejaVu Sans\"'>abc</p>", "DESIGN-FONT.*DejaVu Sans"),
    ("a character that only another font has", lambda m: m.update(lead="健診😀"), None, "DESIGN-FONT|DESIGN-GLYPH"),
    ("a character that no font has", lambda m: m.update(lead="健診\U00012000"), None, "DESIGN-GLYPH.* 1 字"),
    ("type too small for the old", None, "<style>.contact{font-size:8.5pt}</style>",
     r"DESIGN-SMALL.*8\.5.*お問い合わせ"),
    ("a reading too small", None, "<style>.rt{font-size:4pt}</style>", r"DESIGN-SMALL.*4\.0.*とくてい"),
    ("type that hardly stands out", None, "<style>.lead{color:#999}</style>", "DESIGN-CONTRAST"),
    ("type that does not stand out at all", None, "<style>.contact{color:#fff}</style>", r"DESIGN-CONTRAST.*1\.0"),
    ("type under something", None,
     "<i style='position:absolute;left:6mm;top:38mm;width:60mm;height:5mm;background:#000'></i>", "DESIGN-CONTRAST"),
    ("something that is seen through", None, "<p style='opacity:.5'>あ</p>", "DESIGN-INK.*透過"),
    ("a picture of dots", None, f"<img src='{DOTS}'>", "DESIGN-INK.*画像"),
    ("a shade", None, "<p style='background:linear-gradient(#000,#fff)'>あ</p>", "DESIGN-INK"),
    ("a phrase that a line breaks", lambda m: m.update(lead="ながいながいながいながいながいながいながいながい/" * 2),
     "<style>.k{display:inline}</style>", "DESIGN-LINE.*ながい"),
    ("a reading that is not closed", lambda m: m.update(lead="｜特定健診《とくてい"), None, r"DESIGN-MANIFEST.*lead"),
    ("a reading in kanji", lambda m: m["points"].append("｜特定健診《特定》"), None, r"DESIGN-MANIFEST.*points\.4"),
    ("a design without how to stop", None, HIDDEN.format(3), "DESIGN-ELEMENT.*停止の申し出方"),
    ("a design without the sentence for who attended", None, HIDDEN.format(2), "DESIGN-ELEMENT.*行き違いの一文"),
    ("a design without its period", None, "<style>.facts{display:none}</style>", "DESIGN-ELEMENT.*期間.*費用"),
    ("a design without the ward's page", None, "<style>.qr img{visibility:hidden}</style>", "DESIGN-ELEMENT.*QR"),
    ("the ward's page half under something", None,
     "<i style='position:absolute;z-index:9;left:180mm;top:100mm;width:6mm;height:18mm;background:#fff'></i>",
     "DESIGN-ELEMENT.*QR"),
    ("a design without the numbers to book", None, "<style>.action{display:none}</style>",
     "DESIGN-ELEMENT.*予約先の医療機関.*予約の電話番号"),
    ("another form of card", lambda m: m["faces"]["inner"].update(size_mm=[210, 148]), None, "DESIGN-SIZE"),
    ("a face that the card does not have", lambda m: m["faces"].update(back={}), None, "DESIGN-MANIFEST.*faces.back"),
    ("a variable field that nobody lays", lambda m: m["faces"]["outer"]["variable"].append("age"), None,
     "DESIGN-MANIFEST.*faces.outer.variable"),
    ("a variable field forgotten", lambda m: m["faces"]["outer"]["variable"].remove("serial"), None, "DESIGN-VARIABLE"),
    ("a variable field inside", lambda m: m["faces"]["inner"].update(variable=["name"]), None, "DESIGN-VARIABLE"),
    ("a card of another size", None, "<style>@page{size:210mm 148mm}</style>", "DESIGN-SIZE"),
    ("a card without bleed", None, "<style>@page{bleed:0}</style>", "DESIGN-SIZE"),
    ("panels in another order", lambda m: m["faces"]["outer"].update(panels=["address", "outer_back"]), None,
     "DESIGN-VARIABLE"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the designs, for a designer to spoil."""
    copied = tmp_path / "designs"
    shutil.copytree(designs.FOLDER, copied)
    monkeypatch.setattr(designs, "FOLDER", copied)
    return copied


@pytest.mark.parametrize(
    ("manifest", "template", "said"), [row[1:] for row in BAD_DESIGNS], ids=[r[0] for r in BAD_DESIGNS]
)
def test_a_design_that_cannot_be_printed_is_refused_by_name(
    sample: CampaignConfig,
    folder: Path,
    manifest: Callable[[dict[str, Any]], None] | None,
    template: str | None,
    said: str,
) -> None:
    path = folder / "three_steps" / "manifest.yaml"
    texts = yaml.safe_load(path.read_text(encoding="utf-8"))
    if manifest is not None:
        manifest(texts)
        path.write_text(yaml.safe_dump(texts, allow_unicode=True), encoding="utf-8")
    if template is not None:
        card = folder / "three_steps" / "card.html.j2"
        block = "{% block picture %}" + template
        text = card.read_text(encoding="utf-8")
        assert "{% block picture %}" in text
        card.write_text(text.replace("{% block picture %}", block), encoding="utf-8")
    with pytest.raises(KanshoError, match=said):
        designs.background(designs.load("three_steps"), sample)


def test_a_template_that_does_not_extend_the_base_must_say_everything_all_the_same(
    sample: CampaignConfig, folder: Path
) -> None:
    page = "<style>@page{size:200mm 148mm;bleed:3mm} p{font:12pt 'Noto Sans CJK JP'}</style><p>健診へ</p>"
    (folder / "three_steps" / "card.html.j2").write_text(page, encoding="utf-8")
    with pytest.raises(KanshoError, match="DESIGN-ELEMENT") as refused:
        designs.background(designs.load("three_steps"), sample)
    for name in ("予約先", "予約の電話番号", "期間", "費用", "問い合わせの電話番号", "行き違い", "停止"):
        assert name in str(refused.value)


def test_a_ward_that_names_no_place_to_book_has_no_card(sample: CampaignConfig) -> None:
    ward = sample.ward.model_copy(update={"clinics": ()})
    with pytest.raises(KanshoError, match=r"DESIGN-ELEMENT.*ward\.clinics"):
        designs.background(designs.load("three_steps"), sample.model_copy(update={"ward": ward}))


#: What somebody did to the outer side → code, and what is told.
BAD_OUTSIDES: list[tuple[str, str, str, str]] = [
    ("something where the address goes", ".open { top: 97.5mm", ".open { background: #000; top: 35mm",
     "DESIGN-COVERED.*左14mm 上"),
    ("a word about health", "一度開くと、", "健診です。", "DESIGN-OUTSIDE.*健診"),
    ("a word about health in kana", "一度開くと、", "ケンシン。", "DESIGN-OUTSIDE.*けんしん"),
    ("a word in half-width kana", "一度開くと、", "ｶﾞﾝ。", "DESIGN-OUTSIDE.*がん"),
    ("a word in another frame", "一度開くと、", "血圧は？", "DESIGN-OUTSIDE.*血圧"),
    ("the department, which names health", "{{ ward.sender.name }}（", "{{ ward.department }}（",
     "DESIGN-OUTSIDE.*健康"),
    ("a word as an outline", '<div class="card-word">', OUTLINE + '<div class="card-word">',
     "DESIGN-OUTSIDE.*図や輪郭"),
    ("a picture", '<div class="card-word">', f"<img src='{DOTS}'>" + '<div class="card-word">', "DESIGN-INK.*画像"),
    ("no return address", "{{ ward.sender.address }}", "", "DESIGN-ELEMENT.*返戻先"),
    ("no sender", "<b>{{ ward.sender.name }}</b>", "", "DESIGN-ELEMENT.*差出人"),
    ("no word that makes it a postcard", ">郵便はがき</div>", "></div>", "DESIGN-ELEMENT.*郵便はがき"),
    ("a mark of postage too small", "width: 20.6mm; height: 20.6mm", "width: 19mm; height: 19mm", "DESIGN-POSTAGE"),
    ("a mark of postage without frame", "border: .3mm solid #000;", "", "DESIGN-POSTAGE"),
    ("small type", ".sender { top: 107mm; left: 10mm; width: 80mm; font-size: 9pt",
     ".sender { top: 107mm; left: 10mm; width: 80mm; font-size: 7pt", r"DESIGN-SMALL.*7\.0.*差出人"),
    ("a band over the fold", ".notice { top: 73mm; left: 8mm", ".notice { top: 73mm; left: -2mm", "DESIGN-EDGE.*outer"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "said"), [row[1:] for row in BAD_OUTSIDES], ids=[r[0] for r in BAD_OUTSIDES]
)
def test_an_outer_side_that_tells_or_lacks_something_is_refused(
    sample: CampaignConfig, folder: Path, before: str, after: str, said: str
) -> None:
    path = folder / "_shared" / "outer.html.j2"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(KanshoError, match=said):
        designs.background(designs.load("three_steps"), sample)


def test_a_style_that_the_renderer_passes_over_is_told_to_the_designer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "three_steps" / "card.html.j2"
    text = path.read_text(encoding="utf-8")
    style = "{% block picture %}<style>.lead{colr:#000}</style>"
    path.write_text(text.replace("{% block picture %}", style), encoding="utf-8")
    assert main(["design", "check", "three_steps", "--config", str(SAMPLE)]) == 1
    assert "DESIGN-STYLE" in (said := capsys.readouterr().out)
    assert "colr" in said


def test_the_sample_s_designs_are_printable_and_the_command_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["design", "check", "--config", str(SAMPLE)]) == 0
    assert capsys.readouterr().out.count("印刷できます") == 8
    (folder / "cancer_set" / "card.html.j2").write_text("{{ nothing }}", encoding="utf-8")
    assert main(["design", "check", "cancer_set", "--config", str(SAMPLE)]) == 1
    assert "DESIGN-TEMPLATE" in capsys.readouterr().out


def test_a_designer_gets_a_proof_of_invented_addresses(tmp_path: Path) -> None:
    out = tmp_path / "proof.pdf"
    assert main(["design", "proof", "loss_frame", "--config", str(SAMPLE), "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"%PDF")


def test_a_segment_without_a_design_is_refused_before_the_year_opens(sample: CampaignConfig) -> None:
    with pytest.raises(KanshoError, match=r"DESIGN-UNKNOWN.*segments\.flagged no_such"):
        check_designs(_with_design(sample, "flagged", "no_such"))


def test_a_design_chosen_by_a_result_needs_that_item_approved_for_the_printer(sample: CampaignConfig) -> None:
    check_designs(sample)
    bare = sample.targeting.model_copy(update={"designs_may_tell": None})
    with pytest.raises(KanshoError, match=r"DESIGN-TELLS.*flagged result_flag.*never attendance_pattern"):
        check_designs(sample.model_copy(update={"targeting": bare}))
    everyone = bare.segments
    same = tuple(s.model_copy(update={"design": "three_steps"}) for s in everyone)
    alike = sample.model_copy(update={"targeting": bare.model_copy(update={"segments": same})})
    with pytest.raises(KanshoError, match=r"DESIGN-TELLS.*waves\.mailing_2\.groups\.cancer attendance_date"):
        check_designs(alike)
    only = tuple(w.model_copy(update={"groups": (TargetGroup.KENSHIN,)}) for w in sample.waves.mailings)
    waves = sample.waves.model_copy(update={"mailings": only})
    check_designs(alike.model_copy(update={"waves": waves}))


def test_a_design_for_one_sex_is_never_one_that_others_may_get(sample: CampaignConfig, folder: Path) -> None:
    # A segment that is too small joins another: its people would get the other sex's card.
    with pytest.raises(KanshoError, match=r"DESIGN-AUDIENCE.*segments\.cancer_men cancer_women"):
        check_designs(_with_design(sample, "cancer_men", "cancer_women"))
    path = folder / "cancer_set" / "manifest.yaml"
    texts = yaml.safe_load(path.read_text(encoding="utf-8"))
    texts["by_sex"] = {"1": "cancer_women", "2": "no_such"}
    path.write_text(yaml.safe_dump(texts, allow_unicode=True), encoding="utf-8")
    with pytest.raises(KanshoError, match=r"DESIGN-UNKNOWN.*cancer_set\.by_sex\.2 no_such"):
        check_designs(sample, folder)
    texts["by_sex"] = {"1": "cancer_women"}
    path.write_text(yaml.safe_dump(texts, allow_unicode=True), encoding="utf-8")
    with pytest.raises(KanshoError, match=r"DESIGN-AUDIENCE.*cancer_set\.by_sex\.1 cancer_women"):
        check_designs(sample, folder)


def _with_design(config: CampaignConfig, segment: str, design: str) -> CampaignConfig:
    changed = tuple(
        s.model_copy(update={"design": design}) if s.id == segment else s for s in config.targeting.segments
    )
    return config.model_copy(update={"targeting": config.targeting.model_copy(update={"segments": changed})})


@pytest.mark.parametrize(
    ("postal", "address", "extra", "name", "reason"),
    [
        ("", "新宿区見本1丁目1番1号", None, "見本　花子", "incomplete"),
        ("160-0001", "", None, "見本　花子", "incomplete"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "", "incomplete"),
        ("160-0001", "　", None, "見本　花子", "incomplete"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "　", "incomplete"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "\ue000本　花子", "gaiji"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "見\ufffd　花子", "character"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "𠮷本　花子", ""),
        ("160-0001", "新宿区見本1丁目1番1号", None, "邊\U000e0101　花子", "glyph"),
        ("160-0001", "新宿区見本1丁目1番1号", "あ" * 60, "見本　花子", "address_long"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "見本" * 12, "name_long"),
    ],
)
def test_an_address_that_cannot_be_printed_has_a_reason(
    postal: str, address: str, extra: str | None, name: str, reason: str
) -> None:
    assert layout(postal, address, extra, name, prefecture="東京都").reason == reason


@pytest.mark.parametrize(("postal", "address"), [("160-0000", "1-2-3"), ("16", "1-2-3"), ("", "1-2-3")])
def test_an_address_that_yields_no_barcode_is_printed_without_one(postal: str, address: str) -> None:
    assert describe(postal, address)["symbols"] == []


@pytest.mark.parametrize(
    ("measured", "missed"),
    [
        ((150.0, 3000.0, 1000.0, 0), []),
        ((149.9, 3000.0, 1000.0, 0), ["149.9 times"]),
        ((150.0, 3001.0, 1000.0, 0), ["3,001 B"]),
        ((150.0, 3000.0, 1001.0, 1), ["1,001 MB", "1 faults"]),
    ],
)
def test_a_measurement_that_misses_a_limit_is_a_failure(measured: tuple[Any, ...], missed: list[str]) -> None:
    from benchmarks.cards import beyond

    told = beyond(12, *measured)
    assert len(told) == len(missed)
    assert all(what in one for what, one in zip(missed, told, strict=True))


def test_the_pictures_of_the_documentation_are_drawn_by_a_command(tmp_path: Path) -> None:
    from PIL import Image

    assert main(["design", "pictures", "--config", str(SAMPLE), "--out", str(tmp_path)]) == 0
    for name in ("cards.png", "proof.png"):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 1000
