"""勧奨計画書: groups, reasons, waves, hold-outs and cost, for the ward's approval (C4, C5, E1)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.documents.charts import bars
from kansho.documents.model import Document, Figure, Section, Table
from kansho.documents.plan_propensity import HEADING, propensity_rows, propensity_section
from kansho.documents.render import render

_CHANNELS = {"mail": "通知", "call": "電話", "visit": "訪問"}
_GROUPS = {"kenshin": "特定健診", "cancer": "がん検診"}
_HIDDEN = "＊"
#: Name of the table that lies in the document.
TABLE = "plan.csv"
#: Word → figure, in the order of the table.
_OF_SEGMENT = (("条件に合う", "fits"), ("先に決定", "taken"), ("人数", "people"))
_OF_ARM = (("勧奨", "outreach"), ("保留", "held_out"), ("枠外", "left"))
_OF_WAVE = (("候補", "able"), ("上限", "capacity"), *_OF_ARM, ("費用(円)", "cost_yen"))
#: Class of discount → the key of its per cent and of its yen without their endings, in the order in which they apply.
_DISCOUNTS = (("区分", "sorted"), ("送達余裕", "slack"), ("地域区分局", "regional"), ("バーコード", "barcode"))
_OF_POSTAGE = (
    ("料金表", "tariff"),
    ("基本料金(円)", "rate"),
    ("割引前(円)", "full_yen"),
    *((f"{word}(%)", f"{key}_percent") for word, key in _DISCOUNTS),
    *((f"{word}(円)", f"{key}_yen") for word, key in _DISCOUNTS),
    ("料金(円)", "yen"),
    ("印刷費(円)", "print_yen"),
)
_HOLDOUTS = {
    "independent": "保留群には、その回の勧奨だけを行いません。ほかの回では、改めて無作為に選びます。",
    "nested": "ある回で保留群となった世帯には、その回以後の勧奨を一切行いません（入れ子）。"
    "第1回で保留群となった世帯は、今年度の勧奨を何も受けません。",
}


#: None is a suppressed cell, '' one that is absent.
_Compared = tuple[str, int | None | str, int | None | str, int | None | str]


@dataclass(frozen=True)
class PlanComparison:
    """Rows (item, before, now, difference) against last year and the plan before, whose key is ``before``."""

    last_year: tuple[_Compared, ...] = ()
    before: str = ""
    changes: tuple[_Compared, ...] = ()


def plan_document(
    config: CampaignConfig,
    key: str,
    figures: Mapping[str, Any],
    compared: PlanComparison,
    *,
    simulation: bool,
    issued_on: date,
) -> bytes:
    """PDF bytes of the plan; ``figures`` are aggregates with small cells already None (shown as ＊).

    The same figures as a table lie in it as the file `TABLE`: what is approved is both.
    """
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
                ("見込費用", f"{totals['cost_yen']:,} 円{_but_hidden(figures)}"),
            ),
            sections=(
                Section("対象判定の結果", ("全員がいずれか一つの区分に入ります。",), (_outcomes(figures),)),
                Section(
                    "グループと内容",
                    (
                        "設定の規則を上から順に当てはめ、最初に合うグループに入れます。どのグループにも入らない人はいません。",
                        "「条件に合う」のうち「先に決定」は、上のグループにも合い、そちらに入った人です（重なり）。",
                    ),
                    (_segments(figures), _intents(figures)),
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
                Section(
                    "手段ごとの割当",
                    ("優先の順に上限まで割り当てます。「枠外」は、上限に達したためその回の対象とならない人です。",),
                    tuple(_by_segment(w) for w in figures["waves"]),
                ),
                propensity_section(figures.get("propensity")),
                Section(
                    "見込費用",
                    (
                        "郵便料金は、差出日の料金表に割引を当てはめた見込みです。割引前の額から割引の種類ごとの額を引いたものが郵便料金です。",
                    ),
                    (_costs(figures), _postage(figures)),
                    (_cost_chart(figures),),
                ),
                _last_year(config, compared),
                *((_changes(compared),) if compared.before else ()),
            ),
            signatures=("区 担当者", "取扱責任者"),
            simulation=simulation,
            footnotes=(f"{_HIDDEN} は {figures['min_cell']} 人未満の欄、差がそれに満たない比較、逆算できる欄です。",),
        ),
        {TABLE: plan_csv(figures)},
    )


def number(value: int | None) -> str:
    """A count with separators, or the mark of a suppressed cell."""
    return _HIDDEN if value is None else f"{value:,}"


def _but_hidden(figures: Mapping[str, Any]) -> str:
    """What a total of cost leaves out: the waves whose people are too few to be shown."""
    return f"（{_HIDDEN}の回を除く）" if any(w["cost_yen"] is None for w in figures["waves"]) else ""


def _outcomes(figures: Mapping[str, Any]) -> Table:
    rows = tuple((o["label"], o["clause"], number(o["people"])) for o in figures["outcomes"])
    return Table(("区分", "根拠", "人数"), rows, numeric=(2,))


def _segments(figures: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            s["name"],
            _GROUPS[s["group"]],
            str(s["priority"]),
            number(s["fits"]),
            number(s["taken"]),
            number(s["people"]),
            f"「{s['merged_into']}」に合流" if s["merged_into"] else "",
        )
        for s in figures["segments"]
    )
    return Table(("グループ", "対象", "優先", "条件に合う", "先に決定", "人数", "備考"), rows, numeric=(2, 3, 4, 5))


def _intents(figures: Mapping[str, Any]) -> Table:
    rows = tuple((s["name"], s["intent"], s["frame"], s["design"]) for s in figures["segments"])
    return Table(("グループ", "ねらい", "表現", "デザイン"), rows)


def _by_segment(wave: Mapping[str, Any]) -> Table:
    rows = tuple(
        (str(s["priority"]), s["name"], number(s["outreach"]), number(s["held_out"]), number(s["left"]))
        for s in wave["by_segment"]
    )
    caption = f"{wave['name']}（上限 {wave['capacity']:,}）"
    return Table(("優先", "グループ", "勧奨", "保留", "枠外"), rows, numeric=(0, 2, 3, 4), caption=caption)


def _costs(figures: Mapping[str, Any]) -> Table:
    rows = [
        (w["name"], _CHANNELS[w["channel"]], number(w["outreach"]), number(w["cost_yen"])) for w in figures["waves"]
    ]
    rows.append((f"合計{_but_hidden(figures)}", "", "", f"{figures['totals']['cost_yen']:,}"))
    return Table(("実施回", "手段", "件数", "見込(円)"), tuple(rows), numeric=(2, 3), caption="実施回ごとの費用")


def _postage(figures: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            w["name"],
            f"{w['postage']['rate']}円",
            f"{w['postage']['full_yen']:,}",
            *(_discount(w["postage"], key) for _, key in _DISCOUNTS),
            f"{w['postage']['yen']:,}",
            f"{w['postage']['print_yen']:,}",
        )
        for w in figures["waves"]
        if w["postage"]
    )
    discounts = (word for word, _ in _DISCOUNTS)
    headings = ("通知", "基本料金", "割引前(円)", *discounts, "郵便料金(円)", "印刷費(円)")
    return Table(headings, rows, numeric=tuple(range(1, len(headings))), caption="通知の内訳")


def _discount(postage: Mapping[str, Any], key: str) -> str:
    """Yen that a class takes off, and its per cent; a dash where it is not earned."""
    percent = postage[f"{key}_percent"]
    return f"{postage[f'{key}_yen']:,}（{percent}%）" if percent else "—"


def _cost_chart(figures: Mapping[str, Any]) -> Figure:
    shown = [w for w in figures["waves"] if w["cost_yen"] is not None]
    return Figure(
        bars([w["name"] for w in shown], [w["cost_yen"] / 1000 for w in shown], unit="千円"), "実施回ごとの見込費用"
    )


def _last_year(config: CampaignConfig, compared: PlanComparison) -> Section:
    if config.last_plan is None:
        return Section("前年度との比較", ("前年度の実績の引継ぎがないため、比較できません。",))
    headings = ("項目", f"{config.last_plan.fiscal_year}年度実績", f"{config.fiscal_year}年度計画", "差")
    return Section("前年度との比較", (), (Table(headings, _side_by_side(compared.last_year), numeric=(1, 2, 3)),))


def _changes(compared: PlanComparison) -> Section:
    said = f"計画 {compared.before} からの変更です。"
    if not compared.changes:
        return Section("前の計画からの変更", (f"{said}人数に変更はありません。",))
    rows = _side_by_side(compared.changes)
    return Section("前の計画からの変更", (said,), (Table(("項目", "前", "今回", "差"), rows, numeric=(1, 2, 3)),))


def _side_by_side(rows: Iterable[_Compared]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            name,
            *("—" if isinstance(value, str) else number(value) for value in (before, now)),
            f"{difference:+,}" if isinstance(difference, int) else number(difference) if difference is None else "",
        )
        for name, before, now, difference in rows
    )


def plan_csv(figures: Mapping[str, Any]) -> bytes:
    """The plan as one long table, UTF-8 with a mark and CRLF: table, row, figure, value (＊ is a suppressed cell)."""
    totals = figures["totals"]
    rows: list[tuple[str, str, str, object]] = [
        ("総数", "対象者一覧", "人数", totals["roster"]),
        ("総数", "勧奨対象者", "人数", totals["planned"]),
        ("総数", "見込費用", "円", totals["cost_yen"]),
    ]
    rows += [("対象判定", o["label"], "人数", o["people"]) for o in figures["outcomes"]]
    for s in figures["segments"]:
        rows += [("グループ", s["name"], word, s[key]) for word, key in _OF_SEGMENT]
        rows += [("グループ", s["name"], "合流先", s["merged_into"])] if s["merged_into"] else []
    for w in figures["waves"]:
        rows += [("実施回", w["name"], word, w[key]) for word, key in _OF_WAVE]
        rows.append(("実施回", w["name"], "検出可能差(pt)", w["smallest_effect_pp"] or "—"))
        rows += [("郵便料金", w["name"], word, w["postage"][key]) for word, key in _OF_POSTAGE if w["postage"]]
        for s in w["by_segment"]:
            rows += [("割当", f"{w['name']} {s['name']}", word, s[key]) for word, key in _OF_ARM]
    rows += [(HEADING, *row) for row in propensity_rows(figures.get("propensity"))]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(("表", "行", "項目", "値"))
    writer.writerows((*row[:3], _HIDDEN if row[3] is None else row[3]) for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


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
            number(w["cost_yen"]),
        )
        for w in figures["waves"]
    )
    before = ("以前から保留",) if nested else ()
    headings = ("実施回", "手段", "選定日", "候補", "上限", "勧奨", *before, "保留", "検出可能差(pt)", "費用(円)")
    return Table(headings, rows, numeric=tuple(range(3, len(headings))))
