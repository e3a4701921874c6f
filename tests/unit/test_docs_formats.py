"""The how-to about a ward's formats is run: every block of it, in order, against the files of an invented ward."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from kansho.campaign.config import Gaiji, Mapping, RuleTuning
from kansho.cli import main
from tests.conftest import REPOSITORY
from tests.unit.docs_ward import merge, write_sample

PAGE = REPOSITORY / "docs" / "how-to" / "set-up-formats.md"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_GAP = "…"


def blocks() -> list[tuple[str, str]]:
    return _BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block with the lines shown under it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, *shown = part.rstrip("\n").split("\n")
        yield line, shown


def matches(shown: list[str], told: list[str]) -> bool:
    """Whether a console showed that: a line ``…`` stands for any lines, a ``…`` at the end of one for its rest."""
    text = "\n".join(told)
    parts = [".*" if s == _GAP else re.escape(s.removesuffix(_GAP)) + (".*" if s.endswith(_GAP) else "") for s in shown]
    pattern = "".join(
        f"(?:{p}\n)?" if s == _GAP else f"(?:{p})\n".replace(".*", "[^\n]*") for s, p in zip(shown, parts, strict=True)
    )
    return re.fullmatch(pattern, text + "\n", re.DOTALL) is not None


def test_every_command_shows_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sample(tmp_path)
    monkeypatch.chdir(tmp_path)
    code = 0
    for language, block in blocks():
        if language == "yaml":
            merge(Path("ward.yaml"), block)
            continue
        for line, shown in commands(block):
            if line == "echo $?":
                assert shown == [str(code)], (line, code)
                continue
            program, *arguments = shlex.split(line)
            assert program == "kansho", line
            code = main(arguments)
            told = capsys.readouterr()
            assert matches(shown, told.out.rstrip("\n").split("\n")), f"$ {line}\n{told.out}{told.err}"


def test_the_page_has_no_block_that_is_not_run() -> None:
    assert {language for language, _ in blocks()} == {"console", "yaml"}
    assert len(blocks()) > 10
    assert PAGE.read_text(encoding="utf-8").count("```") == 2 * len(blocks())


def test_every_key_of_a_mapping_is_shown() -> None:
    shown = "\n".join(block for language, block in blocks() if language == "yaml")
    for key in (*Mapping.model_fields, "characters", "rule", "severity", "threshold"):
        assert re.search(rf"\b{key}:", shown), key
    assert {"characters", "font"} == set(Gaiji.model_fields)
    assert {"rule", "severity", "threshold", "owner"} == set(RuleTuning.model_fields)


@pytest.mark.parametrize(
    ("shown", "told", "same"),
    [
        (["a"], ["a"], True),
        (["a"], ["a", "b"], False),
        (["a", "…"], ["a", "b", "c"], True),
        (["…", "c"], ["a", "b", "c"], True),
        (["…", "b"], ["a", "b", "c"], False),
        (["a", "c"], ["a", "b", "c"], False),
        (["a…", "c"], ["ab", "c"], True),
        (["a…"], ["ab", "c"], False),
        (["a.c"], ["abc"], False),
    ],
)
def test_a_line_that_differs_is_noticed(shown: list[str], told: list[str], same: bool) -> None:
    assert matches(shown, told) is same
