"""The plan's section 受診見込みの推定: how the order of calls and visits was estimated, or why it was not.

Belongs here: words and tables.  Does not belong here: the figures (`kansho.targeting.propensity_figures`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kansho.documents.model import Section, Table

HEADING = "受診見込みの推定"
_HIDDEN = "＊"
_DECLARED = "電話・訪問も、宣言した順（グループの優先順位、その中は無作為の順）で割り当てます。"
_PREFER = {"likely": "高い", "unlikely": "低い"}
_WHY_DROPPED = {
    "constant": "全員が同じ値のため",
    "few": "該当する人、または該当しない人が少ないため",
    "collinear": "ほかの項目から決まるため",
}


def propensity_section(figures: Mapping[str, Any] | None) -> Section:
    """The section; ``figures`` are those of `propensity_figures`, None where the year's config estimates nothing."""
    if figures is None:
        return Section(HEADING, (f"今年度の設定では推定を用いません。{_DECLARED}",))
    if figures["reason"]:
        return Section(HEADING, (f"推定は用いません。{_why(figures)}{_DECLARED}",))
    first, hidden = _PREFER[figures["prefer"]], _dropped(figures)
    return Section(
        HEADING,
        (
            f"前年度の受診の有無が分かる{_count(figures['people'])}人（うち受診{_count(figures['attended'])}人）について、前年度の"
            "特定健診の受診を、それより前の年度の受診歴、年齢、性別からロジスティック回帰で推定しました。今年度の見込みは、"
            "同じ項目を1年進めて計算しています。今年度の受診や勧奨の結果は使っていません。",
            f"用途は、電話と訪問の順番だけです。同じ優先順位のグループの中で、見込みの{first}人から10の段階に分け、"
            "同じ段階の中は無作為の順とします。がん検診の対象者の順番、通知の対象と順番、保留群の抽出、"
            "対象とするかどうかの判定には使いません。",
            f"確からしさは、世帯を単位に{figures['folds']}組に分け、推定に使っていない組で確かめました。"
            f"{_scores(figures)}。AUCは、0.5がくじと同じ、1が完全に見分けられることを表します。"
            "ブライアスコアは、小さいほど良いことを表します。",
            "前年度にも勧奨が行われていれば、その影響を含む見込みです。係数は関連を表すもので、原因を表すものではありません。",
            *((hidden,) if hidden else ()),
        ),
        (_coefficients(figures), _calibration(figures)),
    )


def propensity_rows(figures: Mapping[str, Any] | None) -> list[tuple[str, str, object]]:
    """The same as rows (row, figure, value) of the plan's long table; None is a suppressed cell."""
    if figures is None:
        return [("推定", "利用", "なし（設定）")]
    rows: list[tuple[str, str, object]] = [
        ("推定", "利用", "なし" if figures["reason"] else "あり"),
        ("推定", "理由", figures["reason"] or "—"),
        ("推定", "人数", figures["people"]),
        ("推定", "受診", figures["attended"]),
    ]
    if figures["reason"]:
        return rows
    rows += [("推定", "優先", f"見込みの{_PREFER[figures['prefer']]}人から"), ("検証", "組数", figures["folds"])]
    scores = (("AUC", "auc"), ("ブライアスコア", "brier"), ("平均とみなした場合", "brier_of_mean"))
    rows += [("検証", word, f"{figures[key]:.4f}") for word, key in scores]
    for c in figures["coefficients"]:
        rows += [(c["name"], "係数", f"{c['value']:.4f}"), (c["name"], "標準誤差", f"{c['error']:.4f}")]
    rows += [(d["name"], "除外", _WHY_DROPPED[d["why"]]) for d in figures["dropped"]]
    for n, b in enumerate(figures["bins"], start=1):
        seen = None if b["observed"] is None else f"{100 * b['observed']:.1f}"
        rows += [
            (f"段階{n}", "人数", b["people"]),
            (f"段階{n}", "推定(%)", f"{100 * b['predicted']:.1f}"),
            (f"段階{n}", "実際(%)", seen),
        ]
    return rows


def _why(figures: Mapping[str, Any]) -> str:
    people, attended = _count(figures["people"]), _count(figures["attended"])
    needed, each = f"{figures['min_people']:,}", f"{figures['min_attended']:,}"
    return {
        "no_history": "推定の元になる過去の受診歴がないためです。",
        "too_few_people": f"前年度の受診の有無が分かる人が{people}人で、必要な{needed}人に満たないためです。",
        "too_few_attended": f"前年度に受診した人（{attended}人）、または受診しなかった人が、"
        f"必要な{each}人に満たないためです。",
        "not_converged": "計算が収束せず、信頼できる係数が得られないためです。",
        "no_skill": "推定に使っていない組で確かめたところ、全員を平均とみなすより良くならないためです"
        f"（{_scores(figures)}）。",
    }[figures["reason"]]


def _scores(figures: Mapping[str, Any]) -> str:
    if figures["brier"] is None:
        return ""
    return (
        f"AUC {figures['auc']:.3f}、ブライアスコア {figures['brier']:.4f}"
        f"（全員を平均とみなした場合は {figures['brier_of_mean']:.4f}）"
    )


def _dropped(figures: Mapping[str, Any]) -> str:
    said = "、".join(f"{d['name']}（{_WHY_DROPPED[d['why']]}）" for d in figures["dropped"])
    return f"推定から除いた項目: {said}。" if said else ""


def _coefficients(figures: Mapping[str, Any]) -> Table:
    rows = tuple(
        (c["name"], f"{c['value']:+.3f}", f"{c['error']:.3f}", "—" if n == 0 else f"{c['odds_ratio']:.2f}")
        for n, c in enumerate(figures["coefficients"])
    )
    return Table(
        ("項目", "係数", "標準誤差", "オッズ比"), rows, numeric=(1, 2, 3), caption="推定した係数（標準誤差は世帯単位）"
    )


def _calibration(figures: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            str(n),
            _count(b["people"]),
            f"{100 * b['predicted']:.1f}",
            _HIDDEN if b["observed"] is None else f"{100 * b['observed']:.1f}",
        )
        for n, b in enumerate(figures["bins"], start=1)
    )
    headings = ("見込みの低い順", "人数", "推定した受診率(%)", "実際の受診率(%)")
    return Table(headings, rows, numeric=(0, 1, 2, 3), caption="推定と実際（推定に使っていない組で集計）")


def _count(value: int | None) -> str:
    return _HIDDEN if value is None else f"{value:,}"
