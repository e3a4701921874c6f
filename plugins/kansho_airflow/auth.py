"""The auth manager: FAB, with approvals assigned to user names.

Belongs here: who may answer an assigned approval.  Does not belong here: roles (`kansho_airflow.roles`).
"""

from __future__ import annotations

from typing import Any

from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager


class NamedFabAuthManager(FabAuthManager):
    """FAB whose assigned users are names, so that a DAG needs no numeric ids of one database.

    Airflow writes the access of each DAG only when the configured name contains "FabAuthManager".
    """

    def is_authorized_hitl_task(self, *, assigned_users: set[str], user: Any) -> bool:
        """Whether the user is one of the assigned names; nobody else, administrators included."""
        return user.get_name() in assigned_users
