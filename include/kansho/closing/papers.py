"""The papers of the closing: erasure plan, return of media; the certificate has a room of its own (domain notes 7).

Belongs here: what stands in them.  Does not belong here: how a document looks (`kansho.documents`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from kansho.campaign.config import CampaignConfig, Party
from kansho.closing.manual import KIND_NAMES
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import japanese_date, render
from kansho.documents.stamp import Stamp
from kansho.evidence.events import Event

#: A key for each class of data (`kansho.vault.classes`), and the others that open something personal.
KEY_NAMES = {
    "residents": "住民情報の鍵",
    "health": "健診・検診情報の鍵",
    "contacts": "勧奨記録の鍵",
    "papers": "帳票の鍵",
    "secrets": "合言葉・抽出の種の鍵",
    "hmac": "照合用の鍵",
    "exchange": "荷の開封鍵",
    "needles": "残存検査用の鍵",
}
METHODS = "対象ごとの鍵による暗号化のまま削除し、全版の不存在を確認したうえで、鍵を破壊する（暗号化消去）。"
HONEST = (
    "フラッシュ媒体・スナップショット型の記憶装置では上書きの完了を証明できないため、上書きによる消去は主張しない。"
    "消去の根拠は、書込み前の暗号化と、鍵のすべての写しの破壊である。"
)


def erasure_plan(config: CampaignConfig, plan: Mapping[str, Any], digest: str, *, simulation: bool) -> bytes:
    """PDF of the dry run that two people approve; ``plan`` as `kansho.closing.erasure.plan_of`."""
    targets = plan["targets"]
    rows = tuple((t["kind"], t["name"], f"{t['rows']:,}", t["digest"][:16]) for t in targets)
    kinds = sorted(Counter(t["kind"] for t in targets).items())
    return render(
        document(
            config,
            "消去計画（実行前）",
            date.fromisoformat(plan["planned_on"]),
            facts=(("計画の要約値 (SHA-256)", digest), ("対象", f"{len(targets) + 1:,} 件（この計画書を含む）")),
            sections=(
                Section("消去の方法", (METHODS, HONEST)),
                Section(
                    "保有物",
                    tables=(
                        Table(("種別", "件数"), tuple((named(config, k), str(n)) for k, n in kinds), (1,)),
                        Table(("種別", "名称", "行数", "要約値（先頭）"), rows, (2,)),
                    ),
                ),
                _by_hand(plan["manual"]),
                _findings(plan["findings"]),
                Section(
                    "鍵・媒体・再委託先",
                    tables=(
                        Table(
                            ("区分", "内容"),
                            (
                                ("破壊する鍵", "、".join(KEY_NAMES[k] for k in plan["keys"])),
                                ("返却する媒体", "、".join(plan["media"]) or "なし"),
                                ("再委託先へ渡した荷（消去証明書で確認）", f"{len(plan['packages'])} 件"),
                            ),
                        ),
                    ),
                ),
            ),
            signatures=("区 承認者", "受託者 取扱責任者"),
            simulation=simulation,
        )
    )


def certificate_request(
    config: CampaignConfig, party: Party, packages: Sequence[str], on: date, *, simulation: bool
) -> bytes:
    """PDF of the letter that asks a 丙 for its certificate, naming each package it must answer for."""
    due = japanese_date(config.closing.certificates_due)
    asked = (
        "お渡しした次の情報と、業務で収集し又は作成した情報を、写しを含めて消去し、消去証明書を提出してください。"
        f"提出の期限は{due}です。証明書は区にも送付します。"
    )
    must = "証明書には、荷の全て、消去の方法、日、場所、実施者、立会者（実施者と別の人）を記載してください。"
    rows = tuple(tuple(name.split("/", 1)) for name in packages)
    return render(
        document(
            config,
            "消去証明書の提出について（依頼）",
            on,
            facts=(("提出期限", due), ("お渡しした荷", f"{len(rows)} 件")),
            sections=(Section("依頼", (asked, must)), Section("お渡しした荷", tables=(Table(("種別", "荷"), rows),))),
            signatures=("受託者 取扱責任者",),
            simulation=simulation,
            addressee=party.name,
        )
    )


def _by_hand(targets: Sequence[Mapping[str, Any]]) -> Section:
    """What people erase or return themselves, with a witness and a paper."""
    rows = tuple((t["key"], KIND_NAMES[t["kind"]], t["holder"], f"{t['items']:,}") for t in targets)
    told = "次のものは人の手で消去又は返却し、立会者と書類を添えて登録します。登録が終わるまで証明しません。"
    return Section("人の手による消去・返却", (told,), (Table(("対象", "種別", "保有者", "点数"), rows, (3,)),))


def _findings(found: Sequence[Mapping[str, str]]) -> Section:
    """What a verifier of the evidence would object to."""
    if not found:
        return Section("台帳の検査", ("証跡の検証規則に反する記録はありません。",))
    rows = tuple((f["code"], f["place"]) for f in found)
    told = "次の記録は証跡の検証で指摘されます。消去の前に経緯を確認し、必要なら事故として記録してください。"
    return Section("台帳の検査", (told,), (Table(("符号", "箇所"), rows),))


def media_return(
    config: CampaignConfig, media: Iterable[Event], on: date, *, simulation: bool, stamp: Stamp | None = None
) -> bytes:
    """PDF of the 返却書: every medium with kind and serial number; ``stamp`` is the ledger's checkpoint."""
    rows = tuple(
        (e.codes.get("delivery", ""), e.codes.get("kind", ""), e.key, e.campaign_date, on.isoformat()) for e in media
    )
    return render(
        document(
            config,
            "提供媒体返却書",
            on,
            facts=(("返却する媒体", f"{len(rows)} 枚"),),
            sections=(Section("媒体", tables=(Table(("提供", "種類", "番号", "受領日", "返却日"), rows),)),),
            signatures=("返却者（受託者）", "受領者（区）"),
            simulation=simulation,
            stamp=stamp,
        )
    )


def named(config: CampaignConfig, kind: str) -> str:
    """A kind with the purpose that the year's data flow gives it."""
    flow = config.flow(kind)
    return f"{flow.purpose}（{kind}）" if flow else kind


def document(
    config: CampaignConfig,
    title: str,
    on: date,
    *,
    facts: tuple[tuple[str, str], ...],
    sections: tuple[Section, ...],
    signatures: tuple[str, ...],
    simulation: bool,
    addressee: str = "",
    stamp: Stamp | None = None,
) -> Document:
    """A document of 乙, to 甲 unless told otherwise, with the heads that all papers of the closing share."""
    return Document(
        title=title,
        contract_title=config.contract.title,
        contract_number=config.contract.number,
        issued_on=on,
        issuer=config.contractor.name,
        addressee=addressee or config.ward_party.name,
        facts=facts,
        sections=sections,
        signatures=signatures,
        simulation=simulation,
        stamp=stamp,
    )
