"""Rules of checkup results and of the histories of attendance, screening and outreach.  Data only."""

from __future__ import annotations

from kansho.contracts.checkup import CHECKUP_RESULTS
from kansho.quality.listed_shape import CHECK_DIGIT, KNOWN, SAME_FILE, STOPS_OR_LEAVES, Listed

_ASK = "該当の行を区で確かめ、誤りであれば直して送り直してください"
_HISTORY = (
    CHECK_DIGIT,
    KNOWN,
    Listed(
        "history.year",
        "cross",
        ("fiscal_year", "attendance_date"),
        "quarantine",
        "年度と受診日が合わないか、約束した年数より前又は当年度以後の年度です",
        "年度（4月から翌年3月まで）と受診日を確かめ、直して送り直してください",
    ),
    Listed(
        "attendance.before_enrolment",
        "cross",
        ("fiscal_year",),
        "quarantine",
        "対象年齢になる前の年度に受診したことになっています",
        "別の人の履歴が付いていないか、年度がずれていないかを確かめ、直して送り直してください",
    ),
)

OUTREACH_RULES = (
    CHECK_DIGIT,
    KNOWN,
    Listed(
        "outreach.year",
        "row",
        ("fiscal_year",),
        "quarantine",
        "約束した年数より前、又は当年度以後の年度の勧奨です",
        "勧奨を行った年度を確かめ、直して送り直してください",
    ),
    SAME_FILE,
)

CHECKUP_RULES = (
    Listed(
        "report.kind",
        "row",
        ("report_kind",),
        "quarantine",
        "報告区分が40（特定健診以外の健診結果）です。人間ドックの結果が入りうるため、受託者は持てません",
        "この行を除いて送り直してください。人間ドックなどの結果は区が直接収集します",
        "D4",
        allowed=STOPS_OR_LEAVES,
    ),
    CHECK_DIGIT,
    KNOWN,
    Listed(
        "codes.in_year",
        "cross",
        ("exam_date", *(c.name for c in CHECKUP_RESULTS.columns if c.codes and (c.editions or c.since or c.until))),
        "quarantine",
        "実施日の年度の質問票にない符号です（喫煙・飲酒・飲酒量などは期によって符号が違います）",
        "実施日と、その年度の符号で抽出されているかを確かめ、直して送り直してください",
        "C5",
    ),
    Listed(
        "exam_date.plausible",
        "row",
        ("exam_date",),
        "quarantine",
        "健診の実施日が約束した期間の外か、受領した日より後です",
        _ASK,
    ),
    Listed(
        "bmi.consistent",
        "cross",
        ("height", "weight", "bmi"),
        "warn",
        "ＢＭＩが身長と体重から計算した値と合いません",
        "単位（cm、kg）と列の順を確かめてください",
        "C5",
        0.02,
    ),
    Listed(
        "pressure.order",
        "cross",
        ("systolic", "diastolic"),
        "quarantine",
        "収縮期血圧が拡張期血圧以下です",
        "二つの列が入れ替わっていないかを確かめ、直して送り直してください",
        "C5",
    ),
    Listed(
        "metabolic.differs",
        "cross",
        ("metabolic",),
        "warn",
        "メタボリックシンドローム判定が、実施日の基準で計算した結果と違います",
        "送り直しは要りません。判定の基準（服薬、採血時間）を健診機関に確かめてください",
        "C5",
        0.1,
    ),
    Listed(
        "guidance.differs",
        "cross",
        ("guidance_level",),
        "warn",
        "保健指導レベルが、実施日の基準で計算した結果と違います",
        "送り直しは要りません。階層化の基準（服薬、年齢、喫煙）を健診機関に確かめてください",
        "C5",
        0.1,
    ),
    SAME_FILE,
)

ATTENDANCE_RULES = (*_HISTORY, SAME_FILE)
SCREENING_RULES = (
    *_HISTORY,
    Listed(
        "kinds.sex",
        "cross",
        ("screening_kind",),
        "quarantine",
        "性別に合わない検診の履歴です",
        "別の人の履歴が付いていないかを確かめ、直して送り直してください",
        "C3",
    ),
    SAME_FILE,
)
