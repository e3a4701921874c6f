"""取扱者届: the persons responsible and the handlers of every party (P4, 乙16, 丙14)."""

from __future__ import annotations

from datetime import date

from kansho.campaign.clauses import clauses_of, clauses_shown
from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import japanese_date, render


def handler_report(config: CampaignConfig, *, simulation: bool, issued_on: date) -> bytes:
    """PDF bytes of the report: handlers, places, parties with consent, the year's data flow."""
    places = {p.id: p.name for p in config.places}
    handlers = Table(
        ("会社", "氏名", "役職", "区分", "雇用形態", "取扱場所", "教育", "誓約", "周知"),
        tuple(
            (
                config.party(h.party).name,
                h.name,
                h.post,
                "取扱責任者" if h.responsible else "取扱者",
                h.employment,
                places[h.place],
                h.trained_on.isoformat(),
                h.pledged_on.isoformat(),
                h.briefed_on.isoformat(),
            )
            for h in config.handlers
        ),
    )
    parties = Table(
        ("名称", "区分", "業務", "区の承諾"),
        tuple(
            (
                p.name,
                {"ward": "甲", "contractor": "乙", "subcontractor": "丙"}[p.kind.value],
                "、".join(_WORKS[w.value] for w in p.works) or "—",
                p.consent.document if p.consent else "—",
            )
            for p in config.parties
        ),
    )
    flow = Table(
        ("作業ファイル", "目的", "保有者", "場所", "消去"),
        tuple(
            (
                f.kind,
                f.purpose,
                config.party(f.holder).name,
                places[f.place],
                "終了時" if f.erase_after_days is None else f"{f.erase_after_days}日後",
            )
            for f in config.data_flow
        ),
    )
    return render(
        Document(
            title="個人情報取扱責任者・取扱者届",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=issued_on,
            issuer=config.contractor.name,
            addressee=config.ward_party.name,
            facts=(
                ("契約期間", f"{japanese_date(config.contract.start)}から{japanese_date(config.contract.end)}まで"),
                ("特記事項", clauses_shown(clauses_of(config))),
                ("設定の要約値", config.digest),
            ),
            sections=(
                Section(
                    "取扱責任者及び取扱者", ("特記事項第16項に基づき、次の者を指定したので届け出ます。",), (handlers,)
                ),
                Section("再委託先と業務", (), (parties,)),
                Section("取扱場所", (), (_places(config),)),
                Section("当年度の情報の流れ", ("次の作業ファイルのほかは作成しません。",), (flow,)),
            ),
            signatures=("取扱責任者", "区 担当者"),
            simulation=simulation,
        )
    )


def _places(config: CampaignConfig) -> Table:
    return Table(
        ("名称", "会社", "所在地"), tuple((p.name, config.party(p.party).name, p.address) for p in config.places)
    )


_WORKS = {
    "overall_management": "全体統括",
    "analysis_grouping": "分析・グループ分け",
    "notice_design": "デザイン・校正",
    "addressing": "宛名印刷",
    "sealing": "圧着加工",
    "calls": "電話勧奨",
    "inbound": "問合せ受電",
    "visits": "訪問勧奨",
    "effect_analysis": "効果分析",
}
