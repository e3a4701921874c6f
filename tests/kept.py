"""What a slow library answered, kept for whoever asks the same: in this process, and for the other parts of a run.

Not a test.  ``make test`` gives its parts, which are processes of their own, a folder that lasts as long as it does.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")
#: Names the folder; without it every process keeps its own.
FOLDER = "KANSHO_TESTS_KEPT"


class Kept:
    """Answers by question.

    Args:
        subject: what is asked about; part of the names in the folder.
    """

    def __init__(self, subject: str) -> None:
        named = os.environ.get(FOLDER)
        self._folder = Path(named) if named else None
        self._subject = subject
        self._answers: dict[str, object] = {}

    def answer(self, question: bytes, ask: Callable[[], Answer]) -> Answer:
        """What ``ask`` answered to the same question before, else what it answers now; what it raises is not kept."""
        name = self._name(question)
        if name not in self._answers:
            self._answers[name] = self._read(name) or self._asked(name, ask)
        return self._answers[name][0]  # type: ignore[index, no-any-return]

    def knows(self, question: bytes) -> bool:
        """Whether the question was asked before."""
        name = self._name(question)
        return name in self._answers or (self._folder is not None and (self._folder / name).is_file())

    def _name(self, question: bytes) -> str:
        return f"{self._subject}-{hashlib.sha256(question).hexdigest()}"

    def _read(self, name: str) -> tuple[object] | None:
        if self._folder is None or not (self._folder / name).is_file():
            return None
        found: tuple[object] = pickle.loads((self._folder / name).read_bytes())  # noqa: S301 (of this very run)
        return found

    def _asked(self, name: str, ask: Callable[[], object]) -> tuple[object]:
        answered = (ask(),)
        if self._folder is not None:
            part = self._folder / f"{name}.{os.getpid()}"
            part.write_bytes(pickle.dumps(answered))
            part.replace(self._folder / name)
        return answered
