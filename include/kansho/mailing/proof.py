"""The proof (校正刷り): each design's two faces, address test prints of the hardest rows, counts by design.

It holds residents' addresses (宛名テスト印字), so it lies in the vault and is opened in the desk only.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

import pandas as pd

from kansho.campaign.config import CampaignConfig, MailingWave
from kansho.contracts.ward_font import ward_font
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import render
from kansho.mailing.cards import cards_of
from kansho.mailing.designs import Design, background
from kansho.mailing.shard import render_shard

#: Address test prints per design.
_TESTS = 3


def proof_pdf(
    config: CampaignConfig,
    wave: MailingWave,
    cards: pd.DataFrame,
    designs: Sequence[Design],
    *,
    simulation: bool,
    issued_on: date,
) -> bytes:
    """PDF bytes: a cover sheet, then for each design the cards with the longest lines."""
    import pikepdf

    cover = _cover(config, wave, cards, designs, simulation=simulation, issued_on=issued_on)
    own = ward_font(config.gaiji)
    with pikepdf.open(io.BytesIO(cover)) as out:
        for design in designs:
            tests = hardest(cards[cards["printable"] & cards["design"].eq(design.id)])
            ground = background(design, config, as_of=wave.select_on)
            with pikepdf.open(io.BytesIO(render_shard(cards_of(tests), ground, own))) as sample:
                out.pages.extend(sample.pages)
        buffer = io.BytesIO()
        out.save(buffer, deterministic_id=True)
        return buffer.getvalue()


def hardest(cards: pd.DataFrame) -> pd.DataFrame:
    """The rows with the most lines and the longest texts: what goes wrong first."""
    length = cards["lines"].str.count("\n") * 1000 + cards["lines"].str.len() + cards["shown_name"].str.len()
    return cards.assign(_length=length).sort_values(["_length", "serial"], ascending=[False, True]).head(_TESTS)


def _cover(
    config: CampaignConfig,
    wave: MailingWave,
    cards: pd.DataFrame,
    designs: Sequence[Design],
    *,
    simulation: bool,
    issued_on: date,
) -> bytes:
    counts = cards[cards["printable"]]["design"].value_counts()
    rows = tuple(
        (d.manifest.title, d.manifest.frame, f"第{d.revision}版", d.text("headline"), f"{int(counts[d.id]):,}")
        for d in designs
    )
    unprintable = cards.loc[~cards["printable"], "reason"].value_counts().sort_index()
    return render(
        Document(
            title=f"校正刷り　{wave.name}",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=issued_on,
            issuer=config.contractor.name,
            addressee=config.ward_party.name,
            facts=(
                ("発送予定日", wave.report_on.isoformat()),
                ("印刷枚数", f"{int(cards['printable'].sum()):,}"),
                ("印刷できない宛名", f"{int((~cards['printable']).sum()):,}"),
            ),
            sections=(
                Section(
                    "デザインと枚数", (), (Table(("デザイン", "表現", "版", "見出し", "枚数"), rows, numeric=(4,)),)
                ),
                Section(
                    "印刷できない理由",
                    ("該当なし。",) if unprintable.empty else (),
                    ()
                    if unprintable.empty
                    else (
                        Table(
                            ("理由コード", "件数"),
                            tuple((str(k), f"{v:,}") for k, v in unprintable.items()),
                            numeric=(1,),
                        ),
                    ),
                ),
                Section("宛名の試し刷り", ("次のページから、各デザインで最も長い宛名を実寸で示します。",)),
            ),
            signatures=("校了　区 担当者",),
            simulation=simulation,
        )
    )
