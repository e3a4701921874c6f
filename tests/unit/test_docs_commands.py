"""Commands that the documentation tells are commands of this program."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest

from kansho.cli import _parser
from tests.conftest import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
#: A line of a console block, or of an indented one.
_LINE = re.compile(r"^(?:\$ (?:\.venv/bin/)?|    )(kansho .+)$", re.MULTILINE)
_INLINE = re.compile(r"`(?:\.venv/bin/)?kansho ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)")


def _lines() -> list[tuple[str, str]]:
    return [(page.name, line) for page in PAGES for line in _LINE.findall(page.read_text(encoding="utf-8"))]


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = (a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(next(found, {}))


def _inline() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for words in _INLINE.findall(page.read_text(encoding="utf-8")):
            yield page.name, words


def test_there_are_commands_to_check() -> None:
    assert len(_lines()) >= 15
    assert len(list(_inline())) > 10


@pytest.mark.parametrize(("page", "line"), sorted(set(_lines())))
def test_a_whole_command_is_understood(page: str, line: str) -> None:
    program, *arguments = shlex.split(line)
    assert program == "kansho"
    _parser().parse_args(arguments)  # exits on anything it does not know


@pytest.mark.parametrize(("page", "words"), sorted(set(_inline())))
def test_a_named_command_exists(page: str, words: str) -> None:
    first, _, second = words.partition(" ")
    commands = _choices(_parser())
    assert first in commands
    below = _choices(commands[first])
    assert not second or not below or second in below
