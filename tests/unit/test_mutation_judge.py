"""What is said of a planted error: only by tests that pass without it, in the same way, after the same tests."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from kansho.evidence.lookalike import imitates
from mutation.asking import InOrder, another
from mutation.cold import Planted
from mutation.fork import FAILED, FINE, Ended
from mutation.judge import FEW, LEFT_OUT_AT_MOST, UNASKED, UNRUN, UNSEEN, Judge, Log, Row, Unbelievable, explained_as
from mutation.lines import LIBRARY, Known, Tracer, digests_of, keep, load
from mutation.mutants import Mutant, mutants
from mutation.warm import functions_here, needed, plain, swaps

PATH = "evidence/lookalike.py"
ERROR = Mutant(PATH, 5, 4, "f", "1", "2", lambda: "")
Failing = Callable[[int | None, list[str]], int | None]


def known(**seconds: float) -> Known:
    return Known({t: {PATH: [4, 5]} for t in seconds}, dict(seconds))


@dataclass
class Fake:
    """Says which test of a list fails when an error (None: nothing) is planted; `plants`: whether it can."""

    failing: Failing
    plants: bool = True
    asked: list[tuple[int | None, list[str]]] = field(default_factory=list)

    def ask(self, at: int | None, tests: Sequence[str]) -> Ended | None:
        if at is not None and not self.plants:
            return None
        self.asked.append((at, [*tests]))
        found = self.failing(at, [*tests])
        return Ended("fine", len(tests) - 1) if found is None else Ended("failed", found)


def fails(*names: str, planted: bool = True) -> Failing:
    """The first of these, with an error or without one."""

    def failing(at: int | None, tests: list[str]) -> int | None:
        wrong = [n for n, t in enumerate(tests) if t in names and (at is not None) is planted]
        return wrong[0] if wrong else None

    return failing


FINE_ALWAYS = Fake(lambda at, tests: None)


def judged(failing: Failing, **seconds: float) -> tuple[Row, Judge, Fake]:
    fake = Fake(failing)
    judge = Judge(known(**seconds), fake, FINE_ALWAYS)
    row = judge.judge(0, ERROR, cold=False)
    assert row is not None
    return row, judge, fake


def test_the_quickest_test_that_fails_sees_it_and_no_more_are_asked() -> None:
    row, _, fake = judged(fails("b", "c"), c=3.0, a=1.0, b=2.0)
    assert (row.how, row.by, row.asked, row.cold) == ("failed", "b", 2, False)
    assert fake.asked == [(0, ["a", "b", "c"]), (None, ["b"])]


def test_what_no_test_fails_for_survives_and_what_none_runs_is_told_apart() -> None:
    row, judge, _ = judged(fails(), a=1.0)
    assert (row.how, row.seen, row.asked) == (UNSEEN, False, 1)
    elsewhere = Mutant(PATH, 9, 9, "f", "1", "2", lambda: "")
    part_of_the_statement_above = Mutant(PATH, 9, 5, "f", "1", "2", lambda: "")
    for mutant, how in ((elsewhere, UNRUN), (part_of_the_statement_above, UNSEEN)):
        told = judge.judge(0, mutant, cold=False)
        assert told is not None
        assert told.how == how


def test_what_only_tests_run_that_are_left_out_is_told_apart_too() -> None:
    judge = Judge(Known(), FINE_ALWAYS, FINE_ALWAYS, slow=known(a=99.0))
    told = judge.judge(0, ERROR, cold=False)
    assert told is not None
    assert (told.how, told.seen) == (UNASKED, False)


def test_of_tests_that_go_the_same_way_only_some_are_asked_after_one_of_each_way() -> None:
    tests = Known({f"t{n}": {PATH: [4]} for n in range(4)} | {"x": {PATH: [4, 5]}, "y": {}}, dict.fromkeys("xy", 9.0))
    tests.seconds.update({f"t{n}": 1.0 + n for n in range(4)})
    judge = Judge(tests, FINE_ALWAYS, FINE_ALWAYS, alike=2)
    error = Mutant(PATH, 4, 4, "f", "1", "2", lambda: "")
    assert judge.tests_of(error) == ["t0", "x", "t1"]
    tests.lines |= {f"u{n:02}": {PATH: [4]} for n in range(FEW)}
    tests.seconds |= {f"u{n:02}": 8.0 for n in range(FEW)}
    for explained, asked in (((), 4 + FEW + 1), ((error.name,), FEW + 1)):
        judge = Judge(tests, FINE_ALWAYS, FINE_ALWAYS, explained=explained)
        assert len(judge.tests_of(error)) == asked, "of what is explained, few"


def test_about_a_table_every_test_is_asked_in_one_form_before_any_is_in_its_others() -> None:
    names = ("a[1]", "a[2]", "b", "c")
    judge = Judge(Known({"c": {PATH: [9]}}, dict.fromkeys(names, 1.0)), FINE_ALWAYS, FINE_ALWAYS)
    assert judge.tests_of(Mutant(PATH, 4, 0, "module", "1", "2", lambda: "")) == ["c", "a[1]", "b", "a[2]"]


def test_a_test_that_fails_without_the_error_too_has_seen_nothing() -> None:
    """It passed the control among the others; alone it fails whatever is planted."""
    row, judge, _ = judged(lambda at, tests: tests.index("b") if "b" in tests else None, a=1.0, b=2.0)
    assert (row.how, row.asked) == (UNSEEN, 1)
    assert [*judge.left_out] == ["b"]


def test_the_word_of_a_test_is_tried_once() -> None:
    _, judge, fake = judged(fails("b"), a=1.0, b=2.0)
    judge.judge(1, ERROR, cold=False)
    assert [at for at, _ in fake.asked] == [0, None, 1]
    assert fake.asked[-1][1] == ["b", "a"], "who saw one there is asked first"


def test_tests_that_fail_with_nothing_planted_are_left_out_and_named() -> None:
    fake = Fake(fails("b", planted=False))
    judge = Judge(known(a=1.0, b=2.0, c=3.0), fake, FINE_ALWAYS)
    judge.control(cold=False)
    assert fake.asked == [(None, ["a", "b", "c"]), (None, ["c"]), (None, ["a", "c"])]
    assert judge.left_out == {"b": "fails with nothing planted (warm)"}
    assert judge.tests_of(ERROR) == ["a", "c"]


def _only_whole(at: int | None, tests: list[str]) -> int | None:
    """``b`` fails alone; then, without it, ``c`` fails."""
    return tests.index("b") if "b" in tests else 1 if tests == ["a", "c"] else None


@pytest.mark.parametrize("failing", [_only_whole, lambda at, tests: 0, lambda at, tests: -1])
def test_a_control_that_does_not_become_clean_lets_nothing_be_told(failing: Failing) -> None:
    names = {f"t{n:02}": 1.0 + n for n in range(LEFT_OUT_AT_MOST + 2)}
    seconds = {"a": 1.0, "b": 2.0, "c": 3.0} if failing is _only_whole else names
    for cold, askers in enumerate(((Fake(failing), FINE_ALWAYS), (FINE_ALWAYS, Fake(failing)))):
        with pytest.raises(Unbelievable):
            Judge(known(**seconds), *askers).control(bool(cold))


def test_nobody_who_answers_the_control_lets_nothing_be_told() -> None:
    class Silent:
        def ask(self, at: int | None, tests: Sequence[str]) -> None:
            return None

    with pytest.raises(Unbelievable):
        Judge(known(a=1.0), Silent(), FINE_ALWAYS).control(cold=False)


def test_what_cannot_be_changed_in_place_is_planted_before_the_import() -> None:
    table = Mutant(PATH, 1, 0, "module", "1", "2", lambda: "")
    for mutant, warm, cold, by in (
        (ERROR, Fake(fails(), plants=False), Fake(fails("a")), "a"),
        (table, Fake(fails("a")), Fake(fails("a")), "a"),
        (table, FINE_ALWAYS, Fake(lambda at, tests: -1), "import"),
    ):
        judge = Judge(known(a=1.0), warm, cold)
        assert judge.judge(0, mutant, cold=False) is None
        row = judge.judge(0, mutant, cold=True)
        assert row is not None
        assert (row.how, row.cold, row.by) == ("failed", True, by)


def test_a_run_goes_on_from_its_log_and_asks_other_tests_about_what_was_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    other = Mutant(PATH, 6, 6, "f", "1", "2", lambda: "")
    log = Log(path, "tests-1")
    seen, not_seen = log.add(ERROR, Row("failed", by="a")), log.add(other, Row(UNSEEN))
    assert (Log(path, "tests-1").of(ERROR), Log(path, "tests-1").of(other)) == (seen, not_seen)
    assert Log(path, "tests-2").of(ERROR) == seen
    assert Log(path, "tests-2").of(other) is None
    assert Log(path, "tests-1").of(other, not_seen.alike + 1) is None
    path.write_text(json.dumps({**json.loads(path.read_text().splitlines()[0]), "module": "older"}))
    assert Log(path, "tests-1").of(ERROR) is None


def test_only_what_is_not_seen_can_be_explained() -> None:
    assert explained_as(Row("hung", "x"), {"x"}) == "seen"
    assert [explained_as(Row(UNSEEN, "x"), names) for names in ({"x"}, {"y"})] == ["explained", UNSEEN]


SOURCE = """
from functools import cache

LIMIT = 3


@cache
def over(value, by=1):
    return value > LIMIT + by


class Box:
    @property
    def size(self):
        return 1

    @size.setter
    def size(self, value):
        raise ValueError(value == 1)

    def holds(self, value):
        return value == 1


def _made():
    def inner():
        return 7
    return inner


INNER = _made()
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    path = tmp_path / "planted_here.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("planted_here", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def _of(before: str, function: str) -> Mutant:
    return next(m for m in mutants("planted_here.py", SOURCE) if (m.before, m.function) == (before, function))


def test_an_error_in_a_function_is_seen_by_whoever_imported_it_before(module: ModuleType, tmp_path: Path) -> None:
    over, holds = module.over, module.Box().holds
    functions = functions_here()
    for mutant in (_of("value > LIMIT + by", "over"), _of("value == 1", "Box.holds")):
        for function, code in swaps(mutant, functions, tmp_path) or []:
            function.__code__ = code
    assert over(4) is True
    assert holds(1) is False


def test_what_is_in_no_function_or_in_use_already_is_not_changed_in_place(module: ModuleType, tmp_path: Path) -> None:
    functions = functions_here()
    for before, function in (("3", "module"), ("1", "over"), ("value == 1", "Box.size"), ("return 7", "_made.inner")):
        assert swaps(_of(before, function), functions, tmp_path) is None, before
    assert module.INNER() == 7
    assert {m.statement for m in mutants("a.py", SOURCE) if m.function == "module" or m.before == "1"} >= {0}


def test_with_nothing_planted_every_function_does_what_it_did(module: ModuleType, tmp_path: Path) -> None:
    changed = plain(functions_here(), tmp_path)
    assert {f.__qualname__ for f, _ in changed} == {"over", "Box.holds", "_made", "_made.<locals>.inner"}
    for function, code in changed:
        function.__code__ = code
    assert (module.over(4), module.over(5), module.Box().holds(1), module.INNER()) == (False, True, True, 7)


def test_a_table_is_changed_before_it_is_imported() -> None:
    text = (LIBRARY / PATH).read_text(encoding="utf-8")
    finder = Planted({PATH: f"{text}\nPLANTED = True\n"})
    assert finder.find_spec("kansho.evidence.merkle", None) is None
    spec = finder.find_spec("kansho.evidence.lookalike", None)
    assert spec is not None
    assert importlib.util.module_from_spec(spec).__name__ == "kansho.evidence.lookalike"
    made = importlib.util.module_from_spec(spec)
    finder.exec_module(made)
    assert made.PLANTED
    assert not hasattr(sys.modules.get("kansho.evidence.lookalike"), "PLANTED")


@dataclass
class Item:
    """A test that passes, or not, and tells `InOrder` as pytest does."""

    nodeid: str
    ran: list[str]
    plugin: InOrder
    passes: bool = True

    @property
    def config(self) -> Any:
        return SimpleNamespace(hook=self)

    def pytest_runtest_protocol(self, item: Item, nextitem: Item) -> None:
        assert nextitem is not item
        self.ran.append(self.nodeid)
        self.plugin.pytest_runtest_logreport(SimpleNamespace(failed=not self.passes))  # type: ignore[arg-type]


def test_tests_run_in_the_order_asked_until_one_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mutation.asking.allow", lambda seconds: None)
    monkeypatch.setattr("mutation.asking.write_below", lambda config, folder: None)
    ran: list[str] = []
    told: list[int] = []
    plugin = InOrder(known(**{"a::x[1]": 1.0, "a::y": 1.0, "a::z": 1.0}))
    items = [Item(name, ran, plugin, name != "a::z") for name in ("a::x[2]", "a::y", "a::z", "a::w")]
    state = SimpleNamespace(teardown_exact=lambda item: None)
    session: Any = SimpleNamespace(items=items, config=None, _setupstate=state)
    assert plugin.run(session, ["a::y", "a::x[1]"], told.append, tmp_path) == FINE
    assert ran == ["a::y", "a::x[2]"], "a test of another name, for its table changed, is asked as well"
    assert plugin.run(session, ["a::y", "a::z", "a::w"], told.append, tmp_path) == FAILED
    assert (ran[2:], told) == (["a::y", "a::z"], [0, 1, 0, 1])


def test_what_belongs_to_a_file_ends_before_anything_is_asked() -> None:
    """A server of the tests answers in a thread, which a fork does not take along: none may be left standing."""
    items: Any = [SimpleNamespace(nodeid=name) for name in ("a::x", "a::y", "b::x", "b::y")]
    assert [another(items, item).nodeid for item in items] == ["b::x", "b::x", "a::x", "a::x"]
    assert another(items[:2], items[0]) is items[1]
    assert another(items[:1], items[0]) is None


def test_what_belongs_to_the_whole_session_is_made_before_anything_is_asked() -> None:
    """A fork that makes it anew takes its time, under its limit, for each error."""

    def item(name: str, **scopes: str) -> Any:
        fixtures = {fixture: [SimpleNamespace(scope=scope)] for fixture, scope in scopes.items()}
        return SimpleNamespace(nodeid=name, _fixtureinfo=SimpleNamespace(name2fixturedefs=fixtures))

    items = [item("a::1"), item("a::2", schema="session"), item("a::3", schema="session", tmp="function"), item("b::4")]
    made: Any = needed(items, {"a::1": 1.0, "a::2": 3.0, "a::3": 2.0})
    assert [i.nodeid for i in made] == ["a::1", "a::3", "b::4"]


def test_which_lines_a_test_runs_is_seen_and_kept_until_something_changes(tmp_path: Path) -> None:
    tracer = Tracer([PATH])
    running = tracer.pytest_runtest_protocol(SimpleNamespace(nodeid="tests/test_a.py::t"))  # type: ignore[arg-type]
    next(running)
    imitates("\u0430")
    with pytest.raises(StopIteration):
        running.send(None)
    assert sys.gettrace() is None
    body = next(n for n in ast.walk(ast.parse((LIBRARY / PATH).read_text())) if isinstance(n, ast.FunctionDef))
    ran = tracer.known.by_line()
    assert any((PATH, n) in ran for n in range(body.lineno, (body.end_lineno or 0) + 1))

    for name, text in (("include/a.py", ""), ("tests/test_a.py", ""), ("tests/test_b.py", "tests.unit.test_c")):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    files = ["tests/test_a.py", "tests/test_b.py"]
    digests = digests_of([PATH], files, tmp_path)
    keep(tmp_path / "kept", digests, tracer.known, files)
    assert load(tmp_path / "kept", digests) == (tracer.known, [])
    for name, again in (
        ("tests/unit/test_c.py", ["tests/test_b.py"]),
        ("tests/test_a.py", files),
        ("tests/shared.py", files),
        ("include/a.py", files),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("changed")
        assert load(tmp_path / "kept", digests_of([PATH], files, tmp_path))[1] == again, name
