"""Tables in Japanese: what each column of a thing to approve is called, and what its codes mean.

Belongs here: headings and words for the tables that approvals open.  Does not belong here: their columns (the rooms
that make them), files of the contract (`kansho.contracts.registry` knows their headings).  A code without a word is
shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.contracts import codes
from kansho.contracts.registry import REGISTRY
from kansho.errors import KanshoError
from kansho.quality.catalogue import rule
from kansho.quality.gate_words import RESULTS

#: Columns of our own tables that no file of the contract has, or has in another sense.
HEADINGS: Mapping[str, Mapping[str, str]] = {
    "gate_summary": {
        "delivery": "提供",
        "table": "ファイル",
        "result": "検証の結果",
        "rule": "該当した規則",
        "rows": "該当した行数",
    },
    "visit_list": {
        "group": "勧奨の対象",
        "due_kinds": "未受診の検診",
        "status": "掲載",
        "reason": "掲載しない理由",
        "day": "訪問日",
        "team": "班",
        "line": "票の行",
        "block": "名簿Ａ：訪問区画",
        "name_part": "名簿Ｂ：氏",
        "house_part": "名簿Ｂ：号・方書",
        "level_a": "名簿Ａに載せる範囲",
        "level_b": "名簿Ｂに載せる範囲",
        "k_a": "名簿Ａで当てはまる世帯数",
        "k_b": "名簿Ｂで当てはまる世帯数",
    },
    "call_list": {"screening_kinds": "案内する検診"},
}

GROUPS = {"kenshin": "特定健診", "cancer": "がん検診"}
STATUS = {"listed": "掲載", "not_visited": "訪問しない"}
#: Why somebody on a list is not contacted: the codes of `kansho.standing.exclusions` and of the halves (P2).
REASONS: Mapping[str, str] = {
    "held_out": "勧奨しない群（保留群）",
    "unknown": "名簿にない",
    "left": "対象者一覧から外れた",
    "identity_held": "本人か確認中",
    "stopped": "勧奨停止",
    "refused": "勧奨を断られた",
    "deferred": "時期を改める",
    "aged_out": "年度中に対象年齢を外れる",
    "attended": "受診済",
    "reported_attended": "受診済（本人の申告）",
    "outdated": "名簿の内容が変わった",
    "bad_address": "あて先に届かない",
    "no_phone": "電話番号がない",
    "phone_dead": "電話がつながらない番号",
    "too_soon": "前の連絡から日が浅い",
    "k_a": "名簿Ａが、決められた数より少ない世帯にしか当てはまらない",
    "k_b": "名簿Ｂが、決められた数より少ない世帯にしか当てはまらない",
    "ambiguous": "二つの名簿を合わせても、一つの世帯に決まらない",
}
#: The steps of `kansho.outreach.rosters`, finest first; -1 is none of them.
LEVELS_A = {"-1": "—", "0": "町・丁目・番", "1": "町・丁目", "2": "町"}
LEVELS_B = {
    "-1": "—",
    "0": "氏＋号・室",
    "1": "カナ頭字＋号・室",
    "2": "氏＋号",
    "3": "カナ頭字＋号",
    "4": "氏",
    "5": "カナ頭字",
}

Word = Callable[[str], str]


@dataclass(frozen=True)
class Table:
    """Some rows as they are read: a heading per column, which of them hold numbers, and texts."""

    headings: tuple[str, ...]
    numbers: frozenset[int]
    rows: tuple[tuple[str, ...], ...]


def heading(kind: str, column: str) -> str:
    """What a column is called in a table of that kind; one that nobody has named is shown as it is."""
    own = HEADINGS.get(kind, {}).get(column)
    if own is not None:
        return own
    contracts = [REGISTRY[kind]] if kind in REGISTRY else []
    named = {c.header for found in (contracts or REGISTRY.values()) for c in found.columns if c.name == column}
    return named.pop() if len(named) == 1 else column


def in_words(kind: str, frame: pd.DataFrame, config: CampaignConfig) -> Table:
    """The rows of a table of that kind as a person reads them; what is missing is empty."""
    texts = frame.astype(object).where(frame.notna(), "").astype(str)
    spoken = {column: _spoken(kind, texts, column, config) for column in texts.columns}
    return Table(
        headings=tuple(heading(kind, c) for c in texts.columns),
        numbers=frozenset(n for n, c in enumerate(frame.columns) if _is_number(frame[c], c)),
        rows=tuple(zip(*spoken.values(), strict=True)),
    )


def _spoken(kind: str, texts: pd.DataFrame, column: str, config: CampaignConfig) -> list[str]:
    values = texts[column].tolist()
    if kind == "gate_summary" and column == "rule":
        return [_rule(table, said, config) for table, said in zip(texts["table"], values, strict=True)]
    word = _word(kind, column, config)
    known = {value: word(value) for value in dict.fromkeys(values)}  # a code is put into words once, not row by row
    return [known[value] for value in values]


def _word(kind: str, column: str, config: CampaignConfig) -> Word:
    own = _OWN.get((kind, column))
    if own is not None:
        return partial(_of, own)
    if column in ("due_kinds", "screening_kinds"):
        return _screenings
    if column == "team":
        return lambda team: f"{int(team[1:])}班" if team[1:].isdigit() else team
    if column == "wave":
        return partial(_of, {w.id: w.name for w in config.waves.all()})
    contracts = [REGISTRY[kind]] if kind in REGISTRY else []
    labels = next((c.labels_in(config.fiscal_year) for r in contracts for c in r.columns if c.name == column), {})
    return partial(_of, labels)


_OWN: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("gate_summary", "table"): {name: c.title for name, c in REGISTRY.items()},
    ("gate_summary", "result"): RESULTS,
    ("visit_list", "group"): GROUPS,
    ("visit_list", "status"): STATUS,
    ("visit_list", "reason"): REASONS,
    ("visit_list", "level_a"): LEVELS_A,
    ("visit_list", "level_b"): LEVELS_B,
}


def _of(words: Mapping[str, str], value: str) -> str:
    return words.get(value, value)


def _screenings(value: str) -> str:
    return "、".join(codes.SCREENING_KINDS.get(part, part) for part in value.split("|"))


def _rule(table: str, said: str, config: CampaignConfig) -> str:
    """What a rule says, and its own name for whoever looks it up."""
    try:
        return f"{rule(table, said, config).message}（{said}）"
    except KanshoError:  # a rule of another room: its name stands for itself
        return said


def _is_number(values: pd.Series, column: Any) -> bool:
    return pd.api.types.is_numeric_dtype(values) and column not in ("level_a", "level_b")
