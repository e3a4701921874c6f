"""Commands that the documentation tells are commands of this program."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kansho.cli import _parser, main
from tests.conftest import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
#: A line of a console block, or of an indented one.
_LINE = re.compile(r"^(?:\$ (?:\.venv/bin/)?|    )(kansho .+)$", re.MULTILINE)
_INLINE = re.compile(r"`(?:\.venv/bin/)?kansho ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)")


#: Every command of a console block.
_PROMPT = re.compile(r"^\$ (.+)$", re.MULTILINE)
TUTORIAL = sorted((REPOSITORY / "docs" / "tutorial").glob("*.md"))
#: What a tutorial may use beside make and our own programs: tools of any machine.
TOOLS = frozenset({"cp", "grep", "ls"})


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


@pytest.mark.parametrize("page", TUTORIAL, ids=lambda page: page.stem)
def test_every_command_of_a_tutorial_is_known(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = [shlex.split(line) for line in _PROMPT.findall(page.read_text(encoding="utf-8"))]
    assert len(commands) > 5
    for program, *arguments in commands:
        if program == "make":
            assert {word for word in arguments if "=" not in word} <= targets
        elif program == ".venv/bin/kansho":
            _parser().parse_args(arguments)
        else:
            assert program in TOOLS | {".venv/bin/python"}


def test_what_the_tutorial_breaks_is_one_byte_and_does_not_verify_any_more(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs" / "tutorial" / "a-first-year.md").read_text(encoding="utf-8")
    (line,) = [line for line in _PROMPT.findall(text) if line.startswith(".venv/bin/python")]
    broken = tmp_path / "broken.zip"
    broken.write_bytes(before := bytes(range(256)) * 3)
    _, *arguments = shlex.split(line.replace("/tmp/broken.zip", str(broken)))
    subprocess.run([sys.executable, *arguments], check=True)
    after = broken.read_bytes()
    assert len(after) == len(before)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    assert main(["verify", str(broken)]) == 1
