"""Every threat names who, how, what stops it, and a test that is there."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "explanation" / "threats.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}: {row[1]}"[:80])
def test_a_threat_is_told_whole_and_its_test_exists(row: list[str]) -> None:
    assert len(row) == 4
    assert all(row)
    named = _TEST.findall(row[3])
    assert named
    for path, test in named:
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        wanted = rf"^def {test}\(" if test else "^def test_"
        assert re.search(wanted, text, re.MULTILINE), (path, test)


def test_what_nothing_stops_is_said() -> None:
    assert sum("**nothing" in row[2] for row in rows()) >= 3
