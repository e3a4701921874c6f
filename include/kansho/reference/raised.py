"""Every code the source raises, with its words: read from the syntax tree, nothing imported or run.

Belongs here: finding `KanshoError(code, message, remedy=…)`, also where a small function makes the error for others
(``_malformed("…", place)``).  Does not belong here: what a code leaves behind, the page.  An expression inside a text
shows as ``…``: the page tells the sentence, never a value.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
#: Where code is that may raise; tests and benchmarks make errors that nobody meets.
SOURCES = ("include/kansho", "plugins", "dags")
_GAP = "…"
_SAID = ("code", "message", "remedy")
_Texts = tuple[str, ...]


@dataclass
class Raised:
    """One code: the texts it comes with, what to do about it, and the modules that raise it, each sorted and once."""

    code: str
    messages: set[str] = field(default_factory=set)
    remedies: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Made:
    """A call that makes an error: its arguments, and the function around it, when there is one."""

    module: str
    arguments: Mapping[str, ast.expr]
    around: ast.FunctionDef | None


class _Source:
    """Modules as trees, with every call by the name of what it calls: (module, function around, call)."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.trees = {module: ast.parse(text) for module, text in modules.items()}
        self.calls: dict[str, list[tuple[str, ast.FunctionDef | None, ast.Call]]] = {}
        for module, tree in self.trees.items():
            for around, call in _calls(tree, None):
                self.calls.setdefault(_name(call), []).append((module, around, call))


@lru_cache(maxsize=4)
def raised(root: Path = ROOT) -> dict[str, Raised]:
    """Code → what is raised with it, in the order of the codes.

    Raises:
        ValueError: when a code cannot be read from the source; then it must be written so that it can.
    """
    source = _Source({path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in _files(root)})
    found: dict[str, Raised] = {}
    for made in _errors(source):
        for code, messages, remedies in _resolved(made, source):
            one = found.setdefault(code, Raised(code))
            one.messages |= set(messages)
            one.remedies |= {r for r in remedies if r}
            one.modules.add(made.module)
    return dict(sorted(found.items()))


def _files(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        yield from sorted((root / source).rglob("*.py"))


def _errors(source: _Source) -> Iterator[_Made]:
    for module, around, call in source.calls.get("KanshoError", []):
        if not (around and around.name == "_rebuild"):  # that one only unpickles
            yield _Made(module, _by_name(call, ("code", "message")), around)


def _calls(node: ast.AST, around: ast.FunctionDef | None) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inside = child if isinstance(child, ast.FunctionDef) else around
        if isinstance(child, ast.Call):
            yield inside, child
        yield from _calls(child, inside)


def _name(call: ast.Call) -> str:
    target = call.func
    return target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""


def _by_name(call: ast.Call, names: tuple[str, ...]) -> dict[str, ast.expr]:
    given = dict(zip(names, call.args, strict=False))
    return {**given, **{k.arg: k.value for k in call.keywords if k.arg}}


def _resolved(made: _Made, source: _Source) -> list[tuple[str, _Texts, _Texts]]:
    """(code, messages, remedies) of one call; where they are arguments of the function around it, one per caller."""
    said = [made.arguments[name] for name in _SAID if name in made.arguments]
    open_names = {n.id for value in said for n in ast.walk(value) if isinstance(n, ast.Name)}
    own = _constants(source.trees[made.module])
    told: list[tuple[str, _Texts, _Texts]] = []
    if made.around and open_names & {*_parameters(made.around), *itertools.chain(*_rounds(made.around))}:
        for given in (*_callers(made.around, made.module, source), *_rounds(made.around)):
            told += _told(made, {**own, **given})
    told = told or list(_told(made, own))
    if not told:
        raise ValueError(f"{made.module}: a code that cannot be read from the source")
    return told


def _callers(around: ast.FunctionDef, module: str, source: _Source) -> Iterator[dict[str, ast.expr]]:
    """Arguments with which a function of a module is called: in that module when it is private, else anywhere."""
    parameters, defaults, private = _parameters(around), _defaults(around), around.name.startswith("_")
    for where, _, call in source.calls.get(around.name, []):
        if where == module or not private:
            yield {**defaults, **_by_name(call, parameters)}


def _constants(tree: ast.AST) -> dict[str, ast.expr]:
    """What a module binds its names to."""
    assigned = (
        n for n in ast.iter_child_nodes(tree) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant)
    )
    return {t.id: n.value for n in assigned for t in n.targets if isinstance(t, ast.Name)}


def _rounds(function: ast.FunctionDef) -> list[dict[str, ast.expr]]:
    """What the names of a loop over written-out rows are bound to, one for each row."""
    out: list[dict[str, ast.expr]] = []
    for loop in (n for n in ast.walk(function) if isinstance(n, ast.For)):
        if isinstance(loop.target, ast.Tuple) and isinstance(loop.iter, ast.Tuple):
            names = [n.id for n in loop.target.elts if isinstance(n, ast.Name)]
            out += [dict(zip(names, row.elts, strict=False)) for row in loop.iter.elts if isinstance(row, ast.Tuple)]
    return out


def _parameters(function: ast.FunctionDef | None) -> tuple[str, ...]:
    if function is None:
        return ()
    return tuple(a.arg for a in (*function.args.args, *function.args.kwonlyargs) if a.arg not in ("self", "cls"))


def _defaults(function: ast.FunctionDef) -> dict[str, ast.expr]:
    arguments = function.args
    last = arguments.args[len(arguments.args) - len(arguments.defaults) :]
    return dict(zip((a.arg for a in last), arguments.defaults, strict=True))


def _told(made: _Made, given: Mapping[str, ast.expr]) -> Iterator[tuple[str, _Texts, _Texts]]:
    codes = _texts(made.arguments["code"], given)
    messages = [m for m in _texts(made.arguments["message"], given) if m.strip(_GAP)]
    remedies = _texts(made.arguments["remedy"], given) if "remedy" in made.arguments else []
    for code in codes:
        if _GAP not in code:
            yield code, tuple(messages), tuple(r for r in remedies if r.strip(_GAP))


def _texts(value: ast.expr, given: Mapping[str, ast.expr], depth: int = 0) -> list[str]:
    """What a text may be: a literal, one of two, with its parts filled from the caller where they are literal."""
    if isinstance(value, ast.Constant):
        return [str(value.value)]
    if isinstance(value, ast.Name) and value.id in given and depth == 0:
        return _texts(given[value.id], {}, 1)
    if isinstance(value, ast.IfExp):
        return [*_texts(value.body, given, depth), *_texts(value.orelse, given, depth)]
    if isinstance(value, ast.JoinedStr):
        parts = [_texts(p.value if isinstance(p, ast.FormattedValue) else p, given, depth) for p in value.values]
        return ["".join(chosen) for chosen in itertools.product(*parts)]
    if isinstance(value, ast.Call) and _name(value) == "upper" and isinstance(value.func, ast.Attribute):
        return [text.upper() for text in _texts(value.func.value, given, depth)]
    return [_GAP]
