"""The page of codes is what the source raises: found without running it, with its words and what it leaves behind."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kansho.cli import main
from kansho.errors import KanshoError
from kansho.reference import pages
from kansho.reference.left_behind import FAMILIES, MEANINGS, family
from kansho.reference.raised import ROOT, SOURCES, raised

_CODE = re.compile(r"``([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)``")


@pytest.fixture(scope="module")
def codes() -> dict[str, set[str]]:
    return {code: one.messages for code, one in raised().items()}


def _source(tmp_path: Path, text: str) -> Path:
    for source in SOURCES:
        (tmp_path / source).mkdir(parents=True)
    (tmp_path / SOURCES[0] / "example.py").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_page_is_what_the_source_raises() -> None:
    assert pages.PAGE.read_text(encoding="utf-8") == pages.render()
    assert main(["codes", "docs", "--check"]) == 0


def test_a_page_that_differs_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "codes.md"
    monkeypatch.setattr(pages.check_page, "__defaults__", (page,))
    monkeypatch.setattr(pages.write_page, "__defaults__", (page,))
    assert main(["codes", "docs", "--check"]) == 1
    assert "CODES-DOCS" in capsys.readouterr().err
    assert main(["codes", "docs", "--write"]) == 0
    assert main(["codes", "docs", "--check"]) == 0
    page.write_text(page.read_text(encoding="utf-8").replace("INTAKE-ZEROS", "INTAKE-NOUGHTS"), encoding="utf-8")
    assert main(["codes", "docs", "--check"]) == 1


def test_every_code_a_docstring_promises_is_found(codes: dict[str, set[str]]) -> None:
    """A second way to the same codes: what functions say that they raise."""
    promised = set()
    for path in (p for source in SOURCES for p in (ROOT / source).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                text = ast.get_docstring(node) or ""
                promised |= set(_CODE.findall(text.partition("Raises:")[2]))
    assert len(promised) > 100
    assert promised <= set(codes)


def test_every_code_has_a_meaning(codes: dict[str, set[str]]) -> None:
    assert sorted(code for code, messages in codes.items() if not messages) == sorted(MEANINGS)


def test_whatever_the_ward_or_a_person_can_put_right_says_how() -> None:
    told = {code: one.remedies for code, one in raised().items()}
    asked = [code for code in told if code.startswith(("INTAKE-", "STOP-", "CHECK-", "EXCEPTION-", "RULE-", "GAIJI-"))]
    assert len(asked) > 30
    assert not [code for code in asked if not told[code]]


def test_every_code_belongs_to_a_family_and_no_family_is_idle(codes: dict[str, set[str]]) -> None:
    used = {family(code).title for code in codes}
    assert used == {one.title for one in FAMILIES}
    beginnings = [b for one in FAMILIES for b in one.beginnings]
    assert len(beginnings) == len(set(beginnings))
    assert not [b for b in beginnings if not any(code.startswith(b) for code in codes)]


def test_a_new_kind_of_refusal_must_be_thought_through() -> None:
    with pytest.raises(KanshoError, match="CODES-FAMILY"):
        family("BRAND-NEW")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('raise KanshoError("A-B", "text", remedy="do")', {"A-B": ({"text"}, {"do"})}),
        ('raise KanshoError("A-B", f"{n} rows", remedy="do")', {"A-B": ({"… rows"}, {"do"})}),
        ('raise KanshoError(code="A-B", message="x" if n else "y")', {"A-B": ({"x", "y"}, set())}),
        ('_AGAIN = "again"\nraise KanshoError("A-B", "text", remedy=_AGAIN)', {"A-B": ({"text"}, {"again"})}),
        (
            'def _made(why, do="do"):\n    return KanshoError("A-B", f"bad ({why})", remedy=do)\n'
            '_made("one")\n_made("two", "other")',
            {"A-B": ({"bad (one)", "bad (two)"}, {"do", "other"})},
        ),
        (
            'def _fail(what):\n    return KanshoError(f"A-{what.upper()}", "text")\n_fail("read")\n_fail("list")',
            {"A-READ": ({"text"}, set()), "A-LIST": ({"text"}, set())},
        ),
        (
            'def f():\n    for code, m in (("A-B", "one"), ("A-C", "two")):\n        raise KanshoError(code, m)',
            {"A-B": ({"one"}, set()), "A-C": ({"two"}, set())},
        ),
    ],
)
def test_a_code_is_found_however_it_is_raised(
    tmp_path: Path, text: str, expected: dict[str, tuple[set[str], set[str]]]
) -> None:
    found = raised(_source(tmp_path, text))
    assert {code: (one.messages, one.remedies) for code, one in found.items()} == expected


def test_a_code_that_cannot_be_read_from_the_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        raised(_source(tmp_path, "def f(code):\n    raise KanshoError(code, 'text')"))
