"""Rules as people read them: the command explains, the reference page is what the catalogue gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from kansho.cli import main
from kansho.quality import reference
from kansho.quality.catalogue import catalogue, kinds


def test_the_reference_page_is_what_the_catalogue_gives() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.rules_page()
    assert main(["quality", "docs", "--check"]) == 0


def test_a_page_that_differs_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "rules.md"
    monkeypatch.setattr(reference, "PAGE", page)
    assert main(["quality", "docs", "--check"]) == 1
    page.write_text("old", encoding="utf-8")
    assert main(["quality", "docs", "--check"]) == 1
    assert "規則の一覧と違います" in capsys.readouterr().out
    assert main(["quality", "docs", "--write"]) == 0
    assert main(["quality", "docs", "--check"]) == 0


def test_every_rule_stands_on_the_page_with_its_remedy() -> None:
    text = reference.rules_page()
    for kind in kinds():
        assert f"`{kind}`" in text
        for rule in catalogue()[kind].values():
            assert f"| `{rule.id}` |" in text
            assert rule.remedy.replace("|", "\\|") in text


def test_a_rule_is_explained_for_every_contract_that_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quality", "explain", "number.known"]) == 0
    told = capsys.readouterr().out
    assert "analysis_items/number.known" in told
    assert "attendance_update/number.known" in told
    assert "対象者一覧にないお問い合わせ番号です" in told
    assert "隔離（該当の行だけを分けて保管し、残りを受け入れます）" in told


def test_a_rule_is_explained_as_a_ward_tuned_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.conftest import MINI

    tuned = tmp_path / "tuned.yaml"
    rules = "rules: [{rule: target_list/phone.valid, severity: hold, threshold: 0.4, owner: ward_officer}]"
    tuned.write_text(MINI.read_text(encoding="utf-8") + rules + "\n", encoding="utf-8")
    assert main(["quality", "explain", "target_list/phone.valid", "--config", str(tuned)]) == 0
    told = capsys.readouterr().out
    assert "保留" in told
    assert "0.4" in told
    assert "区 担当者" in told
    assert main(["config", "check", str(tuned)]) == 0


@pytest.mark.parametrize("name", ["no.rule", "stop_list/phone.valid", "no_kind/phone.valid"])
def test_an_unknown_rule_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quality", "explain", name]) == 1
    assert "RULE-UNKNOWN" in capsys.readouterr().err


def test_a_campaign_file_that_tunes_an_unknown_rule_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.conftest import MINI

    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MINI.read_text(encoding="utf-8") + "rules: [{rule: phone.vaild}]\n", encoding="utf-8")
    assert main(["config", "check", str(wrong)]) == 1
    assert "RULE-UNKNOWN" in capsys.readouterr().err
