"""月次報告書: the month's counts beside the year's, deadlines, attestations, inspections, incidents, holdings.

Pure over config and events (so that the same month gives the same bytes); every figure comes from
`kansho.evidence.account`.  Nothing of a resident.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from kansho.campaign.clauses import clauses_bound
from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import japanese_date, render
from kansho.documents.stamp import Stamp
from kansho.evidence.account import counts
from kansho.evidence.events import Event
from kansho.exchange.papers import ATTESTED, FINDINGS
from kansho.oversight.clause_paper import clause_table
from kansho.oversight.clauses import states
from kansho.oversight.clocks import clocks_of
from kansho.oversight.custody_paper import register_table
from kansho.oversight.deadlines import Obligation, obligations
from kansho.oversight.finding_paper import FINDING_HEADINGS, finding_rows
from kansho.oversight.findings import findings
from kansho.oversight.incidents import KINDS, label
from kansho.oversight.open_items import past_erase_by

#: (path in the account, what it is called), in the order of the report.
_FIGURES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("delivered",), "対象者一覧の受領行数"),
    (("accepted",), "　うち受入れ"),
    (("quarantined",), "　うち保留（不備）"),
    (("cards", "selected"), "通知の対象"),
    (("cards", "printed"), "印刷"),
    (("cards", "pulled"), "抜取り"),
    (("cards", "posted"), "発送"),
    (("cards", "returned"), "返戻"),
    (("calls", "listed"), "架電の対象"),
    (("calls", "attempted"), "架電の結果"),
    (("calls", "reached"), "　うち本人と通話"),
    (("visits", "listed"), "訪問の対象"),
    (("visits", "made"), "訪問の結果"),
    (("sheets", "out"), "訪問票の交付枚数"),
    (("sheets", "in"), "訪問票の返却枚数"),
    (("inbound",), "問合せの受電"),
    (("refused",), "勧奨停止の申出"),
    (("attended",), "特定健診の受診（判明分）"),
    (("attended_cancer",), "がん検診の受診（判明分）"),
    (("incidents",), "事故・事故のおそれ"),
)

OBLIGATIONS = {
    "monthly_report": "月次報告書",
    "attestation": "安全管理の月次点検",
    "ward_inspection": "区の立入り調査",
    "ward_check": "区による再委託先の確認",
    "audit": "乙による再委託先の監査",
    "correction": "指摘事項の是正",
    "delivery": "データの受領",
    "wave_selected": "対象者の選定",
    "print_report": "印刷・発送の報告",
    "handover": "成果の引渡し",
    "certificate": "再委託先の消去証明書",
    "erasure": "消去の証明",
    "copy_erase": "再委託先の写しの消去",
    "medium_return": "媒体の返却",
    "incident_notice": "事故の第一報",
    "incident_report": "事故報告書",
    "incident_preliminary": "事故の速報（法）",
    "incident_final": "事故の確報（法）",
    "leaver_briefing": "離任者への周知",
}


PACKAGES = {
    "print_package": "印刷データ",
    "pull_list": "抜取り一覧",
    "call_list": "架電対象一覧",
    "call_withdrawal": "架電取りやめ一覧",
    "visit_halves": "訪問名簿（二分割）",
    "handover": "成果の引渡し",
}


def monthly_report(
    config: CampaignConfig,
    events: Iterable[Event],
    month: str,
    *,
    today: date,
    simulation: bool,
    stamp: Stamp | None = None,
) -> bytes:
    """PDF bytes of the report of a month (YYYY-MM) as it stands on ``today``; ``stamp`` is the ledger's checkpoint."""
    return render(replace(monthly_document(config, events, month, today=today, simulation=simulation), stamp=stamp))


def monthly_document(
    config: CampaignConfig, events: Iterable[Event], month: str, *, today: date, simulation: bool
) -> Document:
    """The report before it is set; figures end with the month, the state of deadlines with ``today``."""
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    log = list(events)
    until = [e for e in log if e.campaign_date <= last.isoformat()]
    within = [e for e in until if e.campaign_date >= first.isoformat()]
    return Document(
        title="月次報告書",
        contract_title=config.contract.title,
        contract_number=config.contract.number,
        issued_on=today,
        issuer=config.contractor.name,
        addressee=config.ward_party.name,
        facts=(
            ("対象月", f"令和{first.year - 2018}年{first.month}月"),
            ("データ基準日", f"{japanese_date(last)}までに記録されたもの"),
            ("期限の基準日", japanese_date(today)),
        ),
        sections=(
            Section("実施件数", ("台帳の記録から集計しました。",), (_figures(within, until),)),
            Section("期限の状況", (_deadline_text(log, config, today),), _deadline_tables(log, config, today)),
            Section("特記事項の履行状況", (_CLAUSES_TEXT,), (_clauses(log, config, today),)),
            Section("安全管理の月次点検", (), (_attestations(log, config, month),)),
            Section("立入り調査・確認・監査", (), (_inspections(log, config), _findings(log, config))),
            Section("事故及び差戻し", (), (_incidents(until), _refusals(within))),
            Section("保有する情報と引渡し", (), (_holdings(within, until), _handed_over(within, config))),
            Section("期限を過ぎた写し", _past_text(log, today), _past(log, today)),
            Section("媒体等の所在（授受簿）", (), _custody(until, config)),
        ),
        signatures=("取扱責任者", "区 担当者"),
        simulation=simulation,
        footnotes=("受診の件数は区から提供された受診状況によるもので、実際の受診からおおむね2か月遅れます。",),
    )


_CLAUSES_TEXT = "特記事項（別紙1・2）と情報保護対策の義務ごとに、期限の基準日の状況を台帳から導きました。"


def _clauses(log: list[Event], config: CampaignConfig, today: date) -> Table:
    """Without this month's report itself, which this very document is."""
    found = states(log, config, clauses_bound(log, config), today)
    return clause_table([i for i in found if i.duty.deadline != "monthly_report" or i.state != "overdue"], config)


def _figures(within: list[Event], until: list[Event]) -> Table:
    month, year = counts(within), counts(until)
    return Table(
        ("項目", "当月", "累計"),
        tuple((name, f"{_at(month, path):,}", f"{_at(year, path):,}") for path, name in _FIGURES),
        numeric=(1, 2),
    )


def _at(figures: Mapping[str, Any], path: tuple[str, ...]) -> int:
    value: Any = figures
    for part in path:
        value = value[part]
    return int(value)


def _deadline_text(log: list[Event], config: CampaignConfig, today: date) -> str:
    overdue = [o for o in _reported(log, config) if o.is_overdue(today)]
    missed = len({e.key for e in log if e.type == "deadline_missed"})
    if not overdue and not missed:
        return "期限を過ぎたものはありません。"
    return f"期限を過ぎて未了のものが {len(overdue)} 件あります（これまでに期限を過ぎたもの 延べ {missed} 件）。"


def _deadline_tables(log: list[Event], config: CampaignConfig, today: date) -> tuple[Table, ...]:
    rows = [
        (OBLIGATIONS[o.kind], _subject(o.subject, config), o.due.isoformat(), _state(o, today))
        for o in _reported(log, config)
        if o.is_overdue(today) or (o.done_on is None and o.due <= today + timedelta(days=31)) or _late(o)
    ]
    if not rows:
        return ()
    return (
        Table(("内容", "対象", "期限", "状況"), tuple(rows), caption="未了、遅れて完了、及び今後1か月に期限が来るもの"),
    )


def _subject(subject: str, config: CampaignConfig) -> str:
    """Codes as they stand, parties and waves and findings by their names."""
    names = {p.id: p.name for p in config.parties} | {w.id: w.name for w in config.waves.all()}
    known = {**FINDINGS, **OBLIGATIONS, **names}
    return " ".join(known.get(part, part) for part in subject.split("/"))


def _reported(log: list[Event], config: CampaignConfig) -> list[Obligation]:
    """Without the report itself, which is done by this very document."""
    return [o for o in obligations(log, config) if o.kind != "monthly_report"]


def _late(obligation: Obligation) -> bool:
    return obligation.done_on is not None and obligation.kind != "attestation" and obligation.done_on > obligation.due


def _state(obligation: Obligation, today: date) -> str:
    if obligation.done_on is not None:
        return f"{obligation.done_on.isoformat()} 完了（遅延）"
    return "期限超過" if obligation.is_overdue(today) else "予定"


def _attestations(log: list[Event], config: CampaignConfig, month: str) -> Table:
    known = {e.key: e for e in log if e.type == "attestation_recorded"}
    rows = []
    for party in (config.contractor, *config.subcontractors):
        event = known.get(f"{party.id}/{month}")
        broken = event.codes["findings"] if event else ""
        told = "、".join(ATTESTED[item] for item in broken.split("|") if item in ATTESTED) or "指摘なし"
        rows.append((party.name, event.codes["attested_on"] if event else "—", told if event else "未提出"))
    return Table(("会社", "点検日", "結果"), tuple(rows), caption="、".join(ATTESTED.values()))


def _inspections(log: list[Event], config: CampaignConfig) -> Table:
    rows = []
    for event in log:
        kind, _, party = event.key.partition("/")
        if event.type in ("inspection_recorded", "audit_recorded") and kind in OBLIGATIONS and kind != "correction":
            codes = [part.split("=")[0] for part in event.codes.get("findings", "").split("|")]
            told = "、".join(FINDINGS[code] for code in codes if code in FINDINGS) or "指摘なし"
            rows.append((OBLIGATIONS[kind], config.party(party.partition("/")[0]).name, event.codes["on"], told))
    return Table(("種類", "対象", "実施日", "指摘"), tuple(rows) or (("—", "—", "—", "まだ実施していません"),))


def _findings(log: list[Event], config: CampaignConfig) -> Table:
    """Every finding with what was done about it; an open one says so."""
    rows = finding_rows([f.to_json() for f in findings(log)], config)
    return Table(FINDING_HEADINGS, rows or (("なし", *("—",) * (len(FINDING_HEADINGS) - 1)),))


def _incidents(until: list[Event]) -> Table:
    closed = {e.key for e in until if e.type == "incident_closed"}
    reported = {e.key for e in until if e.type == "incident_reported"}
    rows = tuple(
        (
            label(KINDS, e.codes.get("kind", "")),
            clocks_of(e).known_on.isoformat(),
            clocks_of(e).written_report.isoformat(),
            "終結" if e.key in closed else "報告済み" if e.key in reported else "報告前",
        )
        for e in until
        if e.type == "incident_opened"
    )
    return Table(("事故・おそれの種類", "発覚日", "書面報告の期限", "状況"), rows or (("なし", "—", "—", "—"),))


def _refusals(within: list[Event]) -> Table:
    rows = tuple((e.key, e.campaign_date, e.codes.get("code", "")) for e in within if e.type == "delivery_refused")
    return Table(("差し戻した提供", "日", "理由コード"), rows or (("なし", "—", "—"),))


def _holdings(within: list[Event], until: list[Event]) -> Table:
    stored = {e.key for e in until if e.type == "snapshot_stored"}
    gone = {e.key for e in until if e.type == "snapshot_erased"}
    month = {e.key for e in within if e.type == "snapshot_erased"}
    rows = (
        ("月末に保有する作業ファイル", f"{len(stored - gone):,}"),
        ("当月に消去した作業ファイル", f"{len(month):,}"),
    )
    return Table(("項目", "件数"), rows, numeric=(1,))


def _past_text(log: list[Event], today: date) -> tuple[str, ...]:
    return () if past_erase_by(log, today) else ("期限を過ぎた写しはありません。",)


def _past(log: list[Event], today: date) -> tuple[Table, ...]:
    rows = past_erase_by(log, today)
    return (Table(("保有者", "写し", "期限"), rows),) if rows else ()


def _custody(until: list[Event], config: CampaignConfig) -> tuple[Table, ...]:
    table = register_table(until, config)
    return (table if table.rows else Table(("品名",), (("なし",),)),)


def _handed_over(within: list[Event], config: CampaignConfig) -> Table:
    packages = [e for e in within if e.type == "package_handed_over"]
    rows = []
    for party in config.parties:
        mine = [e for e in packages if e.codes.get("party") == party.id]
        if mine:
            rows.append(
                (
                    party.name,
                    "、".join(sorted({PACKAGES.get(e.codes["kind"], e.codes["kind"]) for e in mine})),
                    f"{len(mine):,}",
                )
            )
    return Table(("引渡し先", "種類", "件数"), tuple(rows) or (("なし", "—", "0"),), numeric=(2,))
