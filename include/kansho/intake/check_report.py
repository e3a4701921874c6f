"""The words of a dry run: for people in Japanese, for programs as JSON; never a value from a file.

Belongs here: the two forms of a `kansho.intake.check.Check`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.intake.check import TOLD_ROWS, Check, Outcome, RuleFound, TableCheck
from kansho.intake.values import RULES
from kansho.quality.gate_words import SEVERITY_WORDS

OUTCOME_WORDS: Mapping[Outcome, str] = {
    "pass": "合格",
    "quarantine": "一部の行が隔離されます",
    "hold": "保留されます（判断者の決定が必要です）",
    "stop": "中止されます（この表は受け入れられません）",
    "refused": "差し戻されます（一部でも差し戻されると、提供全体が差し戻されます）",
}
_SEALED = {
    "": "なし（平文です。提供するときは必ず封緘してください）",
    "zip": "ZIP（AES-256）",
    "7z": "7z（AES-256、ファイル名も暗号化）",
    "xlsx": "パスワード付き xlsx",
}
_FORMS = {"csv": "CSV", "xlsx": "xlsx"}
_DELIMITERS = {"comma": "カンマ", "tab": "タブ"}
_LAYOUTS = {"plain": "見出し行と明細", "fkac167": "国保連 FKAC167"}
_TAKEN_OFF = {
    "blank_lines": "末尾の空行",
    "empty_rows": "末尾の空の行",
    "empty_columns": "見出しも値もない列",
    "blank_columns": "空であることを確かめた列",
    "total_rows": "合計行",
}


def as_text(check: Check) -> str:
    """The report as a person reads it."""
    return "\n".join(_lines(check)) + "\n"


def as_json(check: Check) -> str:
    """The same for a program: keys in English, texts in Japanese."""
    told = {
        "campaign": check.campaign,
        "delivery": check.delivery or None,
        "sealed": check.sealed or None,
        "outcome": check.outcome,
        "exit_code": check.exit_code,
        "refusal": _refusal(check.refusal),
        "tables": [_table(table) for table in check.tables],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _lines(check: Check) -> Iterator[str]:
    yield f"提供の確認（{check.campaign}）　何も保存・記録していません"
    if check.delivery:
        yield f"提供番号　{check.delivery}"
    if check.refusal is None:
        yield f"封緘　{_SEALED[check.sealed]}"
    else:
        yield from _told_refusal(check.refusal)
    for table in check.tables:
        yield ""
        yield from _told_table(table)
    yield ""
    yield f"結果　{OUTCOME_WORDS[check.outcome]}"


def _told_table(table: TableCheck) -> Iterator[str]:
    yield f"■ {contract(table.kind).title}（{table.kind}）"
    if table.refusal is not None:
        yield from _told_refusal(table.refusal)
        return
    codes, counts = table.codes, table.counts
    parts = [f"形式 {_FORMS[codes['form']]}"]
    if codes["form"] == "csv":
        mark = "（BOM あり）" if codes["mark"] == "yes" else ""
        parts += [f"文字コード {codes['encoding']}{mark}", f"区切り {_DELIMITERS[codes['delimiter']]}"]
    yield "　".join(["　", *parts, f"様式 {_LAYOUTS[codes['layout']]}"])
    yield f"　　行 {counts['rows']:,}　列 {table.columns}　受け入れられる行 {table.accepted:,}"
    taken = [f"{word} {counts[name]:,}" for name, word in _TAKEN_OFF.items() if counts.get(name)]
    if taken:
        yield f"　　取り除いたもの　{'、'.join(taken)}"
    if table.changed:
        yield f"　　形を整えたセル　{'、'.join(f'{RULES[rule]} {n:,}' for rule, n in table.changed.items())}"
    yield f"　　判定　{OUTCOME_WORDS[table.outcome]}"
    for found in table.found:
        yield from _told_rule(found)
    if table.unchecked:
        yield f"　　確認していない規則（ほかの表や前回の提供が必要）　{'、'.join(table.unchecked)}"


def _told_rule(found: RuleFound) -> Iterator[str]:
    yield f"　【{SEVERITY_WORDS[found.effect]}】{found.rule.id}　{found.rows:,}行　{found.rule.message}"
    yield f"　　　対処　{found.rule.remedy}"
    if found.numbers:
        first = f"（先頭の{TOLD_ROWS}行）" if found.rows > len(found.numbers) else ""
        yield f"　　　行番号{first}　{'、'.join(map(str, found.numbers))}"


def _told_refusal(error: KanshoError) -> Iterator[str]:
    place = f"　場所 {error.place}" if error.place else ""
    yield f"　【差戻し】{error.code}　{error.message}{place}"
    if error.remedy:
        yield f"　　　対処　{error.remedy}"


def _table(table: TableCheck) -> dict[str, Any]:
    return {
        "kind": table.kind,
        "title": contract(table.kind).title,
        "outcome": table.outcome,
        "refusal": _refusal(table.refusal),
        "found": dict(table.codes),
        "counts": dict(table.counts),
        "columns": table.columns,
        "accepted": table.accepted,
        "changed": dict(table.changed),
        "rules": [
            {
                "rule": found.rule.id,
                "severity": found.rule.severity,
                "effect": found.effect,
                "rows": found.rows,
                "row_numbers": list(found.numbers),
                "message": found.rule.message,
                "remedy": found.rule.remedy,
            }
            for found in table.found
        ],
        "unchecked": list(table.unchecked),
    }


def _refusal(error: KanshoError | None) -> dict[str, str] | None:
    if error is None:
        return None
    return {"code": error.code, "message": error.message, "place": error.place, "remedy": error.remedy}
