"""Every threat names who, how, what stops it, and a test that is there; of a table of cases, which."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest

from tests.conftest import REPOSITORY
from tests.unit.test_attacks import BESIDE, MISDEEDS
from tests.unit.test_certified import NOT_DONE, UNLAWFUL
from tests.unit.test_rule_edges import EDGES

PAGE = REPOSITORY / "docs" / "explanation" / "threats.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`(?: \(([^)]*)\))?")
#: Tests that play a whole table: a row names its own case of it.
TABLES: dict[str, Collection[str]] = {
    "test_a_misdeed_that_is_properly_signed_is_told_exactly": MISDEEDS,
    "test_what_shows_beside_the_wards_own_is_told_exactly": BESIDE,
    "test_nothing_is_certified_while": NOT_DONE,
    "test_the_verifier_refuses_a_certification_where": UNLAWFUL,
    "test_what_a_rule_says_at_its_edge": EDGES,
}


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}: {row[1]}"[:80])
def test_a_threat_is_told_whole_and_its_test_exists(row: list[str]) -> None:
    assert len(row) == 4
    assert all(row)
    named = _TEST.findall(row[3])
    assert named
    for path, test, told in named:
        cases = re.findall(r'"([^"]*)"', told)
        assert bool(cases) == (test in TABLES), test
        assert set(cases) <= set(TABLES.get(test, ())), cases
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        wanted = rf"^def {test}\(" if test else "^def test_"
        assert re.search(wanted, text, re.MULTILINE), (path, test)


def test_what_nothing_stops_is_said() -> None:
    assert sum("**nothing" in row[2] for row in rows()) >= 3
