"""The DAGs there are, and what every one of them must look like: nothing is released without gate and approval."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MINI, REPOSITORY, SAMPLE
from tests.dags.releases import judges, reaches

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
#: What is no release but cannot be undone → what must lie upstream of it in its DAG.
IRREVERSIBLE = {
    ("validation", "accept_validated"): {"check_raw", "guard_gate"},
    ("media_return_and_erasure", "execute_erasure"): {
        "guard_erasure_ward",
        "guard_erasure_contractor",
        "take_inventory",
        "plan_erasure",
    },
}
GATE, APPROVAL = "gate", "approval"
#: Steps that let something out of the house without a gate or an approval before them in their DAG: what is missing,
#: and why that is right.  The same table is in docs/explanation/privacy-invariants.md.
EXCEPTIONS: dict[tuple[str, str], tuple[set[str], str]] = {
    ("campaign_opening", "open_campaign"): (
        {GATE, APPROVAL},
        "the bound configuration, on which every approval stands",
    ),
    ("campaign_opening", "register_parties"): ({GATE, APPROVAL}, "our public key, to every party"),
    ("campaign_opening", "finish_opening"): ({GATE}, "no table: the register refuses before (OPENING-*)"),
    ("config_amendment", "bind_amendment"): ({GATE}, "no table: the file is checked when it is read (CONFIG-*)"),
    ("extract_intake", "take_in"): ({GATE, APPROVAL}, "tells the ward by a code that its delivery was refused"),
    ("validation", "ask_back"): ({APPROVAL}, "the ward's own rows, by number and code, back to the ward"),
    ("mailing_dispatch", "list_pulls"): ({GATE, APPROVAL}, "takes cards out, by serial; to wait would be to post them"),
    ("mailing_dispatch", "take_returns"): (
        {GATE, APPROVAL},
        "numbers, by code, to the ward: only it can mend an address",
    ),
    ("inbound_enquiries", "take_inbound"): (
        {GATE, APPROVAL},
        "tells whom not to call any more; to wait would be to call",
    ),
    ("visit_day", "issue_sheets"): (
        {GATE, APPROVAL},
        "a day's part of the list that visit_wave gated and the ward checked",
    ),
    ("incident", "find_incidents"): ({GATE, APPROVAL}, "tells the ward at once, by kind and day (P9)"),
    ("extract_intake", "watch_incidents"): ({GATE, APPROVAL}, "tells the ward at once, by kind and day (P9)"),
    ("mailing_dispatch", "watch_incidents"): ({GATE, APPROVAL}, "tells the ward at once, by kind and day (P9)"),
    ("visit_day", "watch_incidents"): ({GATE, APPROVAL}, "tells the ward at once, by kind and day (P9)"),
    ("oversight", "watch_incidents"): ({GATE, APPROVAL}, "tells the ward at once, by kind and day (P9)"),
    ("incident", "report_incident"): ({GATE}, "no table; the clock runs, and a person answers for the text"),
    ("oversight", "make_monthly_report"): ({GATE, APPROVAL}, "counts of the ledger, due every month (P13)"),
    ("media_return_and_erasure", "make_handover"): (
        {GATE, APPROVAL},
        "everything back to the ward, which counts it (P11)",
    ),
    ("media_return_and_erasure", "take_certificates"): ({GATE, APPROVAL}, "asks for certificates, forwards them (P12)"),
    ("media_return_and_erasure", "return_media"): ({GATE}, "no table: the paper of media that the ward has receipted"),
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


@pytest.mark.parametrize("step", IRREVERSIBLE)
def test_what_cannot_be_undone_lies_downstream_of_what_must_come_before(bag, step: tuple[str, str]) -> None:
    stage, task = step
    dag = bag.dags[f"shinjuku_2026__{stage}"]
    assert dag.get_task(task).get_flat_relative_ids(upstream=True) >= IRREVERSIBLE[step]


def test_every_step_that_lets_something_out_lies_downstream_of_a_gate_and_an_approval(bag) -> None:
    from kansho_airflow.approvals import GuardOperator
    from kansho_airflow.steps import StepOperator

    missing: dict[tuple[str, str], set[str]] = {}
    whole: set[tuple[str, str]] = set()
    for dag_id, dag in bag.dags.items():
        for task in dag.tasks:
            if not isinstance(task, StepOperator) or not reaches(task.function):
                continue
            before = [dag.get_task(name) for name in task.get_flat_relative_ids(upstream=True)]
            found = {GATE for other in before if isinstance(other, StepOperator) and other.operator_extra_links}
            found |= {APPROVAL for other in before if isinstance(other, GuardOperator) and not other.only_on_hold}
            release = (dag_id.partition("__")[2], task.task_id)
            whole.add(release)
            if found != {GATE, APPROVAL}:
                missing[release] = {GATE, APPROVAL} - found
    assert missing == {release: lacking for release, (lacking, _) in EXCEPTIONS.items()}
    assert whole - set(missing) == {
        ("segmentation", "release_plan"),
        ("mailing_production", "hand_over_print_package"),
        ("call_wave", "hand_over_call_list"),
        ("visit_wave", "release_visit_list"),
        ("effect_analysis", "release_effect_report"),
    }


def test_a_task_that_is_marked_as_a_gate_runs_one(bag) -> None:
    from kansho_airflow.steps import StepOperator

    marked = {
        t.function
        for dag in bag.dags.values()
        for t in dag.tasks
        if isinstance(t, StepOperator) and t.operator_extra_links
    }
    assert len(marked) == 6
    assert [function for function in marked if not judges(function)] == []


def test_the_walk_through_the_code_follows_imports_and_ends_where_nothing_leaves() -> None:
    assert reaches("kansho.closing.stage:make_handover")  # by a name that another module passes on
    assert reaches("kansho.oversight.incident:report_incident")  # into a letter box
    assert not reaches("kansho.targeting.plan:make_plan")
    assert not reaches("kansho.mailing.production:check_print_run")  # but its own page
    assert not judges("kansho.targeting.plan:make_plan")


def test_every_exception_is_explained_in_the_docs() -> None:
    text = (REPOSITORY / "docs" / "explanation" / "privacy-invariants.md").read_text(encoding="utf-8")
    rows = {line for line in text.splitlines() if line.startswith("| `")}
    assert {
        f"| `{stage}.{task}` | {' and '.join(sorted(lacking))} | {why} |"
        for (stage, task), (lacking, why) in EXCEPTIONS.items()
    } <= rows


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


@pytest.mark.parametrize(
    ("stage", "task", "before"),
    [
        ("visit_day", "watch_incidents", {"take_field_report", "issue_sheets"}),
        ("oversight", "record_inspections", {"record_attestations", "take_notices"}),
        ("oversight", "make_monthly_report", {"record_attestations", "take_notices", "record_inspections"}),
    ],
)
def test_what_judges_the_day_waits_for_what_the_day_brings(bag, stage: str, task: str, before: set[str]) -> None:
    assert before <= bag.dags[f"shinjuku_2026__{stage}"].get_task(task).upstream_task_ids
