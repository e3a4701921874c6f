"""Rules as text for people: one rule explained, and the reference page of all (``docs/reference/rules.md``).

Belongs here: wording around the catalogue.  Does not belong here: a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kansho.campaign.config import CampaignConfig
from kansho.contracts.registry import REGISTRY
from kansho.errors import KanshoError
from kansho.quality.catalogue import catalogue, kinds, rules_of
from kansho.quality.definitions import SEVERITIES, RuleDef
from kansho.quality.gate_words import OWNERS, SEVERITY_MEANING, SEVERITY_WORDS
from kansho.quality.listed_rules import SETTLED_ELSEWHERE

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "rules.md"

_KINDS = {
    "column": "列の規則（契約から導く）",
    "row": "行の規則",
    "cross": "列や表の間の規則",
    "table": "表全体の規則",
    "drift": "前回との比較",
}


_HEAD = (
    "Generated from the catalogue by `kansho quality docs --write`; a test fails when this page differs from it.",
    "A ward's campaign file tunes severity, threshold and owner under `rules:` (`rule: phone.valid`, or",
    "`rule: target_list/phone.valid` for one contract); `kansho quality explain RULE --config FILE` shows what it",
    "makes of a rule.",
    "",
    "| 重さ | code | 意味 |",
    "| --- | --- | --- |",
)
_THRESHOLDS = (
    "しきい値は行の割合（前回との比較では変わった割合）です。",
    "「隔離」「注意」の規則は、しきい値を超えると表を保留にします。空欄なら、その規則だけでは保留にしません。",
    "「中止」「保留」の規則は、しきい値を超えたときだけ働きます。空欄なら、1行でも働きます。",
    "前回との比較には、偶然のばらつきの分を上乗せします。",
)


def explain(name: str, config: CampaignConfig | None = None) -> str:
    """Every rule of that id (``phone.valid``, or of one contract: ``target_list/phone.valid``), in Japanese.

    Raises:
        KanshoError: ``RULE-UNKNOWN``.
    """
    wanted, _, rule_id = name.rpartition("/")
    found = [
        rules_of(kind, config)[rule_id] for kind in kinds() if wanted in ("", kind) and rule_id in catalogue()[kind]
    ]
    if not found:
        raise KanshoError(
            "RULE-UNKNOWN",
            "検証規則の一覧にない規則です",
            place=name[:100],
            remedy="docs/reference/rules.md の規則から選んでください",
        )
    return "\n\n".join(_explained(rule) for rule in found)


def rules_page() -> str:
    """The reference page as Markdown."""
    return "\n".join(_page()) + "\n"


def _explained(rule: RuleDef) -> str:
    contract = REGISTRY[rule.contract]
    fixed = rule.contract in SETTLED_ELSEWHERE
    lines = [
        f"{rule.contract}/{rule.id}　{contract.title}",
        f"  当たるとき　　{rule.message}",
        f"  していただくこと　{rule.remedy}",
        f"  種類　　　　　{_KINDS[rule.kind]}",
        f"  項目　　　　　{_columns(rule) or '表全体'}",
        f"  重さ　　　　　{SEVERITY_WORDS[rule.severity]}（{SEVERITY_MEANING[rule.severity]}）",
        f"  しきい値　　　{_threshold(rule)}",
        f"  判断者　　　　{OWNERS[rule.owner]}",
        f"  根拠　　　　　{rule.clause}",
        f"  区が選べる重さ　{'調整できません' if fixed else _allowed(rule)}",
    ]
    return "\n".join(lines)


def _page() -> Iterator[str]:
    yield "# Rules of the gates"
    yield ""
    yield from _HEAD
    for severity in SEVERITIES:
        yield f"| {SEVERITY_WORDS[severity]} | `{severity}` | {SEVERITY_MEANING[severity]} |"
    yield ""
    yield from _THRESHOLDS
    for kind in kinds():
        yield from _section(kind)


def _section(kind: str) -> Iterator[str]:
    contract = REGISTRY[kind]
    yield ""
    yield f"## {contract.title}（`{kind}`）"
    yield ""
    if kind in SETTLED_ELSEWHERE:
        yield "行ごとの判断は受け入れる段階が決まった規則で行い、ここの規則で二度確かめます。調整できません。"
        yield ""
    yield "| 規則 | 項目 | 重さ | しきい値 | 選べる重さ | 当たるとき | していただくこと | 根拠 |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for rule in rules_of(kind).values():
        threshold = "" if rule.threshold is None else f"{rule.threshold:g}"
        allowed = "—" if kind in SETTLED_ELSEWHERE else _allowed(rule)
        cells = (
            f"`{rule.id}`",
            _columns(rule) or "表全体",
            SEVERITY_WORDS[rule.severity],
            threshold,
            allowed,
            rule.message,
            rule.remedy,
            rule.clause,
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _columns(rule: RuleDef) -> str:
    contract = REGISTRY[rule.contract]
    return "、".join(contract.column(c).header for c in rule.columns)


def _allowed(rule: RuleDef) -> str:
    return "・".join(SEVERITY_WORDS[s] for s in SEVERITIES if s in rule.allowed)


def _threshold(rule: RuleDef) -> str:
    return "なし" if rule.threshold is None else f"{rule.threshold:g}"
