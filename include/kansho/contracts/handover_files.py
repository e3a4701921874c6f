"""What 甲 gets back, by お問い合わせ番号: at the end, and at once what it alone can mend (P11).

Calls and enquiries keep the contract they came in; rows of results that were put aside go back as files of their own.

Belongs here: kinds, columns and clauses of the hand-over.  Does not belong here: making it (`kansho.closing`).
No 丙 holds any of it: who was in which group, and what other channels did, is not among its items (D2).
"""

from __future__ import annotations

from dataclasses import replace

from kansho.campaign.rights import PartyKind
from kansho.contracts import codes
from kansho.contracts.model import CONTRACTOR_ONLY, Column, Contract, coded
from kansho.contracts.outreach_files import CALL_RESULTS, INBOUND_RECORDS, MAIL_RETURNS, VISIT_RESULTS
from kansho.contracts.shared import NUMBER, WAVE, operational


def _handover(kind: str, title: str, columns: tuple[Column, ...], key: tuple[str, ...]) -> Contract:
    kept = tuple(replace(column, holders=CONTRACTOR_ONLY) for column in columns)
    return Contract(kind, title, (NUMBER, *kept), key, "P11", PartyKind.CONTRACTOR, PartyKind.WARD)


HANDOVER_MAIL = _handover(
    "handover_mail",
    "通知の結果",
    (
        WAVE,
        Column("posted_on", "発送日", "date", nullable=True, clause="P11"),
        replace(MAIL_RETURNS.column("returned_on"), nullable=True),
        replace(MAIL_RETURNS.column("return_reason"), nullable=True),
    ),
    ("inquiry_number", "wave"),
)
MAIL_UNPRINTABLE = _handover(
    "mail_unprintable",
    "印刷できない宛名",
    (WAVE, Column("unprintable_reason", "印刷できない理由", clause="P11")),
    ("inquiry_number", "wave"),
)
HANDOVER_VISITS = _handover("handover_visits", "訪問の結果", VISIT_RESULTS.columns[1:], ("inquiry_number", "wave"))
HANDOVER_STOPS = _handover(
    "handover_stops",
    "拒否・勧奨停止の申出",
    (
        Column("said_on", "申出日", "date", clause="P11"),
        coded(Column("channel", "手段", "code", clause="P11"), codes.CHANNELS),
        coded(
            Column("said", "申出の区分", "code", clause="P11"),
            {**codes.CALL_OUTCOMES, **codes.INBOUND_PURPOSES},
        ),
    ),
    ("inquiry_number", "said_on", "channel"),
)
HANDOVER_GROUPS = _handover(
    "handover_groups",
    "割付とグループ",
    (
        WAVE,
        operational("group", "対象区分", pattern=r"[a-z0-9_]+"),
        operational("segment", "グループ", pattern=r"[a-z0-9_]+"),
        operational("arm", "割付", pattern=r"outreach|holdout"),
    ),
    ("inquiry_number", "wave"),
)


def _aside(results: Contract) -> Contract:
    """Rows of results that the gate put aside: anything that the contract does not allow is left empty."""
    columns = {c.name: c for c in (NUMBER, *results.columns)}
    columns |= {
        "package": Column("package", "荷", clause="P11"),
        "line": Column("line", "行", "int", clause="P11"),
        "reasons": Column("reasons", "隔離の理由", clause="P11"),
    }
    kept = {n: replace(c, nullable=n not in ("package", "line", "reasons")) for n, c in columns.items()}
    return Contract(
        f"aside_{results.kind}",
        f"{results.title}（隔離した行）",
        tuple(c if n == NUMBER.name else replace(c, holders=CONTRACTOR_ONLY) for n, c in kept.items()),
        ("package", "line"),
        "P11",
        PartyKind.CONTRACTOR,
        PartyKind.WARD,
    )


#: Kind of results → the file in which its rows that were put aside go back.
HANDOVER_ASIDE = {c.kind: _aside(c) for c in (CALL_RESULTS, VISIT_RESULTS, INBOUND_RECORDS)}

HANDOVER_FILES = (
    *(HANDOVER_MAIL, MAIL_UNPRINTABLE, HANDOVER_VISITS, HANDOVER_STOPS, HANDOVER_GROUPS),
    *HANDOVER_ASIDE.values(),
)
