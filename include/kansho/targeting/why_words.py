"""A person's why in Japanese, as sections of tables: the same for the desk's page and the command.  Pure.

Belongs here: words.  Does not belong here: what is told (`why`).  Neither number, name nor address stands in it: who
asks has the number.
"""

from __future__ import annotations

from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import TargetGroup
from kansho.contracts import codes
from kansho.contracts.model import Column
from kansho.contracts.ward_files import ANALYSIS_ITEMS, TARGET_LIST
from kansho.documents.model import Section, Table
from kansho.targeting.asking import Answer
from kansho.targeting.propensity import SCARCE
from kansho.targeting.told import AFTER, ALSO, DECIDED, NO, Condition, Fit, Picked, Rule, Turn, Why

_STATES = {"waiting": "承認待ち", "approved": "承認済み", "rejected": "差戻し"}
_GROUPS = {TargetGroup.KENSHIN.value: "特定健診", TargetGroup.CANCER.value: "がん検診"}
_CHANNELS = {"mail": "通知", "call": "電話", "visit": "訪問"}
_CONDITIONS = {
    "left": "対象者一覧から除かれた",
    "identity_held": "本人の確認待ち",
    "stopped": "勧奨停止一覧にある、または停止の申出がある",
    "deferred": "勧奨延期の期限内",
    "under_age": "対象年齢に満たない",
    "too_old": "対象年齢を超える",
    "aged_out": "75歳到達のため勧奨の期間が終わった",
    "attended": "今年度の特定健診を受診した",
    "anything_due": "受けるべきがん検診がある",
}
_STOPS = {"stopped": "区の勧奨停止一覧", "refused": "本人・家族からの申出", "deferred": "区の一覧（延期）"}
_ROWS = {DECIDED: "該当（この行で決定）", NO: "非該当", AFTER: "見ていない（上の行で決定）"}
_FITS = {DECIDED: "該当（最初に合ったため決定）", ALSO: "該当（先のグループに決定済み）", NO: "非該当"}
_OPS = {
    "eq": "が {}",
    "ne": "が {} でない",
    "ge": "が {} 以上",
    "le": "が {} 以下",
    "gt": "が {} を超える",
    "lt": "が {} 未満",
    "in": "が {} のいずれか",
    "is_null": "が不明",
    "not_null": "が分かる",
}
_DERIVED = {
    "age": "年度末年齢",
    "attendance_pattern": "受診の型",
    "attended_count": "直近5年度の受診回数",
    "bp_high": "血圧の所見",
    "hba1c_high": "HbA1cの所見",
    "ldl_high": "LDLの所見",
    "bmi_high": "BMIの所見",
    "result_flag": "前回結果の所見",
    "due_count": "受けるべきがん検診の数",
}
_PATTERNS = {"new": "新規", "never": "未受診", "continuous": "継続", "lapsed": "中断", "irregular": "不定期"}
_FLAGS = {"1": "あり", "0": "なし"}
_TURNS = {
    "unplanned": "勧奨の対象でない",
    "other_group": "この回の対象グループでない",
    "no_phone": "電話番号がない",
    "held_before": "以前の回で保留群",
    "held_out": "保留群（勧奨しない）",
    "outreach": "勧奨する",
    "left": "枠外（上限に達した）",
}
_REASONS = {
    "no_candidate": "選定日に対象グループでなかった",
    "held_out": "以前の回で保留群",
    "unknown": "名簿にない",
    "left": "対象者一覧から除外",
    "identity_held": "本人の確認待ち",
    "stopped": "勧奨停止一覧",
    "refused": "停止の申出",
    "deferred": "勧奨延期",
    "aged_out": "75歳到達",
    "attended": "受診済み",
    "reported_attended": "受診済み（申告）",
    "bad_address": "宛先不明",
    "card_returned": "通知が返戻",
    "no_phone": "電話番号がない",
    "phone_dead": "電話が通じない番号",
    "too_soon": "前の勧奨から日が浅い",
}
_NOTHING = "不明"
_COLUMNS: dict[str, Column] = {c.name: c for contract in (ANALYSIS_ITEMS, TARGET_LIST) for c in contract.columns}


def sections(answer: Answer) -> tuple[Section, ...]:
    """Result, eligibility, segments, hold-outs and channels of one person."""
    why, config = answer.why, answer.config
    return (
        _result(answer),
        Section(
            "対象判定（上から順に、最初に合う行で決まります）",
            tables=(Table(("行", "区分", "根拠", "条件", "結果"), _rows(why, config)),),
        ),
        Section(
            "グループ（上から順に、最初に合うものに決まります）",
            () if why.fits else ("勧奨の対象でないため、グループはありません。",),
            (Table(("優先", "グループ", "条件（この方の値）", "結果"), _fits(why, config), (0,)),) if why.fits else (),
        ),
        Section(
            "保留群（世帯を単位に、層の中で無作為）",
            ("くじの種は開設のときに確定したもので、誰にも表示しません。",),
            (Table(("実施回", "層", "割合", "層の世帯", "うち保留", "この方の世帯"), _arms(why, config), (2, 3, 4)),),
        ),
        Section(
            "手段と枠（計画のときの見込みと、選定の結果）",
            tables=(
                Table(
                    ("実施回", "手段", "見込み", "優先", "受診見込みの段階", "順位", "上限", "選定の結果"),
                    tuple(_turn(t) for t in why.turns),
                    (3, 4, 5, 6),
                ),
            ),
        ),
    )


def as_text(parts: tuple[Section, ...]) -> str:
    """The sections for a terminal: a heading, and of each row what stands under which heading."""
    lines: list[str] = []
    for part in parts:
        lines += [f"■ {part.heading}", *part.paragraphs]
        for table in part.tables:
            for row in table.rows:
                named = [f"{h}: {v}" for h, v in zip(table.headings, row, strict=True) if v]
                lines.append("  " + "　".join(named))
    return "\n".join(lines) + "\n"


def _result(answer: Answer) -> Section:
    why = answer.why
    rows = [
        ("計画", f"{answer.plan}（{answer.made_on} 作成、{_STATES[answer.state]}）"),
        ("計画の要約値（SHA-256）", answer.digest),
        ("判定", f"{why.outcome.label}（{why.outcome.code}、{why.outcome.clause}）"),
        ("年度末年齢", f"{why.age} 歳"),
        ("75歳の誕生日・勧奨の終わる日", f"{why.late_elderly_on or _NOTHING}・{why.contact_ends_on or _NOTHING}"),
        ("勧奨停止", "、".join(_STOPS[s] for s in why.stop) or "なし"),
        ("今年度の受診", _kinds(why.attended) or "記録なし"),
        ("受けるべきがん検診", _kinds(why.due) or "なし"),
    ]
    if why.group is not None and why.segment is not None:
        rows.append(("対象", _GROUPS[why.group]))
        joined = f"（「{why.joined_from.name}」が少人数のため合流）" if why.joined_from else ""
        rows.append(("グループ", f"{why.segment.name}{joined}"))
        rows.append(("計画全体での順番", f"{why.order:,}"))
    return Section("結果", tables=(Table(("項目", "内容"), tuple(rows)),))


def _rows(why: Why, config: CampaignConfig) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            str(n),
            f"{row.outcome.label}（{row.outcome.code}）",
            row.outcome.clause,
            "" if row.state == AFTER else "、".join(_condition(c, why, config) for c in row.conditions),
            _ROWS[row.state],
        )
        for n, row in enumerate(why.rows, start=1)
    )


def _condition(condition: Condition, why: Why, config: CampaignConfig) -> str:
    fact = {
        "under_age": f"、{why.age}歳、{config.targeting.min_age}歳から",
        "too_old": f"、{why.age}歳、{config.targeting.max_age}歳まで",
        "aged_out": f"、{why.contact_ends_on or _NOTHING} に終わる",
    }.get(condition.name, "")
    said, wanted = ("はい" if yes else "いいえ" for yes in (condition.holds, condition.wanted))
    return f"{_CONDITIONS[condition.name]}：{said}（条件は「{wanted}」{fact}）"


def _fits(why: Why, config: CampaignConfig) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (str(f.segment.priority), f"{f.segment.name}（{f.segment.id}）", _rules(f, config), _FITS[f.state])
        for f in why.fits
    )


def _rules(fit: Fit, config: CampaignConfig) -> str:
    return "、".join(_rule(rule, config) for rule in fit.rules) or "条件なし（残りの全員）"


def _rule(rule: Rule, config: CampaignConfig) -> str:
    wanted = rule.value if isinstance(rule.value, list | tuple) else (rule.value,)
    told = _OPS[rule.op].format("・".join(_value(rule.column, v, config) for v in wanted))
    found = _NOTHING if rule.found is None else _value(rule.column, rule.found, config)
    return f"{_column(rule.column)}{told}：{'はい' if rule.holds else 'いいえ'}（{found}）"


def _column(name: str) -> str:
    return _DERIVED.get(name) or (_COLUMNS[name].header if name in _COLUMNS else name)


def _value(column: str, value: Any, config: CampaignConfig) -> str:
    text = str(value)
    if column == "attendance_pattern":
        return _PATTERNS.get(text, text)
    if column in _DERIVED:
        return _FLAGS.get(text, text) if column.endswith(("_high", "_flag")) else text
    known = _COLUMNS.get(column)
    # What the last results' codes mean is what they meant in the fiscal year before.
    return known.labels_in(config.fiscal_year - 1).get(text, text) if known is not None else text


def _arms(why: Why, config: CampaignConfig) -> tuple[tuple[str, ...], ...]:
    names = {s.id: s.name for s in config.targeting.segments}
    return tuple(
        (
            t.wave.name,
            names.get(t.stratum, "勧奨対象者のいない世帯"),
            f"{t.wave.holdout:.0%}",
            f"{t.homes:,}",
            f"{t.homes_held:,}",
            "以前の回で保留" if t.held_before else "保留" if t.held else "勧奨",
        )
        for t in why.turns
    )


def _turn(turn: Turn) -> tuple[str, ...]:
    ordered = turn.wave.channel in SCARCE
    return (
        turn.wave.name,
        _CHANNELS[turn.wave.channel.value],
        _TURNS[turn.state],
        "" if turn.priority is None else str(turn.priority),
        str(turn.band) if turn.band is not None else "" if turn.place is None or not ordered else "なし",
        "" if turn.place is None else f"{turn.place:,}",
        f"{turn.wave.capacity:,}",
        _picked(turn.picked),
    )


def _picked(picked: Picked | None) -> str:
    if picked is None:
        return "選定前"
    if picked.rank is not None:
        return f"{'保留群' if picked.arm == 'holdout' else '勧奨'}（{picked.rank:,} 番目）"
    return f"対象外：{_REASONS[picked.reason]}" if picked.reason else "枠外（上限に達した）"


def _kinds(kinds: tuple[str, ...]) -> str:
    return "、".join(codes.SCREENING_KINDS.get(kind, kind) for kind in kinds)
