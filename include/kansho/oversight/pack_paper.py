"""The pack for an inspection as PDF.

Belongs here: the words.  Does not belong here: what is in it (`kansho.oversight.pack`).
"""

from __future__ import annotations

from datetime import date

from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import japanese_date, render
from kansho.exchange.papers import ATTESTED
from kansho.oversight.finding_paper import FINDING_HEADINGS, finding_rows
from kansho.oversight.handling_paper import STATES, tables_of
from kansho.oversight.incidents import KINDS as INCIDENTS
from kansho.oversight.incidents import label
from kansho.oversight.pack import KINDS, Pack

_NOTHING = "該当はありません。"


def pack_pdf(pack: Pack, config: CampaignConfig, *, digest: str, simulation: bool) -> bytes:
    """PDF bytes; ``digest`` is of the JSON that goes with it."""
    return render(pack_document(pack, config, digest=digest, simulation=simulation))


def pack_document(pack: Pack, config: CampaignConfig, *, digest: str, simulation: bool) -> Document:
    """The pack before it is set."""
    by_ward = pack.kind != "audit"
    on = date.fromisoformat(pack.on)
    named = config.party(pack.party).name
    return Document(
        title=f"{KINDS[pack.kind]}の資料",
        contract_title=config.contract.title,
        contract_number=config.contract.number,
        issued_on=on,
        issuer=config.contractor.name,
        addressee=config.ward_party.name if by_ward else config.contractor.name,
        facts=(
            ("対象", named),
            ("基準日", f"{japanese_date(on)}の終わり"),
            ("根拠", f"台帳の {pack.size:,} 件の記録"),
            ("JSONのSHA-256", digest),
        ),
        sections=tuple(
            Section(heading, () if table.rows else (_NOTHING,), (table,) if table.rows else ())
            for heading, table in (*_own(pack, config), *tables_of(pack.handling, incidents=False))
        ),
        signatures=("取扱責任者", "調査者"),
        simulation=simulation,
        landscape=True,
    )


def _own(pack: Pack, config: CampaignConfig) -> tuple[tuple[str, Table], ...]:
    consent = pack.consent
    bound = [("業務", consent.get("works", "").replace("|", "、")), ("区の承諾", consent.get("document", ""))]
    bound += [("承諾の日", consent.get("consented_on", "")), ("再委託の契約", consent.get("contract", ""))]
    bound += [("契約にある特記事項の版", consent.get("clauses", ""))]
    attested = tuple(
        (a["month"], a["attested_on"], a["attested_by"], _broken(a["findings"])) for a in pack.attestations
    )
    incidents = tuple(
        (i["incident"], label(INCIDENTS, i["kind"]), i["found_on"], STATES[i["state"]]) for i in pack.incidents
    )
    return (
        ("承諾と特記事項", Table(("事項", "内容"), tuple((name, said or "—") for name, said in bound))),
        ("これまでの指摘と是正", Table(FINDING_HEADINGS, finding_rows(list(pack.findings), config))),
        ("事故・事故のおそれ", Table(("番号", "種類", "発覚日", "状況"), incidents)),
        ("安全管理の月次点検", Table(("月", "点検日", "点検者", "不備"), attested)),
    )


def _broken(said: str) -> str:
    return "、".join(ATTESTED[item] for item in said.split("|") if item in ATTESTED) or "指摘なし"
