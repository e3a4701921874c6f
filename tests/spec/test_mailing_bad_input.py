"""Every way in which a mailing's input can be wrong, with the code that it gets: a design, a segment, an address."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.contracts.ward_designs import check_designs
from kansho.errors import KanshoError
from kansho.mailing import designs
from kansho.mailing.addresses import layout
from kansho.mailing.barcode import describe
from tests.conftest import SAMPLE

LONG = "とても長い文面です。" * 120

#: What a designer did → code, and where.
BAD_DESIGNS: list[tuple[str, Callable[[dict[str, Any]], None] | None, str | None, str]] = [
    ("a field that the manifest does not have", lambda m: m.update(colour="red"), None, r"DESIGN-MANIFEST.*colour"),
    ("a field of the manifest is missing", lambda m: m.pop("action"), None, r"DESIGN-MANIFEST.*action"),
    ("the template names an unknown field", None, "{{ colour }}", r"DESIGN-TEMPLATE.*colour"),
    ("a tag that is not closed", None, "{% if ward %}", r"DESIGN-TEMPLATE.*card\.html\.j2:\d"),
    ("a partial that is not there", None, "{% include 'none.j2' %}", r"DESIGN-TEMPLATE.*none"),
    ("a text longer than its page", lambda m: m.update(lead=LONG), None, "DESIGN-OVERFLOW"),
    ("a right page that runs into its foot", lambda m: m.update(bring="長い持ち物。" * 20), None, "DESIGN-OVERFLOW"),
    ("a text at the very edge", None, "<style>.lead{margin-left:-9mm}</style>", "DESIGN-OVERFLOW"),
    ("another font", None, "<p style='font-family:\"DejaVu Sans\"'>abc</p>", "DESIGN-FONT.*DejaVu Sans"),
    ("a character that only another font has", lambda m: m.update(lead="健診😀"), None, "DESIGN-FONT|DESIGN-GLYPH"),
    ("a character that no font has", lambda m: m.update(lead="健診\U00012000"), None, "DESIGN-GLYPH.* 1 字"),
    ("something where the address goes", None,
     "<style>.open{top:35mm !important;background:#000}</style>", "DESIGN-COVERED.*左14mm 上"),
    ("a word about health outside", None, "<style>.open::after{content:'健診'}</style>", "DESIGN-OUTSIDE.*健診"),
    ("another form of card", lambda m: m["faces"]["inner"].update(size_mm=[210, 148]), None, "DESIGN-SIZE"),
    ("a face that the card does not have", lambda m: m["faces"].update(back={}), None, "DESIGN-MANIFEST.*faces.back"),
    ("a variable field that nobody lays", lambda m: m["faces"]["outer"]["variable"].append("age"), None,
     "DESIGN-MANIFEST.*faces.outer.variable"),
    ("a variable field forgotten", lambda m: m["faces"]["outer"]["variable"].remove("serial"), None, "DESIGN-VARIABLE"),
    ("a variable field inside", lambda m: m["faces"]["inner"].update(variable=["name"]), None, "DESIGN-VARIABLE"),
    ("a card of another size", None, "<style>@page outer{size:105mm 148mm}</style>", "DESIGN-SIZE"),
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


def test_the_sample_s_designs_are_printable_and_the_command_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["design", "check", "--config", str(SAMPLE)]) == 0
    assert capsys.readouterr().out.count("印刷できます") == 6
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
    check_designs(sample.model_copy(update={"targeting": bare.model_copy(update={"segments": same})}))


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
        ("160-0001", "新宿区見本1丁目1番1号", None, "\ue000本　花子", "gaiji"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "見\ufffd　花子", "character"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "𠮷本　花子", "glyph"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "邊\U000e0101　花子", "glyph"),
        ("160-0001", "新宿区見本1丁目1番1号", "あ" * 60, "見本　花子", "address_long"),
        ("160-0001", "新宿区見本1丁目1番1号", None, "見本" * 7, "name_long"),
    ],
)
def test_an_address_that_cannot_be_printed_has_a_reason(
    postal: str, address: str, extra: str | None, name: str, reason: str
) -> None:
    assert layout(postal, address, extra, name, prefecture="東京都").reason == reason


@pytest.mark.parametrize(("postal", "address"), [("160-0000", "1-2-3"), ("16", "1-2-3"), ("", "1-2-3")])
def test_an_address_that_yields_no_barcode_is_printed_without_one(postal: str, address: str) -> None:
    assert describe(postal, address)["symbols"] == []
