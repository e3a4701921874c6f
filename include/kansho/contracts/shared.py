"""Columns and patterns that several files have.

Belongs here: what two or more contracts share.  Does not belong here: a contract.
"""

from __future__ import annotations

from kansho.campaign.rights import PartyKind
from kansho.contracts import codes
from kansho.contracts.free_text_rules import MAX_LENGTH
from kansho.contracts.model import BOTH, Column, ColumnType, coded

#: お問い合わせ番号: nine random digits and a check digit, hyphenated as printed on the card (D7).
INQUIRY_PATTERN = r"[0-9]{4}-[0-9]{4}-[0-9]{2}"
PHONE_PATTERN = r"0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}"

#: First fiscal year of the terms (期) of 特定健診 in which items changed.
FIRST_YEAR = {2: 2013, 3: 2018, 4: 2024}

NUMBER = Column(
    "inquiry_number",
    "お問い合わせ番号",
    pattern=INQUIRY_PATTERN,
    aliases=("お問合せ番号", "お問合わせ番号", "お問い合せ番号", "問い合わせ番号", "問合せ番号", "問合番号"),
)


def operational(
    name: str,
    header: str,
    type: ColumnType = "text",
    *,
    pattern: str | None = None,
    nullable: bool = False,
    low: float | None = None,
    high: float | None = None,
    holders: frozenset[PartyKind] = BOTH,
) -> Column:
    """One of our own fields (D2): a closed list, see the tests."""
    return Column(
        name,
        header,
        type,
        pattern=pattern,
        nullable=nullable,
        low=low,
        high=high,
        holders=holders,
        clause="D2",
        operational=True,
    )


WAVE = operational("wave", "回", pattern=r"[a-z0-9_]+")
ATTEMPT = operational("attempt", "架電回数", "int", low=1, high=3)
SERIAL = operational("serial", "連番", pattern=r"[A-Z0-9-]+")
TOKEN = operational("token", "照合番号", pattern=r"[A-Z0-9-]+")
SHEET = operational("sheet", "票番号", pattern=r"[A-Z0-9-]+")

#: The first two are recorded of every contact, also of an enquiry; the others where the contact was ours.
CONTACT = (
    coded(Column("answered_by", "応答者", "code", clause="D4"), codes.ANSWERED_BY),
    coded(Column("purpose_stated", "利用目的明示", "flag", clause="D4"), codes.NO_YES),
    coded(Column("intention", "受診意向", "code", nullable=True, clause="D4"), codes.INTENTIONS),
    coded(Column("reason", "未受診理由", "code", nullable=True, clause="D5"), codes.REASONS),
    coded(Column("wish", "要望", "code", nullable=True, clause="D4"), codes.WISHES),
    coded(Column("dock_informed", "人間ドック結果提出案内", "flag", clause="D4"), codes.NO_YES),
    coded(Column("program_informed", "保健事業案内", "flag", clause="C6"), codes.NO_YES),
    # The only free text of the year: never a fact before it was screened (`kansho.contracts.free_text`).
    Column("note", "備考", nullable=True, pattern=rf"(?s:.{{1,{MAX_LENGTH}}})", clause="D5"),
)
