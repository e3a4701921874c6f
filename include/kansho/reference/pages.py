"""The reference page of all codes in docs, written from the source and held to it.

Belongs here: the page.  Does not belong here: finding the codes (`raised`), what they leave behind (`left_behind`),
arguments of the command line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kansho.contracts import characters
from kansho.errors import KanshoError
from kansho.health import judging
from kansho.intake.check import EXIT_CODES
from kansho.intake.check_report import OUTCOME_WORDS
from kansho.intake.exceptions import ACCEPT_REASONS
from kansho.intake.values import RULES
from kansho.oversight.incidents import KINDS
from kansho.reference.left_behind import FAMILIES, MEANINGS, Family, family
from kansho.reference.raised import ROOT, Raised, raised
from kansho.targeting.eligibility import TABLE

PAGE = ROOT / "docs" / "reference" / "codes.md"

_INTRODUCTION = """\
# Codes コードの一覧

<!-- Written by `kansho codes docs --write` from the source. Do not edit: a test holds it to what is raised. -->

Every refusal has one form: `CODE what is wrong [place] → what to do`. The place names a file kind, a row, a column, a
path of the campaign file or a key of the ledger, never a value of a person. `…` stands for a count, a name or a
position that is filled in when it is raised.
差戻しや中止は、どれも「コード　何がいけないか [場所] → していただくこと」の形です。
場所はファイル・行・列・設定の位置で、個人の値は出ません。

**What stays 残るもの** tells what is on file after the refusal. Ledger events are never taken back, and every task may
be run again: it finds what its first attempt left.
台帳の記録は取り消されません。どの作業もやり直せます。

Codes of rules (`sex.code`, `STOP-SHRUNK`) are in [rules of the gates](rules.md), codes of `kansho verify` in
[evidence](evidence.md), codes inside files (results of calls, reasons) in [contracts](contracts.md).
"""
_DETAIL = re.compile(r"^(.+?)（(.+)）$")


def render() -> str:
    """The whole page (Markdown)."""
    return "\n".join(_lines(raised())) + "\n"


def write_page(path: Path = PAGE) -> None:
    """Write the page (UTF-8)."""
    path.write_text(render(), encoding="utf-8")


def check_page(path: Path = PAGE) -> None:
    """Hold the page on file against the source.

    Raises:
        KanshoError: ``CODES-DOCS`` when it is missing or says something else.
    """
    if not path.is_file() or path.read_text(encoding="utf-8") != render():
        raise KanshoError(
            "CODES-DOCS", "コードの一覧がソースと違います", place=path.name, remedy="kansho codes docs --write"
        )


def _lines(codes: Mapping[str, Raised]) -> Iterator[str]:
    yield _INTRODUCTION
    for one in FAMILIES:
        members = [r for code, r in codes.items() if family(code) is one]
        if members:
            yield from _section(one, members)
    yield from _reasons()


def _section(one: Family, members: Iterable[Raised]) -> Iterator[str]:
    yield f"## {one.title}"
    yield ""
    yield f"残るもの　{one.stays}"
    yield ""
    yield from _table(
        ("コード", "意味", "していただくこと", "場所（source）"),
        ((f"`{r.code}`", _meaning(r), "／".join(sorted(r.remedies)), _modules(r)) for r in members),
    )


def _reasons() -> Iterator[str]:
    yield "## 理由のコード"
    yield ""
    yield "誤りではなく、判断や集計の理由として台帳・報告・画面に出るコードです。"
    yield ""
    outcomes = {name: f"{word}　終了コード {EXIT_CODES[name]}" for name, word in OUTCOME_WORDS.items()}
    judged = {o.code: o.label for o in TABLE}
    for title, words in (
        ("取込み検査の結果（`kansho intake check`）", outcomes),
        ("整えた値（もとの値は受領時の版に残ります）", RULES),
        ("例外を受け入れる理由", ACCEPT_REASONS),
        ("印刷できない理由", characters.REASONS),
        ("健診結果を判定しない理由", judging.REASONS),
        ("勧奨対象の判定", judged),
        ("事故の種類", KINDS),
    ):
        yield f"### {title}"
        yield ""
        yield from _table(("コード", "意味"), ((f"`{code}`", word) for code, word in words.items()))


def _meaning(one: Raised) -> str:
    """The texts, with those that only differ in brackets told once."""
    grouped: dict[str, list[str]] = {}
    for text in sorted(one.messages):
        found = _DETAIL.match(text)
        stem, detail = (found.group(1), found.group(2)) if found else (text, "")
        grouped.setdefault(stem, []).append(detail)
    told = [MEANINGS[one.code]] if one.code in MEANINGS else []
    for stem, details in grouped.items():
        known = [d for d in details if d.strip("…")] or [d for d in details if d]
        told.append(f"{stem}（{'／'.join(known)}）" if known else stem)
    return "<br>".join(told)


def _modules(one: Raised) -> str:
    return "<br>".join(f"`{m.removeprefix('include/kansho/').removeprefix('plugins/')}`" for m in sorted(one.modules))


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    head = list(heads)
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
