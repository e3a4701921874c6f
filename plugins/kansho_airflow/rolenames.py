"""Names of the roles, in Airflow (one per campaign and role) and in Japanese, and who reads every DAG of a campaign.

Belongs here: names.  Does not belong here: permissions and users (`kansho_airflow.roles`).
"""

from __future__ import annotations

from kansho.campaign.rights import Role

#: Administrator of the installation; the replay's driver signs in with it.
ADMIN = "airflow_admin"

#: 乙's people see every stage of their campaign; 甲 sees the stages in which it approves; 丙 uses the desk.
ALL_READERS: tuple[Role, ...] = (Role.CONTRACTOR_MANAGER, Role.CONTRACTOR_STAFF, Role.CONTRACTOR_ENGINEER)

#: What staff call them: the same in Airflow's form and at the desk.
ROLE_WORDS: dict[Role, str] = {
    Role.WARD_OFFICER: "区 担当者",
    Role.WARD_MANAGER: "区 責任者",
    Role.CONTRACTOR_MANAGER: "受託者 取扱責任者",
    Role.CONTRACTOR_STAFF: "受託者 取扱者",
    Role.CONTRACTOR_ENGINEER: "受託者 データ担当",
    Role.PRINT_STAFF: "再委託先（印刷）",
    Role.CALL_STAFF: "再委託先（電話）",
    Role.VISIT_STAFF: "再委託先（訪問）",
}


def role_name(campaign_id: str, role: Role) -> str:
    """``shinjuku_2026.ward_officer``."""
    return f"{campaign_id}.{role.value}"
