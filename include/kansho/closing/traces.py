"""Airflow's own traces of a campaign: rows of its metadata database, and with them its log files (P11).

Belongs here: which tables hold what of a campaign (inspected in Airflow 3.3.2; Celery's own, which lie in the same
database, in 5.6.3), and removing it.  Does not belong here: whether Airflow stands still
(`kansho.closing.stopped`), which database it is (`metadata`), which files (`trace_logs`), what of it is recorded
(`purging`), the vault, or any import of Airflow.

A test holds `RULES`, `ALWAYS` and `KEPT` against the real schema: a table that is in none of them fails it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table, and_, case, create_engine, delete, func, or_, select, text, true
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Select

from kansho.closing.airflow_accounts import NAMED, account_rows, audit_rows, begins
from kansho.closing.metadata import metadata_of
from kansho.closing.trace_logs import purge_logs
from kansho.errors import KanshoError

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
#: Named by the campaign's assets and their aliases, or by its roles and permissions; handled one by one.
BY_NAME: tuple[str, ...] = ("asset", "asset_active", "asset_alias", *NAMED)
#: Settings, and what is no campaign's: no trace of its runs.
KEPT: tuple[str, ...] = (
    "ab_group", "ab_permission", "ab_register_user", "ab_user_group",
    "alembic_version", "alembic_version_fab", "connection", "connection_test_request",
    "dag_bundle", "dag_bundle_team", "log_template", "revoked_token", "slot_pool", "team", "variable",
)  # fmt: skip
ARCHIVES = "_airflow_deleted__"


@dataclass(frozen=True)
class Purged:
    """What was removed."""

    rows: int
    files: int


def purge(
    campaign: str,
    airflow: Path,
    database: str | None = None,
    *,
    no_database: bool = False,
    expected: int | None = None,
) -> Purged:
    """Remove the campaign's rows and logs, then compact the database.  Safe to run again.

    Args:
        campaign: id of the campaign, which prefixes its DAGs and assets.
        airflow: Airflow's home (``var/airflow``).
        database: SQLAlchemy URL; the embedded SQLite file in ``airflow`` by default.
        no_database: whoever asks says that there is none.
        expected: how many rows were counted before; nothing is removed when there are others by now.

    Raises:
        KanshoError: as `metadata_of`; ``TRACES-DATABASE`` when the database cannot be purged; ``TRACES-CHANGED``;
            nothing is quoted.
    """
    base, rows = metadata_of(airflow, database, no_database=no_database), 0
    if base.url is not None:
        engine = create_engine(base.url, hide_parameters=True)
        try:
            rows = purge_rows(engine, campaign, expected)
            compact(engine)
        except (SQLAlchemyError, KeyError) as error:  # a column that another version of Airflow has not
            raise KanshoError(
                "TRACES-DATABASE",
                "Airflow の記録を除去できません",
                place=type(error).__name__,
                remedy="接続先と権限を確認してください",
            ) from None
        finally:
            engine.dispose()
    return Purged(rows, purge_logs(airflow / "logs", campaign))


def purge_rows(engine: Engine, campaign: str, expected: int | None = None) -> int:
    """Delete the campaign's rows in one transaction; returns how many are gone.

    They are counted within it, so that what a row takes with it is told too.

    Raises:
        KanshoError: ``TRACES-CHANGED``: somebody writes beside; nothing was removed.
    """
    tables = reflected(engine)
    with engine.begin() as connection:
        there = sum(counted(connection, tables, campaign).values())
        if expected is not None and there != expected:
            raise KanshoError(
                "TRACES-CHANGED",
                "数えた後に Airflow の記録が変わりました",
                place=f"{expected} {there}",
                remedy="Airflow が停止していることを確かめて、再実行してください",
            )
        for name, where in of_campaign(tables, campaign).items():
            connection.execute(delete(tables[name]).where(where))
        for name in _archives(tables):
            connection.execute(text(f'DROP TABLE "{name}"'))  # a name from the schema itself
        left = {name: table for name, table in tables.items() if name not in _archives(tables)}
        return there - sum(counted(connection, left, campaign).values())


def reflected(engine: Engine) -> dict[str, Table]:
    """The database's tables as they are, by name."""
    tables = MetaData()
    tables.reflect(engine)
    return {t.name: t for t in tables.sorted_tables}


def counted(connection: Connection, tables: Mapping[str, Table], campaign: str) -> dict[str, int]:
    """Table → how many of its rows a purge removes."""
    wanted: dict[str, ColumnElement[bool]] = dict.fromkeys(_archives(tables), true())
    wanted |= of_campaign(tables, campaign)
    return {
        name: int(connection.execute(select(func.count()).select_from(tables[name]).where(where)).scalar_one())
        for name, where in wanted.items()
    }


def _archives(tables: Mapping[str, Table]) -> list[str]:
    return [name for name in tables if name.startswith(ARCHIVES)]


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
        " JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'"  # an index over an expression is made anew with it
        " WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    quote = connection.dialect.identifier_preparer.quote_identifier
    for schema, table, column, kind in connection.execute(known).all():
        whole = f"{quote(schema)}.{quote(table)}"
        if connection.execute(text(f"SELECT 1 FROM {whole} LIMIT 1")).first() is None:  # noqa: S608 - the schema's names
            connection.execute(text(f"ALTER TABLE {whole} ALTER COLUMN {quote(column)} TYPE {kind}"))


def of_campaign(tables: Mapping[str, Table], campaign: str) -> dict[str, ColumnElement[bool]]:
    """Of each table that is there, which rows go, in an order that respects references."""
    found: dict[str, ColumnElement[bool]] = {}
    for name, where in _named(tables, campaign):
        found[name] = or_(found[name], where) if name in found else where
    for name, (column, users) in UNUSED.items():
        if name in tables:
            used = [_still_used(tables[user].c[by], found.get(user)) for user, by in users if user in tables]
            found[name] = and_(true(), *(tables[name].c[column].not_in(by) for by in used))
    return found


def _still_used(column: ColumnElement[Any], going: ColumnElement[bool] | None) -> Select[tuple[Any]]:
    """What the rows point at that stay; a row of which it cannot be said whether it goes stays."""
    pointing = select(column).where(column.is_not(None))
    return pointing if going is None else pointing.where(case((going, 0), else_=1) == 1)


def _named(tables: Mapping[str, Table], campaign: str) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """Table and rows; a table may come twice."""
    prefix, there, asset = f"{campaign}__", tables.keys(), tables.get("asset")

    def of_dags(name: str) -> ColumnElement[bool]:
        return begins(tables[name].c[BY_DAG[name]], prefix)

    for name, (column, parent, parent_column) in BY_PARENT.items():
        if {name, parent} <= there:
            yield name, tables[name].c[column].in_(select(tables[parent].c[parent_column]).where(of_dags(parent)))
    if asset is not None:
        assets = select(asset.c.id).where(_asset_of(asset, campaign))
        for name in there & {"dagrun_asset_event", "asset_alias_asset_event"}:
            event = tables["asset_event"]
            yield name, tables[name].c.event_id.in_(select(event.c.id).where(event.c.asset_id.in_(assets)))
        for name, column in BY_ASSET.items():
            if name in there:
                yield name, tables[name].c[column].in_(assets)
    yield from ((name, of_dags(name)) for name in BY_DAG if name in there)
    if "log" in there:
        yield "log", audit_rows(tables, campaign, true() if asset is None else _asset_of(asset, campaign))
    if "asset_state_store" in there:  # of whosever asset, the row names our DAG
        yield "asset_state_store", begins(tables["asset_state_store"].c.last_updated_by_dag_id, prefix)
    if "asset_alias" in there:
        alias = tables["asset_alias"]
        ours = select(alias.c.id).where(begins(alias.c.name, f"{campaign}."))
        for name in ("asset_alias_asset", "asset_alias_asset_event"):
            yield name, tables[name].c.alias_id.in_(ours)
        yield "asset_alias", begins(alias.c.name, f"{campaign}.")
    yield from ((name, _asset_of(tables[name], campaign)) for name in ("asset_active", "asset") if name in there)
    yield from ((name, true()) for name in ALWAYS if name in there)
    if "ab_view_menu" in there:
        yield from account_rows(tables, campaign)


def _asset_of(table: Table, campaign: str) -> ColumnElement[bool]:
    return or_(begins(table.c.name, f"{campaign}."), begins(table.c.uri, f"kansho://{campaign}/"))
