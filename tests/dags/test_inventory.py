"""The DAGs there are, and what every one of them must look like: nothing is released without gate and approval."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MINI, REPOSITORY, SAMPLE

STAGES = {
    "campaign_opening",
    "config_amendment",
    "extract_intake",
    "validation",
    "segmentation",
    "mailing_production",
    "mailing_dispatch",
    "call_wave",
    "inbound_enquiries",
    "visit_wave",
    "visit_day",
    "attendance_refresh",
    "effect_analysis",
    "media_return_and_erasure",
    "oversight",
    "incident",
}
#: Release step → what must lie upstream of it in its DAG.
RELEASES = {
    ("mailing_production", "hand_over_print_package"): {"guard_proof", "check_print_run"},
    ("call_wave", "hand_over_call_list"): {"check_call_release", "guard_call_list"},
    ("visit_wave", "release_visit_list"): {"check_visit_release", "guard_visit_list"},
    ("segmentation", "release_plan"): {"guard_plan"},
    ("validation", "accept_validated"): {"check_raw", "guard_gate"},
    ("campaign_opening", "finish_opening"): {"guard_opening"},
    ("config_amendment", "bind_amendment"): {"guard_amendment"},
    ("effect_analysis", "release_effect_report"): {"guard_effect_report"},
    ("incident", "report_incident"): {"guard_incident_report"},
    ("media_return_and_erasure", "execute_erasure"): {
        "guard_erasure_ward",
        "guard_erasure_contractor",
        "take_inventory",
        "plan_erasure",
    },
}
FILES = sorted((REPOSITORY / "dags").glob("*.py"))


@pytest.fixture(scope="module")
def bag() -> Iterator[object]:
    from airflow.dag_processing.dagbag import DagBag

    patch = pytest.MonkeyPatch()
    patch.setenv("KANSHO_CAMPAIGNS", f"{SAMPLE}:{MINI}")
    patch.setenv("KANSHO_REPLAY", "0")
    yield DagBag(dag_folder=str(REPOSITORY / "dags"))
    patch.undo()


def test_every_campaign_has_every_stage_and_nothing_fails_to_import(bag) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == {f"{c}__{s}" for c in ("shinjuku_2026", "sumida_2027") for s in STAGES}


def test_every_dag_says_what_to_do_on_failure(bag) -> None:
    assert [d for d, dag in bag.dags.items() if "**On failure:**" not in (dag.doc_md or "")] == []


def test_every_dag_ends_in_one_verdict(bag) -> None:
    for dag in bag.dags.values():
        assert [t.task_id for t in dag.leaves] == ["verdict"]


def test_every_dag_begins_by_finding_its_work(bag) -> None:
    for dag in bag.dags.values():
        assert [t.task_id.startswith("find_") for t in dag.roots] == [True]


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_lies_downstream_of_its_gate_and_its_approval(bag, release: tuple[str, str]) -> None:
    stage, task = release
    dag = bag.dags[f"shinjuku_2026__{stage}"]
    assert dag.get_task(task).get_flat_relative_ids(upstream=True) >= RELEASES[release]


def test_every_step_names_a_function_that_exists(bag) -> None:
    from kansho_airflow.steps import StepOperator, resolve

    steps = [t for dag in bag.dags.values() for t in dag.tasks if isinstance(t, StepOperator)]
    assert steps
    for task in steps:
        assert callable(resolve(task.function))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_dag_file_is_wiring_only(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    modules = {n.module for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)}
    assert {str(m).partition(".")[0] for m in modules} <= {"kansho", "kansho_airflow"}
