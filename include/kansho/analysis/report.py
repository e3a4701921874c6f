"""The effect report (効果分析報告書) and its table; every figure carries the data's cut-off date (E2)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.documents.charts import intervals
from kansho.documents.model import Document, Figure, Section, Table
from kansho.documents.render import render

_HIDDEN = "＊"
_GROUP_NAMES = {"all": "全体", "group_kenshin": "特定健診の対象者", "group_cancer": "がん検診の対象者"}
_NESTED = (
    "保留群は入れ子です。ある回で保留となった世帯には、その回以後の勧奨も行っていません。このため各回の差は、その回だけの効果ではなく、"
    "その回以後の勧奨を続けたことの効果であり、追加受診1人あたりの費用にも以後の回の費用を含みます。"
    "以前の回で保留となった世帯は、比較に含みません。"
)
#: Heading, and whether it belongs to a comparison of two arms, of which there are none without consent.
_HEADINGS = (
    ("勧奨", False),
    ("保留", True),
    ("受診（勧奨）", False),
    ("受診（保留）", True),
    ("差(pt)", True),
    ("95％区間", True),
    ("追加受診1人あたり(円)", True),
)
#: What a cost counts.
_COST = (
    "費用は実際に行った分で、報告日までに報告を受けたものを契約の単価で数えます：印刷は印刷された枚数（刷り直しを含む）、郵便料は発送した通数、"
    "電話は架電の結果がある人数（架電の回数によらず一人一件）、訪問は結果がある件数です。引抜き・印刷不可の方に郵便料はかかりません。"
    "費用と単価から少ない人数が分かる行は、費用も" + _HIDDEN + " とします。"
)
_COLUMNS = ("assigned", "held_out", "attended_assigned", "attended_held_out")
_FIGURES = ("cost_yen", "estimate_pp", "low_pp", "high_pp", "cost_per_additional_yen")


def effect_csv(table: pd.DataFrame, cutoff: str) -> bytes:
    """The table in UTF-8 with BOM; hidden lines are empty but for their names.

    It has all its columns also where every line is hidden.
    """
    out = table.reindex(columns=["wave", "segment", *_COLUMNS, *_FIGURES]).assign(cutoff=cutoff)
    whole = [*_COLUMNS, "cost_yen"]
    out[whole] = out[whole].astype("Int64")  # a hidden line would make fractions of people of the others
    buffer = io.StringIO()
    out.to_csv(buffer, index=False, lineterminator="\r\n", float_format="%.2f")
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def effect_pdf(
    config: CampaignConfig,
    table: pd.DataFrame,
    *,
    cutoff: str,
    final: bool,
    causal: bool,
    simulation: bool,
    issued_on: date,
) -> bytes:
    """PDF bytes; without 甲's consent to hold-outs (``causal`` false) it shows counts and claims nothing."""
    names = {w.id: w.name for w in config.waves.all()}
    segments = {s.id: s.name for s in config.targeting.segments} | _GROUP_NAMES
    whole = table[table["segment"].eq("all")]
    sections = [
        Section(
            "比較の方法",
            (
                "各回の直前に連絡できた人のうち、世帯単位の無作為抽出で選ばれた保留群と、割り当てられた人全員を比べました"
                "（実際に届いたか、話せたかによらない比較です）。"
                if causal
                else "区の承諾に基づく保留群を設けていないため、勧奨の効果についての判断はしません。",
                *((_NESTED,) if causal and config.targeting.holdout_design == "nested" else ()),
                f"図表の数値はすべて {cutoff} 時点の受診データによります。"
                "受診が区に届くまで約2か月かかるため、遅い回ほど少なく出ます。",
                *((_COST,) if causal else ()),
                *(("区間は95％信頼区間（Newcombe 法、世帯内の相関を調整）です。",) if causal else ()),
            ),
        ),
        Section(
            "実施回ごとの結果",
            (),
            (_table(whole, names, segments, by_segment=False, causal=causal),),
            (_chart(whole, names, cutoff),) if causal and _shown(whole) else (),
        ),
        Section(
            "グループごとの結果",
            (),
            (_table(table[~table["segment"].eq("all")], names, segments, by_segment=True, causal=causal),),
        ),
    ]
    return render(
        Document(
            title="勧奨効果分析報告書" + ("（最終）" if final else "（中間）"),
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=issued_on,
            issuer=config.contractor.name,
            addressee=config.ward_party.name,
            facts=(
                ("データ基準日", cutoff),
                ("秘匿", f"{config.disclosure.min_cell} 人未満を含む行と、合計から逆算できる行は {_HIDDEN} とします"),
            ),
            sections=tuple(sections),
            simulation=simulation,
            landscape=True,
        )
    )


def _table(
    table: pd.DataFrame, names: dict[str, str], segments: dict[str, str], *, by_segment: bool, causal: bool
) -> Table:
    headings = (
        "実施回",
        *(("グループ",) if by_segment else ()),
        *(heading for heading, compares in _HEADINGS if causal or not compares),
    )
    rows = []
    for row in table.to_dict("records"):
        head = (names[row["wave"]], *((segments.get(row["segment"], row["segment"]),) if by_segment else ()))
        cells = zip(_HEADINGS, _cells(row), strict=True)
        rows.append((*head, *(cell for (_, compares), cell in cells if causal or not compares)))
    return Table(headings, tuple(rows), numeric=tuple(range(2 if by_segment else 1, len(headings))))


def _cells(row: Mapping[Any, Any]) -> tuple[str, ...]:
    if row["hidden"]:
        return (_HIDDEN,) * 7
    counts = tuple(f"{int(float(str(row[c]))):,}" for c in _COLUMNS)
    if pd.isna(row.get("estimate_pp")):
        return (*counts, "—", "—", "—")
    cost = row.get("cost_per_additional_yen")
    yen = "—" if cost is None or pd.isna(cost) else f"{float(str(cost)):,.0f}"
    return (
        *counts,
        f"{row['estimate_pp']:+.1f}",
        f"{row['low_pp']:+.1f} ～ {row['high_pp']:+.1f}",
        _HIDDEN if row["cost_hidden"] else yen,
    )


def _shown(table: pd.DataFrame) -> bool:
    return "estimate_pp" in table and bool(table["estimate_pp"].notna().any())


def _chart(table: pd.DataFrame, names: dict[str, str], cutoff: str) -> Figure:
    shown = table[table["estimate_pp"].notna()]
    estimates = [(r["estimate_pp"], r["low_pp"], r["high_pp"]) for r in shown.to_dict("records")]
    svg = intervals([names[w] for w in shown["wave"]], estimates, unit="受診率の差（ポイント）")
    return Figure(svg, f"割り当てによる受診率の差と95％区間（{cutoff} 時点）")
