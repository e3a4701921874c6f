"""What the code does, read without running it: which functions let something out of the house, and which judge.

Not a test.  Every function of the library is a node; what it names of other functions of the library is an edge, so a
step is asked for everything that it could reach.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tests.conftest import REPOSITORY

LIBRARY = REPOSITORY / "include"
#: Methods by which something comes to rest where others read it: a letter box, the outputs.
OUT = frozenset({"issue_document", "received"})
#: The sealed package to another party.
DOOR = "kansho.exchange.door:hand_over"
#: What a gate leaves behind.
PAGE = "kansho.quality.pages:issue_gate_page"
#: Where a walk ends: the page of a gate is the gate's own record.
INSIDE = frozenset({PAGE})


@dataclass
class Node:
    """One function: what it names of the library, and the methods it calls."""

    names: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)


@lru_cache(maxsize=1)
def _read() -> tuple[dict[str, ast.Module], dict[str, dict[str, str]]]:
    """Every module of the library, and what it imports of the others."""
    trees = {_module(path): ast.parse(path.read_text(encoding="utf-8")) for path in (LIBRARY / "kansho").rglob("*.py")}
    return trees, {module: _imports(tree, trees) for module, tree in trees.items()}


@lru_cache(maxsize=1)
def functions() -> dict[str, Node]:
    """``package.module:name`` → what it names; methods stand under their class."""
    trees, imported = _read()
    out: dict[str, Node] = {}
    for module, tree in trees.items():
        for top in tree.body:
            if not isinstance(top, ast.FunctionDef | ast.ClassDef):
                continue
            node = out.setdefault(f"{module}:{top.name}", Node())
            scope = imported[module] | _imports(top, trees)
            for part in ast.walk(top):
                if isinstance(part, ast.Name):
                    node.names.add(_resolved(f"{module}:{part.id}", scope.get(part.id), imported))
                elif isinstance(part, ast.Attribute):
                    node.methods.add(part.attr)
                    if isinstance(part.value, ast.Name) and part.value.id in scope:
                        node.names.add(_resolved("", f"{scope[part.value.id].replace(':', '.')}:{part.attr}", imported))
    return out


def reaches(function: str) -> bool:
    """Whether a step lets something out: to another party, or into the outputs."""
    return any(name == DOOR or OUT & node.methods for name, node in _below(function))


def judges(function: str) -> bool:
    """Whether a step runs a gate."""
    return any(PAGE in node.names for _, node in _below(function))


def _below(function: str) -> list[tuple[str, Node]]:
    known = functions()
    found: dict[str, Node] = {}
    waiting = [_resolved(function, None, _read()[1])]
    while waiting:
        name = waiting.pop()
        if name in found or name not in known or name in INSIDE:
            continue
        found[name] = known[name]
        waiting += known[name].names
    return list(found.items())


def _module(path: Path) -> str:
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.AST, modules: dict[str, ast.Module]) -> dict[str, str]:
    """Name → ``module:name`` of what is imported from the library, or the module itself."""
    out: dict[str, str] = {}
    body = tree.body if isinstance(tree, ast.Module) else list(ast.walk(tree))
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "kansho":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                out[alias.asname or alias.name] = whole if whole in modules else f"{node.module}:{alias.name}"
    return out


def _resolved(own: str, imported: str | None, modules: dict[str, dict[str, str]]) -> str:
    """Where a name is defined; a package that passes it on is followed."""
    name = imported or own
    for _ in range(5):
        module, _, item = name.partition(":")
        further = modules.get(module, {}).get(item)
        if further is None:
            return name
        name = further
    return name
