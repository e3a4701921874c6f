"""Planting one error in a module: every place where one can stand, and the module with the error of that place.

Belongs here: syntax alone.  Left alone are docstrings, annotations, imports, decorators and the words a person reads
(texts of findings and errors, the help of a command): no rule hangs on them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
#: Calls whose texts are for a person, and how many of their first arguments are not: the code.
_WORDS = {"Finding": 1, "KanshoError": 1, "_refuse": 1, "_refusal": 0, "_refused": 0}
#: Arguments of any call whose texts are for a person.
_HELP = frozenset({"help", "description", "metavar", "prog"})


@dataclass(frozen=True)
class Mutant:
    """One planted error: where, what stood there, what stands there now, and (when asked) the whole module with it."""

    path: str
    line: int
    #: Where its statement begins; 0: it stands in no body of a function, so it is run once, by the import.
    statement: int
    function: str
    before: str
    after: str
    plant: Callable[[], str] = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """As in the list of those that are explained; without the line, which moves."""
        return f"{self.path} {self.function}: `{self.before}` → `{self.after}`"


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Every error that can be planted in a module, in the order of the text."""
    tree = ast.parse(source)
    seen: set[tuple[str, str, str, int]] = set()
    for place in _places(tree):
        for changed in _changes(place.node):
            was, now = _text(place.node), _text(changed)
            key = (place.function, was, now, place.node.lineno)
            if was == now or key in seen:
                continue
            seen.add(key)
            plant = partial(_replaced, tree, place.node, changed)
            yield Mutant(path, place.node.lineno, place.statement, place.function, was, now, plant)


@dataclass(frozen=True)
class _Place:
    node: ast.expr | ast.stmt
    function: str
    statement: int


def _places(tree: ast.Module) -> Iterator[_Place]:
    yield from _walk(tree, "module", 0, False)


def _walk(node: ast.AST, function: str, statement: int, inside: bool) -> Iterator[_Place]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = node.name if function == "module" else f"{function}.{node.name}"
        for default in node.args.defaults if isinstance(node, ast.FunctionDef) else ():
            yield from _walk(default, function, statement, inside)
        for stated in node.body:
            yield from _walk(stated, function, statement, inside or isinstance(node, ast.FunctionDef))
        return
    if isinstance(node, ast.stmt) and inside:
        statement = node.lineno
    if isinstance(node, ast.AnnAssign):
        inner: list[ast.AST] = [node.value] if node.value is not None else []
    elif isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr):
        return
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _WORDS:
        inner = [*node.args[: _WORDS[node.func.id]]]
    elif _is_for_a_person(node):
        return
    else:
        inner = [*ast.iter_child_nodes(node)]
    if isinstance(node, ast.expr | ast.stmt):
        yield _Place(node, function, statement)
    for child in inner:
        yield from _walk(child, function, statement, inside)


def _is_for_a_person(node: ast.AST) -> bool:
    """A docstring, or the help of a command."""
    said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return said or (isinstance(node, ast.keyword) and node.arg in _HELP)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[op]):
            for other in _COMPARISONS[type(op)]:
                yield _with(node, ops=[other()])
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                yield _with(node, ops=[*ops[:at], _COMPARISONS[type(op)][0](), *ops[at + 1 :]])
        case ast.BoolOp(op=op, values=values):
            yield _with(node, op=ast.And() if isinstance(op, ast.Or) else ast.Or())
            for at in range(len(values)):
                rest = [*values[:at], *values[at + 1 :]]
                yield rest[0] if len(rest) == 1 else _with(node, values=rest)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp(op=op) if type(op) in _OPERATORS:
            yield _with(node, op=_OPERATORS[type(op)]())
        case ast.Constant(value=bool(value)):
            yield ast.copy_location(ast.Constant(not value), node)
        case ast.Constant(value=int(value)):
            yield ast.copy_location(ast.Constant(value + 1), node)
        case ast.Constant(value=str(value)):
            yield ast.copy_location(ast.Constant(value + "X"), node)
        case ast.Constant(value=bytes(value)):
            yield ast.copy_location(ast.Constant(value + b"X"), node)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield _with(node, value=ast.Constant(None))
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield ast.copy_location(ast.Pass(), node)
        case _:
            return


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _with(node: ast.AST, **fields: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _replaced(tree: ast.Module, old: ast.AST, new: ast.AST) -> str:
    """The module's text with one node for another; the tree itself is as before afterwards."""
    path = _path(tree, old)
    root = copy.deepcopy(tree)
    target: ast.AST = root
    for name, at in path[:-1]:
        target = getattr(target, name) if at is None else getattr(target, name)[at]
    name, at = path[-1]
    if at is None:
        setattr(target, name, new)
    else:
        getattr(target, name)[at] = new
    return ast.unparse(ast.fix_missing_locations(root))


def _path(node: ast.AST, wanted: ast.AST) -> list[tuple[str, int | None]]:
    for name, value in ast.iter_fields(node):
        for at, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if child is wanted:
                return [(name, at)]
            if isinstance(child, ast.AST) and (found := _path(child, wanted)):
                return [(name, at), *found]
    return []


def _text(node: ast.AST) -> str:
    """One line, short."""
    plain = ast.unparse(node.test) if isinstance(node, ast.If | ast.While) else ast.unparse(node)
    text = " ".join(plain.split())
    text = text if len(text) <= 90 else f"{text[:60]}…{text[-25:]}"
    return f"if {text}" if isinstance(node, ast.If | ast.While) else text
