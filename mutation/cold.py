"""Errors that are planted before the first import: what is no part of a function.

Belongs here: a process that has the heavy libraries already and none of ours, forked for each error, in which a finder
puts the changed module in place of the file's.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from mutation.asking import OPTIONS, Loop, files_of, quiet
from mutation.fork import Ended, Tell, allow, forked
from mutation.lines import LIBRARY, ROOT, Known
from mutation.mutants import Mutant

#: Processor seconds for importing and collecting, before the first test.
_IMPORTING = 20.0


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules from texts instead of their files."""

    def __init__(self, texts: Mapping[str, str], library: Path = LIBRARY) -> None:
        self._paths = {_module(path): library / path for path in texts}
        self._texts = {_module(path): text for path, text in texts.items()}

    def find_spec(self, name: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Ours, or nothing."""
        if name not in self._texts:
            return None
        return importlib.util.spec_from_file_location(name, self._paths[name], loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As usual."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """The changed text."""
        name = module.__name__
        code: CodeType = compile(self._texts[name], str(self._paths[name]), "exec")
        exec(code, module.__dict__)  # noqa: S102 - our own module, with one error


class Cold:
    """A new session for each error."""

    def __init__(self, modules: Sequence[str], known: Known, chosen: Sequence[Mutant], work: Path) -> None:
        self._known, self._chosen, self._work = known, chosen, work / "cold"
        self._plain = {path: ast.unparse(ast.parse((LIBRARY / path).read_text(encoding="utf-8"))) for path in modules}

    def ask(self, at: int | None, tests: Sequence[str]) -> Ended | None:
        """As `mutation.asking.Asker` has it; any error can be planted so."""
        mutant = None if at is None else self._chosen[at]
        planted = Planted(self._plain if mutant is None else {mutant.path: mutant.plant()})

        def work(tell: Tell) -> int:
            quiet()
            sys.meta_path.insert(0, planted)
            allow(_IMPORTING)
            loop = Loop(self._known, tests, tell, self._work)
            pytest.main([*OPTIONS, *files_of(tests)], [loop])
            return loop.code

        ended = forked(work)
        shutil.rmtree(self._work, ignore_errors=True)
        return ended


def import_what_tests_import() -> None:
    """The heavy libraries and nothing of ours."""
    os.chdir(ROOT)
    for folder in (ROOT / "include", ROOT / "plugins", ROOT):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    for name in ("pytest", "numpy", "pandas", "pydantic", "yaml", "cryptography.hazmat.primitives.asymmetric.ed25519"):
        importlib.import_module(name)
    for name in ("pyarrow.parquet", "boto3", "pypdfium2", "asn1crypto.tsp", "phonenumbers", "hypothesis", "pyrage"):
        importlib.import_module(name)
    for name in ("pikepdf", "pyhanko.sign", "sqlalchemy", "jinja2", "jaconv", "pyzipper", "email.mime.text", "sqlite3"):
        importlib.import_module(name)


def _module(path: str) -> str:
    return "kansho." + path.removesuffix(".py").replace("/", ".")
