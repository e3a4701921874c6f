"""The house keeps its shape: small wiring, one clock, no year or ward in code, no address of a registry.

Who may import whom is held by the contracts of import-linter in ``pyproject.toml``.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.parts import PARTS

LIBRARY = sorted((REPOSITORY / "include" / "kansho").rglob("*.py"))
PLUGINS = sorted((REPOSITORY / "plugins").rglob("*.py"))
DAGS = sorted((REPOSITORY / "dags").glob("*.py"))
#: Registries of things that are registered, one entry a line: they grow with the forms, not with logic.
LONG = {"include/kansho/campaign/config.py"}
#: The only places that read the clock: the ledger, the scheduler's own, and the command line, which passes the day on.
CLOCKS = {"include/kansho/cli.py", "include/kansho/evidence/ledger.py", "plugins/kansho_airflow/timetable.py"}
#: The command line's default is the sample.
SAMPLES = {"include/kansho/cli_site.py"}


def name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def docstrings(tree: ast.AST) -> set[int]:
    """Identities of the constants that are docstrings."""
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            found.add(id(body[0].value))
    return found


def calls(tree: ast.AST) -> set[str]:
    """Dotted names of what is called."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", DAGS, ids=name)
def test_a_dag_file_is_wiring_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 100
    assert ast.get_docstring(tree)
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    imported = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert all(module.split(".")[0] in ("__future__", "kansho", "kansho_airflow") for module in imported), imported


@pytest.mark.parametrize("path", [*LIBRARY, *PLUGINS], ids=name)
def test_a_module_says_what_belongs_there_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        return
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 320 or name(path) in LONG


@pytest.mark.parametrize("path", [*LIBRARY, *PLUGINS], ids=name)
def test_time_and_chance_are_passed_in(path: Path) -> None:
    called = calls(ast.parse(path.read_text(encoding="utf-8")))
    clocks = {c for c in called if re.search(r"(^|\.)(utcnow|today|now)$", c) or c == "time.time"}
    assert not clocks or name(path) in CLOCKS
    assert not {
        c
        for c in called
        if re.fullmatch(r"random\.(?!Random)\w+|np\.random\.(?!default_rng|Generator|PCG64|Philox)\w+", c)
    }


@pytest.mark.parametrize("path", [*LIBRARY, *PLUGINS, *DAGS], ids=name)
def test_code_names_no_ward_and_no_year(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = docstrings(tree)
    said = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in prose]
    found = [s for s in said if re.search(r"新宿|墨田|shinjuku|sumida|\b20(2[5-9]|3\d)\b", str(s))]
    assert not found or name(path) in SAMPLES


def test_no_file_names_a_registry_or_a_machine() -> None:
    looked = [
        p
        for folder in ("include", "plugins", "dags", "deploy", "scripts", ".ci", "great_expectations", "benchmarks")
        for p in (REPOSITORY / folder).rglob("*")
        if p.is_file() and p.suffix in (".py", ".sh", ".yaml", ".yml", ".json", ".toml", ".txt", ".css", ".js", "")
    ]
    looked += [REPOSITORY / f for f in ("Makefile", "Dockerfile", "docker-compose.yaml", "pyproject.toml")]
    looked += [REPOSITORY / "requirements.txt"]
    wrong = re.compile(r"pypi\.org|index-url|/home/\w|(?<![\w.])/root/|(?<![\w.])/work/")
    assert [name(p) for p in looked if wrong.search(p.read_text(encoding="utf-8", errors="ignore"))] == []


def test_every_requirement_is_pinned() -> None:
    lines = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert len(wanted) > 100
    assert [line for line in wanted if not re.match(r"[A-Za-z0-9._-]+(\[[^\]]+\])?==[^ ]+( ;.*)?$", line)] == []


def test_make_test_runs_every_file_of_tests_once() -> None:
    runs = Counter(
        name(path)
        for path in (REPOSITORY / "tests").rglob("test_*.py")
        for words in PARTS.values()
        if any(name(path).startswith(f"{word}/") for word in words)
        and not any(fnmatch(name(path), word.partition("=")[2]) for word in words if word.startswith("--ignore-glob="))
    )
    found = {name(path) for path in (REPOSITORY / "tests").rglob("test_*.py")}
    assert {path for path in found if runs[path] != 1} == set()
