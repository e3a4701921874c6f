"""What the documentation names is there: code and tests of the privacy invariants, words of the glossary, links."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
INVARIANTS = DOCS / "explanation" / "privacy-invariants.md"
GLOSSARY = DOCS / "reference" / "glossary.md"
DECISIONS = DOCS / "decisions"
CODE = (REPOSITORY / "include" / "kansho", REPOSITORY / "plugins")
_NAMED = re.compile(r"`([\w/]+\.py)(?:: ([\w.]+)|::(\w+))?`")


def rows(page: Path) -> list[list[str]]:
    """Cells of every table row of a page; a row whose next one is a rule of dashes is a heading and left out."""
    lines = page.read_text(encoding="utf-8").splitlines()
    tables = [(line, after) for line, after in zip(lines, [*lines[1:], ""], strict=True) if line.startswith("|")]
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line, after in tables
        if not line.startswith("| -") and not after.startswith("| -")
    ]
    assert cells
    return cells


def invariants() -> list[list[str]]:
    return [row for row in rows(INVARIANTS) if row[0].isdigit()]


def found(path: str) -> Path | None:
    return next((root / path for root in (*CODE, REPOSITORY) if (root / path).is_file()), None)


@pytest.mark.parametrize("row", invariants(), ids=lambda row: row[0])
def test_an_invariant_names_code_and_tests_that_exist(row: list[str]) -> None:
    _, _, upheld, proven = row
    code = _NAMED.findall(upheld)
    tests = [t for t in _NAMED.findall(proven) if t[0].startswith("tests/")]
    assert code, "no code"
    assert tests, "no test"
    for path, inside, _ in code:
        where = found(path)
        assert where is not None, path
        for part in inside.split("."):
            assert re.search(rf"\b{part}\b", where.read_text(encoding="utf-8")), (path, inside)
    for path, _, test in tests:
        where = found(path)
        assert where is not None, path
        assert re.search(rf"^def {test or 'test_'}", where.read_text(encoding="utf-8"), re.MULTILINE), (path, test)


def test_invariants_are_numbered_without_a_gap() -> None:
    assert [int(row[0]) for row in invariants()] == list(range(1, len(invariants()) + 1))
    assert len(invariants()) >= 29


@lru_cache(maxsize=1)
def source() -> str:
    """Everything that could hold an identifier: code, campaign files, DAGs."""
    suffixes = {".py", ".yaml", ".html"}
    roots = (*CODE, REPOSITORY / "dags", REPOSITORY / "include")
    files = {f for root in roots for f in root.rglob("*") if f.suffix in suffixes}
    return "\n".join(f.read_text(encoding="utf-8") for f in sorted(files))


@pytest.mark.parametrize("row", rows(GLOSSARY), ids=lambda row: row[0])
def test_a_word_of_the_glossary_has_identifiers_that_exist(row: list[str]) -> None:
    assert len(row) == 3
    assert row[2], "no source"
    identifiers = re.findall(r"`([^`]+)`", row[1])
    assert identifiers
    for identifier in identifiers:
        for part in re.split(r"[.:]\s*|\s", identifier):
            if part:
                assert re.search(rf"(?<!\w){re.escape(part)}(?!\w)", source()), (row[0], part)


def test_no_word_stands_in_the_glossary_twice() -> None:
    words = [row[0] for row in rows(GLOSSARY)]
    assert len(words) == len(set(words))


def test_decisions_are_numbered_without_a_gap_and_all_listed() -> None:
    pages = sorted(p.name for p in DECISIONS.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    listed = re.findall(
        r"^\| \[(\d{4})\]\(([^)]+)\)", (DECISIONS / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [name for _, name in listed] == pages
    assert all(name.startswith(number) for number, name in listed)
    for name in pages:
        text = (DECISIONS / name).read_text(encoding="utf-8")
        assert text.startswith(f"# {name[:4]} ")


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[=<>\[]", name)[0].lower() for name in project["dependencies"]}
    named = {n.lower() for row in rows(DECISIONS / "0008-dependencies.md") for n in re.split(r",\s*", row[0])}
    short = {"apache-airflow-providers-fab": "providers-fab", "apache-airflow-providers-standard": "providers-standard"}
    assert {short.get(name, name) for name in wanted} <= named


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*DOCS.rglob("*.md"), REPOSITORY / "README.md"]:
        for target in re.findall(r"\]\(([^)#\s:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_every_page_is_reached_from_the_index() -> None:
    """By links from docs/README.md, however many steps away."""
    seen: set[Path] = set()
    todo = [DOCS / "README.md"]
    while todo:
        page = todo.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#\s:]+)\)", page.read_text(encoding="utf-8"))
        todo += [page.parent / link for link in links]
    assert {p.resolve() for p in DOCS.rglob("*.md")} <= seen
