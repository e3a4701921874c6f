"""A campaign's roles, permissions and accounts in Airflow's metadata (FAB), and what its audit says of assets (P11).

Belongs here: which rows they are, as conditions.  Does not belong here: removing them (`kansho.closing.traces`), making
them (``kansho_airflow.roles``), or any import of Airflow.

Accounts are of staff: one goes with the last role that it held; a person of another campaign, the administrator, and
whoever is in a group stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import String, Table, and_, cast, func, literal, not_, or_, select
from sqlalchemy.sql.elements import ColumnElement

#: Handled here, in an order that respects references.
NAMED: tuple[str, ...] = (
    *("ab_permission_view_role", "ab_permission_view", "ab_view_menu"),
    *("ab_user_role", "ab_group_role", "ab_user", "ab_role"),
)


def account_rows(tables: Mapping[str, Table], campaign: str) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """FAB's permissions on the campaign's DAGs (``DAG:<id>``, ``DAG Run:<id>`` …), its roles, and their accounts.

    Args:
        tables: of the database as it is, by name; all of `NAMED` or none.
        campaign: its id, which its roles begin with (``<id>.ward_officer``).
    """
    menus, views, held = (tables[n] for n in ("ab_view_menu", "ab_permission_view", "ab_permission_view_role"))
    roles, users, given, groups = (tables[n] for n in ("ab_role", "ab_user", "ab_user_role", "ab_group_role"))
    mine = menus.c.name.contains(f":{campaign}__", autoescape=True)
    permitted = views.c.view_menu_id.in_(select(menus.c.id).where(mine))
    its_roles = select(roles.c.id).where(begins(roles.c.name, f"{campaign}."))
    going = _going(tables, campaign)
    of_views = held.c.permission_view_id.in_(select(views.c.id).where(permitted))
    yield "ab_permission_view_role", or_(of_views, held.c.role_id.in_(its_roles))
    yield "ab_permission_view", permitted
    yield "ab_view_menu", mine
    # Accounts before the links that say whose they are would break references; so the links of those that go are told.
    yield "ab_user_role", or_(given.c.role_id.in_(its_roles), given.c.user_id.in_(select(users.c.id).where(going)))
    yield "ab_group_role", groups.c.role_id.in_(its_roles)
    yield "ab_user", going
    yield "ab_role", begins(roles.c.name, f"{campaign}.")


def _going(tables: Mapping[str, Table], campaign: str) -> ColumnElement[bool]:
    """Accounts that hold no role that stays, are in no group, and that no other account names as who made it.

    True before and after their own links are gone, so that a purge that was killed goes on where it was.
    """
    roles, users, given, grouped = (tables[n] for n in ("ab_role", "ab_user", "ab_user_role", "ab_user_group"))
    staying = select(roles.c.id).where(not_(begins(roles.c.name, f"{campaign}.")))
    other = users.alias()
    named = select(other.c.id).where(
        other.c.id != users.c.id, or_(other.c.created_by_fk == users.c.id, other.c.changed_by_fk == users.c.id)
    )
    return and_(
        users.c.id.not_in(select(given.c.user_id).where(given.c.role_id.in_(staying))),
        users.c.id.not_in(select(grouped.c.user_id).where(grouped.c.user_id.is_not(None))),
        not_(named.exists()),
    )


def audit_rows(tables: Mapping[str, Table], campaign: str, assets: ColumnElement[bool]) -> ColumnElement[bool]:
    """Audit rows that name no DAG: those that quote the campaign, and those about assets that do not stay.

    The audit knows an asset by its number only (``"asset_id": 4``).  A row goes unless it names one that stays.

    Args:
        tables: of the database as it is, by name, with ``log``.
        campaign: its id.
        assets: which rows of ``asset`` are the campaign's.
    """
    log, asset = tables["log"], tables.get("asset")
    of_asset = and_(log.c.dag_id.is_(None), log.c.event.contains("asset"))
    if asset is not None:
        number = cast(asset.c.id, String)
        forms = (literal(f'%"asset_id": {quote}') + number + literal(f"{end}%") for quote, end in _FORMS)
        about = select(asset.c.id).where(not_(assets), or_(*(log.c.extra.like(form) for form in forms)))
        of_asset = and_(of_asset, not_(about.exists()))
    return or_(log.c.extra.contains(campaign, autoescape=True), of_asset)


#: What stands before and after an asset's number in the audit's JSON.
_FORMS = (("", "}"), ("", ","), ('"', '"'))


def begins(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """A prefix without wild cards: ids have underscores."""
    return func.substr(column, 1, len(text)) == text
