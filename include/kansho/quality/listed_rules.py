"""The rules that no column's contract gives, as data: between columns, between tables, over whole tables.

Belongs here: ids, severities, thresholds and the Japanese texts.  Does not belong here: how a rule is checked
(`kansho.quality.cross_rules`, `kansho.quality.drift`, the stages' own masks).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kansho.quality.definitions import SEVERITIES, RuleDef, RuleKind, Severity

_STOPS_OR_HOLDS: tuple[Severity, ...] = ("stop", "hold")
_STOPS_OR_LEAVES: tuple[Severity, ...] = ("stop", "quarantine")
_NEVER_ROWS: tuple[Severity, ...] = ("stop", "hold", "warn")

_RESEND = "該当の行を直して送り直してください"
_ASK = "該当の行を区で確かめ、誤りであれば直して送り直してください"


@dataclass(frozen=True)
class _Rule:
    id: str
    kind: RuleKind
    columns: tuple[str, ...]
    severity: Severity
    message: str
    remedy: str
    clause: str = "D1"
    threshold: float | None = None
    allowed: tuple[Severity, ...] = field(default=SEVERITIES)

    def of(self, contract: str) -> RuleDef:
        allowed = (
            tuple(s for s in self.allowed if s in _NEVER_ROWS) if self.kind in ("table", "drift") else self.allowed
        )
        return RuleDef(
            self.id,
            contract,
            self.kind,
            self.columns,
            self.severity,
            self.message,
            self.remedy,
            self.clause,
            self.threshold,
            allowed=allowed,
        )


_CHECK_DIGIT = _Rule(
    "number.check_digit",
    "row",
    ("inquiry_number",),
    "quarantine",
    "お問い合わせ番号の検査数字が合いません",
    "番号の写し誤りか列のずれです。正しい番号で送り直してください",
    "D7",
    allowed=_STOPS_OR_LEAVES,
)
_KNOWN = _Rule(
    "number.known",
    "cross",
    ("inquiry_number",),
    "quarantine",
    "対象者一覧にないお問い合わせ番号です",
    "対象者一覧に載せるか、この行を除いて送り直してください",
    allowed=_STOPS_OR_LEAVES,
)
_CONTACT = _Rule(
    "contact.rules",
    "row",
    ("outcome", "answered_by", "purpose_stated"),
    "quarantine",
    "本人以外から聞いた意向・理由・要望、又は利用目的を告げない聞取りが含まれています",
    "集めてはならない項目です。該当の項目を除いて送り直してください",
    "D5",
)
_SAME_FILE = _Rule(
    "identity.same_file",
    "table",
    (),
    "hold",
    "前回（又は前年度）と同じ内容の表が届きました",
    "今回の分を抽出し直して送ってください。変更がないことが正しければ、その旨を回答してください",
)
_HISTORY = (
    _CHECK_DIGIT,
    _KNOWN,
    _Rule(
        "history.year",
        "cross",
        ("fiscal_year", "attendance_date"),
        "quarantine",
        "年度と受診日が合わないか、約束した年数より前又は当年度以後の年度です",
        "年度（4月から翌年3月まで）と受診日を確かめ、直して送り直してください",
    ),
    _Rule(
        "attendance.before_enrolment",
        "cross",
        ("fiscal_year",),
        "quarantine",
        "対象年齢になる前の年度に受診したことになっています",
        "別の人の履歴が付いていないか、年度がずれていないかを確かめ、直して送り直してください",
    ),
)

LISTED: dict[str, tuple[_Rule, ...]] = {
    "target_list": (
        _CHECK_DIGIT,
        _Rule(
            "age.rule",
            "row",
            ("birth_date", "age_at_year_end"),
            "quarantine",
            "年度末年齢が生年月日と合いません（誕生日で数えても、前日で数えても）",
            "年度末（3月31日）の年齢か、別の年度の抽出でないかを確かめてください",
        ),
        _Rule(
            "postal.ward",
            "row",
            ("postal_code",),
            "quarantine",
            "郵便番号がこの区のものではありません",
            "住所と郵便番号を確かめてください。区外に送る方であれば、その旨を回答してください",
        ),
        _Rule(
            "kana.letters",
            "row",
            ("name_kana",),
            "quarantine",
            "カナ氏名に片仮名でない文字があります",
            "漢字氏名とカナ氏名の列が入れ替わっていないかを確かめてください",
        ),
        _Rule(
            "kinds.sex",
            "cross",
            ("screening_kinds", "sex"),
            "quarantine",
            "性別に合わない検診が付いています",
            "性別と検診票の種類を確かめ、直して送り直してください",
            "C3",
        ),
        _Rule(
            "postal.town",
            "cross",
            ("postal_code", "address"),
            "warn",
            "郵便番号と町名が合いません（日本郵便の表による）",
            "郵便番号か住所のどちらかが古いか、列がずれています。はがきが戻るおそれがあります",
            "C6",
            0.05,
        ),
        _Rule(
            "phone.valid",
            "row",
            ("phone",),
            "warn",
            "使われていない形の電話番号です",
            "架電できません。分かれば正しい番号を回答してください",
            "C6",
        ),
        _Rule(
            "person.twice",
            "row",
            ("name_kanji", "birth_date", "address"),
            "warn",
            "氏名・生年月日・住所が同じ方が、別の番号で二度載っています",
            "同じ方であれば一つの番号にまとめ、別の方であればその旨を回答してください",
        ),
        _Rule(
            "birth.first_of_april",
            "row",
            ("birth_date",),
            "warn",
            "4月1日生まれの方です（年度末年齢が数え方で一つ違います）",
            "送り直しは要りません。区の年齢の数え方を確かめてください",
        ),
        _Rule(
            "characters.unmapped",
            "row",
            ("name_kanji", "name_kana", "address", "address_extra"),
            "warn",
            "印刷できない文字（外字など）があります。この方のはがきは作れません",
            "外字の対応表（外字コードと文字、又は書体）を渡してください",
            "C6",
            0.05,
        ),
        _Rule(
            "identity.confusion",
            "cross",
            ("inquiry_number", "name_kanji", "sex", "birth_date"),
            "quarantine",
            "同じ番号で、氏名・性別・生年月日のうち二つ以上が前回と違います",
            "番号が別の方に付け替わったおそれがあります。どちらの方の番号かを回答してください",
            "D7",
        ),
        _SAME_FILE,
    ),
    "analysis_items": (_CHECK_DIGIT, _KNOWN),
    "stop_list": (
        _CHECK_DIGIT,
        _Rule(
            "until.given",
            "row",
            ("stop_kind", "until"),
            "quarantine",
            "延期なのに期限がありません",
            "いつまで控えるかを入れて送り直してください",
            allowed=_STOPS_OR_LEAVES,
        ),
        _Rule(
            "STOP-SHRUNK",
            "table",
            (),
            "hold",
            "勧奨停止一覧の人数が前回より大きく減りました",
            "抽出の誤りでないかを区に確かめてください。確かめるまで何も発送しません",
            "C6",
            allowed=_STOPS_OR_HOLDS,
        ),
        _Rule(
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
        _CHECK_DIGIT,
        _KNOWN,
        _Rule(
            "date.plausible",
            "row",
            ("attendance_date",),
            "quarantine",
            "受診日が年度の初めより前か、受領した日より後です",
            _ASK,
            "C2",
        ),
    ),
    "checkup_results": (
        _CHECK_DIGIT,
        _KNOWN,
        _Rule(
            "exam_date.plausible",
            "row",
            ("exam_date",),
            "quarantine",
            "健診の実施日が約束した期間の外か、受領した日より後です",
            _ASK,
        ),
        _Rule(
            "bmi.consistent",
            "cross",
            ("height", "weight", "bmi"),
            "warn",
            "ＢＭＩが身長と体重から計算した値と合いません",
            "単位（cm、kg）と列の順を確かめてください",
            "C5",
            0.02,
        ),
        _Rule(
            "pressure.order",
            "cross",
            ("systolic", "diastolic"),
            "quarantine",
            "収縮期血圧が拡張期血圧以下です",
            "二つの列が入れ替わっていないかを確かめ、直して送り直してください",
            "C5",
        ),
        _Rule(
            "metabolic.differs",
            "cross",
            ("metabolic",),
            "warn",
            "メタボリックシンドローム判定が、実施日の基準で計算した結果と違います",
            "送り直しは要りません。判定の基準（服薬、採血時間）を健診機関に確かめてください",
            "C5",
            0.1,
        ),
        _Rule(
            "guidance.differs",
            "cross",
            ("guidance_level",),
            "warn",
            "保健指導レベルが、実施日の基準で計算した結果と違います",
            "送り直しは要りません。階層化の基準（服薬、年齢、喫煙）を健診機関に確かめてください",
            "C5",
            0.1,
        ),
        _SAME_FILE,
    ),
    "past_attendance": (*_HISTORY, _SAME_FILE),
    "screening_history": (
        *_HISTORY,
        _Rule(
            "kinds.sex",
            "cross",
            ("screening_kind",),
            "quarantine",
            "性別に合わない検診の履歴です",
            "別の人の履歴が付いていないかを確かめ、直して送り直してください",
            "C3",
        ),
        _SAME_FILE,
    ),
    "call_results": (_CHECK_DIGIT, _KNOWN, _CONTACT),
    "visit_results": (
        _Rule(
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
    "inbound_records": (_CHECK_DIGIT,),
    "mail_returns": (
        _Rule(
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

_COUNT_DRIFT = "前回と比べて行数が大きく変わりました"
_SHARE_DRIFT = "の分布（空欄、符号、年齢階級などの割合）が前回と大きく違います"
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
}


def listed_rules(kind: str) -> Iterable[RuleDef]:
    """The listed rules of a contract, in the order in which they are told."""
    return tuple(r.of(kind) for r in LISTED.get(kind, ()))


def drift_rules(kind: str, columns: Iterable[tuple[str, str]]) -> Iterable[RuleDef]:
    """The drift rules of a contract: of its row count, and of each profiled column (identifier, heading)."""
    if kind not in DRIFT:
        return ()
    severity, rows, share = DRIFT[kind]
    made = [_Rule("drift.rows", "drift", (), severity, _COUNT_DRIFT, _DRIFT_REMEDY, threshold=rows)]
    made += [
        _Rule(f"drift.share.{c}", "drift", (c,), severity, f"「{h}」{_SHARE_DRIFT}", _DRIFT_REMEDY, threshold=share)
        for c, h in columns
    ]
    return tuple(r.of(kind) for r in made)
