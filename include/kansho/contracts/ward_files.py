"""What 甲 delivers: target list, analysis items, histories (attendance, screening, outreach), stop list, attendance.

Belongs here: kinds, columns, aliases, holders and clauses.  Does not belong here: the items of 特定健診
(`kansho.contracts.checkup`), and how one ward writes its headings (the config's mappings).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kansho.campaign.rights import Work
from kansho.contracts import codes
from kansho.contracts.checkup import CHECKUP_RESULTS, SMOKING
from kansho.contracts.model import CONTRACTOR_ONLY, Column, Contract, coded
from kansho.contracts.shared import NUMBER, PHONE_PATTERN

#: The 13 items of 乙; 丙 has the same without 生年月日 and 受診日 (D1, D2).
TARGET_LIST = Contract(
    "target_list",
    "対象者一覧",
    (
        Column("postal_code", "郵便番号", pattern=r"[0-9]{3}-[0-9]{4}", aliases=("〒", "〒番号", "住所郵便番号")),
        Column("address", "漢字住所", aliases=("住所", "住所（漢字）", "住所漢字", "現住所")),
        Column("address_extra", "住所方書", nullable=True, aliases=("方書", "方書名", "住所（方書）", "方書（漢字）")),
        Column("name_kanji", "漢字氏名", aliases=("氏名", "氏名（漢字）", "氏名漢字", "対象者氏名")),
        Column("name_kana", "カナ氏名", aliases=("氏名カナ", "氏名（カナ）", "氏名フリガナ", "フリガナ", "ふりがな")),
        Column(
            "age_at_year_end",
            "年度末年齢",
            "int",
            low=0,
            high=130,
            unit="歳",
            # An age of another day is found by the gate, which recomputes it by both rules.
            aliases=("年齢", "年齢（年度末）", "年度末時点年齢", "年度末時年齢"),
        ),
        coded(Column("sex", "性別", "code", aliases=("性別コード", "性別区分")), codes.SEX),
        Column(
            "birth_date",
            "生年月日",
            "date",
            holders=CONTRACTOR_ONLY,
            aliases=("生年月日（西暦）", "生年月日（和暦）", "誕生年月日"),
        ),
        Column(
            "phone",
            "電話番号",
            nullable=True,
            pattern=PHONE_PATTERN,
            aliases=("電話", "TEL", "連絡先電話番号", "電話番号１"),
        ),
        NUMBER,
        Column(
            "screening_kinds",
            "がん検診票の種類",
            nullable=True,
            pattern=r"([0-9]{2})(\|[0-9]{2})*",
            aliases=("がん検診票種類", "検診票の種類", "検診票種類", "がん検診票"),
        ),
        Column(
            "outreach_result",
            "勧奨結果",
            nullable=True,
            pattern=r"[0-9]{2}",
            aliases=("勧奨結果コード", "前回勧奨結果", "前年度勧奨結果"),
        ),
        Column(
            "attendance_date",
            "受診日",
            "date",
            nullable=True,
            holders=CONTRACTOR_ONLY,
            aliases=("受診年月日", "健診受診日", "特定健診受診日"),
        ),
    ),
    ("inquiry_number",),
    "D1",
)


def _item(column: Column) -> Column:
    """A column as an analysis item: 乙 holds it, a 丙 only for the grouping that the paper lets it do (D2)."""
    return replace(column, holders=CONTRACTOR_ONLY, works=frozenset({Work.ANALYSIS_GROUPING}))


#: Years of past attendance that are analysis items, and kinds of screening whose last year is one.
_YEARS_AGO = range(1, 6)
_LAST_YEARS_OF = ("01", "03", "04", "06", "07", "08")


def _attended(years_ago: int) -> Column:
    aliases = (f"{years_ago}年前受診有無", f"受診有無（{years_ago}年前）", f"受診の有無{years_ago}年前")
    header = f"受診有無{years_ago}年前"
    column = Column(f"attended_{years_ago}y_ago", header, "flag", nullable=True, clause="C5", aliases=aliases)
    return _item(coded(column, codes.ATTENDED))


def _last_year_of(kind: str) -> Column:
    header = f"{codes.SCREENING_KINDS[kind]}最終受診年度"
    return _item(Column(f"last_fy_{kind}", header, "int", nullable=True, low=2000, high=2100, clause="C3"))


_HBA1C = replace(CHECKUP_RESULTS.column("hba1c"), header="HbA1c", aliases=("ＨｂＡ１ｃ（NGSP値）", "HbA1c（NGSP）"))


def _last_told(name: str, header: str, labels: Mapping[str, str]) -> Column:
    """What came of last year's outreach, as an analysis item."""
    return _item(coded(Column(f"last_{name}", f"前年度の{header}", "code", nullable=True, clause="C5"), labels))


#: 資料23-3 and 23-4 on one line per person: each to be approved for the year in the config.
ANALYSIS_ITEMS = Contract(
    "analysis_items",
    "分析項目",
    (
        NUMBER,
        *(_attended(n) for n in _YEARS_AGO),
        *(_item(CHECKUP_RESULTS.column(name)) for name in ("bmi", "systolic", "diastolic", "ldl")),
        _item(_HBA1C),
        _item(SMOKING),
        *(_last_year_of(kind) for kind in _LAST_YEARS_OF),
        _last_told("intention", "受診意向", codes.INTENTIONS),
        _last_told("reason", "未受診理由", codes.REASONS),
        _last_told("wish", "要望", codes.WISHES),
        _last_told("return", "返戻理由", codes.RETURN_REASONS),
    ),
    ("inquiry_number",),
    "D1",
    yearly=True,
)

_YEAR = Column("fiscal_year", "受診年度", "int", low=2000, high=2100, clause="C5", holders=CONTRACTOR_ONLY)
_DAY = replace(TARGET_LIST.column("attendance_date"), aliases=("受診年月日", "実施日", "実施年月日"))

#: 特定健診 of the past five years, one line per person and year.
PAST_ATTENDANCE = Contract(
    "past_attendance",
    "過去の受診状況",
    (
        NUMBER,
        replace(_YEAR, aliases=("年度", "健診年度", "対象年度", "健診実施年度")),
        coded(
            Column(
                "attended",
                "受診有無",
                "flag",
                clause="C5",
                holders=CONTRACTOR_ONLY,
                aliases=("受診の有無", "受診フラグ", "特定健診受診有無"),
                serves=tuple(_attended(n).name for n in _YEARS_AGO),
            ),
            codes.ATTENDED,
        ),
        replace(_DAY, aliases=(*_DAY.aliases, "健診受診日", "健診実施年月日")),
        coded(
            Column(
                "guidance_used",
                "保健指導利用有無",
                "flag",
                nullable=True,
                clause="C5",
                holders=CONTRACTOR_ONLY,
                aliases=("特定保健指導利用有無", "保健指導利用", "保健指導の利用", "特定保健指導の利用"),
            ),
            codes.NO_YES,
        ),
    ),
    ("inquiry_number", "fiscal_year"),
    "D1",
    yearly=True,
)

#: Cancer screenings by kind and fiscal year; 特定健診 has its own file.
SCREENING_HISTORY = Contract(
    "screening_history",
    "がん検診受診歴",
    (
        NUMBER,
        coded(
            Column(
                "screening_kind",
                "がん検診の種類",
                "code",
                clause="C3",
                holders=CONTRACTOR_ONLY,
                aliases=("がん検診種類", "検診の種類", "検診種類", "がん検診種別", "検診種別"),
                serves=tuple(_last_year_of(kind).name for kind in _LAST_YEARS_OF),
            ),
            {kind: label for kind, label in codes.SCREENING_KINDS.items() if kind != codes.KENSHIN_KIND},
        ),
        replace(_YEAR, clause="C3", aliases=("年度", "検診年度", "検診実施年度", "受診した年度")),
        replace(_DAY, aliases=(*_DAY.aliases, "検診受診日", "検診実施日", "検診実施年月日")),
    ),
    ("inquiry_number", "screening_kind", "fiscal_year"),
    "D1",
    yearly=True,
)


def _told(name: str, header: str, labels: Mapping[str, str], aliases: tuple[str, ...]) -> Column:
    column = Column(name, header, "code", nullable=True, clause="C5", holders=CONTRACTOR_ONLY, aliases=aliases)
    return replace(coded(column, labels), serves=(f"last_{name.removesuffix('_reason')}",))


#: What earlier outreach learnt, one line per person and year: what `kansho.closing.next_year` hands back.
#: The last result itself is an item of the target list (勧奨結果), and refusals are the stop list.
PAST_OUTREACH = Contract(
    "past_outreach",
    "過去の勧奨で聞いたこと",
    (
        NUMBER,
        replace(_YEAR, header="勧奨年度", aliases=("年度", "勧奨を行った年度", "実施年度")),
        _told("intention", "受診意向", codes.INTENTIONS, ("意向", "受診の意向")),
        _told("reason", "未受診理由", codes.REASONS, ("未受診の理由", "受診しない理由")),
        _told("wish", "要望", codes.WISHES, ("ご要望",)),
        _told("return_reason", "返戻理由", codes.RETURN_REASONS, ("返戻の理由", "通知の返戻理由")),
    ),
    ("inquiry_number", "fiscal_year"),
    "D1",
    yearly=True,
)

#: Number, stop or defer, until; no reasons (D1).  A 丙 is told by a withdrawal whom to leave alone, not why or when.
STOP_LIST = Contract(
    "stop_list",
    "勧奨停止一覧",
    (
        NUMBER,
        coded(
            Column(
                "stop_kind",
                "停止区分",
                "code",
                holders=CONTRACTOR_ONLY,
                aliases=("勧奨停止区分", "停止・延期区分", "停止延期区分"),
            ),
            codes.STOP_KINDS,
        ),
        Column(
            "until",
            "期限",
            "date",
            nullable=True,
            holders=CONTRACTOR_ONLY,
            aliases=("停止期限", "延期期限", "期限日", "停止期限日"),
        ),
    ),
    ("inquiry_number",),
    "D1",
)

ATTENDANCE_UPDATE = Contract(
    "attendance_update",
    "受診状況",
    (
        NUMBER,
        coded(
            Column(
                "screening_kind",
                "がん検診票の種類",
                "code",
                holders=CONTRACTOR_ONLY,
                aliases=("検診票の種類", "検診票種類", "健診・検診の種類", "検診種類", "検診種別"),
            ),
            codes.SCREENING_KINDS,
        ),
        Column(
            "attendance_date",
            "受診日",
            "date",
            holders=CONTRACTOR_ONLY,
            aliases=("受診年月日", "健診受診日", "実施日", "実施年月日"),
        ),
    ),
    ("inquiry_number", "screening_kind"),
    "C2",
)

WARD_FILES = (
    TARGET_LIST,
    ANALYSIS_ITEMS,
    CHECKUP_RESULTS,
    PAST_ATTENDANCE,
    SCREENING_HISTORY,
    PAST_OUTREACH,
    STOP_LIST,
    ATTENDANCE_UPDATE,
)
