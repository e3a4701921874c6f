"""The contracts of every file that comes in or leaves, as data.

Belongs here: kinds, columns, holders and clauses.  Does not belong here: code that
reads or checks a file.  A ward's own headers are mapped in its config.
"""

from __future__ import annotations

from kansho.campaign.rights import PartyKind
from kansho.contracts import codes
from kansho.contracts.free_text_rules import MAX_LENGTH
from kansho.contracts.model import BOTH, CONTRACTOR_ONLY, Column, Contract
from kansho.errors import KanshoError

#: お問い合わせ番号: nine random digits and a check digit, hyphenated as printed on the card (D7).
INQUIRY_PATTERN = r"\d{4}-\d{4}-\d{2}"
PHONE_PATTERN = r"0\d{1,4}-\d{1,4}-\d{3,4}"

_NUMBER = Column("inquiry_number", "お問い合わせ番号", pattern=INQUIRY_PATTERN)

#: The 13 items of 乙; 丙 has the same without 生年月日 and 受診日 (D1, D2).
TARGET_LIST = Contract(
    "target_list",
    "対象者一覧",
    (
        Column("postal_code", "郵便番号", pattern=r"\d{3}-\d{4}"),
        Column("address", "漢字住所"),
        Column("address_extra", "住所方書", nullable=True),
        Column("name_kanji", "漢字氏名"),
        Column("name_kana", "カナ氏名"),
        Column("age_at_year_end", "年度末年齢", "int", low=0, high=130),
        Column("sex", "性別", "code", codes=tuple(codes.SEX)),
        Column("birth_date", "生年月日", "date", holders=CONTRACTOR_ONLY),
        Column("phone", "電話番号", nullable=True, pattern=PHONE_PATTERN),
        _NUMBER,
        Column("screening_kinds", "がん検診票の種類", nullable=True, pattern=r"(\d{2})(\|\d{2})*"),
        Column("outreach_result", "勧奨結果", nullable=True, pattern=r"\d{2}"),
        Column("attendance_date", "受診日", "date", nullable=True, holders=CONTRACTOR_ONLY),
    ),
    ("inquiry_number",),
    "D1",
)

_FLAG = {"type": "flag", "nullable": True, "codes": ("0", "1"), "clause": "C5"}


def _analysis(name: str, header: str, **kwargs: object) -> Column:
    return Column(name, header, holders=BOTH, **kwargs)  # type: ignore[arg-type]


#: 資料23-3 and 23-4: analysis items, each to be approved for the year in the config.
ANALYSIS_ITEMS = Contract(
    "analysis_items",
    "分析項目",
    (
        _NUMBER,
        *(_analysis(f"attended_{n}y_ago", f"受診有無{n}年前", **_FLAG) for n in range(1, 6)),
        _analysis("bmi", "BMI", type="float", nullable=True, low=10, high=100, clause="C5"),
        _analysis("systolic", "収縮期血圧", type="float", nullable=True, low=60, high=300, clause="C5"),
        _analysis("diastolic", "拡張期血圧", type="float", nullable=True, low=30, high=150, clause="C5"),
        _analysis("ldl", "LDLコレステロール", type="float", nullable=True, low=20, high=1000, clause="C5"),
        _analysis("hba1c", "HbA1c", type="float", nullable=True, low=3, high=20, clause="C5"),
        _analysis("smoking", "喫煙", type="code", nullable=True, codes=("1", "2", "3"), clause="C5"),
        *(
            _analysis(
                f"last_fy_{code}",
                f"{codes.SCREENING_KINDS[code]}最終受診年度",
                type="int",
                nullable=True,
                low=2000,
                high=2100,
                clause="C3",
            )
            for code in ("01", "03", "04", "06", "07", "08")
        ),
    ),
    ("inquiry_number",),
    "D1",
)

#: Number, stop or defer, until; no reasons (D1).
STOP_LIST = Contract(
    "stop_list",
    "勧奨停止一覧",
    (
        _NUMBER,
        Column("stop_kind", "停止区分", "code", codes=tuple(codes.STOP_KINDS)),
        Column("until", "期限", "date", nullable=True),
    ),
    ("inquiry_number",),
    "D1",
)

ATTENDANCE_UPDATE = Contract(
    "attendance_update",
    "受診状況",
    (
        _NUMBER,
        Column(
            "screening_kind", "がん検診票の種類", "code", codes=tuple(codes.SCREENING_KINDS), holders=CONTRACTOR_ONLY
        ),
        Column("attendance_date", "受診日", "date", holders=CONTRACTOR_ONLY),
    ),
    ("inquiry_number", "screening_kind"),
    "C2",
)


def _operational(name: str, header: str, **kwargs: object) -> Column:
    return Column(name, header, operational=True, clause="D2", **kwargs)  # type: ignore[arg-type]


#: What the printer may hold beside the rendered cards.
PRINT_LIST = Contract(
    "print_list",
    "印刷対象一覧",
    (
        _operational("serial", "連番", pattern=r"[A-Z0-9-]+"),
        _operational("wave", "回", pattern=r"[a-z0-9_]+"),
        _operational("design", "デザイン", pattern=r"[a-z0-9_]+"),
        TARGET_LIST.column("postal_code"),
        TARGET_LIST.column("address"),
        TARGET_LIST.column("address_extra"),
        TARGET_LIST.column("name_kanji"),
        _NUMBER,
    ),
    ("serial",),
    "D2",
)

CALL_LIST = Contract(
    "call_list",
    "架電対象一覧",
    (
        _operational("wave", "回", pattern=r"[a-z0-9_]+"),
        _operational("attempt", "架電回数", type="int", low=1, high=3),
        _NUMBER,
        TARGET_LIST.column("name_kanji"),
        TARGET_LIST.column("name_kana"),
        TARGET_LIST.column("address"),
        TARGET_LIST.column("age_at_year_end"),
        TARGET_LIST.column("sex"),
        TARGET_LIST.column("phone"),
        TARGET_LIST.column("screening_kinds"),
    ),
    ("inquiry_number",),
    "D2",
)

_CONTACT = (
    Column("answered_by", "応答者", "code", codes=tuple(codes.ANSWERED_BY), clause="D4"),
    Column("purpose_stated", "利用目的明示", "flag", codes=("0", "1"), clause="D4"),
    Column("intention", "受診意向", "code", nullable=True, codes=tuple(codes.INTENTIONS), clause="D4"),
    Column("reason", "未受診理由", "code", nullable=True, codes=tuple(codes.REASONS), clause="D5"),
    Column("wish", "要望", "code", nullable=True, codes=tuple(codes.WISHES), clause="D4"),
    Column("dock_informed", "人間ドック結果提出案内", "flag", codes=("0", "1"), clause="D4"),
    Column("program_informed", "保健事業案内", "flag", codes=("0", "1"), clause="C6"),
    # The only free text of the year: never a fact before it was screened (`kansho.contracts.free_text`).
    Column("note", "備考", nullable=True, pattern=rf"(?s:.{{1,{MAX_LENGTH}}})", clause="D5"),
)

CALL_RESULTS = Contract(
    "call_results",
    "架電結果",
    (
        _operational("wave", "回", pattern=r"[a-z0-9_]+"),
        _operational("attempt", "架電回数", type="int", low=1, high=3),
        _NUMBER,
        Column("called_on", "架電日", "date", clause="C6"),
        Column("outcome", "結果", "code", codes=tuple(codes.CALL_OUTCOMES), clause="D5"),
        *_CONTACT,
    ),
    ("inquiry_number", "wave", "attempt"),
    "C6",
)

#: Whom of a list already handed over nobody may call any more.
CALL_WITHDRAWAL = Contract("call_withdrawal", "架電取りやめ一覧", (_NUMBER,), ("inquiry_number",), "D2")

INBOUND_RECORDS = Contract(
    "inbound_records",
    "受電記録",
    (
        _operational("record", "受付番号", pattern=r"[A-Z0-9-]+"),
        _NUMBER,
        Column("received_on", "受電日", "date", clause="C6"),
        Column("purpose", "用件", "code", codes=tuple(codes.INBOUND_PURPOSES), clause="D5"),
        *_CONTACT[:2],
    ),
    ("record",),
    "C6",
)

#: One half of a visit list: where, not who (P2).
VISIT_HALF_A = Contract(
    "visit_half_a",
    "訪問名簿Ａ（場所）",
    (
        _operational("token", "照合番号", pattern=r"[A-Z0-9-]+"),
        _operational("sheet", "票番号", pattern=r"[A-Z0-9-]+"),
        _operational("block", "訪問区画", pattern=r".+"),
    ),
    ("token",),
    "P2",
)

#: The other half: who, not where (P2).
VISIT_HALF_B = Contract(
    "visit_half_b",
    "訪問名簿Ｂ（宛名）",
    (
        _operational("token", "照合番号", pattern=r"[A-Z0-9-]+"),
        _operational("sheet", "票番号", pattern=r"[A-Z0-9-]+"),
        _operational("name_part", "氏", pattern=r".+"),
        _operational("house_part", "号・方書", pattern=r".*", nullable=True),
    ),
    ("token",),
    "P2",
)

VISIT_RESULTS = Contract(
    "visit_results",
    "訪問結果",
    (
        _operational("token", "照合番号", pattern=r"[A-Z0-9-]+"),
        _operational("wave", "回", pattern=r"[a-z0-9_]+"),
        Column("visited_on", "訪問日", "date", clause="C6"),
        Column("outcome", "結果", "code", codes=tuple(codes.VISIT_OUTCOMES), clause="D5"),
        *_CONTACT,
    ),
    ("token",),
    "C6",
)

MAIL_RETURNS = Contract(
    "mail_returns",
    "返戻一覧",
    (
        _operational("serial", "連番", pattern=r"[A-Z0-9-]+"),
        Column("returned_on", "返戻日", "date", clause="P11"),
        Column("return_reason", "返戻理由", "code", codes=tuple(codes.RETURN_REASONS), clause="P11"),
    ),
    ("serial",),
    "P11",
)

_CHANNEL = Column("channel", "手段", "code", codes=("mail", "call", "visit", "inbound"), clause="P11")

#: What 甲 gets back at the end, by お問い合わせ番号; calls and enquiries keep the contract they came in (P11).
HANDOVER_MAIL = Contract(
    "handover_mail",
    "通知の結果",
    (
        _NUMBER,
        _operational("wave", "回", pattern=r"[a-z0-9_]+"),
        Column("posted_on", "発送日", "date", nullable=True, clause="P11"),
        Column("returned_on", "返戻日", "date", nullable=True, clause="P11"),
        Column("return_reason", "返戻理由", "code", nullable=True, codes=tuple(codes.RETURN_REASONS), clause="P11"),
    ),
    ("inquiry_number", "wave"),
    "P11",
)
HANDOVER_VISITS = Contract(
    "handover_visits", "訪問の結果", (_NUMBER, *VISIT_RESULTS.columns[1:]), ("inquiry_number", "wave"), "P11"
)
HANDOVER_STOPS = Contract(
    "handover_stops",
    "拒否・勧奨停止の申出",
    (
        _NUMBER,
        Column("said_on", "申出日", "date", clause="P11"),
        _CHANNEL,
        Column(
            "said", "申出の区分", "code", codes=tuple({**codes.CALL_OUTCOMES, **codes.INBOUND_PURPOSES}), clause="P11"
        ),
    ),
    ("inquiry_number", "said_on", "channel"),
    "P11",
)
HANDOVER_GROUPS = Contract(
    "handover_groups",
    "割付とグループ",
    (
        _NUMBER,
        _operational("wave", "回", pattern=r"[a-z0-9_]+"),
        _operational("group", "対象区分", pattern=r"[a-z0-9_]+"),
        _operational("segment", "グループ", pattern=r"[a-z0-9_]+"),
        _operational("arm", "割付", pattern=r"outreach|holdout"),
    ),
    ("inquiry_number", "wave"),
    "P11",
)

REGISTRY: dict[str, Contract] = {
    c.kind: c
    for c in (
        TARGET_LIST,
        ANALYSIS_ITEMS,
        STOP_LIST,
        ATTENDANCE_UPDATE,
        PRINT_LIST,
        CALL_LIST,
        CALL_RESULTS,
        CALL_WITHDRAWAL,
        INBOUND_RECORDS,
        VISIT_HALF_A,
        VISIT_HALF_B,
        VISIT_RESULTS,
        MAIL_RETURNS,
        HANDOVER_MAIL,
        HANDOVER_VISITS,
        HANDOVER_STOPS,
        HANDOVER_GROUPS,
    )
}


def contract(kind: str) -> Contract:
    """The contract of a file kind.

    Raises:
        KanshoError: ``CONTRACT-UNKNOWN`` for a kind outside the registry.
    """
    if kind not in REGISTRY:
        raise KanshoError("CONTRACT-UNKNOWN", "契約にないファイル種別です", place=kind, remedy="contracts/registry.py")
    return REGISTRY[kind]


#: The 11 items of 丙 (D2), derived, never listed twice.
SUBCONTRACTOR_ITEMS = TARGET_LIST.allowed(PartyKind.SUBCONTRACTOR)
