"""Airflow's traces: every table of the real schema is accounted for, and the campaign leaves nothing in it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, String, Table, create_engine, insert, select

from kansho.closing import traces
from kansho.closing.airflow_rows import count_rows
from kansho.closing.metadata import Metadata, metadata_of
from kansho.closing.stopped import require_stopped
from tests.refusals import refused

MINE, OTHER = "sumida_2027", "sumida_2026"
MARK = "the-value-nobody-may-find"
NOW = datetime(2028, 3, 31, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty metadata database as Airflow itself makes it, with FAB."""
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    }
    airflow = Path(sys.executable).with_name("airflow")
    subprocess.run([airflow, "db", "migrate"], env=environment, check=True, capture_output=True, timeout=240)
    return home / "airflow.db"


@pytest.fixture
def base(schema: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    shutil.copy(schema, tmp_path / "airflow.db")
    connection = sqlite3.connect(tmp_path / "airflow.db")
    connection.execute("PRAGMA journal_mode=WAL")
    yield connection
    connection.close()


def tables_of(base: sqlite3.Connection) -> list[str]:
    found = base.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    return [row[0] for row in found]


def test_every_table_of_the_schema_is_accounted_for(base: sqlite3.Connection) -> None:
    known = {
        *traces.BY_DAG, *traces.BY_PARENT, *traces.BY_ASSET, *traces.BY_NAME, *traces.KEPT,
        *traces.ALWAYS, *traces.UNUSED,
    }  # fmt: skip
    assert set(tables_of(base)) == known - traces.CELERY


def test_every_column_that_names_a_dag_is_known(base: sqlite3.Connection) -> None:
    by_hand = {"asset_state_store", "partitioned_asset_key_log", "job"}
    for table in tables_of(base):
        columns = {row[1] for row in base.execute(f'PRAGMA table_info("{table}")')}
        if columns & {"dag_id", "source_dag_id", "target_dag_id"} and table not in by_hand:
            assert traces.BY_DAG.get(table) in columns, table


def fill(base: sqlite3.Connection, campaign: str, number: int) -> None:
    """One row in every table: numbers and ids are the campaign's, so that all references hold."""
    base.execute("PRAGMA foreign_keys=OFF")
    for table in tables_of(base):
        if table in traces.KEPT:
            continue
        columns = [(row[1], row[2]) for row in base.execute(f'PRAGMA table_info("{table}")')]
        values = [value(name, kind, campaign, number, table) for name, kind in columns]
        marks = ", ".join("?" * len(values))
        base.execute(f'INSERT INTO "{table}" VALUES ({marks})', values)
    base.commit()


def value(name: str, kind: str, campaign: str, number: int, table: str) -> object:
    if name in ("dag_id", "source_dag_id", "target_dag_id", "last_updated_by_dag_id"):
        return f"{campaign}__stage"
    if kind.startswith("CHAR(32)"):
        return f"{number}" * 32
    if kind.startswith(("INTEGER", "FLOAT", "BOOLEAN")):
        return number
    if kind.startswith(("TIMESTAMP", "DATETIME")):
        return "2027-05-01 00:00:00"
    if table.startswith("asset") and name == "name":
        return f"{campaign}.roster"
    if name == "uri":
        return f"kansho://{campaign}/roster"
    if table == "ab_role" and name == "name":
        return f"{campaign}.ward_officer"
    if table == "ab_view_menu":
        return f"DAG:{campaign}__stage"
    return f'"{campaign} {MARK}"'


def test_the_campaign_leaves_no_row_and_others_keep_theirs(base: sqlite3.Connection, tmp_path: Path) -> None:
    before = {t: base.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables_of(base)}
    fill(base, MINE, 99_001)
    fill(base, OTHER, 99_002)
    base.execute(f"CREATE TABLE _airflow_deleted__xcom AS SELECT '{MINE}' AS dag_id")
    base.close()
    done = traces.purge(MINE, tmp_path)
    after = sqlite3.connect(tmp_path / "airflow.db")
    for table in tables_of(after):
        left = after.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        wanted = before[table] if table in traces.KEPT else 0 if table in traces.ALWAYS else before[table] + 1
        assert left == wanted, table
    assert "_airflow_deleted__xcom" not in tables_of(after)
    after.close()
    data = b"".join(path.read_bytes() for path in tmp_path.glob("airflow.db*"))
    assert MINE.encode() not in data
    assert OTHER.encode() in data
    assert done.rows >= len(before) - len(traces.KEPT)
    assert traces.purge(MINE, tmp_path).rows == 0


def test_what_something_still_points_at_stays_and_the_rest_goes(base: sqlite3.Connection, tmp_path: Path) -> None:
    """A waiting approval of another campaign goes with its trigger; a result of Celery's only its task knows."""
    base.execute("PRAGMA foreign_keys=OFF")
    base.execute("CREATE TABLE celery_taskmeta (id INTEGER, task_id TEXT)")
    kept: dict[str, set[object]] = {table: set() for table in traces.UNUSED}
    number = 70_000
    for table, (column, users) in traces.UNUSED.items():
        for user, by in (*users, (None, "")):
            number += 1
            named = row(base, table, number, column)
            if user is not None:
                row(base, user, number, by, named)
                kept[table].add(named)
            if user == "callback":  # itself held by its deadline
                kept[user].add(row(base, "deadline", number, "callback_id", f"{number}" * 32))
    base.commit()
    base.close()
    traces.purge(MINE, tmp_path)
    after = sqlite3.connect(tmp_path / "airflow.db")
    for table, (column, _) in traces.UNUSED.items():
        assert {found[0] for found in after.execute(f'SELECT "{column}" FROM "{table}"')} == kept[table], table
    after.close()


def row(base: sqlite3.Connection, table: str, number: int, column: str, pointing_at: object = None) -> object:
    """One row of another campaign; what stands in a column of it."""
    columns = [(found[1], found[2]) for found in base.execute(f'PRAGMA table_info("{table}")')]
    made = {name: value(name, kind, f"other_{number}", number, table) for name, kind in columns}
    made[column] = made[column] if pointing_at is None else pointing_at
    base.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(made))})', list(made.values()))
    return made[column]


def test_audit_rows_that_only_mention_the_campaign_go_too(base: sqlite3.Connection, tmp_path: Path) -> None:
    base.execute("INSERT INTO log (dttm, event, extra) VALUES ('2027-05-01', 'cli', ?)", (f'{{"a":"{MINE}__x"}}',))
    base.execute("INSERT INTO log (dttm, event, extra) VALUES ('2027-05-01', 'materialize_asset', '{\"asset_id\": 4}')")
    base.execute("INSERT INTO log (dttm, event, extra) VALUES ('2027-05-01', 'login', NULL)")
    alike = MINE.replace("_", "x")  # an underscore is no wild card
    base.execute("INSERT INTO log (dttm, event, extra) VALUES ('2027-05-01', 'cli', ?)", (f'{{"a":"{alike}__x"}}',))
    base.execute("INSERT INTO ab_view_menu (id, name) VALUES (991, ?)", (f"DAG:{MINE}__x",))
    base.execute("INSERT INTO ab_view_menu (id, name) VALUES (992, ?)", (f"DAG:{alike}__x",))
    base.commit()
    assert traces.purge(MINE, tmp_path / "elsewhere", f"sqlite:///{tmp_path / 'airflow.db'}").rows == 3
    assert base.execute("SELECT event FROM log ORDER BY event").fetchall() == [("cli",), ("login",)]
    assert base.execute("SELECT id FROM ab_view_menu WHERE id > 990").fetchall() == [(992,)]


def test_audit_rows_about_an_asset_of_another_campaign_stay(base: sqlite3.Connection, tmp_path: Path) -> None:
    """The audit names assets by number: 7 stays, 8 is the campaign's, 71 is nobody's any more."""
    for number, campaign in ((7, OTHER), (8, MINE)):
        base.execute(
            'INSERT INTO asset (id, name, uri, "group", extra, created_at, updated_at)'
            " VALUES (?, ?, ?, 'kansho', '{}', '2027-05-01', '2027-05-01')",
            (number, f"{campaign}.roster", f"kansho://{campaign}/roster"),
        )
    extras = ['{"asset_id": 7}', '{"asset_id": "7", "a": 1}', '{"asset_id": 7, "a": 1}']
    gone = ['{"asset_id": 8}', '{"asset_id": "8"}', '{"asset_id": 71}', '{"a": 7}']
    for extra in (*extras, *gone):
        base.execute("INSERT INTO log (dttm, event, extra) VALUES ('2027-05-01', 'create_asset_event', ?)", (extra,))
    base.commit()
    base.close()
    traces.purge(MINE, tmp_path)
    after = sqlite3.connect(tmp_path / "airflow.db")
    assert [row[0] for row in after.execute("SELECT extra FROM log ORDER BY id")] == extras
    after.close()


#: User → roles, in a group, who changed the account; and whether it stays.
ACCOUNTS = {
    "officer": ([f"{MINE}.ward_officer"], False, None, False),
    "engineer": ([f"{MINE}.contractor_engineer"], False, "engineer", False),  # changed the own password
    "of_both": ([f"{MINE}.ward_officer", f"{OTHER}.ward_officer"], False, None, True),
    "of_other": ([f"{OTHER}.ward_officer"], False, None, True),
    "admin": (["Admin"], False, None, True),
    "grouped": ([f"{MINE}.ward_officer"], True, None, True),
    "made_others": ([f"{MINE}.ward_officer"], False, None, True),
    "made": (["Admin"], False, "made_others", True),
}


def test_roles_go_and_each_account_with_the_last_of_them(base: sqlite3.Connection, tmp_path: Path) -> None:
    roles = {name: 500 + at for at, name in enumerate(sorted({r for told in ACCOUNTS.values() for r in told[0]}))}
    alike = f"{MINE.replace('_', 'x')}.ward_officer"
    users = {name: 600 + at for at, name in enumerate(ACCOUNTS)}
    for name, number in (*roles.items(), (alike, 599)):
        base.execute("INSERT INTO ab_role (id, name) VALUES (?, ?)", (number, name))
        base.execute(
            "INSERT INTO ab_permission_view_role (id, permission_view_id, role_id) VALUES (?, 1, ?)", (number,) * 2
        )
    for user, (held, grouped, by, _) in ACCOUNTS.items():
        base.execute(
            "INSERT INTO ab_user (id, first_name, last_name, username, email, changed_by_fk) VALUES (?, ?, ?, ?, ?, ?)",
            (users[user], user, user, user, user, users[by] if by else None),
        )
        for role in held:
            base.execute("INSERT INTO ab_user_role (user_id, role_id) VALUES (?, ?)", (users[user], roles[role]))
        if grouped:
            base.execute("INSERT INTO ab_user_group (user_id, group_id) VALUES (?, 1)", (users[user],))
    base.commit()
    base.close()
    told = count_rows(MINE, tmp_path)
    removed = traces.purge(MINE, tmp_path).rows
    assert removed == sum(told.values())
    assert told["ab_user"] == 2
    after = sqlite3.connect(tmp_path / "airflow.db")
    left = {row[0] for row in after.execute("SELECT username FROM ab_user")}
    assert left == {user for user, (*_, stays) in ACCOUNTS.items() if stays}
    names = {row[0] for row in after.execute("SELECT name FROM ab_role WHERE id >= 500")}
    assert names == {*roles, alike} - {r for r in roles if r.startswith(f"{MINE}.")}
    for link in ("ab_user_role", "ab_permission_view_role"):
        held_by = {row[0] for row in after.execute(f"SELECT role_id FROM {link} WHERE role_id >= 500")}
        assert held_by <= {row[0] for row in after.execute("SELECT id FROM ab_role")}, link
    after.close()
    assert traces.purge(MINE, tmp_path).rows == 0


def test_an_asset_goes_by_its_name_or_by_its_address() -> None:
    table = Table("asset", MetaData(), Column("name", String), Column("uri", String))
    engine = create_engine("sqlite://")
    rows = {
        (f"{MINE}.roster", "kansho://other/roster"): True,
        ("other", f"kansho://{MINE}/roster"): True,
        (f"x{MINE}.roster", f"xkansho://{MINE}/roster"): False,
        (f"{MINE}x.roster", f"kansho://{MINE}x/roster"): False,
    }
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"name": name, "uri": uri} for name, uri in rows])
        found = connection.execute(select(table).where(traces._asset_of(table, MINE))).fetchall()
    assert {tuple(row) for row in found} == {row for row, goes in rows.items() if goes}


def test_a_purge_that_fails_half_way_has_removed_nothing_and_quotes_nothing(
    base: sqlite3.Connection, tmp_path: Path
) -> None:
    base.execute("INSERT INTO log (dttm, dag_id, event) VALUES ('2027-05-01', ?, 'cli')", (f"{MINE}__x",))
    base.execute("CREATE TRIGGER t BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'no'); END")
    base.execute("INSERT INTO dag_tag (name, dag_id) VALUES ('t', ?)", (f"{MINE}__x",))
    base.commit()
    with refused("TRACES-DATABASE", place="IntegrityError") as caught:
        traces.purge(MINE, tmp_path)
    assert MINE not in str(caught.value.__context__)
    assert base.execute("SELECT count(*) FROM dag_tag").fetchone() == (1,)


def test_logs_of_the_campaign_and_the_components_go(tmp_path: Path) -> None:
    for path in (
        f"dag_id={MINE}__call_wave/run_id=x/a.log",
        f"dag_id={OTHER}__call_wave/run_id=x/a.log",
        "dag_processor/2027-05-01/b.log",
        "components/scheduler.log",
        "loose.log",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(MARK)
    assert traces.purge_logs(tmp_path, MINE) == 4
    assert [p.name for p in tmp_path.iterdir()] == [f"dag_id={OTHER}__call_wave"]


def test_a_database_that_cannot_be_purged_says_so_without_quoting(tmp_path: Path) -> None:
    (tmp_path / "airflow.db").write_bytes(b"SQLite format 3\0" + MARK.encode() * 500)
    with refused("TRACES-DATABASE") as caught:
        traces.purge(MINE, tmp_path)
    assert MARK not in caught.value.text


def test_what_is_counted_is_what_goes_table_by_table(base: sqlite3.Connection, tmp_path: Path) -> None:
    fill(base, MINE, 99_001)
    fill(base, OTHER, 99_002)
    base.execute(f"CREATE TABLE _airflow_deleted__xcom AS SELECT '{MINE}' AS dag_id")
    base.commit()
    tables = tables_of(base)
    before = {t: base.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables}
    base.close()
    found = count_rows(MINE, tmp_path)
    assert traces.purge(MINE, tmp_path, expected=sum(found.values())).rows == sum(found.values())
    after = sqlite3.connect(tmp_path / "airflow.db")
    left = {t: after.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables_of(after)}
    assert {t: before[t] - left.get(t, 0) for t in tables if before[t] != left.get(t, 0)} == found
    assert len(found) > 30
    assert count_rows(MINE, tmp_path) == {}
    after.close()


def test_rows_that_changed_since_they_were_counted_are_not_removed(base: sqlite3.Connection, tmp_path: Path) -> None:
    fill(base, MINE, 99_001)
    base.close()
    found = count_rows(MINE, tmp_path)
    with refused("TRACES-CHANGED"):
        traces.purge(MINE, tmp_path, expected=sum(found.values()) - 1)
    assert count_rows(MINE, tmp_path) == found


def test_a_database_is_airflow_s_or_it_is_none(base: sqlite3.Connection, tmp_path: Path) -> None:
    base.close()
    here, empty = tmp_path / "airflow.db", tmp_path / "empty.db"
    sqlite3.connect(empty).close()
    assert metadata_of(tmp_path) == Metadata("sqlite", f"sqlite:///{here}")
    assert metadata_of(tmp_path / "nowhere", f"sqlite:///{here}").kind == "sqlite"
    assert metadata_of(tmp_path / "nowhere", no_database=True) == Metadata("none", None)
    for airflow, database, none, code in (
        (tmp_path / "nowhere", None, False, "TRACES-NO-DATABASE"),
        (tmp_path, f"sqlite:///{tmp_path / 'absent.db'}", False, "TRACES-NO-DATABASE"),
        (tmp_path, "sqlite://", False, "TRACES-NO-DATABASE"),
        (tmp_path, f"sqlite:///{empty}", False, "TRACES-NOT-AIRFLOW"),
        (tmp_path, "mysql://a:b@nowhere/x", False, "TRACES-NOT-AIRFLOW"),
        (tmp_path, "", False, "TRACES-DATABASE"),
        (tmp_path, f"postgresql+psycopg2://a:b@/x?host={tmp_path}", False, "TRACES-DATABASE"),
        (tmp_path, None, True, "TRACES-DATABASE-THERE"),
        (tmp_path / "nowhere", f"sqlite:///{here}", True, "TRACES-DATABASE-THERE"),
    ):
        with refused(code) as caught:
            metadata_of(airflow, database, no_database=none)
        assert "a:b" not in str(caught.value)
    assert not (tmp_path / "absent.db").exists()


def test_a_living_component_refuses(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    fields = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (run / "gone.pid").write_text(f"{os.getpid()} 1 {boot}")
    (run / "before.pid").write_text(f"{os.getpid()} {fields[19]} another-boot")
    require_stopped(tmp_path, NOW)
    (run / "gone.pid").write_text(str(os.getpid()))  # as older services wrote it
    with refused("CLOSING-RUNNING", place="gone"):
        require_stopped(tmp_path, NOW)
    (run / "gone.pid").unlink()
    (run / "scheduler.pid").write_text(f"{os.getpid()} {fields[19]} {boot}")
    with refused("CLOSING-RUNNING", r"scheduler"):
        require_stopped(tmp_path, NOW)


def beating(tmp_path: Path, host: str, seconds: int, table: str, state: str = "running") -> None:
    base = sqlite3.connect(tmp_path / "airflow.db")
    when = (NOW - timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(sep=" ")
    if table == "job":
        row = "INSERT INTO job (job_type, hostname, state, latest_heartbeat) VALUES ('SchedulerJob', ?, ?, ?)"
    else:
        base.execute("CREATE TABLE IF NOT EXISTS beats (hostname, state, last_heartbeat_at)")
        base.execute("DROP TABLE task_instance")
        base.execute("ALTER TABLE beats RENAME TO task_instance")
        row = "INSERT INTO task_instance VALUES (?, ?, ?)"
    base.execute(row, (host, state, when))
    base.commit()
    base.close()


@pytest.mark.parametrize("table", ["job", "task_instance"])
def test_what_beat_lately_on_another_machine_refuses(table: str, base: sqlite3.Connection, tmp_path: Path) -> None:
    base.close()
    require_stopped(tmp_path, NOW)
    beating(tmp_path, "scheduler-1", 500, table)
    require_stopped(tmp_path, NOW)  # killed long ago
    beating(tmp_path, "scheduler-1", 5, table, state="success")
    require_stopped(tmp_path, NOW)  # stopped by its own account
    beating(tmp_path, "scheduler-1", 5, table)
    named = {"job": "SchedulerJob@scheduler-1", "task_instance": "tasks"}[table]
    for home, database in ((tmp_path, None), (tmp_path / "elsewhere", f"sqlite:///{tmp_path / 'airflow.db'}")):
        with refused("CLOSING-RUNNING", place=named):
            require_stopped(home, NOW, database)


def test_of_this_machine_the_pid_files_tell(base: sqlite3.Connection, tmp_path: Path) -> None:
    """A component that ``make down`` killed leaves a heartbeat of a moment ago."""
    base.close()
    beating(tmp_path, socket.gethostname(), 1, "job")
    with refused("CLOSING-RUNNING"):
        require_stopped(tmp_path, NOW)
    (tmp_path / "run").mkdir()
    with refused("CLOSING-RUNNING", place=f"SchedulerJob@{socket.gethostname()}"):
        require_stopped(tmp_path, NOW)  # our services once ran here, and this is another that somebody started by hand
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name, said, excused in (
        ("triggerer", f"{ended.pid} 1 {boot}", False),  # of another component
        ("scheduler", "", False),
        ("scheduler", f"{ended.pid} 1 another-boot", False),  # whoever beat a moment ago beat in this one
        ("scheduler", f"{ended.pid} 1 {boot}", True),
        ("scheduler", f"{os.getpid()} 1 {boot}", True),  # its number is another's by now
    ):
        (tmp_path / "run" / f"{name}.pid").write_text(said)
        if excused:
            require_stopped(tmp_path, NOW)
        else:
            with refused("CLOSING-RUNNING"):
                require_stopped(tmp_path, NOW)


def test_tasks_of_a_scheduler_that_was_killed_are_told_by_its_pid_file(
    base: sqlite3.Connection, tmp_path: Path
) -> None:
    base.close()
    beating(tmp_path, socket.gethostname(), 1, "task_instance")
    (tmp_path / "run").mkdir()
    with refused("CLOSING-RUNNING", place="tasks"):
        require_stopped(tmp_path, NOW)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (tmp_path / "run" / "scheduler.pid").write_text(f"{os.getpid()} 1 {boot}")
    require_stopped(tmp_path, NOW)


def test_a_task_that_outlived_its_scheduler_is_seen_in_the_session(tmp_path: Path) -> None:
    """A leader that was killed alone leaves its children, which write on."""
    (tmp_path / "run").mkdir()
    leader = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!"], start_new_session=True, stdout=subprocess.PIPE)
    assert leader.stdout is not None
    child = int(leader.stdout.readline())
    leader.wait()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (tmp_path / "run" / "scheduler.pid").write_text(f"{leader.pid} 1 {boot}")
    try:
        with refused("CLOSING-RUNNING", place="scheduler"):
            require_stopped(tmp_path, NOW)
    finally:
        os.kill(child, signal.SIGKILL)
    while Path(f"/proc/{child}/stat").exists() and ") Z " not in Path(f"/proc/{child}/stat").read_text():
        time.sleep(0.01)
    require_stopped(tmp_path, NOW)


def test_a_database_that_does_not_say_is_no_standstill(tmp_path: Path) -> None:
    (tmp_path / "airflow.db").write_bytes(b"SQLite format 3\0" + MARK.encode() * 500)
    with refused("CLOSING-RUNNING-UNKNOWN") as caught:
        require_stopped(tmp_path, NOW)
    assert MARK not in caught.value.text


def test_an_answering_api_refuses(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "port").write_text("")  # killed while it was written
    require_stopped(tmp_path, NOW)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        (tmp_path / "run" / "port").write_text(str(server.getsockname()[1]))
        with refused("CLOSING-RUNNING", r"api"):
            require_stopped(tmp_path, NOW)
    require_stopped(tmp_path, NOW)
