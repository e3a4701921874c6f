"""事故報告書: the nine items the law asks for, the times and what was done, per incident (P9).

Pure over config and events; names staff and parties, never a resident.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import japanese_date, render
from kansho.evidence.events import Event
from kansho.oversight.clocks import clocks_of
from kansho.oversight.incidents import KINDS, is_mended, label

#: Per kind: 概要, 項目, 原因 (as far as known), 再発防止.  ``{subject}`` is a code of ours.
_TEXTS: dict[str, tuple[str, str, str, str]] = {
    "sheet_missing": (
        "訪問日の終わりに、返却された訪問票の枚数が交付した枚数と一致しませんでした（{subject}）。",
        "訪問名簿の片方に載る項目（場所、又は氏と号・方書）。片方だけでは個人を特定できないよう分けてあります。",
        "返却時の数え漏れ又は所在不明。訪問班と経路を確認しています。",
        "交付・返却の枚数を二名で確認し、合わない班には翌日の訪問票を交付しません。",
    ),
    "print_mismatch": (
        "印刷会社の報告したはがきの枚数、連番又は引抜きが、当方の一覧と一致しませんでした（{subject}）。",
        "はがきの宛名（郵便番号、住所、氏名、お問い合わせ番号）及びその文面。",
        "数え間違い、引抜き漏れ又は所在不明。印刷会社に連番での照合を求めています。",
        "発送は、当方の一覧と連番まで一致する報告を受けるまで完了としません。",
    ),
    "over_provision": (
        "提供されたデータに、契約で取扱いを認められた項目以外の列がありました（{subject}）。",
        "契約にない列（内容は読み取らず、封緘された原本のまま保管しています）。",
        "提供データの作成時に、当年度の項目一覧と照合されていなかったと考えられます。",
        "受領時に全列を契約と照合し、一致しない提供は全体を受け入れません。区にも列の確認をお願いしました。",
    ),
    "my_number_received": (
        "提供されたデータに、個人番号の検査数字に合う12桁の値がありました（{subject}）。",
        "個人番号とみられる値（内容は読み取らず、封緘された原本のまま保管しています）。",
        "提供データの作成時に混入したと考えられます。",
        "受領時に全ての値を検査し、該当する提供は全体を受け入れません。",
    ),
}
#: Kinds that are mended by numbers that agree.
_COUNTED = ("sheet_missing", "print_mismatch")
_UNKNOWN = "調査中です。"
_UNSET = "調査の結果を踏まえて定めます。"
_EMPTY = (_UNKNOWN, _UNSET)

#: The nine items of the law (規則 43条), in its order.
ITEMS: Mapping[str, str] = {
    "outline": "概要",
    "data_items": "個人データの項目",
    "persons": "本人の数",
    "cause": "原因",
    "secondary": "二次被害又はそのおそれ",
    "treatment": "本人への対応",
    "publication": "公表",
    "prevention": "再発防止の措置",
    "other": "その他",
}
#: What no log can say: our words for these are a draft until a person has confirmed or replaced them.
BY_PEOPLE = frozenset({"cause", "secondary", "treatment", "publication", "prevention"})
#: What staff call the states of an item.
ITEM_STATES = {"filled": "記載済み", "known": "台帳による", "draft": "案（未確認）", "empty": "未記載"}
_SAID_BY = {"filled": "担当者", "known": "台帳", "draft": "案（未確認）", "empty": "未記載"}


@dataclass(frozen=True)
class Item:
    """One of the nine items; ``state``: filled by a person, known from the log, a draft of ours, or empty."""

    code: str
    text: str
    state: Literal["filled", "known", "draft", "empty"]

    @property
    def name(self) -> str:
        """What the law calls it."""
        return ITEMS[self.code]

    @property
    def is_open(self) -> bool:
        """Whether a 確報 still waits for it."""
        return self.state in ("draft", "empty")


#: Incident → item → what a person filled in.
Filled = Mapping[str, Mapping[str, str]]
_GENERAL = ("{subject} について、事故又はそのおそれを把握しました。", _UNKNOWN, _UNKNOWN, _UNSET)


def incident_report(
    config: CampaignConfig,
    events: Iterable[Event],
    opened: Iterable[Event],
    *,
    today: date,
    simulation: bool,
    filled: Filled | None = None,
) -> bytes:
    """PDF bytes of one report over the given ``incident_opened`` events, with what people ``filled`` in."""
    log = list(events)
    return render(
        Document(
            title="事故報告書",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=today,
            issuer=config.contractor.name,
            addressee=config.ward_party.name,
            sections=tuple(s for event in opened for s in _sections(config, log, event, today, filled)),
            signatures=("取扱責任者", "区 担当者"),
            simulation=simulation,
            footnotes=("事故のおそれ及び特記事項の違反も、事故と同じ手順で報告します（特記事項第22項）。",),
        )
    )


def nine_items(
    config: CampaignConfig, log: list[Event], opened: Event, filled: Mapping[str, str] | None = None
) -> tuple[Item, ...]:
    """The nine items in their order: what a person filled in, else what the log or a draft says."""
    kind, subject = opened.codes.get("kind", "other"), opened.codes.get("subject", opened.key)
    outline, items, cause, prevention = _TEXTS.get(kind, _GENERAL)
    mended = is_mended(log, opened)
    ours = {
        "outline": outline.format(subject=subject),
        "data_items": items,
        "persons": _persons(log, opened),
        "cause": cause,
        "secondary": "現在のところ確認していません。",
        "treatment": "区の指示に従います。",
        "publication": "区の指示に従います。",
        "prevention": prevention,
        "other": "その後、枚数の一致を確認しました。" if mended and kind in _COUNTED else "特になし。",
    }
    return tuple(_item(code, ours[code], (filled or {}).get(code)) for code in ITEMS)


def _item(code: str, ours: str, theirs: str | None) -> Item:
    if theirs is not None:
        return Item(code, theirs, "filled")
    if ours in _EMPTY:
        return Item(code, ours, "empty")
    return Item(code, ours, "draft" if code in BY_PEOPLE else "known")


def open_items(items: Iterable[Item]) -> tuple[Item, ...]:
    """Those that nobody filled or confirmed yet."""
    return tuple(item for item in items if item.is_open)


def _sections(
    config: CampaignConfig, log: list[Event], opened: Event, today: date, filled: Filled | None = None
) -> tuple[Section, ...]:
    title = label(KINDS, opened.codes.get("kind", "other"))
    said = nine_items(config, log, opened, (filled or {}).get(opened.key))
    empty = open_items(said)
    final = clocks_of(opened).final
    by = f"（確報の期限 {japanese_date(final)} までに補います）" if final else ""
    names = "、".join(item.name for item in empty)
    told = f"速報です。まだ確定していない項目：{names}{by}" if empty else "確報です。九つの項目は全て記載しました。"
    rows = tuple((item.name, item.text, _SAID_BY[item.state]) for item in said)
    return (
        Section(f"{title}", (f"整理番号 {opened.key}", told), (Table(("項目", "内容", "記載"), rows),)),
        Section("経過と期限", (), (_times(config, log, opened, today),)),
    )


def _persons(log: list[Event], opened: Event) -> str:
    """As far as the ledger tells: the rows of the team's day are the most that can be concerned."""
    if opened.codes.get("kind") == "sheet_missing":
        out = next((e for e in log if e.type == "sheets_out" and e.key == opened.codes.get("subject")), None)
        missing = opened.counts.get("sheets_out", 0) - opened.counts.get("sheets_returned", 0)
        if out is not None and "rows" in out.counts:
            return f"最大 {out.counts['rows']} 人（当日その班に交付した行数）。不足 {missing} 枚。"
    return _UNKNOWN


def _reportable(config: CampaignConfig, log: list[Event], opened: Event) -> str:
    """Whether number alone makes it reportable, as far as the log tells; the rest is for 甲 to judge."""
    over = clocks_of(opened).reportable_over
    if over is None:
        return "この日の法令に数の定めはありません。"
    out = next((e for e in log if e.type == "sheets_out" and e.key == opened.codes.get("subject")), None)
    most = out.counts.get("rows") if out is not None and opened.codes.get("kind") == "sheet_missing" else None
    if most is None:
        return f"本人の数が {over} 人を超えるかは調査中です。要配慮個人情報・不正の目的の有無とともに区が判断します。"
    told = "超えます" if most > over else "超えません"
    return f"本人の数は {over} 人を{told}（最大 {most} 人）。要配慮個人情報・不正の目的の有無は区が判断します。"


def _times(config: CampaignConfig, log: list[Event], opened: Event, today: date) -> Table:
    made = clocks_of(opened)
    finder = config.handler_of_user(opened.actor.get("user", ""))
    notice = next((e for e in log if e.type == "report_submitted" and e.key == f"incident_notice/{opened.key}"), None)
    rows = (
        ("発覚", japanese_date(made.known_on)),
        ("発見者", finder.name if finder else "業務システムの照合による検知"),
        ("区への第一報", japanese_date(date.fromisoformat(notice.campaign_date)) if notice else "—"),
        ("書面報告の期限", japanese_date(made.written_report)),
        ("速報の期限（法）", japanese_date(made.preliminary) if made.preliminary else "定めなし"),
        ("確報の期限（法）", japanese_date(made.final) if made.final else "定めなし"),
        ("根拠となる法令", made.law),
        ("数による報告の対象", _reportable(config, log, opened)),
        ("この報告書の作成", japanese_date(today)),
    )
    return Table(("事項", "日"), rows)
