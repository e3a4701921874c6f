"""勧奨計画書: groups, reasons, waves, hold-outs and cost, for the ward's approval (C4, C5, E1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.documents.charts import bars
from kansho.documents.model import Document, Figure, Section, Table
from kansho.documents.render import render

_CHANNELS = {"mail": "通知", "call": "電話", "visit": "訪問"}
_GROUPS = {"kenshin": "特定健診", "cancer": "がん検診"}
_HIDDEN = "＊"
_HOLDOUTS = {
    "independent": "保留群には、その回の勧奨だけを行いません。ほかの回では、改めて無作為に選びます。",
    "nested": "ある回で保留群となった世帯には、その回以後の勧奨を一切行いません（入れ子）。"
    "第1回で保留群となった世帯は、今年度の勧奨を何も受けません。",
}


def plan_document(
    config: CampaignConfig, key: str, figures: Mapping[str, Any], *, simulation: bool, issued_on: date
) -> bytes:
    """PDF bytes of the plan; ``figures`` are aggregates with small cells already None (shown as ＊)."""
    totals, nested = figures["totals"], config.targeting.holdout_design == "nested"
    return render(
        Document(
            title="受診勧奨計画書",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=issued_on,
            issuer=config.contractor.name,
            addressee=config.ward_party.name,
            facts=(
                ("計画番号", key),
                ("対象者一覧の人数", number(totals["roster"])),
                ("世帯数（住所から推定）", number(totals["households"])),
                ("勧奨対象者数", number(totals["planned"])),
                ("見込費用", f"{totals['cost_yen']:,} 円"),
            ),
            sections=(
                Section("対象判定の結果", ("全員がいずれか一つの区分に入ります。",), (_outcomes(figures),)),
                Section(
                    "グループと内容",
                    ("設定の規則を上から順に当てはめ、最初に合うグループに入れます。",),
                    (_segments(figures),),
                    (_segment_chart(figures),),
                ),
                Section(
                    "実施回と保留群",
                    (
                        "人数は本日現在の見込みです。各回の直前に、受診・停止・転出等を除きます。",
                        _HOLDOUTS["nested" if nested else "independent"],
                        "保留群は、優先するグループごとに同じ割合で、世帯を単位として無作為に選びます。検出可能差は、受診率50％、"
                        f"世帯内の相関{figures['household_correlation']}と仮定したとき、両側5％の検定が80％の確率で見つける差です。",
                    ),
                    (_waves(figures, nested=nested),),
                ),
            ),
            signatures=("区 担当者", "取扱責任者"),
            simulation=simulation,
            footnotes=(f"{_HIDDEN} は {figures['min_cell']} 人未満のため表示しません。",),
        )
    )


def number(value: int | None) -> str:
    """A count with separators, or the mark of a suppressed cell."""
    return _HIDDEN if value is None else f"{value:,}"


def _outcomes(figures: Mapping[str, Any]) -> Table:
    rows = tuple((o["label"], o["clause"], number(o["people"])) for o in figures["outcomes"])
    return Table(("区分", "根拠", "人数"), rows, numeric=(2,))


def _segments(figures: Mapping[str, Any]) -> Table:
    rows = tuple(
        (s["name"], _GROUPS[s["group"]], s["intent"], s["frame"], str(s["priority"]), number(s["people"]))
        for s in figures["segments"]
    )
    return Table(("グループ", "対象", "ねらい", "表現", "優先", "人数"), rows, numeric=(4, 5))


def _segment_chart(figures: Mapping[str, Any]) -> Figure:
    shown = [s for s in figures["segments"] if s["people"]]
    return Figure(bars([s["name"] for s in shown], [float(s["people"]) for s in shown], unit="人"), "グループ別の人数")


def _waves(figures: Mapping[str, Any], *, nested: bool) -> Table:
    """The waves; where hold-outs are nested, with those whom an earlier wave holds out."""
    rows = tuple(
        (
            w["name"],
            _CHANNELS[w["channel"]],
            w["on"],
            number(w["able"]),
            f"{w['capacity']:,}",
            number(w["outreach"]),
            *((number(w["held_out_before"]),) if nested else ()),
            number(w["held_out"]),
            "—" if w["smallest_effect_pp"] is None else f"{w['smallest_effect_pp']:.1f}",
            f"{w['cost_yen']:,}",
        )
        for w in figures["waves"]
    )
    before = ("以前から保留",) if nested else ()
    headings = ("実施回", "手段", "選定日", "候補", "上限", "勧奨", *before, "保留", "検出可能差(pt)", "費用(円)")
    return Table(headings, rows, numeric=tuple(range(3, len(headings))))
