"""Who may do what: roles of people, works of parties, channels of outreach.

Belongs here: the closed vocabularies of the contract and the rules between them.
Does not belong here: anything of one ward or one year (that is the config).
"""

from __future__ import annotations

from enum import StrEnum


class PartyKind(StrEnum):
    """甲, 乙 and 丙 of the contract."""

    WARD = "ward"  # 甲
    CONTRACTOR = "contractor"  # 乙
    SUBCONTRACTOR = "subcontractor"  # 丙


class Work(StrEnum):
    """The works of the contract (委託の内容 1–5)."""

    OVERALL_MANAGEMENT = "overall_management"  # 全体統括
    ANALYSIS_GROUPING = "analysis_grouping"  # 対象者分析・グループ分け
    NOTICE_DESIGN = "notice_design"  # デザイン・校正
    ADDRESSING = "addressing"  # 宛名印刷
    SEALING = "sealing"  # 圧着加工
    CALLS = "calls"  # 電話勧奨
    INBOUND = "inbound"  # 問合せ受電
    VISITS = "visits"  # 訪問勧奨
    EFFECT_ANALYSIS = "effect_analysis"  # 効果分析


#: Works that stay with 乙 whatever anybody consents to (委託の内容 ※: only 2–4 may be subcontracted; C7).
NEVER_SUBCONTRACTED = frozenset({Work.OVERALL_MANAGEMENT, Work.EFFECT_ANALYSIS})


class Role(StrEnum):
    """Roles of named users; approvals are bound to these."""

    WARD_OFFICER = "ward_officer"  # 甲 担当者: plan, 校了, visit list, opening
    WARD_MANAGER = "ward_manager"  # 甲 責任者: erasure
    CONTRACTOR_MANAGER = "contractor_manager"  # 乙 取扱責任者: releases, gate decisions, erasure
    CONTRACTOR_STAFF = "contractor_staff"  # 乙 取扱者: passwords, enquiries, custody
    CONTRACTOR_ENGINEER = "contractor_engineer"  # 乙 data engineer in the Airflow UI
    PRINT_STAFF = "print_staff"  # 丙 printer
    CALL_STAFF = "call_staff"  # 丙 call centre
    VISIT_STAFF = "visit_staff"  # 丙 visitors


ROLE_PARTY: dict[Role, PartyKind] = {
    Role.WARD_OFFICER: PartyKind.WARD,
    Role.WARD_MANAGER: PartyKind.WARD,
    Role.CONTRACTOR_MANAGER: PartyKind.CONTRACTOR,
    Role.CONTRACTOR_STAFF: PartyKind.CONTRACTOR,
    Role.CONTRACTOR_ENGINEER: PartyKind.CONTRACTOR,
    Role.PRINT_STAFF: PartyKind.SUBCONTRACTOR,
    Role.CALL_STAFF: PartyKind.SUBCONTRACTOR,
    Role.VISIT_STAFF: PartyKind.SUBCONTRACTOR,
}


class Channel(StrEnum):
    """How a person is reached."""

    MAIL = "mail"
    CALL = "call"
    VISIT = "visit"


class TargetGroup(StrEnum):
    """The two target groups of the contract (対象者)."""

    KENSHIN = "kenshin"  # C2: 特定健診 not yet examined
    CANCER = "cancer"  # C3: 特定健診 done, cancer screening not done
