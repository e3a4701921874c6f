"""授受簿 of one visiting day as PDF: numbers of sheets, never a person (P3).

Belongs here: the words of the sheet.  Does not belong here: how a document looks (`kansho.documents`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Work
from kansho.documents import Document, Section, Stamp, Table, render


def custody_sheet(
    config: CampaignConfig, wave: str, teams: Sequence[Mapping[str, Any]], *, day: date, stamp: Stamp, simulation: bool
) -> bytes:
    """PDF bytes.

    Args:
        config: the year.
        wave: the wave's name.
        teams: ``team``, ``sheets``, ``rows``, ``first``, ``last``.
        day: the visiting day.
        stamp: the ledger's checkpoint, so that the ward can hold the log to this day.
        simulation: marks every page.
    """
    rows = tuple((t["team"], t["first"], t["last"], f"{t['sheets']}", f"{t['rows']}", "", "", "", "") for t in teams)
    headings = ("班", "最初の票", "最後の票", "配付枚数", "件数", "開始 渡・受", "返却枚数", "差", "終了 渡・受")
    checks = tuple((t["team"], "□", "□", "□", "□", "") for t in teams)
    sheets = sum(t["sheets"] for t in teams)
    return render(
        Document(
            title="訪問票授受簿",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=day,
            issuer=config.contractor.name,
            addressee=config.party_for(Work.VISITS).name,
            facts=(
                ("実施回", wave),
                ("配付枚数の合計", f"{sheets}枚（名簿Ａ・名簿Ｂを各1枚と数える）"),
            ),
            sections=(
                Section(
                    "授受",
                    ("開始時に配付枚数、終了時に返却枚数を記入し、差が0でない場合は直ちに責任者へ連絡してください。",),
                    (Table(headings, rows, numeric=(3, 4)),),
                ),
                Section(
                    "安全確認",
                    ("名簿Ａと名簿Ｂは別の者が携行します。",),
                    (Table(("班", "たすき掛け", "チェーン", "かごの防護網", "保管庫の施錠", "確認者"), checks),),
                ),
            ),
            signatures=("配付者", "受領者", "取扱責任者"),
            simulation=simulation,
            landscape=True,
            stamp=stamp,
        )
    )
