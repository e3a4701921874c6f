"""The papers of the closing: erasure plan, return of media, erasure certificate (domain notes 7).

Belongs here: what stands in them.  Does not belong here: how a document looks (`kansho.documents`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import japanese_date, render
from kansho.documents.stamp import Stamp
from kansho.evidence.checkpoint import origin_of
from kansho.evidence.events import Event

_KEYS = {"vault": "保管庫の鍵", "hmac": "照合用の鍵", "exchange": "荷の開封鍵", "needles": "残存検査用の鍵"}
_STATEMENT = "本業務で提供を受け、収集し又は作成した個人情報を、返却・引渡しの後、次のとおり消去したことを証明します。"
_METHODS = "対象ごとの鍵による暗号化のまま削除し、全版の不存在を確認したうえで、鍵を破壊する（暗号化消去）。"
_HONEST = (
    "フラッシュ媒体・スナップショット型の記憶装置では上書きの完了を証明できないため、上書きによる消去は主張しない。"
    "消去の根拠は、書込み前の暗号化と、鍵のすべての写しの破壊である。"
)


def erasure_plan(config: CampaignConfig, plan: Mapping[str, Any], digest: str, *, simulation: bool) -> bytes:
    """PDF of the dry run that two people approve; ``plan`` as `kansho.closing.erasure.plan_of`."""
    targets = plan["targets"]
    rows = tuple((t["kind"], t["name"], f"{t['rows']:,}", t["digest"][:16]) for t in targets)
    kinds = sorted(Counter(t["kind"] for t in targets).items())
    return render(
        _document(
            config,
            "消去計画（実行前）",
            date.fromisoformat(plan["planned_on"]),
            facts=(("計画の要約値 (SHA-256)", digest), ("対象", f"{len(targets) + 1:,} 件（この計画書を含む）")),
            sections=(
                Section("消去の方法", (_METHODS, _HONEST)),
                Section(
                    "保有物",
                    tables=(
                        Table(("種別", "件数"), tuple((_named(config, k), str(n)) for k, n in kinds), (1,)),
                        Table(("種別", "名称", "行数", "要約値（先頭）"), rows, (2,)),
                    ),
                ),
                _findings(plan["findings"]),
                Section(
                    "鍵・媒体・再委託先",
                    tables=(
                        Table(
                            ("区分", "内容"),
                            (
                                ("破壊する鍵", "、".join(_KEYS[k] for k in plan["keys"])),
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


def _findings(found: Sequence[Mapping[str, str]]) -> Section:
    """What a verifier of the evidence would object to."""
    if not found:
        return Section("台帳の検査", ("証跡の検証規則に反する記録はありません。",))
    rows = tuple((f["code"], f["place"]) for f in found)
    told = "次の記録は証跡の検証で指摘されます。消去の前に経緯を確認し、必要なら事故として記録してください。"
    return Section("台帳の検査", (told,), (Table(("符号", "箇所"), rows),))


def media_return(config: CampaignConfig, media: Iterable[Event], on: date, *, simulation: bool) -> bytes:
    """PDF of the 返却書: every medium with kind and serial number."""
    rows = tuple(
        (e.codes.get("delivery", ""), e.codes.get("kind", ""), e.key, e.campaign_date, on.isoformat()) for e in media
    )
    return render(
        _document(
            config,
            "提供媒体返却書",
            on,
            facts=(("返却する媒体", f"{len(rows)} 枚"),),
            sections=(Section("媒体", tables=(Table(("提供", "種類", "番号", "受領日", "返却日"), rows),)),),
            signatures=("返却者（受託者）", "受領者（区）"),
            simulation=simulation,
        )
    )


def erasure_certificate(
    config: CampaignConfig, certificate: Mapping[str, Any], digest: str, *, simulation: bool
) -> bytes:
    """PDF of the certificate whose signed original is ``certificate`` (JSON); ``digest`` is the original's."""
    erasure, scan = certificate["erasure"], certificate["scan"]
    facts = (
        ("原本（JSON）の要約値", digest),
        ("台帳", f"{certificate['log_size']} 件まで　根 {certificate['log_root'][:32]}…"),
        ("消去日", japanese_date(date.fromisoformat(certificate["erased_on"]))),
    )
    by_kind = sorted(erasure["by_kind"].items())
    erased = tuple((_named(config, k), str(n["count"]), f"{n['rows']:,}") for k, n in by_kind)
    done = (
        ("保管庫の保有物", f"{erasure['planned']} 件を計画し、{erasure['erased']} 件を消去、不存在を確認"),
        ("年度途中に消去", f"{erasure['erased_earlier']} 件"),
        ("鍵", "、".join(_KEYS[k] for k in erasure["keys"]) + " を破壊"),
        ("媒体", f"{erasure['media_returned']} 枚を返却"),
        ("再委託先", "、".join(config.party(p).name for p in erasure["certificates"]) + " の消去証明書を受領"),
        ("実行環境の痕跡", f"記録 {erasure['trace_rows']:,} 行と記録ファイル {erasure['trace_files']:,} 件を除去"),
        (
            "残存検査",
            f"{scan['files']:,} ファイル（{scan['bytes']:,} バイト）を {scan['needles']:,} の値で全数検査、"
            f"検出 {scan['hits']} 件",
        ),
    )
    approvals = tuple((a["role"], a["user"], a["on"]) for a in erasure["approvals"])
    return render(
        _document(
            config,
            "消去証明書",
            date.fromisoformat(certificate["erased_on"]),
            facts=facts,
            sections=(
                Section(
                    "証明",
                    (_STATEMENT,),
                    (Table(("事項", "結果"), done),),
                ),
                Section("消去した保有物", tables=(Table(("種別", "件数", "行数"), erased, (1, 2)),)),
                Section("消去の方法と限界", (_METHODS, _HONEST)),
                Section("消去計画の承認者", tables=(Table(("役割", "利用者", "日"), approvals),)),
            ),
            signatures=("受託者 取扱責任者", "確認者", "区 立会者"),
            simulation=simulation,
            stamp=Stamp(origin_of(config.id), certificate["log_size"], bytes.fromhex(certificate["log_root"])),
        )
    )


def _named(config: CampaignConfig, kind: str) -> str:
    """A kind with the purpose that the year's data flow gives it."""
    flow = config.flow(kind)
    return f"{flow.purpose}（{kind}）" if flow else kind


def _document(
    config: CampaignConfig,
    title: str,
    on: date,
    *,
    facts: tuple[tuple[str, str], ...],
    sections: tuple[Section, ...],
    signatures: tuple[str, ...],
    simulation: bool,
    stamp: Stamp | None = None,
) -> Document:
    return Document(
        title=title,
        contract_title=config.contract.title,
        contract_number=config.contract.number,
        issued_on=on,
        issuer=config.contractor.name,
        addressee=config.ward_party.name,
        facts=facts,
        sections=sections,
        signatures=signatures,
        simulation=simulation,
        stamp=stamp,
    )
