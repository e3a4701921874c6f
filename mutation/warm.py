"""One pytest session for all errors in functions: collected once, then forked for each of them.

Belongs here: putting a changed function in place of one that is imported already, by its code, so that whoever imported
the function sees the change as well.  What is not in a function (tables, defaults, class bodies) cannot be changed so:
`cold` plants it before the first import.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import json
import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType

import pytest

from mutation.asking import OPTIONS, InOrder, another, quiet, write_below
from mutation.fork import Ended, Tell, die_with, forked
from mutation.lines import LIBRARY, Known
from mutation.mutants import Mutant

Functions = Mapping[tuple[str, str], list[FunctionType]]
Swaps = list[tuple[FunctionType, CodeType]]


class Warm:
    """The session, in a process of its own that answers until `close`."""

    def __init__(self, files: Sequence[str], known: Known, chosen: Sequence[Mutant], work: Path) -> None:
        asked, ask = os.pipe()
        answer, answered = os.pipe()
        parent = os.getpid()
        self._child = os.fork()
        if self._child == 0:
            try:
                die_with(parent)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                os.close(ask)
                os.close(answer)
                quiet()
                pytest.main([*OPTIONS, *files], [_Session(known, chosen, work, asked, answered)])
            finally:
                os._exit(0)
        os.close(asked)
        os.close(answered)
        self._ask, self._answer = os.fdopen(ask, "w"), os.fdopen(answer)

    def ask(self, at: int | None, tests: Sequence[str]) -> Ended | None:
        """As `mutation.asking.Asker` has it.

        Raises:
            RuntimeError: the session is gone, or a child of it broke.
        """
        self._ask.write(json.dumps([at, tests]) + "\n")
        self._ask.flush()
        said = json.loads(self._answer.readline() or '"the session with the tests is gone"')
        if isinstance(said, str):
            raise RuntimeError(said)
        return Ended(*said) if said else None

    def close(self) -> None:
        """Nothing more is asked."""
        os.kill(self._child, signal.SIGKILL)  # it keeps nothing that is not told already
        os.waitpid(self._child, 0)
        self._answer.close()
        with contextlib.suppress(BrokenPipeError):
            self._ask.close()


class _Session(InOrder):
    """A pytest plugin in place of the loop over the tests: answers what comes in."""

    def __init__(self, known: Known, chosen: Sequence[Mutant], work: Path, asked: int, answered: int) -> None:
        super().__init__(known)
        self._chosen, self._work, self._ends = chosen, work, (asked, answered)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """All of it; what belongs to the whole session is made by the first tests, outside of any limit, and stays."""
        self._begin(session)
        functions, caches = functions_here(), _caches()
        same = plain(functions)
        gc.collect()
        gc.freeze()
        with os.fdopen(self._ends[0]) as asked, os.fdopen(self._ends[1], "w") as answered:
            for line in asked:
                at, tests = json.loads(line)
                planted = same if at is None else swaps(self._chosen[at], functions)
                said: object = None
                if at is None or planted:
                    try:
                        said = self._forked(session, planted, caches, tests)
                    except RuntimeError as broken:
                        said = str(broken)
                answered.write(json.dumps(said) + "\n")
                answered.flush()
        return True

    def _begin(self, session: pytest.Session) -> None:
        write_below(session.config, self._work / "first")
        first = needed(session.items, self._known.seconds)
        for item, following in zip(first, [*first[1:], another(session.items, first[-1])], strict=True):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _forked(self, session: pytest.Session, planted: Swaps | None, caches: Sequence, tests: Sequence[str]) -> list:
        folder = self._work / "one"

        def work(tell: Tell) -> int:
            for function, changed in planted or ():
                function.__code__ = changed
            for cache in caches:
                cache.cache_clear()
            return self.run(session, tests, tell, folder)

        ended = forked(work)
        shutil.rmtree(folder, ignore_errors=True)
        return [ended.how, ended.told]


def needed(items: Sequence[pytest.Item], seconds: Mapping[str, float]) -> list[pytest.Item]:
    """The quickest test of each file and of each fixture of the whole session: what all need is imported and made."""
    quickest: dict[str, pytest.Item] = {}
    for item in sorted(items, key=lambda i: seconds.get(i.nodeid, 1e9)):
        for name in (item.nodeid.partition("::")[0], *_of_the_session(item)):
            quickest.setdefault(name, item)
    return [*{item.nodeid: item for item in quickest.values()}.values()]


def _of_the_session(item: pytest.Item) -> Iterator[str]:
    fixtures = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    yield from (name for name, found in fixtures.items() if any(f.scope == "session" for f in found))


def functions_here() -> Functions:
    """Every function there is: (file, qualified name) → functions."""
    found: dict[tuple[str, str], list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            found[thing.__code__.co_filename, thing.__qualname__].append(thing)
    return found


def swaps(mutant: Mutant, functions: Functions, library: Path = LIBRARY) -> Swaps | None:
    """The functions as they are imported, each with its changed code; None where that is not possible."""
    path = str(library / mutant.path)
    parts = mutant.function.split(".")
    for name in (parts[0], ".".join(parts[:2])):
        there = functions.get((path, name), [])
        if len({f.__code__.co_firstlineno for f in there}) != 1:  # none, or a property and its setter
            continue
        if any(file == path and inner.startswith(f"{name}.<locals>.") for file, inner in functions):
            return None  # something made by it is in use already
        changed = _named(compile(mutant.plant(), path, "exec"), name)
        if len(changed) != 1 or _same(changed[0], there[0].__code__):
            return None
        if any(len(f.__code__.co_freevars) != len(changed[0].co_freevars) for f in there):
            return None
        return [(f, changed[0]) for f in there]
    return None


def plain(functions: Functions, library: Path = LIBRARY) -> Swaps:
    """Every function of the library with the code that it has, compiled anew from the syntax as that of an error is."""
    found: Swaps = []
    whole: dict[str, CodeType] = {}
    for (path, name), there in functions.items():
        if not path.startswith(f"{library}{os.sep}"):
            continue
        if path not in whole:
            whole[path] = compile(ast.unparse(ast.parse(Path(path).read_text(encoding="utf-8"))), path, "exec")
        codes = _named(whole[path], name)
        if len(codes) == 1 and all(len(f.__code__.co_freevars) == len(codes[0].co_freevars) for f in there):
            found += [(f, codes[0]) for f in there]
    return found


def _caches() -> list:
    """What functions of ours remember from before one was changed."""
    found = (thing for thing in gc.get_objects() if isinstance(thing, functools._lru_cache_wrapper))
    return [cache for cache in found if str(cache.__module__).partition(".")[0] in {"kansho", "tests"}]


def _named(code: CodeType, name: str) -> list[CodeType]:
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return [c for c in inner if c.co_qualname == name] + [found for c in inner for found in _named(c, name)]


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two do the same, wherever they stand."""
    if (one.co_code, one.co_names, one.co_varnames) != (other.co_code, other.co_names, other.co_varnames):
        return False
    if len(one.co_consts) != len(other.co_consts):
        return False
    return all(
        _same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else type(a) is type(b) and a == b
        for a, b in zip(one.co_consts, other.co_consts, strict=True)
    )
