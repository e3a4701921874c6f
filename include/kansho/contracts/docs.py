"""The reference page of the contracts in docs, written from the registry and held to it.

Belongs here: the page.  Does not belong here: a contract, the terminal (`listing`), arguments of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import REGISTRY
from kansho.contracts.words import TYPES, editions, holders, route, span, years
from kansho.errors import KanshoError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "contracts.md"

#: Longer code lists stand below the table.
_SHORT_LIST = 3

_INTRODUCTION = """\
# Contracts 契約（ファイルごとの項目）

<!-- Written by `kansho contracts docs --write` from include/kansho/contracts. Do not edit: a test holds it to them. -->

What each file may hold. The reader, the gates, the synthetic data and this page come from the same registry
(`kansho.contracts.registry`).
各ファイルに入れてよい項目の一覧です。ここにない列が一つでもあれば、その提供は全体を受け取れません (D1)。

- **Heading 見出し**, **aliases 別名**: as delivered; width, blanks and case do not matter. A ward that writes another
  heading, order or code maps it in its campaign file (`mappings`).
  全角・半角・空白・大文字小文字の違いは問いません。これ以外の見出し、並び、符号は、区ごとの設定で対応させます。
- **Type 型**: the form after normalisation. 整えた後の形です（日付は西暦の `YYYY-MM-DD`、数値は半角）。
- **Values 符号・書式・範囲**: codes with their meaning, or a pattern, or an input range, which guards against slips and
  is no medical limit; 「制限なし」 means that the national table has no range; `L` and `H` stand for a value at or
  below the least, at or above the greatest.
  範囲は入力誤りを見つけるためのもので、医学的な基準ではありません。L は入力最小値以下、H は入力最大値以上です。
- **Empty 空欄**: 可 may be empty, 不可 may not.
- **Holders 保持者**: 甲 the ward, 乙 the contractor, 丙 a subcontractor, 丙\\* only one that does
  対象者分析・グループ分け (D2).
- **Clause 根拠**: the requirement it comes from: C the campaign, D data, P protection and evidence.
- **Years 年度**: fiscal years (of the examination) in which the item exists. 健診実施日の属する年度です。
- **JLAC10**: item codes of 特定健診; of several the first one present is the value.
  複数あるときは先にあるものを採ります。
"""


def render() -> str:
    """The whole reference page (Markdown)."""
    heads = ("Kind 種別", "名称", "From → to", "Columns 列", "Key 行の鍵", "Clause 根拠")
    rows = [
        (f"[`{c.kind}`](#{c.kind})", c.title, route(c), str(len(c.columns)), _key(c), c.clause)
        for c in REGISTRY.values()
    ]
    return "\n".join([_INTRODUCTION, _table(heads, rows), *(_section(c) for c in REGISTRY.values())]) + "\n"


def write_page(path: Path = PAGE) -> None:
    """Write the reference page (UTF-8)."""
    path.write_text(render(), encoding="utf-8")


def check_page(path: Path = PAGE) -> None:
    """Hold the page on file against the registry.

    Raises:
        KanshoError: ``CONTRACT-DOCS`` when it is missing or says something else.
    """
    if not path.is_file() or path.read_text(encoding="utf-8") != render():
        raise KanshoError(
            "CONTRACT-DOCS",
            "契約の一覧が登録内容と違います",
            place=path.name,
            remedy="kansho contracts docs --write",
        )


def _section(contract: Contract) -> str:
    columns = contract.columns
    dated = any(years(c) or c.editions for c in columns)
    items = any(c.jlac10 for c in columns)
    heads = ["Identifier", "見出し Heading", "別名 Aliases", "型 Type", "単位 Unit", "符号・書式・範囲 Values"]
    heads += ["空欄 Empty", "保持者 Holders", "根拠 Clause", *["年度 Years"] * dated, *["JLAC10"] * items]
    rows = [
        [
            f"`{c.name}`",
            c.header,
            "、".join(c.aliases),
            f"{TYPES[c.type]} `{c.type}`",
            c.unit,
            _values(c),
            "可" if c.nullable else "不可",
            holders(c).replace("*", "\\*"),
            c.clause,
            *[years(c)] * dated,
            *["<br>".join(f"`{item}`" for item in c.jlac10)] * items,
        ]
        for c in columns
    ]
    told = [
        f'\n<a id="{contract.kind}"></a>\n',
        f"## {contract.title} `{contract.kind}`\n",
        f"{route(contract)}. Key 行の鍵: {_key(contract)}. Clause 根拠: {contract.clause}.",
    ]
    if contract.yearly:
        told.append(
            "Beside the key only items that the campaign approves for the year (資料23-3, 23-4) may come. "
            "鍵のほかは、その年度に承認された項目に限ります。"
        )
    told += [
        f"`{c.name}` is approved with 次の分析項目の承認で入ります: {', '.join(f'`{item}`' for item in c.serves)}."
        for c in columns
        if c.serves
    ]
    return "\n".join([*told, "", _table(heads, rows), *(_code_list(c) for c in columns if _is_long(c))])


def _key(contract: Contract) -> str:
    return ", ".join(f"`{name}`" for name in contract.key)


def _is_long(column: Column) -> bool:
    return bool(column.editions) or len(column.codes) > _SHORT_LIST


def _values(column: Column) -> str:
    if _is_long(column):
        return "下の符号表 below"
    if column.codes:
        return _codes(editions(column)[0].labels)
    # A backslash before a pipe would end a table's cell in some renderers; a class means the same.
    return "`" + column.pattern.replace(r"\|", "[|]") + "`" if column.pattern else span(column)


def _codes(labels: Iterable[tuple[str, str]]) -> str:
    return "、".join(f"`{code}` {label}" for code, label in labels)


def _code_list(column: Column) -> str:
    lines = [f"\n**`{column.name}` {column.header}**\n"]
    for edition in editions(column):
        when = f"{years(edition)} {edition.header} `{edition.jlac10[0]}`: " if years(edition) else ""
        lines.append(f"- {when}{_codes(edition.labels)}")
    return "\n".join(lines)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
