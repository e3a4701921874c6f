"""How many rows Airflow's metadata holds of a campaign, counted without changing or locking anything.

Belongs here: counting for the inventory.  Does not belong here: which tables there are, or removing rows
(`kansho.closing.traces`).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import column, create_engine, func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnClause

from kansho.closing.traces import BY_DAG
from kansho.errors import KanshoError


def count_rows(campaign: str, airflow: Path, database: str | None = None) -> dict[str, int]:
    """Rows that name a DAG of the campaign: table → count, without empty ones; empty without a database.

    Args:
        campaign: id of the campaign, which prefixes its DAGs.
        airflow: Airflow's home (``var/airflow``).
        database: SQLAlchemy URL; the embedded SQLite file in ``airflow``, opened for reading only, by default.

    Raises:
        KanshoError: ``TRACES-COUNT`` when the database cannot be read; nothing is quoted.
    """
    embedded = airflow / "airflow.db"
    if database is None and not embedded.is_file():
        return {}
    engine = create_engine(database or f"sqlite:///file:{embedded}?mode=ro&uri=true", hide_parameters=True)
    try:
        with engine.connect() as connection:
            there = set(inspect(engine).get_table_names())
            found = {}
            for name, key in BY_DAG.items():
                if name in there:
                    named: ColumnClause[str] = column(key)
                    query = select(func.count()).select_from(table(name, named))
                    where = named.startswith(f"{campaign}__", autoescape=True)
                    found[name] = int(connection.execute(query.where(where)).scalar_one())
    except SQLAlchemyError as error:
        raise KanshoError(
            "TRACES-COUNT",
            "Airflow の記録を数えられません",
            place=type(error).__name__,
            remedy="接続先と権限を確認してください",
        ) from None
    finally:
        engine.dispose()
    return {name: number for name, number in sorted(found.items()) if number}
