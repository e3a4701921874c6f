"""An answer that is kept is the answer that was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept import FOLDER, Kept


@pytest.fixture(params=["in a process", "for all parts of a run"])
def asked(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.delenv(FOLDER, raising=False)
    if request.param != "in a process":
        monkeypatch.setenv(FOLDER, str(tmp_path))
    return []


def test_the_same_question_is_asked_once_and_another_is_asked(asked: list[str]) -> None:
    kept = Kept("word")

    def answer(question: str) -> list[str]:
        return kept.answer(question.encode(), lambda: [*asked, asked.append(question) or question])

    assert [answer("a"), answer("b"), answer("a")] == [["a"], ["a", "b"], ["a"]]
    assert asked == ["a", "b"]


def test_another_process_finds_it_by_subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert Kept("word").answer(b"a", lambda: 1) == 1
    assert Kept("word").answer(b"a", lambda: 2) == 1
    assert Kept("other").answer(b"a", lambda: 3) == 3
    monkeypatch.delenv(FOLDER)
    assert Kept("word").answer(b"a", lambda: 4) == 4


def test_what_failed_is_asked_again(asked: list[str]) -> None:
    kept = Kept("word")
    with pytest.raises(ZeroDivisionError):
        kept.answer(b"a", lambda: 1 // 0)
    assert kept.answer(b"a", lambda: 5) == 5
