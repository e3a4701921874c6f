"""授受簿 and the register of media on paper and in lines.

Belongs here: the words.  Does not belong here: what is in them (`kansho.oversight.custody_book`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import render
from kansho.documents.stamp import Stamp
from kansho.evidence.events import Event
from kansho.oversight.custody_book import GONE, KINDS, book, register

_NOTHING = "該当はありません。"
_OPENER = "媒体を受けた人は、その提供のパスワードを入力した人です。訪問票の人と場所は、訪問日報によります。"


def book_table(events: Iterable[Event], config: CampaignConfig) -> Table:
    """Every hand-over."""
    people, places = {h.id: h.name for h in config.handlers}, {p.id: p.name for p in config.places}
    rows = tuple(
        (
            str(x.number),
            x.on,
            KINDS[x.kind],
            x.medium,
            f"{x.pieces:,}",
            _named(config, x.giver),
            _named(config, x.receiver),
            people.get(x.by, "—"),
            people.get(x.received_by, "—"),
            places.get(x.place, "—"),
        )
        for x in book(events, config)
    )
    headings = ("台帳", "日", "品名", "番号・一覧", "枚数", "渡した者", "受けた者", "渡した人", "受けた人", "場所")
    return Table(headings, rows, numeric=(0, 4), caption=_OPENER)


def register_table(events: Iterable[Event], config: CampaignConfig) -> Table:
    """Where each is."""
    rows = tuple(
        (
            KINDS[x.kind],
            x.medium,
            f"{x.pieces:,}",
            _named(config, x.holder),
            x.since,
            f"{x.missing:,}" if x.missing else "—",
        )
        for x in register(events, config)
    )
    return Table(("品名", "番号・一覧", "枚数", "所在", "いつから", "不足"), rows, numeric=(2, 5))


def custody_pdf(events: Iterable[Event], config: CampaignConfig, *, on: date, simulation: bool, stamp: Stamp) -> bytes:
    """PDF bytes of both; ``stamp`` is the ledger's checkpoint: whoever keeps the book holds the log to this day."""
    log = [e for e in events if e.campaign_date <= on.isoformat()]
    tables = (("媒体等の所在", register_table(log, config)), ("授受", book_table(log, config)))
    return render(
        Document(
            title="授受簿",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=on,
            issuer=config.contractor.name,
            addressee=config.ward_party.name,
            sections=tuple(
                Section(heading, () if table.rows else (_NOTHING,), (table,) if table.rows else ())
                for heading, table in tables
            ),
            signatures=("取扱責任者", "区 担当者"),
            simulation=simulation,
            landscape=True,
            stamp=stamp,
        )
    )


def as_text(events: Iterable[Event], config: CampaignConfig) -> str:
    """Both as lines for a terminal."""
    log = list(events)
    out = []
    for heading, table in (("媒体等の所在", register_table(log, config)), ("授受", book_table(log, config))):
        out += [f"■ {heading}（{len(table.rows):,} 件）", "  " + "  ".join(table.headings)]
        out += ["  " + "  ".join(row) for row in table.rows]
    return "\n".join(out) + "\n"


def _named(config: CampaignConfig, party: str) -> str:
    return "廃棄" if party == GONE else config.party(party).name
