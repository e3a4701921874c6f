"""The planter of errors: what it plants is an error, in one place, and it is seen or explained."""

from __future__ import annotations

import ast

from mutation.mutants import mutants
from mutation.run import LIBRARY, PAGE, Wish, explanations, possible
from mutation.subjects import SUBJECTS, Subject
from tests.conftest import REPOSITORY

SOURCE = '''
"""Words."""
LIMIT = 3


def last(values, wanted):
    """More words."""
    if not values:
        raise KanshoError("NONE", "nothing there")
    for value in values:
        if value < LIMIT and value != wanted:
            continue
        values.append(value)
    return values[-1]
'''


def test_every_kind_of_error_is_planted_and_no_words_are() -> None:
    planted = {(m.before, m.after) for m in mutants("a.py", SOURCE)}
    assert {
        ("3", "4"),
        ("if not values", "if not not values"),
        ("not values", "values"),
        ("raise KanshoError('NONE', 'nothing there')", "pass"),
        ("'NONE'", "'NONEX'"),
        ("value < LIMIT", "value <= LIMIT"),
        ("value < LIMIT", "value >= LIMIT"),
        ("value < LIMIT and value != wanted", "value < LIMIT or value != wanted"),
        ("value < LIMIT and value != wanted", "value < LIMIT"),
        ("continue", "pass"),
        ("values.append(value)", "pass"),
        ("return values[-1]", "return None"),
    } <= planted
    assert "'Words'" not in {m.before for m in mutants("a.py", 'add_argument(help="Words", metavar="Words")')}
    assert not any("ords" in before or before == "nothing there" for before, _ in planted)


def test_each_differs_from_the_module_in_one_place_and_says_which() -> None:
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in mutants("a.py", SOURCE):
        changed = mutant.plant().splitlines()
        assert 1 <= sum(a != b for a, b in zip(plain, changed, strict=True)) <= 2, mutant.name
        compile(mutant.plant(), "a.py", "exec")
    assert [m.name for m in mutants("a.py", SOURCE)] == [m.name for m in mutants("a.py", SOURCE)]


def test_a_larger_sample_holds_the_smaller_and_a_part_keeps_its_order() -> None:
    both, one = (Subject(modules, ()) for modules in (("closing/index.py", "closing/lawful.py"), ("closing/index.py",)))
    whole, part = possible("erasure", both, Wish(0)), possible("erasure", one, Wish(0))
    assert len(whole) > len(part) > 50
    assert part == [m for m in whole if m.path == "closing/index.py"], "what stands elsewhere decides nothing"
    assert part == possible("erasure", both, Wish(0, only="closing/index.py"))
    assert part != possible("erasure", one, Wish(0, seed=2))


def test_what_is_mutated_is_there() -> None:
    for subject in SUBJECTS.values():
        assert len(set(subject.modules)) == len(subject.modules), "each once"
        assert all((LIBRARY / path).is_file() for path in subject.modules)
        assert all((REPOSITORY / test).is_file() for test in subject.tests)


def test_every_explained_error_can_still_be_planted() -> None:
    explained = explanations(PAGE.read_text(encoding="utf-8"))
    paths = {name.partition(" ")[0] for name in explained}
    possible = {m.name for path in paths for m in mutants(path, (LIBRARY / path).read_text(encoding="utf-8"))}
    assert explained
    assert explained <= possible


def test_a_module_whose_name_has_a_digit_is_explained_as_any_other() -> None:
    assert explanations("| vault/s3.py f: `1` → `2` | why |") == {"vault/s3.py f: `1` → `2`"}
