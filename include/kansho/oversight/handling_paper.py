"""取扱状況報告書: the handling of personal data on one day, as text and as PDF (P13).

Belongs here: the words.  Does not belong here: what was the case (`kansho.oversight.handling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kansho.documents.model import Document, Section, Table
from kansho.documents.render import japanese_date, render
from kansho.oversight.handling import Handling
from kansho.oversight.incidents import KINDS, label
from kansho.oversight.monthly import PACKAGES

_PARTIES = {"ward": "甲", "contractor": "乙", "subcontractor": "丙"}
_WAYS = {"out": "引渡し", "in": "受取り"}
STATES = {"opened": "報告前", "reported": "報告済み", "instructed": "指示あり", "closed": "終結"}
_REASONS = {
    "retention": "保存期限による消去",
    "closing": "終了時の消去",
    "one_time": "使用後の消去（パスワード）",
    "expired": "期限切れの消去（パスワード）",
    "replaced": "差替えによる消去（パスワード）",
}
#: What the monthly report has no need to name: what comes back, and what is asked for.
_KINDS = {
    **PACKAGES,
    "send_back": "差戻し依頼",
    "print_report": "印刷・発送の報告",
    "mail_returns": "返戻の報告",
    "call_results": "架電の結果",
    "visit_results": "訪問の結果",
    "inbound_records": "受電の記録",
    "handover_receipt": "成果引渡しの受領書",
    "erasure_certificate": "消去証明書",
}
_NOTHING = "該当はありません。"


def handling_report(handling: Handling, *, issued_on: date) -> bytes:
    """PDF bytes of the report."""
    return render(handling_document(handling, issued_on=issued_on))


def handling_document(handling: Handling, *, issued_on: date) -> Document:
    """The report before it is set."""
    by_kind = {said["kind"]: said["name"] for said in handling.parties.values()}
    day = date.fromisoformat(handling.on)
    of = handling.parties[handling.party] if handling.party else None
    # 丙 reports to 乙, everybody else to 甲.
    to_contractor = of is not None and of["kind"] == "subcontractor"
    return Document(
        title="個人情報取扱状況報告書",
        contract_title=handling.title,
        contract_number=handling.number,
        issued_on=issued_on,
        issuer=of["name"] if of is not None and to_contractor else by_kind.get("contractor", ""),
        addressee=by_kind.get("contractor" if to_contractor else "ward", ""),
        facts=(
            ("基準日", f"{japanese_date(day)}の終わり"),
            ("対象", of["name"] if of is not None else "事業全体"),
            ("根拠", f"台帳の {handling.events:,} 件の記録"),
        ),
        sections=tuple(
            Section(heading, () if table.rows else (_NOTHING,), (table,) if table.rows else ())
            for heading, table in tables_of(handling)
        ),
        signatures=("取扱責任者", "受領者"),
        simulation=handling.simulation,
        landscape=True,
    )


def as_text(handling: Handling) -> str:
    """The same as lines for a terminal."""
    of = handling.parties[handling.party]["name"] if handling.party else "事業全体"
    head = [
        f"個人情報取扱状況　{handling.on} の終わり　{of}" + ("　【模擬】" if handling.simulation else ""),
        f"{handling.title}　{handling.number}　台帳 {handling.events:,} 件",
    ]
    for heading, table in tables_of(handling):
        head += ["", f"■ {heading}（{len(table.rows):,} 件）"]
        head += ["  " + "  ".join(table.headings)] if table.rows else []
        head += ["  " + "  ".join(row) for row in table.rows]
    return "\n".join(head) + "\n"


def tables_of(h: Handling, *, incidents: bool = True) -> tuple[tuple[str, Table], ...]:
    """(heading, table) of every part, with or without the incidents."""

    def named(party: str) -> str:
        return h.parties.get(party, {}).get("name", party)

    handlers = [
        (
            f"{_PARTIES.get(h.parties.get(x['party'], {}).get('kind', ''), '')} {named(x['party'])}".strip(),
            x["name"],
            x["post"],
            "取扱責任者" if x["responsible"] == "yes" else "取扱者",
            x["place"],
            x["trained_on"],
            x["briefed_on"],
            x["left_on"] or "—",
            x["leaver_told_on"] or ("未了" if x["left_on"] else "—"),
        )
        for x in h.handlers
    ]
    holdings = [
        (x["name"], x["purpose"], f"{x['rows']:,}", named(x["holder"]), x["place"], x["since"], x["erase_by"])
        for x in h.holdings
    ]
    packages = [
        (
            _WAYS[x["way"]],
            named(x["party"]),
            label(_KINDS, x["kind"]),
            x["package"],
            x["on"],
            f"{x['rows']:,}",
            x["erase_by"] or "—",
            x["erased_on"] or "—",
            x["certified_on"] or "—",
        )
        for x in h.packages
    ]
    media = [(x["medium"], x["kind"], x["delivery"], x["received_on"], x["returned_on"] or "未返却") for x in h.media]
    sheets = [(x["team"], f"{x['sheets']:,}", x["out_on"]) for x in h.sheets]
    happened = [(x["incident"], label(KINDS, x["kind"]), x["found_on"], STATES[x["state"]]) for x in h.incidents]
    ended = [(label(_REASONS, reason), f"{count:,}") for reason, count in h.ended.items()]
    return (
        (
            "取扱責任者及び取扱者",
            _table(("会社", "氏名", "役職", "区分", "取扱場所", "教育", "周知", "離任", "離任後の周知"), handlers),
        ),
        (
            "保有する情報",
            _table(("保有物", "目的", "行数", "保有者", "場所", "保有開始", "消去期限"), holdings, (2,)),
        ),
        ("消去した情報", _table(("理由", "件数"), ended, (1,))),
        (
            "引渡しと受取り",
            _table(("別", "相手", "種類", "荷", "日", "件数", "消去期限", "消去日", "相手の消去証明"), packages, (5,)),
        ),
        ("媒体", _table(("番号", "種類", "提供", "受領日", "返却日"), media)),
        ("手元にない訪問票", _table(("班", "枚数", "交付日"), sheets, (1,))),
        *((("事故・事故のおそれ", _table(("番号", "種類", "発覚日", "状況"), happened)),) if incidents else ()),
    )


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], numeric: tuple[int, ...] = ()) -> Table:
    return Table(headings, tuple(rows), numeric=numeric)
