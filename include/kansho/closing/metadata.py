"""Which database holds Airflow's metadata: one that is there and is Airflow's, or none because somebody said so (P11).

Belongs here: finding it and looking that it is the right kind of thing, before anything is done.  Does not belong here:
counting or removing its rows (`kansho.closing.traces`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from kansho.errors import KanshoError
from kansho.evidence.purges import KINDS, NO_DATABASE

#: Tables that every metadata database of Airflow has, and hardly any other database has both of.
AIRFLOWS = frozenset({"dag_run", "alembic_version"})
#: Names the file with the URL by which a task may read a server's database: Airflow gives tasks no other way to it.
READER = "KANSHO_METADATA_FILE"
#: The place under which a scan tells of a database that is not the embedded one: a server's tables, or a file.
DATABASE = "database"


@dataclass(frozen=True)
class Metadata:
    """Where Airflow's metadata lies.

    Args:
        kind: ``sqlite`` or ``postgresql``; ``none`` where somebody said that there is none.
        url: SQLAlchemy URL; None without a database.
    """

    kind: str
    url: str | None


def embedded(airflow: Path) -> Path:
    """The embedded database in Airflow's home, there or not."""
    return airflow / "airflow.db"


def url_in(file: Path) -> str:
    """The SQLAlchemy URL that a file holds, for it holds a password and arguments stand in the process list.

    Raises:
        KanshoError: ``TRACES-DATABASE-FILE``; nothing of it is quoted.
    """
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise KanshoError(
            "TRACES-DATABASE-FILE",
            "接続先のファイルを読めません",
            place=file.name,
            remedy="ファイルの場所と権限を確認してください",
        ) from None


def for_reading(airflow: Path) -> Metadata | None:
    """Whatever database a task can look at: the one the deployment names, or the embedded one; None without any.

    Raises:
        KanshoError: ``TRACES-*``, as `url_in` and `metadata_of`.
    """
    named = os.environ.get(READER, "")
    if not named and not embedded(airflow).is_file():
        return None
    return metadata_of(airflow, url_in(Path(named)) if named else None)


def place_of(airflow: Path, base: Metadata) -> str:
    """The place in a scan where the database is searched: Airflow's home for the embedded one."""
    return airflow.name if base.url in (None, f"sqlite:///{embedded(airflow)}") else DATABASE


def read_only(database: str) -> str:
    """The URL for looking only, where that can be told a database by its URL: a file."""
    said = make_url(database)
    return f"sqlite:///file:{said.database}?mode=ro&uri=true" if said.get_backend_name() == "sqlite" else database


def metadata_of(airflow: Path, database: str | None = None, *, no_database: bool = False) -> Metadata:
    """The database to purge, looked at: nobody is told that rows are gone of which none was ever looked for.

    Args:
        airflow: Airflow's home (``var/airflow``).
        database: SQLAlchemy URL; the embedded SQLite file in ``airflow`` by default.
        no_database: whoever asks says that there is none: the certificate will not cover it.

    Raises:
        KanshoError: ``TRACES-NO-DATABASE`` when there is none and nobody said so; ``TRACES-DATABASE-THERE`` when it was
            said and is not so; ``TRACES-NOT-AIRFLOW`` when it is another database than Airflow's; ``TRACES-DATABASE``
            when it cannot be read; nothing is quoted.
    """
    if no_database:
        if database is not None or embedded(airflow).is_file():
            raise there()
        return Metadata(NO_DATABASE, None)
    if database is None:
        if not embedded(airflow).is_file():
            raise _absent("var/airflow/airflow.db")
        database = f"sqlite:///{embedded(airflow)}"
    try:
        return Metadata(_kind(database), database)
    except SQLAlchemyError as error:
        raise KanshoError(
            "TRACES-DATABASE",
            "Airflow のデータベースを読めません",
            place=type(error).__name__,
            remedy="接続先と権限を確認してください",
        ) from None


def there() -> KanshoError:
    """Refusal of a statement that there is no database, where there is or was one."""
    return KanshoError(
        "TRACES-DATABASE-THERE",
        "データベースがないとの申告は、事実と違います",
        place="--no-database",
        remedy="--no-database を外し、組込み以外のデータベースなら --database-file で指定してください",
    )


def _kind(database: str) -> str:
    said = make_url(database)
    kind = said.get_backend_name()
    if kind not in KINDS:
        raise _strange(kind)
    if kind == "sqlite" and not Path(said.database or "").is_file():
        raise _absent("--database-file")  # to connect would make an empty one
    engine = create_engine(database, hide_parameters=True)
    try:
        missing = AIRFLOWS - set(inspect(engine).get_table_names())
    finally:
        engine.dispose()
    if missing:
        raise _strange(" ".join(sorted(missing)))
    return kind


def _absent(place: str) -> KanshoError:
    return KanshoError(
        "TRACES-NO-DATABASE",
        "Airflow のデータベースがありません",
        place=place,
        remedy="--database-file で接続先のファイルを指定してください。ない場合は --no-database を付けてください"
        "（証明書に、対象外と記載されます）",
    )


def _strange(place: str) -> KanshoError:
    return KanshoError(
        "TRACES-NOT-AIRFLOW",
        "Airflow のデータベースではありません",
        place=place,
        remedy="Airflow の sql_alchemy_conn と同じ接続先（sqlite 又は postgresql）を指定してください",
    )
