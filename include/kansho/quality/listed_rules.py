"""The rules that no column's contract gives, as data: between columns, between tables, over whole tables.

Belongs here: ids, severities, thresholds and the Japanese texts, joined by contract.  Does not belong here: how a rule
is checked (`kansho.quality.cross_rules`, `kansho.quality.drift`, the stages' own masks).
"""

from __future__ import annotations

from collections.abc import Iterable

from kansho.quality.definitions import RuleDef, Severity
from kansho.quality.listed_health import ATTENDANCE_RULES, CHECKUP_RULES, OUTREACH_RULES, SCREENING_RULES
from kansho.quality.listed_shape import CHECK_DIGIT, KNOWN, STOPS_OR_LEAVES, Listed
from kansho.quality.listed_targets import TARGET_RULES

_STOPS_OR_HOLDS: tuple[Severity, ...] = ("stop", "hold")
_RESEND = "該当の行を直して送り直してください"
_ASK = "該当の行を区で確かめ、誤りであれば直して送り直してください"

_CONTACT = Listed(
    "contact.rules",
    "row",
    ("outcome", "answered_by", "purpose_stated"),
    "quarantine",
    "本人以外から聞いた意向・理由・要望、又は利用目的を告げない聞取りが含まれています",
    "集めてはならない項目です。該当の項目を除いて送り直してください",
    "D5",
)
LISTED: dict[str, tuple[Listed, ...]] = {
    "target_list": TARGET_RULES,
    "analysis_items": (CHECK_DIGIT, KNOWN),
    "stop_list": (
        CHECK_DIGIT,
        Listed(
            "until.given",
            "row",
            ("stop_kind", "until"),
            "quarantine",
            "延期なのに期限がありません",
            "いつまで控えるかを入れて送り直してください",
            allowed=STOPS_OR_LEAVES,
        ),
        Listed(
            "STOP-SHRUNK",
            "table",
            (),
            "hold",
            "勧奨停止一覧の人数が前回より大きく減りました",
            "抽出の誤りでないかを区に確かめてください。確かめるまで何も発送しません",
            "C6",
            allowed=_STOPS_OR_HOLDS,
        ),
        Listed(
            "STOP-UNKNOWN",
            "table",
            ("inquiry_number",),
            "hold",
            "対象者一覧にない番号が勧奨停止一覧にあります",
            "番号の誤りであれば、止めるべき方が止まっていません。区に正しい番号を確かめてください",
            "C6",
            allowed=_STOPS_OR_HOLDS,
        ),
    ),
    "attendance_update": (
        CHECK_DIGIT,
        KNOWN,
        Listed(
            "date.plausible",
            "row",
            ("attendance_date",),
            "quarantine",
            "受診日が年度の初めより前か、受領した日より後です",
            _ASK,
            "C2",
        ),
    ),
    "checkup_results": CHECKUP_RULES,
    "past_attendance": ATTENDANCE_RULES,
    "screening_history": SCREENING_RULES,
    "past_outreach": OUTREACH_RULES,
    "call_results": (CHECK_DIGIT, KNOWN, _CONTACT),
    "visit_results": (
        Listed(
            "token.known",
            "cross",
            ("token",),
            "quarantine",
            "渡した名簿にない照合番号です",
            _RESEND,
            "P2",
        ),
        _CONTACT,
    ),
    "inbound_records": (CHECK_DIGIT,),
    "mail_returns": (
        Listed(
            "serial.known",
            "cross",
            ("serial",),
            "quarantine",
            "発送した連番にありません",
            _RESEND,
            "P11",
        ),
    ),
}

#: Kinds whose results a room of its own settles row by row (`kansho.outreach.contacts`, `kansho.mailing.returns`), by
#: fixed rules: nothing to tune; the suite is their second look.
SETTLED_ELSEWHERE = frozenset({"call_results", "visit_results", "inbound_records", "mail_returns"})

_COUNT_DRIFT = "前回（年度の最初の提供では前年度）と比べて行数が大きく変わりました"
_SHARE_DRIFT = "の分布（空欄、符号、年齢階級などの割合）が前回又は前年度と大きく違います"
_DRIFT_REMEDY = "抽出の条件、列の順、符号の対応が前回と同じかを区に確かめてください"

#: Kinds that are compared with the delivery before: share of change above which the table is doubtful, and how grave.
#: Attendance grows through the year and by season, so its change is told and does not hold.
DRIFT: dict[str, tuple[Severity, float, float]] = {
    "target_list": ("hold", 0.2, 0.1),
    "analysis_items": ("hold", 0.2, 0.1),
    "attendance_update": ("warn", 1.0, 0.25),
    "checkup_results": ("hold", 0.2, 0.1),
    "past_attendance": ("hold", 0.2, 0.1),
    "screening_history": ("hold", 0.2, 0.1),
    "past_outreach": ("hold", 0.2, 0.1),
}


def listed_rules(kind: str) -> Iterable[RuleDef]:
    """The listed rules of a contract, in the order in which they are told."""
    return tuple(r.of(kind) for r in LISTED.get(kind, ()))


def drift_rules(kind: str, columns: Iterable[tuple[str, str]]) -> Iterable[RuleDef]:
    """The drift rules of a contract: of its row count, and of each profiled column (identifier, heading)."""
    if kind not in DRIFT:
        return ()
    severity, rows, share = DRIFT[kind]
    made = [Listed("drift.rows", "drift", (), severity, _COUNT_DRIFT, _DRIFT_REMEDY, threshold=rows)]
    made += [
        Listed(f"drift.share.{c}", "drift", (c,), severity, f"「{h}」{_SHARE_DRIFT}", _DRIFT_REMEDY, threshold=share)
        for c, h in columns
    ]
    return tuple(r.of(kind) for r in made)
