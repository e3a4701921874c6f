"""Names of the roles in Airflow, one per campaign and role, and who reads every DAG of a campaign.

Belongs here: names.  Does not belong here: permissions and users (`kansho_airflow.roles`).
"""

from __future__ import annotations

from kansho.campaign.rights import Role

#: Administrator of the installation; the replay's driver signs in with it.
ADMIN = "airflow_admin"

#: 乙's people see every stage of their campaign; 甲 sees the stages in which it approves; 丙 uses the desk.
ALL_READERS: tuple[Role, ...] = (Role.CONTRACTOR_MANAGER, Role.CONTRACTOR_STAFF, Role.CONTRACTOR_ENGINEER)


def role_name(campaign_id: str, role: Role) -> str:
    """``shinjuku_2026.ward_officer``."""
    return f"{campaign_id}.{role.value}"
