"""Files between 乙 and 丙 during the year: lists that leave for the outreach, and what comes back.

Belongs here: kinds, columns, holders and clauses.  Does not belong here: the ward's files and the hand-over.  What
leaves is a projection to the items of 丙 and a closed list of our own fields (D2).
"""

from __future__ import annotations

from kansho.campaign.rights import PartyKind
from kansho.contracts import codes
from kansho.contracts.model import Column, Contract, coded
from kansho.contracts.shared import ATTEMPT, CONTACT, NUMBER, SERIAL, SHEET, TOKEN, WAVE, operational
from kansho.contracts.ward_files import TARGET_LIST


def _leaves(kind: str, title: str, columns: tuple[Column, ...], key: tuple[str, ...], clause: str) -> Contract:
    return Contract(kind, title, columns, key, clause, PartyKind.CONTRACTOR, PartyKind.SUBCONTRACTOR)


def _returns(kind: str, title: str, columns: tuple[Column, ...], key: tuple[str, ...], clause: str) -> Contract:
    return Contract(kind, title, columns, key, clause, PartyKind.SUBCONTRACTOR, PartyKind.CONTRACTOR)


#: What the printer may hold beside the rendered cards.
PRINT_LIST = _leaves(
    "print_list",
    "印刷対象一覧",
    (
        SERIAL,
        WAVE,
        operational("design", "デザイン", pattern=r"[a-z0-9_]+"),
        TARGET_LIST.column("postal_code"),
        TARGET_LIST.column("address"),
        TARGET_LIST.column("address_extra"),
        TARGET_LIST.column("name_kanji"),
        NUMBER,
    ),
    ("serial",),
    "D2",
)

CALL_LIST = _leaves(
    "call_list",
    "架電対象一覧",
    (
        WAVE,
        ATTEMPT,
        NUMBER,
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

CALL_RESULTS = _returns(
    "call_results",
    "架電結果",
    (
        WAVE,
        ATTEMPT,
        NUMBER,
        Column("called_on", "架電日", "date", clause="C6"),
        coded(Column("outcome", "結果", "code", clause="D5"), codes.CALL_OUTCOMES),
        *CONTACT,
    ),
    ("inquiry_number", "wave", "attempt"),
    "C6",
)

#: Whom of a list already handed over nobody may call any more.
CALL_WITHDRAWAL = _leaves("call_withdrawal", "架電取りやめ一覧", (NUMBER,), ("inquiry_number",), "D2")

INBOUND_RECORDS = _returns(
    "inbound_records",
    "受電記録",
    (
        operational("record", "受付番号", pattern=r"[A-Z0-9-]+"),
        NUMBER,
        Column("received_on", "受電日", "date", clause="C6"),
        coded(Column("purpose", "用件", "code", clause="D5"), codes.INBOUND_PURPOSES),
        *CONTACT[:2],
    ),
    ("record",),
    "C6",
)

#: One half of a visit list: where, not who (P2).
VISIT_HALF_A = _leaves(
    "visit_half_a",
    "訪問名簿Ａ（場所）",
    (TOKEN, SHEET, operational("block", "訪問区画", pattern=r".+")),
    ("token",),
    "P2",
)

#: The other half: who, not where (P2).
VISIT_HALF_B = _leaves(
    "visit_half_b",
    "訪問名簿Ｂ（宛名）",
    (
        TOKEN,
        SHEET,
        operational("name_part", "氏", pattern=r".+"),
        operational("house_part", "号・方書", pattern=r".*", nullable=True),
    ),
    ("token",),
    "P2",
)

VISIT_RESULTS = _returns(
    "visit_results",
    "訪問結果",
    (
        TOKEN,
        WAVE,
        Column("visited_on", "訪問日", "date", clause="C6"),
        coded(Column("outcome", "結果", "code", clause="D5"), codes.VISIT_OUTCOMES),
        *CONTACT,
    ),
    ("token",),
    "C6",
)

MAIL_RETURNS = _returns(
    "mail_returns",
    "返戻一覧",
    (
        SERIAL,
        Column("returned_on", "返戻日", "date", clause="P11"),
        coded(Column("return_reason", "返戻理由", "code", clause="P11"), codes.RETURN_REASONS),
    ),
    ("serial",),
    "P11",
)

OUTREACH_FILES = (
    PRINT_LIST,
    CALL_LIST,
    CALL_RESULTS,
    CALL_WITHDRAWAL,
    INBOUND_RECORDS,
    VISIT_HALF_A,
    VISIT_HALF_B,
    VISIT_RESULTS,
    MAIL_RETURNS,
)
