"""Roles and users in Airflow, made in one process: one role per campaign and role, least rights.

Belongs here: which permissions a role has, users and their passwords.  Does not belong here: per-DAG
access, which each DAG carries itself (`kansho_airflow.wiring`), nor who may approve what.

| role | sees | may |
| --- | --- | --- |
| ward_officer, ward_manager | DAGs in which they approve | answer what is assigned to them |
| contractor_manager, contractor_staff | every DAG of the campaign | answer what is assigned; start intake, incident |
| contractor_engineer | the same, with logs, XCom, code | start, clear, mark; every guard still holds |
| print_staff, call_staff, visit_staff | no DAG | the desk |
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from airflow.providers.fab.auth_manager.models import Role as FabRole
from airflow.providers.fab.auth_manager.models import User as FabUser
from airflow.providers.fab.www.security_appless import ApplessAirflowSecurityManager
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho_airflow.rolenames import ADMIN, role_name

Permission = tuple[str, str]

_DESK: tuple[Permission, ...] = (("can_read", "Website"), ("can_read", "Plugins"), ("menu_access", "Plugins"))
_ANSWER: tuple[Permission, ...] = (
    *_DESK,
    ("can_read", "HITL Detail"),
    ("can_edit", "HITL Detail"),
    ("menu_access", "HITL Detail"),
    ("can_read", "DAG Runs"),
    ("can_read", "Task Instances"),
    ("menu_access", "DAGs"),
)
_ENGINEER: tuple[Permission, ...] = (
    *_ANSWER,
    *(
        ("can_read", name)
        for name in (
            "DAG Code",
            "DAG Dependencies",
            "DAG Versions",
            "DAG Warnings",
            "ImportError",
            "Task Logs",
            "XComs",
            "Assets",
            "Audit Logs",
            "Jobs",
            "Cluster Activity",
        )
    ),
    ("menu_access", "Assets"),
    ("can_create", "DAG Runs"),
    ("can_edit", "DAG Runs"),
    ("can_edit", "Task Instances"),
    ("can_create", "Assets"),
)

PERMISSIONS: dict[Role, tuple[Permission, ...]] = {
    Role.WARD_OFFICER: _ANSWER,
    Role.WARD_MANAGER: _ANSWER,
    Role.CONTRACTOR_MANAGER: _ANSWER,
    Role.CONTRACTOR_STAFF: _ANSWER,
    Role.CONTRACTOR_ENGINEER: _ENGINEER,
    Role.PRINT_STAFF: _DESK,
    Role.CALL_STAFF: _DESK,
    Role.VISIT_STAFF: _DESK,
}


def make_roles_and_users(
    campaigns: Iterable[CampaignConfig], passwords: Path, session: Session, *, admin: bool = True
) -> None:
    """Make Airflow's default roles, the campaigns' roles, and a user per handler who signs in.

    Users that exist keep their password and lose roles they no longer have; a handler in several
    campaigns holds a role of each.  Passwords of people who are in none any more are forgotten: their accounts went
    with the campaign (`kansho.closing.airflow_accounts`).

    Args:
        campaigns: whose handlers.
        passwords: file of the random passwords (see `password_of`).
        session: of the metadata database; committed here.
        admin: whether to make the administrator.
    """
    manager: Any = ApplessAirflowSecurityManager(session=session)
    manager.sync_roles()
    known = {role.name: role for role in session.scalars(select(FabRole)).unique()}
    wanted: dict[str, tuple[str, set[str]]] = {}
    for campaign in campaigns:
        for role, permissions in PERMISSIONS.items():
            name = role_name(campaign.id, role)
            fab_role = known.get(name) or manager.add_role(name)
            known[name] = fab_role
            allowed = [manager.create_permission(action, resource) for action, resource in permissions]
            kept = [p for p in fab_role.permissions if p.resource.name.startswith(("DAG:", "DAG Run:"))]
            fab_role.permissions = [*allowed, *kept]
        for handler in campaign.handlers:
            if handler.user and handler.role:
                _, roles = wanted.setdefault(handler.user, (handler.name, set()))
                roles.add(role_name(campaign.id, handler.role))
    if admin:
        wanted[ADMIN] = ("管理者", {"Admin"})
    for user, (name, roles) in wanted.items():
        _make_user(session, user, name, [known[r] for r in sorted(roles)], password_of(passwords, user))
    session.commit()
    keep_passwords(passwords, {*wanted, ADMIN})


def password_of(passwords: Path, user: str) -> str:
    """The user's password; random and written to the file (0600) at the first call."""
    known: dict[str, str] = json.loads(passwords.read_text()) if passwords.is_file() else {}
    if user not in known:
        known[user] = secrets.token_urlsafe(18)
        passwords.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(passwords, known)
    return known[user]


def keep_passwords(passwords: Path, users: Collection[str]) -> None:
    """Forget the passwords of everybody but these users."""
    known: dict[str, str] = json.loads(passwords.read_text()) if passwords.is_file() else {}
    if not known.keys() <= set(users):
        _write(passwords, {user: password for user, password in known.items() if user in users})


def _write(passwords: Path, known: Mapping[str, str]) -> None:
    part = passwords.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump(dict(known), handle, indent=1)
    part.replace(passwords)


def _make_user(session: Session, username: str, name: str, roles: list[FabRole], password: str) -> None:
    user = session.scalars(select(FabUser).where(FabUser.username == username)).unique().one_or_none()
    if user is None:
        family, _, given = name.partition(" ")
        user = FabUser()
        user.username, user.first_name, user.last_name = username, given or family, family
        user.email, user.active = f"{username}@invalid", True
        # The password is 144 random bits: a slow hash would protect nothing more.
        user.password = generate_password_hash(password, method="pbkdf2:sha256:10000")
        session.add(user)
    user.roles = roles
