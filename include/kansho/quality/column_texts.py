"""Rules of a contract's columns as the catalogue lists them: derived, with messages that a ward's office reads.

Belongs here: Japanese texts and severities of the checks of `kansho.quality.rules`.  Nothing is listed twice: a new
column in a contract has its rules, its messages and its place in the suite at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from kansho.contracts.free_text_rules import MAX_LENGTH
from kansho.contracts.model import Column, Contract
from kansho.quality.definitions import RuleDef, Severity
from kansho.quality.rules import KEY_RULE, checks_of

#: A fact must be as its contract says, or the rooms behind it break: such a row can leave, not stay.
STRICT: tuple[Severity, ...] = ("stop", "quarantine")

_SHAPES = {"int": "整数（半角数字）", "float": "数（半角、小数点は「.」）", "date": "西暦の「年4桁-月2桁-日2桁」"}
#: How the patterns of the contracts are told to people; another pattern is shown as it is.
_PATTERNS = {
    r"[0-9]{3}-[0-9]{4}": "数字3桁-数字4桁",
    r"0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}": "0から始まる市外局番-市内局番-番号（半角）",
    r"[0-9]{4}-[0-9]{4}-[0-9]{2}": "数字4桁-数字4桁-数字2桁",
    r"([0-9]{2})(\|[0-9]{2})*": "2桁の符号（複数は「|」区切り）",
    r"[0-9]{2}": "2桁の符号",
    r"[0-9]{4}": "数字4桁",
    r"[0-9]{10}": "数字10桁",
    rf"(?s:.{{1,{MAX_LENGTH}}})": f"{MAX_LENGTH}字以内",
    r"[A-Z0-9-]+": "半角の英大文字・数字・ハイフン",
    r"[a-z0-9_]+": "半角の英小文字・数字・下線",
}
_MANY_CODES = 20


def column_rules(contract: Contract) -> Iterator[RuleDef]:
    """The rules of every column and of the key, in the order in which they are checked."""
    for column in contract.columns:
        for check in checks_of(column):
            message, remedy = _told(column, check)
            # A typo guard may be loosened: a number out of its range is still a number.
            allowed = ("stop", "hold", "quarantine", "warn") if check == "range" else STRICT
            yield RuleDef(
                f"{column.name}.{check}",
                contract.kind,
                "column",
                (column.name,),
                "quarantine",
                message,
                remedy,
                column.clause,
                allowed=allowed,
            )
    key = "・".join(f"「{contract.column(name).header}」" for name in contract.key)
    yield RuleDef(
        KEY_RULE,
        contract.kind,
        "column",
        contract.key,
        "quarantine",
        f"{key}が同じ行が二つ以上あります",
        "一人（一件）につき一行にして送り直してください。どの行が正しいかは受託者では決められません",
        contract.clause,
        allowed=STRICT,
    )


def _told(column: Column, check: str) -> tuple[str, str]:
    name = f"「{column.header}」"
    if check == "required":
        return f"{name}が空です", f"{name}を入れて送り直してください"
    if check == "code":
        listed = "、".join(column.codes) if len(column.codes) <= _MANY_CODES else "契約の符号表"
        return f"{name}が決められた符号ではありません", f"{name}は次の符号のいずれかです（{listed}）"
    if check == "pattern":
        shape = _PATTERNS.get(column.pattern or "", f"書式 {column.pattern}")
        return f"{name}の書き方が契約と違います", f"{name}は{shape}で書いてください"
    if check == "shape":
        beyond = "（入力範囲の下限以下は L、上限以上は H でも可）" if column.limits else ""
        return f"{name}の書き方が契約と違います", f"{name}は{_SHAPES[column.type]}で書いてください{beyond}"
    if check == "date":
        return f"{name}がこよみにない日です", f"{name}を確かめ、正しい日付で送り直してください"
    span = f"{column.low:g}から{column.high:g}まで{f'（{column.unit}）' if column.unit else ''}"
    return (
        f"{name}が入力範囲（{span}）の外です",
        "単位と桁、列のずれを確かめてください。正しい値であれば、その旨を回答してください",
    )
