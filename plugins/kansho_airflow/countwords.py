"""Japanese words for the counts of a request: the same in Airflow's form and at the desk.

Belongs here: names that staff read.  Does not belong here: meaning; a code without a word is shown as it is.
"""

from __future__ import annotations

_COUNTS: dict[str, str] = {
    "accepted": "受入れ",
    "aged_out": "年度中に対象年齢を外れる",
    "attended_all": "受診済",
    "cancer": "がん検診の対象",
    "coarsened": "表示を粗くした人数",
    "deferred": "時期を改める",
    "documents": "文書",
    "handlers": "取扱者",
    "finals": "確報",
    "held_out": "保留群（延べ）",
    "identity_held": "本人か確認中",
    "incidents": "事故",
    "kenshin": "特定健診の対象",
    "keys": "鍵",
    "left": "対象者一覧から外れた",
    "lines": "行",
    "listed": "掲載",
    "manual": "人の手で消去・返却するもの",
    "media": "媒体",
    "none_due": "対象の検診なし",
    "not_visited": "訪問しない",
    "open_items": "未確定の項目",
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


def count_word(code: str) -> str:
    """What a count counts."""
    if code.startswith("design_"):
        return f"デザイン {code.removeprefix('design_')}"
    half, _, spread = code.removeprefix("k_").partition("_")
    if code.startswith("k_") and spread in _SPREADS:
        return f"名簿{half.upper()}で当てはまる世帯が{_SPREADS[spread]}"
    return _COUNTS.get(code, code)
