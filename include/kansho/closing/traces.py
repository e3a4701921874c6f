"""Airflow's own traces of a campaign: rows of its metadata database and its log files (P11).

Belongs here: which tables hold what of a campaign (inspected in Airflow 3.3.2; Celery's own, which lie in the same
database, in 5.6.3), and removing it.  Does not belong here: whether Airflow stands still
(`kansho.closing.stopped`), the vault, or any import of Airflow.

A test holds `RULES`, `ALWAYS` and `KEPT` against the real schema: a table that is in none of them fails it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import MetaData, Table, and_, create_engine, delete, func, inspect, or_, select, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Select

from kansho.errors import KanshoError
from kansho.vault.disk import disk_errors

#: Tables whose rows name the campaign's DAGs, in an order that respects references: table → column.
BY_DAG: dict[str, str] = {
    "rendered_task_instance_fields": "dag_id",
    "xcom": "dag_id",
    "task_map": "dag_id",
    "task_state_store": "dag_id",
    "task_instance_history": "dag_id",
    "task_instance": "dag_id",
    "asset_dag_run_queue": "target_dag_id",
    "partitioned_asset_key_log": "target_dag_id",
    "asset_partition_dag_run": "target_dag_id",
    "asset_event": "source_dag_id",
    "dag_run": "dag_id",
    "backfill": "dag_id",
    "serialized_dag": "dag_id",
    "dag_code": "dag_id",
    "dag_version": "dag_id",
    "dag_tag": "dag_id",
    "dag_owner_attributes": "dag_id",
    "dag_warning": "dag_id",
    "dag_favorite": "dag_id",
    "dag_schedule_asset_alias_reference": "dag_id",
    "dag_schedule_asset_name_reference": "dag_id",
    "dag_schedule_asset_reference": "dag_id",
    "dag_schedule_asset_uri_reference": "dag_id",
    "task_inlet_asset_reference": "dag_id",
    "task_outlet_asset_reference": "dag_id",
    "dag": "dag_id",
    "log": "dag_id",
}
#: Rows that hang on others: table → (column, parent table, parent column).
BY_PARENT: dict[str, tuple[str, str, str]] = {
    "task_reschedule": ("ti_id", "task_instance", "id"),
    "task_instance_note": ("ti_id", "task_instance", "id"),
    "hitl_detail": ("ti_id", "task_instance", "id"),
    "hitl_detail_history": ("ti_history_id", "task_instance_history", "task_instance_id"),
    "dag_run_note": ("dag_run_id", "dag_run", "id"),
    "deadline": ("dagrun_id", "dag_run", "id"),
    "dagrun_asset_event": ("dag_run_id", "dag_run", "id"),
    "asset_alias_asset_event": ("event_id", "asset_event", "id"),
    "backfill_dag_run": ("backfill_id", "backfill", "id"),
    "deadline_alert": ("serialized_dag_id", "serialized_dag", "id"),
}
#: Rows of the campaign's assets: table → column with the asset's id.
BY_ASSET: dict[str, str] = {
    "asset_alias_asset": "asset_id",
    "asset_watcher": "asset_id",
    "asset_state_store": "asset_id",
    "asset_dag_run_queue": "asset_id",
    "partitioned_asset_key_log": "asset_id",
    "asset_event": "asset_id",
}
#: Tables with nothing worth keeping across a closed campaign, whichever campaign a row came from: texts of
#: import errors, jobs and sessions of components that stand still, Celery's groups of tasks.
ALWAYS: tuple[str, ...] = ("import_error", "job", "session", "dag_priority_parsing_request", "celery_tasksetmeta")
#: Rows that others point at: they go when nothing points at them any more, for a waiting approval of another campaign
#: goes with its trigger.  A result of Celery's names its task by a number that only the task instance knows.
#: In this order: table → (column, (table, column) that points at it, …).
UNUSED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "callback": ("id", (("deadline", "callback_id"),)),
    "trigger": ("id", (("task_instance", "trigger_id"), ("asset_watcher", "trigger_id"), ("callback", "trigger_id"))),
    "celery_taskmeta": (
        "task_id",
        (("task_instance", "external_executor_id"), ("task_instance_history", "external_executor_id")),
    ),
}
#: Tables that Celery makes in the database of its results, where that is Airflow's (``deploy/entrypoint.sh``).
CELERY: frozenset[str] = frozenset({"celery_taskmeta", "celery_tasksetmeta"})
#: Named by the campaign's assets, or by the DAG permissions of FAB; handled one by one below.
BY_NAME: tuple[str, ...] = ("asset", "asset_active", "ab_permission_view_role", "ab_permission_view", "ab_view_menu")
#: Settings, staff accounts and roles: no trace of a campaign's runs.
KEPT: tuple[str, ...] = (
    "ab_group", "ab_group_role", "ab_permission", "ab_register_user", "ab_role", "ab_user", "ab_user_group",
    "ab_user_role", "alembic_version", "alembic_version_fab", "asset_alias", "connection", "connection_test_request",
    "dag_bundle", "dag_bundle_team", "log_template", "revoked_token", "slot_pool", "team", "variable",
)  # fmt: skip
ARCHIVES = "_airflow_deleted__"


@dataclass(frozen=True)
class Purged:
    """What was removed."""

    rows: int
    files: int


def purge(campaign: str, airflow: Path, database: str | None = None) -> Purged:
    """Remove the campaign's rows and logs, then compact the database.  Safe to run again.

    Args:
        campaign: id of the campaign, which prefixes its DAGs and assets.
        airflow: Airflow's home (``var/airflow``).
        database: SQLAlchemy URL; the embedded SQLite file in ``airflow`` by default.

    Raises:
        KanshoError: ``TRACES-DATABASE`` when the database cannot be purged; nothing is quoted.
    """
    rows = 0
    embedded = airflow / "airflow.db"
    if database is not None or embedded.is_file():
        engine = create_engine(database or f"sqlite:///{embedded}", hide_parameters=True)
        try:
            rows = purge_rows(engine, campaign)
            compact(engine)
        except SQLAlchemyError as error:
            raise KanshoError(
                "TRACES-DATABASE",
                "Airflow の記録を除去できません",
                place=type(error).__name__,
                remedy="接続先と権限を確認してください",
            ) from None
        finally:
            engine.dispose()
    return Purged(rows, purge_logs(airflow / "logs", campaign))


def purge_rows(engine: Engine, campaign: str) -> int:
    """Delete the campaign's rows in one transaction; returns how many."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        rows = _delete_all(connection, {t.name: t for t in tables.sorted_tables}, campaign)
        for name in inspect(engine).get_table_names():
            if name.startswith(ARCHIVES):
                connection.execute(text(f'DROP TABLE "{name}"'))  # a name from the schema itself
    return rows


def compact(engine: Engine) -> None:
    """Leave no deleted row on freed pages or in the write-ahead log."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        else:
            _forget_statistics(connection)
            connection.execute(text("VACUUM FULL"))


def _forget_statistics(connection: Connection) -> None:
    """PostgreSQL's planner keeps the commonest values of each column; of an empty table it never learns better.

    Giving a column the type that it has drops what is known of it (documented for a change of type).
    """
    connection.execute(text("ANALYZE"))
    known = text(
        "SELECT s.schemaname, s.tablename, s.attname, format_type(a.atttypid, a.atttypmod) FROM pg_stats s"
        " JOIN pg_attribute a ON a.attname = s.attname"
        " AND a.attrelid = (quote_ident(s.schemaname) || '.' || quote_ident(s.tablename))::regclass"
        " WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    quote = connection.dialect.identifier_preparer.quote_identifier
    for schema, table, column, kind in connection.execute(known).all():
        whole = f"{quote(schema)}.{quote(table)}"
        if connection.execute(text(f"SELECT 1 FROM {whole} LIMIT 1")).first() is None:  # noqa: S608 - the schema's names
            connection.execute(text(f"ALTER TABLE {whole} ALTER COLUMN {quote(column)} TYPE {kind}"))


def purge_logs(logs: Path, campaign: str) -> int:
    """Remove the campaign's task logs and every component's log; returns how many files.

    Components mix all campaigns in one file and LocalExecutor copies task logs there; what belongs to
    another campaign's tasks (``dag_id=<other>``) stays.

    Raises:
        KanshoError: ``DISK-*``; run again, it goes on with what is left.
    """
    with disk_errors("logs"):
        return _purge_logs(logs, campaign)


def _purge_logs(logs: Path, campaign: str) -> int:
    removed = 0
    for entry in sorted(logs.iterdir()) if logs.is_dir() else ():
        if entry.name.startswith("dag_id=") and not entry.name.startswith(f"dag_id={campaign}__"):
            continue
        if entry.is_dir() and not entry.is_symlink():
            removed += sum(1 for path in entry.rglob("*") if path.is_file())
            shutil.rmtree(entry)
        else:
            removed += 1
            entry.unlink()
    return removed


def _delete_all(connection: Connection, tables: dict[str, Table], campaign: str) -> int:
    counted = 0

    def run(name: str, where: ColumnElement[bool] | None) -> None:
        nonlocal counted
        if name in tables:
            done = connection.execute(delete(tables[name]) if where is None else delete(tables[name]).where(where))
            counted += max(0, done.rowcount)

    def of_campaign(name: str, column: str) -> ColumnElement[bool]:
        prefix = f"{campaign}__"
        return func.substr(tables[name].c[column], 1, len(prefix)) == prefix

    def ids(name: str, column: str) -> Select[tuple[str]]:
        return select(tables[name].c[column]).where(of_campaign(name, BY_DAG[name]))

    def assets() -> Select[tuple[int]]:
        return select(tables["asset"].c.id).where(_asset_of(tables["asset"], campaign))

    for name, (column, parent, parent_column) in BY_PARENT.items():
        if name in tables:
            run(name, tables[name].c[column].in_(ids(parent, parent_column)))
    for name in ("dagrun_asset_event", "asset_alias_asset_event"):
        if name in tables:
            events = select(tables["asset_event"].c.id).where(tables["asset_event"].c.asset_id.in_(assets()))
            run(name, tables[name].c.event_id.in_(events))
    for name, column in BY_ASSET.items():
        if name in tables:
            run(name, tables[name].c[column].in_(assets()))
    for name, column in BY_DAG.items():
        if name in tables:
            where = of_campaign(name, column)
            run(name, or_(where, _audit_of(tables[name], campaign)) if name == "log" else where)
    for name in ("asset", "asset_active"):
        if name in tables:
            run(name, _asset_of(tables[name], campaign))
    for name in ALWAYS:
        run(name, None)
    for name, (column, users) in UNUSED.items():
        used = [tables[user].c[by] for user, by in users if user in tables]
        if name in tables:
            run(name, and_(*(tables[name].c[column].not_in(select(by).where(by.is_not(None))) for by in used)))
    if "ab_view_menu" in tables:
        _delete_permissions(run, tables, campaign)
    return counted


def _audit_of(table: Table, campaign: str) -> ColumnElement[bool]:
    """Audit rows that name no DAG: those that quote the campaign, and those about assets, which are known by number."""
    of_asset = and_(table.c.dag_id.is_(None), table.c.event.contains("asset"))
    return or_(table.c.extra.contains(campaign, autoescape=True), of_asset)


def _asset_of(table: Table, campaign: str) -> ColumnElement[bool]:
    name, uri = f"{campaign}.", f"kansho://{campaign}/"
    return or_(func.substr(table.c.name, 1, len(name)) == name, func.substr(table.c.uri, 1, len(uri)) == uri)


def _delete_permissions(run, tables: dict[str, Table], campaign: str) -> None:  # type: ignore[no-untyped-def]
    """FAB's permissions on the campaign's DAGs (``DAG:<id>``, ``DAG Run:<id>`` …)."""
    menus, views = tables["ab_view_menu"], tables["ab_permission_view"]
    mine = menus.c.name.contains(f":{campaign}__", autoescape=True)
    held = select(views.c.id).where(views.c.view_menu_id.in_(select(menus.c.id).where(mine)))
    run("ab_permission_view_role", tables["ab_permission_view_role"].c.permission_view_id.in_(held))
    run("ab_permission_view", views.c.view_menu_id.in_(select(menus.c.id).where(mine)))
    run("ab_view_menu", mine)
