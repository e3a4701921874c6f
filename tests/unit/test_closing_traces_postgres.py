"""The larger topology's metadata database: the same purge on a real PostgreSQL, down to the files of its tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, create_engine, func, insert, inspect, select, text
from sqlalchemy import types as sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from kansho.closing import database_rows, inventory, traces
from kansho.closing.airflow_rows import count_rows
from kansho.closing.holdings_report import report
from kansho.closing.metadata import READER, Metadata, metadata_of
from kansho.closing.needles import Needle, name_forms
from kansho.closing.residue import scan
from kansho.closing.stopped import require_stopped
from kansho.errors import KanshoError
from tests.conftest import REPOSITORY
from tests.refusals import refused
from tests.unit.closing_year import ClosingYear
from tests.unit.postgres import program, server
from tests.unit.test_closing_traces import MARK, MINE, NOW, OTHER

#: What Celery 5.6.3 makes at its first result (`celery.backends.database.models`, with extended results).
CELERY = (
    "CREATE SEQUENCE task_id_sequence",
    "CREATE SEQUENCE taskset_id_sequence",
    "CREATE TABLE celery_taskmeta (id INTEGER PRIMARY KEY, task_id VARCHAR(155) UNIQUE, status VARCHAR(50),"
    " result BYTEA, date_done TIMESTAMP, traceback TEXT, name VARCHAR(155), args BYTEA, kwargs BYTEA,"
    " worker VARCHAR(155), retries INTEGER, queue VARCHAR(155))",
    "CREATE TABLE celery_tasksetmeta (id INTEGER PRIMARY KEY, taskset_id VARCHAR(155) UNIQUE, result BYTEA,"
    " date_done TIMESTAMP)",
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A metadata database as Airflow itself makes it, with FAB."""
    with server() as (data, url):
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        }
        airflow = Path(sys.executable).with_name("airflow")
        subprocess.run([airflow, "db", "migrate"], env=environment, check=True, capture_output=True, timeout=240)
        engine = create_engine(url)
        with engine.begin() as connection:
            for statement in CELERY:
                connection.execute(text(statement))
        engine.dispose()
        yield data, url


def value(column: Column[object], campaign: str, number: int) -> object:
    kind, name, table = column.type, column.name, column.table.name
    if name in ("dag_id", "source_dag_id", "target_dag_id", "last_updated_by_dag_id"):
        return f"{campaign}__stage"
    if isinstance(kind, postgresql.UUID):
        return uuid.UUID(int=number)
    if isinstance(kind, sql.Boolean):
        return True
    if isinstance(kind, sql.Integer | sql.Numeric | sql.Float | postgresql.DOUBLE_PRECISION):
        return number % 30_000 if isinstance(kind, sql.SmallInteger) else number
    if isinstance(kind, sql.DateTime):
        return datetime(2027, 5, 1, tzinfo=UTC)
    if isinstance(kind, sql.Interval):
        return timedelta(days=1)
    if isinstance(kind, sql.LargeBinary):
        return f"{campaign} {MARK}".encode()
    if isinstance(kind, sql.JSON | postgresql.JSON | postgresql.JSONB):
        return {"of": f"{campaign} {MARK}"}
    if isinstance(kind, sql.Enum):
        return kind.enums[0]
    if table.startswith("asset") and name == "name":
        return f"{campaign}.roster"
    if name == "uri":
        return f"kansho://{campaign}/roster"
    if table == "ab_role" and name == "name":
        return f"{campaign}.ward_officer"
    if table == "ab_view_menu":
        return f"DAG:{campaign}__stage"
    return f'"{campaign} {MARK}"'[: getattr(kind, "length", None) or 200]


def fill(engine: Engine, tables: list[Table], campaign: str, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # rows in any order, references hold
        for table in tables:
            row = {c.name: value(c, campaign, number) for c in table.columns if c.computed is None}
            connection.execute(insert(table), row)


def in_tables(data: Path, mark: str) -> list[str]:
    """Files of tables, indexes, long values and catalogues that hold the mark."""
    return [
        str(p.relative_to(data)) for p in (data / "base").rglob("*") if p.is_file() and mark.encode() in p.read_bytes()
    ]


def counts(engine: Engine, tables: list[Table]) -> dict[str, int]:
    with engine.connect() as connection:
        return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


def test_postgresql_keeps_no_row_of_the_campaign_nor_its_bytes(database: tuple[Path, str], tmp_path: Path) -> None:
    data, url = database
    engine = create_engine(url)
    schema = MetaData()
    schema.reflect(engine)
    tables = [t for t in schema.sorted_tables if t.name not in traces.KEPT]
    before = counts(engine, tables)
    fill(engine, tables, MINE, 9_001)
    fill(engine, tables, OTHER, 9_002)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE TABLE _airflow_deleted__xcom AS SELECT '{MINE}' AS dag_id"))
        connection.execute(text("ANALYZE"))  # the planner's statistics hold values of columns, too
        connection.execute(text("CHECKPOINT"))
    assert in_tables(data, MINE)
    engine.dispose()

    assert metadata_of(tmp_path, url) == Metadata("postgresql", url)
    found = sum(count_rows(MINE, tmp_path, url).values())
    done = traces.purge(MINE, tmp_path, url, expected=found)
    assert done.rows == found  # also what a row takes with it
    assert count_rows(MINE, tmp_path, url) == {}

    after = counts(engine, tables)
    assert after == {t.name: 0 if t.name in traces.ALWAYS else before[t.name] + 1 for t in tables}
    assert "_airflow_deleted__xcom" not in inspect(engine).get_table_names()
    assert done.rows >= len(tables)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    assert in_tables(data, MINE) == []
    assert in_tables(data, OTHER)
    assert traces.purge(MINE, tmp_path, url).rows == 0
    engine.dispose()


def test_a_server_that_somebody_else_is_connected_to_is_no_standstill(
    database: tuple[Path, str], tmp_path: Path
) -> None:
    """In containers there is no pid file: heartbeats and sessions tell."""
    _, url = database
    require_stopped(tmp_path, NOW, url)
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(KanshoError, match=r"CLOSING-RUNNING.*database-sessions\(1\)"):
            require_stopped(tmp_path, NOW, url)
    with engine.begin() as connection:
        row = text(
            "INSERT INTO job (job_type, hostname, state, latest_heartbeat)"
            " VALUES ('TriggererJob', :host, 'running', :at)"
        )
        connection.execute(row, {"host": "c0", "at": NOW - timedelta(minutes=10)})
        connection.execute(row, {"host": "c1", "at": NOW - timedelta(seconds=10)})
    engine.dispose()
    with pytest.raises(KanshoError, match=r"CLOSING-RUNNING.* \[TriggererJob@c1\]"):
        require_stopped(tmp_path, NOW, url)
    traces.purge(MINE, tmp_path, url)
    require_stopped(tmp_path, NOW, url)


SEALED = "鬼怒川　綾乃助"


def test_values_in_the_server_s_tables_are_found_wherever_they_stand(
    database: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text, JSON, bytes as they are and packed, another schema, a cell longer than what is held at once."""
    _, url = database
    monkeypatch.setattr(database_rows, "CUT", 10_000)
    needles = sorted({*name_forms(SEALED)})
    assert scan([], needles, databases={"database": url}).clean
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA elsewhere"))
        connection.execute(text("CREATE TABLE elsewhere.t (a TEXT, b JSONB, c BYTEA, d BYTEA, e NUMERIC)"))
        row = text("INSERT INTO elsewhere.t VALUES (:a, CAST(:b AS JSONB), :c, :d, 1)")
        told = SEALED.encode("cp932")
        for a, b, c, d in (
            ("x" * 25_000 + SEALED + "y" * 25_000, "{}", b"", b""),
            ("", json.dumps({"n": SEALED}), b"", b""),
            ("", "{}", b"." + told, b""),
            ("", "{}", b"", zlib.compress(told)),
        ):
            connection.execute(row, {"a": a, "b": b, "c": c, "d": d})
    found = scan([], needles, databases={"database": url})
    # What is packed in a cell is opened as a cell's, and found among the cells as anywhere.
    assert found.by_file == {"database/elsewhere.t": 5}
    assert found.places["database"].hits == 5
    assert found.unread == ()
    with engine.begin() as connection:  # packed, and longer than what is held of a cell: never a pass
        row = {"d": zlib.compress(os.urandom(30_000))}
        connection.execute(text("INSERT INTO elsewhere.t (d) VALUES (:d)"), row)
    assert scan([], needles, databases={"database": url}).unread == ("database/elsewhere.t",)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA elsewhere CASCADE"))
    engine.dispose()


def test_what_the_planner_remembers_of_erased_rows_is_found_and_goes_with_the_compaction(
    database: tuple[Path, str],
) -> None:
    """The commonest values of a column, text and bytes, outlive its rows until they are forgotten on purpose."""
    _, url = database
    needles = sorted({*name_forms(SEALED)})
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE remembered (a TEXT, b BYTEA)"))
        told = [{"a": SEALED if n % 2 else f"{n}", "b": SEALED.encode() if n % 3 else b"."} for n in range(60)]
        connection.execute(text("INSERT INTO remembered VALUES (:a, :b)"), told)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        connection.execute(text("DELETE FROM remembered"))
        connection.execute(text("VACUUM FULL"))
    assert set(scan([], needles, databases={"database": url}).by_file) == {"database/pg_catalog.pg_stats"}
    assert scan([], needles, databases={"database": url}).by_file["database/pg_catalog.pg_stats"] >= 2
    traces.compact(engine)
    assert scan([], needles, databases={"database": url}).clean
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE remembered"))
    engine.dispose()


def test_a_server_that_does_not_answer_is_no_pass(tmp_path: Path) -> None:
    found = scan([], [Needle(SEALED, "name")], databases={"database": f"postgresql+psycopg2://a:b@/x?host={tmp_path}"})
    assert (found.unread, found.clean) == (("database",), False)


def test_the_inventory_counts_a_server_s_rows_by_an_account_that_can_only_read(
    database: tuple[Path, str], tmp_path: Path, begun_year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = database
    mine, host = begun_year.ws.config.id, url.partition("host=")[2]
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # a row may point at none
        connection.execute(
            text("INSERT INTO dag_tag (name, dag_id) VALUES ('a', :of), ('b', :of)"), {"of": f"{mine}__x"}
        )
    named = tmp_path / "metadata_reader"
    named.write_text("postgresql+psycopg2://kansho_reader:a1b2@postgres:5432/airflow")
    environment = {**os.environ, "PGHOST": host, "POSTGRES_DB": "postgres"}
    environment["PATH"] += os.pathsep + str(Path(program("psql")).parent)
    script = REPOSITORY / "deploy" / "metadata-reader.sh"
    subprocess.run([script, named], env=environment, check=True, capture_output=True, timeout=60)
    reader = url.replace("airflow@", "kansho_reader:a1b2@")
    named.write_text(reader + "\n")
    monkeypatch.setenv(READER, str(named))

    assert sum(count_rows(mine, tmp_path, reader).values()) == 2
    year, _ = begun_year.until_plan()
    (taken,) = year.ws.ledger.events("inventory_taken")
    assert (taken.codes["database"], taken.counts["traces.rows"], taken.counts["traces"]) == ("postgresql", 2, 1)
    assert report(year.ws)["airflow_rows"] == {"dag_tag": 2}
    only_reads = create_engine(reader)
    for change in ("DELETE FROM dag_tag", "SET default_transaction_read_only = off; DELETE FROM dag_tag"):
        with pytest.raises(DBAPIError), only_reads.begin() as connection:
            connection.execute(text(change))
    only_reads.dispose()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM dag_tag"))
        connection.execute(text("DROP OWNED BY kansho_reader"))
        connection.execute(text("DROP ROLE kansho_reader"))
    engine.dispose()


def test_a_year_that_is_real_is_not_counted_without_a_look_at_its_database(
    begun_year: ClosingYear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert inventory._metadata(begun_year.ws) is None
    monkeypatch.setattr(type(begun_year.ws), "is_simulation", property(lambda _: False))
    with refused("TRACES-UNSEEN", place=READER):
        inventory._metadata(begun_year.ws)
    monkeypatch.setenv(READER, str(tmp_path / "absent"))
    with refused("TRACES-DATABASE-FILE", place="absent"):
        inventory._metadata(begun_year.ws)


def orphans(engine: Engine, schema: MetaData) -> dict[str, int]:
    """Rows by reference whose other end is missing."""
    found = {}
    with engine.connect() as connection:
        for table in schema.sorted_tables:
            for key in table.foreign_key_constraints:
                parent = key.referred_table.alias()
                pairs = [(e.parent, parent.c[e.column.name]) for e in key.elements]
                match = select(1).where(*(a == b for a, b in pairs)).exists()
                alone = select(func.count()).select_from(table).where(*(a.is_not(None) for a, _ in pairs), ~match)
                found[f"{table.name} → {key.referred_table.name}"] = connection.scalar(alone) or 0
    return found


def test_no_row_is_left_that_hangs_on_nothing(database: tuple[Path, str], tmp_path: Path) -> None:
    _, url = database
    engine = create_engine(url)
    schema = MetaData()
    schema.reflect(engine)
    before = orphans(engine, schema)
    fill(engine, [t for t in schema.sorted_tables if t.name not in traces.KEPT], MINE, 9_003)
    traces.purge(MINE, tmp_path, url)
    assert orphans(engine, schema) == before
    engine.dispose()
