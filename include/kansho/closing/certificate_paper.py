"""消去証明書 as a paper: every field of the domain notes (7) and of the certificate in NIST SP 800-88r2.

Belongs here: what stands in it, from the certificate's JSON.  Does not belong here: the JSON
(`kansho.closing.certificate`), its signature (`kansho.closing.pdf_signature`), how a document looks
(`kansho.documents`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.closing.papers import HONEST, KEY_NAMES, METHODS, document, named
from kansho.documents.model import Section, Table
from kansho.documents.render import japanese_date, render
from kansho.documents.stamp import Stamp
from kansho.evidence.checkpoint import origin_of
from kansho.evidence.methods import NO_METADATA
from kansho.evidence.purges import NO_DATABASE

_STATEMENT = "本業務で提供を受け、収集し又は作成した個人情報を、返却・引渡しの後、次のとおり消去したことを証明します。"
_INTERIM = (
    "この証明書は中間証明です。鍵管理サービスに消去を申し込んだ鍵は、次の日まで取消しができるため、消去済みとは証明しません。"
    "消去を確認した後に、最終の消去証明書を発行します。"
)
_TYPES = {"Clear": "Clear（通常の手段では復元できない消去）", "Purge": "Purge（研究所の設備でも復元できない消去）"}
_KINDS = {"server_disk": "サーバの記憶装置", "object_storage": "オブジェクトストレージ", "pc": "パソコン"}
_AFTER = {"reuse": "再利用", "destroy": "破壊", "return": "返却"}
_METHODS = {
    "return": "返却",
    "shredding": "裁断",
    "dissolution": "溶解",
    "physical_destruction": "物理破壊",
    "overwrite": "上書き",
    "block_erase": "ブロック消去",
    "crypto_erase": "暗号化消去",
}
_KEEPERS = {
    "files": "平文のファイル（模擬の年度に限る）",
    "passphrase": "合言葉（Argon2id）で包んだファイル",
    "kms": "鍵管理サービス（KMS）で包んだファイル",
}
_LOCKS = {
    "COMPLIANCE": "COMPLIANCE（保存期限まで、誰も外せない）",
    "GOVERNANCE": "GOVERNANCE（所有者が外せる。模擬の年度に限る）",
    "none": "なし（受託者の記憶装置。書換えは、区に渡したチェックポイントと署名で分かる）",
}
_PLACES = {
    "kansho": "保管設定",
    "kansho/keys": "鍵",
    "kansho/ledger": "台帳",
    "kansho/log-copies": "台帳の写し",
    "kansho/needles": "残存検査用の値（暗号化）",
    "kansho/outputs": "文書・証跡",
    "kansho/vault": "保管庫（他の業務のものを含む）",
    "airflow": "実行環境",
    "airflow/cache": "実行環境の控え",
    "airflow/logs": "実行環境の記録ファイル",
    "airflow/run": "実行環境の起動記録",
    "airflow/secrets": "実行環境の秘密情報",
    "database": "実行環境のデータベース",
    "great_expectations": "検証の定義",
    "great_expectations/uncommitted": "検証の作業場所",
    "var": "その他の実行時ファイル",
    "s3:ledger": "台帳（オブジェクトストレージ）",
    "s3:needles": "残存検査用の値（オブジェクトストレージ、暗号化）",
    "s3:vault": "保管庫（オブジェクトストレージ）",
}
_NOT_COVERED = {
    "memory_and_swap": "主記憶と仮想記憶（スワップ）。電源断と、スワップの無効化又は暗号化による。",
    "flash_blocks_beyond_the_file_system": "フラッシュ媒体の、OSから届かない領域。ボリュームの暗号化を根拠とする。",
    "subcontractors_own_copies": "再委託先が保有した写し。各社の消去証明書（別紙）による。",
    "what_was_returned_or_handed_over": "区へ返却・引渡しをしたもの。",
    "backups_that_were_not_declared": "設定に届け出のない控え。届け出た控えは「人の手による消去」に記載する。",
    "forms_of_less_than_eight_bytes": "8バイトに満たない表記（2文字の氏名のCP932等）。無関係なデータにも現れるため、"
    "残存検査では探していない。同じ人の番号・生年月日・住所等は探している。",
    "spellings_beyond_the_list": "手引きの一覧にない表記（元号を略した7文字以下の生年月日、区切りのない生年月日、"
    "ひらがなの氏名、丁目を算用数字に改めた住所など）。",
    "packing_that_does_not_say_so": "圧縮していることを示す先頭の記号がないもの、四重以上の符号化。"
    "記号があって開けないものは「検査できなかったもの」に数える。",
    "writing_in_pictures": "画像の中の文字（署名した書類の写しなど）。",
    "logs_of_a_database_server": "データベースサーバのログ先行書込みの記録。サーバの運用による。",
    "temporary_folders_and_logs_of_containers": "機器の一時フォルダーと、コンテナ基盤が残す記録。機器の運用による。",
    "letter_boxes": "各社・区の文書箱に、封をして渡したもの。受け取った者の消去証明書又は受領書による。",
    NO_METADATA: "実行環境のデータベース。実施者がないと申告したため、探していない。",
}


def erasure_certificate(
    config: CampaignConfig, certificate: Mapping[str, Any], digest: str, *, simulation: bool
) -> bytes:
    """PDF, not yet signed, of the certificate; ``digest`` is that of its original, the JSON."""
    interim = certificate["state"] == "interim"
    facts = (
        ("件名・契約番号", f"{config.contract.title}　{config.contract.number}"),
        ("原本（JSON）の要約値 (SHA-256)", digest),
        ("台帳", f"{certificate['log_size']} 件まで　根 {certificate['log_root']}"),
        ("棚卸しの要約値 (SHA-256)", certificate["inventory"]["digest"]),
        ("開始・終了（協定世界時）", f"{certificate['began_at']} から {certificate['ended_at']} まで"),
        ("消去日", japanese_date(date.fromisoformat(certificate["erased_on"]))),
        ("発行日", japanese_date(date.fromisoformat(certificate["issued_on"]))),
        ("証跡の保存期限", certificate["evidence_retained_until"]),
        ("この証明書についての問合せ先", f"{certificate['contractor']}　{certificate['contact'] or '（届け出なし）'}"),
    )
    return render(
        document(
            config,
            "消去証明書（中間）" if interim else "消去証明書",
            date.fromisoformat(certificate["issued_on"]),
            facts=facts,
            sections=(
                Section("証明", (_STATEMENT, *((_INTERIM,) if interim else ())), (_done(config, certificate),)),
                _places(certificate["scan"]["places"]),
                _people(config, certificate),
                _storage(config, certificate),
                _method(certificate),
                _keys(certificate),
                Section("消去した保有物", tables=(_kinds(config, certificate["erasure"]),)),
                *_by_hand(config, certificate["erasure"]["manual"]),
                Section("添付", tuple(f"・{n}（SHA-256 {d}）" for n, d in certificate["attachments"].items())),
                Section("この証明書が及ばないもの", tuple(f"・{_NOT_COVERED[c]}" for c in certificate["not_covered"])),
            ),
            signatures=("受託者 取扱責任者", "確認者", "区 立会者"),
            simulation=simulation,
            stamp=Stamp(origin_of(config.id), certificate["log_size"], bytes.fromhex(certificate["log_root"])),
        )
    )


def _done(config: CampaignConfig, certificate: Mapping[str, Any]) -> Table:
    erasure, scan = certificate["erasure"], certificate["scan"]
    parties = "、".join(config.party(p).name for p in erasure["certificates"])
    rows = (
        ("データの範囲", f"{config.ward.name}　{certificate['data']['from']} から {certificate['data']['to']} まで"),
        ("機密性", "消去前：健康に関する事項を含む個人情報　消去後：なし"),
        ("保管庫の保有物", f"{erasure['planned']} 件を計画し、{erasure['erased']} 件を消去、全件の不存在を確認"),
        ("年度途中に消去", f"{erasure['erased_earlier']} 件"),
        ("媒体", f"{erasure['media_returned']} 枚を返却"),
        ("写し（再委託先へ渡したもの）", f"{certificate['inventory']['counts'].get('packages', 0)} 件"),
        ("控え（バックアップ）", _backups(config, certificate)),
        ("再委託先", f"{parties} の消去証明書を受領" if parties else "なし"),
        ("実行環境の痕跡", _traces(erasure["traces"])),
        (
            "残存検査",
            f"{scan['files']:,} ファイル（{scan['bytes']:,} バイト）を {scan['needles']:,} の値で全数検査、"
            f"検出 {scan['hits']} 件、検査できなかったもの {scan['unread']} 件"
            f"（{japanese_date(date.fromisoformat(scan['on']))}実施）",
        ),
    )
    return Table(("事項", "結果"), rows)


def _backups(config: CampaignConfig, certificate: Mapping[str, Any]) -> str:
    """Whether the data was ever backed up, and where: what was declared, which people have erased by hand."""
    places = {p.id: p.name for p in config.places}
    kept = [f"{name}（{places.get(place, place)}）" for name, place in certificate["backups"].items()]
    return f"あり：{'、'.join(kept)}。「人の手による消去」のとおり消去" if kept else "なし（届け出なし）"


def _traces(traces: Mapping[str, Any]) -> str:
    """What was found of Airflow, removed and, counted again, left; of a database that nobody named no number."""
    kind, found, removed, left = (traces[name] for name in ("database", "found", "removed", "left"))
    units = {"rows": ("データベースの記録", "行"), "logs": ("記録ファイル", "件"), "pages": ("検証の表示", "件")}
    said = [
        f"{name} {found[c]:,} {unit}のうち {removed[c]:,} {unit}を除去、残り {left[c]:,} {unit}"
        for c, (name, unit) in units.items()
        if c != "rows" or kind != NO_DATABASE
    ]
    said.append("データベースなし（申告）" if kind == NO_DATABASE else f"データベースの種類 {kind}")
    return "。".join(said)


def _places(places: Mapping[str, Mapping[str, int]]) -> Section:
    """Where the scan looked; the vault's places are empty or gone by then."""
    rows = tuple(
        (_PLACES.get(name, name), *(f"{said.get(c, 0):,}" for c in ("files", "bytes", "hits", "unread")))
        for name, said in places.items()
    )
    headings = ("場所", "ファイル等", "バイト", "検出", "検査できなかったもの")
    return Section("残存検査をした場所", tables=(Table(headings, rows, (1, 2, 3, 4)),))


def _people(config: CampaignConfig, certificate: Mapping[str, Any]) -> Section:
    people = certificate["people"]
    names = people["names"]
    place = next((p for p in config.places if p.id == people["place"]), None)
    rows = (
        ("実施者", names.get("operator", "")),
        ("確認者", names.get("verifier", "")),
        ("立会者（区）", names.get("witness", "立会いなし（この証明書の提出による）")),
        ("消去・確認の場所", f"{place.name}（{place.address}）" if place else ""),
        ("使用した道具", f"{people['tool']} {people['version']}"),
        *((f"消去計画の承認（{a['role']}）", f"{a['user']}　{a['on']}") for a in certificate["erasure"]["approvals"]),
    )
    return Section("実施者・確認者・立会者", tables=(Table(("事項", "内容"), rows),))


def _storage(config: CampaignConfig, certificate: Mapping[str, Any]) -> Section:
    places = {p.id: p.name for p in config.places}
    rows = tuple(
        (
            _KINDS[s["kind"]],
            f"{s['maker']} {s['model']}",
            s["serial"],
            s["capacity"],
            s["asset"],
            places.get(s["place"], ""),
            s["volume_encryption"] or "なし",
            _AFTER[s["destination"]],
        )
        for s in certificate["storage"]
    )
    told = () if rows else ("設定 closing.storage に装置の届け出がありません。",)
    headings = ("種別", "製造者・型式", "製造番号", "容量", "資産番号", "場所", "ボリュームの暗号化", "消去後")
    return Section("媒体・装置", told, (Table(headings, rows),) if rows else ())


def _method(certificate: Mapping[str, Any]) -> Section:
    method = certificate["method"]
    rows = (
        ("基準", method["standard"]),
        ("方法の区分", _TYPES[method["type"]]),
        ("技法", "暗号化消去（鍵の破壊）と、全版の削除。上書きによる消去は主張しない"),
        ("確認の方法", "全数：対象ごとの不存在の確認と、全ての場所での残存検査"),
    )
    return Section("消去の方法と限界", (METHODS, HONEST), (Table(("事項", "内容"), rows),))


def _keys(certificate: Mapping[str, Any]) -> Section:
    said = certificate["cryptographic_erase"]
    pending = "、".join(f"{KEY_NAMES[k]}（{day} に消去の予定）" for k, day in said["keys_pending"].items())
    copies, destroyed = (len(said[f"key_copies_{n}"]) for n in ("declared", "destroyed"))
    rows = (
        (
            "暗号方式と強度",
            f"{said['algorithm']}（{said['strength_bits']} ビット）。対象ごとの鍵を、区分ごとの年度の鍵で包む",
        ),
        ("書込み前の暗号化", "全ての保有物を、記憶装置に書く前に暗号化した"),
        ("鍵の保管", _KEEPERS.get(certificate["protection"]["keeper"], "記録なし")),
        ("証跡のロック", _LOCKS.get(certificate["protection"]["lock"], "記録なし")),
        *_weakened(certificate["protection"].get("weakened", "")),
        ("破壊した鍵", "、".join(KEY_NAMES[k] for k in said["keys_destroyed"]) or "なし"),
        ("消去を待つ鍵", pending or "なし"),
        (
            "鍵の写し",
            f"届け出 {copies} 件、うち破壊 {len(said['key_copies_destroyed'])} 件" if copies else "なし（届け出なし）",
        ),
    )
    return Section("暗号化消去の前提", tables=(Table(("前提", "内容"), rows),))


def _weakened(times: str) -> tuple[tuple[str, str], ...]:
    said = f"開設時より弱い設定を {times} 回見つけ、作業を止めて元に戻した（台帳に記録）"
    return (("保護の弱まり", said),) if times else ()


def _kinds(config: CampaignConfig, erasure: Mapping[str, Any]) -> Table:
    by_kind = sorted(erasure["by_kind"].items())
    rows = tuple((named(config, k), str(n["count"]), f"{n['rows']:,}") for k, n in by_kind)
    return Table(("種別", "件数", "行数"), rows, (1, 2))


def _by_hand(config: CampaignConfig, closed: list[dict[str, str]]) -> tuple[Section, ...]:
    if not closed:
        return ()
    places = {p.id: p.name for p in config.places}
    rows = tuple(
        (
            *(c["target"], _METHODS.get(c["method"], c["method"]), c["on"], places.get(c["place"], c["place"])),
            *(c["by_name"] or c["by"], c["witness_name"] or c["witness"], c["document"][:16]),
        )
        for c in closed
    )
    headings = ("対象", "方法", "日", "場所", "実施者", "立会者", "添付の要約値（先頭）")
    return (Section("人の手による消去・返却", tables=(Table(headings, rows),)),)
