"""Japanese words for the codes of roles and approvals.

Belongs here: names that staff read.  Does not belong here: meaning; a code without a word is shown as it is.
"""

from __future__ import annotations

from kansho.campaign.rights import Role
from kansho_airflow.rolenames import ROLE_WORDS

ROLES = ROLE_WORDS

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

#: What the person who is asked opens.
THINGS: dict[str, str] = {
    "opening": "個人情報取扱責任者・取扱者届",
    "amendment": "設定変更届",
    "gate": "検証結果の一覧",
    "plan": "勧奨計画書",
    "proof": "通知の校正",
    "call_list": "架電対象一覧",
    "visit_list": "訪問リスト",
    "effect_report": "効果分析報告書",
    "incident_report": "事故報告書",
    "incident_instruction": "事故報告書",
    "erasure_ward": "消去計画書",
    "erasure_contractor": "消去計画書",
}

REASONS: dict[str, str] = {
    "none": "理由なし",
    "as_expected": "見込みどおり",
    "known_cause": "原因が分かっている",
    "accepted_risk": "承知のうえ",
    "wrong_content": "内容の誤り",
    "wrong_layout": "体裁の誤り",
    "wrong_counts": "件数の誤り",
    "not_agreed": "同意できない",
    "see_desk": "ご指摘のとおり",
}


def reason(code: str) -> str:
    """Why a person answered so; a code without a word is shown as it is."""
    return REASONS.get(code, code)


def role(value: Role) -> str:
    """Who asks or is asked."""
    return ROLES[value]


def role_of(code: str) -> str:
    """Who it was, by the code that an event or a comment keeps."""
    return ROLES[Role(code)] if code in list(Role) else code


def approval(key: str) -> str:
    """What a request (``<dag>/<run>/<name>``) asks for; a mapped one keeps its number."""
    return _of_request(APPROVALS, key)


def thing(key: str) -> str:
    """What is opened for a request."""
    return _of_request(THINGS, key)


def _of_request(words: dict[str, str], key: str) -> str:
    name, _, number = key.rpartition("/")[2].partition(".")
    return words.get(name, name) + (f" {int(number) + 1}" if number.isdigit() else "")
