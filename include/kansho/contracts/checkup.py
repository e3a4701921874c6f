"""特定健診 results as delivered: one line per person and examination.

Belongs here: the contract, and its items that are codes.  Does not belong here: what is measured
(`kansho.contracts.measured`), the questionnaire (`kansho.contracts.questionnaire`), judging (`kansho.health`).
"""

from __future__ import annotations

from kansho.contracts.measured import BODY, KIDNEY_AND_BLOOD, LIPIDS, LIVER_AND_GLUCOSE, methods
from kansho.contracts.model import CONTRACTOR_ONLY, Column, Contract, coded
from kansho.contracts.questionnaire import QUESTIONNAIRE, QUESTIONS
from kansho.contracts.shared import NUMBER

_CLAUSE = "C5"

_URINE = {"1": "－", "2": "±", "3": "＋", "4": "＋＋", "5": "＋＋＋"}
_SAMPLED = {
    "1": "食後10時間未満（旧区分）",
    "2": "食後10時間以上",
    "3": "食後3.5時間以上10時間未満",
    "4": "食後3.5時間未満",
}
#: 報告区分 under which also results of 人間ドック are reported (D4: the ward alone collects them).
OTHER_REPORT = "40"
_REPORTS = {"10": "特定健診情報", OTHER_REPORT: "特定健診以外の健診結果"}
_METABOLIC = {"1": "基準該当", "2": "予備群該当", "3": "非該当", "4": "判定不能"}
_GUIDANCE = {"1": "積極的支援", "2": "動機付け支援", "3": "なし（情報提供）", "4": "判定不能"}


def _judged(name: str, header: str, labels: dict[str, str], jlac10: tuple[str, ...], *aliases: str) -> Column:
    column = Column(
        name,
        header,
        "code",
        nullable=True,
        holders=CONTRACTOR_ONLY,
        clause=_CLAUSE,
        aliases=aliases,
        jlac10=jlac10,
    )
    return coded(column, labels)


_EXAMINATION = (
    Column(
        "exam_date",
        "健診実施年月日",
        "date",
        holders=CONTRACTOR_ONLY,
        clause="D1",
        aliases=("健診実施日", "健診年月日", "健診日", "実施年月日", "受診日", "受診年月日", "健診受診日"),
    ),
    Column(
        "institution_code",
        "健診機関コード",
        nullable=True,
        pattern=r"[0-9]{10}",
        holders=CONTRACTOR_ONLY,
        clause=_CLAUSE,
        aliases=("健診実施機関コード", "健診機関番号", "健診実施機関番号"),
    ),
    _judged("report_kind", "報告区分", _REPORTS, (), "報告区分コード"),
)

_SAMPLING = (
    _judged("post_meal", "採血時間（食後）", _SAMPLED, ("9N141000000000011",), "採血時間", "食後時間", "食後時間区分"),
)

_URINALYSIS = (
    _judged("urine_glucose", "尿糖", _URINE, methods("1A0200000", "00191111", "00190111"), "尿糖（定性）"),
    _judged(
        "urine_protein",
        "尿蛋白",
        _URINE,
        methods("1A0100000", "00191111", "00190111"),
        "尿蛋白（定性）",
        "尿たんぱく",
        "尿タンパク",
    ),
)

_LEVELS = (
    _judged(
        "metabolic",
        "メタボリックシンドローム判定",
        _METABOLIC,
        ("9N501000000000011",),
        "メタボ判定",
        "メタボリック判定",
    ),
    _judged(
        "guidance_level",
        "保健指導レベル",
        _GUIDANCE,
        ("9N506000000000011",),
        "特定保健指導レベル",
        "保健指導レベル判定",
        "階層化結果",
    ),
)

CHECKUP_RESULTS = Contract(
    "checkup_results",
    "特定健診結果",
    (
        NUMBER,
        *_EXAMINATION,
        *BODY,
        *_SAMPLING,
        *LIPIDS,
        *LIVER_AND_GLUCOSE,
        *_URINALYSIS,
        *KIDNEY_AND_BLOOD,
        *_LEVELS,
        *QUESTIONNAIRE,
    ),
    ("inquiry_number", "exam_date"),
    "D1",
    yearly=True,
)

#: 喫煙 as one analysis item, without a day: read by the newest codes, in which 2 and 3 both do not smoke.
SMOKING = coded(
    Column("smoking", "喫煙", "code", nullable=True, clause=_CLAUSE, aliases=("喫煙習慣", "喫煙の有無")),
    dict(QUESTIONS["q08"].editions[-1].labels),
)
