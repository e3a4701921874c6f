"""The proof (校正刷り) as a booklet: cover, what changed, and each design with the invented trial prints.

It names no resident.  Its counts and extremes of the real list tell whether the trial prints are hard enough.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kansho.campaign.config import CampaignConfig, MailingWave
from kansho.contracts.ward_font import ward_font
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import render
from kansho.mailing.addresses import MAX_ADDRESS_LINES, address_chars, name_chars
from kansho.mailing.designs import Design
from kansho.mailing.face import Card
from kansho.mailing.rounds import round_name
from kansho.mailing.shard import render_shard
from kansho.mailing.trial_prints import Case, trial_cards
from kansho.mailing.typeface import clusters

#: Reason code of a card that cannot be printed → what staff read (`kansho.mailing.addresses.Layout`).
REASONS = {
    "gaiji": "外字（未登録）",
    "character": "印字できない文字",
    "glyph": "書体にない字",
    "address_long": "住所・方書が枠に収まらない",
    "name_long": "氏名が枠に収まらない",
    "postal": "郵便番号が町名と合わない",
    "incomplete": "郵便番号・住所・氏名のいずれかがない",
}


@dataclass(frozen=True)
class Shown:
    """A design in a proof: its artwork, and the passages that read otherwise than in the round before."""

    design: Design
    artwork: bytes
    changes: tuple[tuple[str, str], ...] = ()


def proof_pdf(
    config: CampaignConfig,
    wave: MailingWave,
    cards: pd.DataFrame,
    shown: Sequence[Shown],
    *,
    number: int,
    simulation: bool,
    issued_on: date,
) -> bytes:
    """PDF bytes: a cover, then for each design every trial print's address face and the inner spread once.

    Args:
        config: the year.
        wave: the mailing.
        cards: kind ``card_list``, for its counts and extremes alone.
        shown: the designs in order.
        number: of the round, from 1 (初校).
        simulation: marks the cover.
        issued_on: day of the proof.
    """
    import pikepdf

    own = ward_font(config.gaiji)
    trials = trial_cards(config.ward.prefecture, config.ward.name, own.glyphs if own else frozenset())
    cover = _cover(config, wave, cards, shown, trials, number=number, simulation=simulation, issued_on=issued_on)
    with pikepdf.open(io.BytesIO(cover)) as out:
        for one in shown:
            sample = render_shard([card for _, card in trials], one.artwork, own)
            with pikepdf.open(io.BytesIO(sample)) as pages:
                outer, inner = pages.pages[0::2], pages.pages[1]
                out.pages.append(inner)
                out.pages.extend(outer)
        buffer = io.BytesIO()
        out.save(buffer, deterministic_id=True)
        return buffer.getvalue()


def extremes(cards: pd.DataFrame) -> tuple[tuple[str, str, str], ...]:
    """What the real list asks of the printer beside what the trial prints try: (matter, real, tried).

    Args:
        cards: printable rows of kind ``card_list``.
    """
    names = [len(clusters(name)) for name in cards["shown_name"]]
    lines = [text.split("\n") for text in cards["lines"]]
    text = cards["lines"] + cards["shown_name"]
    variants = sum(any(len(place) > 1 for place in clusters(one)) for one in text)
    wide = int(cards["lines"].str.contains("[Ａ-Ｚａ-ｚ０-９]", regex=True).sum())
    return (
        ("氏名の最も長い字数", str(max(names, default=0)), str(name_chars())),
        ("住所の最も多い行数", str(max(map(len, lines), default=0)), str(MAX_ADDRESS_LINES)),
        (
            "1行の最も長い字数",
            str(max((len(clusters(x)) for of in lines for x in of), default=0)),
            str(address_chars()),
        ),
        ("異体字を含む宛名", f"{variants:,} 件", "あり"),
        ("全角の英数を含む住所", f"{wide:,} 件", "あり"),
        ("バーコードなし", f"{int(cards['bars'].isna().sum()):,} 件", "あり"),
    )


def _cover(
    config: CampaignConfig,
    wave: MailingWave,
    cards: pd.DataFrame,
    shown: Sequence[Shown],
    trials: Sequence[tuple[Case, Card]],
    *,
    number: int,
    simulation: bool,
    issued_on: date,
) -> bytes:
    printable = cards[cards["printable"]]
    counts = printable["design"].value_counts()
    rows = tuple(
        (s.design.manifest.title, s.design.manifest.frame, s.design.text("headline"), f"{int(counts[s.design.id]):,}")
        for s in shown
    )
    unprintable = cards.loc[~cards["printable"], "reason"].value_counts().sort_index()
    left_out = tuple((REASONS.get(str(k), str(k)), f"{v:,}") for k, v in unprintable.items())
    looks = tuple((card.serial, case.title, case.look) for case, card in trials)
    return render(
        Document(
            title=f"校正刷り（{round_name(number)}）　{wave.name}",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=issued_on,
            issuer=config.contractor.name,
            addressee=config.ward_party.name,
            facts=(
                ("発送予定日", wave.report_on.isoformat()),
                ("印刷枚数", f"{len(printable):,}"),
                ("印刷できない宛名", f"{len(cards) - len(printable):,}"),
            ),
            sections=(
                Section("デザインと枚数", (), (Table(("デザイン", "表現", "見出し", "枚数"), rows, numeric=(3,)),)),
                _changes(shown, number),
                Section(
                    "印刷できない理由",
                    () if left_out else ("該当なし。",),
                    (Table(("理由", "件数"), left_out, numeric=(1,)),) if left_out else (),
                ),
                Section(
                    "宛名の試し刷り",
                    (
                        "次のページから、デザインごとに中面と、架空の宛名による宛名面を実寸で示します。実在の方は含みません。",
                        "印は宛名面の右下の連番です。",
                    ),
                    (Table(("印", "場合", "見どころ"), looks),),
                ),
                Section(
                    "実際の宛名との照らし合わせ",
                    ("試し刷りは、実際の一覧のどの宛名よりも厳しい条件で作っています。",),
                    (Table(("項目", "実際の一覧", "試し刷り"), extremes(printable), numeric=(1, 2)),),
                ),
            ),
            signatures=("校了　区 担当者",),
            simulation=simulation,
        )
    )


def _changes(shown: Sequence[Shown], number: int) -> Section:
    if number == 1:
        return Section("前回からの変更", ("初校のため、ありません。",))
    rows = tuple((s.design.manifest.title, old, new) for s in shown for old, new in s.changes)
    same = [s.design.manifest.title for s in shown if not s.changes]
    said = (f"文面に変更なし: {'、'.join(same)}",) if same else ()
    return Section("前回からの変更", said, (Table(("デザイン", "前回", "今回"), rows),) if rows else ())
