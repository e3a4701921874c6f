"""How much Airflow keeps of a campaign: rows of its metadata, files of its logs, pages of checks; counted, not changed.

Belongs here: counting for the inventory and around the purge.  Does not belong here: which rows and files they are, or
removing them (`kansho.closing.traces`).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from kansho.closing.discovery import data_docs
from kansho.closing.metadata import embedded, read_only
from kansho.closing.trace_logs import count_logs
from kansho.closing.traces import counted, reflected
from kansho.errors import KanshoError


def count_traces(campaign: str, airflow: Path, database: str | None = None) -> dict[str, int]:
    """Class of trace (`kansho.evidence.purges.CLASSES`) → how many there are; arguments as `count_rows`.

    Raises:
        KanshoError: ``TRACES-COUNT``, ``DISK-*``: what cannot be counted is not none.
    """
    rows = sum(count_rows(campaign, airflow, database).values())
    return {"rows": rows, "logs": count_logs(airflow / "logs", campaign), "pages": data_docs()}


def count_rows(campaign: str, airflow: Path, database: str | None = None) -> dict[str, int]:
    """Rows that the purge removes: table → count, without empty ones; empty without a database.

    Args:
        campaign: id of the campaign, which prefixes its DAGs.
        airflow: Airflow's home (``var/airflow``).
        database: SQLAlchemy URL; the embedded SQLite file in ``airflow`` by default.  A file is only read.

    Raises:
        KanshoError: ``TRACES-COUNT`` when the database cannot be read; nothing is quoted.
    """
    if database is None and not embedded(airflow).is_file():
        return {}
    try:
        engine = create_engine(read_only(database or f"sqlite:///{embedded(airflow)}"), hide_parameters=True)
        try:
            tables = reflected(engine)
            with engine.connect() as connection:
                found = counted(connection, tables, campaign)
        finally:
            engine.dispose()
    except (SQLAlchemyError, KeyError) as error:  # a column that another version of Airflow has not
        raise KanshoError(
            "TRACES-COUNT",
            "Airflow の記録を数えられません",
            place=type(error).__name__,
            remedy="接続先と権限を確認してください",
        ) from None
    return {name: number for name, number in sorted(found.items()) if number}
