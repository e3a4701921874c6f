"""Japanese words for the codes of roles, approvals and counts.

Belongs here: names that staff read.  Does not belong here: meaning; a code without a word is shown as it is.
"""

from __future__ import annotations

from kansho.campaign.rights import Role

ROLES: dict[Role, str] = {
    Role.WARD_OFFICER: "区 担当者",
    Role.WARD_MANAGER: "区 責任者",
    Role.CONTRACTOR_MANAGER: "受託者 取扱責任者",
    Role.CONTRACTOR_STAFF: "受託者 取扱者",
    Role.CONTRACTOR_ENGINEER: "受託者 データ担当",
    Role.PRINT_STAFF: "再委託先（印刷）",
    Role.CALL_STAFF: "再委託先（電話）",
    Role.VISIT_STAFF: "再委託先（訪問）",
}

APPROVALS: dict[str, str] = {
    "opening": "業務開始の承認",
    "amendment": "設定変更の承認",
    "gate": "検証結果の判断",
    "plan": "勧奨計画の承認",
    "proof": "校了（通知の校正）",
    "call_list": "架電リスト引渡しの承認",
    "visit_list": "訪問リストの確認",
    "effect_report": "効果分析報告書の承認",
    "incident_report": "事故報告書の承認",
    "incident_instruction": "事故への指示",
    "erasure_ward": "消去計画の承認（区）",
    "erasure_contractor": "消去計画の承認（受託者）",
}

_COUNTS: dict[str, str] = {
    "accepted": "受入れ",
    "aged_out": "年度中に対象年齢を外れる",
    "attended_all": "受診済",
    "cancer": "がん検診の対象",
    "coarsened": "表示を粗くした人数",
    "deferred": "時期を改める",
    "documents": "文書",
    "handlers": "取扱者",
    "held_out": "保留群（延べ）",
    "incidents": "事故",
    "kenshin": "特定健診の対象",
    "keys": "鍵",
    "lines": "行",
    "listed": "掲載",
    "media": "媒体",
    "none_due": "対象の検診なし",
    "not_visited": "訪問しない",
    "parties": "関係者",
    "places": "作業場所",
    "printable": "印刷できる",
    "quarantined": "隔離",
    "roster": "名簿",
    "rows": "行",
    "selected": "選定",
    "stopped": "勧奨停止",
    "targets": "消去の対象",
    "too_old": "対象年齢を超える",
    "under_age": "対象年齢に達しない",
    "unprintable": "印刷できない",
    "withdrawn": "取下げ",
}

_SPREADS = {"2": "2", "3_4": "3〜4", "5_9": "5〜9", "10_49": "10〜49", "50_up": "50以上"}


def role(value: Role) -> str:
    """Who asks or is asked."""
    return ROLES[value]


def approval(key: str) -> str:
    """What a request (``<dag>/<run>/<name>``) is about; a mapped one keeps its number."""
    name, _, number = key.rpartition("/")[2].partition(".")
    return APPROVALS.get(name, name) + (f" {int(number) + 1}" if number.isdigit() else "")


def count(code: str) -> str:
    """What a count counts."""
    if code.startswith("design_"):
        return f"デザイン {code.removeprefix('design_')}"
    half, _, spread = code.removeprefix("k_").partition("_")
    if code.startswith("k_") and spread in _SPREADS:
        return f"名簿{half.upper()}で当てはまる世帯が{_SPREADS[spread]}"
    return _COUNTS.get(code, code)
