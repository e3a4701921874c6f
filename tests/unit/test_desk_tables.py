"""Staff read Japanese: headings, codes and names of every thing that an approval opens."""

from __future__ import annotations

import ast
import re

import pandas as pd
import pytest

from campaign_desk import words
from campaign_desk.tables import GROUPS, HEADINGS, LEVELS_A, LEVELS_B, REASONS, STATUS, heading, in_words
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import TargetGroup
from kansho.contracts.registry import CALL_LIST, REGISTRY
from kansho.outreach.rosters import LADDER_A, LADDER_B
from kansho.outreach.visits import LIST_COLUMNS
from kansho.quality.gate_words import RESULTS
from kansho.standing import exclusions
from tests.conftest import REPOSITORY

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")

#: Every approval → columns of the table it opens; None for a document in Japanese.  (That a year opens nothing else is
#: told by ``tests/e2e/test_year_without_airflow.py``, which walks every request of one.)
OPENED: dict[str, tuple[str, tuple[str, ...]] | None] = {
    "opening": None,
    "amendment": None,
    "gate": ("gate_summary", ("delivery", "table", "result", "rule", "rows")),
    "plan": None,
    "proof": None,
    "call_list": ("call_list", CALL_LIST.names),
    "visit_list": ("visit_list", LIST_COLUMNS),
    "effect_report": None,
    "incident_report": None,
    "incident_instruction": None,
    "erasure_ward": None,
    "erasure_contractor": None,
}
TABLES = [table for table in OPENED.values() if table is not None]


def asked_for() -> set[str]:
    """Names of the approvals and decisions of the DAG files, read from their source."""
    found = set()
    for path in (REPOSITORY / "dags").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
                if node.func.id in ("approval", "decision"):
                    found.add(str(name))
    return found


def test_every_approval_of_the_dags_is_known_here_and_has_its_words() -> None:
    assert asked_for() == set(OPENED) == set(words.APPROVALS) == set(words.THINGS)


@pytest.mark.parametrize(("kind", "columns"), TABLES)
def test_no_heading_of_what_an_approval_opens_is_an_identifier(kind: str, columns: tuple[str, ...]) -> None:
    headings = [heading(kind, column) for column in columns]
    assert [h for h in headings if IDENTIFIER.match(h)] == []
    assert len(set(headings)) == len(headings)


def test_a_heading_says_what_the_column_is_in_this_table() -> None:
    assert heading("visit_list", "reason") == "掲載しない理由"
    assert heading("call_results", "reason") == "未受診理由"
    assert heading("visit_list", "unheard_of") == "unheard_of"
    assert set(HEADINGS) == {kind for kind, _ in TABLES}


def test_codes_of_a_visit_list_are_put_into_words(mini: CampaignConfig) -> None:
    row = {
        "group": "cancer",
        "due_kinds": "03|07",
        "status": "not_visited",
        "reason": "k_b",
        "team": "t02",
        "line": None,
        "level_a": 1,
        "level_b": -1,
        "k_a": 12,
    }
    shown = in_words("visit_list", pd.DataFrame([row]), mini)
    assert shown.rows == (
        ("がん検診", "大腸がん、乳がん", "訪問しない", REASONS["k_b"], "2班", "", "町・丁目", "—", "12"),
    )
    assert shown.numbers == frozenset({8})


def test_codes_of_a_call_list_are_put_into_words(mini: CampaignConfig) -> None:
    wave = mini.waves.calls[0]
    row = {"wave": wave.id, "attempt": "2", "sex": "1", "screening_kinds": "90", "phone": None}
    assert in_words("call_list", pd.DataFrame([row]), mini).rows == ((wave.name, "2", "男", "特定健診", ""),)


def test_a_gate_tells_its_rules_in_sentences(mini: CampaignConfig) -> None:
    row = {"delivery": "d01", "table": "target_list", "result": "hold", "rule": "characters.unmapped", "rows": 3}
    other = {**row, "rule": "unheard.of"}
    first, second = in_words("gate_summary", pd.DataFrame([row, other]), mini).rows
    assert first[1:3] == (REGISTRY["target_list"].title, RESULTS["hold"])
    assert first[3].endswith("（characters.unmapped）")
    assert not IDENTIFIER.match(first[3][:10])
    assert second[3] == "unheard.of"


def test_every_code_of_a_list_has_a_word() -> None:
    said = (exclusions.__doc__ or "").partition("``listed``: held_out")[2]
    codes = re.findall(r"[a-z_]+", "held_out" + said.partition(".")[0])
    assert len(codes) > 10
    assert set(REASONS) == {*codes, "k_a", "k_b", "ambiguous"}
    assert set(GROUPS) == {g.value for g in TargetGroup}
    assert set(STATUS) == {"listed", "not_visited"}
    assert set(LEVELS_A) == {"-1", *map(str, range(len(LADDER_A)))}
    assert set(LEVELS_B) == {"-1", *map(str, range(len(LADDER_B)))}
    said_words = [*REASONS.values(), *GROUPS.values(), *STATUS.values(), *words.THINGS.values()]
    assert [w for w in said_words if IDENTIFIER.match(w)] == []
